"""`make migration m="…"`: write the migration that brings the tables to the models."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from cirt import migrations
from cirt.db import Database


def main() -> None:
    """Compare an empty database, upgraded to head, with the models and write the difference."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.sqlite3'}")
        with migrations._connected(database) as (config, _connection):
            if migrations.newest() != "None":
                command.upgrade(config, "head")
            versions = Path(migrations.__file__).parent / "versions"
            number = len(list(versions.glob("[0-9]*.py"))) + 1
            command.revision(config, message=sys.argv[1], autogenerate=True, rev_id=f"{number:04d}")
        database.dispose()


if __name__ == "__main__":
    main()
