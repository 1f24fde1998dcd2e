"""The log: a line a request, faults by type and place, and never what somebody typed."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.db import Database
from cirt.jobs import registry
from cirt.operations.logs import JsonFormatter, TextFormatter
from cirt.web import Installation
from tests.conftest import Cast

MARKER = "zanzibar"


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the log of a serving process would hold, from the level DEBUG on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if request.param == "json" else TextFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_marker_in_every_input_is_in_no_line(
    written: io.StringIO,
    browser: Any,
    app: flask.Flask,
    database: Database,
    installation: Installation,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Paths, queries, headers, forms, files, tokens, names, errors of views, jobs and the database."""
    nadia, machine = browser("nadia"), app.test_client()
    headers = {"User-Agent": MARKER, "X-Request-Id": MARKER, "Referer": f"http://{MARKER}/"}
    for path in (f"/{MARKER}", f"/incidents/{MARKER}", f"/incidents/?text={MARKER}", "/help"):
        nadia.get(path, headers=headers)
    nadia.client.open("/", method=MARKER.upper())
    nadia.post("/sign-in", {"username": MARKER, "password": MARKER})
    nadia.post("/incidents/new", {"title": MARKER, "description": MARKER, "tlp": MARKER})
    nadia.post("/incidents/new", {"title": f"{MARKER}\x00", "rsit": "x"})
    nadia.post("/incidents/import", {"file": (io.BytesIO(MARKER.encode()), f"{MARKER}.json")})
    jobs.run_pending(database, installation)
    for token in (MARKER, f"cirt_{MARKER}", cast.tokens["XA"]):
        for path in ("/taxii2/", f"/exchange/collections/{MARKER}/", f"/api/v1/{MARKER}"):
            machine.get(path, headers={"Authorization": f"Bearer {token}", **headers})
            machine.post(path, data=MARKER, headers={"Authorization": f"Bearer {token}"})

    def fail() -> Any:
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise ValueError(f"no {MARKER} here") from error

    def ask() -> Any:
        with database.reading() as session:
            session.execute(sa.text("SELECT :value FROM nowhere"), {"value": MARKER})

    for endpoint, broken in (("web.help_page", fail), ("web.capabilities_list", ask)):
        broken.opening = app.view_functions[endpoint].opening  # type: ignore[attr-defined]
        monkeypatch.setitem(app.view_functions, endpoint, broken)
    assert nadia.client.get("/help").status_code == 500
    assert nadia.client.get("/capabilities").status_code in (500, 503)
    jobs.handles("test.fail")(lambda _task: fail())
    try:
        with database.writing() as session:
            jobs.enqueue(session, "test.fail", {"what": MARKER})
        jobs.run_pending(database, installation)
    finally:
        del registry._kinds["test.fail"]
    logging.getLogger("somebody.else").warning("took %s", MARKER)

    text = written.getvalue()
    assert MARKER not in text.lower()
    assert cast.tokens["XA"] not in text
    for name in ("Nadia", "nadia", "127.0.0.1", "Administration XA"):
        assert name not in text
    assert text.count("ValueError") == 2 and text.count("KeyError") == 2
    assert "tests/functional/test_logs.py:" in text, "the place of the fault"
    assert "took %s" in text


def test_request_is_one_line_with_template_and_ids(browser: Any, cast: Cast) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("cirt.request")
    root, nadia = browser("root"), browser("nadia")
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.INFO)
    try:
        answer = root.get("/jobs?state=done")
        nadia.get("/jobs/00000000-0000-4000-8000-000000000001")
        nadia.client.get("/health/live")
        browser(None).get("/help")
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    first, second, *rest = lines
    assert first["request_id"] == answer.headers["X-Request-Id"]
    assert (first["method"], first["route"], first["status"]) == ("GET", "/jobs", 200)
    assert (first["actor"], first["actor_id"]) == ("person", str(cast.users["root"]))
    assert first["bytes"] == len(answer.data) and first["ms"] > 0
    assert (second["route"], second["status"]) == ("/jobs/<uuid:job_id>", 403)
    assert [(one["route"], one["actor"]) for one in rest] == [("/help", "nobody")]


def test_text_tells_a_fault_below_its_line() -> None:
    try:
        raise RuntimeError(MARKER)
    except RuntimeError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("cirt.web", logging.ERROR, "", 0, "fault in %s", ("x",), info)
    record.fields = {"route": "/"}  # type: ignore[attr-defined]
    first, second, third = TextFormatter().format(record).splitlines()
    assert first.endswith("ERROR cirt.web fault in x route=/")
    assert second == "  RuntimeError"
    assert third.startswith("    tests/functional/test_logs.py:")
