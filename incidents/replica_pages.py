"""Pages of collections read from a replica of the database, wherever it is not behind.

Who may read, and where a feed stands, is always asked of the database itself. A page then comes
from the replica only if the replica's own counter of that feed has got at least as far: so what a
machine is given is the same as without a replica. A replica applies commits in their order, and
its counter is read before its rows; so it never shows a later entry without an earlier one.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents.feed_statements import Asking, PageStatements, Question, Rows, Statement
from cirt.incidents.store_models import FeedCounter
from cirt.incidents.taxii_door import Standing
from cirt.settings import Settings

log = logging.getLogger("cirt.replica")

PATIENCE: Final = 3
"""Seconds for which a replica is waited for."""

PAUSE: Final = 10.0
"""Seconds for which a replica that did not answer is left alone."""

_BEHIND: Final = 30.0  # seconds without one page from it after which the log says so


class ReplicaPages:
    """A replica, as long as it answers. clock: seconds that only rise."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self.database = database
        self.clock = clock
        self.asking = Asking(database.engine)
        self.statements = PageStatements(database, self.asking)
        self.counter = Statement(_counter_query(), database.engine.dialect)
        self.served = 0
        self._lock = threading.Lock()
        self._left_alone_until: float | None = None
        self._behind_since: float | None = None
        self._said_behind = False

    def page(self, question: Question, standing: Standing) -> tuple[Rows, bool] | None:
        """Return rows and whether more follows, as `PageStatements.page`; None: not from here."""
        moment = self.clock()
        is_back = self._left_alone_until is not None
        if is_back and not self._is_due(moment):
            return None
        try:
            if not self._has_got_to(question.collection_id, standing, moment):
                self._left_alone_until = None
                return None
            found = self.statements.page(question)
        except Exception as error:  # noqa: BLE001 - whatever it is, the database itself answers
            self._leave_alone(error)
            return None
        if is_back:
            self._left_alone_until = None
            log.warning("the replica answers again")
        self.served += 1
        return found

    def _is_due(self, moment: float) -> bool:
        """Whether a replica that was left alone is tried again, by one who asks; others go on."""
        with self._lock:
            if moment < (self._left_alone_until or 0.0):
                return False
            self._left_alone_until = moment + PAUSE
            return True

    def _leave_alone(self, error: Exception) -> None:
        with self._lock:
            is_news = self._left_alone_until is None
            self._left_alone_until = self.clock() + PAUSE
        if is_news:
            log.warning("the replica does not answer (%s): done without", type(error).__name__)
        self.database.dispose()  # connections that may be broken

    def _has_got_to(self, collection_id: uuid.UUID, standing: Standing, moment: float) -> bool:
        given = {"collection": self.asking.key(collection_id)}
        rows = self.asking.rows(self.counter, given)
        if rows and rows[0][0] >= standing.n and rows[0][1] >= standing.erasures:
            self._behind_since, self._said_behind = None, False
            return True
        if self._behind_since is None:
            self._behind_since = moment
        elif moment - self._behind_since > _BEHIND and not self._said_behind:
            self._said_behind = True
            log.warning("the replica has been behind for %d seconds: done without", _BEHIND)
        return False


def replica_pages(settings: Settings, database: Database) -> ReplicaPages | None:
    """Return the replica that the settings name, closed with the database; None without one."""
    if not settings.replica_url:
        return None
    replica = Database(settings.replica_url, connections=settings.threads + 2, patience=PATIENCE)
    sa.event.listen(database.engine, "engine_disposed", lambda _engine: replica.dispose())
    return ReplicaPages(replica)


def _counter_query() -> sa.Select[int, int]:
    return sa.select(FeedCounter.n, FeedCounter.erasures).where(
        FeedCounter.collection_id == sa.bindparam("collection", None, type_=sa.Uuid())
    )
