"""`make bench`: prints its tables and writes docs/bench.md.

Every figure comes from one run on one machine. BENCH_PARTS names the tables to make, all of them
by default.
"""

import os
import platform
import subprocess
from collections.abc import Iterator

from tests import postgresql
from tests.bench import assessments, exchange
from tests.server import ROOT

PARTS = {
    "exchange": (
        "Machines: pages of collections",
        "The clients run on the same cores. The yardstick is the same WSGI server answering the same\n"
        f"bytes from memory. Rates are the median of three runs of {exchange.SECONDS:g} s.",
        exchange,
    ),
    "assessments": (
        "People: assessments of many countries",
        f"{assessments.COUNTRIES} administrations with {assessments.ROUNDS} rounds each, every question"
        " answered; one person who may\nread them all asks through the running server.",
        assessments,
    ),
}


def main() -> None:
    """Measure both engines, print the tables and keep them."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = ["# Measurements", "", f"`make bench` at commit {commit}, {machine}."]
    chosen = os.environ.get("BENCH_PARTS", " ".join(PARTS)).split()
    for title, sentence, part in (PARTS[name] for name in chosen):
        head = ["", f"## {title}", "", sentence, "", *part.HEAD]
        print("\n".join(head), flush=True)
        lines += head
        engines: list[tuple[str, Iterator[str]]] = [
            ("SQLite", iter([""])),
            ("PostgreSQL", postgresql.fresh_database(empty=True)),
        ]
        for name, urls in engines:
            for url in urls:
                for row in part.measure(name, url):
                    print(row, flush=True)
                    lines.append(row)
    if len(chosen) == len(PARTS):
        (ROOT / "docs" / "bench.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
