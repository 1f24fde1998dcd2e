"""Signing in and out, as a browser does it."""

import html
import io
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import flask
import pyotp
import pytest
import sqlalchemy as sa

from cirt.accounts import directory, second_factor, signing
from cirt.accounts.models import AccountLink, Administration, LoginSession, RecoveryCode, User
from cirt.app import create_app
from cirt.clock import now
from cirt.db import Database
from cirt.settings import Settings, read_settings
from tests.cast import user_of
from tests.conftest import PASSWORD, Browser, Cast


def sign_in(browser: Browser, username: object, password: object) -> flask.Response:
    return browser.post("/sign-in", {"username": username, "password": password})


def test_sign_in_opens_a_session_and_sign_out_ends_it(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    assert nadia.get("/account").status_code == 200
    assert nadia.post("/sign-out").status_code == 200
    assert nadia.get("/account").status_code == 302
    with database.reading() as session:
        assert session.scalars(sa.select(LoginSession)).one().ended_at is not None


def test_wrong_password_shows_the_same_page_as_an_unknown_name(
    browser: Callable[[str | None], Browser],
) -> None:
    nobody = browser(None)
    pages = [sign_in(nobody, name, "wrong-wrong-wrong") for name in ("nadia", "no-such-person")]
    texts = [page.get_data(as_text=True) for page in pages]
    assert [page.status_code for page in pages] == [422, 422]
    assert "User name or password is wrong" in texts[0]
    assert texts[0].count("User name or password is wrong") == texts[1].count(
        "User name or password is wrong"
    )


@pytest.mark.parametrize("password", ["", " ", "x" * 100_000, "\x00"])
def test_odd_passwords_are_refused_T24(
    browser: Callable[[str | None], Browser], password: str
) -> None:
    """T-24: empty, blank, huge and odd passwords are refused before any work."""
    assert sign_in(browser(None), "nadia", password).status_code == 422


def test_five_failures_lock_the_account_for_a_while(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    nobody = browser(None)
    for _ in range(signing.FAILURES_BEFORE_LOCK):
        sign_in(nobody, "nadia", "wrong-wrong-wrong")
    assert sign_in(nobody, "nadia", PASSWORD).status_code == 422
    with database.writing() as session:
        user = user_of(session, cast, "nadia")
        assert user.locked_until is not None
        user.locked_until = now()  # the lock ends by itself
    assert sign_in(nobody, "nadia", PASSWORD).status_code == 302


def test_many_failures_from_one_address_are_slowed_T25(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    """T-25: limits per account and per network, in the database."""
    nobody = browser(None)
    sign_in(nobody, "no-such-person", "wrong-wrong-wrong")
    with database.writing() as session:
        session.execute(
            sa.update(signing.SignInLimit).values(failures=signing.FAILURES_PER_ADDRESS)
        )
    page = sign_in(nobody, "nadia", PASSWORD)
    assert page.status_code == 422
    assert "Too many failed attempts" in page.get_data(as_text=True)


def test_inactive_account_cannot_sign_in_and_its_sessions_end_T23(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    """T-23: a disabled account is refused on every path."""
    nadia = browser("nadia")
    with database.writing() as session:
        user = user_of(session, cast, "nadia")
        directory.change_user(session, cast.actors["root"], user, roles=user.roles, active=False)
    assert nadia.get("/account").status_code == 302
    assert sign_in(browser(None), "nadia", PASSWORD).status_code == 422


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_other_methods_do_not_reach_the_sign_in_T21(
    browser: Callable[[str | None], Browser], method: str
) -> None:
    """T-21: no check is skipped by another method."""
    answer = browser(None).client.open("/sign-in", method=method)
    assert answer.status_code in (400, 405)


def _with_second_factor(
    database: Database, cast: Cast, settings: Settings, username: str = "nadia"
) -> tuple[str, list[str]]:
    secret = second_factor.new_totp_secret()
    with database.writing() as session:
        user = user_of(session, cast, username)
        code = pyotp.TOTP(secret).at(int(now().timestamp()) - 30)
        codes = second_factor.enable(session, user, secret, code, secret_key=settings.secret_key)
    return secret, codes


def test_second_factor_is_asked_for_and_a_code_works_once_T22(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast, settings: Settings
) -> None:
    """T-22: one code, one session."""
    secret, recovery = _with_second_factor(database, cast, settings)
    first, second = browser(None), browser(None)
    code = pyotp.TOTP(secret).now()
    for one in (first, second):
        page = sign_in(one, "nadia", PASSWORD)
        assert page.status_code == 200
        assert one.get("/account").status_code == 302, "the password alone opens nothing"
    assert first.post("/sign-in/code", {"code": code}).status_code == 302
    assert second.post("/sign-in/code", {"code": code}).status_code == 422
    assert second.post("/sign-in/code", {"code": recovery[0].lower()}).status_code == 302
    third = browser(None)
    sign_in(third, "nadia", PASSWORD)
    assert third.post("/sign-in/code", {"code": recovery[0]}).status_code == 422


def test_twenty_equal_codes_at_once_open_one_session_T22(
    database: Database, cast: Cast, settings: Settings
) -> None:
    """T-22: the same for requests that race."""
    _secret, recovery = _with_second_factor(database, cast, settings)
    accepted = []

    def try_it() -> None:
        with database.writing() as session:
            user = user_of(session, cast, "nadia")
            if second_factor.accept_code(
                session, user, recovery[3], secret_key=settings.secret_key
            ):
                accepted.append(1)

    threads = [threading.Thread(target=try_it) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted) == 1
    with database.reading() as session:
        used = session.scalars(
            sa.select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))
        ).all()
        assert len(used) == 1


def test_public_identifiers_are_no_credentials_T20(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    """T-20: no identifier or stored value of a user opens anything."""
    browser("nadia")
    with database.reading() as session:
        user = user_of(session, cast, "nadia")
        row = session.scalars(sa.select(LoginSession)).one()
        values = [str(user.id), user.username, user.password_hash, str(row.id), row.token_hash]
    for value in values:
        nobody = browser(None)
        with nobody.client.session_transaction() as cookie:
            cookie["_user_id"] = value
        assert nobody.get("/account").status_code == 302, value
        answer = nobody.get("/taxii2/", headers={"Authorization": f"Bearer {value}"})
        assert answer.status_code == 401, value


def test_invitation_link_works_once_and_reset_keeps_the_second_factor(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast, settings: Settings
) -> None:
    _with_second_factor(database, cast, settings)
    with database.writing() as session:
        user = user_of(session, cast, "nadia")
        link = directory.make_link(session, cast.actors["root"], user, settings=settings)
    path = link.removeprefix(settings.url)
    nobody = browser(None)
    assert nobody.get(path).status_code == 200
    short = nobody.post(path, {"password": "short", "password_again": "short"})
    assert short.status_code == 422
    new = "seven-lamps-and-a-river"
    assert nobody.post(path, {"password": new, "password_again": "other"}).status_code == 422
    assert nobody.post(path, {"password": new, "password_again": new}).status_code == 302
    assert nobody.get(path).status_code == 404
    with database.reading() as session:
        assert session.scalars(sa.select(User).where(User.username == "nadia")).one().totp_secret
        assert session.scalars(sa.select(AccountLink)).one().used_at is not None
    page = sign_in(nobody, "nadia", new)
    assert page.status_code == 200
    assert "recovery codes" in page.get_data(as_text=True)


def test_sessions_are_listed_and_another_one_can_be_ended(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    here, there = browser("nadia"), browser("nadia")
    assert "This session" in here.get("/account").get_data(as_text=True)
    with database.reading() as session:
        newest = session.scalars(
            sa.select(LoginSession).order_by(LoginSession.created_at.desc())
        ).first()
    assert newest is not None
    assert here.post(f"/account/sessions/{newest.id}/end").status_code == 302
    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


TYPED = "كل ما كتبته هنا يجب أن يبقى"


def _end_all_sessions(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.update(LoginSession).values(ended_at=now()))


def _hidden(page: str) -> dict[str, str]:
    """Return the fields that the form of a page's content sends without being touched."""
    content = page.split("<main", 1)[1].split("</main>", 1)[0]
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', content)
    named = (dict(re.findall(r'(name|value)="([^"]*)"', field)) for field in fields)
    return {field["name"]: html.unescape(field.get("value", "")) for field in named}


def _post_on(browser: Browser, url: str, page: str, **typed: str) -> flask.Response:
    """Send a page's form as it stands, with what is typed into it."""
    fields = {**_hidden(page), **typed}
    return browser.client.post(url, data=fields)


def _administration_typed_too_late(root: Browser, database: Database) -> str:
    token = root.form_token()
    _end_all_sessions(database)
    page = root.client.post(
        "/directory/administrations/new",
        data={
            "csrf_token": token,
            "code": "XQ",
            "name_ar": TYPED,
            "kind": "member-state",
            "place": "local",
        },
    )
    assert page.status_code == 401
    text = page.get_data(as_text=True)
    assert TYPED in re.sub(r"<input[^>]*>", "", text), "what was typed can be read on the page"
    assert 'action="/sign-in"' in text
    return text


def test_form_sent_after_the_session_ended_can_be_sent_after_signing_in(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    root = browser("root")
    page = _administration_typed_too_late(root, database)
    wrong = _post_on(root, "/sign-in", page, username="root", password="wrong-wrong-wrong")
    assert wrong.status_code == 422
    again = _post_on(
        root, "/sign-in", wrong.get_data(as_text=True), username="root", password=PASSWORD
    )
    text = again.get_data(as_text=True)
    assert again.status_code == 200
    assert TYPED in text
    assert 'action="/directory/administrations/new"' in text
    with database.reading() as session:
        assert session.scalars(sa.select(Administration).filter_by(code="XQ")).all() == []
    sent = _post_on(root, "/directory/administrations/new", text, name_ar=TYPED)
    assert sent.status_code == 302
    with database.reading() as session:
        assert session.scalars(sa.select(Administration).filter_by(code="XQ")).one().names == {
            "ar": TYPED
        }


def test_form_is_carried_over_the_second_factor_too(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast, settings: Settings
) -> None:
    root = browser("root")
    page = _administration_typed_too_late(root, database)
    secret, _codes = _with_second_factor(database, cast, settings, "root")
    asked = _post_on(root, "/sign-in", page, username="root", password=PASSWORD)
    assert TYPED in asked.get_data(as_text=True)
    wrong = _post_on(root, "/sign-in/code", asked.get_data(as_text=True), code="abcde-abcde")
    assert wrong.status_code == 422
    code = pyotp.TOTP(secret).now()
    page = _post_on(root, "/sign-in/code", wrong.get_data(as_text=True), code=code).get_data(
        as_text=True
    )
    assert TYPED in page
    sent = _post_on(root, "/directory/administrations/new", page, name_ar=TYPED)
    assert sent.status_code == 302


def test_script_is_told_in_json_that_the_session_ended(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    _end_all_sessions(database)
    answer = nadia.client.post(
        "/account/password", data={"csrf_token": token}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 401
    assert answer.get_json()["message"]


def test_chosen_file_is_named_as_not_kept(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    _end_all_sessions(database)
    page = nadia.client.post(
        "/account/password",
        data={"csrf_token": token, "note": TYPED, "file": (io.BytesIO(b"x"), "تقرير.pdf")},
    )
    text = page.get_data(as_text=True)
    assert "Files are not kept" in text
    assert "تقرير.pdf" in text
    again = _post_on(nadia, "/sign-in", text, username="nadia", password=PASSWORD)
    assert "تقرير.pdf" in again.get_data(as_text=True)


def test_passwords_are_never_carried_on(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    _end_all_sessions(database)
    page = nadia.client.post(
        "/account/password", data={"csrf_token": token, "present_password": "hush-hush-hush"}
    )
    assert page.status_code == 401
    assert "hush-hush-hush" not in page.get_data(as_text=True)


def test_sign_in_form_without_its_token_is_shown_again(
    browser: Callable[[str | None], Browser],
) -> None:
    nobody = browser(None)
    page = nobody.client.post(
        "/sign-in",
        data={"username": "nadia", "password": PASSWORD, "next": "/account", "kept__note": TYPED},
    )
    assert page.status_code == 400
    assert TYPED in page.get_data(as_text=True)
    again = _post_on(
        nobody, "/sign-in", page.get_data(as_text=True), username="nadia", password=PASSWORD
    )
    assert 'action="/account"' in again.get_data(as_text=True)


def test_second_click_on_sign_out_ends_at_the_sign_in(
    browser: Callable[[str | None], Browser],
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    page = nadia.client.post("/sign-out", data={"csrf_token": token})
    fresh = page.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    assert nadia.client.post("/preferences", data={"csrf_token": fresh}).status_code == 302
    again = nadia.client.post("/sign-out", data={"csrf_token": token})
    assert again.headers["Location"] == "/sign-in"


def test_signing_in_again_ends_the_session_before(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    sign_in(nadia, "nadia", PASSWORD)
    with database.reading() as session:
        running = session.scalars(sa.select(LoginSession).filter_by(ended_at=None)).all()
    assert len(running) == 1


def test_password_step_is_forgotten_after_a_while_and_with_a_new_password(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast, settings: Settings
) -> None:
    secret, codes = _with_second_factor(database, cast, settings)
    early, late = browser(None), browser(None)
    for one in (early, late):
        assert sign_in(one, "nadia", PASSWORD).status_code == 200
    with late.client.session_transaction() as cookie:
        user, _moment, mark = cookie["password_given"]
        cookie["password_given"] = [user, (now() - timedelta(minutes=11)).isoformat(), mark]
    assert late.post("/sign-in/code", {"code": pyotp.TOTP(secret).now()}).status_code == 422
    assert late.get("/account").status_code == 302
    with database.writing() as session:
        directory.change_password(
            session, user_of(session, cast, "nadia"), "seven-lamps-and-a-river", keep=None
        )
    assert early.post("/sign-in/code", {"code": codes[0]}).status_code == 422
    assert early.get("/account").status_code == 302


def test_parallel_failures_all_count_T25(database: Database, cast: Cast) -> None:
    """T-25: attempts at the same moment lock the account as attempts in a row do."""

    def fail() -> None:
        signing.try_password(database, "nadia", "wrong-wrong-wrong", address="192.0.2.1")

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert user_of(session, cast, "nadia").failures == 4
        assert session.get_one(signing.SignInLimit, "192.0.2.1").failures == 4
    fail()
    with database.reading() as session:
        assert user_of(session, cast, "nadia").locked_until is not None


def test_password_is_compared_without_holding_the_database(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = signing.password_matches

    def comparing(kept: str | None, password: object) -> bool:
        with database.writing() as session:  # would wait for ever for an open transaction's lock
            session.execute(sa.text("SELECT 1"))
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        return compare(kept, password)

    monkeypatch.setattr(signing, "password_matches", comparing)
    attempt = signing.try_password(database, "nadia", PASSWORD, address="192.0.2.1")
    assert attempt.user is not None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:", "unix:"),
    ],
)
def test_failures_are_counted_by_network(address: str, network: str) -> None:
    assert signing.network_of(address) == network


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/account\r\nX-Odd: 1",
        "javascript:alert(1)",
        "/no-such-page",
        "/sign-out",  # takes forms only
    ],
)
def test_sign_in_goes_on_only_to_this_site(
    browser: Callable[[str | None], Browser], target: str
) -> None:
    answer = browser(None).post(
        "/sign-in", {"username": "nadia", "password": PASSWORD, "next": target}
    )
    assert answer.headers["Location"] == "/"


def test_every_answer_forbids_caching_and_scripts_T26(
    browser: Callable[[str | None], Browser],
) -> None:
    """T-26: private pages are never stored by a cache; hostile content never runs."""
    answer = browser("nadia").get("/account")
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Cookie", "Authorization", "Accept"} <= {
        part.strip() for part in answer.headers["Vary"].split(",")
    }
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("proxies", "shown"), [("0", "127.0.0.1"), ("1", "192.0.2.9")])
def test_address_is_what_the_own_proxies_say_and_nobody_else(
    database_url: str, tmp_path: Path, cast: Cast, database: Database, proxies: str, shown: str
) -> None:
    settings = read_settings(
        {"CIRT_PROXIES": proxies}, data_dir=tmp_path / "data", database_url=database_url
    )
    application = create_app(settings)
    nadia = Browser(application.test_client(), "nadia")
    header = {"X-Forwarded-For": "198.51.100.1, 192.0.2.9"}  # the first may be invented
    form = {"username": "nadia", "password": PASSWORD}
    assert nadia.post("/sign-in", form, headers=header).status_code == 302
    with database.reading() as session:
        assert session.scalars(sa.select(LoginSession.address)).all() == [shown]
    application.extensions["cirt"].database.dispose()
