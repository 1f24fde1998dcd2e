"""May this token read this collection now, and where does its feed stand? One statement.

Its answer is good for a moment, so that a machine that asks page after page does not have the
database asked each time; and no longer than until this process commits anything.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cirt.access import Actor, Role, visible
from cirt.accounts.models import ApiToken
from cirt.clock import now
from cirt.db import Database
from cirt.incidents.circle_models import Collection, Membership
from cirt.incidents.feed_statements import Asking, Statement
from cirt.incidents.store_models import FeedCounter

GOOD_FOR: Final = 0.1
"""Seconds for which an answer is good at most: how late another process's changes may be seen."""


class Standing(NamedTuple):
    """Where a feed stands: nothing of a page changes while this does not.

    is_confidential: whether the members who read it do not know of each other.
    """

    n: int
    last_added_us: int
    erasures: int
    is_confidential: bool


class Said(NamedTuple):
    """What the door said: good until then, by its clock, while the database is of this generation."""

    standing: Standing
    generation: int
    until: float


@dataclass(slots=True)
class Visitor:
    """One machine at one collection, with what the door said to it last, unless that was no."""

    token_id: uuid.UUID
    administration_id: uuid.UUID
    collection_id: uuid.UUID
    said: Said | None = None


class Door:
    """One statement, made once of the table of rights: may this token read this collection now?

    clock: seconds that only rise.
    """

    def __init__(
        self, database: Database, asking: Asking, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.database = database
        self.asking = asking
        self.clock = clock
        self.statement = Statement(_standing_query(), database.engine.dialect)

    def says(self, visitor: Visitor, moment: float) -> Said | None:
        """Return where the feed stands; None unless the machine may read the collection now.

        moment: when this is asked, by the clock.
        What this process committed before counts at once; what another one committed less than
        GOOD_FOR ago may not. A page is then complete up to its end, and its end is an earlier one:
        who asks for what follows misses nothing.
        """
        said = visitor.said
        if said is not None and said.generation == self.database.generation and moment < said.until:
            return said
        # before the question: a commit that it may have missed makes the answer worthless
        generation = self.database.generation
        found = self._ask(visitor)
        if found is None:
            visitor.said = None
            return None
        standing, seconds = found
        # one assignment: other threads see all of it or nothing
        said = visitor.said = Said(standing, generation, moment + min(seconds, GOOD_FOR))
        return said

    def _ask(self, visitor: Visitor) -> tuple[Standing, float] | None:
        """Return where the feed stands, and for how many seconds the token still holds."""
        asked = {
            "token_id": self.asking.key(visitor.token_id),
            "administration_id": self.asking.key(visitor.administration_id),
            "collection_id": self.asking.key(visitor.collection_id),
        }
        rows = self.asking.rows(self.statement, asked)
        if not rows:
            return None
        row = rows[0]
        seconds = (_time(row[0]) - now()).total_seconds()
        if seconds <= 0:
            return None
        is_confidential = row[4] == Membership.CONFIDENTIAL
        return Standing(row[1] or 0, row[2] or 0, row[3] or 0, is_confidential), seconds


def _standing_query() -> sa.ClauseElement:
    machine = Actor(
        administration_id=sa.bindparam("administration_id", None, type_=sa.Uuid()),  # type: ignore[arg-type]
        roles=frozenset({Role.MACHINE}),
        scopes=frozenset({"taxii.read"}),
    )
    return (
        visible(machine, Collection, "taxii.read")
        .with_only_columns(
            ApiToken.expires_at,
            FeedCounter.n,
            FeedCounter.last_added_us,
            FeedCounter.erasures,
            Collection.membership,
            maintain_column_froms=True,
        )
        .join(ApiToken, ApiToken.id == sa.bindparam("token_id", None, type_=sa.Uuid()))
        .outerjoin(FeedCounter, FeedCounter.collection_id == Collection.id)
        .where(
            Collection.id == sa.bindparam("collection_id", None, type_=sa.Uuid()),
            ApiToken.revoked_at.is_(None),
        )
    )


def _time(value: Any) -> datetime:
    """Return a time as the database gives it without the column's type: SQLite gives text."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo is not None else found.replace(tzinfo=now().tzinfo)
