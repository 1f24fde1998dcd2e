"""May this token read this collection now, and where does its feed stand? One statement."""

import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.access import Actor, Role, visible
from cirt.accounts.models import ApiToken
from cirt.clock import now
from cirt.db import Database
from cirt.incidents.circle_models import Collection, Membership
from cirt.incidents.store_models import FeedCounter


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a feed stands: nothing of a page changes while this does not.

    is_confidential: whether the members who read it do not know of each other.
    """

    n: int
    last_added_us: int
    erasures: int
    is_confidential: bool


class Door:
    """One statement, made once of the table of rights: may this token read this collection now?

    Its connections are outside any transaction, so that every question is answered from what is
    committed at that moment; they are closed with the database.
    """

    def __init__(self, database: Database) -> None:
        self.engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.idle: deque[sa.Connection] = deque()
        self.is_sqlite = database.is_sqlite
        compiled = _standing_query().compile(dialect=database.engine.dialect)
        self.sql = str(compiled)
        self.positions = compiled.positiontup  # type: ignore[attr-defined]
        self.constants = dict(compiled.params)
        sa.event.listen(database.engine, "engine_disposed", lambda _engine: self.close())

    def standing(
        self, token_id: uuid.UUID, administration_id: uuid.UUID, collection_id: uuid.UUID
    ) -> Standing | None:
        """Return where the feed stands; None unless the token may read the collection now."""
        asked = {
            "token_id": self._value(token_id),
            "administration_id": self._value(administration_id),
            "collection_id": self._value(collection_id),
        }
        row = self._row({**self.constants, **asked})
        if row is None or _time(row[0]) <= now():
            return None
        return Standing(row[1] or 0, row[2] or 0, row[3] or 0, row[4] == Membership.CONFIDENTIAL)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self.idle:
            self.idle.pop().close()

    def _row(self, values: dict[str, Any]) -> Any:
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = self.engine.connect()
            connection.detach()  # ours alone: closing it closes it
        try:
            cursor = connection.connection.cursor()
            cursor.execute(
                self.sql,
                values if self.positions is None else [values[name] for name in self.positions],
            )
            row = cursor.fetchone()
            cursor.close()
        except BaseException:
            connection.close()
            raise
        self.idle.append(connection)
        return row

    def _value(self, key: uuid.UUID) -> Any:
        return key.hex if self.is_sqlite else key  # as sa.Uuid keeps it


def _standing_query() -> sa.ClauseElement:
    machine = Actor(
        administration_id=sa.bindparam("administration_id", type_=sa.Uuid()),  # type: ignore[arg-type]
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
        .join(ApiToken, ApiToken.id == sa.bindparam("token_id", type_=sa.Uuid()))
        .outerjoin(FeedCounter, FeedCounter.collection_id == Collection.id)
        .where(
            Collection.id == sa.bindparam("collection_id", type_=sa.Uuid()),
            ApiToken.revoked_at.is_(None),
        )
    )


def _time(value: Any) -> datetime:
    """Return a time as the database gives it without the column's type: SQLite gives text."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo is not None else found.replace(tzinfo=now().tzinfo)
