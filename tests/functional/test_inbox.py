"""The inbox: who sees what, what they decide, and that nothing own is overwritten."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import observables
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.circle_models import CircleMember, Membership
from cirt.incidents.inbox import items, onward
from cirt.incidents.inbox.received import State
from cirt.incidents.inbox_models import ReceivedItem, ReceivedNote, ReceivedState
from cirt.incidents.observables import NewObservable
from cirt.incidents.release_models import Release
from cirt.incidents.store_models import ReportReading
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from tests import sharing
from tests.conftest import Cast
from tests.functional import inbox_steps as steps


def text_of(answer: Any) -> str:
    """Return the page as text."""
    page: str = answer.get_data(as_text=True)
    return page


@pytest.fixture
def shared(database: Database, cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """An incident of XA, released to its circle with XB: (circle, incident)."""
    circle_id = sharing.make_circle(database, cast)
    incident_id = sharing.make_incident(database, cast, tlp=TLP.GREEN)
    steps.released_report(database, cast, circle_id, incident_id)
    return circle_id, incident_id


def test_what_is_released_is_new_at_the_reader_and_own_at_the_producer(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """Echo: what comes back of one's own is no news; others than readers see nothing."""
    item = steps.only_item(database, cast, "boris")
    assert (item.state, item.type, item.title) == (State.NEW, "report", "Mail server scanned")
    page = text_of(browser("boris").get("/inbox/"))
    assert "Mail server scanned" in page
    assert "Administration XA" in page
    assert "New in the inbox" in text_of(browser("boris").get("/"))
    assert steps.inbox(database, cast, "nadia") == []
    assert steps.only_item(database, cast, "nadia", "own").state is State.OWN
    assert steps.inbox(database, cast, "chen") == []


def test_only_those_who_work_on_cases_read_and_decide(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """Others' roles 403; other administrations 404, alike for what is not there."""
    item = steps.only_item(database, cast, "boris")
    there, absent = steps.address(item), f"/inbox/{item.collection.id}/report--{uuid.uuid4()}"
    for act in (
        "",
        "/decline",
        "/merge",
        "/new-incident",
        "/sighting",
        "/proposal",
        "/bundle.json",
    ):
        assert browser("chen").get(there + act).status_code == 404
        assert browser("chen").get(absent + act).status_code == 404
        assert browser("boris").get(absent + act).status_code == 404
        assert browser("bela").get(there + act).status_code == 403
        assert browser("boris").get(there + act).status_code == 200, act
    for act in ("/accept", "/take-back", "/notes"):
        assert browser("chen").post(there + act, {"version": item.version}).status_code == 404
        assert browser("bela").post(there + act, {"version": item.version}).status_code == 403
        assert browser(None).post(there + act).status_code in (302, 401)
        assert browser("boris").get(there + act).status_code == 405
    assert browser("boris").get("/inbox/not-an-id/report--x").status_code == 404
    assert steps.state_of(database, cast, "boris", item) is State.NEW


def test_decisions_are_made_and_taken_back(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """A reason to decline is needed and stays inside; who left a circle finds nothing of it."""
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    version = {"version": item.version}
    assert boris.post(steps.address(item, "/decline"), version).status_code == 422
    declined = {**version, "reason": "not our constituency"}
    assert boris.post(steps.address(item, "/decline"), declined).status_code == 302
    assert steps.state_of(database, cast, "boris", item) is State.DECLINED
    assert "not our constituency" in text_of(boris.get(steps.address(item)))
    assert "not our constituency" not in text_of(browser("nadia").get(steps.address(item)))
    boris.post(steps.address(item, "/accept"), version)
    assert steps.state_of(database, cast, "boris", item) is State.ACCEPTED
    boris.post(steps.address(item, "/take-back"))
    assert steps.state_of(database, cast, "boris", item) is State.NEW
    boris.post(steps.address(item, "/accept"), {"version": "1999"})
    assert steps.state_of(database, cast, "boris", item) is State.NEW
    history = text_of(boris.get(steps.address(item)))
    assert all(word in history for word in ("Declined", "Accepted", "Decision taken back"))
    # the producer decides nothing about its own
    browser("nadia").post(steps.address(item, "/accept"), version)
    with database.writing() as session:
        query = sa.select(ReceivedItem.administration_id)
        assert session.scalars(query).all() == [cast.administrations["XB"]]
        session.execute(
            sa.delete(CircleMember).where(
                CircleMember.administration_id == cast.administrations["XB"],
                CircleMember.collection_id == item.collection.id,
            )
        )
    assert steps.inbox(database, cast, "boris") == []
    assert boris.get(steps.address(item)).status_code == 404


def test_reading_is_noted_and_notes_stay_here(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """Local notes are beside the item, not in it; a newer version leaves them alone."""
    circle_id, incident_id = shared
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    assert boris.post(steps.address(item, "/notes"), {"text": ""}).status_code == 422
    assert boris.post(steps.address(item, "/notes"), {"text": "Call XA."}).status_code == 302
    assert "Call XA." in text_of(boris.get(steps.address(item)))
    assert "Call XA." not in text_of(browser("nadia").get(steps.address(item)))
    sharing.change_incident(database, cast, incident_id, title="Mail server broken into")
    steps.released_report(database, cast, circle_id, incident_id)
    assert "Call XA." in text_of(boris.get(steps.address(item)))
    with database.reading() as session:
        [reading] = session.scalars(
            sa.select(ReportReading).where(ReportReading.stix_id == item.stix_id)
        ).all()
        assert reading.administration_id == cast.administrations["XB"]
        assert session.scalar(sa.select(sa.func.count()).select_from(ReceivedNote)) == 1


def test_merging_overwrites_nothing_and_raises_the_marking(
    browser: Any, database: Database, cast: Cast
) -> None:
    """OpenCTI#9695: what the team wrote stays; what was taken over says where it is from."""
    circle_id = sharing.make_circle(database, cast)
    foreign = sharing.make_incident(database, cast, tlp=TLP.AMBER)
    steps.released_report(database, cast, circle_id, foreign)
    own = sharing.make_incident(database, cast, "boris", title="Our own", tlp=TLP.GREEN)
    with database.writing() as session:
        incident = session.get_one(Incident, own)
        for row in incident.observables:
            if row.value == "mail.example.org":
                row.comment, row.is_indicator = "our words", False
            else:
                session.delete(row)
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    page = text_of(boris.get(steps.address(item, f"/merge?incident={own}")))
    assert "The incident holds it already" in page
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    assert len(set(keys)) == 2
    given = {"version": item.version, "incident": str(own), "take": keys, "indicator": keys}
    empty = {"version": item.version, "incident": str(own)}
    assert boris.post(steps.address(item, "/merge"), empty).status_code == 422
    # a case of somebody else is no choice
    assert (
        boris.post(steps.address(item, "/merge"), {**given, "incident": str(foreign)}).status_code
        == 422
    )
    assert steps.incident(database, own).marking is TLP.GREEN
    assert boris.post(steps.address(item, "/merge"), given).status_code == 302
    held = steps.observables_of(database, own)
    assert set(held) == {"mail.example.org", "192.0.2.7"}
    kept, taken = held["mail.example.org"], held["192.0.2.7"]
    assert (kept.comment, kept.is_indicator, kept.received_id) == ("our words", False, None)
    assert taken.received_id is not None
    assert "XA" in taken.comment
    assert "Mail server scanned" in taken.comment
    assert steps.incident(database, own).marking is TLP.AMBER
    assert steps.state_of(database, cast, "boris", item) is State.MERGED
    assert "Taken over from something received" in text_of(boris.get(f"/incidents/{own}/history"))
    # AMBER is for the recipient and its constituents (TLP 2.0): never onward
    with database.reading() as session:
        blocked = onward.blocked(session, session.get_one(Incident, own))
        assert list(blocked) == [taken.id]
        assert "TLP:AMBER" in blocked[taken.id].message % blocked[taken.id].params
    onward_circle = sharing.make_circle(database, cast, "XB XC", title="Onward")
    release_id = sharing.prepare(database, cast, own, onward_circle, who="boris")
    with database.reading() as session:
        row = session.get_one(Release, release_id)
        assert row.bundle is not None
        assert b"192.0.2.7" not in row.bundle
        assert b"mail.example.org" in row.bundle
        assert "Received from others" in row.removed[0]["kind"]
    assert "who do not allow passing it on" in text_of(boris.get(f"/releases/{release_id}"))
    # an analyst's word, not an officer's: cases are written by analysts
    assert browser("omar").get(steps.address(item, "/merge")).status_code == 403


def test_an_update_of_a_merged_item_changes_nothing_here(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """MISP, OpenCTI#9695: an update is shown as a difference, and can be merged again."""
    circle_id, incident_id = shared
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    form = steps.address(item, "/new-incident")
    page = text_of(boris.get(form))
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    assert 'value="clear"' not in page
    given = {
        "version": item.version,
        "title": "Scanned here too",
        "rsit": 'rsit:other="undetermined"',
        "tlp": "green",
        "take": keys,
    }
    assert boris.post(form, {**given, "tlp": "clear"}).status_code == 422
    answer = boris.post(form, given)
    assert answer.status_code == 302
    own = uuid.UUID(answer.headers["Location"].rsplit("/", 1)[1])
    before = {row.id: vars(row).copy() for row in steps.observables_of(database, own).values()}
    assert len(before) == 2
    with database.writing() as session:
        observables.add_observables(
            session,
            cast.actors["nadia"],
            session.get_one(Incident, incident_id),
            [NewObservable(observable=observable("domain-name", "c2.example.net"))],
        )
    sharing.change_incident(database, cast, incident_id, title="Mail server broken into")
    steps.released_report(database, cast, circle_id, incident_id)
    after = {row.id: vars(row).copy() for row in steps.observables_of(database, own).values()}
    assert {key: value["comment"] for key, value in before.items()} == {
        key: value["comment"] for key, value in after.items()
    }
    assert steps.incident(database, own).title == "Scanned here too"
    assert steps.state_of(database, cast, "boris", item) is State.UPDATE
    shown = text_of(boris.get(steps.address(item)))
    assert "What is different" in shown
    assert "c2.example.net" in shown
    difference = shown.split("What is different")[1].split("</section>")[0]
    assert "192.0.2.7" not in difference.split("Gone")[-1] or "Gone" not in difference
    assert "Mail server scanned" in text_of(
        boris.get(steps.address(item, f"?version={item.version}"))
    )
    newer = steps.only_item(database, cast, "boris", "update")
    page = text_of(boris.get(steps.address(newer, f"/merge?incident={own}")))
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    again = {"version": newer.version, "incident": str(own), "take": keys}
    assert boris.post(steps.address(newer, "/merge"), again).status_code == 302
    assert "c2.example.net" in steps.observables_of(database, own)
    assert steps.state_of(database, cast, "boris", newer) is State.MERGED


def test_what_was_withdrawn_is_not_shown(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """The page says that it was taken back, and nothing of what it said."""
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    boris.post(steps.address(item, "/accept"), {"version": item.version})
    with database.writing() as session:
        session.execute(sa.update(ReceivedItem).values(state=ReceivedState.WITHDRAWN.value))
    page = text_of(boris.get(steps.address(item)))
    assert "Its producer took it back" in page
    assert "Mail server scanned" not in page
    assert "192.0.2.7" not in page.replace("[.]", ".")
    assert "Mail server scanned" not in text_of(boris.get("/inbox/"))
    assert boris.get(steps.address(item, "/bundle.json")).status_code == 404
    boris.post(steps.address(item, "/accept"), {"version": item.version})
    assert steps.state_of(database, cast, "boris", item) is State.WITHDRAWN


def test_counts_and_matches_come_from_the_readers_scope_alone(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """T-11: a case that one may not read, or a circle that one is not in, leaves no trace."""
    with database.reading() as session:
        assert items.count_new(session, cast.actors["boris"]) == 1
        assert items.count_new(session, cast.actors["chen"]) == 0
        assert items.count_new(session, cast.actors["nadia"]) == 0
    own = sharing.make_incident(database, cast, "boris", title="Named persons only")
    theirs = sharing.make_incident(database, cast, "chen", title="In another country")
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    assert "2 observables" in text_of(boris.get("/inbox/"))
    assert "Named persons only" in text_of(boris.get(steps.address(item)))
    assert "Mail server scanned" in text_of(boris.get(f"/incidents/{own}/received"))
    assert "Mail server scanned" not in text_of(
        browser("chen").get(f"/incidents/{theirs}/received")
    )
    assert browser("chen").get(f"/incidents/{own}/received").status_code == 404
    with database.writing() as session:
        incident = session.get_one(Incident, own)
        incident.tlp, incident.created_by = TLP.RED.value, None
    assert "observables</td>" not in text_of(boris.get("/inbox/"))
    assert "Named persons only" not in text_of(boris.get(steps.address(item)))


def test_a_search_is_posted_and_finds_words_and_observables_in_scope(
    browser: Any, database: Database, cast: Cast, shared: tuple[uuid.UUID, uuid.UUID]
) -> None:
    """T-41: what was looked for stands in no address."""
    boris = browser("boris")
    for words in ("server scan", "192.0.2.7", "hxxp://mail[.]example[.]org", "mail[.]example.org"):
        found = "Mail server scanned" in text_of(boris.post("/inbox/search", {"text": words}))
        assert found is not words.startswith("hxxp"), words
        assert "Mail server scanned" not in text_of(
            browser("chen").post("/inbox/search", {"text": words})
        )
    assert "Mail server" not in text_of(boris.post("/inbox/search", {"text": "no such words"}))
    answer = boris.post("/inbox/search", {"text": "", "state": "new"})
    assert answer.headers["Location"].endswith("/inbox/?state=new")
    assert boris.get("/inbox/search").status_code in (404, 405)
    for state in ("accepted", "declined", "nonsense", "own"):
        assert (
            boris.get(f"/inbox/?state={state}&collection=x&tlp=y&kind=z&page=9").status_code == 200
        )


def test_a_confidential_circle_names_no_producer(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Neither the list nor the page, nor what is taken over, tells whom it came from."""
    sharing.add_administrations(database, cast, "XD")
    circle_id = sharing.make_circle(
        database, cast, "XA XB XC XD", title="Quiet ones", membership=Membership.CONFIDENTIAL
    )
    incident_id = sharing.make_incident(database, cast)
    steps.released_report(database, cast, circle_id, incident_id)
    own = sharing.make_incident(database, cast, "boris", title="Our own")
    item, boris = steps.only_item(database, cast, "boris"), browser("boris")
    for address in ("/inbox/", steps.address(item), f"/incidents/{own}/received"):
        page = text_of(boris.get(address))
        assert "Quiet ones" in page
        assert "Administration XA" not in page
        assert "CIRT XA" not in page
        assert str(cast.administrations["XA"]) not in page
    form = steps.address(item, "/new-incident")
    page = text_of(boris.get(form))
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    given = {"version": item.version, "title": "X", "rsit": 'rsit:other="undetermined"',
             "tlp": "amber+strict", "take": keys}  # fmt: skip
    made = uuid.UUID(boris.post(form, given).headers["Location"].rsplit("/", 1)[1])
    comments = {row.comment for row in steps.observables_of(database, made).values()}
    assert all("Quiet ones" in comment and "XA" not in comment for comment in comments)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(IncidentObservable)) == 6
