"""A PostgreSQL server of the tests' own: started once, a fresh database for every test."""

import atexit
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest

from cirt.db import Base, Database

PARTS = 2  # more would only make every test's database larger


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_server_user(command: list[str]) -> list[str]:
    # the server refuses to run as root; Debian's package brings the user postgres
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@dataclass
class Cluster:
    """One server process with a data folder, reached by a socket in the folder around it.

    durable: what is committed stays whatever happens; else it is as fast as it can be.
    """

    folder: Path
    durable: bool = False

    @property
    def address(self) -> str:
        """Return its address, with {name} for the database's."""
        return f"postgresql://cirt@/{{name}}?host={self.folder}"

    def make(self) -> None:
        """Make its data folder."""
        self._run("initdb", "-A", "trust", "-U", "cirt", "-E", "UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        options += " -c max_connections=300"
        if not self.durable:
            options += " -c fsync=off -c full_page_writes=off"
        self._run("pg_ctl", "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; fast: as an administrator does, immediate: as a fault."""
        self._run("pg_ctl", "-m", mode, "-w", "stop")

    def replica(self, folder: Path) -> "Cluster":
        """Make another one that follows this, not started yet."""
        found = Cluster(folder)
        source = ["-h", str(self.folder), "-U", "cirt", "-c", "fast", "-X", "stream", "-R"]
        found._run("pg_basebackup", *source)
        return found

    def _run(self, program: str, *arguments: str) -> None:
        binaries = _binaries()
        if binaries is None:
            pytest.fail("PostgreSQL is absent: `make test-deps` installs it")
        command = [str(binaries / program), "-D", str(self.folder / "data"), *arguments]
        with (self.folder / "said").open("ab") as said:
            # a file: the server that pg_ctl starts would keep a pipe open
            done = subprocess.run(
                _as_server_user(command), check=False, stdout=said, stderr=said, cwd="/"
            )
        if done.returncode:
            raise AssertionError((self.folder / "said").read_text(errors="replace")[-2000:])


def new_folder(*, durable: bool = False) -> Path:
    """Return a new folder that the server's user may write into, in memory unless durable."""
    memory = Path("/dev/shm")  # noqa: S108 - of the machine that runs the tests
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4_000_000_000
    place = memory if roomy and not durable else None
    folder = Path(tempfile.mkdtemp(prefix="cirt-postgresql-", dir=place))
    folder.chmod(0o777)
    return folder


def remove(cluster: Cluster) -> None:
    """Stop a server, if it runs, and remove its folder."""
    with suppress(AssertionError):
        cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)


def shared(*, durable: bool = False) -> Cluster:
    """Return the server that all tests of this process share; it is started when first asked for.

    durable: on disk, and what is committed stays; else in memory and as fast as it can be.
    """
    return _shared(durable)


@cache
def _shared(durable: bool) -> Cluster:
    found = Cluster(new_folder(durable=durable), durable)
    found.make()
    found.start()
    atexit.register(remove, found)
    return found


def server(*, durable: bool = False) -> str:
    """Return the address of the shared server without a database name."""
    return shared(durable=durable).address


@cache
def _template(durable: bool = False) -> str:
    name = "cirt_template"
    address = server(durable=durable)
    _execute(address, f"CREATE DATABASE {name}")
    database = Database(
        address.format(name=name).replace("postgresql://", "postgresql+psycopg://"),
        parts=PARTS,
    )
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    database.dispose()
    return name


def fresh_database(
    *, empty: bool = False, durable: bool = False, template: str | None = None
) -> Iterator[str]:
    """Yield the address of a new database, with all tables unless it is to be empty.

    template: another database, to which nothing is connected; this one is a copy of it.
    """
    template = template or ("template0" if empty else _template(durable))
    name = f"cirt_{uuid.uuid4().hex}"
    address = server(durable=durable)
    strategy = "" if durable else _copying(address)
    _execute(address, f"CREATE DATABASE {name} TEMPLATE {template}{strategy}")
    yield address.format(name=name).replace("postgresql://", "postgresql+psycopg://")
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(address: str, statement: str) -> None:
    try:
        _administration(address).execute(statement)
    except psycopg.OperationalError:  # a test restarted the server
        _administration.cache_clear()
        _administration(address).execute(statement)


@cache
def _administration(address: str) -> psycopg.Connection:
    found = psycopg.connect(address.format(name="postgres"), autocommit=True)
    atexit.register(found.close)
    return found


def _copying(address: str) -> str:
    """Return how a database is copied: as files, half the work, where that is not the only way."""
    return " STRATEGY file_copy" if _administration(address).info.server_version >= 150000 else ""
