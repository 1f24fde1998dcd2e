"""Versions that a withdrawal leaves behind for tools that do not know it: they say nothing."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix import withdrawal
from cirt.stix.ids import canonical_json

_BESPEAKING: Final = tuple(
    canonical_json(part)[1:-1] for part in ({"name": withdrawal.NAME}, {"revoked": True})
)
"""What stands in the bytes of every such version (see `withdrawal.scrubbed`)."""


class _PlaceIn(FunctionElement[int]):
    """Where some bytes begin in others, counted from 1; 0 if they do not stand there."""

    inherit_cache = True
    type = sa.Integer()


@compiles(_PlaceIn, "sqlite")
def _sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


@compiles(_PlaceIn, "postgresql")
def _postgresql(element: Any, compiler: Any, **more: Any) -> str:
    body, sought = element.clauses
    return f"position({compiler.process(sought, **more)} in {compiler.process(body, **more)})"


def is_emptied() -> sa.ColumnElement[bool]:
    """Whether a feed's entry is such a version and nothing else is left of its object.

    While an earlier version is shown, its withdrawal was not honoured here, and people see both.
    """
    says = [
        _PlaceIn(ObjectVersion.body, sa.literal(part, sa.LargeBinary)) > 0 for part in _BESPEAKING
    ]
    return sa.and_(
        FeedEntry.is_first,
        FeedEntry.type.in_(("report", "incident", "indicator")),
        ObjectVersion.body.is_not(None),
        *says,
    )
