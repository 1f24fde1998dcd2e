"""Statements that machines' polls ask all day: written out once, asked without what surrounds them.

They come from the same queries as everybody's; only the session, its transaction and the objects
that the rows would become are left away.
"""

import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect, Engine

from cirt.db import Database
from cirt.incidents import feed_pages
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.taxii_filters import Filters, Which

Rows = Sequence[tuple[Any, ...]]

_CACHE_KIB: Final = 512  # of SQLite's pages that each connection keeps


class Statement:
    """A query with parameters, as the database's driver takes it."""

    def __init__(self, query: sa.ClauseElement, dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self.positions = compiled.positiontup  # type: ignore[attr-defined]
        self.constants = dict(compiled.params)

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return its parameters in the driver's form."""
        known = {**self.constants, **given}
        return known if self.positions is None else [known[name] for name in self.positions]


class Asking:
    """Connections outside any transaction, closed with the database.

    So every statement is answered from what is committed at that moment.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.idle: deque[sa.Connection] = deque()
        sa.event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def key(self, number: uuid.UUID) -> Any:
        """Return a UUID as the driver takes it (see sa.Uuid)."""
        return number.hex if self.is_sqlite else number

    def rows(self, statement: Statement, given: Mapping[str, Any], *, fresh: bool = False) -> Rows:
        """Return the rows of a statement.

        fresh: PostgreSQL plans it for the tables as they are now; a plan that it kept from when
        they were empty may be a bad one when they have grown.
        """
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = self._connected()
        try:
            if self.is_sqlite:
                cursor: Any = connection.connection.cursor()
                cursor.execute(statement.sql, statement.values(given))
            else:
                # bytes as bytes, and not as text in hexadecimal
                cursor = connection.connection.cursor(binary=True)
                cursor.execute(
                    statement.sql, statement.values(given), prepare=False if fresh else None
                )
            rows: Rows = cursor.fetchall()
            cursor.close()
        except BaseException:
            connection.close()
            raise
        self.idle.append(connection)
        return rows

    def _connected(self) -> sa.Connection:
        connection = self.engine.connect()
        connection.detach()  # ours alone: closing it closes it
        if self.is_sqlite:
            # a thread reads along the file once: what each would keep of it adds up, unused
            # Past SQLAlchemy, which would begin a transaction first: never ended, it would show this
            # connection for ever what was committed when it asked first.
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            cursor.close()
        else:
            # what is asked here is found along an index. PostgreSQL, right after a bulk load,
            # does not know its tables, takes a feed for a few rows and would sort all of it
            for way in ("sort", "bitmapscan", "seqscan", "hashjoin", "mergejoin"):
                with suppress(sa.exc.DBAPIError):  # databases of its kind do not know every name
                    connection.exec_driver_sql(f"SET enable_{way} = off")
        return connection

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self.idle:
            self.idle.pop().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page is asked for. stix_id: only versions of this object. with_bodies: no manifest."""

    collection_id: uuid.UUID
    filters: Filters
    stix_id: str | None = None
    with_bodies: bool = True


class PageStatements:
    """Pages of feeds as bare rows: what `feed.page` answers, in a third of the time."""

    def __init__(self, database: Database, asking: Asking) -> None:
        self.database = database
        self.asking = asking
        self.statements: dict[tuple[bool, bool, frozenset[Which]], Statement] = {}
        self.end = self._statement(
            feed_pages.end_query(_given("collection", sa.Uuid()), _given("after", sa.BigInteger()))
        )

    def page(self, question: Question) -> tuple[Rows, bool]:
        """Return the rows of a page, and whether something follows it.

        A row is its position, its date added and the body; without bodies: position, date, id,
        version.
        """
        filters = question.filters
        given: dict[str, Any] = {
            "collection": self.asking.key(question.collection_id),
            "position": filters.position,
            "most": filters.limit + 1,
            "stix_id": question.stix_id,
        }
        if filters.added_after is not None:
            end = self.asking.rows(self.end, {**given, "after": filters.added_after}, fresh=True)
            given["position"] = max(filters.position, end[0][0] if end else 0)
        rows = self.asking.rows(self._page_statement(question), given, fresh=True)
        return rows[: filters.limit], len(rows) > filters.limit

    def _page_statement(self, question: Question) -> Statement:
        filters = question.filters
        if filters.ids or filters.types or filters.spec_versions or filters.exact:
            return self._made(question)
        shape = (question.with_bodies, question.stix_id is not None, filters.which)
        statement = self.statements.get(shape)
        if statement is None:
            statement = self.statements[shape] = self._made(question)
        return statement

    def _made(self, question: Question) -> Statement:
        what = (
            [ObjectVersion.body] if question.with_bodies else [FeedEntry.stix_id, FeedEntry.version]
        )
        return self._statement(
            feed_pages.page_query(
                [FeedEntry.seq, FeedEntry.added_us, *what],
                _given("collection", sa.Uuid()),
                question.filters,
                position=_given("position", sa.BigInteger()),
                most=_given("most", sa.Integer()),
                stix_id=None if question.stix_id is None else _given("stix_id", sa.String()),
                in_parts=not self.asking.is_sqlite,
            )
        )

    def _statement(self, query: sa.ClauseElement) -> Statement:
        return Statement(query, self.database.engine.dialect)


def _given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.BindParameter[Any]:
    """Return a parameter that is given with every question."""
    return sa.bindparam(name, None, type_=kind)
