"""What each audience gets: sections, attribution, identifiers, versions, batches, ceilings."""

import hashlib
import json
import random
import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import flask
import pytest

from cirt.access import Role
from cirt.accounts.models import Administration, UserRole
from cirt.db import Database
from cirt.errors import ConflictError, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import audience_ceilings, cases, circles, policy_cards, protection, release
from cirt.incidents.audience_view import audience_content
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.circle_models import Collection, Membership, Onward, PolicyCard
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.incidents.inbox_models import ReceivedItem
from cirt.incidents.object_store import published_object
from cirt.incidents.release_changes import MASKED_MORE, NARROWER, changes_of
from cirt.incidents.release_freeze import freeze
from cirt.incidents.release_models import AudienceIncident, Release, ReleaseKind
from cirt.incidents.release_sections import ALL, Section
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast

MARKERS: dict[Section, tuple[str, ...]] = {
    Section.NARRATIVE: ("mark-title", "mark-description"),
    Section.INDICATORS: ("198.51.100.77", "mark-rule", "mark-indicator-comment"),
    Section.OBSERVABLES: ("seen.example.org", "mark-observable-comment"),
    Section.TECHNIQUES: ("T0803", "human-review"),
    Section.VICTIM: ("sector:energy", '"system":', "203.0.113.99", '"customer":'),
    Section.IMPACTS: ("mark-impact",),
    Section.TASKS: ("mark-task",),
    Section.CONTACT: ("team@cirt.example",),
}


@pytest.fixture
def rich(database: Database, cast: Cast) -> uuid.UUID:
    """An incident of XA that has something to say in every section."""
    incident_id = sharing.make_incident(database, cast, title="mark-title of the case")
    with database.writing() as session:
        session.get_one(
            Administration, cast.administrations["XA"]
        ).contact_email = "team@cirt.example"
        row = session.get_one(Incident, incident_id)
        row.description = "mark-description of the case"
        row.started_at = datetime(2026, 3, 1, 10, 11, 12, 345000, tzinfo=UTC)
        row.sectors, row.entity_counts = ["energy"], {"system": 7}
        row.techniques, row.detection_methods = ["T0803"], ["human-review"]
        row.observables += [
            _observable("ipv4-addr", "198.51.100.77", "mark-indicator-comment", indicator=True),
            _observable("domain-name", "seen.example.org", "mark-observable-comment"),
            _observable("ipv4-addr", "203.0.113.99", "", victim=True),
        ]
        row.rules.append(
            IncidentRule(key="one", name="mark-rule", pattern="rule a {}", pattern_type="yara")
        )
        row.impacts.append(
            IncidentImpact(
                category="availability",
                description="mark-impact",
                details={"availability_impact": 50},
                counts={"customer": 3},
            )
        )
        row.tasks.append(IncidentTask(name="mark-task", outcome="successful"))
        cases.content_changed(row)
    return incident_id


def _observable(
    kind: str, value: str, comment: str, *, indicator: bool = False, victim: bool = False
) -> IncidentObservable:
    return IncidentObservable(
        type=kind,
        properties={"value": value},
        value=value,
        key=hashlib.sha256(value.encode()).hexdigest(),
        comment=comment,
        is_indicator=indicator,
        is_victim=victim,
    )


@pytest.fixture
def hidden(database: Database, cast: Cast) -> uuid.UUID:
    """A confidential circle of XA, XB, XC and XD."""
    if "XD" not in cast.administrations:
        sharing.add_administrations(database, cast, "XD")
    return sharing.make_circle(
        database, cast, "XA XB XC XD", title="Hidden", membership=Membership.CONFIDENTIAL
    )


def terms(*left_out: Section, **more: Any) -> ReleaseTerms:
    """Return terms with all sections but these."""
    return ReleaseTerms(sections=ALL - set(left_out), **more)


def bodies_of(bundle: bytes) -> list[dict[str, Any]]:
    """Return the objects of a bundle that are not the same for everybody in the world."""
    objects: list[dict[str, Any]] = json.loads(bundle)["objects"]
    return [one for one in objects if not published_object(one["id"])]


def test_a_section_that_is_left_out_is_nowhere_in_the_bytes(
    database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """Every section alone, and every section left out: of nothing that is out stands a word."""
    circle = sharing.make_circle(database, cast)
    choices = [frozenset({one}) for one in MARKERS] + [ALL - {one} for one in MARKERS]
    with database.reading() as session:
        incident = session.get_one(Incident, rich)
        collection = session.get_one(Collection, circle)
        for sections in (*choices, ALL):
            given = ReleaseTerms(sections=sections | {Section.SUMMARY})
            # techniques that MITRE publishes come with MITRE's own words
            objects = bodies_of(freeze(session, incident, collection, given).bundle.body)
            text = json.dumps(objects, ensure_ascii=False)
            for section, markers in MARKERS.items():
                for marker in markers:
                    if section not in sections:
                        assert marker not in text, (section, marker)
            for section in sections - {Section.SUMMARY, Section.VICTIM}:
                assert MARKERS[section][0] in text, section
        alone = ReleaseTerms(sections=frozenset({Section.SUMMARY}))
        bare = freeze(session, incident, collection, alone).bundle.body
        assert json.loads(bare)["objects"]


def _times(objects: Iterable[dict[str, Any]]) -> set[str]:
    found = set(re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z", json.dumps(list(objects))))
    return {one for one in found if not re.search(r":00(\.000)?Z$", one)}


def test_two_audiences_cannot_tell_that_they_have_the_same_case(
    app: flask.Flask, database: Database, cast: Cast, rich: uuid.UUID, hidden: uuid.UUID
) -> None:
    """No id, time to the second, reference or digest in common where one has a view of its own."""
    with database.writing() as session:  # nothing personal: one of the views is everybody's
        session.query(IncidentObservable).filter_by(is_victim=True).delete()
    wide = sharing.make_circle(database, cast, title="Wide")
    narrow = sharing.make_circle(database, cast, title="Narrow")
    with database.writing() as session:
        direct = direct_collection_of(session, cast.administrations["XB"]).id
    rows = {
        "wide": sharing.released(database, cast, rich, wide, app=app),
        "narrow": sharing.released(
            database, cast, rich, narrow, app=app, terms=terms(Section.NARRATIVE)
        ),
        "direct": sharing.released(
            database, cast, rich, direct, app=app, terms=terms(Section.VICTIM)
        ),
        "hidden": sharing.released(database, cast, rich, hidden, app=app, reader="XC"),
    }
    assert rows["hidden"].recipients == []
    assert rows["hidden"].audience["band"] == "4–9"
    own = f"identity--{cast.administrations['XA']}"
    objects = {name: bodies_of(row.bundle or b"") for name, row in rows.items()}
    hidden_text = (rows["hidden"].bundle or b"").decode()
    with database.reading() as session:
        reference = session.get_one(Incident, rich).reference
    for telling in (own, "CIRT XA", '"XA"', reference, "team@cirt.example", str(rich)):
        assert telling not in hidden_text, telling
    assert f"identity--{hidden}" in hidden_text
    for one, other in combinations(objects, 2):
        signed = {} if "hidden" in (one, other) else {own}
        # an address of the team is the same for all who may know it
        ids = [
            {
                each["id"]
                for each in objects[name]
                if each["id"] not in signed
                and "contact_information" not in each
                and each.get("value") != "team@cirt.example"
            }
            for name in (one, other)
        ]
        assert not ids[0] & ids[1], (one, other)
        digests = [
            {
                hashlib.sha256(json.dumps(each).encode()).digest()
                for each in objects[name]
                if each["id"] in chosen
            }
            for name, chosen in zip((one, other), ids, strict=True)
        ]
        assert not digests[0] & digests[1]
        versions = [
            {each[key] for each in objects[name] for key in ("created", "modified") if key in each}
            for name in (one, other)
        ]
        common = {time for time in versions[0] & versions[1] if not time.endswith("00:00.000Z")}
        assert not {time for time in common if not re.search(r":00:00\.00\dZ$", time)}
        if "hidden" in (one, other):
            assert not _times(objects[one]) & _times(objects[other])
        if {one, other} != {"wide"}:
            assert reference not in json.dumps(objects[other if one == "wide" else one])
    with database.reading() as session:
        known = {row.collection_id: row.object_uuid for row in session.query(AudienceIncident)}
    assert known[wide] == rich
    assert len(set(known.values())) == 4


def test_members_of_a_confidential_circle_share_its_identity(
    app: flask.Flask, database: Database, cast: Cast, hidden: uuid.UUID
) -> None:
    """Two producers, one author; joining and leaving change nothing that a release says."""
    first = sharing.make_incident(database, cast, title="first case")
    second = sharing.make_incident(database, cast, "boris", title="second case")
    one = sharing.released(database, cast, first, hidden, app=app, reader="XC")
    sharing.add_administrations(database, cast, "XE")
    prepared = sharing.prepare(database, cast, second, hidden, "boris")
    sharing.set_member(database, cast, hidden, "XE", reads=True, contributes=True)
    with database.writing() as session:  # what it says of itself would tell that somebody joined
        newcomer = cast.administrations["XE"]
        session.add(PolicyCard(administration_id=newcomer, onward=Onward.PARTNERS.value))
    with database.writing() as session:
        row = session.get_one(Release, prepared)
        row.prepared_by = cast.users["nadia"]  # so that a second person is at hand in this test
    sharing.approve(database, cast, prepared, "boris")
    with database.reading() as session:
        two = session.get_one(Release, prepared)
    assert sharing.received_digest(app, cast, two, "XC") == two.sha256
    authors = {
        each["created_by_ref"]
        for row in (one, two)
        for each in bodies_of(row.bundle or b"")
        if "created_by_ref" in each
    }
    assert authors == {f"identity--{hidden}"}
    with database.reading() as session:
        owners = {row.owner_id for row in session.query(ObjectVersion).filter_by(type="incident")}
    assert owners == {cast.administrations["XA"], cast.administrations["XB"]}


def test_a_confidential_circle_of_three_gets_nothing(
    database: Database, cast: Cast, hidden: uuid.UUID
) -> None:
    """Not at the preparation, and not at the approval after somebody left."""
    incident = sharing.make_incident(database, cast)
    prepared = sharing.prepare(database, cast, incident, hidden)
    with database.writing() as session:
        row = session.get_one(Collection, hidden)
        circles.remove_member(session, cast.actors["root"], row, cast.administrations["XD"])
    with pytest.raises(ConflictError):
        sharing.approve(database, cast, prepared)
    with pytest.raises(ForbiddenError):
        sharing.prepare(database, cast, incident, hidden)
    with database.reading() as session:
        assert not session.query(FeedEntry).count()


def test_an_audience_keeps_its_own_identifier_and_a_refusal_burns_nothing(
    app: flask.Flask, database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """Narrow, refused, narrow again, then wide: one id from the first that left."""
    circle = sharing.make_circle(database, cast)
    refused = sharing.prepare(database, cast, rich, circle, terms=terms(Section.VICTIM))
    with database.writing() as session:
        release.refuse_release(
            session, cast.actors["omar"], session.get_one(Release, refused), reason="no"
        )
        assert not session.query(AudienceIncident).count()
    first = sharing.released(
        database, cast, rich, circle, app=app, terms=terms(Section.VICTIM, Section.TASKS)
    )
    second = sharing.released(database, cast, rich, circle, app=app)
    assert first.object_uuid == second.object_uuid != rich
    with database.reading() as session:
        changes = changes_of(session, session.get_one(Release, second.id))
    assert changes is not None and changes.new and not changes.is_narrower
    third = sharing.prepare(database, cast, rich, circle, terms=terms(Section.INDICATORS))
    with database.reading() as session:
        changes = changes_of(session, session.get_one(Release, third))
    assert changes is not None and changes.gone and changes.is_narrower


def test_narrowing_what_everybody_had_takes_another_identifier(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """The wide version stays as it was; the page says that it cannot be undone."""
    circle, incident = sharing.make_circle(database, cast), sharing.make_incident(database, cast)
    wide = sharing.released(database, cast, incident, circle, app=app)
    less = terms(Section.NARRATIVE)
    narrow = sharing.released(database, cast, incident, circle, app=app, terms=less)
    assert wide.object_uuid == incident != narrow.object_uuid
    assert sharing.received_digest(app, cast, wide) == wide.sha256
    with database.reading() as session:
        changes = changes_of(session, session.get_one(Release, narrow.id))
    assert changes is not None and changes.is_other_id and changes.is_narrower
    assert any("takes nothing back" in sentence for sentence in changes.sentences)


def test_a_batch_is_prepared_for_all_audiences_or_for_none(
    database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """Each obstacle is named by its audience; nothing of the others is stored. T-02."""
    good = sharing.make_circle(database, cast, title="Good")
    low = sharing.make_circle(database, cast, title="Low", ceiling=TLP.GREEN)
    empty = sharing.make_circle(database, cast, "XA", title="Empty")

    def batch(*keys: uuid.UUID) -> list[Release]:
        with database.writing() as session:
            plan = [(session.get_one(Collection, key), ReleaseTerms()) for key in keys]
            incident = session.get_one(Incident, rich)
            return release.prepare_batch(session, cast.actors["nadia"], incident, plan)

    with database.writing() as session, pytest.raises(release.AudienceObstaclesError) as caught:
        plan = [(session.get_one(Collection, key), ReleaseTerms()) for key in (good, low, empty)]
        release.prepare_batch(session, cast.actors["nadia"], session.get_one(Incident, rich), plan)
    titles = [one.title for one, _why in caught.value.obstacles]
    assert titles == ["Low", "Empty"]  # and the commit that followed stored nothing
    for keys in ((), (good, good)):
        with pytest.raises(InvalidInputError):
            batch(*keys)
    with database.reading() as session:
        assert not session.query(Release).count()
    other = sharing.make_circle(database, cast, "XA XC", title="Other")
    rows = batch(good, other)
    assert rows[0].batch_id is not None and rows[0].batch_id == rows[1].batch_id
    with pytest.raises(ConflictError), database.writing() as session:
        found = [session.get_one(Release, row.id) for row in rows]
        release.approve_batch(
            session,
            cast.actors["omar"],
            [(found[0], found[0].sha256), (found[1], "0" * 64)],
            delay=sharing.DELAY,
        )
    with database.reading() as session:
        assert {row.state for row in session.query(Release)} == {"prepared"}
        assert not session.query(FeedEntry).count()
    with database.writing() as session:
        found = [session.get_one(Release, row.id) for row in rows]
        release.approve_batch(
            session,
            cast.actors["omar"],
            [(row, row.sha256) for row in found],
            delay=sharing.DELAY,
        )
        assert {row.state for row in found} == {"approved"}


def test_a_role_shares_no_further_than_its_ceiling(database: Database, cast: Cast) -> None:
    """Preparer and approver alike; a batch counts its recipients together."""
    incident = sharing.make_incident(database, cast)
    two = sharing.make_circle(database, cast, "XA XB XC", title="Two readers")
    one = sharing.make_circle(database, cast, "XA XB", title="One reader")
    other = sharing.make_circle(database, cast, "XA XC", title="Another reader")
    _ceiling(database, cast, Role.ANALYST, 1)
    with pytest.raises(ForbiddenError, match="at most 1"):
        sharing.prepare(database, cast, incident, two)
    with pytest.raises(ForbiddenError), database.writing() as session:
        plan = [(session.get_one(Collection, key), ReleaseTerms()) for key in (one, other)]
        row = session.get_one(Incident, incident)
        release.prepare_batch(session, cast.actors["nadia"], row, plan)
    with database.reading() as session:
        assert not session.query(Release).count()
    prepared = sharing.prepare(database, cast, incident, one)
    _ceiling(database, cast, Role.RELEASING_OFFICER, 0)
    with pytest.raises(ForbiddenError, match="at most 0"):
        sharing.approve(database, cast, prepared)
    _ceiling(database, cast, Role.RELEASING_OFFICER, None, TLP.GREEN)
    with pytest.raises(ForbiddenError, match="TLP:GREEN"):
        sharing.approve(database, cast, prepared)
    _ceiling(database, cast, Role.RELEASING_OFFICER, 1)
    sharing.approve(database, cast, prepared)


def _ceiling(
    database: Database,
    cast: Cast,
    role: Role,
    most: int | None,
    strictest: TLP = TLP.AMBER_STRICT,
) -> None:
    with database.writing() as session:
        audience_ceilings.set_ceiling(
            session, cast.actors["omar"], role, most_recipients=most, strictest=strictest
        )


def _card(database: Database, cast: Cast, days: int) -> None:
    with database.writing() as session:
        card = policy_cards.CardDetails(days, Onward.NOBODY, TLP.AMBER_STRICT, "", "")
        home = session.get_one(Administration, cast.administrations["XB"])
        policy_cards.change_card(session, cast.actors["boris"], home, card)


def test_conflicts_are_acknowledged_and_may_not_change_meanwhile(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """What the partner's card says is frozen with the bytes."""
    incident = sharing.make_incident(database, cast)
    circle = sharing.make_circle(database, cast)
    _card(database, cast, 365)
    asked = ReleaseTerms(retention_days=30)
    prepared = sharing.prepare(database, cast, incident, circle, terms=asked)
    with database.reading() as session:
        found = session.get_one(Release, prepared).conflicts
    assert [(one["code"], one["kind"]) for one in found] == [("XB", "retention")]
    with pytest.raises(InvalidInputError):
        sharing.approve(database, cast, prepared, acknowledged=False)
    _card(database, cast, 400)
    with pytest.raises(ConflictError, match="Prepare it again"):
        sharing.approve(database, cast, prepared)
    row = sharing.released(database, cast, incident, circle, terms=asked, app=app)
    assert row.keep_until is not None and row.ended_at is not None
    assert (row.keep_until - row.ended_at).days in (29, 30)


def test_without_a_name_only_where_nobody_can_tell(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """A circle of two, or one administration alone, would know whom it comes from."""
    incident = sharing.make_incident(database, cast)
    two = sharing.make_circle(database, cast)
    nameless = ReleaseTerms(unattributed=True)
    with database.writing() as session:
        direct = direct_collection_of(session, cast.administrations["XB"]).id
    for circle in (two, direct):
        with pytest.raises(ForbiddenError, match="Without a name"):
            sharing.prepare(database, cast, incident, circle, terms=nameless)
    sharing.add_administrations(database, cast, "XD")
    four = sharing.make_circle(database, cast, "XA XB XC XD", title="Four")
    row = sharing.released(database, cast, incident, four, terms=nameless, app=app)
    assert b"CIRT XA" not in (row.bundle or b"")
    named = sharing.released(database, cast, incident, four, app=app)
    assert named.object_uuid == incident != row.object_uuid


@pytest.mark.parametrize(
    "step",
    [
        "cirt.incidents.protection.protect_for",
        "cirt.incidents.audience_ids.chosen_id",
        "cirt.incidents.audience_ids.last_version",
        "cirt.incidents.release_freeze.wire.build",
        "cirt.incidents.object_store.differing",
        "cirt.incidents.release_outlook.check_ceiling",
        "cirt.incidents.release_preparation.conflicts_of",
        "cirt.incidents.release_preparation.audit.record",
    ],
)
def test_a_preparation_fails_closed(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """T-54: whatever step fails, no release is there that somebody could approve."""
    if "postgresql" in database.engine.url.drivername:
        pytest.skip("the order of the steps is the same on both databases")
    incident = sharing.make_incident(database, cast)
    circle = sharing.make_circle(database, cast)
    with monkeypatch.context() as broken:
        broken.setattr(step, _fails)
        with pytest.raises(InterruptedError):
            sharing.prepare(database, cast, incident, circle)
    with database.reading() as session:
        assert not session.query(Release).count()


@pytest.mark.parametrize(
    "step",
    [
        "cirt.incidents.release.staleness",
        "cirt.incidents.protection.protect_for",
        "cirt.incidents.release.check_approval",
        "cirt.incidents.release.check_ceiling",
        "cirt.incidents.release.object_store.keep",
        "cirt.incidents.release.feed.owners_in",
        "cirt.incidents.release.feed.append",
        "cirt.incidents.release.audience_ids.note_id",
        "cirt.incidents.release.audit.record",
        "cirt.incidents.feed_writing._append",
    ],
)
def test_an_approval_fails_closed(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """T-54: whatever step fails, nothing is stored, nothing is served, and it stays undecided."""
    if "postgresql" in database.engine.url.drivername:
        pytest.skip("the order of the steps is the same on both databases")
    incident = sharing.make_incident(database, cast)
    prepared = sharing.prepare(database, cast, incident, sharing.make_circle(database, cast))
    with monkeypatch.context() as broken:
        broken.setattr(step, _fails)
        with pytest.raises(InterruptedError):
            sharing.approve(database, cast, prepared)
    with database.reading() as session:
        assert session.get_one(Release, prepared).state == "prepared"
        for table in (ObjectVersion, FeedEntry, AudienceIncident):
            assert not session.query(table).count()


def _fails(*_arguments: Any, **_named: Any) -> Any:
    raise InterruptedError


def test_the_same_id_and_version_are_the_same_bytes_whatever_happens(
    app: flask.Flask, database: Database, cast: Cast, rich: uuid.UUID, hidden: uuid.UUID
) -> None:
    """A seeded walk of edits, other signatures, other terms and releases over four audiences.

    Versions of one id only rise, its creation time and author never change, and each partner gets
    the bytes that were approved. T-55.
    """
    chance = random.Random(f"walk {database.engine.url.drivername}")
    audiences = [
        (sharing.make_circle(database, cast, title="One"), "XB"),
        (sharing.make_circle(database, cast, title="Two"), "XB"),
        (sharing.make_circle(database, cast, "XA XC", title="Three"), "XC"),
        (hidden, "XC"),
    ]
    seen: dict[tuple[str, str], bytes] = {}
    constant: dict[str, tuple[Any, Any]] = {}
    newest: dict[tuple[uuid.UUID, str], str] = {}
    left = 0
    for step in range(40):
        act = chance.randrange(5)
        if act == 0:
            sharing.change_incident(database, cast, rich, title=f"Title {chance.randrange(3)}")
        elif act == 1:
            with database.writing() as session:
                home = session.get_one(Administration, cast.administrations["XA"])
                home.team_name = f"CIRT XA {chance.randrange(2)}"
        else:
            circle, reader = chance.choice(audiences)
            out = chance.sample(sorted(MARKERS), chance.randrange(3))
            try:
                prepared = sharing.prepare(database, cast, rich, circle, terms=terms(*out))
            except ConflictError:
                continue
            if chance.random() < 0.2:
                continue
            sharing.approve(database, cast, prepared)
            with database.reading() as session:
                row = session.get_one(Release, prepared)
            assert sharing.received_digest(app, cast, row, reader) == row.sha256, step
            left += 1
            for one in bodies_of(row.bundle or b""):
                body = json.dumps(one, sort_keys=True).encode()
                version = one.get("modified", "")
                assert seen.setdefault((one["id"], version), body) == body, (step, one["id"])
                fixed = (one.get("created"), one.get("created_by_ref"))
                assert constant.setdefault(one["id"], fixed) == fixed, (step, one["id"])
                if one["type"] in ("incident", "report"):
                    before = newest.get((circle, one["id"]), "")
                    assert before < version, (step, one["id"])
                    newest[circle, one["id"]] = version
    assert left > 10


def test_who_may_get_what_agrees_with_a_table_of_sets(database: Database, cast: Cast) -> None:
    """T-05, T-16: level × ceiling × members × role against an oracle that knows only sets."""
    order = [TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT, TLP.RED]
    incidents = {
        tlp: sharing.make_incident(database, cast, "omar" if tlp is TLP.RED else "nadia", tlp=tlp)
        for tlp in order[:4]
    }
    chance = random.Random("table")
    for number in range(24):
        members = {code for code in ("XA", "XB", "XC") if chance.random() < 0.6}
        ceiling = chance.choice(order[:4])
        circle = sharing.make_circle(
            database, cast, " ".join(sorted(members)), title=f"C{number}", ceiling=ceiling
        )
        tlp = chance.choice(order[:4])
        reached = "XA" in members and bool(members - {"XA"})
        expected = reached and order.index(tlp) <= order.index(ceiling)
        try:
            sharing.prepare(database, cast, incidents[tlp], circle)
            happened = True
        except DomainError:
            happened = False
        assert happened == expected, (members, ceiling, tlp)


def test_no_field_and_no_header_changes_who_gets_it(
    app: flask.Flask, browser: Any, database: Database, cast: Cast
) -> None:
    """T-04, T-15: a foreign audience is refused whatever else is sent; headers change nothing."""
    incident = sharing.make_incident(database, cast)
    own = sharing.make_circle(database, cast, title="Own")
    foreign = sharing.make_circle(database, cast, "XB XC", title="Foreign")
    with database.writing() as session:
        mine = direct_collection_of(session, cast.administrations["XA"]).id
    nadia = browser("nadia")
    url = f"/incidents/{incident}/sharing/plan"
    for target in (foreign, uuid.uuid4(), mine):
        for to in ([str(target)], [str(own), str(target)], [str(target), str(target)]):
            for planned in ({}, {"planned": "1"}, {"planned": ""}):
                for go in ({}, {"go": "prepare"}, {"go": "show"}):
                    answer = nadia.post(url, {"to": to, **planned, **go})
                    assert answer.status_code == 404
                    assert nadia.get(url, query_string={"to": to}).status_code == 404
    for to in ([], [""], ["null"], [str(incident)[:8]]):
        assert nadia.post(url, {"to": to, "go": "prepare"}).status_code == 302
    with database.reading() as session:
        assert not session.query(Release).count()
    prepared = sharing.prepare(database, cast, incident, own)
    with database.reading() as session:
        sha256 = session.get_one(Release, prepared).sha256
    headers = {
        name: value
        for name in ("X-Forwarded-User", "X-Role", "X-Original-URL", "Synchronized-Upsert")
        for value in ("true",)
    } | {"X-HTTP-Method-Override": "PUT", "X-Forwarded-For": "127.0.0.1"}
    fields = {"sha256": sha256, "role": "releasing-officer", "state": "approved", "tlp": "clear"}
    answer = nadia.post(f"/releases/{prepared}/approve", fields, headers=headers)
    assert answer.status_code == 403
    omar = browser("omar")
    plain = omar.get(f"/releases/{prepared}/bundle.json").get_data()
    assert omar.get(f"/releases/{prepared}/bundle.json", headers=headers).get_data() == plain
    with database.reading() as session:
        assert not session.query(FeedEntry).count()


def test_the_pages_of_a_batch_show_and_approve_every_digest(
    app: flask.Flask, browser: Any, database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """Two audiences on one page, each with its own hash; the bytes served are those."""
    circle = sharing.make_circle(database, cast)
    with database.writing() as session:
        direct = direct_collection_of(session, cast.administrations["XC"]).id
    nadia, omar = browser("nadia"), browser("omar")
    answer = nadia.post(
        f"/incidents/{rich}/sharing/plan",
        {
            "to": [str(circle), str(direct)],
            "planned": "1",
            "go": "prepare",
            f"sections-{circle}": ["narrative", "indicators"],
            f"sections-{direct}": ["indicators"],
        },
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    url = answer.headers["Location"]
    page = omar.get(url).get_data(as_text=True)
    with database.reading() as session:
        rows = session.query(Release).order_by(Release.id).all()
        kinds = {row.id: session.get_one(Collection, row.collection_id).kind for row in rows}
    assert len(rows) == 2 and all(f"{row.id}:{row.sha256}" in page for row in rows)
    assert "Administration XC" in page
    assert nadia.post(url, {"releases": f"{rows[0].id}:{rows[0].sha256}"}).status_code == 403
    wrong = [f"{rows[0].id}:{rows[0].sha256}", f"{rows[1].id}:{rows[0].sha256}"]
    assert omar.post(url, {"releases": wrong}).status_code == 422
    assert omar.post(url, {}).status_code == 422
    ticked = [f"{row.id}:{row.sha256}" for row in rows]
    assert omar.post(url, {"releases": ticked}).status_code == 302
    for row in rows:
        reader = "XC" if kinds[row.id] == "direct" else "XB"
        assert sharing.received_digest(app, cast, row, reader) == row.sha256
    assert browser("boris").get(url).status_code == 404
    assert "mark-description" in omar.get(f"/releases/{rows[0].id}").get_data(
        as_text=True
    ) or "mark-description" in omar.get(f"/releases/{rows[1].id}").get_data(as_text=True)


def test_the_recipients_on_the_page_are_those_whom_the_exchange_serves(
    app: flask.Flask, browser: Any, database: Database, cast: Cast
) -> None:
    """Who is named reads it by TAXII; who is not gets 404. T-16."""
    incident = sharing.make_incident(database, cast)
    for number, members in enumerate(("XA XB", "XA XC", "XA XB XC")):
        circle = sharing.make_circle(database, cast, members, title=f"Circle {number}")
        sharing.set_member(database, cast, circle, "XB", reads=number != 2, contributes=True) if (
            "XB" in members
        ) else None
        row = sharing.released(
            database, cast, incident, circle, app=app, reader=members.split()[-1]
        )
        named = {one["code"] for one in row.recipients}
        for code in ("XB", "XC"):
            machine = sharing.Machine(app, cast.tokens[code])
            answer = machine.get(f"/exchange/collections/{circle}/objects/")
            served = bool((answer.get_json() or {}).get("objects"))
            assert served == (code in named), (members, code)


def test_a_victim_leaves_the_description_even_without_its_section(
    database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """What is known of the victim is masked in free text, whether or not the victim goes along."""
    circle = sharing.make_circle(database, cast)
    sharing.change_incident(
        database, cast, rich, description="The host 203.0.113.99 restarted twice."
    )
    with database.reading() as session:
        incident, collection = session.get_one(Incident, rich), session.get_one(Collection, circle)
        for out in ((), (Section.VICTIM,)):
            frozen = freeze(session, incident, collection, terms(*out))
            assert b"203.0.113.99" not in frozen.bundle.body
            assert b"restarted twice" in frozen.bundle.body


def test_personal_data_are_kept_on_a_legal_basis_only(
    app: flask.Flask, database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """Kept with a reason, in a section that leaves: then a basis of the list is needed."""
    circle = sharing.make_circle(database, cast)
    with database.writing() as session:
        incident, collection = session.get_one(Incident, rich), session.get_one(Collection, circle)
        view = audience_content(session, incident, collection, ReleaseTerms())
        assert view.findings and not view.keeps_personal
        for one in view.findings:
            protection.decide(
                session,
                cast.actors["nadia"],
                incident,
                collection,
                one.key,
                protection.Action.KEEP,
                reason="they asked for it",
            )
    with pytest.raises(InvalidInputError, match="legal basis"):
        sharing.prepare(database, cast, rich, circle)
    with pytest.raises(InvalidInputError, match="from the list"):
        sharing.prepare(database, cast, rich, circle, terms=terms(legal_basis="none such"))
    # the personal data stand in a section that does not leave
    sharing.prepare(database, cast, rich, circle, terms=terms(Section.VICTIM))
    row = sharing.released(
        database, cast, rich, circle, app=app, terms=terms(legal_basis="public-task")
    )
    assert row.legal_basis == "public-task" and b"203.0.113.99" in (row.bundle or b"")
    with database.writing() as session:
        incident, collection = session.get_one(Incident, rich), session.get_one(Collection, circle)
        prepared = release.prepare_release(
            session,
            cast.actors["nadia"],
            incident,
            collection,
            terms(Section.TASKS, legal_basis="public-task"),
        ).id
        protection.decide(
            session,
            cast.actors["nadia"],
            incident,
            collection,
            view.findings[0].key,
            protection.Action.MASK,
        )
    with pytest.raises(ConflictError, match="personal data"):
        sharing.approve(database, cast, prepared)


def test_an_answer_to_a_producer_is_released_like_anything_else(
    app: flask.Flask, browser: Any, database: Database, cast: Cast
) -> None:
    """A sighting of what was received: frozen, approved by its bytes, served to its producer alone."""
    incident = sharing.make_incident(database, cast)
    circle = sharing.make_circle(database, cast)
    row = sharing.released(database, cast, incident, circle, app=app)
    indicator = next(
        one for one in json.loads(row.bundle or b"")["objects"] if one["type"] == "indicator"
    )
    home = f"identity--{cast.administrations['XB']}"
    sighting = {
        "type": "sighting",
        "spec_version": "2.1",
        "id": f"sighting--{uuid.uuid4()}",
        "created_by_ref": home,
        "created": "2026-03-02T10:00:00.000Z",
        "modified": "2026-03-02T10:00:00.000Z",
        "sighting_of_ref": indicator["id"],
        "object_marking_refs": [TLP.AMBER.marking_id],
    }
    with database.writing() as session:
        item = ReceivedItem(
            administration_id=cast.administrations["XB"],
            collection_id=circle,
            owner_id=cast.administrations["XA"],
            stix_id=f"incident--{incident}",
            version=indicator["modified"],
            state="accepted",
        )
        session.add(item)
        session.flush()
        direct = direct_collection_of(session, cast.administrations["XA"])
        item_id, direct_id = item.id, direct.id
        session.add(UserRole(user_id=cast.users["bela"], role="analyst"))

    def answer(objects: list[dict[str, Any]], who: str = "bela") -> uuid.UUID:
        with database.writing() as session:
            return release.prepare_feedback(
                session,
                replace(cast.actors[who], roles=frozenset({Role.ANALYST})),
                session.get_one(ReceivedItem, item_id),
                session.get_one(Collection, direct_id),
                objects,
                ReleaseKind.SIGHTING,
            ).id

    stranger = {**sighting, "created_by_ref": f"identity--{cast.administrations['XA']}"}
    unknown = {**sighting, "sighting_of_ref": f"indicator--{uuid.uuid4()}"}
    red = {**sighting, "object_marking_refs": [TLP.RED.marking_id]}
    for wrong, why in (
        ([], "objects"),
        ([stranger], "somebody else"),
        ([unknown], "does not have"),
        ([red], "named persons"),
        ([sighting, sighting], "twice"),
    ):
        with pytest.raises(DomainError, match=why):
            answer(wrong)
    with pytest.raises(ForbiddenError):
        answer([sighting], "chen")
    prepared = answer([sighting])
    page = browser("boris").get(f"/releases/{prepared}")
    assert page.status_code == 200 and indicator["id"] in page.get_data(as_text=True)
    assert browser("nadia").get(f"/releases/{prepared}").status_code == 404
    sharing.approve(database, cast, prepared, "boris")
    with database.reading() as session:
        sent = session.get_one(Release, prepared)
        assert sent.incident_id is None and sent.kind == "sighting"
    assert sharing.received_digest(app, cast, sent, "XA") == sent.sha256
    url = f"/exchange/collections/{direct_id}/objects/"
    assert sharing.Machine(app, cast.tokens["XC"]).get(url).status_code == 404


def test_pages_of_a_release_whose_bytes_were_erased(
    browser: Any, database: Database, cast: Cast
) -> None:
    """Digest and size stay as the record; there is nothing to download or to approve."""
    incident = sharing.make_incident(database, cast)
    circle = sharing.make_circle(database, cast)
    done = sharing.released(database, cast, incident, circle)
    sharing.change_incident(database, cast, incident, title="Another title")
    waits = sharing.prepare(database, cast, incident, circle)
    with database.writing() as session:
        for key in (done.id, waits):
            session.get_one(Release, key).bundle = None
    omar = browser("omar")
    for key in (done.id, waits):
        page = omar.get(f"/releases/{key}")
        assert page.status_code == 200 and "were erased" in page.get_data(as_text=True)
        assert omar.get(f"/releases/{key}/bundle.json").status_code == 404
    assert omar.get(f"/incidents/{incident}/sharing").status_code == 200
    with database.reading() as session:
        sha256 = session.get_one(Release, waits).sha256
    assert omar.post(f"/releases/{waits}/approve", {"sha256": sha256}).status_code == 422


def test_a_release_without_the_text_that_was_given_out_is_narrower(
    app: flask.Flask, browser: Any, database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """No object goes, three lose their words: the page names the section and offers the recall."""
    circle = sharing.make_circle(database, cast)
    sharing.released(database, cast, rich, circle, app=app, terms=terms(Section.TASKS))
    fewer = terms(Section.TASKS, Section.NARRATIVE)
    less = sharing.prepare(database, cast, rich, circle, terms=fewer)
    with database.reading() as session:
        changes = changes_of(session, session.get_one(Release, less))
    assert changes is not None and not changes.new and not changes.gone
    assert changes.is_narrower and changes.lost_sections == ("narrative",)
    assert changes.sentences == [NARROWER]
    for page in (f"/releases/{less}", f"/releases/{less}/approve"):
        text = browser("omar").get(page).get_data(as_text=True)
        assert "takes nothing back" in text and f"/incidents/{rich}/recall" in text


def test_masking_what_was_given_out_in_clear_is_named(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """A decision for more protection takes no knowledge back."""
    circle, incident = sharing.make_circle(database, cast), sharing.make_incident(database, cast)
    sharing.change_incident(database, cast, incident, description="Written by Amal of the port.")
    sharing.released(database, cast, incident, circle, app=app)
    sharing.change_incident(
        database, cast, incident, description="Written by Ms Amal Haddad of the port."
    )
    after = sharing.prepare(database, cast, incident, circle)
    with database.reading() as session:
        changes = changes_of(session, session.get_one(Release, after))
    assert changes is not None and MASKED_MORE in changes.sentences and changes.is_narrower


def test_what_is_left_out_counts_only_what_the_audience_would_get(
    browser: Any, database: Database, cast: Cast, rich: uuid.UUID
) -> None:
    """An address of the victim is no masked observable where no victim goes along; kept is kept."""
    circle = sharing.make_circle(database, cast)
    with database.reading() as session:
        incident, collection = session.get_one(Incident, rich), session.get_one(Collection, circle)
        whole = audience_content(session, incident, collection, ReleaseTerms())
        part = audience_content(session, incident, collection, terms(Section.VICTIM))
    assert [one["kind"] for one in whole.removed] == ["victim-address"]
    assert whole.kept == 0 and len(whole.findings) == 1
    assert part.removed == () and part.findings == ()
    release_id = sharing.prepare(database, cast, rich, circle)
    page = browser("omar").get(f"/releases/{release_id}").get_data(as_text=True)
    assert re.search(r"related-to · \w", page), "the technique at the end has a name"
