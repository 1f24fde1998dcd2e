"""What was erased stays erased: the ledger in backups, after a restore, and in `cirt check`."""

import argparse
from typing import Any

from cirt.db import Database, open_database
from cirt.incidents.recall import erasure
from cirt.incidents.recall.erasure import Applied
from cirt.incidents.recall.ledger import FILE, Ledger, united
from cirt.settings import Settings, read_settings

PART = FILE
"""Name of the ledger in a backup."""


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
    again = commands.add_parser("erase-again", help="erase again what the ledger of erasures names")
    again.set_defaults(run=_again)


def _again(_options: argparse.Namespace) -> None:
    settings = read_settings()
    print(sentence(bring_back(settings, open_database(settings), b"")))


def sentence(again: Applied) -> str:
    """Return what was erased again, for the command line."""
    return (
        f"Erased again, as the ledger of erasures says: {again.bodies} object bodies,"
        f" {again.entries} places in collections, {again.bundles} released bundles."
    )


def kept_lines(settings: Settings) -> bytes:
    """Return the ledger as it is, for a backup; b"" where nothing was ever erased."""
    path = Ledger(settings.data_dir).path
    return path.read_bytes() if path.exists() else b""


def bring_back(settings: Settings, database: Database, part: bytes) -> Applied:
    """Join the ledger of a backup with the one that is here, and erase again what they say.

    The one that is here comes from the machine that was lost, if somebody saved it: it knows what
    was erased after the backup was made.
    """
    ledger = Ledger(settings.data_dir)
    lines = united(part, kept_lines(settings))
    if lines:
        ledger.path.write_bytes(lines)
        ledger.path.chmod(0o600)
    with database.writing() as session:
        return erasure.apply_again(session, ledger.lines())


def problem(settings: Settings, database: Database) -> str | None:
    """Return what is stored although the ledger says that it was erased, None if nothing is."""
    with database.reading() as session:
        count = erasure.present(session, Ledger(settings.data_dir).lines())
    if not count:
        return None
    return f"{count} erased item(s) are stored here again: run `cirt erase-again`"
