"""What a person sees when something fails: the right status, a sentence, and nothing typed is lost."""

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import psycopg
import pytest
import sqlalchemy as sa

from cirt import audit, routing, sqlite_engine, web
from cirt.accounts.models import Administration, User
from cirt.audit import AuditEntry
from cirt.db import Database, after_commit, before_commit
from cirt.errors import ConflictError
from tests import postgresql
from tests.cast import user_of
from tests.conftest import Browser, Cast

TYPED = "كل ما كتبته هنا يجب أن يبقى"


@pytest.fixture
def failing(app: flask.Flask) -> dict[str, Callable[[], Any]]:
    """Views that fail, each at `/failing/<name>`: add them by name."""
    views: dict[str, Callable[[], Any]] = {}

    @app.route("/failing/<name>", methods=["GET", "POST"])
    @routing.opens(routing.PUBLIC)
    def view(name: str) -> Any:
        return views[name]()

    return views


def _cut(database: Database) -> None:
    """Take the database away, as a stopped server or a lost disk does."""
    database.dispose()
    if database.is_sqlite:
        path = Path(str(database.url.database))
        path.rename(path.with_suffix(".away"))
        path.mkdir()
        return
    address = postgresql.server().format(name="postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        name = str(database.url.database)
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")


def test_page_without_the_database_says_so(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    _cut(database)
    page = nadia.get("/account")
    assert page.status_code == 503
    assert "The database does not answer" in page.get_data(as_text=True)
    assert page.headers["Retry-After"]
    page = nadia.client.post("/account/password", data={"csrf_token": token, "note": TYPED})
    assert page.status_code == 503
    assert TYPED in page.get_data(as_text=True)
    assert nadia.client.post("/account/password", data={"note": TYPED}).status_code == 503
    answer = nadia.get("/account", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["status"]) == (503, 503)
    assert nadia.get("/health/ready").status_code == 503
    assert nadia.get("/health/live").status_code == 200
    assert nadia.get("/no-such-page").status_code == 503, "who reads it cannot be found out"


def test_locked_database_asks_to_try_again(
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    monkeypatch.setattr(sqlite_engine, "_PATIENCE", 0.05)
    database.dispose()

    @sa.event.listens_for(database.engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        if not database.is_sqlite:
            connection.execute("SET lock_timeout='50ms'")
            connection.commit()

    with database.writing() as session:
        session.execute(sa.update(User).values(theme="dark"))
        page = nadia.client.post(
            "/preferences", data={"csrf_token": token, "theme": "light", "note": TYPED}
        )
    assert page.status_code == 503
    assert "Too many people" in page.get_data(as_text=True)
    assert TYPED in page.get_data(as_text=True)


def test_full_disk_is_told_as_such_and_reading_goes_on(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    if not database.is_sqlite:
        pytest.skip("a full disk of the PostgreSQL server cannot be made here")
    root = browser("root")
    database.dispose()

    def full(connection: Any, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(database.engine, "connect", full)
    page = None
    for n in range(200):
        form = {"code": f"XQ-{n}", "name_en": TYPED * 5, "kind": "member-state", "place": "local"}
        page = root.post("/directory/administrations/new", form)
        if page.status_code != 302:
            break
    assert page is not None
    assert page.status_code == 507
    assert "no room left" in page.get_data(as_text=True)
    assert TYPED in page.get_data(as_text=True)
    assert root.get("/directory/").status_code == 200
    with database.writing() as session, pytest.raises(sa.exc.OperationalError):
        session.execute(sa.text("UPDATE login_session SET seen_at = '2026-01-01 00:00:00'"))
        session.execute(sa.text("CREATE TABLE filler AS SELECT randomblob(1000000) AS x"))


def test_full_disk_of_files_is_told_as_such(
    browser: Callable[[str | None], Browser], failing: dict[str, Callable[[], Any]]
) -> None:
    def full() -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    failing["full"] = full
    assert browser(None).get("/failing/full").status_code == 507


def test_race_for_the_same_name_is_a_conflict_and_keeps_the_text(
    browser: Callable[[str | None], Browser],
    failing: dict[str, Callable[[], Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def race() -> Any:
        web.db_session().add(Administration(code="XA", names={"en": "hush-hush"}))
        web.db_session().flush()

    failing["race"] = race
    page = browser("root").post("/failing/race", {"note": TYPED})
    assert page.status_code == 409
    text = page.get_data(as_text=True)
    assert "in the same moment" in text
    assert TYPED in text
    assert "Root" in text, "the page knows its reader although the transaction is gone"
    assert "hush-hush" not in caplog.text


def test_fault_of_the_program_is_no_conflict(
    browser: Callable[[str | None], Browser], failing: dict[str, Callable[[], Any]]
) -> None:
    def fault() -> Any:
        web.db_session().add(Administration(code=None, names={}))
        web.db_session().flush()

    failing["fault"] = fault
    page = browser("root").post("/failing/fault", {"note": TYPED})
    assert page.status_code == 500
    assert TYPED in page.get_data(as_text=True)


def test_refusal_at_the_commit_is_answered_like_any_other(
    browser: Callable[[str | None], Browser],
    failing: dict[str, Callable[[], Any]],
    database: Database,
    cast: Cast,
) -> None:
    done: list[str] = []

    def late() -> Any:
        def refuse(_session: object) -> None:
            raise ConflictError("Somebody was quicker.")

        user_of(web.db_session(), cast, "root").name = "Changed"
        audit.record(web.db_session(), web.actor(), "test.lost", "thing:1")
        before_commit(web.db_session(), 9, refuse)
        after_commit(web.db_session(), lambda: done.append("never"))
        return "saved"

    failing["late"] = late
    page = browser("root").post("/failing/late")
    assert page.status_code == 409
    assert "Somebody was quicker." in page.get_data(as_text=True)
    assert done == []
    with database.reading() as session:
        assert user_of(session, cast, "root").name == "Root"
        lost = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "test.lost"))
        assert lost.all() == []


def test_fault_in_the_error_page_itself_still_answers(
    browser: Callable[[str | None], Browser], app: flask.Flask
) -> None:
    @app.context_processor
    def broken() -> dict[str, Any]:
        raise RuntimeError("what every page needs is broken")

    page = browser(None).get("/no-such-page")
    assert page.status_code == 404
    assert "Page not found" in page.get_data(as_text=True)


def test_nul_in_a_field_is_refused_on_both_databases(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    form = {"code": "XQ", "kind": "member-state", "place": "local", "name_en": "Name"}
    page = browser("root").post(
        "/directory/administrations/new", {**form, "team_name": f"{TYPED}\x00 and more"}
    )
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert "cannot be stored" in text
    assert "\x00" not in text
    assert f"{TYPED} and more" in text
    with database.reading() as session:
        assert session.scalars(sa.select(Administration).filter_by(code="XQ")).all() == []


def test_nul_in_a_user_name_is_refused_on_both_databases(
    browser: Callable[[str | None], Browser],
) -> None:
    form = {"username": "na\x00dia", "password": "wrong-wrong-wrong"}
    assert browser(None).post("/sign-in", form).status_code == 422


def test_too_long_for_a_column_is_refused_or_kept_and_never_a_fault(
    browser: Callable[[str | None], Browser], failing: dict[str, Callable[[], Any]]
) -> None:
    def long() -> Any:
        web.db_session().add(Administration(code="X" * 300, names={"en": "x"}))
        web.db_session().flush()
        return "kept"

    failing["long"] = long
    assert browser("root").post("/failing/long").status_code in (200, 422)


@pytest.mark.parametrize(("username", "status"), [(b"%FF%FE", 422), (b"\xff\xfe", 400)])
def test_bytes_that_are_no_text_are_refused(
    browser: Callable[[str | None], Browser], username: bytes, status: int
) -> None:
    nobody = browser(None)
    token = nobody.form_token().encode()
    body = b"username=" + username + b"&password=" + username + b"&csrf_token=" + token
    page = nobody.client.post(
        "/sign-in", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert page.status_code == status


def test_form_with_ten_thousand_parts_is_refused_T43(
    browser: Callable[[str | None], Browser],
) -> None:
    """T-43: parts and sizes of a form are limited."""
    nobody = browser(None)
    part = b'--b\r\nContent-Disposition: form-data; name="p"\r\n\r\nx\r\n'
    page = nobody.client.post(
        "/sign-in",
        data=part * 10_000 + b"--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    assert page.status_code == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=" + b"x" * 5_000_000, "application/x-www-form-urlencoded"),
        (b"x" * 27_000_000, "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=b"),
        (b"\r" * 1_000_000, "multipart/form-data; boundary=" + "b" * 60),
        (b"{", "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", "text/plain; charset=utf-7"),
    ],
)
@pytest.mark.parametrize("username", ["nadia", None])
def test_odd_bodies_are_refused_without_a_fault_T43(
    browser: Callable[[str | None], Browser], username: str | None, body: bytes, kind: str
) -> None:
    """T-43: too large, cut off, without a boundary, of another kind."""
    page = browser(username).client.post("/account/password", data=body, content_type=kind)
    assert page.status_code in (400, 401, 413)


def test_very_long_address_is_not_sent_on(browser: Callable[[str | None], Browser]) -> None:
    answer = browser(None).get("/account?q=" + "a" * 30_000)
    assert answer.headers["Location"] == "/sign-in?next="


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_asking_only_for_the_head_is_asking_for_the_page(
    browser: Callable[[str | None], Browser], method: str
) -> None:
    answers = [browser(name).client.open("/account", method=method) for name in (None, "nadia")]
    assert [answer.status_code for answer in answers] == [302, 200]


def test_wrong_method_names_the_right_ones(browser: Callable[[str | None], Browser]) -> None:
    page = browser(None).client.delete("/help")
    assert page.status_code == 405
    assert page.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_missing_page_links_to_this_site_only(browser: Callable[[str | None], Browser]) -> None:
    page = browser(None).get("http://localhost//evil.example/x")
    assert page.status_code == 404
    assert '="//evil.example' not in page.get_data(as_text=True)


def test_missing_static_file_is_never_kept_by_a_cache_T26(
    browser: Callable[[str | None], Browser],
) -> None:
    """T-26: the error page at a static address shows who reads it."""
    page = browser("nadia").get("/static/css/absent.css?v=123456789012")
    assert page.status_code == 404
    assert page.headers["Cache-Control"] == "no-store"
    with browser("nadia").get("/static/css/app.ltr.css?v=123456789012") as found:
        assert "immutable" in found.headers["Cache-Control"]


def test_fault_is_logged_without_the_address(
    browser: Callable[[str | None], Browser],
    failing: dict[str, Callable[[], Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fault() -> Any:
        raise RuntimeError

    failing["hush-hush"] = fault
    with caplog.at_level(logging.DEBUG):
        page = browser(None).get("/failing/hush-hush?q=hush-hush")
    assert page.status_code == 500
    assert page.headers["X-Request-Id"] in caplog.text
    assert "hush-hush" not in caplog.text
