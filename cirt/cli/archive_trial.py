"""The trial of a backup: restored for real into a database that is thrown away afterwards."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from cirt import migrations
from cirt.cli.age_stream import DAMAGED, Source
from cirt.cli.archive_reading import Found, read_archive
from cirt.cli.archive_writing import KEY
from cirt.db import Database
from cirt.errors import InvalidInputError

FOLDER = "restore-trial-"
LEFT_SECONDS = 86400


class _Trial:
    """A fresh SQLite database; of the other parts only the digests are compared."""

    def __init__(self, folder: Path, told: Callable[[int], None]) -> None:
        self.database = Database(f"sqlite:///{(folder / 'trial.sqlite3').as_posix()}")
        self.session: Session | None = None
        self.has_key = False
        self.told = told

    def begin(self, revision: str) -> Session:
        """Make the tables of a revision."""
        migrations.upgrade(self.database, revision)
        self.session = self.database.writing_session()
        return self.session

    def keep(self, name: str, content: Iterator[bytes]) -> None:
        """Look at a part that is no table."""
        self.has_key = self.has_key or name == KEY

    def close(self) -> None:
        """Throw the rows away."""
        if self.session is not None:
            self.session.close()
        self.database.dispose()


def restore_for_trial(
    source: Source, data_dir: Path, told: Callable[[int], None] = lambda _rows: None
) -> Found:
    """Restore a backup into a database of its own and return what was found.

    The database lies in the data folder, where the same rows lie anyway, and is removed. Raises
    what read_archive raises.
    """
    for left in data_dir.glob(f"{FOLDER}*"):
        if left.stat().st_mtime < time.time() - LEFT_SECONDS:  # of a trial that was killed
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=data_dir))
    trial = _Trial(folder, told)
    try:
        found = read_archive(source, trial)
        if not trial.has_key:
            raise InvalidInputError(DAMAGED)
        return found
    finally:
        trial.close()
        shutil.rmtree(folder, ignore_errors=True)
