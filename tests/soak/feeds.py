"""Full doses of what a feed must stand: kills, clocks that jump, a disk that is full."""

from contextlib import ExitStack

from tests.exchange.full_disk import fill_and_free
from tests.exchange.jumping_clock import FILE, jumps
from tests.exchange.live_feed import WAYS, Dose, live_history
from tests.exchange.live_site import running
from tests.soak.doses import SEED, dose, folder_and_database

ENGINES = ("SQLite", "PostgreSQL")


def histories() -> str:
    """Write a million entries on each engine while servers are killed at random."""
    kills = max(2, dose(40))
    full = Dose(dose(1_000_000), min(1000, dose(4_000)), 8, WAYS, kills, pages=dose(2_000))
    return "; ".join(f"{engine}: {_history(engine, full)}" for engine in ENGINES)


def clocks() -> str:
    """Write while the clocks of all servers jump back and forth by hours."""
    full = Dose(dose(50_000), min(200, dose(800)), 8, WAYS, max(1, dose(4)), pages=dose(2_000))
    return "; ".join(f"{engine}: {_history(engine, full, jumping=True)}" for engine in ENGINES)


def full_disks() -> str:
    """Fill the disk under each engine to several levels."""
    found = []
    for engine in ENGINES:
        with folder_and_database("SQLite") as (folder, _url):
            found.append(fill_and_free(engine, folder, seed=SEED))
    return "; ".join(found)


def _history(engine: str, full: Dose, *, jumping: bool = False) -> str:
    """Run a history; PostgreSQL has two server processes, one of them with two workers."""
    with folder_and_database(engine) as (folder, url), ExitStack() as stack:
        settings, module, more = {}, "cirt", ""
        if jumping:
            settings[FILE] = str(folder / "clock")
            module = "tests.exchange.jumping_clock"
            count = stack.enter_context(jumps(folder / "clock", SEED))
        site = stack.enter_context(
            running(
                url,
                folder,
                workers=(1,) if engine == "SQLite" else (2, 1),
                module=module,
                settings=settings,
            )
        )
        found = live_history(site, full, SEED)
        if jumping:
            more = f", while the clock jumped {count[0]} times by up to 12 hours"
        return found + more
