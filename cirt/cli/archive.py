"""`cirt backup` and `cirt restore`: the whole installation as one file, the same on both engines.

The archive holds every row as JSON lines, the attachments, installed instruments and profiles,
the ledger of erasures and the key, each with its SHA-256.
A backup is read back and compared before it counts as made.
"""

import argparse
import base64
import hashlib
import io
import json
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import pyrage
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, migrations
from cirt.cli import erasures
from cirt.clock import now
from cirt.db import Base, Database, UtcTime, open_database
from cirt.errors import N_, InvalidInputError, UnavailableError
from cirt.incidents.recall.erasure import Applied
from cirt.settings import Settings, read_settings

FORMAT = 1
MARKER = "demonstration"
INSTALLED = ("instruments", "profiles")  # folders of the data folder that people add to
BATCH = 1000


def add_commands(commands: Any) -> None:
    """Add the commands to the grammar."""
    backup = commands.add_parser("backup", help="write the whole installation into one file")
    backup.add_argument("file", type=Path)
    backup.add_argument(
        "--passphrase-file", type=Path, help="encrypt (age) with the passphrase in this file"
    )
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="fill an empty installation from a backup")
    restore.add_argument("file", type=Path)
    restore.add_argument("--passphrase-file", type=Path)
    restore.set_defaults(run=_restore)


def _backup(options: argparse.Namespace) -> None:
    passphrase = _passphrase(options)
    settings = read_settings()
    content = write_archive(settings, open_database(settings))
    read_archive(content)  # a backup that cannot be read back is none
    if passphrase is not None:
        content = pyrage.passphrase.encrypt(content, passphrase)
    try:
        with tempfile.NamedTemporaryFile(dir=options.file.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(options.file)
        options.file.chmod(0o600)
    except OSError as error:
        raise InvalidInputError(UNUSABLE, path=options.file, reason=error.strerror) from error
    print(f"{options.file}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    if passphrase is None:
        print("It is not encrypted and holds every secret of the installation: keep it under lock.")


def _restore(options: argparse.Namespace) -> None:
    content, passphrase = _read(options.file), _passphrase(options)
    if content.startswith(b"age-encryption.org/"):
        if passphrase is None:
            raise InvalidInputError(
                N_("This backup is encrypted: name the file of its passphrase.")
            )
        try:
            content = pyrage.passphrase.decrypt(content, passphrase)
        except pyrage.DecryptError as error:
            raise InvalidInputError(N_("This passphrase does not open the backup.")) from error
    settings = read_settings()
    rows, again = restore_archive(content, settings, open_database(settings))
    print(f"Restored {rows} rows; every digest agrees and the audit chain is whole.")
    print(erasures.sentence(again))


UNUSABLE = N_("%(path)s cannot be read or written: %(reason)s. Check the name and the folder.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(UNUSABLE, path=path, reason=error.strerror) from error


def _passphrase(options: argparse.Namespace) -> str | None:
    if options.passphrase_file is None:
        return None
    passphrase = _read(options.passphrase_file).decode("utf-8", "replace").strip()
    if not passphrase:
        raise InvalidInputError(N_("The file of the passphrase is empty."))
    return passphrase


def write_archive(settings: Settings, database: Database) -> bytes:
    """Return the archive: one consistent view of the data, the attachments, the key."""
    parts: dict[str, bytes] = {}
    with database.reading() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for table in Base.metadata.sorted_tables:
            parts[f"tables/{table.name}.jsonl"] = _rows_of(session, table)
    for path in sorted(settings.files_dir.rglob("*")):
        if path.is_file() and path.suffix != ".part":
            parts[f"files/{path.relative_to(settings.files_dir).as_posix()}"] = path.read_bytes()
    for kind in INSTALLED:
        for path in sorted((settings.data_dir / kind).rglob("*")):
            place = path.relative_to(settings.data_dir)
            if path.is_file() and not any(part.startswith(".") for part in place.parts):
                parts[f"installed/{place.as_posix()}"] = path.read_bytes()
    parts["secret.key"] = settings.secret_key.encode()
    if lines := erasures.kept_lines(settings):
        parts[erasures.PART] = lines
    if settings.is_demonstration:
        parts[MARKER] = b"loaded\n"  # so that a demonstration never passes for production
    manifest = {
        "format": FORMAT,
        "revision": migrations.revision_of(database),
        "made_at": now().isoformat(),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {"manifest.json": json.dumps(manifest).encode(), **parts}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def read_archive(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return an archive's manifest and parts, every digest compared. Raises InvalidInputError."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            parts = {
                entry.name: _content(tar.extractfile(entry))
                for entry in tar.getmembers()
                if entry.isfile()
            }
        manifest = json.loads(parts.pop("manifest.json"))
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
        raise InvalidInputError(
            N_("This file is no backup of this program, or it is damaged.")
        ) from error
    if manifest.get("format") != FORMAT:
        raise InvalidInputError(
            N_("This backup is of a newer version of the program: update first.")
        )
    found = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    if found != manifest["sha256"]:
        raise InvalidInputError(
            N_("This backup is damaged: its content does not agree with its digests.")
        )
    return manifest, parts


def _content(file: IO[bytes] | None) -> bytes:
    return file.read() if file else b""


def restore_archive(content: bytes, settings: Settings, database: Database) -> tuple[int, Applied]:
    """Fill an empty installation; all or nothing. Return the number of rows, and what was erased again.

    Raises UnavailableError when the installation is not empty, InvalidInputError for a bad file.
    """
    manifest, parts = read_archive(content)
    if migrations.revision_of(database) is not None:
        raise UnavailableError(
            N_(
                "This installation has tables already: restore into an empty folder and an empty database."
            )
        )
    files = {
        _inside(settings.files_dir, name.removeprefix("files/")): part
        for name, part in parts.items()
        if name.startswith("files/")
    }
    for kind in INSTALLED:
        files |= {
            _inside(settings.data_dir / kind, name.removeprefix(f"installed/{kind}/")): part
            for name, part in parts.items()
            if name.startswith(f"installed/{kind}/")
        }
    key = parts.get("secret.key")
    if key is None:
        raise InvalidInputError(N_("This backup is damaged: it holds no key."))
    try:
        migrations.upgrade(database, manifest["revision"])
        for path, part in files.items():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(part)
        rows = _fill(database, parts)
    except BaseException:
        # what is empty again can be restored into again
        if migrations.revision_of(database) is not None:
            migrations.downgrade(database, "base")
        for path in files:
            path.unlink(missing_ok=True)
        raise
    (settings.data_dir / "secret.key").write_bytes(key)
    (settings.data_dir / "secret.key").chmod(0o600)
    if MARKER in parts:
        (settings.data_dir / MARKER).write_bytes(parts[MARKER])
    migrations.upgrade(database)
    return rows, erasures.bring_back(settings, database, parts.get(erasures.PART, b""))


def _inside(folder: Path, name: str) -> Path:
    path = folder / Path(name)
    if folder.resolve() not in path.resolve().parents:
        raise InvalidInputError(
            N_("This backup names a file outside its folder; it is not genuine.")
        )
    return path


def _fill(database: Database, parts: dict[str, bytes]) -> int:
    """Insert every row in one transaction and return their number, compared with the backup."""
    rows = 0
    with database.writing() as session:
        for table in Base.metadata.sorted_tables:
            lines = parts.get(f"tables/{table.name}.jsonl", b"").splitlines()
            for generation in _generations(table, lines):
                for start in range(0, len(generation), BATCH):
                    part = generation[start : start + BATCH]
                    batch = [_row(table, json.loads(line)) for line in part]
                    session.execute(sa.insert(table), batch)
                    rows += len(batch)
        for table in Base.metadata.sorted_tables:
            if _rows_of(session, table) != parts.get(f"tables/{table.name}.jsonl", b""):
                raise UnavailableError(
                    N_("The restored data differ from the backup; nothing was kept.")
                )
        if list(audit.broken_links(session)):
            raise InvalidInputError(
                N_("The audit chain in this backup is broken; nothing was restored.")
            )
    return rows


def _generations(table: sa.Table, lines: list[bytes]) -> Iterator[list[bytes]]:
    """Yield a table's lines so that a row comes after the row of the same table it refers to."""
    own = [
        (key.parent.name, key.column.name)
        for key in table.foreign_keys
        if key.column.table is table
    ]
    if not own:
        yield lines
        return
    [(reference, name)] = own  # no table refers to itself twice
    waiting = [(json.loads(line), line) for line in lines]
    known: set[Any] = {None}
    while waiting:
        ready = [pair for pair in waiting if pair[0][reference] in known]
        if not ready:
            raise InvalidInputError(N_("The backup is damaged; nothing was restored."))
        yield [line for _row, line in ready]
        known |= {row[name] for row, _line in ready}
        waiting = [pair for pair in waiting if pair[0][name] not in known]


def _rows_of(session: Session, table: sa.Table) -> bytes:
    """Return a table's rows as lines in an order that is the same on every engine and collation."""
    return b"".join(sorted(_lines(session, table)))


def _lines(session: Session, table: sa.Table) -> Iterator[bytes]:
    for row in session.execute(sa.select(table).execution_options(yield_per=BATCH)).mappings():
        values = {name: _plain(value) for name, value in row.items()}
        yield json.dumps(values, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _row(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    return {name: _typed(table.columns[name].type, value) for name, value in values.items()}


def _typed(kind: Any, value: Any) -> Any:
    if value is None or isinstance(kind, sa.JSON):
        return value
    if isinstance(kind, UtcTime):  # a type of ours does not say which Python type it is
        return datetime.fromisoformat(value)
    python_type = kind.python_type
    if python_type is uuid.UUID:
        return uuid.UUID(value)
    if python_type is bytes:
        return base64.b64decode(value)
    if python_type is date:
        return date.fromisoformat(value)
    return value
