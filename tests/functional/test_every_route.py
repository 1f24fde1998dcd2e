"""Every door of the application, found in its own list of addresses."""

import uuid
from collections.abc import Callable, Iterator

import flask
import pytest
import sqlalchemy as sa

from cirt import routing
from cirt.accounts.directory import PERSON_ROLES
from cirt.accounts.models import ApiToken, LoginSession, User, UserRole
from cirt.db import Database
from cirt.sealing import seal
from cirt.settings import Settings
from tests.conftest import Browser, Cast

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def _addresses(app: flask.Flask, methods: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (method, address) of every door for people, with values that fit nothing."""
    values = {"uuid": str(uuid.uuid4()), "int": "1"}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            opening = routing.opening_of(app, rule.endpoint)
            if opening is None or opening.audience == routing.MACHINE or rule.endpoint == "static":
                continue
            kinds = {name: type(one).__name__ for name, one in rule._converters.items()}
            filled = {
                name: sorted(rule._converters[name].items)[0]  # type: ignore[attr-defined]
                if kind == "AnyConverter"
                else values["uuid" if kind == "UUIDConverter" else "int"]
                for name, kind in kinds.items()
            }
            for method in sorted((rule.methods or set()) & methods):
                yield method, flask.url_for(rule.endpoint, **filled)


@pytest.fixture
def almighty(browser: Callable[[str | None], Browser], database: Database, cast: Cast) -> Browser:
    """A person with every role, so that no refusal hides another."""
    with database.writing() as session:
        held = session.get_one(User, cast.users["chen"]).roles
        session.add_all(
            UserRole(user_id=cast.users["chen"], role=role)
            for role in PERSON_ROLES
            if role not in held
        )
    return browser("chen")


def test_no_form_is_taken_without_its_token_T40(
    app: flask.Flask, almighty: Browser, browser: Callable[[str | None], Browser]
) -> None:
    """T-40: neither without a token nor with another session's."""
    foreign = browser("root").form_token()
    doors = list(_addresses(app, UNSAFE))
    assert len(doors) > 30
    for method, address in doors:
        for data in ({}, {"csrf_token": foreign}, {"csrf_token": "x"}):
            answer = almighty.client.open(address, method=method, data=data)
            assert answer.status_code == 400, (method, address, data)


def test_no_door_opens_without_signing_in(
    app: flask.Flask, browser: Callable[[str | None], Browser]
) -> None:
    nobody = browser(None)
    for method, address in _addresses(app, {"GET", *UNSAFE}):
        endpoint = app.url_map.bind("localhost").match(address.split("?")[0], method=method)[0]
        opening = routing.opening_of(app, endpoint)
        assert opening is not None
        if opening.audience != routing.PUBLIC:
            answer = nobody.client.open(address, method=method)
            leads_to_sign_in = method == "GET" or address == "/sign-out"
            assert answer.status_code == (302 if leads_to_sign_in else 401), (method, address)


def test_no_page_faults_on_what_does_not_exist(app: flask.Flask, almighty: Browser) -> None:
    for _method, address in _addresses(app, {"GET"}):
        status = almighty.get(address).status_code
        assert status < 500 or address == "/health/ready", address


ODD_HEADERS = {
    "X-HTTP-Method-Override": "DELETE",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-User": "root",
    "X-Remote-User": "root",
    "Remote-User": "root",
    "X-Original-URL": "/directory/",
    "X-Rewrite-URL": "/directory/",
    "Forwarded": "for=127.0.0.1;host=evil.example;proto=https",
    "Authorization": "Bearer root",
    "synchronized-upsert": "true",
    "X-Administration": "XZ",
}


@pytest.mark.parametrize("username", ["omar", None])
def test_no_header_changes_who_may_do_what_T15(
    browser: Callable[[str | None], Browser], username: str | None
) -> None:
    """T-15: policy depends on the session alone."""
    one = browser(username)
    for address in ("/account", "/directory/", "/jobs", "/help"):
        plain = one.get(address)
        for name, value in ODD_HEADERS.items():
            odd = one.get(address, headers={name: value})
            same = (plain.status_code, plain.headers.get("Location"))
            assert (odd.status_code, odd.headers.get("Location")) == same, (address, name)
            assert "evil.example" not in odd.get_data(as_text=True)


def test_no_page_shows_a_secret_T17(
    app: flask.Flask,
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    settings: Settings,
) -> None:
    """T-17: what is kept of passwords, sessions, tokens and keys is on no page of any role."""
    browsers = [browser(name) for name in ("root", "amina", "farid", "nadia", "omar")]
    with database.writing() as session:
        for user in session.scalars(sa.select(User)).unique():
            user.totp_secret = seal(settings.secret_key, "totp", b"A" * 32).decode()
    with database.reading() as session:
        users = session.scalars(sa.select(User)).unique().all()
        secrets = [user.password_hash for user in users] + [user.totp_secret for user in users]
        secrets += session.scalars(sa.select(LoginSession.token_hash)).all()
        secrets += session.scalars(sa.select(ApiToken.token_hash)).all()
    secrets += [settings.secret_key, *cast.tokens.values()]
    for one in browsers:
        for _method, address in _addresses(app, {"GET"}):
            answer = one.get(address)
            page = answer.get_data(as_text=True) + str(answer.headers)
            for secret in secrets:
                assert str(secret) not in page, (one.username, address)
