"""Settings for more than one process: they fit the database, or the start says what to change."""

from pathlib import Path

import pytest

from cirt.cli.serving import connections_of_workers, refuse_too_many_connections
from cirt.db import Database
from cirt.errors import SettingError
from cirt.settings import read_settings


def test_sqlite_has_one_worker_and_no_replica(tmp_path: Path) -> None:
    """One process writes there."""
    folder = {"CIRT_DATA_DIR": str(tmp_path)}
    assert read_settings(folder).workers == 1
    with pytest.raises(SettingError, match="cirt move"):
        read_settings({**folder, "CIRT_WORKERS": "2"})
    with pytest.raises(SettingError, match="no replicas"):
        read_settings({**folder, "CIRT_REPLICA_URL": "postgresql://somewhere/cirt"})
    there = {**folder, "CIRT_DATABASE_URL": "postgresql://somewhere/cirt"}
    many = {**there, "CIRT_WORKERS": "4", "CIRT_REPLICA_URL": "postgresql://other/cirt"}
    settings = read_settings(many)
    assert (settings.workers, settings.partitions) == (4, 16)
    assert settings.replica_url == "postgresql+psycopg://other/cirt"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CIRT_WORKERS", "0"),
        ("CIRT_WORKERS", "65"),
        ("CIRT_WORKERS", "two"),
        ("CIRT_PARTITIONS", "0"),
        ("CIRT_PARTITIONS", "257"),
        ("CIRT_REPLICA_URL", "sqlite:///somewhere"),
    ],
)
def test_wrong_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    """With the setting's name."""
    with pytest.raises(SettingError, match=name):
        read_settings({"CIRT_DATA_DIR": str(tmp_path), name: value})


def test_more_connections_than_the_database_allows_are_refused(
    database_url: str, tmp_path: Path
) -> None:
    """Before the first worker starts; with the number that would do. SQLite has no such limit."""
    is_sqlite = database_url.startswith("sqlite")
    few = read_settings({}, data_dir=tmp_path, database_url=database_url)
    many = read_settings({}, data_dir=tmp_path, database_url=database_url, threads=100)
    database = Database(database_url)
    refuse_too_many_connections(few, database)
    if is_sqlite:
        refuse_too_many_connections(many, database)
    else:
        needed = connections_of_workers(many) + 5 + 3
        with pytest.raises(SettingError, match=f"raise max_connections to {needed}"):
            refuse_too_many_connections(many, database)
    database.dispose()
