"""What goes back to a producer, approved like any release, and what it finds of it."""

import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents.circle_models import Membership
from cirt.incidents.inbox.received import State
from cirt.incidents.release_models import Release
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.functional import inbox_steps as steps
from tests.functional.test_inbox import text_of

SEEN = {"first_seen": "2026-01-02T10:00", "last_seen": "2026-01-03T10:00", "count": "3"}


def approved(browser: Any, database: Database, cast: Cast, answer: Any) -> Release:
    """Approve what an answer led to, by the officer of XA; return the release."""
    assert answer.status_code == 302, text_of(answer)
    release_id = uuid.UUID(answer.headers["Location"].rsplit("/", 1)[1])
    page = text_of(browser("omar").get(answer.headers["Location"]))
    assert "sighting" in page or "note" in page
    sharing.approve(database, cast, release_id)
    steps.catch_up(database)
    with database.reading() as session:
        return session.get_one(Release, release_id)


def first_choice(page: str) -> str:
    """Return the first id that a form offers."""
    select = page.split("<select", 1)[1].split("</select>", 1)[0]
    return next(
        part.split('"', 1)[0]
        for part in select.split('value="')[1:]
        if part.startswith("indicator")
    )


def test_a_sighting_and_a_proposal_go_to_the_producer_alone(
    browser: Any, database: Database, cast: Cast
) -> None:
    """They stand in the producer's inbox and at its incident, and in nobody else's."""
    circle_id = sharing.make_circle(database, cast, "XA XB XC")
    theirs = sharing.make_incident(database, cast, "boris", title="Theirs", tlp=TLP.GREEN)
    release_of_boris(database, cast, theirs, circle_id)
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    form = steps.address(item, "/sighting")
    page = text_of(nadia.get(form))
    assert "The answer goes to the producer alone" in page
    choice = first_choice(page)
    for wrong in ({"count": "0"}, {"last_seen": "2026-01-01T10:00"}, {"of": "indicator--x"}):
        assert nadia.post(form, {"of": choice, **SEEN, **wrong}).status_code == 422
    sighting = approved(browser, database, cast, nadia.post(form, {"of": choice, **SEEN}))
    form = steps.address(item, "/proposal")
    offered = text_of(nadia.get(form))
    assert 'value="indicator--' in offered and 'value="relationship--' not in offered
    assert nadia.post(form, {"about": item.stix_id, "text": " "}).status_code == 422
    note = {"about": item.stix_id, "text": "The second address is a sinkhole."}
    proposal = approved(browser, database, cast, nadia.post(form, note))
    assert {sighting.kind, proposal.kind} == {"sighting", "proposal"}
    assert [one["code"] for one in sighting.recipients] == ["XB"]
    found = {one.type: one for one in steps.inbox(database, cast, "boris")}
    assert set(found) == {"sighting", "note"}
    assert {one.type for one in steps.inbox(database, cast, "chen")} == {"report"}
    boris = browser("boris")
    at_incident = text_of(boris.get(f"/incidents/{theirs}/received"))
    assert "seen 3 times" in at_incident
    assert "The second address is a sinkhole." in at_incident
    assert "Administration XA" in at_incident
    about = text_of(boris.get(steps.address(found["sighting"])))
    assert "It is about your incident" in about
    assert str(theirs) in about
    accepted = {"version": found["sighting"].version}
    boris.post(steps.address(found["sighting"], "/accept"), accepted)
    assert steps.state_of(database, cast, "boris", found["sighting"]) is State.ACCEPTED


def release_of_boris(
    database: Database, cast: Cast, incident_id: uuid.UUID, circle_id: uuid.UUID
) -> uuid.UUID:
    """Release an incident of XB, whose one officer prepares and approves."""
    release_id = sharing.prepare(database, cast, incident_id, circle_id, who="boris")
    sharing.approve(database, cast, release_id, who="boris", reason="alone", delay=timedelta(0))
    steps.catch_up(database)
    return release_id


def test_an_answer_in_a_confidential_circle_names_nobody(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Neither learns the other: it goes into the circle, in the circle's name."""
    sharing.add_administrations(database, cast, "XD")
    circle_id = sharing.make_circle(
        database, cast, "XA XB XC XD", title="Quiet ones", membership=Membership.CONFIDENTIAL
    )
    theirs = sharing.make_incident(database, cast, "boris", title="Theirs", tlp=TLP.GREEN)
    release_of_boris(database, cast, theirs, circle_id)
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    form = steps.address(item, "/sighting")
    page = text_of(nadia.get(form))
    assert "The answer goes to the whole circle" in page
    answer = nadia.post(form, {"of": first_choice(page), **SEEN})
    row = approved(browser, database, cast, answer)
    assert row.bundle is not None
    for code in ("XA", "XB"):
        assert str(cast.administrations[code]).encode() not in row.bundle
    assert row.recipients == []
    sightings = [one for one in steps.inbox(database, cast, "boris") if one.type == "sighting"]
    assert len(sightings) == 1
    for address in (steps.address(sightings[0]), f"/incidents/{theirs}/received", "/inbox/"):
        page = text_of(browser("boris").get(address))
        assert "Quiet ones" in page
        assert "Administration XA" not in page
        assert str(cast.administrations["XA"]) not in page


def test_what_came_by_file_is_answered_to_nobody(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Its author is a claim: an answer could go to whoever a forger names."""
    claimed = f"identity--{cast.administrations['XB']}"
    steps.take_in(database, cast, [steps.indicator(1, "one.example.net", author=claimed)])
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    assert "Seen here too" not in text_of(nadia.get(steps.address(item)))
    form = steps.address(item, "/sighting")
    answer = nadia.post(form, {"of": item.stix_id, **SEEN})
    assert answer.status_code == 422
    assert "Nobody is known" in text_of(answer)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Release)) == 0
