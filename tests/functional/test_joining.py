"""Requests to join a listed circle: asked, taken back, decided, told."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.errors import ConflictError
from cirt.incidents import joining
from cirt.incidents.circle_models import Collection, JoinRequest, JoinState
from tests import sharing
from tests.conftest import Cast

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def requests(database: Database) -> list[JoinRequest]:
    """Return every request, oldest first."""
    with database.reading() as session:
        query = sa.select(JoinRequest).order_by(JoinRequest.asked_at)
        return list(session.scalars(query).unique())


@ONE_ENGINE
def test_a_listed_circle_is_shown_by_title_and_policy_alone(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-16: no members, no content, no id of its collection; unlisted circles stay invisible."""
    listed = sharing.make_circle(
        database, cast, title="Open to all", alias="open-to-all", listed=True
    )
    unlisted = sharing.make_circle(database, cast, title="Between us")
    incident = sharing.make_incident(database, cast, title="Turbine stopped")
    assert incident
    chen = browser("chen")
    page = chen.get("/circles/others").get_data(as_text=True)
    assert "Open to all" in page
    assert "For the tests." in page
    for words in ("Between us", "Administration XB", "open-to-all", "Turbine stopped"):
        assert words not in page
    for path in ("", "/leave", "/members", "/edit"):
        assert chen.get(f"/circles/{listed}{path}").status_code in (403, 404)
    assert chen.get(f"/circles/{unlisted}/join").status_code == 404
    assert chen.get(f"/circles/{uuid.uuid4()}/join").status_code == 404
    assert "Open to all" not in chen.get("/circles/").get_data(as_text=True)
    # members see it among their own
    nadia = browser("nadia")
    assert "Open to all" not in nadia.get("/circles/others").get_data(as_text=True)
    assert browser("omar").get(f"/circles/{listed}/join").status_code == 404
    for who in ("root", "farid", "amina"):
        assert browser(who).get("/circles/others").status_code == 403
    assert browser(None).get("/circles/others").status_code == 302


def test_asked_declined_asked_again_and_accepted(
    browser: Any, database: Database, cast: Cast
) -> None:
    """The asker reads the reason; a moderator's officer decides; a decided one is decided."""
    circle_id = sharing.make_circle(
        database, cast, title="Open to all", listed=True, moderators="XA"
    )
    chen, omar = browser("chen"), browser("omar")
    ask = f"/circles/{circle_id}/join"
    assert chen.get(ask).status_code == 200
    assert chen.post(ask, {"message": "x" * 2_001}).status_code == 422
    assert chen.client.post(ask, data={"message": "no form token"}).status_code == 400
    assert chen.post(ask, {"message": "We guard the same cable."}).status_code == 302
    assert chen.post(ask, {"message": "Again."}).status_code == 422
    [request] = requests(database)
    url = f"/circles/requests/{request.id}"
    assert url in omar.get("/circles/").get_data(as_text=True)
    assert url in omar.get(f"/circles/{circle_id}").get_data(as_text=True)
    assert url in omar.get("/").get_data(as_text=True)
    assert "We guard the same cable." in omar.get(url).get_data(as_text=True)
    for who, status in (("boris", 404), ("chen", 404), ("nadia", 403), ("farid", 403)):
        person = browser(who)
        assert person.get(url).status_code == status
        assert person.post(url, {"decision": "accept", "access": "both"}).status_code == status
    assert omar.post(url, {"decision": "decline", "access": "both"}).status_code == 422
    assert omar.post(url, {"decision": "perhaps", "access": "both"}).status_code == 422
    given = {"decision": "decline", "access": "both", "reason": "Write your policy card first."}
    assert omar.post(url, given).status_code == 302
    assert omar.post(url, {**given, "decision": "accept"}).status_code == 422
    assert chen.get(f"/circles/{circle_id}").status_code == 404
    assert "Write your policy card first." in chen.get("/circles/others").get_data(as_text=True)
    assert chen.post(ask, {"message": ""}).status_code == 302
    second = requests(database)[-1]
    accept = {"decision": "accept", "access": "read", "reason": ""}
    assert browser("root").post(f"/circles/requests/{second.id}", accept).status_code == 302
    assert chen.get(f"/circles/{circle_id}").status_code == 200
    with database.reading() as session:
        member = session.get_one(Collection, circle_id).member(cast.administrations["XC"])
        assert member is not None
        assert (member.may_read, member.may_contribute, member.may_moderate) == (True, False, False)
    assert [one.state for one in requests(database)] == ["declined", "accepted"]


@ONE_ENGINE
def test_a_request_is_taken_back_by_those_who_asked(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Only while it is open, and by nobody else; then it cannot be accepted."""
    circle_id = sharing.make_circle(database, cast, listed=True, moderators="XA")
    chen = browser("chen")
    assert chen.post(f"/circles/{circle_id}/join", {"message": ""}).status_code == 302
    [request] = requests(database)
    back = f"/circles/requests/{request.id}/take-back"
    assert browser("boris").post(back).status_code == 404
    assert browser("omar").post(back).status_code == 404
    assert chen.post(back).status_code == 302
    assert requests(database)[0].state == JoinState.TAKEN_BACK
    accept = {"decision": "accept", "access": "both", "reason": ""}
    assert browser("omar").post(f"/circles/requests/{request.id}", accept).status_code == 422
    assert chen.get(f"/circles/{circle_id}").status_code == 404
    with database.writing() as session, pytest.raises(ConflictError):
        row = session.get_one(JoinRequest, request.id)
        joining.take_back(session, cast.actors["chen"], row)


@ONE_ENGINE
def test_adding_the_asker_answers_the_request(database: Database, cast: Cast) -> None:
    """Nobody finds an open request of a member."""
    circle_id = sharing.make_circle(database, cast, listed=True)
    with database.writing() as session:
        circle = session.get_one(Collection, circle_id)
        joining.ask(session, cast.actors["chen"], circle, "")
    sharing.set_member(database, cast, circle_id, "XC", reads=True, contributes=True)
    assert [one.state for one in requests(database)] == ["accepted"]
