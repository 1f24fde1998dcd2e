"""The demonstration's folder: its marker, its list of who may sign in, loading and loading again.

The marker stands there from before the first row is written ("loading", then "loaded"), so that
a demonstration never passes for production, and a load that was cut short begins again.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt import migrations
from cirt.accounts.models import Administration
from cirt.app import open_installation
from cirt.cli import (
    demonstration_assessments,
    demonstration_circles,
    demonstration_incidents,
    demonstration_people,
    demonstration_sharing,
)
from cirt.db import Database
from cirt.errors import N_, UnavailableError
from cirt.settings import Settings
from cirt.web import Installation

MARKER = "demonstration"
CREDENTIALS = "credentials.json"
LOADING, LOADED = "loading", "loaded"

OTHER_DATA = N_(
    "%(folder)s or its database holds data that are no demonstration's; they were not touched."
    " Set CIRT_DATA_DIR to an empty folder and leave CIRT_DATABASE_URL out, or let it name an empty database."
)


def prepare(settings: Settings) -> dict[str, Any]:
    """Load the demonstration where it is not there yet, and return who may sign in.

    Raises UnavailableError, touching nothing, where the folder or the database holds other data.
    """
    installation = open_installation(settings)
    database = installation.database
    try:
        state = _state(settings)
        filled = _has_tables(database)
        if not _may_be_used(settings, database, state, filled):
            raise UnavailableError(OTHER_DATA, folder=settings.data_dir)
        if filled and state == LOADED:
            migrations.upgrade(database)
            print("The demonstration is there already; its data are kept.")
            return _known_credentials(settings)
        if filled:
            print("The demonstration was not loaded to its end. It is loaded again from the start.")
            migrations.downgrade(database, "base")
        else:
            print("The demonstration is being loaded.", flush=True)
        _begin(settings)
        migrations.upgrade(database)
        credentials = _load(installation)
        _keep(settings.data_dir / CREDENTIALS, json.dumps(credentials, indent=2) + "\n")
        _keep(settings.data_dir / MARKER, LOADED + "\n")
        return credentials
    finally:
        database.dispose()


def _load(installation: Installation) -> dict[str, Any]:
    """Fill empty tables through the rules that the pages use and return who may sign in."""
    stage = demonstration_people.Stage(installation)
    credentials = demonstration_people.load(stage)
    demonstration_incidents.load(stage)  # plans rest on the tally of incidents
    demonstration_assessments.load(stage)
    demonstration_circles.load(stage)
    demonstration_sharing.load(stage)
    return credentials


def _state(settings: Settings) -> str | None:
    """Return what the marker says; None: the folder bears none."""
    try:
        return (settings.data_dir / MARKER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _has_tables(database: Database) -> bool:
    # what a downgrade to "base" leaves is no table of ours
    return bool(set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"})


def _may_be_used(settings: Settings, database: Database, state: str | None, filled: bool) -> bool:
    """Return whether folder and database are empty or a demonstration's.

    The database is asked as well: its address may have changed since the marker was written.
    """
    if state is None:
        return not filled and not any(settings.files_dir.glob("*"))
    if not filled:
        return True
    with database.reading() as session:
        sources = set(session.scalars(sa.select(Administration.source)))
    return not sources or demonstration_people.SOURCE in sources


def _begin(settings: Settings) -> None:
    """Mark the folder, before anything else is in it, and clear what an earlier load left."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _keep(settings.data_dir / MARKER, LOADING + "\n")
    (settings.data_dir / CREDENTIALS).unlink(missing_ok=True)
    shutil.rmtree(settings.files_dir, ignore_errors=True)


def _known_credentials(settings: Settings) -> dict[str, Any]:
    """Return what the first run wrote, with the addresses of today."""
    path = settings.data_dir / CREDENTIALS
    try:
        credentials: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        credentials["url"] = settings.url
        for one in credentials["taxii"]:
            one |= demonstration_people.taxii_address(settings.url)
        for one in credentials.get("api", []):  # a folder of an earlier version has none
            one |= demonstration_people.api_address(settings.url)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UnavailableError(
            N_(
                "%(path)s, the list of who may sign in, is missing or damaged, and no password is"
                " kept elsewhere. Remove the folder %(folder)s to start over."
            ),
            path=path,
            folder=settings.data_dir,
        ) from error
    _keep(path, json.dumps(credentials, indent=2) + "\n")
    return credentials


def _keep(path: Path, text: str) -> None:
    """Write a file that only its owner reads; whoever looks sees the old one or the new one."""
    partial = path.with_name(f"{path.name}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
