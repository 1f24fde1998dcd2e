"""The same pages from other TAXII servers: OpenTAXII on PostgreSQL, medallion with its memory.

Each is installed from the package index into an environment of its own, in a folder that is removed
at the end, and set up as its own documentation says; where the index cannot be reached the table
says so. Both sides are asked by the same clients, one after the other.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from tests import postgresql
from tests.bench import load
from tests.bench.exchange import CLIENTS, ask
from tests.bench.exchange_data import ACCEPT, SECONDS, indicator, make_exchange
from tests.server import Server, free_port

SIZE = 10_000
OF_MEDALLION = 1_000  # it does not start with ten times as many

HEAD = [
    "| peer | objects | what | the product | the peer | times |",
    "| --- | --- | --- | --- | --- | --- |",
]

# of SQLAlchemy it asks for any version; it was written for 1
OPENTAXII = ("opentaxii", "psycopg2-binary", "gunicorn", "sqlalchemy<2")
MEDALLION = ("medallion",)

_CONFIGURATION = """
domain: "127.0.0.1:{port}"
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters:
    db_connection: "{database}"
    create_tables: yes
    secret: "{secret}"
taxii1:
taxii2:
  title: "Measurement"
  max_content_length: 100000000
  public_discovery: no
  allow_custom_properties: yes
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters:
      db_connection: "{database}"
      create_tables: yes
"""


def _install(folder: Path, packages: tuple[str, ...]) -> Path | None:
    """Return the programs of a new environment, None where the package index cannot be reached."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = subprocess.run(
        [str(folder / "bin" / "pip"), "install", "--quiet", "--timeout", "20", *packages],
        capture_output=True,
        check=False,
    )
    return folder / "bin" if done.returncode == 0 else None


def _version(programs: Path, package: str) -> str:
    text = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.check_output([str(programs / "python"), "-c", text], text=True).strip()


@contextmanager
def _running(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    with (folder / "peer.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        Server(folder, 0, process=process).kill()


def _wait(url: str, headers: dict[str, str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _questions(base: str, after: str) -> list[tuple[str, str]]:
    return [
        ("page of 100, first", f"{base}/objects/?limit=100"),
        ("page of 100, deep", f"{base}/objects/?limit=100&added_after={after}"),
        ("page of 1,000, first", f"{base}/objects/?limit=1000"),
        ("page of 1,000, deep", f"{base}/objects/?limit=1000&added_after={after}"),
        ("manifest of 100", f"{base}/manifest/?limit=100"),
        ("object by id", f"{base}/objects/{indicator(77)['id']}/"),
        ("nothing new", f"{base}/objects/?added_after=2090-01-01T00:00:00.000000Z"),
    ]


class OpenTaxii:
    """OpenTAXII with two workers on a database of its own, its objects as it stores them itself."""

    def __init__(self, folder: Path, programs: Path, address: str) -> None:
        self.folder, self.programs, self.address = folder, programs, address
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        path = folder / "opentaxii.yml"
        path.write_text(
            _CONFIGURATION.format(
                port=self.port,
                database=address.replace("postgresql:", "postgresql+psycopg2:"),
                secret=uuid.uuid4().hex,
            )
        )
        self.environment = {**os.environ, "OPENTAXII_CONFIG": str(path), "HOME": str(folder)}

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self.programs / name), *arguments]
        subprocess.run(
            command, env=self.environment, cwd=self.folder, check=True, capture_output=True
        )

    def fill(self) -> tuple[str, str]:
        """Return where the collection is, and the date of an entry near its end."""
        self._run("opentaxii-create-account", "-u", "bench", "-p", "bench-password")
        self._run("opentaxii-update-account", "-u", "bench", "-f", "admin", "-v", "yes")
        self._run("opentaxii-add-api-root", "-t", "Measurement", "--default")
        begin = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
        with psycopg.connect(self.address, autocommit=True) as connection:
            root = connection.execute("SELECT id FROM opentaxii_api_root").fetchall()[0][0]
            self._run("opentaxii-add-collection", "-r", str(root), "-t", "Measurement")
            found = connection.execute("SELECT id FROM opentaxii_collection").fetchall()[0][0]
            columns = "pk, id, collection_id, type, spec_version, date_added, version"
            with connection.cursor().copy(
                f"COPY opentaxii_stixobject ({columns}, serialized_data) FROM STDIN"
            ) as copy:
                for number in range(SIZE):
                    one = indicator(number)
                    kept = {k: v for k, v in one.items() if k not in ("id", "type", "spec_version")}
                    added = begin + timedelta(milliseconds=number)
                    row = (uuid.uuid4(), one["id"], found, one["type"], "2.1", added)
                    copy.write_row((*row, "2026-01-01 00:00:00", json.dumps(kept)))
            connection.execute("ANALYZE")
        middle = begin + timedelta(milliseconds=SIZE - 1_500)
        return f"/taxii2/{root}/collections/{found}", f"{middle.isoformat('T', 'microseconds')}Z"

    @contextmanager
    def running(self) -> Iterator[dict[str, str]]:
        """Give the headers of a machine that signed in with its token."""
        address = f"127.0.0.1:{self.port}"
        command = [str(self.programs / "gunicorn"), "opentaxii.http:app"]
        command += ["--workers", "2", "--bind", address]
        with _running(command, self.environment, self.folder):
            _wait(f"{self.url}/management/health", {})
            data = json.dumps({"username": "bench", "password": "bench-password"}).encode()
            request = urllib.request.Request(
                f"{self.url}/management/auth", data, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request) as answer:
                token = json.load(answer)["token"]
            yield {"Accept": ACCEPT, "Authorization": f"Bearer {token}"}


def _beside(
    peer: str, size: int, what: str, clients: int, ours: float, theirs: float | None
) -> str:
    if theirs is None:
        return f"| {peer} | {size:,} | {what}; {clients} client(s) | {ours:,.0f}/s | no answer | |"
    return (
        f"| {peer} | {size:,} | {what}; {clients} client(s) | {ours:,.0f}/s | {theirs:,.2f}/s |"
        f" {ours / theirs:,.0f} |"
    )


def _opentaxii(folder: Path, programs: Path, address: str, database_url: str) -> Iterator[str]:
    name = f"OpenTAXII {_version(programs, 'opentaxii')}, PostgreSQL"
    peer = OpenTaxii(folder, programs, address)
    base, after = peer.fill()
    exchange = make_exchange(folder, database_url)
    exchange.fill(SIZE)
    [deep] = exchange.dates([SIZE - 1_500])
    pairs = zip(_questions(exchange.base, deep), _questions(base, after), strict=True)
    with peer.running() as headers:
        exchange.server.start()
        try:
            for (what, ours), (_what, theirs) in pairs:
                for clients in CLIENTS:
                    fast = load.rate(
                        load.Side(exchange.server.port, [ours], exchange.headers), clients, SECONDS
                    )
                    try:
                        slow = load.rate(
                            load.Side(peer.port, [theirs], headers), clients, SECONDS * 2
                        )
                    except AssertionError:
                        slow = None
                    yield _beside(name, SIZE, what, clients, fast, slow)
        finally:
            exchange.server.kill()


def _medallion(folder: Path, programs: Path) -> Iterator[str]:
    name = f"medallion {_version(programs, 'medallion')}, memory"
    collection, port = str(uuid.uuid4()), free_port()
    empty = {
        "id": collection,
        "title": "Measurement",
        "can_read": True,
        "can_write": True,
        "media_types": ["application/stix+json;version=2.1"],
        "objects": [],
        "manifest": [],
    }
    information = {"title": "Measurement", "versions": [ACCEPT], "max_content_length": 100_000_000}
    discovery = {"title": "Measurement", "default": "/root/", "api_roots": ["/root/"]}
    root = {"information": information, "status": [], "collections": [empty]}
    (folder / "data.json").write_text(json.dumps({"/discovery": discovery, "root": root}))
    backend = {
        "module": "medallion.backends.memory_backend",
        "module_class": "MemoryBackend",
        "filename": str(folder / "data.json"),
    }
    (folder / "medallion.json").write_text(
        json.dumps(
            {
                "backend": backend,
                "users": {"bench": "bench-password"},
                "taxii": {"max_page_size": 1_000},
            }
        )
    )
    base = f"http://127.0.0.1:{port}/root/collections/{collection}"
    exchange = make_exchange(folder, "")
    exchange.fill(OF_MEDALLION)
    [deep] = exchange.dates([OF_MEDALLION // 2])
    headers = {"Accept": ACCEPT, "Authorization": "Basic YmVuY2g6YmVuY2gtcGFzc3dvcmQ="}
    command = [str(programs / "medallion"), "--port", str(port), str(folder / "medallion.json")]
    with _running(command, dict(os.environ), folder):
        exchange.server.start()
        try:
            _wait(f"http://127.0.0.1:{port}/taxii2/", headers)
            for start in range(0, OF_MEDALLION, 100):
                sent = [indicator(number) for number in range(start, start + 100)]
                data = json.dumps({"objects": sent}).encode()
                request = urllib.request.Request(
                    f"{base}/objects/", data, {**headers, "Content-Type": ACCEPT}
                )
                urllib.request.urlopen(request, timeout=60).close()
                if start == OF_MEDALLION // 2:
                    after = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            pairs = zip(
                _questions(exchange.base, deep),
                _questions(f"/root/collections/{collection}", after),
                strict=True,
            )
            for (what, ours), (_what, theirs) in pairs:
                here = load.Side(exchange.server.port, [ours], exchange.headers)
                fast = load.rate(here, 1, SECONDS)
                begin_at = time.perf_counter()  # one question: some take seconds
                try:
                    ask(port, theirs, headers)
                    slow = 1 / (time.perf_counter() - begin_at)
                except (AssertionError, OSError):
                    slow = None
                yield _beside(name, OF_MEDALLION, what, 1, fast, slow)
        except OSError:
            yield f"| {name} | {OF_MEDALLION:,} | it stopped answering | | | |"
        finally:
            exchange.server.kill()


def measure(name: str, database_url: str) -> Iterator[str]:
    """Yield the rows beside medallion with SQLite, beside OpenTAXII with PostgreSQL."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wanted = OPENTAXII if database_url else MEDALLION
        programs = _install(folder / "peer", wanted)
        if programs is None:
            yield f"| {wanted[0]} | | not installed: the package index was not reached | | | |"
        elif database_url:
            for theirs in postgresql.fresh_database(empty=True):
                address = theirs.replace("postgresql+psycopg:", "postgresql:")
                yield from _opentaxii(folder, programs, address, database_url)
        else:
            yield from _medallion(folder, programs)
