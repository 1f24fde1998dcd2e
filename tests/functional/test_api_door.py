"""The door of the REST API: sign-in, methods, media types, parameters, bodies, limits, faults."""

import base64
import errno
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cirt import jobs
from cirt.accounts import directory, tokens
from cirt.accounts.models import Administration, ApiToken
from cirt.api.models import RepeatableAnswer
from cirt.api.operations import Answer, Operation, check_revision, routed
from cirt.api.schemas import TEXT, record
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ConflictError, InvalidInputError
from cirt.web import actor, db_session
from tests.api_answers import Machine
from tests.conftest import Cast

TRIAL = record("Trial", "Of tests.", {"code": TEXT}, example={"code": "XY"})
NEW = record("NewTrial", "Of tests.", {"code": {"type": "string", "maxLength": 8}})
FAULTS: dict[str, Callable[[], Exception]] = {
    "domain": lambda: InvalidInputError("No %(what)s.", what="way", field="code"),
    "conflict": lambda: ConflictError("Somebody else was faster."),
    "fault": lambda: RuntimeError("secret words"),
    "disk": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "away": lambda: sa.exc.OperationalError("SELECT secret", {}, Exception("server closed")),
}


def _make(body: dict[str, Any]) -> Answer:
    """Add an administration, or fail as asked: something that a second time would fail."""
    if body["code"] in FAULTS:
        raise FAULTS[body["code"]]()
    row = directory.add_administration(
        db_session(), actor(), code=body["code"], names={"en": "Trial"}
    )
    return Answer({"code": row.code}, revision=1, location=f"/trials/{row.code}")


def _change(revision: int | None, body: dict[str, Any]) -> Answer:
    check_revision(revision, 3)
    return Answer({"code": body["code"]}, revision=4)


@pytest.fixture
def trials(app: flask.Flask) -> Iterator[None]:
    """Two operations of the tests' own, which write."""
    for method, view in (("POST", _make), ("PATCH", _change)):
        one = Operation(
            id=f"{method.lower()}_trial",
            method=method,
            path="/trials",
            action=None,
            summary="Trial",
            description="",
            view=view,
            response=TRIAL,
            request=NEW,
            status=201 if method == "POST" else 200,
            has_revision=True,
            conditional=method == "PATCH",
        )
        app.add_url_rule(
            "/api/v1/trials", endpoint=f"api.{one.id}", view_func=routed(one), methods=[method]
        )
    yield


def _codes(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Administration.code).order_by("code")))


def test_token_opens_by_bearer_and_by_basic(app: flask.Flask, cast: Cast) -> None:
    client, token = app.test_client(), cast.tokens["XA"]
    pair = base64.b64encode(f"xa-machine:{token}".encode()).decode()
    for header in (f"Bearer {token}", f"bearer  {token}", f"Basic {pair}", f"Basic {token}"):
        answer = client.get("/api/v1/", headers={"Authorization": header})
        assert answer.status_code == 200, header
        assert answer.json["administration"]["code"] == "XA"
        assert token not in answer.text
    wrong = base64.b64encode(f"xb-machine:{token}".encode()).decode()
    for header in ("", "Bearer", "Bearer x", f"Basic {wrong}", f"Digest {token}", "Basic ====é"):
        answer = client.get("/api/v1/administrations", headers={"Authorization": header})
        assert answer.status_code == 401, header
        schemes = [text.split()[0] for text in answer.headers.getlist("WWW-Authenticate")]
        assert schemes == ["Bearer", "Basic"]


def test_token_that_ended_or_expired_opens_nothing(
    app: flask.Flask, machine: Callable[[str], Machine], database: Database, cast: Cast
) -> None:
    xa, xb = machine("XA"), machine("XB")
    assert xa.get("/").status_code == xb.get("/").status_code == 200
    with database.writing() as session:
        rows = {row.administration.code: row for row in tokens.tokens(session)}
        tokens.revoke_token(session, None, rows["XA"].id)
        rows["XB"].expires_at = now()
    assert xa.get("/").status_code == xb.get("/").status_code == 401


def test_cookie_of_a_person_opens_nothing_and_no_cookie_is_set(
    browser: Callable[[str], Any],
) -> None:
    nadia = browser("nadia")
    assert nadia.get("/").status_code == 200
    answer = nadia.get("/api/v1/?lang=ar")
    assert answer.status_code == 401
    assert answer.headers.get("Set-Cookie") is None
    assert nadia.get("/api/nothing?lang=ar").headers.get("Set-Cookie") is None


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nothing", "/api/v2/"])
def test_unknown_address_is_a_problem(app: flask.Flask, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert app.test_client().open(path, method=method).status_code == 404


def test_slash_at_the_end_changes_nothing(machine: Callable[[str], Machine]) -> None:
    xa = machine("XA")
    assert xa.get("/administrations/").json == xa.get("/administrations").json
    assert xa.get("/incidents/").status_code == 200


def test_browser_gets_a_page_that_explains_a_problem(
    app: flask.Flask, machine: Callable[[str], Machine]
) -> None:
    """RFC 9457, 3.1.1: reading the type of a problem explains it, also to who has no account."""
    client = app.test_client()
    kind = client.get("/api/v1/nothing-else?token=none").json["type"]
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = client.get(kind, headers={"Accept": accept}, follow_redirects=True)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.request.path == "/help/api/problems/not-found"
    assert "There is no such thing, or it is not yours to see." in text
    assert "`" not in text
    assert client.get(kind).status_code == 401
    assert client.get(kind, headers={"Accept": "*/*"}).status_code == 401
    assert machine("XA").get(kind.removeprefix("/api/v1")).json["type"] == kind
    assert client.get("/help/api/problems/none").status_code == 404


def test_page_shows_ranges_and_codes_as_they_are_enforced(browser: Callable[[str], Any]) -> None:
    text = browser("nadia").get("/help/api").get_data(as_text=True)
    assert "integer 1–200" in text and "Without it: 50." in text
    assert "`" not in text.partition("<main")[2]


def test_other_methods_are_refused_with_those_served(machine: Callable[[str], Machine]) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PURGE"):
        answer = machine("XA").ask(method, "/administrations")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    answer = machine("XA").ask("OPTIONS", "/administrations")
    assert answer.headers["Allow"] and "Content-Type" not in answer.headers
    assert machine("XA").ask("HEAD", "/administrations").status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("text/html, application/json;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_answer_is_json_or_refused(
    machine: Callable[[str], Machine], accept: str, status: int
) -> None:
    assert machine("XA").get("/", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limt=5", ["limt"]),
        ("limit=0", ["limit"]),
        ("limit=201", ["limit"]),
        ("limit=5&limit=5", ["limit"]),
        ("limit=٥", ["limit"]),
        ("limit=" + "9" * 5000, ["limit"]),
        ("next=x&foo=%00", ["foo"]),
        ("next=%00", ["next"]),
        ("next=AAAA", ["next"]),
    ],
)
def test_parameter_that_does_not_fit_is_named(
    machine: Callable[[str], Machine], query: str, names: list[str]
) -> None:
    answer = machine("XA").get("/administrations", query_string=query)
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json["errors"]] == names


def test_pages_meet_every_row_once(machine: Callable[[str], Machine]) -> None:
    xa = machine("XA")
    for limit in (1, 2, 3, 200):
        assert [one["code"] for one in xa.everything("/administrations", limit=limit)] == [
            "XA",
            "XB",
            "XC",
            "XZ",
        ]
    first = xa.get("/administrations", query_string={"limit": 1})
    link = first.headers["Link"]
    assert link.endswith('; rel="next"')
    following = xa.client.get(
        link[1 : link.index(">")], headers={"Authorization": f"Bearer {xa.token}"}
    )
    assert following.json["items"][0]["code"] == "XB"
    # another list's `next` is none of this one
    answer = xa.get("/assessments", query_string={"next": first.json["next"]})
    assert answer.status_code == 400


def test_rate_is_limited_per_token(
    app: flask.Flask, machine: Callable[[str], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["cirt"].settings
    object.__setattr__(settings, "api_requests_per_minute", 3)
    xa = machine("XA")
    left = [xa.get("/").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = xa.get("/")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Limit"] == "3"
    assert machine("XB").get("/").status_code == 200
    object.__setattr__(settings, "api_requests_per_minute", 0)
    assert "RateLimit-Limit" not in xa.get("/").headers


# what is sent


@pytest.mark.usefixtures("trials")
@pytest.mark.parametrize(
    ("body", "said", "status", "pointers"),
    [
        (b'{"code": "XY"', {}, 400, None),
        (b'{"code": "XY", "code": "XX"}', {}, 400, None),
        (b'{"code": NaN}', {}, 400, None),
        (b'\xef\xbb\xbf{"code": "XY"}', {}, 400, None),
        (b"[" * 500, {}, 400, None),
        (b"", {}, 400, None),
        (b"[]", {}, 422, [""]),
        (b"{}", {}, 422, ["/code"]),
        (b'{"code": "123456789"}', {}, 422, ["/code"]),
        (b'{"code": "XY", "a/b~c": 1, "z": 2}', {}, 422, ["/a~1b~0c", "/z"]),
        (b'{"code": "domain"}', {}, 422, ["/code"]),
        (b'{"code": "conflict"}', {}, 409, None),
        (b'{"code": "XY"}', {"Content-Type": "text/plain"}, 415, None),
        (b'{"code": "XY"}', {"Content-Type": "application/json; charset=utf-16"}, 415, None),
        (b'{"code": "XY"}', {"Content-Encoding": "gzip"}, 415, None),
        (b" " * 2_000_001, {}, 413, None),
        (b'{"code": "XY"}', {"Idempotency-Key": "a b"}, 400, None),
        (b'{"code": "XY"}', {"Idempotency-Key": "k" * 201}, 400, None),
        (b'{"code": "fault"}', {}, 500, None),
        (b'{"code": "disk"}', {}, 507, None),
        (b'{"code": "away"}', {}, 503, None),
    ],
)
def test_body_that_does_not_fit_is_refused_and_nothing_stored(
    machine: Callable[[str], Machine],
    database: Database,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    said: dict[str, str],
    status: int,
    pointers: list[str] | None,
) -> None:
    headers = {"Content-Type": "application/json", **said}
    answer = machine("XA").ask("POST", "/trials", data=body, headers=headers)
    assert answer.status_code == status, answer.text
    if pointers is not None:
        assert [error["pointer"] for error in answer.json["errors"]] == pointers
    assert "secret" not in answer.text
    assert _codes(database) == ["XA", "XB", "XC", "XZ"]
    if status == 503:
        assert answer.headers["Retry-After"] == "60"
        assert "secret" not in caplog.text


@pytest.mark.usefixtures("trials")
def test_change_needs_the_version_that_was_read(machine: Callable[[str], Machine]) -> None:
    xa, body = machine("XA"), {"code": "XY"}
    assert xa.patch("/trials", body).status_code == 428
    for malformed in ("r3", '"r3', "x" * 2000, '"é"'.encode().decode("latin-1")):
        assert xa.patch("/trials", body, malformed).status_code == 400
    for stale in ('"r2"', '"x"', 'W/"r3"', '"r3", "r4"'):
        assert xa.patch("/trials", body, stale).status_code == 412
    assert xa.patch("/trials", body, "*").status_code == 200
    changed = xa.patch("/trials", body, '"r3"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"r4"')


@pytest.mark.usefixtures("trials")
def test_repeated_request_has_its_effect_once(
    machine: Callable[[str], Machine], database: Database
) -> None:
    xa, key = machine("XA"), {"Idempotency-Key": "one"}
    first = xa.post("/trials", {"code": "XY"}, headers=key)
    again = xa.post("/trials", {"code": "XY"}, headers={"Idempotency-Key": '"one"'})
    assert first.status_code == again.status_code == 201
    assert again.get_data() == first.get_data()
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert _codes(database).count("XY") == 1
    # another body, and another token with the same key
    assert xa.post("/trials", {"code": "XX"}, headers=key).status_code == 422
    assert machine("XB").post("/trials", {"code": "XX"}, headers=key).status_code == 201


@pytest.mark.usefixtures("trials")
def test_refused_request_leaves_its_key_free(
    machine: Callable[[str], Machine], database: Database
) -> None:
    xa, key = machine("XA"), {"Idempotency-Key": "one"}
    for code, status in (("conflict", 409), ("fault", 500), ("XY", 201)):
        assert xa.post("/trials", {"code": code}, headers=key).status_code == status
    assert "XY" in _codes(database)


@pytest.mark.usefixtures("trials")
def test_same_request_at_the_same_moment_has_its_effect_once(
    machine: Callable[[str], Machine], database: Database
) -> None:
    together = threading.Barrier(6)
    statuses: list[int] = []

    def ask(one: Machine) -> None:
        together.wait()
        answer = one.post("/trials", {"code": "XY"}, headers={"Idempotency-Key": "one"})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=ask, args=[machine("XA")]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert _codes(database).count("XY") == 1


@pytest.mark.usefixtures("trials")
def test_kept_answers_are_forgotten_after_a_day(
    machine: Callable[[str], Machine], database: Database, installation: Any
) -> None:
    xa, key = machine("XA"), {"Idempotency-Key": "one"}
    assert xa.post("/trials", {"code": "XY"}, headers=key).status_code == 201
    with database.writing() as session:
        row = session.scalars(sa.select(RepeatableAnswer)).one()
        row.created_at = row.created_at.replace(year=2020)
        owner = session.get_one(ApiToken, row.token_id).administration_id
        assert owner is not None
        jobs.enqueue(session, "api.forget", {})
    # the job has not run yet: the key is free all the same
    assert xa.post("/trials", {"code": "XX"}, headers=key).status_code == 201
    with database.writing() as session:
        session.execute(sa.update(RepeatableAnswer).values(created_at=now().replace(year=2020)))
    jobs.run_pending(database, installation)
    with database.reading() as session:
        assert session.scalars(sa.select(RepeatableAnswer)).all() == []


def test_client_is_the_checking_one(app: flask.Flask) -> None:
    """Every answer that these tests get was compared with its description."""
    assert app.test_client_class is not FlaskClient
