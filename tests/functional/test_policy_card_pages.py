"""Policy cards and audience ceilings: who writes, who reads, what they refuse."""

import uuid
from typing import Any

import pytest

from cirt.access import Role
from cirt.accounts import directory
from cirt.accounts.models import Place
from cirt.db import Database
from cirt.errors import ForbiddenError, InvalidInputError
from cirt.incidents import audience_ceilings, circles, policy_cards
from cirt.incidents.audience_ceilings import check_ceiling, set_ceiling
from cirt.incidents.circle_models import Collection, PolicyCard
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CARD = {
    "retention_days": "90",
    "onward": "constituents",
    "accepts": "amber",
    "contact": "desk@xa.example",
    "statement": "Kept in the vault.",
}


def test_an_administration_writes_its_own_card_and_all_teams_read_it(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-01: the officer for the own one; the second id of the address is nobody else's."""
    own, other = cast.administrations["XA"], cast.administrations["XB"]
    omar = browser("omar")
    edit = f"/circles/policy-cards/{own}/edit"
    assert omar.get(edit).status_code == 200
    assert omar.post(edit, CARD).status_code == 302
    assert omar.post(edit, {**CARD, "retention_days": ""}).status_code == 302
    for who in ("boris", "chen", "nadia"):
        person = browser(who)
        page = person.get(f"/circles/policy-cards/{own}").get_data(as_text=True)
        for words in ("Kept in the vault.", "desk@xa.example", "TLP:AMBER", "90 days", "not said"):
            assert words in page
        assert "TLP:AMBER" in person.get("/circles/policy-cards/").get_data(as_text=True)
    for who, administration, status in (
        ("omar", other, 403),
        ("boris", own, 403),
        ("nadia", own, 403),
        ("root", own, 403),
        ("farid", own, 403),
        ("omar", uuid.uuid4(), 404),
        ("omar", cast.administrations["XZ"], 404),
    ):
        url = f"/circles/policy-cards/{administration}/edit"
        assert browser(who).post(url, CARD).status_code == status, (who, administration)
    with database.reading() as session:
        assert session.query(PolicyCard).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": "-1"},
        {"retention_days": "ten"},
        {"retention_days": "99999"},
        {"onward": "everybody"},
        {"accepts": "red"},
        {"statement": "x" * 4_001},
    ],
)
def test_a_wrong_card_is_refused(
    browser: Any, database: Database, cast: Cast, wrong: dict[str, str]
) -> None:
    """422 with the form kept, and nothing is stored."""
    answer = browser("omar").post(
        f"/circles/policy-cards/{cast.administrations['XA']}/edit", {**CARD, **wrong}
    )
    assert answer.status_code == 422
    assert "desk@xa.example" in answer.get_data(as_text=True)
    with database.reading() as session:
        assert session.query(PolicyCard).count() == 0


def test_the_administrator_writes_the_cards_of_administrations_elsewhere(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Nobody of them signs in here. Digits of another script are digits."""
    with database.writing() as session:
        remote = directory.add_administration(
            session, None, code="XR", names={"en": "Administration XR"}, place=Place.REMOTE
        ).id
    url = f"/circles/policy-cards/{remote}/edit"
    assert browser("omar").get(url).status_code == 403
    assert browser("root").post(url, {**CARD, "retention_days": "٣٠"}).status_code == 302
    with database.reading() as session:
        card = policy_cards.card_of(session, remote)
        assert card is not None
        assert card.retention_days == 30


def test_a_sender_sees_each_partner_that_does_not_fit(
    browser: Any, database: Database, cast: Cast
) -> None:
    """By recipient, and who said nothing is named as well; the sender's own card plays no part."""
    circle_id = sharing.make_circle(database, cast, "XA XB XC")
    boris = browser("boris")
    url = f"/circles/policy-cards/{cast.administrations['XB']}/edit"
    assert boris.post(url, {**CARD, "onward": "partners"}).status_code == 302
    with database.reading() as session:
        circle = session.get_one(Collection, circle_id)
        audience = circles.audience_of(session, circle, cast.administrations["XA"])
        assert audience.recipients is not None
        assert [one.administration.code for one in audience.recipients] == ["XB", "XC"]
        found = {
            (member.administration.code if member else "", one.kind)
            for member, one in audience.conflicts(tlp=TLP.AMBER_STRICT, retention_days=30)
        }
    assert found == {("XB", "marking"), ("XB", "retention"), ("XB", "onward"), ("XC", "unsaid")}


def test_ceilings_bound_what_each_role_may_share(database: Database, cast: Cast) -> None:
    """MISP#5909: a role without one is not bound; of two roles the wider holds."""
    own, omar = cast.administrations["XA"], cast.actors["omar"]
    analyst, officer = {Role.ANALYST}, {Role.RELEASING_OFFICER}

    def refused(roles: set[Role], recipients: int, tlp: TLP, where: uuid.UUID = own) -> bool:
        with database.reading() as session:
            try:
                check_ceiling(session, where, roles, recipients=recipients, tlp=tlp)
            except ForbiddenError:
                return True
        return False

    assert not refused(analyst, 10_000, TLP.AMBER_STRICT)
    with database.writing() as session:
        set_ceiling(session, omar, Role.ANALYST, most_recipients=3, strictest=TLP.GREEN)
    assert not refused(analyst, 3, TLP.GREEN)
    assert refused(analyst, 4, TLP.GREEN)
    assert refused(analyst, 1, TLP.AMBER)
    assert not refused(officer, 4, TLP.AMBER)
    assert not refused(analyst | officer, 4, TLP.AMBER)
    assert not refused(analyst, 4, TLP.AMBER, cast.administrations["XB"])
    with database.writing() as session:
        set_ceiling(session, omar, Role.RELEASING_OFFICER, most_recipients=9, strictest=TLP.AMBER)
    assert not refused(analyst | officer, 9, TLP.AMBER)
    assert refused(analyst | officer, 10, TLP.AMBER)
    for role, most, tlp in (
        (Role.ADMINISTRATOR, 1, TLP.GREEN),
        (Role.ANALYST, 1, TLP.RED),
        (Role.ANALYST, -1, TLP.GREEN),
    ):
        with database.writing() as session, pytest.raises(InvalidInputError):
            set_ceiling(session, omar, role, most_recipients=most, strictest=tlp)


def test_the_page_of_ceilings(browser: Any, database: Database, cast: Cast) -> None:
    """The officer sets both roles' at once or none; analysts read; others have none."""
    given = {
        "analyst_most": "5",
        "analyst_strictest": "amber",
        "officer_most": "",
        "officer_strictest": "amber+strict",
    }
    url = "/circles/ceilings"
    omar, nadia = browser("omar"), browser("nadia")
    assert omar.post(url, given).status_code == 302
    assert omar.post(url, {**given, "officer_most": "many"}).status_code == 422
    assert (
        omar.post(url, {**given, "analyst_most": "7", "officer_most": "10001"}).status_code == 422
    )
    assert omar.post(url, {**given, "analyst_strictest": "red"}).status_code == 422
    assert nadia.post(url, {**given, "analyst_most": "99"}).status_code == 403
    page = nadia.get(url).get_data(as_text=True)
    assert "any number" in page
    assert '<form method="post" novalidate' not in page
    with database.reading() as session:
        rows = audience_ceilings.ceilings(session, cast.administrations["XA"])
        assert rows[Role.ANALYST].most_recipients == 5
        assert rows[Role.RELEASING_OFFICER].most_recipients is None
        assert audience_ceilings.ceilings(session, cast.administrations["XB"]) == {}
    for who in ("root", "farid", "amina"):
        assert browser(who).get(url).status_code == 403
