"""Signing in and out, as a browser does it."""

import threading
from collections.abc import Callable

import flask
import pyotp
import pytest
import sqlalchemy as sa

from cirt.accounts import directory, second_factor, signing
from cirt.accounts.models import AccountLink, LoginSession, RecoveryCode, User
from cirt.clock import now
from cirt.db import Database
from cirt.settings import Settings
from tests.conftest import PASSWORD, Browser, Cast, user_of


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
    database: Database, cast: Cast, settings: Settings
) -> tuple[str, list[str]]:
    secret = second_factor.new_totp_secret()
    with database.writing() as session:
        user = user_of(session, cast, "nadia")
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


def test_form_typed_before_the_session_ended_is_not_lost(
    browser: Callable[[str | None], Browser], database: Database
) -> None:
    nadia = browser("nadia")
    token = nadia.form_token()
    with database.writing() as session:
        session.execute(sa.update(LoginSession).values(ended_at=now()))
    typed = "كل ما كتبته هنا يجب أن يبقى"
    page = nadia.client.post("/account/password", data={"csrf_token": token, "note": typed})
    assert page.status_code == 401
    assert typed in page.get_data(as_text=True)
    answer = nadia.post(
        "/sign-in",
        {
            "username": "nadia",
            "password": PASSWORD,
            "next": "/account/password",
            "kept__note": typed,
        },
    )
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert typed in text
    assert 'action="/account/password"' in text


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
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
