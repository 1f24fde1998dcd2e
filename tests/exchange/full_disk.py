"""A disk that is full: what is refused leaves nothing behind, and what is there can be read."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests import postgresql
from tests.exchange.live_machines import Poller
from tests.exchange.live_site import CutError, Machine, Site, envelope, running

ROOM = 192 * 1024 * 1024
LEVELS = (0, 16 * 1024, 200 * 1024, 1024 * 1024, 3 * 1024 * 1024)
"""Bytes that are left when the writing begins."""

REFUSED = (503, 507)
_MOST_TRIES = 2_000
_AT_ONCE = 50


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """Mount a small disk in memory; yields None where nothing can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="cirt-full-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=777", "tmpfs", str(folder)]
    mounted = False
    try:
        if os.name == "posix" and os.geteuid() == 0 and shutil.which("mount"):
            mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database_on(disk: Path, engine: str) -> Iterator[str]:
    """Make an empty database whose files lie on a disk, and yield its address.

    Of PostgreSQL the tables do; its log stays elsewhere, since without it the server only stops.
    """
    if engine == "SQLite":
        yield f"sqlite:///{disk / 'cirt.sqlite3'}"
        return
    place = disk / "tables"
    place.mkdir()
    if os.geteuid() == 0:
        shutil.chown(place, "postgres", "postgres")
    address = postgresql.server()
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute("CREATE DATABASE full_disk TABLESPACE small TEMPLATE template0")
        try:
            yield address.format(name="full_disk").replace("postgresql://", "postgresql+psycopg://")
        finally:
            connection.execute("DROP DATABASE full_disk WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")


def fill_and_free(engine: str, folder: Path, *, seed: int, levels: tuple[int, ...] = LEVELS) -> str:
    """Fill the disk of an installation to several levels, and return the figures.

    Raises AssertionError when a write is refused otherwise than in words, when anything of a
    refused envelope or nothing of an acknowledged one is there, or when reading stops.
    """
    with small_disk() as disk:
        if disk is None:
            return f"{engine}: left out, because no small disk can be mounted here (not root)"
        with database_on(disk, engine) as url, running(url, folder) as site:
            return f"{engine}: {_levels(site, disk, seed, levels)}"


def _levels(site: Site, disk: Path, seed: int, levels: tuple[int, ...]) -> str:
    chance = random.Random(seed)
    writer = Machine(site, site.cast.tokens["XA"], chance)
    ballast, there, refusals, next_number = disk / "ballast", set[int](), 0, 0
    for level in levels:
        _fill(disk, ballast, level)
        body = b""
        for _ in range(_MOST_TRIES):
            numbers = range(next_number, next_number + _AT_ONCE)
            next_number += _AT_ONCE
            body = envelope(1, numbers)
            status = _post(writer, site, body)
            if status in REFUSED:
                refusals += 1
                break
            assert status == 202, f"a full disk was answered by {status}"
            there |= {1 << 48 | number for number in numbers}
        else:
            raise AssertionError(f"the disk never became full, with {level} bytes left")
        _check(site, there, chance)
        for _ in range(3):  # it is still full: the same again, and reading goes on
            refusals += _post(writer, site, body) in REFUSED
        _check(site, there, chance)
        ballast.unlink()
        assert _post(writer, site, body) == 202, "there is room again"
        there |= {1 << 48 | number for number in numbers}
        _check(site, there, chance)
    site.servers[0].kill()
    site.servers[0].start()
    _check(site, there, chance)
    writer.close()
    return (
        f"filled to {len(levels)} levels, {refusals} writes refused in words, {len(there)} entries"
        " acknowledged: all there, nothing else, and read all the time"
    )


def _fill(disk: Path, ballast: Path, level: int) -> None:
    """Leave so many bytes, while the server goes on writing at times."""
    for _ in range(20):
        with ballast.open("wb") as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(disk).free - level))
            return
    raise AssertionError("the disk could not be filled")


def _post(machine: Machine, site: Site, body: bytes) -> int:
    for _ in range(5):
        try:
            return machine.ask("POST", site.path, body).status
        except CutError:
            continue
    raise AssertionError("the server gives no answer at all")


def _check(site: Site, there: set[int], chance: random.Random) -> None:
    reader = Poller(site, site.cast.tokens["XB"], chance, name="reading", limit=1000)
    site.done.set()
    reader.run()
    assert site.faults == [], site.faults[:3]
    assert sorted(reader.got) == sorted(there), (len(reader.got), len(there))
