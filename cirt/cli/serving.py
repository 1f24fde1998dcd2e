"""`cirt init`, `cirt serve`, `cirt settings`."""

import argparse
import multiprocessing
import os
import signal
import socket
from typing import Any, NoReturn

from cirt import migrations
from cirt.access import Role
from cirt.accounts import directory
from cirt.db import Database, open_database
from cirt.errors import N_, SettingError, UnavailableError
from cirt.operations import logs, metrics
from cirt.setting_rows import ROWS
from cirt.settings import Settings, read_settings

STOP_SECONDS = 20  # how long requests that were begun may take when the server is stopped


def add_commands(commands: Any) -> None:
    """Add the commands to the grammar."""
    init = commands.add_parser(
        "init", help="make or update the tables; with --user, add the first administrator"
    )
    init.add_argument("--code", help="country code of the first administration, such as XA")
    init.add_argument("--name", help="its name in English")
    init.add_argument(
        "--user", help="user name of the first administrator; prints an invitation link"
    )
    init.set_defaults(run=_init)
    serve = commands.add_parser("serve", help="serve the web pages, TAXII and background work")
    serve.set_defaults(run=_serve)
    settings = commands.add_parser(
        "settings", help="list every setting, its default and what it does"
    )
    settings.set_defaults(run=_settings)


def _init(options: argparse.Namespace) -> None:
    settings = read_settings()
    database = open_database(settings)
    migrations.upgrade(database)
    print(f"The tables are at revision {migrations.newest()}.")
    if not options.user:
        return
    with database.writing() as session:
        if directory.users(session):
            raise SettingError(
                N_("There are users already; add more in the directory, or with `cirt user add`.")
            )
        administration = directory.add_administration(
            session, None, code=options.code or "", names={"en": options.name or ""}
        )
        user = directory.add_user(
            session,
            None,
            administration=administration,
            username=options.user,
            name=options.user,
            roles=[Role.ADMINISTRATOR],
        )
        link = directory.make_link(session, None, user, settings=settings)
    print(f"Open this link once to choose the password of {options.user}:\n{link}")


def _serve(_options: argparse.Namespace) -> None:
    settings = read_settings()
    database = open_database(settings)
    refuse_old_tables(database)
    refuse_too_many_connections(settings, database)
    serve(settings)


def refuse_old_tables(database: Database) -> None:
    """Raise UnavailableError, saying what to do, unless the tables fit this version."""
    if not migrations.is_current(database):
        raise UnavailableError(
            N_("The tables are missing or of another version: run `cirt init` first.")
        )
    database.dispose()


SPARE_CONNECTIONS = 5
"""What is left of PostgreSQL's connections for the command line and for whoever looks after it."""


def connections_of_workers(settings: Settings) -> int:
    """Return how many connections all workers together open to PostgreSQL at most.

    Besides those of its pool a worker keeps one for each of its threads, by which it asks whether a
    machine may still read (see `taxii_door`).
    """
    return settings.workers * (settings.connections + settings.threads)


def refuse_too_many_connections(settings: Settings, database: Database) -> None:
    """Raise SettingError when PostgreSQL allows fewer connections than the workers may open."""
    if database.is_sqlite:
        return
    with database.engine.connect() as connection:
        most, kept = (
            int(connection.exec_driver_sql(f"SHOW {name}").scalar_one())
            for name in ("max_connections", "superuser_reserved_connections")
        )
    database.dispose()
    wanted = connections_of_workers(settings)
    if wanted + SPARE_CONNECTIONS > most - kept:
        raise SettingError(
            N_(
                "%(workers)s workers with %(threads)s threads each may open %(wanted)s connections, and"
                " PostgreSQL allows %(most)s (max_connections), of which %(kept)s are kept for its"
                " superuser: raise max_connections to %(needed)s, or lower %(name)s."
            ),
            name="CIRT_WORKERS / CIRT_THREADS",
            workers=settings.workers,
            threads=settings.threads,
            wanted=wanted,
            most=most,
            kept=kept,
            needed=wanted + SPARE_CONNECTIONS + kept,
        )


def refuse_busy_port(settings: Settings) -> None:
    """Raise SettingError when something else listens on the port."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, _kind, _protocol, _name, address = found[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # there it would allow what is to be found out
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise SettingError(
            N_(
                "%(name)s is %(value)s and that address is taken or not of this machine: set another."
            ),
            name="CIRT_HOST / CIRT_PORT",
            value=f"{settings.host}:{settings.port}",
        ) from error


def serve(settings: Settings) -> None:
    """Serve until stopped: granian, or waitress on machines for which it has no wheel."""
    refuse_busy_port(settings)
    metrics.share_between_workers(settings.data_dir / "metrics", settings.workers)
    if settings.workers > 1:  # a forked worker would keep its counters to itself
        multiprocessing.set_start_method("spawn", force=True)
    # for granian's own part, before it is loaded: by default it keeps 50 MB after some large pages
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:500,muzzy_decay_ms:0")
    try:
        from granian import Granian
        from granian.constants import Interfaces
    except ImportError:
        _serve_with_waitress(settings)
        return
    Granian(
        "cirt.app:granian_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        log_access=False,
        log_dictconfig=logs.of_server(settings.log),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def _serve_with_waitress(settings: Settings) -> None:
    import waitress

    from cirt.app import serve_app

    signal.signal(signal.SIGTERM, _leave)
    waitress.serve(
        serve_app(),
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        ident="",  # no name and version of the server in the answers
        max_request_body_size=settings.max_upload_mb * 1024 * 1024 + 1_000_000,
    )


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)  # waitress then answers what it has begun


def _settings(_options: argparse.Namespace) -> None:
    for row in ROWS:
        print(f"{row.name:26} {row.default or '(empty)':12} {row.help}")
    print("Each may also be read from a file that <name>_FILE names.")
