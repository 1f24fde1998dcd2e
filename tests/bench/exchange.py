"""How fast machines are served: pages of collections beside the same bytes from memory."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import load
from tests.bench.exchange_data import SECONDS, Exchange, indicator, make_exchange
from tests.server import ROOT, Server, free_port

SIZES = (10_000, 100_000, *([1_000_000] if os.environ.get("BENCH_FULL") else []))
CLIENTS = (1, 16)
DIFFERENT_OBJECTS = 100
COLD_PAGES = 40
PACKAGES = ("cirt", "assessments", "incidents", "stix")

HEAD = [
    "| database | objects | what | the product | yardstick | ratio |",
    "| --- | --- | --- | --- | --- | --- |",
]


def ask(port: int, path: str, headers: dict[str, str]) -> bytes:
    """Return the body of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, (answer.status, body[:200])
    return body


@contextmanager
def yardstick(body: bytes, folder: Path) -> Iterator[int]:
    """Give the port of the same WSGI server that answers everything with these bytes."""
    port = free_port()
    (folder / "body").write_bytes(body)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.memory_server", str(port)],
        env={**os.environ, "BENCH_BODY": str(folder / "body")},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    server = Server(folder, port, process=process)
    try:
        for _ in range(200):
            try:
                ask(port, "/", {})
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        server.kill()


def questions(exchange: Exchange) -> list[tuple[str, list[str]]]:
    """Return what is asked, with the paths that are asked in turn."""
    base, size = exchange.base, exchange.filled
    deep = exchange.dates([size - 1_500])[0]
    numbers = range(0, size, size // DIFFERENT_OBJECTS)
    return [
        ("page of 100, first", [f"{base}/objects/?limit=100"]),
        ("page of 100, deep", [f"{base}/objects/?limit=100&added_after={deep}"]),
        ("page of 1,000, first", [f"{base}/objects/?limit=1000"]),
        ("page of 1,000, deep", [f"{base}/objects/?limit=1000&added_after={deep}"]),
        ("manifest of 100", [f"{base}/manifest/?limit=100"]),
        (
            f"object by id, {DIFFERENT_OBJECTS} in turn",
            [f"{base}/objects/{indicator(number)['id']}/" for number in numbers],
        ),
        ("nothing new", [f"{base}/objects/?added_after=2090-01-01T00:00:00Z"]),
    ]


def crawl(exchange: Exchange, size: int) -> float:
    """Return objects a second of a plain client that follows `next` from the first page to the last."""
    connection = http.client.HTTPConnection("127.0.0.1", exchange.server.port, timeout=60)
    path, found = f"{exchange.base}/objects/?limit=1000", 0
    begin = time.perf_counter()
    following = ""
    while True:
        connection.request("GET", path + following, headers=exchange.headers)
        body = connection.getresponse().read()
        found += body.count(b'"type":"indicator"')
        if not body.startswith(b'{"more":true,"next":"'):
            break
        following = "&next=" + body[21 : body.index(b'"', 21)].decode()
    seconds = time.perf_counter() - begin
    connection.close()
    assert found == size, (found, size)
    return found / seconds


def cold_milliseconds(exchange: Exchange, positions: list[int]) -> tuple[float, float]:
    """Return what a page of 100 costs that nobody asked for before: at the beginning, at positions."""
    connection = http.client.HTTPConnection("127.0.0.1", exchange.server.port, timeout=60)
    taken: tuple[list[float], list[float]] = ([], [])
    # the first page again and again, spelled otherwise each time; in turn with the deep ones
    early = [f"2020-01-01T00:00:00.{number:06}Z" for number in range(len(positions))]
    for both in zip(early, exchange.dates(positions), strict=True):
        for place, date in enumerate(both):
            begin = time.perf_counter()
            path = f"{exchange.base}/objects/?limit=100&added_after={date}"
            connection.request("GET", path, headers=exchange.headers)
            body = connection.getresponse().read()
            taken[place].append((time.perf_counter() - begin) * 1_000)
            assert len(json.loads(body)["objects"]) == 100
    connection.close()
    return statistics.median(taken[0]), statistics.median(taken[1])


def resident_mb(group: int) -> float:
    """Return the memory of the largest process of a group."""
    found = subprocess.run(
        ["ps", "-o", "rss=", "-g", str(group)], capture_output=True, text=True, check=True
    )
    return max(int(line) for line in found.stdout.split()) / 1024


def _rows(name: str, exchange: Exchange, folder: Path) -> Iterator[str]:
    """Yield every question at the size that is filled."""
    headers = exchange.headers
    for what, paths in questions(exchange):
        ours = load.Side(exchange.server.port, paths, headers)
        with yardstick(ask(ours.port, paths[0], headers), folder) as port:
            memory = load.Side(port, paths, headers)
            for clients in CLIENTS:
                here, most = load.rates(ours, memory, clients, SECONDS)
                yield (
                    f"| {name} | {exchange.filled:,} | {what}; {clients} client(s) | {here:,.0f}/s |"
                    f" {most:,.0f}/s | {here / most:.2f} |"
                )


def _growth(name: str, exchange: Exchange, size: int) -> Iterator[str]:
    """Yield what depends on the size, if anything does: pages that are not in memory."""
    speed = crawl(exchange, size)
    yield f"| {name} | {size:,} | crawl by pages of 1,000 | {speed:,.0f} objects/s | | |"
    deepest = min(size, 1_000_000) - 200
    first, deep = cold_milliseconds(exchange, [deepest - n for n in range(COLD_PAGES)])
    yield (
        f"| {name} | {size:,} | page of 100 asked for the first time: page {deepest // 100:,}"
        f" ({deep:.1f} ms) beside page 1 ({first:.1f} ms) | | | {deep / first:.2f} |"
    )


def measure(name: str, database_url: str) -> Iterator[str]:
    """Yield the rows of one database engine."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        exchange = make_exchange(folder, database_url)
        server = exchange.server
        try:
            for size in SIZES:
                exchange.fill(size)
                server.start()
                yield from _growth(name, exchange, size)
                if size != SIZES[0]:
                    yield from _rows(name, exchange, folder)
                assert server.process is not None
                memory = resident_mb(server.process.pid)
                yield f"| {name} | {size:,} | memory of the serving process after that | {memory:.0f} MB | | |"
                server.kill()
            # as every installation is: else each start would compile the program anew
            compiling = [sys.executable, "-m", "compileall", "-q", *PACKAGES]
            subprocess.run(compiling, cwd=ROOT, check=True)
            begin = time.perf_counter()
            server.start()
            yield f"| {name} | {size:,} | start until ready | {time.perf_counter() - begin:.2f} s | | |"
        finally:
            server.kill()
