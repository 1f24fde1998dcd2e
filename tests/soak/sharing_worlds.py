"""Worlds of sharing, played on both databases against the sets that they should be."""

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cirt import migrations
from cirt.app import create_app
from cirt.db import Database
from cirt.settings import read_settings
from tests import postgresql
from tests.functional.world_play import play
from tests.soak.doses import SEED, dose


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


def worlds() -> str:
    """Both databases at once, each in a process of its own."""
    count = dose(10_000)
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
