"""Writing a backup: one consistent view of every row, the files and the key, as a stream.

Format 2: a gzip-compressed tar. `about.json` comes first; then `tables/<table>/<n>.jsonl` in an
order in which rows come after those they refer to, each part at most a few megabytes; `files/…`,
`installed/…`, `secret.key`; last `manifest.json` with the SHA-256 of every part and the digest of
every table. Nothing is held longer than one part.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import migrations
from cirt.cli import erasures, table_rows
from cirt.cli.age_stream import Sink
from cirt.clock import now
from cirt.db import Base, Database
from cirt.errors import N_, UnavailableError
from cirt.settings import Settings

FORMAT: Final = 2
ABOUT: Final = "about.json"
MANIFEST: Final = "manifest.json"
KEY: Final = "secret.key"
MARKER: Final = "demonstration"
INSTALLED: Final = ("instruments", "profiles")  # folders of the data folder that people add to
PART: Final = 4_000_000

Progress = Callable[[int, int], None]


def write_archive(
    settings: Settings,
    database: Database,
    out: Sink,
    progress: Progress = lambda _done, _of: None,
) -> dict[str, Any]:
    """Write the archive and return its manifest. progress: told rows done, of how many."""
    with (
        gzip.GzipFile(
            fileobj=cast(IO[bytes], out), mode="wb", compresslevel=3, mtime=0
        ) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        return _Writing(tar, settings, progress).write(database)


class _Writing:
    def __init__(self, tar: tarfile.TarFile, settings: Settings, progress: Progress) -> None:
        self._tar = tar
        self._settings = settings
        self._progress = progress
        self._sha256: dict[str, str] = {}

    def write(self, database: Database) -> dict[str, Any]:
        """Write every part and return the manifest."""
        revision = migrations.revision_of(database)
        if revision is None:
            raise UnavailableError(N_("There are no tables to back up: run `cirt init` first."))
        about = {
            "format": FORMAT,
            "revision": revision,
            "made_at": now().isoformat(),
        }
        self._add(ABOUT, json.dumps(about).encode())
        with database.reading() as session:
            as_one_view(session, database)
            tables = self._add_tables(session)
        for path, name in self._files():
            self._add_file(path, name)
        self._add(KEY, self._settings.secret_key.encode())
        if lines := erasures.kept_lines(self._settings):
            self._add(erasures.PART, lines)
        if self._settings.is_demonstration:
            self._add(MARKER, b"loaded\n")  # so that it never passes for production
        manifest = {**about, "tables": tables, "sha256": dict(self._sha256)}
        self._add(MANIFEST, json.dumps(manifest).encode())
        return manifest

    def _add_tables(self, session: Session) -> dict[str, Any]:
        tables = Base.metadata.sorted_tables
        count = sa.select(sa.func.count())
        of = sum(session.scalar(count.select_from(table)) or 0 for table in tables)
        done, found = 0, {}
        for table in tables:
            digest = table_rows.Digest()
            for n, part in enumerate(_parts(table_rows.lines(session, table), digest)):
                self._add(f"tables/{table.name}/{n:06}.jsonl", part)
                self._progress(done + digest.rows, of)
            done += digest.rows
            found[table.name] = {"rows": digest.rows, "digest": digest.value}
        return found

    def _files(self) -> Iterator[tuple[Path, str]]:
        """Yield the files after the rows: what a row names was there before the row was."""
        folder = self._settings.files_dir
        for path in sorted(folder.rglob("*")):
            if path.suffix != ".part":
                yield path, f"files/{path.relative_to(folder).as_posix()}"
        for kind in INSTALLED:
            for path in sorted((self._settings.data_dir / kind).rglob("*")):
                place = path.relative_to(self._settings.data_dir)
                if not any(part.startswith(".") for part in place.parts):
                    yield path, f"installed/{place.as_posix()}"

    def _add_file(self, path: Path, name: str) -> None:
        if not path.is_file():
            return
        try:
            file = path.open("rb")
        except FileNotFoundError:  # erased since: its row is gone, or goes with the ledger
            return
        with file:
            entry = _entry(name, path.stat().st_size)
            hashed = _Hashed(file)
            self._tar.addfile(entry, hashed)
        self._sha256[name] = hashed.digest.hexdigest()

    def _add(self, name: str, content: bytes) -> None:
        self._tar.addfile(_entry(name, len(content)), io.BytesIO(content))
        self._sha256[name] = hashlib.sha256(content).hexdigest()


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        return content


def _parts(lines: Iterator[bytes], digest: table_rows.Digest) -> Iterator[bytes]:
    waiting, size = [], 0
    for line in lines:
        digest.add(line)
        waiting.append(line)
        size += len(line)
        if size >= PART:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def as_one_view(session: Session, database: Database) -> None:
    """Let a long reading session see one state of the data, and not be ended for its length."""
    if not database.is_sqlite:
        connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        without_limits(connection)


def without_limits(connection: sa.Connection) -> None:
    """Lift PostgreSQL's limits of time for this transaction, which may take minutes."""
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
