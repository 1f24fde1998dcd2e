"""`make soak`: kills, histories and fuzzing in full doses; writes docs/soak.md.

SOAK_SCALE (default 1) multiplies every dose.
"""

import json
import multiprocessing
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cirt import migrations, strictjson
from cirt.accounts import directory
from cirt.app import create_app
from cirt.db import Database
from cirt.errors import DomainError
from cirt.incidents import circle_models
from cirt.settings import read_settings
from tests import postgresql
from tests.e2e.test_killed_server import kill_rounds
from tests.exchange.feed_history import run_history
from tests.functional.world_play import play
from tests.server import ROOT

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
SEED = 20261122


def _dose(full: int) -> int:
    return max(1, int(full * SCALE))


def _kills() -> str:
    rounds = _dose(100)
    with tempfile.TemporaryDirectory() as folder:
        saved = kill_rounds(Path(folder), rounds, SEED)
    return f"{rounds} SIGKILLs while answers were saved: {saved} saves, 0 acknowledged ones lost"


def _history(url: str, name: str) -> str:
    database = Database(url)
    migrations.upgrade(database)
    with database.writing() as session:
        owner = directory.add_administration(session, None, code="XA", names={"en": "A"})
        circle = circle_models.Collection(title="History", description="")
        session.add(circle)
        session.flush()
        owner_id, circle_id = owner.id, circle.id
    result = run_history(
        database, circle_id, owner_id, writers=8, commits=_dose(500), pollers=8, seed=SEED
    )
    database.dispose()
    return f"{name}: {result}"


def _histories() -> str:
    with tempfile.TemporaryDirectory() as folder:
        lines = [_history(f"sqlite:///{Path(folder) / 'history.sqlite3'}", "SQLite")]
    lines += [_history(url, "PostgreSQL") for url in postgresql.fresh_database(empty=True)]
    return "; ".join(lines)


def _strict_reader() -> str:
    chance = random.Random(SEED)
    samples = [
        json.dumps({"type": "bundle", "objects": [{"a": [1, -2.5, "ن", None, True, {"b": ""}]}]})
    ]
    accepted = refused = 0
    for _ in range(_dose(200_000)):
        text = bytearray(chance.choice(samples).encode())
        for _ in range(chance.randint(1, 6)):
            position = chance.randrange(len(text))
            if chance.random() < 0.5:
                text[position] = chance.randrange(256)
            else:
                text[position:position] = chance.choice(
                    [b"{", b"[", b'"', b"\\u", b"1e400", b"NaN", b",", b"\x00"]
                )
        try:
            value = strictjson.loads(bytes(text))
        except DomainError:
            refused += 1
        else:
            accepted += 1
            if value != json.loads(bytes(text)):
                raise AssertionError(
                    f"read otherwise than the standard library reads it: {bytes(text)!r}"
                )
    return f"{accepted + refused} mutated documents: {accepted} accepted alike, {refused} refused, 0 faults"


def _worlds_on(engine: str, first: int, last: int) -> tuple[int, int]:
    """Play worlds in fresh databases of 200 each; return how many, and how many questions."""
    questions = 0
    for start in range(first, last, 200):
        with tempfile.TemporaryDirectory() as folder:
            urls = (
                postgresql.fresh_database(empty=True)
                if engine == "PostgreSQL"
                else iter([f"sqlite:///{Path(folder) / 'worlds.sqlite3'}"])
            )
            for url in urls:
                settings = read_settings({}, data_dir=Path(folder), database_url=url)
                database = Database(url)
                migrations.upgrade(database)
                database.dispose()
                app = create_app(settings)
                for seed in range(start, min(start + 200, last)):
                    one = play(app, SEED + seed, 2 + seed % 16)
                    questions += one.questions
                    if one.differences:
                        raise AssertionError(f"world {SEED + seed}: {one.differences}")
                app.extensions["cirt"].database.dispose()
    return last - first, questions


def _worlds() -> str:
    """Both databases at once, each in a process of its own."""
    count = _dose(10_000)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [
            pool.submit(_worlds_on, "SQLite", 0, count),
            pool.submit(_worlds_on, "PostgreSQL", count, 2 * count),
        ]
        found = [part.result() for part in parts]
    return "; ".join(
        f"{name}: {worlds} worlds, {questions} questions, 0 differences from the sets"
        for name, (worlds, questions) in zip(("SQLite", "PostgreSQL"), found, strict=True)
    )


PARTS: dict[str, Callable[[], str]] = {
    "Kills": _kills,
    "Feed histories": _histories,
    "Strict JSON reader": _strict_reader,
    "Worlds of sharing": _worlds,
}


def main() -> None:
    """Run every part and keep the figures."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    lines = [
        "# Full doses",
        "",
        f"`SOAK_SCALE={SCALE:g} make soak` at commit {commit}, seed {SEED}.",
        "",
    ]
    for name, part in PARTS.items():
        begin = time.perf_counter()
        line = f"- **{name}** ({{seconds:.0f}} s): {part()}"
        lines.append(line.format(seconds=time.perf_counter() - begin))
        print(lines[-1], flush=True)
    (ROOT / "docs" / "soak.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
