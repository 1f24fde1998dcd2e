"""Background work under kills: N jobs with an effect, M workers killed in the middle of them.

Every job has to end done with its effect once, or cancelled with none.
"""

import json
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import sqlalchemy as sa

from cirt import jobs
from cirt.access import Actor, Role
from cirt.db import Database
from cirt.jobs import Job

ROOT = Path(__file__).resolve().parents[2]
KIND = "soak.note"
WORKERS = 2
MOST_SECONDS = 900

# A worker process: slow in the handler and slow in the effect, so that kills hit both.
WORKER = """
import random, sys, threading, time
import sqlalchemy as sa
from cirt import jobs
from cirt.db import Database
from cirt.jobs import queue, registry

registry.LEASE_SECONDS = 0.5
registry.PROGRESS_SECONDS = 0.0
queue.ATTEMPTS = 1_000_000

@jobs.handles("soak.note")
def handler(task):
    for n in range(3):
        task.progress(n, 3)
        time.sleep(random.random() / 150)
    def effect(session):
        session.execute(
            sa.text("INSERT INTO soak_effect (n) VALUES (:n)"), {"n": task.payload["n"]}
        )
        time.sleep(random.random() / 150)
    return effect

database = Database(sys.argv[1])
print("ready", flush=True)
while True:
    try:
        if not jobs.run_next(database, None):
            time.sleep(0.02)
    except sa.exc.SQLAlchemyError:
        time.sleep(0.05)
"""


def kill_jobs(url: str, *, count: int, kills: int, seed: int) -> str:
    """Run `count` jobs while `kills` workers are killed among them; return the figures, or raise.

    url: a database with all tables. Raises AssertionError when an effect was lost or doubled.
    """
    chance = random.Random(seed)
    database = Database(url)
    jobs.handles(KIND)(lambda _task: lambda _session: None)
    actor = Actor(uuid.UUID(int=0), frozenset({Role.ADMINISTRATOR}), user_id=uuid.UUID(int=1))
    with database.writing() as session:
        session.execute(sa.text("CREATE TABLE soak_effect (n INTEGER)"))
    processes = [_start(url) for _ in range(WORKERS)]
    asked, parts = 0, [range(start, count, kills) for start in range(kills)]
    try:
        for part in parts:
            with database.writing() as session:
                for n in part:
                    jobs.enqueue(session, KIND, {"n": n})
            asked += _cancel_one(database, actor, chance)
            time.sleep(chance.uniform(0.0, 0.1))
            n = chance.randrange(WORKERS)
            _kill(processes[n])
            processes[n] = _start(url)
            asked += _cancel_one(database, actor, chance)
        end = time.monotonic() + MOST_SECONDS
        while _open(database):
            assert time.monotonic() < end, "the work does not end"
            asked += _cancel_one(database, actor, chance) if chance.random() < 0.1 else 0
            time.sleep(0.1)
    finally:
        for process in processes:
            _kill(process)
    found = _account(database, count)
    database.dispose()
    return f"{count} jobs, {kills} SIGKILLs, {asked} cancellations asked for: {found}"


def _start(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _open(database: Database) -> int:
    with database.reading() as session:
        query = sa.select(sa.func.count()).select_from(Job)
        query = query.where(Job.kind == KIND, Job.state.in_(("waiting", "running")))
        return session.scalar(query) or 0


def _cancel_one(database: Database, actor: Actor, chance: random.Random) -> int:
    with database.writing() as session:
        query = sa.select(Job).where(Job.kind == KIND, Job.state.in_(("running", "waiting")))
        rows = session.scalars(query.order_by(Job.state).limit(3)).all()
        if not rows:
            return 0
        job = chance.choice(rows)
        return int(jobs.cancel(session, None, actor, job))


def _account(database: Database, count: int) -> str:
    with database.reading() as session:
        states = {
            row.payload["n"]: row.state
            for row in session.scalars(sa.select(Job).where(Job.kind == KIND))
        }
        effects: dict[int, int] = {}
        for (n,) in session.execute(sa.text("SELECT n FROM soak_effect")):
            effects[n] = effects.get(n, 0) + 1
        attempts = session.scalar(sa.select(sa.func.sum(Job.attempts)).where(Job.kind == KIND))
    wrong = {
        n: (state, effects.get(n, 0))
        for n, state in states.items()
        if (state, effects.get(n, 0)) not in (("done", 1), ("cancelled", 0))
    }
    assert len(states) == count, f"{count - len(states)} jobs are gone"
    assert not wrong, json.dumps(wrong)
    done = sum(state == "done" for state in states.values())
    return (
        f"{done} effects once each, {count - done} cancelled without effect,"
        f" {attempts} attempts; 0 lost, 0 doubled"
    )
