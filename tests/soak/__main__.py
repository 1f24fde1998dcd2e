"""`make soak`: kills, histories and fuzzing in full doses; writes docs/soak.md.

SOAK_SCALE (default 1) multiplies every dose. SOAK_PARTS names the parts to run, all by default;
the lines of the others stay as they are. SOAK_SEED begins the random numbers otherwise.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cirt import migrations
from cirt.db import Database
from tests.e2e.test_killed_server import kill_rounds
from tests.server import ROOT
from tests.soak import feeds, jobs, reader, sharing_worlds, web_requests
from tests.soak.doses import SCALE, SEED, dose, folder_and_database

PAGE = ROOT / "docs" / "soak.md"
_LINE = re.compile(r"- \*\*(?P<title>.+?)\*\* ")


def _kills() -> str:
    rounds = dose(100)
    with tempfile.TemporaryDirectory() as folder:
        saved = kill_rounds(Path(folder), rounds, SEED)
    return f"{rounds} SIGKILLs while answers were saved: {saved} saves, 0 acknowledged ones lost"


def _jobs() -> str:
    found = []
    for engine in feeds.ENGINES:
        with folder_and_database(engine) as (_folder, url):
            database = Database(url)
            migrations.upgrade(database)
            database.dispose()
            line = jobs.kill_jobs(url, count=dose(2_000), kills=max(1, dose(50)), seed=SEED)
            found.append(f"{engine}: {line}")
    return "; ".join(found)


def _api() -> str:
    from tests.soak import api

    outcome = api.api_fuzz(dose(100), seed=SEED)
    if outcome.findings:
        raise AssertionError("\n".join(outcome.findings[:10]))
    return str(outcome)


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "kills": ("Kills", _kills),
    "histories": ("Feed histories", feeds.histories),
    "clock": ("Clocks that jump", feeds.clocks),
    "disk": ("Full disks", feeds.full_disks),
    "jobs": ("Background work", _jobs),
    "reader": ("Strict JSON reader", reader.strict_reader),
    "worlds": ("Worlds of sharing", sharing_worlds.worlds),
    "requests": ("Requests", web_requests.requests),
    "api": ("REST API", _api),
}


def main() -> None:
    """Run the chosen parts and keep their figures."""
    lines = _known_lines()
    chosen = os.environ.get("SOAK_PARTS", " ".join(PARTS)).split()
    if unknown := sorted(set(chosen) - PARTS.keys()):
        raise SystemExit(f"SOAK_PARTS: {', '.join(unknown)}. The parts are {', '.join(PARTS)}.")
    for name in chosen:
        title, part = PARTS[name]
        begin = time.perf_counter()
        said = part()
        seconds = time.perf_counter() - begin
        lines[title] = (
            f"- **{title}** ({seconds:.0f} s, SOAK_SCALE={SCALE:g}, commit {_commit()}): {said}"
        )
        print(lines[title], flush=True)
        PAGE.write_text(
            "\n".join(
                [
                    "# Full doses",
                    "",
                    f"`make soak`, seed {SEED}; each part with the scale and at the commit it was run.",
                    "",
                    *(lines[each] for each, _part in PARTS.values() if each in lines),
                    "",
                ]
            )
        )


def _known_lines() -> dict[str, str]:
    """Return what the page says of each part, by title."""
    text = PAGE.read_text() if PAGE.exists() else ""
    return {found["title"]: line for line in text.splitlines() if (found := _LINE.match(line))}


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


if __name__ == "__main__":
    main()
