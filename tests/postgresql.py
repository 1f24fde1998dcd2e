"""A PostgreSQL server of the tests' own: started once, a fresh database for every test."""

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from cirt.db import Base, Database


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_server_user(command: list[str]) -> list[str]:
    # the server refuses to run as root; Debian's package brings the user postgres
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@cache
def server() -> str:
    """Start the server and return its address without a database name."""
    binaries = _binaries()
    if binaries is None:
        pytest.fail("PostgreSQL is absent: `make test-deps` installs it")
    memory = Path("/dev/shm")  # noqa: S108 - of the machine that runs the tests
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4_000_000_000
    folder = Path(tempfile.mkdtemp(prefix="cirt-postgresql-", dir=memory if roomy else None))
    folder.chmod(0o777)
    data, log = folder / "data", folder / "log"
    subprocess.run(
        _as_server_user(
            [
                str(binaries / "initdb"),
                "-D",
                str(data),
                "-A",
                "trust",
                "-U",
                "cirt",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ]
        ),
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder}"
        " -c fsync=off -c full_page_writes=off -c max_connections=300"
    )
    subprocess.run(
        _as_server_user(
            [
                str(binaries / "pg_ctl"),
                "-D",
                str(data),
                "-l",
                str(log),
                "-w",
                "-o",
                options,
                "start",
            ]
        ),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )

    def stop() -> None:
        subprocess.run(
            _as_server_user([str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]),
            check=False,
            capture_output=True,
            cwd="/",
        )
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql://cirt@/{{name}}?host={folder}"


@cache
def _template() -> str:
    name = "cirt_template"
    with psycopg.connect(server().format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(
        server().format(name=name).replace("postgresql://", "postgresql+psycopg://")
    )
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    database.dispose()
    return name


def fresh_database(*, empty: bool = False) -> Iterator[str]:
    """Yield the address of a new database, with all tables unless it is to be empty."""
    template = "template0" if empty else _template()
    name = f"cirt_{uuid.uuid4().hex}"
    with psycopg.connect(server().format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield server().format(name=name).replace("postgresql://", "postgresql+psycopg://")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
