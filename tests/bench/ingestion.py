"""How fast machines may send: envelopes posted to the running server, validated and durable."""

import http.client
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from cirt.access import Role
from cirt.accounts import signing, tokens
from cirt.accounts.models import Administration, User
from cirt.clock import now
from cirt.incidents import feed, object_store, standing_approvals
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.inbox import mentions
from cirt.incidents.inbox_models import MentionCursor
from cirt.incidents.store_models import FeedCounter
from cirt.jobs import Job
from cirt.stix.marking import TLP
from tests import postgresql
from tests.bench import ingestion_objects
from tests.bench.exchange import resident_mb
from tests.bench.exchange_data import ACCEPT, Exchange, make_exchange

SIZES = (0, 10_000, 100_000, *([1_000_000] if os.environ.get("BENCH_FULL") else []))
SENT = int(os.environ.get("BENCH_OBJECTS", "4000"))  # at a time
_TIMES = 3
WAYS = ((1_000, 1), (1_000, 8), (100, 1), (100, 8))  # objects of an envelope, clients
_AT_ONCE = 1_000
_IN_A_ROW = 100_000

HEAD = [
    "Everything that is kept is on disk when the answer comes: SQLite with synchronous=FULL, PostgreSQL",
    "with fsync. The objects are those of a feed in kind and size (a third of them indicators, about 830",
    "bytes each), every one examined as `docs/integrator.md` says; the clients run on the same cores.",
    f"Rates are the median of {_TIMES} times {SENT:,} objects or more; the last row of an engine is {_IN_A_ROW:,} in a",
    "row, while the index of what objects mention is brought up to date beside it (docs/decisions/0014).",
    "",
    "| database | already there | objects of an envelope | clients | objects/s |",
    "| --- | --- | --- | --- | --- |",
]


def measure(name: str, database_url: str) -> Iterator[str]:
    """Yield the rows of one database engine."""
    for size in SIZES:
        # the tests' own PostgreSQL keeps nothing on disk
        durable = postgresql.fresh_database(empty=True, durable=True) if database_url else [""]
        for url in durable:
            with tempfile.TemporaryDirectory() as temporary:
                exchange = make_exchange(Path(temporary), url)
                _let_write(exchange)
                try:
                    yield from _rows(name, exchange, size)
                finally:
                    exchange.server.kill()


def _rows(name: str, exchange: Exchange, size: int) -> Iterator[str]:
    _fill(exchange, size, seed=f"fill {size}")
    _settle(exchange)
    exchange.server.start()
    _rate(exchange, 1_000, 1, seed=f"first {size}", count=1_000)  # what is loaded once
    there = size
    for objects, clients in WAYS:
        count = max(SENT, objects * clients)
        rates = [
            _rate(exchange, objects, clients, seed=f"{there} {turn}", count=count)
            for turn in range(_TIMES)
        ]
        rate = statistics.median(rates)
        yield f"| {name} | {there:,} | {objects:,} | {clients} | {rate:,.0f} |"
        there += _TIMES * count
    if size == SIZES[-1]:
        rate = _rate(exchange, 1_000, 1, seed="in a row", count=_IN_A_ROW)
        assert exchange.server.process is not None
        memory = resident_mb(exchange.server.process.pid)
        yield f"| {name} | {there:,} | 1,000, {_IN_A_ROW:,} in a row | 1 | {rate:,.0f}; {memory:.0f} MB |"


def _let_write(exchange: Exchange) -> None:
    """Let machines of the exchange's administration add to its circle without a person."""
    with exchange.database() as database, database.writing() as session:
        circle = session.get_one(Collection, exchange.collection_id)
        circle.machine_writing = MachineWriting.DIRECT
        officers = sa.select(User).where(User.administration_id == exchange.owner_id)
        officer = next(
            actor
            for actor in map(signing.actor_of, session.scalars(officers).unique())
            if Role.RELEASING_OFFICER in actor.roles
        )
        standing_approvals.give_approval(
            session,
            officer,
            circle,
            ceiling=TLP.GREEN,
            reason="a measurement",
            until=now() + timedelta(days=1),
        )
        _row, token = tokens.make_token(
            session,
            None,
            administration=session.get_one(Administration, exchange.owner_id),
            label="bench writes",
            scopes=["taxii.read", "taxii.write"],
            days=1,
            settings=exchange.settings,
        )
    exchange.headers = {
        "Accept": ACCEPT,
        "Content-Type": ACCEPT,
        "Authorization": f"Bearer {token}",
    }


def _fill(exchange: Exchange, count: int, *, seed: str) -> None:
    stream = ingestion_objects.objects(seed)
    with exchange.database() as database:
        for _ in range(max(count, 0) // _AT_ONCE):
            with database.writing() as session:
                items = [
                    object_store.incoming(next(stream), exchange.owner_id, TLP.GREEN)
                    for _ in range(_AT_ONCE)
                ]
                kept = object_store.keep(session, items, via="taxii")
                feed.append(session, exchange.collection_id, kept)  # type: ignore[arg-type]


def _settle(exchange: Exchange) -> None:
    """Put in order what a filling left behind, which would else be done while we measure.

    The index of mentions begins behind it, as in an installation that took it in long ago.
    """
    with exchange.database() as database:
        with database.writing() as session:
            feeds = FeedCounter.collection_id == exchange.collection_id
            filled = session.scalar(sa.select(FeedCounter.n).where(feeds))
            if filled:
                session.execute(sa.delete(Job).where(Job.kind == mentions.JOB))
                session.merge(MentionCursor(collection_id=exchange.collection_id, seq=filled))
        if database.engine.dialect.name == "postgresql":
            alone = database.engine.execution_options(isolation_level="AUTOCOMMIT")
            with alone.connect() as connection:
                for statement in ("SET statement_timeout = 0", "VACUUM ANALYZE", "CHECKPOINT"):
                    connection.exec_driver_sql(statement)


def _rate(exchange: Exchange, objects: int, clients: int, *, seed: str, count: int) -> float:
    """Return the objects a second that clients together get accepted."""
    bodies = [
        list(ingestion_objects.envelopes(count // clients, objects, seed=f"{seed} {uuid.uuid4()}"))
        for _ in range(clients)
    ]
    accepted = [0] * clients

    def send(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", exchange.server.port, timeout=120)
        for body in bodies[number]:
            line.request("POST", f"{exchange.base}/objects/", body=body, headers=exchange.headers)
            answer = line.getresponse()
            status = json.loads(answer.read())
            assert answer.status == 202, status
            assert status["success_count"] == objects, status
            accepted[number] += objects
        line.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    assert sum(accepted) == sum(map(len, bodies)) * objects, "a client failed"
    return sum(accepted) / seconds
