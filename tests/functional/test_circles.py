"""Pages of circles: the frame for administrators, content for members, nothing for others."""

import json
import re
import uuid
from typing import Any

import pytest

from cirt.db import Database
from cirt.errors import InvalidInputError
from cirt.incidents import circles
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.circles import Frame
from cirt.incidents.standing_approvals import approval_for
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator

FIELDS = {
    "title": "Energy",
    "description": "Power grids.",
    "alias": "energy",
    "ceiling": "amber",
    "machine_writing": "off",
    "membership": "visible",
}


def text_of(answer: Any) -> str:
    """Return the page as text."""
    page: str = answer.get_data(as_text=True)
    return page


def test_an_administrator_makes_a_circle_and_its_members(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Make, add, change, remove."""
    root = browser("root")
    answer = root.post("/circles/new", FIELDS)
    assert answer.status_code == 302
    members = answer.headers["Location"]
    for code, access in (("XA", "both"), ("XB", "read"), ("XB", "contribute")):
        given = {"administration": str(cast.administrations[code]), "access": access}
        assert root.post(members, given).status_code == 302
    with database.reading() as session:
        [circle] = session.query(Collection).filter_by(kind="circle").all()
        assert (circle.title, circle.alias, circle.tlp_ceiling) == ("Energy", "energy", TLP.AMBER)
        member = circle.member(cast.administrations["XB"])
        assert member is not None
        assert (member.may_read, member.may_contribute) == (False, True)
        circle_id = circle.id
    edit = root.post(f"/circles/{circle_id}/edit", {**FIELDS, "title": "Energy and water"})
    assert edit.status_code == 302
    assert "Energy and water" in text_of(root.get("/circles/"))
    remove = f"/circles/{circle_id}/members/{cast.administrations['XB']}/remove"
    assert root.get(remove).status_code == 200
    assert root.post(remove).status_code == 302
    assert root.post(remove).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("alias", "Energy!"),
        ("alias", "11111111-2222-4333-8444-555555555555"),
        ("alias", "a1111111-2222-4333-8444-555555555555"),
        ("ceiling", "red"),
        ("machine_writing", "always"),
    ],
)
def test_a_wrong_frame_is_refused(browser: Any, database: Database, field: str, value: str) -> None:
    """422, and nothing is stored."""
    assert browser("root").post("/circles/new", {**FIELDS, field: value}).status_code == 422
    with database.reading() as session:
        assert session.query(Collection).filter_by(kind="circle").all() == []


def test_a_short_name_is_given_once(browser: Any) -> None:
    """TAXII-2.1-5.2.1: an alias is unique in the API root."""
    root = browser("root")
    assert root.post("/circles/new", FIELDS).status_code == 302
    assert root.post("/circles/new", FIELDS).status_code == 422


def test_no_rule_lets_red_into_a_circle(database: Database, cast: Cast) -> None:
    """TLP-2.0-RED: also not without the form."""
    frame = Frame("Title", "", "", TLP.RED, MachineWriting.OFF)
    with database.writing() as session, pytest.raises(InvalidInputError):
        circles.make_circle(session, cast.actors["root"], frame)


def test_an_assessing_body_is_no_member(browser: Any, database: Database, cast: Cast) -> None:
    """Circles are of Member States' administrations."""
    circle = sharing.make_circle(database, cast)
    given = {"administration": str(cast.administrations["XZ"]), "access": "both"}
    assert browser("root").post(f"/circles/{circle}/members", given).status_code == 422


def test_members_see_the_circle_and_what_was_released_to_it(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Title, producer, marking of the report; the members by name."""
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast, title="Turbine stopped", tlp=TLP.GREEN)
    sharing.released(database, cast, incident, circle)
    page = text_of(browser("boris").get(f"/circles/{circle}"))
    for words in ("Turbine stopped", "TLP:GREEN", "Administration XA", "Administration XB"):
        assert words in page


def test_readers_open_a_report_and_nobody_else_does(
    browser: Any, database: Database, cast: Cast
) -> None:
    """It says what its objects say; for a stranger it is absent, and so is what is no report."""
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast, title="Turbine stopped")
    release = sharing.released(database, cast, incident, circle)
    ids = [one["id"] for one in json.loads(release.bundle)["objects"]]
    report = next(one for one in ids if one.startswith("report--"))
    boris = browser("boris")
    url = f"/circles/{circle}/reports/{report}"
    assert url in text_of(boris.get(f"/circles/{circle}"))
    page = text_of(boris.get(url))
    for words in ("Turbine stopped", "192.0.2.7", "mail.example.org", "TLP:AMBER+STRICT"):
        assert words in page
    assert "OASIS" not in page
    for other in (ids[0], f"report--{uuid.uuid4()}", "nonsense"):
        assert boris.get(f"/circles/{circle}/reports/{other}").status_code == 404
    assert browser("chen").get(url).status_code == 404
    assert browser("root").get(url).status_code == 403
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    assert boris.get(url).status_code == 404


def test_who_only_contributes_does_not_see_what_is_in_it(
    browser: Any, database: Database, cast: Cast
) -> None:
    """May see the frame; the list is for readers."""
    circle = sharing.make_circle(database, cast)
    sharing.released(
        database, cast, sharing.make_incident(database, cast, title="Turbine stopped"), circle
    )
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    answer = browser("boris").get(f"/circles/{circle}")
    assert answer.status_code == 200
    assert "Turbine stopped" not in text_of(answer)


def test_the_administrator_sees_the_frame_and_no_content(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Not the titles of reports, and no incident."""
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast, title="Turbine stopped")
    release = sharing.released(database, cast, incident, circle)
    root = browser("root")
    page = text_of(root.get(f"/circles/{circle}"))
    assert "Administration XA" in page
    assert "Turbine stopped" not in page
    for url in (f"/incidents/{incident}/sharing", f"/releases/{release.id}", "/releases/"):
        assert root.get(url).status_code in (403, 404)


def test_a_stranger_cannot_tell_a_circle_from_nothing(
    browser: Any, database: Database, cast: Cast
) -> None:
    """404 alike, and no row in the list."""
    circle = sharing.make_circle(database, cast)
    chen = browser("chen")
    pages = [chen.get(f"/circles/{one}") for one in (circle, uuid.uuid4())]
    assert [page.status_code for page in pages] == [404, 404]
    assert "Two neighbours" not in text_of(chen.get("/circles/"))
    assert chen.get(f"/circles/{circle}/standing-approval").status_code == 404


def test_other_roles_have_no_circles(browser: Any, database: Database, cast: Cast) -> None:
    """Assessors and focal points; an analyst changes no frame; nobody is asked to sign in."""
    circle = sharing.make_circle(database, cast)
    for who in ("amina", "farid"):
        assert browser(who).get("/circles/").status_code == 403
        assert browser(who).get(f"/circles/{circle}").status_code == 403
    for path in ("edit", "members", f"members/{cast.administrations['XB']}/remove"):
        assert browser("nadia").get(f"/circles/{circle}/{path}").status_code == 403
        assert browser("nadia").post(f"/circles/{circle}/{path}", FIELDS).status_code == 403
    assert browser(None).get(f"/circles/{circle}").status_code == 302


def test_methods_and_form_tokens(browser: Any, database: Database, cast: Cast) -> None:
    """A wrong method is 405; a form without its token is refused."""
    circle = sharing.make_circle(database, cast)
    root = browser("root")
    assert root.client.delete(f"/circles/{circle}").status_code in (400, 405)
    assert root.client.post("/circles/new", data=FIELDS).status_code == 400


def test_a_releasing_officer_gives_and_ends_a_standing_approval(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Named, with a ceiling, a reason and an end."""
    circle = sharing.make_circle(database, cast, ceiling=TLP.AMBER, writing=MachineWriting.DIRECT)
    url = f"/circles/{circle}/standing-approval"
    omar = browser("omar")
    good = {"ceiling": "green", "until": _next_month(), "reason": "Our sensors."}
    assert omar.get(url).status_code == 200
    for wrong in (
        {"ceiling": "amber+strict"},
        {"ceiling": "red"},
        {"until": "2020-01-01T00:00"},
        {"reason": ""},
    ):
        assert omar.post(url, {**good, **wrong}).status_code == 422
    assert browser("nadia").post(url, good).status_code == 403
    assert omar.post(url, good).status_code == 302
    with database.reading() as session:
        row = approval_for(session, circle, cast.administrations["XA"])
        assert row is not None
        assert (row.approver_id, row.ceiling) == (cast.users["omar"], "green")
    end = f"/circles/standing-approvals/{row.id}/end"
    assert browser("boris").post(end).status_code == 404
    assert omar.post(end).status_code == 302
    with database.reading() as session:
        assert approval_for(session, circle, cast.administrations["XA"]) is None


def _next_month() -> str:
    from datetime import timedelta

    from cirt.clock import now

    return (now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")


def test_the_administrator_sees_when_a_machine_last_asked(
    app: Any, browser: Any, database: Database, cast: Cast
) -> None:
    """The last poll of each machine, noted at most once a minute."""
    circle = sharing.make_circle(database, cast)
    assert "machine of XB" not in text_of(browser("root").get(f"/circles/{circle}"))
    for _ in range(2):
        sharing.Machine(app, cast.tokens["XB"]).get(f"/exchange/collections/{circle}/objects/")
    assert "machine of XB" in text_of(browser("root").get(f"/circles/{circle}"))
    assert "machine of XB" not in text_of(browser("nadia").get(f"/circles/{circle}"))


def test_readers_see_when_their_own_machines_last_asked_and_no_others(
    app: Any, browser: Any, database: Database, cast: Cast
) -> None:
    """T-17: of other administrations neither the label nor that one asked; not who only adds."""
    circle = sharing.make_circle(database, cast)
    sharing.Machine(app, cast.tokens["XB"]).get(f"/exchange/collections/{circle}/objects/")
    omar = text_of(browser("omar").get(f"/circles/{circle}"))
    assert "machine of XB" not in omar
    assert "No machine of your administration has asked" in omar
    sharing.Machine(app, cast.tokens["XA"]).get(f"/exchange/collections/{circle}/objects/")
    for who, own, other in (("omar", "XA", "XB"), ("nadia", "XA", "XB"), ("boris", "XB", "XA")):
        text = text_of(browser(who).get(f"/circles/{circle}"))
        assert f"machine of {own}" in text, who
        assert f"machine of {other}" not in text, who
    adding = sharing.make_circle(database, cast, "XB", title="Reports only")
    sharing.set_member(database, cast, adding, "XA", reads=False, contributes=True)
    assert "that read" not in text_of(browser("omar").get(f"/circles/{adding}"))


def test_a_circle_gives_its_whole_address_and_says_what_it_is_not_empty_of(
    app: Any, browser: Any, database: Database, cast: Cast
) -> None:
    """The API root as tools need it; objects without a report; no approval where nothing is added."""
    circle = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    text = text_of(browser("nadia").get(f"/circles/{circle}"))
    assert "http://127.0.0.1:8000/exchange/" in text and 'data-copy="api-root"' in text
    assert "Nothing was released here yet." in text
    assert "No standing approval" in text
    sharing.give_standing_approval(database, cast, circle)
    url = f"/exchange/collections/{circle}/objects/"
    sent = sharing.Machine(app, cast.tokens["XA"]).post(url, {"objects": [indicator()]})
    assert sent.status_code == 202
    text = text_of(browser("boris").get(f"/circles/{circle}"))
    assert "Nothing was released here yet." not in text
    assert f"/inbox/?collection={circle}" in text
    reading = sharing.make_circle(database, cast, "XB", title="Bulletins")
    sharing.set_member(database, cast, reading, "XA", reads=True, contributes=False)
    text = text_of(browser("omar").get(f"/circles/{reading}"))
    assert "No standing approval" not in text
    assert "Your administration does not contribute to this circle." in text


def test_the_administrator_s_list_sets_members_apart_from_the_size(
    browser: Any, database: Database, cast: Cast
) -> None:
    """The band and the first member do not run into one word."""
    sharing.add_administrations(database, cast, "XD")
    sharing.make_circle(database, cast, "XA XB XC XD", membership=Membership.CONFIDENTIAL)
    row = text_of(browser("root").get("/circles/")).split("4–9", 1)[1]
    assert re.search(r"</\w+>: <", row[:60])
