"""Reading a backup, of this format or the first one, row by row; and comparing what came of it."""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePosixPath
from typing import IO, Any, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.cli import table_rows
from cirt.cli.age_stream import DAMAGED, Source
from cirt.cli.archive_writing import ABOUT, FORMAT, MANIFEST, without_limits
from cirt.cli.table_rows import Digest
from cirt.db import Base
from cirt.errors import N_, InvalidInputError, UnavailableError

PIECE = 1 << 20
MOST_ABOUT = 100_000_000  # bytes of the manifest, which names every file
NEWER = N_("This backup is of a newer version of the program: update first.")
OTHERWISE = N_("This backup is damaged: its content does not agree with its digests.")


class Target(Protocol):
    """What a backup is read into."""

    def begin(self, revision: str) -> Session:
        """Make the tables of a revision and return the session that fills them."""

    def keep(self, name: str, content: Iterator[bytes]) -> None:
        """Take a part that is no table, piece by piece."""

    def told(self, rows: int) -> None:
        """Learn how many rows there are by now."""


@dataclass
class Found:
    """What was read: the manifest, and the digests of what came."""

    about: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Digest] = field(default_factory=dict)
    columns: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return sum(one.rows for one in self.tables.values())


def read_archive(source: Source, target: Target) -> Found:
    """Read a backup into a target, in the transaction that the target began, and check it.

    Raises InvalidInputError for a damaged or foreign file, UnavailableError when the rows that
    were written are not those that were read.
    """
    found = Found()
    with _damage_said():
        entries = _entries(source, found)
        first = next(entries, None)
        if first is None or first[0] not in (ABOUT, MANIFEST):
            raise InvalidInputError(DAMAGED)
        about = found.about = _json(first[1])
        if about.get("format") not in (1, FORMAT) or not isinstance(about.get("revision"), str):
            raise InvalidInputError(NEWER if about.get("format", 0) > FORMAT else DAMAGED)
        if first[0] == MANIFEST:
            found.manifest = about
            found.sha256.pop(MANIFEST)
        session = target.begin(about["revision"])
        without_limits(session.connection())
        for table, group in groupby(entries, key=lambda entry: _table_of(entry[0])):
            if table is not None:
                lines = _told(_lines(group), target, found.rows)
                if about["format"] == 1:
                    lines = _as_today(table, lines)
                found.tables[table] = _filled(session, table, lines, found)
                continue
            for name, content in group:
                if name == MANIFEST:
                    found.manifest = _json(content)
                    found.sha256.pop(MANIFEST, None)
                else:
                    target.keep(name, content)
                    _exhaust(content)
    _check(session, found)
    return found


def _filled(session: Session, name: str, lines: Iterator[bytes], found: Found) -> Digest:
    table = Base.metadata.tables.get(name)
    if table is None:
        raise InvalidInputError(NEWER)
    inspector = sa.inspect(session.connection())
    found.columns[name] = frozenset(one["name"] for one in inspector.get_columns(name))
    digest = table_rows.fill(session, table, lines)
    _exhaust(lines)
    return digest


def _check(session: Session, found: Found) -> None:
    manifest = found.manifest
    for name, stated in manifest.get("tables", {}).items():
        digest = found.tables.get(name, Digest())
        if (digest.rows, digest.value) != (stated["rows"], stated["digest"]):
            raise InvalidInputError(OTHERWISE)
    if not manifest or found.sha256 != manifest["sha256"]:
        raise InvalidInputError(OTHERWISE)
    for name, read in found.tables.items():
        table = Base.metadata.tables[name]
        written = table_rows.digest(session, table, found.columns[name])
        if (written.rows, written.value) != (read.rows, read.value):
            raise UnavailableError(DIFFERENT)
    if list(audit.broken_links(session)):
        raise InvalidInputError(
            N_("The audit chain in this backup is broken; nothing was restored.")
        )


DIFFERENT = N_("The restored data differ from the backup; nothing was kept.")


def _entries(source: Source, found: Found) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield (name, content in pieces or lines); digests are noted as the content is read."""
    with (
        gzip.GzipFile(fileobj=cast(IO[bytes], source)) as compressed,
        tarfile.open(fileobj=compressed, mode="r|") as tar,
    ):
        for entry in tar:
            file = tar.extractfile(entry) if entry.isfile() else None
            if file is not None:
                _refuse_outside(entry.name)
                yield entry.name, _content(entry.name, file, found)
        _exhaust(iter(lambda: compressed.read(PIECE), b""))  # the checksum comes at the end
    _exhaust(iter(lambda: source.read(PIECE), b""))


def _content(name: str, file: IO[bytes], found: Found) -> Iterator[bytes]:
    digest = hashlib.sha256()
    pieces = file if _table_of(name) else iter(lambda: file.read(PIECE), b"")
    for piece in pieces:
        digest.update(piece)
        yield piece
    found.sha256[name] = digest.hexdigest()


def _lines(group: Iterator[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    for _name, content in group:
        yield from content


def _as_today(name: str, lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines of the first format, which held all bytes as base64, as they are written now."""
    table = Base.metadata.tables.get(name)
    for line in lines:
        yield line if table is None else table_rows.line(table_rows.row(table, json.loads(line)))


def _told(lines: Iterator[bytes], target: Target, before: int) -> Iterator[bytes]:
    for n, line in enumerate(lines, 1):
        yield line
        if n % table_rows.BATCH == 0:
            target.told(before + n)


def _table_of(name: str) -> str | None:
    """Return the table of a part: tables/x/000000.jsonl, in the first format tables/x.jsonl."""
    parts = name.split("/")
    return parts[1].removesuffix(".jsonl") if parts[0] == "tables" and len(parts) > 1 else None


def _refuse_outside(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise InvalidInputError(
            N_("This backup names a file outside its folder; it is not genuine.")
        )


def _json(content: Iterator[bytes]) -> dict[str, Any]:
    whole = bytearray()
    for piece in content:
        whole += piece
        if len(whole) > MOST_ABOUT:
            raise InvalidInputError(DAMAGED)
    found = json.loads(bytes(whole))
    if not isinstance(found, dict):
        raise InvalidInputError(DAMAGED)
    return found


def _exhaust(content: Iterator[bytes]) -> None:
    for _piece in content:
        pass


@contextmanager
def _damage_said() -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
    ) as error:
        raise InvalidInputError(DAMAGED) from error
