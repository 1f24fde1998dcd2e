"""Background work, health and figures: what administrators and monitors see, and nothing more."""

import io
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from cirt import backups, jobs
from cirt.clock import now
from cirt.db import Base, Database
from cirt.errors import InvalidInputError
from cirt.files import StoredFile
from cirt.incidents.rights import IMPORT_JOB
from cirt.jobs import Job
from cirt.operations import job_queries, points
from cirt.web import Installation
from tests.conftest import Cast

MARKER = "zanzibar"


def _add(database: Database, **values: Any) -> uuid.UUID:
    with database.writing() as session:
        job = Job(**{"kind": "jobs.forget", "payload": {}, **values})
        session.add(job)
        session.flush()
        return job.id


def _state(database: Database, job_id: uuid.UUID) -> str:
    with database.reading() as session:
        return session.get_one(Job, job_id).state


def _text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


# background work


def test_list_is_narrowed_and_paged(browser: Any, database: Database, cast: Cast) -> None:
    with database.writing() as session:
        for n in range(job_queries.PAGE + 5):
            at = now() - timedelta(minutes=n)
            session.add(Job(kind="files.sweep", payload={}, state="done", created_at=at))
    _add(database, state="failed", created_at=now() - timedelta(days=3))
    mine = {"kind": "recall.retention", "user_id": cast.users["nadia"]}
    _add(database, **mine, created_at=now() - timedelta(days=4))
    root = browser("root")
    page = _text(root.get("/jobs"))
    assert page.count("/jobs/") == job_queries.PAGE
    assert "Page 1 of 2" in page and "page=2" in page
    assert _text(root.get("/jobs?page=2")).count("/jobs/") == 7
    assert "Page 2 of 2" in _text(root.get("/jobs?page=99"))
    for query, count in (
        ("state=failed", 1),
        ("kind=jobs.forget", 1),
        ("age=day&kind=jobs.forget", 0),
        ("state=failed&age=week", 1),
        ("state=nonsense&age=nonsense&by=nonsense", job_queries.PAGE),
        ("by=others", 1),
        ("by=installation&state=failed", 1),
        ("by=installation&kind=recall.retention", 0),
    ):
        assert _text(root.get(f"/jobs?{query}")).count("/jobs/") == count, query
    assert "Forgetting old background work" in _text(root.get("/jobs?kind=jobs.forget"))


def test_page_of_peoples_work_tells_when_and_how_often_but_no_content(
    browser: Any, database: Database, cast: Cast
) -> None:
    job_id = _add(
        database,
        kind=IMPORT_JOB,
        user_id=cast.users["nadia"],
        administration_id=cast.administrations["XA"],
        state="failed",
        payload={"file_id": MARKER},
        result={"incidents": [MARKER]},
        message="Choose another file than %(name)s, of %(size)s bytes.",
        message_params={"name": MARKER, "size": 7},
        attempts=2,
        ended_at=now(),
    )
    page = _text(browser("root").get(f"/jobs/{job_id}"))
    assert "Choose another file than …, of 7 bytes." in page
    assert "Import of MISP events" in page and "Nadia" in page
    assert MARKER not in page


def test_work_is_cancelled_after_a_question_and_tried_again(
    browser: Any, database: Database, installation: Installation, cast: Cast
) -> None:
    root, job_id = browser("root"), _add(database, run_at=now() + timedelta(hours=1))
    page = _text(root.get(f"/jobs/{job_id}"))
    assert 'http-equiv="refresh"' in page and "/cancel" in page
    assert "Cancel this work?" in _text(root.get(f"/jobs/{job_id}/cancel"))
    assert _state(database, job_id) == "waiting"
    assert root.post(f"/jobs/{job_id}/cancel").status_code == 302
    assert _state(database, job_id) == "cancelled"
    page = _text(root.get(f"/jobs/{job_id}"))
    assert "it changed nothing" in page and 'http-equiv="refresh"' not in page
    root.post(f"/jobs/{job_id}/retry")
    assert _state(database, job_id) == "waiting"
    jobs.run_pending(database, installation)
    assert _state(database, job_id) == "done"
    assert "nothing was changed" in _text(root.post(f"/jobs/{job_id}/retry", follow_redirects=True))
    assert "too late" in _text(root.post(f"/jobs/{job_id}/cancel", follow_redirects=True))
    assert _state(database, job_id) == "done"
    kept = _add(database, kind="recall.retention")
    assert "cannot be cancelled" in _text(root.get(f"/jobs/{kept}"))
    root.post(f"/jobs/{kept}/cancel")
    assert _state(database, kept) == "waiting"
    acts = _text(root.get("/audit"))
    assert "job.cancel" in acts and "job.retry" in acts


def test_failed_work_is_put_aside_with_its_reason(
    browser: Any, database: Database, cast: Cast
) -> None:
    root, job_id = browser("root"), _add(database, state="failed", message="The disk was full.")
    page = _text(root.get(f"/jobs/{job_id}"))
    assert "Put aside" in page and "Try again" in page
    assert "counts as cancelled" in _text(root.get(f"/jobs/{job_id}/cancel"))
    root.post(f"/jobs/{job_id}/cancel")
    assert _state(database, job_id) == "cancelled"
    assert "The disk was full." in _text(root.get(f"/jobs/{job_id}"))
    kept = _add(database, kind="recall.retention", state="failed")
    page = _text(root.get(f"/jobs/{kept}"))
    assert "Put aside" not in page and "has to run" in page
    root.post(f"/jobs/{kept}/cancel")
    assert _state(database, kept) == "failed"


def test_refused_upload_is_no_problem_of_the_operator(
    browser: Any, database: Database, installation: Installation, cast: Cast
) -> None:
    nadia = browser("nadia")
    answer = nadia.post("/incidents/import", {"file": (io.BytesIO(b'{"Event": 5}'), "event.json")})
    url = str(answer.location)
    jobs.run_pending(database, installation)
    assert "Nothing was stored." in _text(nadia.get(url))
    job_id = uuid.UUID(url.rsplit("/", 1)[1])
    assert _state(database, job_id) == "refused"
    assert points.background_work(installation.settings, database) is None
    page = _text(browser("root").get(f"/jobs/{job_id}"))
    assert "nobody else has to do anything" in page and "Try again" not in page
    assert "Refused" in _text(browser("root").get("/jobs?state=refused"))


@pytest.mark.parametrize("path", ["", "/retry", "/cancel"])
def test_background_work_is_for_administrators(
    browser: Any, app: flask.Flask, database: Database, cast: Cast, path: str
) -> None:
    job_id = _add(database, state="failed")
    url = f"/jobs/{job_id}{path}"
    method = "post" if path else "get"
    assert getattr(browser("nadia"), method)(url).status_code == 403
    if path:
        assert browser(None).client.post(url).status_code in (400, 401)
        assert browser("root").client.post(url).status_code == 400, "without the form's token"
    else:
        assert browser(None).get(url).status_code == 302
    assert getattr(browser("root"), method)(f"/jobs/{uuid.uuid4()}{path}").status_code == 404
    assert _state(database, job_id) == "failed"


@pytest.mark.parametrize(
    ("address", "name"), [("/incidents/import", "event.json"), ("/inbox/take-in", "large.json")]
)
def test_people_cancel_their_own_uploads_and_nobody_elses(
    browser: Any,
    database: Database,
    installation: Installation,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    name: str,
) -> None:
    from cirt.incidents.inbox import intake_views

    monkeypatch.setattr(intake_views, "MAX_CONTENT_LENGTH", 1)
    nadia = browser("nadia")
    answer = nadia.post(address, {"file": (io.BytesIO(b'{"Event": {}}'), name)})
    url = str(answer.location)
    with database.writing() as session:
        session.execute(sa.update(Job).values(progress_done=3, progress_of=8))
    assert "3 of 8" in _text(nadia.get(url))
    assert browser("chen").post(f"{url}/cancel").status_code == 404
    assert nadia.post(f"{url}/cancel").status_code == 302
    assert _state(database, uuid.UUID(url.rsplit("/", 1)[1])) == "cancelled"
    page = _text(nadia.get(url))
    assert "it changed nothing" in page and 'http-equiv="refresh"' not in page
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    assert [one for one in installation.files.folder.rglob("*") if one.is_file()] == []
    assert "too late" in _text(nadia.post(f"{url}/cancel", follow_redirects=True))


EVERY_KIND = """
from pathlib import Path
import tempfile
from cirt.app import create_app
from cirt.jobs import kinds
from cirt.settings import read_settings

create_app(read_settings({}, data_dir=Path(tempfile.mkdtemp())))
for kind in kinds.values():
    print(kind.handler.__module__, kind.handler.__name__, sep=".")
    assert kind.name, kind
"""


def test_every_handler_of_the_code_is_known_to_the_server_and_has_a_name() -> None:
    """A module of handlers that nobody imports would leave its work undone for ever."""
    root = Path(__file__).resolve().parents[2]
    written = {
        (f"{module}.{name}")
        for folder in ("cirt", "incidents", "assessments")
        for path in (root / folder).rglob("*.py")
        for module in [".".join(path.relative_to(root).with_suffix("").parts)]
        for name in re.findall(
            r"^@(?:jobs\.)?handles\([^@]*?^def (\w+)", path.read_text(), re.MULTILINE
        )
    }
    done = subprocess.run(
        [sys.executable, "-c", EVERY_KIND], capture_output=True, text=True, check=True, cwd=root
    )
    known = {line.removeprefix("cirt.") for line in done.stdout.splitlines()}
    assert len(written) > 12
    assert {one.removeprefix("cirt.") for one in written} == known


# health


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables count as current: the tests make them without migrations."""
    from cirt import migrations

    monkeypatch.setattr(migrations, "revision_of", lambda _database: migrations.newest())


def test_ready_says_what_is_missing_in_short_names(
    app: flask.Flask, current: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    assert client.get("/health/live").json == {"status": "live"}
    answer = client.get("/health/ready")
    checks = {"database": "ok", "tables": "ok", "disk": "ok", "background work": "ok"}
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "checks": checks})
    worker = jobs.Worker(app.extensions["cirt"].database, app.extensions["cirt"])
    app.extensions["cirt_worker"] = worker  # not started: as after a fault that ended it
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["checks"] == {**checks, "background work": "failed"}
    worker.start()
    assert client.get("/health/ready").status_code == 200
    worker.stop()


def test_health_page_names_problems_with_their_remedies(
    browser: Any, database: Database, cast: Cast, current: None
) -> None:
    _add(database, state="failed")
    root = browser("root")
    page = _text(root.get("/health"))
    assert re.search(r"set <[^>]+>CIRT_PUBLIC_URL</", page), "what is typed stands apart"
    assert "`" not in page and "Product" in page
    assert "1 job(s) failed: see Background work" in page
    assert "No backup was made yet." in page
    with database.writing() as session:
        session.execute(sa.delete(Job))
        backups.note(
            session, file="x.age", bytes=3_000_000, sha256="0", rows=77, seconds=4, encrypted=True
        )
    page = _text(root.get("/health"))
    assert "3.0 MB, 77 rows" in page and "job(s) failed" not in page
    assert browser("nadia").get("/health").status_code == 403
    names = re.findall(r'<span class="task-title">([^<]+)</span>', page)
    assert names == [name for name, _point in points.QUICK]


# figures


@pytest.fixture
def monitor(app: flask.Flask, machine_with: Any) -> Callable[..., Any]:
    """Return what asks for /metrics with a token of these scopes."""

    def make(*scopes: str) -> Callable[[], Any]:
        token = machine_with("XA", *scopes).token
        headers = {"Authorization": f"Bearer {token}"}
        return lambda: app.test_client().get("/metrics", headers=headers)

    return make


def _figures(answer: Any) -> dict[str, float]:
    assert answer.status_code == 200, _text(answer)
    return {
        f"{one.name}{sorted(one.labels.items())}": one.value
        for family in text_string_to_metric_families(_text(answer))
        for one in family.samples
    }


def test_figures_are_for_a_token_with_the_scope(
    app: flask.Flask, browser: Any, monitor: Any
) -> None:
    assert app.test_client().get("/metrics").status_code == 401
    assert browser("root").get("/metrics").status_code == 401, "no cookie is looked at"
    assert monitor("taxii.read")().status_code == 403
    answer = monitor("operations.read")()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "process_resident_memory_bytes[]" in _figures(answer)
    assert app.test_client().post("/metrics").status_code == 405


def test_figures_count_what_happens(
    browser: Any, monitor: Any, app: flask.Flask, database: Database, cast: Cast
) -> None:
    own = monitor("operations.read")
    before = _figures(own())
    visitor = browser(None)
    visitor.post("/sign-in", {"username": "nadia", "password": "wrong"})
    visitor.get(f"/{MARKER}")
    visitor.get("/jobs/00000000-0000-4000-8000-000000000000")
    visitor.client.open("/", method="PROPFIND")
    app.test_client().get("/taxii2/", headers={"Authorization": "Bearer cirt_wrong"})
    _add(database, state="failed")
    _add(database, run_at=now() - timedelta(minutes=5))
    after = _figures(own())

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown("cirt_sign_in_failures_total[('who', 'person')]") == 1
    assert grown("cirt_sign_in_failures_total[('who', 'machine')]") == 1
    route = "('route', '/jobs/<uuid:job_id>'), ('status', '3xx')"
    assert grown(f"cirt_requests_total[('method', 'GET'), {route}]") == 1
    none = "('route', 'none'), ('status', '4xx')"
    assert grown(f"cirt_requests_total[('method', 'GET'), {none}]") >= 1
    assert grown("cirt_request_seconds_count[('route', '/jobs/<uuid:job_id>')]") == 1
    assert after["cirt_jobs[('state', 'failed')]"] == 1
    assert 299 < after["cirt_job_oldest_due_seconds[]"] < 400
    assert after["cirt_audit_entries[]"] > 0
    assert after["cirt_feed_entries[]"] == 0


def test_labels_hold_what_the_program_wrote_and_nothing_else(
    browser: Any, monitor: Any, app: flask.Flask, database: Database, cast: Cast
) -> None:
    """Canaries in paths, queries, names, headers and kinds of method; ids and codes of everybody."""
    own, nadia = monitor("operations.read"), browser("nadia")
    routes = re.compile(r'route="([^"]*)"')
    earlier = set(routes.findall(_text(own())))  # of other applications in this process
    for path in (f"/{MARKER}", f"/incidents/{MARKER}", f"/incidents/?text={MARKER}"):
        nadia.get(path, headers={"User-Agent": MARKER, "X-Request-Id": MARKER})
    nadia.client.open("/", method=MARKER.upper())
    nadia.post("/sign-in", {"username": MARKER, "password": MARKER})
    text = _text(own())
    assert 'route="/incidents/"' in text
    assert MARKER not in text.lower()
    known = {rule.rule for rule in app.url_map.iter_rules()} | {"none"}
    assert set(routes.findall(text)) - earlier <= known
    with database.reading() as session:
        ids = {
            str(value)
            for table in ("administration", "user_account", "api_token", "incident")
            for value in session.scalars(sa.select(Base.metadata.tables[table].c.id))
        }
    labels = " ".join(re.findall(r"\{([^}]*)\}", text))
    assert not [one for one in ids if one in text or one.replace("-", "") in text]
    assert not re.search(r"\bX[ABCZ]\b", labels)


WORKERS = """
import os, sys
from pathlib import Path
from cirt.operations import metrics
for n in range(3):
    metrics.pages_out["manifest"].add(5)
print(metrics.exposition([]).decode())
"""


def test_figures_of_several_workers_are_summed(tmp_path: Path) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    texts = [
        subprocess.run(
            [sys.executable, "-c", WORKERS], env=env, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert 'cirt_objects_total{direction="out"} 15.0' in texts[0]
    assert 'cirt_objects_total{direction="out"} 30.0' in texts[1]
    assert 'cirt_taxii_pages_total{resource="manifest"} 6.0' in texts[1]


def test_refusal_of_an_import_is_told_to_its_owner_in_full(
    browser: Any, database: Database, cast: Cast
) -> None:
    """The administrator's page leaves out the words; the page of whoever asked does not."""
    error = InvalidInputError("Choose another than %(name)s.", name=MARKER)
    job_id = _add(
        database,
        kind=IMPORT_JOB,
        user_id=cast.users["nadia"],
        state="failed",
        message=error.message,
        message_params=error.params,
    )
    assert MARKER in _text(browser("nadia").get(f"/incidents/import/{job_id}"))
    assert MARKER not in _text(browser("root").get(f"/jobs/{job_id}"))
