"""Who changes the members of a circle, and how one leaves it."""

import json
import uuid
from typing import Any

import pytest

from cirt.accounts import directory
from cirt.accounts.models import AdministrationKind, Place
from cirt.db import Database
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.release_models import Release
from cirt.incidents.standing_approvals import approval_for
from tests import sharing
from tests.conftest import Cast

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def members_of(database: Database, circle_id: uuid.UUID) -> dict[str, tuple[bool, bool, bool]]:
    """Return what each member may do, by code."""
    with database.reading() as session:
        circle = session.get_one(Collection, circle_id)
        return {
            one.administration.code: (one.may_read, one.may_contribute, one.may_moderate)
            for one in circle.members
        }


@ONE_ENGINE
def test_roles_and_acts(browser: Any, database: Database, cast: Cast) -> None:
    """T-10: of a visible circle, its members' pages are for administrators and moderators' officers.

    The frame stays with the administrator, also when a moderator asks.
    """
    circle_id = sharing.make_circle(database, cast, "XA XB", moderators="XA")
    other = cast.administrations["XB"]
    expected = {  # members, remove, edit, leave
        "root": (200, 200, 200, 403),
        "omar": (200, 200, 403, 200),
        "nadia": (403, 403, 403, 403),
        "boris": (403, 403, 403, 200),
        "chen": (404, 404, 403, 404),
        "farid": (403, 403, 403, 403),
        "amina": (403, 403, 403, 403),
    }
    paths = ("members", f"members/{other}/remove", "edit", "leave")
    for who, statuses in expected.items():
        person = browser(who)
        for path, status in zip(paths, statuses, strict=True):
            url = f"/circles/{circle_id}/{path}"
            assert person.get(url).status_code == status, (who, path)
            if status != 200:
                assert person.post(url, {"administration": str(other)}).status_code == status
    assert members_of(database, circle_id) == {"XA": (True, True, True), "XB": (True, True, False)}
    nobody = browser(None)
    assert nobody.get(f"/circles/{circle_id}/leave").status_code == 302
    officer = browser("omar")
    assert officer.client.post(f"/circles/{circle_id}/leave").status_code == 400  # no form token
    assert officer.client.delete(f"/circles/{circle_id}/leave").status_code in (400, 405)


@ONE_ENGINE
def test_a_moderator_adds_changes_and_removes_members(
    browser: Any, database: Database, cast: Cast
) -> None:
    """And never leaves the circle without a moderator; the administrator may."""
    circle_id = sharing.make_circle(database, cast, "XA XB", moderators="XA")
    omar, url = browser("omar"), f"/circles/{circle_id}/members"
    own, other, third = (str(cast.administrations[code]) for code in ("XA", "XB", "XC"))
    assert omar.post(url, {"administration": third, "access": "read"}).status_code == 302
    assert members_of(database, circle_id)["XC"] == (True, False, False)
    for wrong in (
        {"administration": own, "access": "both"},  # gives up the last moderator
        {"administration": other, "access": "contribute", "may_moderate": "y"},
        {"administration": str(uuid.uuid4()), "access": "both"},
        {"administration": str(cast.administrations["XZ"]), "access": "both"},
        {"administration": other, "access": "all"},
    ):
        assert omar.post(url, wrong).status_code == 422
    assert omar.post(f"{url}/{own}/remove").status_code == 422
    assert members_of(database, circle_id)["XA"] == (True, True, True)
    given = {"administration": other, "access": "both", "may_moderate": "y"}
    assert omar.post(url, given).status_code == 302
    assert omar.post(f"{url}/{third}/remove").status_code == 302
    assert omar.post(f"{url}/{own}/remove").status_code == 302
    assert members_of(database, circle_id) == {"XB": (True, True, True)}
    assert omar.get(url).status_code == 404
    root = browser("root")
    assert root.post(url, {"administration": other, "access": "read"}).status_code == 302
    assert members_of(database, circle_id) == {"XB": (True, False, False)}


@ONE_ENGINE
def test_an_administration_of_another_installation_is_a_member_and_no_moderator(
    browser: Any, database: Database, cast: Cast
) -> None:
    """It is shown for what it is; nobody of it signs in here, so nobody could moderate."""
    circle_id = sharing.make_circle(database, cast)
    with database.writing() as session:
        remote = directory.add_administration(
            session,
            None,
            code="XR",
            names={"en": "Administration XR"},
            kind=AdministrationKind.MEMBER_STATE,
            place=Place.REMOTE,
        ).id
    root, url = browser("root"), f"/circles/{circle_id}/members"
    given = {"administration": str(remote), "access": "both"}
    assert root.post(url, {**given, "may_moderate": "y"}).status_code == 422
    assert root.post(url, given).status_code == 302
    for page in (root.get(url), browser("nadia").get(f"/circles/{circle_id}")):
        assert "at another installation" in page.get_data(as_text=True)


def test_leaving_ends_access_at_once(
    app: Any, browser: Any, database: Database, cast: Cast
) -> None:
    """T-13: pages, reports, TAXII and approvals end; what was on the way is withdrawn."""
    circle_id = sharing.make_circle(
        database, cast, "XA XB", writing=MachineWriting.DIRECT, moderators="XA"
    )
    incident = sharing.make_incident(database, cast, title="Turbine stopped")
    release = sharing.released(database, cast, incident, circle_id)
    report = next(
        one["id"] for one in json.loads(release.bundle)["objects"] if one["type"] == "report"
    )
    sharing.give_standing_approval(database, cast, circle_id, who="boris")
    own = sharing.make_incident(database, cast, "boris")
    prepared = sharing.prepare(database, cast, own, circle_id, who="boris")
    boris, machine = browser("boris"), sharing.Machine(app, cast.tokens["XB"])
    pages = [f"/circles/{circle_id}", f"/circles/{circle_id}/reports/{report}"]
    feeds = [f"/exchange/collections/{circle_id}/{part}" for part in ("", "objects/", "manifest/")]
    assert [boris.get(url).status_code for url in pages] == [200, 200]
    assert [machine.get(url).status_code for url in feeds] == [200, 200, 200]
    question = boris.get(f"/circles/{circle_id}/leave").get_data(as_text=True)
    assert "This holds at once" in question
    assert boris.post(f"/circles/{circle_id}/leave").status_code == 302
    assert members_of(database, circle_id) == {"XA": (True, True, True)}
    assert [boris.get(url).status_code for url in pages] == [404, 404]
    assert [machine.get(url).status_code for url in feeds] == [404, 404, 404]
    assert str(circle_id) not in machine.get("/exchange/collections/").get_data(as_text=True)
    assert "Two neighbours" not in boris.get("/circles/").get_data(as_text=True)
    assert boris.post(f"/circles/{circle_id}/leave").status_code == 404
    with database.reading() as session:
        assert session.get_one(Release, prepared).state == "withdrawn"
        assert approval_for(session, circle_id, cast.administrations["XB"]) is None
    # who comes back finds no approval that it did not give again
    sharing.set_member(database, cast, circle_id, "XB", reads=True, contributes=True)
    with database.reading() as session:
        assert approval_for(session, circle_id, cast.administrations["XB"]) is None


@ONE_ENGINE
def test_the_last_to_leave_is_told_so(browser: Any, database: Database, cast: Cast) -> None:
    """The last moderator, the last member; nobody is kept in a circle."""
    circle_id = sharing.make_circle(database, cast, "XA XB", moderators="XA")
    omar, boris = browser("omar"), browser("boris")
    url = f"/circles/{circle_id}/leave"
    assert "No other member moderates" in omar.get(url).get_data(as_text=True)
    assert "No other member moderates" not in boris.get(url).get_data(as_text=True)
    assert omar.post(url).status_code == 302
    assert "the last member" in boris.get(url).get_data(as_text=True)
    assert boris.post(url).status_code == 302
    assert members_of(database, circle_id) == {}
