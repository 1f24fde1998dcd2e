"""How fast machines are served: pages of collections beside the same bytes from memory."""

import base64
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import Administration
from cirt.app import create_app
from cirt.incidents import circle_models, feed, object_store
from cirt.settings import read_settings
from cirt.stix.marking import TLP
from tests.server import ROOT, Server, free_port

SIZES = (1_000, 10_000, 50_000)
SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
ACCEPT = "application/taxii+json;version=2.1"


def _indicator(number: int) -> dict[str, object]:
    moment = "2026-01-01T00:00:00.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid5(uuid.NAMESPACE_URL, str(number))}",
        "created": moment,
        "modified": moment,
        "name": f"Address of an invented scanner, number {number}",
        "description": "Made for a measurement; nobody was attacked. " * 6,
        "pattern": f"[ipv4-addr:value = '192.0.2.{number % 256}'] AND [domain-name:value = 'h{number}.example.com']",
        "pattern_type": "stix",
        "valid_from": moment,
        "object_marking_refs": [TLP.GREEN.marking_id],
    }


def _fill(
    settings: object, collection_id: uuid.UUID, owner_id: uuid.UUID, first: int, last: int
) -> float:
    database = create_app(settings).extensions["cirt"].database  # type: ignore[arg-type]
    begin = time.perf_counter()
    for start in range(first, last, 1000):
        with database.writing() as session:
            items = [
                object_store.incoming(_indicator(number), owner_id, TLP.GREEN)
                for number in range(start, min(start + 1000, last))
            ]
            feed.append(session, collection_id, object_store.keep(session, items, via="taxii"))
    database.dispose()
    return (last - first) / (time.perf_counter() - begin)


class Client:
    """One keep-alive connection that asks for the same address again and again."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.path, self.headers = path, headers

    def ask(self) -> bytes:
        """Return the body of one answer."""
        self.connection.request("GET", self.path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body[:200])
        return body


def rate(port: int, path: str, headers: dict[str, str], clients: int) -> float:
    """Return answers a second with so many clients at once, the median of three runs."""
    return statistics.median(_rate(port, path, headers, clients) for _ in range(3))


def _rate(port: int, path: str, headers: dict[str, str], clients: int) -> float:
    counts = [0] * clients
    end = time.perf_counter() + SECONDS

    def run(number: int) -> None:
        client = Client(port, path, headers)
        while time.perf_counter() < end:
            client.ask()
            counts[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


def _resident_mb(group: int) -> float:
    found = subprocess.run(
        ["ps", "-o", "rss=", "-g", str(group)], capture_output=True, text=True, check=True
    )
    return max(int(line) for line in found.stdout.split()) / 1024


def _yardstick(
    body: bytes, folder: Path, path: str, headers: dict[str, str], clients: int
) -> float:
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
                Client(port, path, headers).ask()
                break
            except OSError:
                time.sleep(0.05)
        return rate(port, path, headers, clients)
    finally:
        server.kill()


HEAD = [
    "| database | objects | what | the product | yardstick | ratio |",
    "| --- | --- | --- | --- | --- | --- |",
]


def measure(name: str, database_url: str) -> Iterator[str]:
    """Yield the rows of one database engine."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = Server(folder / "data", free_port(), database_url=database_url)
        subprocess.run(
            [sys.executable, "-m", "cirt", "demo", "--no-serve"],
            env=server.environment,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        settings = read_settings(
            {}, data_dir=server.data_dir, **({"database_url": database_url} if database_url else {})
        )
        database = create_app(settings).extensions["cirt"].database
        with database.writing() as session:
            circle = session.scalars(
                sa.select(circle_models.Collection).where(
                    circle_models.Collection.title == "Exchange test"
                )
            ).one()
            owner = session.scalars(
                sa.select(Administration).where(Administration.code == "XA")
            ).one()
            row, token = tokens.make_token(
                session,
                None,
                administration=owner,
                label="bench",
                scopes=["taxii.read"],
                days=1,
                settings=settings,
            )
            collection_id, owner_id, username = circle.id, owner.id, row.username
        database.dispose()
        basic = base64.b64encode(f"{username}:{token}".encode()).decode()
        headers = {"Accept": ACCEPT, "Authorization": f"Basic {basic}"}
        server.start()
        base = f"/exchange/collections/{collection_id}"
        filled = 0
        try:
            for size in SIZES:
                speed = _fill(settings, collection_id, owner_id, filled, size)
                filled = size
                yield f"| {name} | {size:,} | filling by the product's own rules | {speed:,.0f} objects/s | | |"
                for what, path in (
                    ("page of 100, first", f"{base}/objects/?limit=100"),
                    ("page of 1,000, first", f"{base}/objects/?limit=1000"),
                    ("manifest, 100", f"{base}/manifest/?limit=100"),
                    ("nothing new", f"{base}/objects/?added_after=2090-01-01T00:00:00Z"),
                ):
                    for clients in (1, 16):
                        ours = rate(server.port, path, headers, clients)
                        body = Client(server.port, path, headers).ask()
                        most = _yardstick(body, folder, path, headers, clients)
                        yield (
                            f"| {name} | {size:,} | {what}, {clients} client(s) | {ours:,.0f}/s |"
                            f" {most:,.0f}/s | {ours / most:.2f} |"
                        )
            assert server.process is not None
            memory = _resident_mb(server.process.pid)
            yield f"| {name} | {filled:,} | memory of the serving process | {memory:.0f} MB | | |"
            server.kill()
            begin = time.perf_counter()
            server.start()
            yield f"| {name} | {filled:,} | start until ready | {time.perf_counter() - begin:.2f} s | | |"
        finally:
            server.kill()
