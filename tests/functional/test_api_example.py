"""The example client in docs/examples, as a user runs it, against a server on a port."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType

import flask
import pytest
import sqlalchemy as sa

from cirt.api import paging
from cirt.db import Database
from cirt.incidents.case_models import Incident
from tests.api_answers import Machine
from tests.conftest import ROOT, Cast
from tests.functional.assessment_steps import FIRST, answered, started
from tests.soak.api import served

EXAMPLE = ROOT / "docs" / "examples" / "read_api.py"


@pytest.fixture
def example() -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("read_api", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(url: str, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env={**os.environ, "SITE": url, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_example_runs_as_it_stands_in_the_documentation(
    app: flask.Flask, cast: Cast, database: Database
) -> None:
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "3")
    with served(app) as url:
        recorded = _run(url, cast.tokens["XA"], "record", "Phishing", "of ministries")
        assert recorded.returncode == 0, recorded.stderr
        shown = _run(url, cast.tokens["XA"])
        refused = _run(url, "cirt_none")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("XA until ")
    assert "administration XB: Administration XB" in lines
    assert "assessment, round 1: 3.0 of 4" in lines
    assert f"incident {recorded.stdout.split()[-1]}: Phishing of ministries" in lines
    assert refused.returncode == 1
    assert refused.stderr.startswith("401 ")


@pytest.mark.parametrize("given", [{}, {"SITE": "https://cirt.example"}, {"TOKEN": "cirt_x"}])
def test_example_says_what_it_needs(given: dict[str, str]) -> None:
    rest = {name: text for name, text in os.environ.items() if name not in ("SITE", "TOKEN")}
    answer = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env={**rest, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Say where and who: export SITE=")


def test_example_pages_and_names_what_was_refused(
    app: flask.Flask, machine: Callable[[str], Machine], example: ModuleType, cast: Cast
) -> None:
    with served(app) as url:
        api = example.Api(url, cast.tokens["XA"])
        codes = [one["code"] for one in api.pages("/administrations", limit=1)]
        with pytest.raises(example.ApiError, match=r"limit: .*maximum"):
            api.get("/administrations", limit=paging.MAX_LIMIT + 1)
    assert codes == ["XA", "XB", "XC", "XZ"]


def test_example_writes_once_with_one_key(
    app: flask.Flask, example: ModuleType, cast: Cast, database: Database
) -> None:
    with served(app) as url:
        api = example.Api(url, cast.tokens["XA"])
        first = api.post("/incidents", {"title": "Once"}, key="one")
        assert api.post("/incidents", {"title": "Once"}, key="one") == first
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 1


class _Busy(BaseHTTPRequestHandler):
    """A server that is busy twice, then answers; it keeps what it was asked with."""

    answers = [(429, "1"), (503, "0"), (200, None)]  # noqa: RUF012 - taken from by each test
    keys: list[str | None] = []  # noqa: RUF012 - the same

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        status, wait = self.answers.pop(0)
        body = b'{"status": 429, "detail": "Wait."}' if wait else b'{"made": true}'
        self.send_response(status)
        if wait:
            self.send_header("Retry-After", wait)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy_url() -> Iterator[str]:
    """The address of the busy server."""
    server = HTTPServer(("127.0.0.1", 0), _Busy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_example_waits_as_long_as_it_is_told_and_keeps_its_key(
    busy_url: str, example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(example.time, "sleep", waits.append)
    assert example.Api(busy_url, "cirt_x").post("/incidents", {}) == {"made": True}
    assert waits == [1, 0]
    assert len(set(_Busy.keys)) == 1
    assert len(_Busy.keys) == 3
