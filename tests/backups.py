"""Backups in memory, for tests of small installations."""

import io

from cirt.cli import archive, archive_writing
from cirt.db import Database
from cirt.incidents.recall.erasure import Applied
from cirt.settings import Settings


def write_archive(settings: Settings, database: Database) -> bytes:
    """Return the archive of an installation."""
    out = io.BytesIO()
    archive_writing.write_archive(settings, database, out)
    return out.getvalue()


def restore_archive(content: bytes, settings: Settings, database: Database) -> tuple[int, Applied]:
    """Restore an archive as `cirt restore` does."""
    return archive.restore_archive(io.BytesIO(content), settings, database)
