"""A server as an operator starts it: it starts or says why not, stops cleanly, and keeps its log short."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.server import ROOT, Server, free_port

# the program as on a machine for which granian has no wheel
WITHOUT_GRANIAN = (
    "import sys; sys.modules['granian'] = None; from cirt.__main__ import main; main()"
)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that was not started yet, on tables of its own."""
    found = Server(tmp_path / "data", free_port(), command=("serve",))
    _run(found, "init")
    return found


@pytest.fixture(params=["granian", "waitress"])
def engine(request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the server serves with once it is started: either of the two."""
    name: str = request.param
    if name == "waitress":
        monkeypatch.setattr("tests.server.sys.executable", _without_granian(server))
    return name


def _run(server: Server, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cirt", *arguments],
        env={**server.environment, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _log(server: Server) -> str:
    return (server.data_dir.parent / f"server-{server.port}.log").read_text()


@pytest.mark.usefixtures("engine")
def test_server_stops_cleanly_and_logs_nothing_of_a_request_T41(server: Server) -> None:
    """T-41: neither addresses nor what was sent stand in the log."""
    server.start()
    assert server.process is not None
    for path in ("/help?q=hush-hush", "/welcome/hush-hush", "/hush-hush", "/account?q=hush-hush"):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(server.url + path).close()
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(server.url + "/sign-in", data=b"username=hush-hush").close()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    server.process = None
    assert "hush-hush" not in _log(server)
    assert _log(server).count("background work has stopped") == 1


def test_no_request_is_lost_after_one_that_was_refused_before_its_body_was_read(
    server: Server, engine: str
) -> None:
    """RFC 9112, section 9.6: whoever keeps the connection learns that it ends."""
    server.start()
    try:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for method, path, size, status in (
            ("POST", "/taxii2/", 80, 401),
            ("POST", "/nothing", 100_000, 404),
            ("BREW", "/sign-in", 10, 405),
            ("POST", "/api/v1/incidents", 5_000, 401),
        ):
            line.request(method, path, body=b"x" * size)
            ends = engine == "granian"  # the other server reads all before it asks
            assert _answer(line)[:2] == (status, ends), path
            line.request("GET", "/sign-in")
            *said, page = _answer(line)
            assert said == [200, False]
            assert b"csrf_token" in page
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", "/sign-in", body=b"username=nadia", headers=form)
        assert _answer(line)[:2] == (400, False), "this one was read"
        line.close()
    finally:
        server.kill()


def _answer(line: http.client.HTTPConnection) -> tuple[int, bool, bytes]:
    """Return the status, whether the connection ends, and the body."""
    answer = line.getresponse()
    return answer.status, answer.will_close, answer.read()


def test_log_for_machines_is_json_from_the_first_line_to_the_last(server: Server) -> None:
    server.settings["CIRT_LOG"] = "json"
    server.start()
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    server.process = None
    lines = [json.loads(line) for line in _log(server).splitlines()]
    said = [line["message"] for line in lines]
    assert any(one.startswith("Listening at") for one in said)
    assert "background work has stopped" in said
    assert not [one for one in lines if one["level"] != "info"], "advice that nobody needs"


def _without_granian(server: Server) -> str:
    program = server.data_dir.parent / "python"
    program.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} -c "{WITHOUT_GRANIAN}" "$@"\n')
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CIRT_PORT", "eighty"),
        ("CIRT_HOST", "192.0.2.1"),
        ("CIRT_LANGUAGE", "xx"),
        ("CIRT_DATABASE_URL", "postgresql://cirt:hush-hush@127.0.0.1:1/none"),
        ("CIRT_DATABASE_URL", "postgresql://cirt:hush-hush@127.0.0.1:port/none"),
        ("CIRT_DATA_DIR", "/proc/nowhere"),
    ],
)
def test_wrong_setting_stops_the_start_with_its_name(server: Server, name: str, value: str) -> None:
    done = _run(server, "serve", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith("cirt: ")
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hush-hush" not in done.stderr


def test_server_without_tables_says_what_to_do(tmp_path: Path) -> None:
    done = _run(Server(tmp_path / "data", free_port()), "serve")
    assert done.returncode == 1
    assert "cirt init" in done.stderr


def test_second_server_on_the_port_is_refused(server: Server) -> None:
    server.start()
    try:
        done = _run(server, "serve")
        assert done.returncode == 1
        assert "CIRT_PORT" in done.stderr
    finally:
        server.kill()


def test_files_of_an_installation_are_its_accounts_alone(server: Server) -> None:
    for path in (server.data_dir, *server.data_dir.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
