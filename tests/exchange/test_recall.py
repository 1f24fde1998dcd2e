"""Recall in its two meanings, as partners see it: by TAXII, on pages, in what they took over."""

import uuid
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.errors import ConflictError
from cirt.incidents.case_models import Incident, IncidentChange, IncidentObservable
from cirt.incidents.circle_models import Membership
from cirt.incidents.inbox_models import Mention, ReceivedItem
from cirt.incidents.recall import holds
from cirt.incidents.recall.keys import circle_key, keys_of, private_key
from cirt.incidents.recall.ledger import Ledger, What
from cirt.incidents.recall_models import Recall, RecallReceipt
from cirt.incidents.release_models import Release
from cirt.incidents.store_models import ObjectVersion
from cirt.settings import Settings
from cirt.stix import signatures
from cirt.stix.validation import check_object
from tests import sharing
from tests.conftest import Cast
from tests.exchange.recall_steps import (
    REASON,
    SECRETS,
    everything_served,
    objects_served,
    revoke,
    withdraw,
)
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA, XB and XC."""
    return sharing.make_circle(database, cast, "XA XB XC", title="Three")


@pytest.fixture
def incident(database: Database, cast: Cast) -> uuid.UUID:
    """An incident of XA."""
    return sharing.make_incident(database, cast, title="Turbine stopped")


def test_withdrawn_is_gone_for_the_partner_everywhere(
    app: flask.Flask,
    browser: Any,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """T-56: hidden in objects, manifest, by id, versions, pages kept in memory, web pages."""
    sharing.released(database, cast, incident, circle, app=app)
    token = cast.tokens["XB"]
    before = everything_served(app, token, circle)  # also fills the pages kept in memory
    assert all(secret in before for secret in SECRETS)
    names = [one["id"] for one in objects_served(app, token, circle)]
    gone = [name for name in names if name.startswith(("ipv4-addr", "domain-name", "relationship"))]
    report = next(name for name in names if name.startswith("report--"))

    withdraw(database, settings, cast, incident, circle)

    after = everything_served(app, token, circle)
    assert not [secret for secret in SECRETS if secret in after]
    base = f"/exchange/collections/{circle}/objects"
    for name in gone:
        assert Machine(app, token).get(f"{base}/{name}/").status_code == 404, name
        assert Machine(app, token).get(f"{base}/{name}/versions/").status_code == 404
    versions = Machine(app, token).get(f"{base}/{report}/versions/").get_json()["versions"]
    assert len(versions) == 1, "only the empty revoked version is left"
    boris = browser("boris")
    for page in (f"/circles/{circle}", f"/circles/{circle}/reports/{report}", "/inbox/"):
        text = boris.get(page).get_data(as_text=True)
        assert not [secret for secret in SECRETS if secret in text], page
    with database.reading() as session:
        bodies = b"".join(body or b"" for body in session.scalars(sa.select(ObjectVersion.body)))
        assert b"192.0.2.7" not in bodies, "the bytes are gone from the store"
        assert session.scalars(sa.select(Release.bundle)).all() == [None]


def test_a_withdrawal_is_signed_valid_and_followed_by_empty_versions(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """For who follows it a signed list; for who does not, revoked versions without content."""
    from cirt.clock import now

    sharing.released(database, cast, incident, circle)
    old = {one["id"]: one for one in objects_served(app, cast.tokens["XB"], circle)}
    withdraw(database, settings, cast, incident, circle)
    new = {one["id"]: one for one in objects_served(app, cast.tokens["XB"], circle)}
    said = next(one for one in new.values() if one["type"] == "withdrawal")
    with database.reading() as session:
        key = keys_of(session, cast.administrations["XA"])[0]
    assert signatures.verify(said, [key.public])[0] is signatures.Verdict.GOOD
    assert said["reason"] == REASON
    assert said["created_by_ref"] == f"identity--{cast.administrations['XA']}"
    named = {one["object_id"] for one in said["withdrawn"]}
    assert {name for name in old if name.startswith(("report", "incident", "indicator"))} <= named
    assert f"identity--{cast.administrations['XA']}" not in named
    for kind in ("report", "incident", "indicator"):
        empty = next(one for one in new.values() if one["type"] == kind)
        assert empty["revoked"] is True
        assert empty["name"] == "Withdrawn by its producer"
        assert empty["created"] == old[empty["id"]]["created"]
        assert empty["modified"] > old[empty["id"]]["modified"]
    assert all(not check_object(one, now=now()) for one in new.values())
    assert {one["type"] for one in new.values()} >= {"extension-definition", "withdrawal"}


def test_revoked_stays_readable_and_says_so(
    app: flask.Flask, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """ "No longer valid": a new version of everything that has versions, with `revoked`."""
    sharing.released(database, cast, incident, circle)
    old = {one["id"]: one for one in objects_served(app, cast.tokens["XB"], circle)}
    revoke(database, cast, incident, circle)
    new = {one["id"]: one for one in objects_served(app, cast.tokens["XB"], circle)}
    assert set(old) == set(new)
    for name, one in new.items():
        if one["type"] in ("incident", "report", "indicator", "relationship"):
            assert one.pop("revoked") is True
            assert one.pop("modified") > old[name].pop("modified")
        assert one == old[name], name
    with pytest.raises(ConflictError):
        revoke(database, cast, incident, circle)
    again = sharing.released(database, cast, incident, circle, app=app)
    assert again.object_uuid != incident, "what is revoked has no later versions"


def test_another_audience_with_the_same_objects_keeps_them(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """Only the audience that should not have had it loses it; nothing is revoked for the other."""
    other = sharing.make_circle(database, cast, "XA XB", title="Two")
    right = sharing.released(database, cast, incident, other, app=app)
    wrong = sharing.released(database, cast, incident, circle, app=app)
    assert right.sha256 == wrong.sha256
    withdraw(database, settings, cast, incident, circle)
    assert sharing.received_digest(app, cast, right) == right.sha256
    assert not [
        one
        for one in objects_served(app, cast.tokens["XC"], circle)
        if one["type"] in ("report", "incident", "indicator", "ipv4-addr")
    ]
    assert not any(
        "192.0.2.7" in text for text in [everything_served(app, cast.tokens["XC"], circle)]
    )
    address = next(
        one["id"]
        for one in objects_served(app, cast.tokens["XB"], other)
        if one["type"] == "ipv4-addr"
    )
    for code, where, status in (("XC", circle, 404), ("XB", other, 200)):
        machine = Machine(app, cast.tokens[code])
        path = f"/exchange/collections/{where}/objects/{address}/"
        assert machine.get(path).status_code == status
        assert machine.get(f"{path}versions/").status_code == status
    # the last one takes the bytes along, and now the tools of both are told
    withdraw(database, settings, cast, incident, other)
    assert [one for one in objects_served(app, cast.tokens["XB"], other) if one.get("revoked")]
    with database.reading() as session:
        held = session.scalars(sa.select(ObjectVersion).where(ObjectVersion.type == "ipv4-addr"))
        assert [row.body for row in held] == [None]


def test_sent_to_the_wrong_circle_then_to_the_right_one(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """What was erased comes back by an approved release alone, and to its audience alone."""
    sharing.released(database, cast, incident, circle)
    withdraw(database, settings, cast, incident, circle)
    right = sharing.make_circle(database, cast, "XA XB", title="Right")
    sharing.released(database, cast, incident, right, app=app)
    assert "192.0.2.7" not in everything_served(app, cast.tokens["XC"], circle)
    again = sharing.released(database, cast, incident, circle, app=app, reader="XC")
    assert again.object_uuid not in (None, incident)


def test_what_follows_goes_along_and_what_others_said_stays(
    app: flask.Flask,
    browser: Any,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """Own sightings and notes go; another producer's stay, and its people see them dangling."""
    from cirt.incidents.circle_models import Collection, MachineWriting

    sharing.released(database, cast, incident, circle)
    with database.writing() as session:
        session.get_one(Collection, circle).machine_writing = MachineWriting.DIRECT.value
    names = [one["id"] for one in objects_served(app, cast.tokens["XB"], circle)]
    indicator = next(name for name in names if name.startswith("indicator--"))
    notes = {}
    for who, code in (("omar", "XA"), ("boris", "XB")):
        sharing.give_standing_approval(database, cast, circle, who)
        notes[code] = [_note(cast, code, indicator)]
        notes[code].append(_note(cast, code, notes[code][0]["id"]))
        answer = Machine(app, cast.tokens[code]).post(
            f"/exchange/collections/{circle}/objects/", {"objects": notes[code]}
        )
        assert answer.get_json()["success_count"] == 2, answer.get_json()
    withdraw(database, settings, cast, incident, circle)
    left = {one["id"] for one in objects_served(app, cast.tokens["XC"], circle)}
    assert not left & {one["id"] for one in notes["XA"]}
    assert left >= {one["id"] for one in notes["XB"]}
    assert notes["XB"][0]["id"] in browser("boris").get("/recalls/").get_data(as_text=True)
    assert notes["XB"][0]["id"] not in browser("chen").get("/recalls/").get_data(as_text=True)


def _note(cast: Cast, code: str, about: str) -> dict[str, Any]:
    return {
        "type": "note",
        "spec_version": "2.1",
        "id": f"note--{uuid.uuid4()}",
        "created_by_ref": f"identity--{cast.administrations[code]}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "content": f"A word of {code}.",
        "object_refs": [about],
        "object_marking_refs": ["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"],
    }


def test_what_a_partner_took_over_is_marked_and_its_own_words_stay(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """OpenCTI#6951: a withdrawal never touches what the receiver wrote; what it merged is marked."""
    sharing.released(database, cast, incident, circle)
    report = next(
        one["id"]
        for one in objects_served(app, cast.tokens["XB"], circle)
        if one["type"] == "report"
    )
    own = sharing.make_incident(database, cast, "boris", title="Ours")
    with database.writing() as session:
        item = ReceivedItem(
            administration_id=cast.administrations["XB"],
            collection_id=circle,
            owner_id=cast.administrations["XA"],
            stix_id=report,
            version="2026-01-01T00:00:00.000Z",
            state="accepted",
            incident_id=own,
            reason="Useful.",
        )
        session.add(item)
        session.flush()
        first = session.scalars(
            sa.select(IncidentObservable).where(
                IncidentObservable.incident_id == own, IncidentObservable.type == "ipv4-addr"
            )
        ).one()
        first.received_id = item.id
        session.add(Mention(collection_id=circle, key="a" * 64, stix_id=report, seq=1))
    withdraw(database, settings, cast, incident, circle)
    with database.reading() as session:
        item = session.scalars(sa.select(ReceivedItem)).unique().one()
        assert (item.state, item.reason, item.incident_id) == ("withdrawn", "Useful.", own)
        marked = {
            row.type: row.withdrawn_at is not None
            for row in session.scalars(
                sa.select(IncidentObservable).where(IncidentObservable.incident_id == own)
            )
        }
        assert marked == {"ipv4-addr": True, "domain-name": False}
        line = session.scalars(
            sa.select(IncidentChange).where(IncidentChange.kind == "taken-back")
        ).one()
        assert (line.incident_id, line.user_id, line.fields["count"]) == (own, None, 1)
        assert session.get_one(Incident, own).title == "Ours"
        assert session.scalar(sa.select(sa.func.count()).select_from(Mention)) == 0


def test_who_has_it_who_read_it_who_answered(
    app: flask.Flask,
    browser: Any,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """In an open circle the owner sees each partner: XB's machine has it, XC has nothing outside."""
    sharing.released(database, cast, incident, circle, app=app)
    recall = withdraw(database, settings, cast, incident, circle)
    page = browser("omar").get(f"/recalls/{recall.id}").get_data(as_text=True)
    assert "Has it, no answer" in page
    assert "Withdrew it" in page
    assert "Not everybody" in page
    with database.reading() as session:
        rows = session.scalars(sa.select(RecallReceipt)).unique().all()
        assert [row.administration_id for row in rows] == [cast.administrations["XC"]]
    boris = browser("boris")
    assert boris.get(f"/recalls/{recall.id}").status_code == 200
    bad = boris.post(f"/recalls/{recall.id}/acknowledge", {"outcome": "cannot", "reason": ""})
    assert bad.status_code == 422
    answer = {"outcome": "cannot", "reason": "It is on paper."}
    assert boris.post(f"/recalls/{recall.id}/acknowledge", answer).status_code == 302
    page = browser("omar").get(f"/recalls/{recall.id}").get_data(as_text=True)
    assert "It is on paper." in page
    assert "It is on paper." not in browser("chen").get(f"/recalls/{recall.id}").get_data(
        as_text=True
    )
    assert boris.post(f"/recalls/{recall.id}/acknowledge", {"outcome": "erased"}).status_code == 302
    assert "Everybody who reads" in browser("omar").get(f"/recalls/{recall.id}").get_data(
        as_text=True
    )


def test_confidential_circle_learns_neither_producer_nor_members(
    app: flask.Flask,
    browser: Any,
    database: Database,
    settings: Settings,
    cast: Cast,
    incident: uuid.UUID,
) -> None:
    """Withdrawn in the name of the circle, by its key; one word of how far it is, to two alone."""
    sharing.add_administrations(database, cast, "XD")
    circle = sharing.make_circle(
        database,
        cast,
        "XA XB XC XD",
        title="Quiet",
        membership=Membership.CONFIDENTIAL,
        moderators="XC",
    )
    sharing.released(database, cast, incident, circle)
    sharing.fetch(app, cast.tokens["XB"], circle)
    recall = withdraw(database, settings, cast, incident, circle)
    text = everything_served(app, cast.tokens["XB"], circle)
    assert not [secret for secret in SECRETS if secret in text]
    assert str(cast.administrations["XA"]) not in text
    said = next(
        one for one in objects_served(app, cast.tokens["XB"], circle) if one["type"] == "withdrawal"
    )
    assert said["created"].endswith(":00:00.000Z")
    with database.reading() as session:
        from cirt.incidents.circle_models import Collection

        public = signatures.public_key(circle_key(session.get_one(Collection, circle)))
        assert keys_of(session, cast.administrations["XA"]) == []
    assert signatures.verify(said, [public])[0] is signatures.Verdict.GOOD
    for who, told in (("omar", True), ("chen", True), ("boris", False)):
        page = browser(who).get(f"/recalls/{recall.id}").get_data(as_text=True)
        assert ("Not yet" in page) is told, who
        for code in ("XA", "XB", "XC", "XD"):
            assert f"Administration {code}" not in page.split("<main")[1].split("</main")[0]


def test_a_legal_hold_keeps_the_own_copy_and_nothing_else(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    installation: Any,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
) -> None:
    """Partners lose it all the same; the own copy goes when the hold is ended."""
    row = sharing.released(database, cast, incident, circle)
    with database.writing() as session:
        hold = holds.place_hold(
            session, cast.actors["omar"], session.get_one(Incident, incident), reason="Court order"
        )
    withdraw(database, settings, cast, incident, circle)
    assert "192.0.2.7" not in everything_served(app, cast.tokens["XB"], circle)
    assert _bundle(database, row.id) is not None
    _retention(database, installation)
    assert _bundle(database, row.id) is not None
    with database.writing() as session:
        holds.end_hold(session, cast.actors["omar"], session.merge(hold))
    _retention(database, installation)
    assert _bundle(database, row.id) is None


def _bundle(database: Database, release_id: uuid.UUID) -> bytes | None:
    with database.reading() as session:
        return session.get_one(Release, release_id).bundle


def _retention(database: Database, installation: Any) -> None:
    from cirt import jobs
    from cirt.incidents.recall.retention import JOB

    with database.writing() as session:
        jobs.enqueue(session, JOB, {})
    jobs.run_pending(database, installation)


def test_the_ledger_is_written_before_and_undone_with_the_transaction(
    database: Database, settings: Settings, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """What did not come about is not erased by a restore; what did is on the disk before."""
    from cirt.incidents import recall
    from cirt.incidents.circle_models import Collection

    sharing.released(database, cast, incident, circle)
    ledger = Ledger(settings.data_dir)
    with pytest.raises(RuntimeError, match="power cut"), database.writing() as session:
        recall.withdraw(
            session,
            cast.actors["omar"],
            session.get_one(Incident, incident),
            session.get_one(Collection, circle),
            reason=REASON,
            safe=recall.safe_of(settings),
        )
        sa.event.listen(session, "before_commit", _fail)
    assert ledger.path.exists(), "it was written before the commit"
    assert ledger.lines() == []
    row = withdraw(database, settings, cast, incident, circle)
    lines = ledger.lines()
    assert {line.what for line in lines} == set(What)
    assert len({line.id for line in lines if line.what is What.ENTRY}) == len(row.objects)
    assert not [secret for secret in SECRETS if secret in ledger.path.read_text()]
    assert row.objects[0]["id"] not in ledger.path.read_text()


def _fail(_session: Any) -> None:
    raise RuntimeError("power cut")


def test_keys_are_sealed_and_made_once(database: Database, settings: Settings, cast: Cast) -> None:
    """The private key is not readable in the database, and the same one is used again."""
    with database.writing() as session:
        first = private_key(session, cast.administrations["XA"], settings.secret_key)
        again = private_key(session, cast.administrations["XA"], settings.secret_key)
        other = private_key(session, cast.administrations["XB"], settings.secret_key)
        assert first == again != other
        assert first not in (keys_of(session, cast.administrations["XA"])[0].sealed or b"")


def test_only_a_person_recalls_and_says_why(
    database: Database, settings: Settings, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Nothing is recalled from who has nothing; the rows of recall stay what was said."""
    with pytest.raises(ConflictError):
        withdraw(database, settings, cast, incident, circle)
    with database.reading() as session:
        assert session.scalars(sa.select(Recall)).all() == []
