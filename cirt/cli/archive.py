"""`cirt backup` and `cirt restore`: the whole installation as one file, the same on both engines.

A backup counts as made once it was restored on trial: see archive_making. Its form is told in
archive_writing. Backups of the first format are restored as well.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cirt import backups, migrations
from cirt.cli import erasures
from cirt.cli.age_stream import MAGIC, Identity, Lock, Opener, Passphrase, Recipient, Source, opened
from cirt.cli.archive_making import UNUSABLE, make_backup
from cirt.cli.archive_reading import read_archive
from cirt.cli.archive_writing import INSTALLED, KEY, MARKER
from cirt.db import Database, open_database
from cirt.errors import N_, InvalidInputError, UnavailableError
from cirt.incidents.recall.erasure import Applied
from cirt.settings import Settings, read_settings

TOLD_SECONDS = 0.5


def add_commands(commands: Any) -> None:
    """Add the commands to the grammar."""
    backup = commands.add_parser("backup", help="write the whole installation into one file")
    backup.add_argument("file", type=Path)
    either = backup.add_mutually_exclusive_group()
    either.add_argument(
        "--passphrase-file", type=Path, help="encrypt (age) with the passphrase in this file"
    )
    either.add_argument("--recipient", help="encrypt (age) for this public key, age1…")
    backup.add_argument("--progress", action="store_true", help="print rows done, and of how many")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="fill an empty installation from a backup")
    restore.add_argument("file", type=Path)
    either = restore.add_mutually_exclusive_group()
    either.add_argument(
        "--passphrase-file", type=Path, help="the passphrase that the backup opens with"
    )
    either.add_argument(
        "--identity-file",
        type=Path,
        help="the secret key (age) that a recipient's backup opens with",
    )
    restore.set_defaults(run=_restore)


def _backup(options: argparse.Namespace) -> None:
    settings = read_settings()
    lock, opener = _lock(options, settings)
    database = open_database(settings)
    made = make_backup(
        settings,
        database,
        options.file,
        lock=lock,
        opener=opener,
        progress=_told() if options.progress else lambda _done, _of: None,
    )
    with database.writing() as session:
        backups.note(
            session,
            file=made.path.name,
            bytes=made.bytes,
            sha256=made.sha256,
            rows=made.rows,
            seconds=round(made.seconds),
            encrypted=lock is not None,
        )
    print(f"{made.path}: {made.bytes} bytes, SHA-256 {made.sha256}")
    print(f"Restored on trial: {made.rows} rows, every digest agrees, the audit chain is whole.")
    if lock is None:
        print("It is not encrypted and holds every secret of the installation: keep it under lock.")


def _told() -> Callable[[int, int], None]:
    last = [0.0]

    def told(done: int, of: int) -> None:
        if time.monotonic() - last[0] > TOLD_SECONDS:
            last[0] = time.monotonic()
            sys.stdout.write(f"progress {done} {of}\n")
            sys.stdout.flush()

    return told


def _lock(options: argparse.Namespace, settings: Settings) -> tuple[Lock | None, Opener | None]:
    """Return whom a backup is for and what opens it here: what is asked for, else the settings."""
    if options.passphrase_file is not None:
        passphrase = Passphrase(_passphrase(options.passphrase_file))
        return passphrase, passphrase
    if options.recipient:
        return Recipient(options.recipient), None
    if settings.backup_passphrase:
        passphrase = Passphrase(settings.backup_passphrase)
        return passphrase, passphrase
    if settings.backup_recipient:
        return Recipient(settings.backup_recipient), None
    return None, None


def _restore(options: argparse.Namespace) -> None:
    settings = read_settings()
    try:
        with options.file.open("rb") as file:
            encrypted = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            source = opened(file, _opener(options, settings)) if encrypted else file
            rows, again = restore_archive(source, settings, open_database(settings))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInputError(
            UNUSABLE, path=error.filename or options.file, reason=reason
        ) from error
    print(f"Restored {rows} rows; every digest agrees and the audit chain is whole.")
    print(erasures.sentence(again))


def _opener(options: argparse.Namespace, settings: Settings) -> Opener:
    if options.identity_file is not None:
        lines = _text(options.identity_file).splitlines()
        return Identity(next((one for one in lines if not one.startswith("#")), ""))
    if options.passphrase_file is not None:
        return Passphrase(_passphrase(options.passphrase_file))
    if settings.backup_passphrase:
        return Passphrase(settings.backup_passphrase)
    raise InvalidInputError(
        N_("This backup is encrypted: name the file of its passphrase, or of its secret key.")
    )


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise InvalidInputError(UNUSABLE, path=path, reason=error.strerror) from error


def _passphrase(path: Path) -> str:
    passphrase = _text(path).strip()
    if not passphrase:
        raise InvalidInputError(N_("The file of the passphrase is empty."))
    return passphrase


class _Installation:
    """An empty installation that a backup is read into; all or nothing."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.transaction = ExitStack()
        self.written: list[Path] = []
        self.kept: dict[str, bytes] = {}

    def begin(self, revision: str) -> Session:
        """Make the tables of a revision."""
        migrations.upgrade(self.database, revision)
        return self.transaction.enter_context(self.database.writing())

    def told(self, rows: int) -> None:
        """Learn how many rows there are by now."""

    def keep(self, name: str, content: Iterator[bytes]) -> None:
        """Write a file, or hold what is written at the end."""
        if name.startswith("files/"):
            self._write(self.settings.files_dir, name.removeprefix("files/"), content)
        elif name.startswith(tuple(f"installed/{kind}/" for kind in INSTALLED)):
            self._write(self.settings.data_dir, name.removeprefix("installed/"), content)
        else:
            self.kept[name] = b"".join(content)

    def _write(self, folder: Path, name: str, content: Iterator[bytes]) -> None:
        path = folder / Path(name)
        if folder.resolve() not in path.resolve().parents:
            raise InvalidInputError(
                N_("This backup names a file outside its folder; it is not genuine.")
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.written.append(path)
        with path.open("wb") as file:
            for piece in content:
                file.write(piece)

    def empty(self) -> None:
        """Make it empty again, so that it can be restored into again."""
        if migrations.revision_of(self.database) is not None:
            migrations.downgrade(self.database, "base")
        for path in self.written:
            path.unlink(missing_ok=True)


def restore_archive(source: Source, settings: Settings, database: Database) -> tuple[int, Applied]:
    """Fill an empty installation; all or nothing. Return the number of rows, and what was erased again.

    Raises UnavailableError when the installation is not empty, InvalidInputError for a bad file.
    """
    if migrations.revision_of(database) is not None:
        raise UnavailableError(
            N_(
                "This installation has tables already: restore into an empty folder and an empty database."
            )
        )
    target = _Installation(settings, database)
    try:
        with target.transaction:  # kept at its end, dropped with any error
            found = read_archive(source, target)
            key = target.kept.get(KEY)
            if key is None:
                raise InvalidInputError(N_("This backup is damaged: it holds no key."))
    except BaseException:
        target.empty()
        raise
    (settings.data_dir / KEY).write_bytes(key)
    (settings.data_dir / KEY).chmod(0o600)
    if MARKER in target.kept:
        (settings.data_dir / MARKER).write_bytes(target.kept[MARKER])
    migrations.upgrade(database)
    return found.rows, erasures.bring_back(settings, database, target.kept.get(erasures.PART, b""))
