"""Is there an installation here? Asked before a command that works on one, so that it makes none."""

import argparse
import os
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from cirt.cli import serving
from cirt.db import open_database
from cirt.errors import N_, UnavailableError
from cirt.settings import KEY_LENGTH, Settings, read_settings

WORKING_ON_ONE: Final = frozenset(
    {"serve", "user", "token", "backup", "move", "erase-again", "check", "instrument upgrade"}
)
"""Commands for which an installation has to be there."""

LOOKING_FOR_TABLES: Final = frozenset({"serve", "move", "backup", "check"})
"""Those of them that say by themselves what is wrong with its tables."""

ABSENT = N_(
    "There is no installation in %(folder)s: run `cirt init` first, or let CIRT_DATA_DIR name the"
    " folder of yours. A service has its settings in a file that a shell does not read."
)


def refuse_absent(options: argparse.Namespace) -> None:
    """Raise UnavailableError when a command finds no installation to work on; make nothing."""
    names = {options.command, f"{options.command} {getattr(options, 'which', '')}"}
    if not names & WORKING_ON_ONE:
        return
    settings = read_settings(secret_key="-" * KEY_LENGTH)  # else one would be made
    if not _is_present(settings):
        raise UnavailableError(ABSENT, folder=settings.data_dir.absolute())
    if not names & LOOKING_FOR_TABLES:
        serving.refuse_old_tables(open_database(settings))


def _is_present(settings: Settings) -> bool:
    if settings.database.startswith("sqlite"):
        return Path(sa.make_url(settings.database).database or "").is_file()
    given = any(name in os.environ for name in ("CIRT_SECRET_KEY", "CIRT_SECRET_KEY_FILE"))
    return given or (settings.data_dir / "secret.key").is_file()
