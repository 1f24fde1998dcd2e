"""Is this installation in order? One point each: what is wrong and the remedy, or None.

Asked by `cirt check`, which adds points of the two halves, and by the page "Health", which leaves
out what takes long.
"""

import os
import shutil
import stat
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from cirt import backups, migrations, sqlite_engine
from cirt.audit import AuditEntry
from cirt.clock import now
from cirt.db import Database, cause_of
from cirt.errors import N_
from cirt.jobs import Job
from cirt.settings import Settings

FREE_BYTES: Final = 500 * 1024 * 1024
CLOCKS_APART: Final = 5.0  # seconds
STUCK: Final = timedelta(minutes=15)
BACKUP_OLD: Final = timedelta(hours=50)  # a day was left out
REPLICA_BEHIND: Final = 300.0  # seconds
ZONES: Final = ("UTC", "Asia/Riyadh", "Africa/Cairo", "Europe/Paris")


@dataclass(frozen=True)
class Problem:
    """What is wrong and what helps, as a message id with its parameters."""

    message: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


Found = Problem | None
Point = Callable[[Settings, Database], Found]


def _problem(message: str, **params: Any) -> Problem:
    return Problem(message, params)


def no_demonstration(settings: Settings, _database: Database) -> Found:
    """Real work is not done in a demonstration."""
    if not settings.is_demonstration:
        return None
    return _problem(
        N_("this is a demonstration; start production with `cirt init` in a folder of its own")
    )


def address(settings: Settings, _database: Database) -> Found:
    """People and machines come by https, and their own addresses are seen."""
    if not settings.secure:
        return _problem(N_("set CIRT_PUBLIC_URL to the https address of the proxy in front"))
    if not settings.proxies:
        return _problem(
            N_(
                "CIRT_PUBLIC_URL says that a proxy stands in front, and CIRT_PROXIES is 0: everybody"
                " then has the proxy's address, and one person's wrong passwords lock out all"
            )
        )
    return None


def settings_fit(settings: Settings, _database: Database) -> Found:
    """No combination of settings is weak."""
    if settings.peer_loopback:
        return _problem(
            N_(
                "CIRT_PEER_LOOPBACK is yes, which is for trials: peers and the receivers of webhooks may"
                " be on this machine"
            )
        )
    if settings.backup_dir and settings.data_dir in (
        settings.backup_dir,
        *settings.backup_dir.parents,
    ):
        return _problem(
            N_("CIRT_BACKUP_DIR is within CIRT_DATA_DIR: what takes the data takes the backups too")
        )
    return None


def keys(settings: Settings, _database: Database) -> Found:
    """Keys, passphrases and the data are readable for this account alone."""
    named = [
        Path(path)
        for name, path in os.environ.items()
        if name.startswith("CIRT_") and name.endswith("_FILE")
    ]
    inside = [
        settings.data_dir,
        settings.data_dir / "secret.key",
        settings.data_dir / "cirt.sqlite3",
    ]
    for one in (*inside, *named):
        if one.exists() and one.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return _problem(N_("others can read %(name)s: chmod go-rwx"), name=one.name)
    return None


def clock(_settings: Settings, database: Database) -> Found:
    """The clock is right, or at least not behind what was written already."""
    moment = now()
    if moment < datetime(2026, 1, 1, tzinfo=UTC):
        return _problem(N_("the clock is behind: set it, better by NTP"))
    with database.reading() as session:
        if not database.is_sqlite:
            theirs = session.scalar(sa.select(sa.func.clock_timestamp()))
            apart = abs((theirs - now()).total_seconds()) if theirs else 0.0
            if apart > CLOCKS_APART:
                return _problem(
                    N_(
                        "the database's clock is %(seconds)s seconds apart from this one: set both by NTP"
                    ),
                    seconds=round(apart),
                )
        last = session.scalar(sa.select(sa.func.max(AuditEntry.at)))
    if last is not None and (last - now()).total_seconds() > CLOCKS_APART:
        return _problem(
            N_(
                "the newest entry of the audit trail is from the future: the clock went back; set it"
            )
        )
    return None


def disk(settings: Settings, _database: Database) -> Found:
    """There is room for data and for backups."""
    for folder in filter(None, (settings.data_dir, settings.backup_dir)):
        usage = shutil.disk_usage(folder)
        if usage.free < FREE_BYTES or usage.free < usage.total // 20:
            megabytes = usage.free // (1024 * 1024)
            return _problem(
                N_("only %(megabytes)s MB are free in %(folder)s: make room"),
                megabytes=megabytes,
                folder=str(folder),
            )
    return None


def engine(_settings: Settings, database: Database) -> Found:
    """The database's library has no known fault."""
    if not database.is_sqlite or sqlite_engine.is_safe_for_wal():
        return None
    return _problem(
        N_(
            "SQLite %(version)s can lose data in WAL mode and runs slower without: install pysqlite3"
        ),
        version=".".join(str(part) for part in sqlite_engine.version()),
    )


def answers(_settings: Settings, database: Database) -> Found:
    """The database answers."""
    try:
        with database.engine.connect():
            return None
    except sa.exc.OperationalError as error:
        return _problem(
            N_(
                "it does not answer (%(error)s): see that it runs and has room, and that"
                " CIRT_DATABASE_URL or CIRT_DATA_DIR names it; the points that ask it are left out"
            ),
            error=cause_of(error),
        )


def tables(_settings: Settings, database: Database) -> Found:
    """The tables are those of this version."""
    return None if migrations.is_current(database) else _problem(N_("run `cirt init`"))


def database_whole(_settings: Settings, database: Database) -> Found:
    """SQLite's own check finds nothing wrong; PostgreSQL checks its pages itself."""
    if not database.is_sqlite:
        return None
    try:
        with database.engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok":
                return None
    except sa.exc.OperationalError:  # it cannot be opened, which others say as well
        raise
    except sa.exc.DatabaseError:  # so damaged that it cannot be looked through
        pass
    return _problem(
        N_("the database file is damaged: stop the service, keep the file, restore a backup")
    )


def time_zones(_settings: Settings, _database: Database) -> Found:
    """The time zones of the world are known here."""
    missing = [name for name in ZONES if name not in zoneinfo.available_timezones()]
    if not missing:
        return None
    return _problem(N_("time zone data is missing: install tzdata"))


def background_work(_settings: Settings, database: Database) -> Found:
    """Background work runs, and none of it failed for good."""
    moment = now()
    with database.reading() as session:
        count = sa.select(sa.func.count()).select_from(Job)
        failed = session.scalar(count.where(Job.state == "failed")) or 0
        oldest = session.scalar(sa.select(sa.func.min(Job.run_at)).where(Job.state == "waiting"))
    if oldest is not None and moment - oldest > STUCK:
        return _problem(
            N_("work waits for %(minutes)s minutes: is `cirt serve` running, is it held up?"),
            minutes=round((moment - oldest).total_seconds() / 60),
        )
    if failed:
        return _problem(N_("%(count)s job(s) failed: see Background work"), count=failed)
    return None


def backup(_settings: Settings, database: Database) -> Found:
    """There is a young backup that was restored on trial."""
    with database.reading() as session:
        newest = backups.newest(session)
    if newest is None:
        return _problem(
            N_("no backup was ever made: set CIRT_BACKUP_DIR, or run `cirt backup` once a day")
        )
    if now() - newest.at > BACKUP_OLD:
        return _problem(
            N_("the newest backup that passed its trial is %(days)s days old: see Background work"),
            days=(now() - newest.at).days,
        )
    if not newest.encrypted:
        return _problem(N_("the newest backup is not encrypted, and holds every secret"))
    return None


def replica(settings: Settings, _database: Database) -> Found:
    """The replica, where there is one, is not far behind."""
    if not settings.replica_url:
        return None
    found = Database(settings.replica_url, connections=2)
    try:
        with found.engine.connect() as connection:
            behind = connection.execute(sa.text(_LAG)).scalar()
    except sa.exc.SQLAlchemyError as error:
        return _problem(
            N_(
                "it does not answer (%(error)s): see that it runs, and that CIRT_REPLICA_URL names"
                " it; until then pages are read from the database itself"
            ),
            error=cause_of(error),
        )
    finally:
        found.dispose()
    if behind is None or float(behind) < REPLICA_BEHIND:
        return None
    return _problem(
        N_("the replica is %(seconds)s seconds behind: see its log"), seconds=round(float(behind))
    )


_LAG = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp())
END
"""

QUICK: Final[tuple[tuple[str, Point], ...]] = (
    (N_("not a demonstration"), no_demonstration),
    (N_("address and TLS"), address),
    (N_("settings"), settings_fit),
    (N_("data folder and key"), keys),
    (N_("database"), answers),
    (N_("tables"), tables),
    (N_("clock"), clock),
    (N_("disk"), disk),
    (N_("database engine"), engine),
    (N_("time zones"), time_zones),
    (N_("background work"), background_work),
    (N_("backup"), backup),
    (N_("replica"), replica),
)
"""Points that are cheap to look at, with their names."""

SLOW: Final[tuple[tuple[str, Point], ...]] = ((N_("database file"), database_whole),)

WITHOUT_DATABASE: Final = frozenset(
    {no_demonstration, address, settings_fit, keys, disk, engine, time_zones, replica}
)

UNCHECKED = N_("cannot be checked (%(error)s)")


def found_at(
    points: tuple[tuple[str, Point], ...], settings: Settings, database: Database
) -> Iterator[tuple[str, Found]]:
    """Yield (name of the point, what is wrong or None).

    Where the database does not answer or has other tables, points that ask it are left out: they
    would say the same again.
    """
    is_away = False
    for name, point in points:
        if is_away and point not in WITHOUT_DATABASE:
            continue
        try:
            found = point(settings, database)
            is_away = is_away or (point in (answers, tables) and found is not None)
            yield name, found
        except (OSError, sa.exc.SQLAlchemyError) as error:
            yield name, _problem(UNCHECKED, error=type(error).__name__)
