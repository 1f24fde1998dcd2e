"""Transactions that got in each other's way: the whole of one is done again, at one place.

PostgreSQL says so by the codes 40001 (serialization failure) and 40P01 (deadlock). Here they are
rare, since rows that many meet are locked late and in one order; databases that run everything
serializable (CockroachDB, YugabyteDB) say it in the normal course of things.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

log = logging.getLogger("cirt.db")

CODES: Final = ("40001", "40P01")

TIMES: Final = 5
"""How often a transaction is tried at most."""

Result = TypeVar("Result")


def is_conflict(error: BaseException) -> bool:
    """Return whether nothing was wrong but the moment: the same transaction may succeed again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in CODES


def again(
    work: Callable[[], Result],
    *,
    unless: Callable[[], bool] = lambda: False,
    undo: Callable[[], None] = lambda: None,
) -> Result:
    """Return what `work` returns, which is one whole transaction; tried again after a conflict.

    unless: whether the attempt that has just failed was to be the only one. undo: what is called
    before the next one.
    """
    for attempt in range(1, TIMES):
        try:
            return work()
        except DBAPIError as error:
            if not is_conflict(error) or unless():
                raise
            log.info("a transaction met another one and is done again (attempt %d)", attempt + 1)
        undo()
        time.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)  # noqa: S311 - no secret
    return work()
