"""The history checker of the feed: writers that fail at times, pollers of every kind."""

import random
import threading
import uuid
from typing import Any

from cirt.db import Database
from cirt.incidents import feed, object_store
from cirt.incidents.object_store import Incoming
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.taxii_filters import Filters

AT_MOST = 5
POLLERS = (
    (1, False),
    (7, True),
    (100, False),
    (100, True),
    (1, True),
    (1000, False),
    (7, False),
    (1000, True),
)


def some_object(
    owner: uuid.UUID, stix_id: str = "", modified: str = "2026-01-01T00:00:00.000Z"
) -> Incoming:
    stix_id = stix_id or f"indicator--{uuid.uuid4()}"
    body = canonical_json({"id": stix_id, "modified": modified})
    return Incoming(owner, stix_id, "indicator", "2.1", modified, modified, TLP.GREEN, body)


def append(
    database: Database, circle: uuid.UUID, items: list[Incoming], fail: bool = False
) -> None:
    with database.writing() as session:
        versions: Any = object_store.keep(session, items, via="taxii")
        feed.append(session, circle, versions)
        if fail:
            session.flush()
            raise InterruptedError


def run_history(
    database: Database,
    circle: uuid.UUID,
    owner: uuid.UUID,
    *,
    writers: int,
    commits: int,
    pollers: int,
    seed: int,
) -> str:
    """Run writers and pollers at once and return the figures.

    commits: tries of each writer; about a fifth of them fail on purpose. pollers: so many of
    POLLERS, by position or by date, with pages of 1 to 1,000.
    Raises AssertionError when an acknowledged object is lost, doubled or out of order.
    """
    acknowledged: list[str] = []
    faults: list[BaseException] = []
    done = threading.Event()
    lock = threading.Lock()

    def write(number: int) -> None:
        chance = random.Random(number)
        for _commit in range(commits):
            items = [some_object(owner) for _ in range(chance.randint(1, AT_MOST))]
            fails = chance.random() < 0.2
            try:
                append(database, circle, items, fails)
            except InterruptedError:
                continue
            except BaseException as fault:  # noqa: BLE001 - shown by the caller's own thread
                faults.append(fault)
                return
            with lock:
                acknowledged.extend(item.stix_id for item in items)

    polled: dict[str, list[feed.Row]] = {}

    def poll(name: str, limit: int, by_date: bool) -> None:
        rows = polled[name] = []
        try:
            while True:
                finished = done.is_set()
                last = rows[-1] if rows else None
                asked = Filters(
                    limit=limit,
                    position=0 if by_date or last is None else last.seq,
                    added_after=last.added_us if by_date and last else None,
                )
                with database.reading() as session:
                    page = feed.page(session, circle, asked)
                rows.extend(page.rows)
                if finished and not page.more:
                    return
        except BaseException as fault:  # noqa: BLE001 - shown by the caller's own thread
            faults.append(fault)

    reading = [
        threading.Thread(target=poll, args=(f"{limit} {by_date}", limit, by_date))
        for limit, by_date in POLLERS[:pollers]
    ]
    writing = [threading.Thread(target=write, args=(seed + number,)) for number in range(writers)]
    for thread in (*reading, *writing):
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    for thread in reading:
        thread.join()

    assert faults == []
    for rows in polled.values():
        assert sorted(row.stix_id for row in rows) == sorted(acknowledged)
        assert [row.seq for row in rows] == list(range(1, len(acknowledged) + 1))
        dates = [row.added_us for row in rows]
        assert dates == sorted(set(dates))
    return f"{writers} writers, {len(polled)} pollers, {len(acknowledged)} entries: 0 lost, 0 doubled, 0 out of order"
