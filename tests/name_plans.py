"""Every question about ids of objects in a feed finds them by an index, in every test on SQLite.

SQLite plans by the tables' definitions alone (nothing here analyses them), so what a question does
in a test it does in a feed of a million entries.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

_MANY = re.compile(r"\(\?(?:, \?)+\)")
_ASKED = re.compile(r"AS named_version")
_SOUGHT = re.compile(r"ix_feed_entry_object_version_id_collection_id \(object_version_id=\?")

_seen: set[str] = set()
_walked: list[str] = []


@event.listens_for(Engine, "before_cursor_execute")
def _explain(
    connection: Connection, _cursor: object, statement: str, parameters: Any, *_more: object
) -> None:
    if connection.dialect.name != "sqlite" or " AS named_version" not in statement:
        return
    shape = _MANY.sub("(?, ?)", statement)
    if shape in _seen or statement.startswith("EXPLAIN"):
        return
    _seen.add(shape)
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    plan = "\n".join(row[-1] for row in cursor.fetchall())
    cursor.close()
    if not is_sought(statement, plan):
        _walked.append(f"{statement}\n{plan}")


def is_sought(statement: str, plan: str) -> bool:
    """Return whether a plan finds every object that a statement names through the store's index."""
    return len(_SOUGHT.findall(plan)) >= len(_ASKED.findall(statement))


@pytest.fixture(autouse=True)
def names_are_sought() -> Iterator[None]:
    """No test asks for the entries of an object in a way that reads a whole feed."""
    yield
    walked = _walked[:]
    _walked.clear()
    assert walked == []
