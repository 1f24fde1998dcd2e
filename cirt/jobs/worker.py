"""The background threads of a server process: one for short work, one for work of minutes."""

import logging
import threading
import time
from typing import Any

import sqlalchemy as sa

from cirt.db import Database
from cirt.jobs import queue

log = logging.getLogger("cirt.jobs")

PAUSE_SECONDS = 1.0
STOP_SECONDS = 5.0
SILENT_SECONDS = 900.0  # longer than the longest limited process of a handler


class _Lane(threading.Thread):
    """Runs the jobs of one lane one after the other, whatever goes wrong with one of them."""

    def __init__(self, worker: "Worker", *, long: bool) -> None:
        super().__init__(name="jobs-long" if long else "jobs", daemon=True)
        self._worker = worker
        self._long = long
        self.seen = time.monotonic()

    def run(self) -> None:
        """Run due jobs until asked to stop."""
        database, services = self._worker.database, self._worker.services
        stopping, known = self._worker.stopping, set[str]()
        while not stopping.is_set():
            self.seen = time.monotonic()
            try:
                if not self._long:
                    known = queue.enqueue_recurring(database, services, known=known)
                if queue.run_next(database, services, long=self._long, stopping=stopping):
                    continue
            except sa.exc.SQLAlchemyError as error:
                log.warning("jobs wait for the database: %s", type(error).__name__)
            except Exception:
                log.exception("jobs go on after a fault")
            stopping.wait(PAUSE_SECONDS)


class Worker:
    """The background work of a server process."""

    def __init__(self, database: Database, services: Any) -> None:
        self.database = database
        self.services = services
        self.stopping = threading.Event()
        self._lanes = [_Lane(self, long=False), _Lane(self, long=True)]

    def start(self) -> None:
        """Start the threads."""
        for lane in self._lanes:
            lane.start()

    def is_alive(self) -> bool:
        """Return whether every thread still runs."""
        return all(lane.is_alive() for lane in self._lanes)

    def is_silent(self) -> bool:
        """Return whether the thread of short work has been at one job for too long."""
        return time.monotonic() - self._lanes[0].seen > SILENT_SECONDS

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """Let the threads end after their present jobs.

        A longer job goes back to the queue when its handler asks next, or is taken over after
        its lease.
        """
        self.stopping.set()
        end = time.monotonic() + seconds
        for lane in self._lanes:
            lane.join(max(0.0, end - time.monotonic()))
        log.info("background work has stopped")
