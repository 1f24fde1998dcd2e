"""One's own account: password, second factor, preferences."""

from collections.abc import Callable

import pyotp
import sqlalchemy as sa

from cirt.accounts import directory
from cirt.accounts.models import RecoveryCode, User
from cirt.clock import now
from cirt.db import Database
from cirt.settings import Settings
from tests.cast import user_of
from tests.conftest import PASSWORD, Browser, Cast

NEW = "seven-lamps-and-a-river"


def test_password_change_needs_the_present_one_and_ends_other_sessions(
    browser: Callable[[str | None], Browser],
) -> None:
    here, there = browser("nadia"), browser("nadia")
    form = {"password": NEW, "password_again": NEW}
    wrong = here.post("/account/password", {**form, "present_password": "not-this-one-at-all"})
    assert wrong.status_code == 422
    assert "not your present password" in wrong.get_data(as_text=True)
    assert here.post("/account/password", {**form, "present_password": PASSWORD}).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_weak_passwords_are_refused_with_the_reason(
    browser: Callable[[str | None], Browser],
) -> None:
    nadia = browser("nadia")
    for weak, reason in (
        ("short", "at least 12"),
        ("nadia-nadia-nadia", "without your user name"),
        ("aaaaaaaaaaaaaaaa", "harder to guess"),
        ("my-password-is-long", "harder to guess"),
        ("x" * 200, "at most 128"),
    ):
        page = nadia.post(
            "/account/password",
            {"present_password": PASSWORD, "password": weak, "password_again": weak},
        )
        assert page.status_code == 422, weak
        assert reason in page.get_data(as_text=True), weak


def test_second_factor_is_switched_on_by_its_first_code_and_off_by_the_password(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    nadia = browser("nadia")
    page = nadia.get("/account/second-factor").get_data(as_text=True)
    assert "<svg" in page
    with nadia.client.session_transaction() as cookie:
        secret = cookie["new_totp_secret"]
    assert secret in page
    confirmed = {"present_password": PASSWORD}
    assert nadia.post("/account/second-factor", {"code": "000000", **confirmed}).status_code == 422
    code = pyotp.TOTP(secret).at(int(now().timestamp()))
    assert nadia.post("/account/second-factor", {"code": code}).status_code == 422
    codes = nadia.post("/account/second-factor", {"code": code, **confirmed})
    assert codes.status_code == 200
    with database.reading() as session:
        user = user_of(session, cast, "nadia")
        assert user.totp_secret is not None
        assert secret not in user.totp_secret, "the secret is kept encrypted"
        rows = session.scalars(sa.select(RecoveryCode).where(RecoveryCode.user_id == user.id)).all()
    assert len(rows) == 10
    assert nadia.post("/account/second-factor/off", {"present_password": "no"}).status_code == 422
    assert (
        nadia.post("/account/second-factor/off", {"present_password": PASSWORD}).status_code == 302
    )
    with database.reading() as session:
        assert user_of(session, cast, "nadia").totp_secret is None


def test_language_and_look_are_kept_with_the_person(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    nadia = browser("nadia")
    nadia.post("/preferences", {"language": "ar", "theme": "dark", "next": "/account"})
    page = nadia.get("/account").get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in page
    assert 'data-bs-theme="dark"' in page
    with database.reading() as session:
        user = session.get_one(User, cast.users["nadia"])
        assert (user.language, user.theme) == ("ar", "dark")


def test_unknown_preferences_change_nothing(browser: Callable[[str | None], Browser]) -> None:
    nobody = browser(None)
    answer = nobody.post(
        "/preferences", {"language": "xx", "theme": "<b>", "next": "//evil.example"}
    )
    assert answer.headers["Location"] == "/"
    assert "Set-Cookie" not in answer.headers or "cirt_language" not in answer.headers["Set-Cookie"]


def test_form_without_its_token_changes_nothing_and_keeps_the_text(
    browser: Callable[[str | None], Browser],
) -> None:
    nadia = browser("nadia")
    page = nadia.client.post(
        "/account/password", data={"note": "typed with care, and long enough to show"}
    )
    assert page.status_code == 400
    assert "typed with care" in page.get_data(as_text=True)


def test_wrong_present_passwords_lock_like_wrong_sign_ins_T25(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    """T-25: a stolen session is no place to guess the password at leisure."""
    nadia = browser("nadia")
    form = {"password": NEW, "password_again": NEW}
    for _ in range(5):
        nadia.post("/account/password", {**form, "present_password": "not-this-one-at-all"})
    with database.reading() as session:
        assert user_of(session, cast, "nadia").locked_until is not None
    page = nadia.post("/account/password", {**form, "present_password": PASSWORD})
    assert page.status_code == 422


def test_new_password_ends_links_that_were_sent_before(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast, settings: Settings
) -> None:
    with database.writing() as session:
        user = user_of(session, cast, "nadia")
        link = directory.make_link(session, cast.actors["root"], user, settings=settings)
    form = {"present_password": PASSWORD, "password": NEW, "password_again": NEW}
    assert browser("nadia").post("/account/password", form).status_code == 302
    assert browser(None).get(link.removeprefix(settings.url)).status_code == 404


def test_page_in_another_language_keeps_its_query(
    browser: Callable[[str | None], Browser],
) -> None:
    page = browser(None).get("/help?a=1&a=2&lang=en").get_data(as_text=True)
    assert 'href="/help?a=1&amp;a=2&amp;lang=ar"' in page


def test_page_of_a_form_that_is_only_sent_offers_languages_that_lead_somewhere(
    browser: Callable[[str | None], Browser],
) -> None:
    nadia = browser("nadia")
    assert 'href="/?lang=ar"' in nadia.post("/sign-out").get_data(as_text=True)
