"""The directory: administrators manage accounts and tokens, and nobody else does."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import Administration, ApiToken, User
from cirt.db import Database
from tests.conftest import PASSWORD, Browser, Cast


def test_administrator_adds_a_person_who_chooses_a_password_and_signs_in(
    browser: Callable[[str | None], Browser], cast: Cast
) -> None:
    root = browser("root")
    form = {
        "administration": str(cast.administrations["XA"]),
        "username": "Layla.A",
        "name": "ليلى",
        "roles": ["analyst"],
    }
    page = root.post("/directory/users/new", form)
    assert page.status_code == 200
    path = re.search(r"/welcome/[\w-]+", page.get_data(as_text=True))
    assert path is not None
    nobody = browser(None)
    new = "seven-lamps-and-a-river"
    assert nobody.post(path[0], {"password": new, "password_again": new}).status_code == 302
    assert nobody.post("/sign-in", {"username": "layla.a", "password": new}).status_code == 302


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "x"}, "3 to 64 small Latin letters"),
        ({"username": "nadia"}, "is taken"),
        ({"roles": []}, "Choose at least one role"),
        ({"roles": ["machine"]}, "machine"),
        ({"name": ""}, "Type the person"),
    ],
)
def test_bad_person_is_refused_and_the_rest_of_the_form_is_kept(
    browser: Callable[[str | None], Browser], cast: Cast, changes: dict[str, object], sentence: str
) -> None:
    form = {
        "administration": str(cast.administrations["XA"]),
        "username": "layla",
        "name": "Layla",
        "email": "layla@example.org",
        "roles": ["analyst"],
    }
    page = browser("root").post("/directory/users/new", {**form, **changes})
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert sentence in text
    assert "layla@example.org" in text


def test_administrator_cannot_drop_the_own_role(
    browser: Callable[[str | None], Browser], cast: Cast, database: Database
) -> None:
    page = browser("root").post(
        f"/directory/users/{cast.users['root']}", {"roles": ["analyst"], "active": "y"}
    )
    assert page.status_code == 422
    with database.reading() as session:
        assert {role.value for role in session.get_one(User, cast.users["root"]).roles} == {
            "administrator"
        }


def test_changed_role_takes_effect_at_once(
    browser: Callable[[str | None], Browser], cast: Cast
) -> None:
    root, omar = browser("root"), browser("omar")
    assert omar.get("/directory/").status_code == 403
    root.post(f"/directory/users/{cast.users['omar']}", {"roles": ["administrator"], "active": "y"})
    assert omar.get("/directory/").status_code == 200


def test_token_is_shown_once_and_ends_at_once(
    browser: Callable[[str | None], Browser], cast: Cast, database: Database
) -> None:
    root = browser("root")
    page = root.post(
        "/directory/tokens/new",
        {
            "administration": str(cast.administrations["XB"]),
            "label": "MISP",
            "scopes": ["taxii.read"],
            "days": "30",
        },
    )
    token = re.search(r"cirt_[\w-]+_[0-9a-f]{8}", page.get_data(as_text=True))
    assert token is not None
    assert token[0] not in root.get("/directory/").get_data(as_text=True)
    machine = browser(None).client
    header = {"Authorization": f"Bearer {token[0]}", "Accept": "application/taxii+json;version=2.1"}
    assert machine.get("/taxii2/", headers=header).status_code == 200
    with database.reading() as session:
        row = session.scalars(sa.select(ApiToken).where(ApiToken.label == "MISP")).one()
        assert token[0] not in str(vars(row))
    question = root.get(f"/directory/tokens/{row.id}/revoke").get_data(as_text=True)
    assert "End this token?" in question and "taxii.read" in question
    assert machine.get("/taxii2/", headers=header).status_code == 200  # a question ends nothing
    root.post(f"/directory/tokens/{row.id}/revoke")
    assert machine.get("/taxii2/", headers=header).status_code == 401


def test_directory_says_what_a_token_may_do_and_when_it_was_used_last(
    browser: Callable[[str | None], Browser], cast: Cast, database: Database
) -> None:
    """Noted at the first use, and at most every ten minutes after it."""
    root = browser("root")
    form = root.get("/directory/tokens/new").get_data(as_text=True)
    assert all(scope in form for scope in tokens.SCOPES)

    def line() -> str:
        page = root.get("/directory/").get_data(as_text=True)
        return next(row for row in page.split("<tr>") if "machine of XA" in row)

    assert "taxii.read" in line() and "never" in line()
    header = {"Authorization": f"Bearer {cast.tokens['XA']}"}
    machine = browser(None).client
    times = []
    for moved in (timedelta(), timedelta(), 2 * tokens.USE_NOTED_EVERY):
        with database.writing() as session:
            row = session.scalars(sa.select(ApiToken).where(ApiToken.label == "machine of XA"))
            found = row.unique().one()
            found.used_at = found.used_at and found.used_at - moved
        assert machine.get("/api/v1/", headers=header).status_code == 200
        with database.reading() as session:
            times.append(session.get_one(ApiToken, found.id).used_at)
    assert times[0] is not None and times[0] == times[1] < times[2]
    assert "never" not in line()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"code": "X"}, "two-letter country code"),
        ({"code": "XA"}, "exists already"),
        ({"code": "XQ", "name_en": "", "name_ar": ""}, "at least one language"),
    ],
)
def test_bad_administration_is_refused(
    browser: Callable[[str | None], Browser],
    database: Database,
    form: dict[str, str],
    sentence: str,
) -> None:
    full = {"name_en": "Administration", "kind": "member-state", "place": "local", **form}
    page = browser("root").post("/directory/administrations/new", full)
    assert page.status_code == 422
    assert sentence in page.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Administration)) == 4


def test_extra_fields_are_not_stored_T03(
    browser: Callable[[str | None], Browser], cast: Cast, database: Database
) -> None:
    """T-03: columns that a form does not offer cannot be set through it."""
    columns = {column.name: "1" for column in User.__table__.columns} | {"password": PASSWORD}
    form = {
        "administration": str(cast.administrations["XA"]),
        "username": "layla",
        "name": "Layla",
        "roles": ["analyst"],
    }
    browser("root").post("/directory/users/new", {**columns, **form})
    with database.reading() as session:
        row = session.scalars(sa.select(User).where(User.username == "layla")).one()
        assert row.password_hash is None
        assert row.totp_secret is None
        assert row.administration_id == cast.administrations["XA"]
