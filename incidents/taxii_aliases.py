"""Which collection a short name stands for, kept for a moment."""

import re
import uuid
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_statements import Asking, Statement
from cirt.incidents.taxii_door import GOOD_FOR

_NAMED: Final = re.compile(r"(/exchange/collections/)([a-z0-9-]{1,63})(/.*)", re.ASCII)


class _Known(NamedTuple):
    """An id, good until then while the database is of this generation."""

    collection_id: str
    generation: int
    until: float


class Aliases:
    """Addresses with the collection's id in the place of its short name.

    Nothing is opened by that: who may read the collection is asked for its id.
    """

    def __init__(self, database: Database, asking: Asking) -> None:
        self.database = database
        self.asking = asking
        self.known: dict[str, _Known] = {}
        name = sa.bindparam("alias", None, type_=sa.String())
        query = sa.select(Collection.id).where(Collection.alias == name)
        self.statement = Statement(query, database.engine.dialect)

    def address(self, address: str, moment: float) -> str | None:
        """Return the address with an id; None where no collection has that name.

        moment: when this is asked, by the clock of the door.
        """
        found = _NAMED.fullmatch(address)
        if found is None:
            return None
        begin, alias, rest = found.groups()
        known = self.known.get(alias)
        if known is None or known.generation != self.database.generation or moment >= known.until:
            generation = self.database.generation
            rows = self.asking.rows(self.statement, {"alias": alias})
            if not rows:
                self.known.pop(alias, None)
                return None
            # only names that there are stay in memory
            known = self.known[alias] = _Known(_written(rows[0][0]), generation, moment + GOOD_FOR)
        return f"{begin}{known.collection_id}{rest}"


def _written(collection_id: Any) -> str:
    """Return an id as addresses write it; SQLite gives 32 digits."""
    return str(uuid.UUID(collection_id) if isinstance(collection_id, str) else collection_id)
