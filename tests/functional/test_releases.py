"""Releases on the pages: prepare, look at the bytes, a second person approves those bytes."""

import hashlib
import re
import uuid
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.incidents.release_models import Release
from cirt.incidents.release_sections import Section
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB."""
    return sharing.make_circle(database, cast)


@pytest.fixture
def incident(database: Database, cast: Cast) -> uuid.UUID:
    """An incident of XA."""
    return sharing.make_incident(database, cast, title="Turbine stopped")


def text_of(answer: Any) -> str:
    """Return the page as text."""
    page: str = answer.get_data(as_text=True)
    return page


def plan(person: Any, incident: uuid.UUID, *circles: uuid.UUID, **more: Any) -> Any:
    """Send the plan of a release with all sections to these audiences."""
    sections = [section.value for section in Section]
    return person.post(
        f"/incidents/{incident}/sharing/plan",
        {
            "to": [str(circle) for circle in circles],
            "planned": "1",
            "go": "prepare",
            **{f"sections-{circle}": sections for circle in circles},
            **more,
        },
    )


def hash_on(page: str) -> str:
    """Return the hash that the form of the approval page would send."""
    found = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_the_whole_way_of_a_release(
    app: flask.Flask,
    browser: Any,
    database: Database,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """Nadia prepares, omar finds it, looks, approves the bytes; XB's machine has them."""
    nadia, omar = browser("nadia"), browser("omar")
    listed = text_of(nadia.get(f"/incidents/{incident}/sharing"))
    assert str(circle) in listed
    assert "Administration XB" in text_of(
        nadia.get(f"/incidents/{incident}/sharing/plan", query_string={"to": str(circle)})
    )
    answer = plan(nadia, incident, circle)
    assert answer.status_code == 302
    url = answer.headers["Location"]
    page = text_of(nadia.get(url))
    assert "Administration XB" in page
    assert "Nothing has left yet" in page
    assert "Approve these bytes" not in page
    assert nadia.get(f"{url}/approve").status_code == 403

    assert "Turbine stopped" in text_of(omar.get("/"))
    assert url in text_of(omar.get("/releases/"))
    assert "Approve these bytes" in text_of(omar.get(url))
    frozen = omar.get(f"{url}/bundle.json")
    seen = hash_on(text_of(omar.get(f"{url}/approve")))
    assert hashlib.sha256(frozen.get_data()).hexdigest() == seen
    reader = sharing.Machine(app, cast.tokens["XB"])
    objects = f"/exchange/collections/{circle}/objects/"
    assert reader.get(objects).get_json() == {}

    assert omar.post(f"{url}/approve", {"sha256": seen}).status_code == 302
    assert reader.get(objects).get_json()["objects"] == frozen.get_json(force=True)["objects"]
    sharing_page = text_of(nadia.get(f"/incidents/{incident}/sharing"))
    assert "The incident has not changed since." in sharing_page
    assert "Omar" in sharing_page
    assert omar.post(f"{url}/approve", {"sha256": seen}).status_code == 422


def test_other_bytes_than_those_seen_are_not_approved(
    browser: Any, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """The hash in the form decides."""
    release = sharing.prepare(database, cast, incident, circle)
    url = f"/releases/{release}/approve"
    for wrong in ({"sha256": "0" * 64}, {"sha256": ""}, {}):
        assert browser("omar").post(url, wrong).status_code == 422
    with database.reading() as session:
        assert session.get_one(Release, release).state == "prepared"


def test_a_refusal_has_a_reason_and_lets_nothing_out(
    app: flask.Flask,
    browser: Any,
    database: Database,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """Refused by another, withdrawn by the preparer; decided once."""
    for who, state in (("omar", "refused"), ("nadia", "withdrawn")):
        release = sharing.prepare(database, cast, incident, circle)
        person = browser(who)
        assert person.get(f"/releases/{release}/end").status_code == 200
        assert person.post(f"/releases/{release}/end", {"reason": " "}).status_code == 422
        answer = person.post(f"/releases/{release}/end", {"reason": "Names a victim."})
        assert answer.status_code == 302
        with database.reading() as session:
            row = session.get_one(Release, release)
            assert (row.state, row.end_reason) == (state, "Names a victim.")
        again = person.post(f"/releases/{release}/end", {"reason": "Again."})
        assert again.status_code == 422
        assert "Names a victim." in text_of(person.get(f"/releases/{release}"))
    reader = sharing.Machine(app, cast.tokens["XB"])
    assert reader.get(f"/exchange/collections/{circle}/objects/").get_json() == {}


def test_others_see_neither_releases_nor_the_incident(
    browser: Any, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Another member's people: 404 alike for this release and a random one."""
    release = sharing.prepare(database, cast, incident, circle)
    boris = browser("boris")
    for path in ("", "/approve", "/end", "/bundle.json"):
        assert boris.get(f"/releases/{release}{path}").status_code == 404
        assert boris.get(f"/releases/{uuid.uuid4()}{path}").status_code == 404
    assert boris.post(f"/releases/{release}/approve", {"sha256": "0"}).status_code == 404
    assert boris.get(f"/incidents/{incident}/sharing").status_code == 404
    assert plan(boris, incident, circle).status_code == 404
    assert "Turbine stopped" not in text_of(boris.get("/releases/"))
    assert browser("farid").get("/releases/").status_code == 403
    assert browser(None).get("/releases/").status_code == 302


def test_a_circle_of_others_is_no_place_to_release_to(
    browser: Any, database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """404, and no line on the page, for a circle without the own administration."""
    foreign = sharing.make_circle(database, cast, "XB XC", title="Others")
    nadia = browser("nadia")
    assert plan(nadia, incident, foreign).status_code == 404
    assert "Others" not in text_of(nadia.get(f"/incidents/{incident}/sharing"))


def test_obstacles_are_told_before_anything_is_prepared(
    browser: Any, database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """Nobody reads it; it is over the ceiling."""
    alone = sharing.make_circle(database, cast, "XA", title="Alone")
    low = sharing.make_circle(database, cast, title="Low", ceiling=TLP.GREEN)
    nadia = browser("nadia")
    page = text_of(nadia.get(f"/incidents/{incident}/sharing"))
    assert "Nobody else reads this circle yet" in page
    assert "accepts at most TLP:GREEN" in page
    for circle in (alone, low):
        assert plan(nadia, incident, circle).status_code == 422
    with database.reading() as session:
        assert session.query(Release).all() == []


def test_methods_and_form_tokens(
    browser: Any, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """A wrong method is 405; a form without its token is refused."""
    release = sharing.prepare(database, cast, incident, circle)
    omar = browser("omar")
    assert omar.client.delete(f"/incidents/{incident}/sharing/plan").status_code == 405
    for path in (f"/releases/{release}/approve", f"/incidents/{incident}/sharing/plan"):
        answer = omar.client.post(path, data={"sha256": "0", "to": str(circle), "go": "prepare"})
        assert answer.status_code == 400
    with database.reading() as session:
        assert session.get_one(Release, release).state == "prepared"
