"""`cirt check`: is this installation fit for production? One line a point, a reason where not."""

import argparse
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from cirt import audit, migrations
from cirt.cli import erasures
from cirt.clock import now
from cirt.db import Database, open_database, sqlite_is_safe_for_wal, sqlite_version
from cirt.errors import DomainError
from cirt.jobs import Job
from cirt.settings import Settings, read_settings

FREE_BYTES = 500 * 1024 * 1024


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
    check = commands.add_parser(
        "check",
        help="check settings, keys, clock, disk, tables, the audit chain, erasures and instruments",
    )
    check.set_defaults(run=_check)


def _check(_options: argparse.Namespace) -> int:
    settings = read_settings()
    failed = 0
    for name, problem in problems(settings, open_database(settings)):
        failed += problem is not None
        print(
            f"{'ok     ' if problem is None else 'PROBLEM'} {name}{'' if problem is None else ': ' + problem}"
        )
    print("Fit for production." if not failed else f"Not fit for production: {failed} problem(s).")
    return 1 if failed else 0


def problems(settings: Settings, database: Database) -> Iterator[tuple[str, str | None]]:
    """Yield (point, what is wrong and the remedy; None where it is right)."""
    points: tuple[tuple[str, Callable[[Settings, Database], str | None]], ...] = (
        ("not a demonstration", _demonstration),
        ("address and TLS", _address),
        ("data folder and key", _key),
        ("clock", _clock),
        ("disk", _disk),
        ("database engine", _engine),
        ("tables", _tables),
        ("audit chain", _chain),
        ("erasures", erasures.problem),
        ("background work", _jobs),
        ("instruments", _instruments),
    )
    for name, point in points:
        try:
            yield name, point(settings, database)
        except (OSError, sa.exc.SQLAlchemyError) as error:
            yield name, f"cannot be checked ({type(error).__name__})"


def _demonstration(settings: Settings, _database: Database) -> str | None:
    if settings.is_demonstration:
        return "this is a demonstration; start production with `cirt init` in a folder of its own"
    return None


def _address(settings: Settings, _database: Database) -> str | None:
    if settings.secure:
        return None
    return "set CIRT_PUBLIC_URL to the https address of the proxy in front"


def _key(settings: Settings, _database: Database) -> str | None:
    path = settings.data_dir / "secret.key"
    for one in (settings.data_dir, path):
        if one.exists() and one.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return f"others can read {one.name}: chmod go-rwx"
    return None


def _clock(_settings: Settings, _database: Database) -> str | None:
    return (
        None
        if now() > datetime(2026, 1, 1, tzinfo=UTC)
        else "the clock is behind: set it, better by NTP"
    )


def _disk(settings: Settings, _database: Database) -> str | None:
    usage = shutil.disk_usage(settings.data_dir)
    if usage.free < FREE_BYTES or usage.free < usage.total // 20:
        return f"only {usage.free // (1024 * 1024)} MB are free: make room"
    return None


def _engine(_settings: Settings, database: Database) -> str | None:
    if database.is_sqlite and not sqlite_is_safe_for_wal():
        version = ".".join(str(part) for part in sqlite_version())
        return (
            f"SQLite {version} can lose data in WAL mode and runs slower without: install pysqlite3"
        )
    return None


def _tables(_settings: Settings, database: Database) -> str | None:
    return None if migrations.is_current(database) else "run `cirt init`"


def _chain(_settings: Settings, database: Database) -> str | None:
    with database.reading() as session:
        broken = list(audit.broken_links(session))
    if broken:
        chain, n, what = broken[0]
        return f"chain {chain}, entry {n}: {what}"
    return None


def _instruments(settings: Settings, database: Database) -> str | None:
    # the other points do without the readiness half, and start faster
    from cirt.assessments.instruments import instruments, load_instrument
    from cirt.assessments.instruments.places import use_data_folder
    from cirt.assessments.models import Assessment

    use_data_folder(settings.data_dir)
    for each in instruments():
        try:
            load_instrument(each.id, each.version)
        except DomainError as error:
            return str(error)
    present = {(each.id, each.version) for each in instruments()}
    with database.reading() as session:
        used = session.execute(
            sa.select(Assessment.instrument_id, Assessment.instrument_version).distinct()
        )
        missing = [" ".join(row) for row in used if tuple(row) not in present]
    if missing:
        return f"assessments rest on {', '.join(sorted(missing))}, not installed here: put it back"
    return None


def _jobs(_settings: Settings, database: Database) -> str | None:
    with database.reading() as session:
        failed = session.scalar(
            sa.select(sa.func.count()).select_from(Job).where(Job.state == "failed")
        )
    return f"{failed} job(s) failed: see Background work" if failed else None
