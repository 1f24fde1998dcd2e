"""How much a part of the full doses does, and on which databases."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgresql

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
SEED = int(os.environ.get("SOAK_SEED", "20261122"))


def dose(full: int) -> int:
    """Return so much of a full dose as was asked for, at least 1."""
    return max(1, int(full * SCALE))


@contextmanager
def folder_and_database(engine: str, *, durable: bool = True) -> Iterator[tuple[Path, str]]:
    """Yield a folder and the address of an empty database on one of the engines.

    durable: what was committed stays, whatever is killed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        if engine == "SQLite":
            yield folder, f"sqlite:///{folder / 'data' / 'cirt.sqlite3'}"
            return
        for url in postgresql.fresh_database(empty=True, durable=durable):
            yield folder, url
