"""`make bench`: prints its tables and writes docs/bench.md.

Every figure comes from one run on one machine. BENCH_PARTS names the tables to make, all of them
by default.
"""

import os
import platform
import subprocess
from collections.abc import Iterator

from tests import postgresql
from tests.bench import assessments, exchange, exchange_data, ingestion, peers
from tests.server import ROOT

PARTS = {
    "exchange": (
        "Machines: pages of collections",
        "The clients run on the same cores, over bare sockets. The yardstick is the same WSGI server"
        " answering the same bytes from memory,\nasked by the same clients right after. Rates are the"
        f" median of three runs of {exchange_data.SECONDS:g} s. The crawl is Python's http.client,"
        " page after page, of what\nwas not asked for before. BENCH_FULL=1 adds 1,000,000 objects.",
        exchange,
    ),
    "peers": (
        "Machines: other servers",
        f"The same questions to others, each installed from the package index and set up as its own"
        f" documentation says; {peers.SIZE:,} objects, or as\nmany as it still answers for. OpenTAXII"
        " has two workers, and the objects in the form in which it stores them itself.",
        peers,
    ),
    "ingestion": (
        "Machines: envelopes taken in",
        "Posted to the running server, validated, and durable when they are answered. The clients run"
        " on the same cores.",
        ingestion,
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
