"""Rules of a release: everything that was true at the preparation is asked again at the approval."""

import json
import uuid
from datetime import timedelta

import flask
import pytest

from cirt.accounts.models import User, UserRole
from cirt.audit import AuditEntry, broken_links
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ConflictError, ForbiddenError, InvalidInputError
from cirt.incidents import circles, release
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.release_models import Release
from cirt.incidents.release_outlook import outlook
from cirt.incidents.release_preparation import prepare_release
from cirt.incidents.store_models import FeedEntry, ObjectVersion
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
    return sharing.make_incident(database, cast)


def nothing_left(database: Database) -> bool:
    """Return whether neither the store nor a feed holds anything."""
    with database.reading() as session:
        return not session.query(ObjectVersion).count() and not session.query(FeedEntry).count()


def test_a_changed_incident_must_be_prepared_again(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """The frozen bytes are stale."""
    prepared = sharing.prepare(database, cast, incident, circle)
    sharing.change_incident(database, cast, incident, title="Another title")
    with pytest.raises(ConflictError, match="changed after"):
        sharing.approve(database, cast, prepared)
    assert nothing_left(database)
    again = sharing.prepare(database, cast, incident, circle)
    sharing.approve(database, cast, again)
    with database.reading() as session:
        assert session.get_one(Release, prepared).state == "withdrawn"
        assert session.get_one(Release, again).state == "approved"
        assert session.get_one(Incident, incident).released_at is not None


def test_an_incident_that_became_stricter_does_not_leave(
    database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """TLP-2.0: over the circle's ceiling, and TLP:RED to no circle at all."""
    green = sharing.make_circle(database, cast, ceiling=TLP.GREEN)
    with pytest.raises(ForbiddenError, match="TLP:GREEN"):
        sharing.prepare(database, cast, incident, green)
    sharing.change_incident(database, cast, incident, tlp=TLP.RED)
    wide = sharing.make_circle(database, cast)
    with pytest.raises(ForbiddenError, match="named persons"):
        sharing.prepare(database, cast, incident, wide)


def test_a_circle_that_became_narrower_stops_the_release(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Its ceiling is asked again at the approval."""
    prepared = sharing.prepare(database, cast, incident, circle)
    with database.writing() as session:
        session.get_one(Collection, circle).ceiling = TLP.GREEN.value
    with pytest.raises(ForbiddenError):
        sharing.approve(database, cast, prepared)
    assert nothing_left(database)


@pytest.mark.parametrize("change", ["joins", "leaves"])
def test_other_readers_than_those_named_stop_the_release(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID, change: str
) -> None:
    """Who approved saw the recipients by name."""
    prepared = sharing.prepare(database, cast, incident, circle)
    if change == "joins":
        sharing.set_member(database, cast, circle, "XC", reads=True, contributes=False)
    else:
        with database.writing() as session:
            row = session.get_one(Collection, circle)
            circles.remove_member(session, cast.actors["root"], row, cast.administrations["XB"])
    with pytest.raises(ConflictError):
        sharing.approve(database, cast, prepared)
    assert nothing_left(database)


def test_damaged_bytes_do_not_leave(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """The hash is computed again."""
    prepared = sharing.prepare(database, cast, incident, circle)
    with database.writing() as session:
        row = session.get_one(Release, prepared)
        row.bundle = row.bundle.replace(b"192.0.2.7", b"192.0.2.8")
    with pytest.raises(ConflictError, match="damaged"):
        sharing.approve(database, cast, prepared)
    assert nothing_left(database)


def test_an_unchanged_incident_is_released_once(
    app: flask.Flask, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """To the same circle; another one may still get it."""
    sharing.released(database, cast, incident, circle, app=app)
    with pytest.raises(ConflictError, match="nothing new"):
        sharing.prepare(database, cast, incident, circle)
    other = sharing.make_circle(database, cast, "XA XC", title="Other")
    sharing.released(database, cast, incident, other, app=app, reader="XC")
    with database.reading() as session:
        stored = session.query(ObjectVersion).count()
        assert session.query(FeedEntry).count() == 2 * stored


def test_a_changed_incident_is_a_new_version_of_the_same_objects(
    app: flask.Flask, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Same ids, later modified; both stand in the feed."""
    sharing.released(database, cast, incident, circle, app=app)
    sharing.change_incident(database, cast, incident, title="Mail server taken over")
    sharing.released(database, cast, incident, circle, app=app)
    with database.reading() as session:
        entries = (
            session.query(FeedEntry)
            .filter_by(stix_id=f"incident--{incident}")
            .order_by(FeedEntry.seq)
            .all()
        )
        assert [(entry.is_first, entry.is_last) for entry in entries] == [
            (True, False),
            (False, True),
        ]
        assert entries[0].version_key < entries[1].version_key


def test_the_same_version_is_never_given_out_with_other_content(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """The same owner, id and modified always mean the same bytes: others get a later version."""
    first = sharing.released(database, cast, incident, circle)
    other = sharing.make_circle(database, cast, "XA XC", title="Other")
    prepared_before = sharing.prepare(database, cast, incident, other)
    with database.writing() as session:
        # the content changes, and its time by a fault does not
        session.get_one(Incident, incident).title = "Another title"
    with pytest.raises(ConflictError, match="changed after"):
        sharing.approve(database, cast, prepared_before)
    second = sharing.released(database, cast, incident, other)
    assert first.bundle and second.bundle
    versions = [
        {one["id"]: one.get("modified") for one in json.loads(row.bundle)["objects"]}
        for row in (first, second)
    ]
    assert versions[0][f"incident--{incident}"] < versions[1][f"incident--{incident}"]


def test_the_preparer_does_not_approve(database: Database, cast: Cast, incident: uuid.UUID) -> None:
    """Omar prepared it, and boris is of another administration: nobody can until there is a second."""
    circle = sharing.make_circle(database, cast)
    _make_officer(database, cast, "nadia")
    prepared = sharing.prepare(database, cast, incident, circle, "omar")
    with pytest.raises(ForbiddenError, match="another releasing officer"):
        sharing.approve(database, cast, prepared, "omar", delay=timedelta(0), reason="urgent")
    assert nothing_left(database)
    sharing.approve(database, cast, prepared, "nadia")


def test_a_team_of_one_waits_and_says_why(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """The delay counts from the preparation, and the reason is kept."""
    prepared = sharing.prepare(database, cast, incident, circle, "omar")
    with database.reading() as session:
        assert session.get_one(Release, prepared).policy == "delay"
    with pytest.raises(ForbiddenError, match="on"):
        sharing.approve(database, cast, prepared, "omar", reason="urgent")
    with database.writing() as session:
        session.get_one(Release, prepared).prepared_at = now() - timedelta(hours=25)
    with pytest.raises(InvalidInputError):
        sharing.approve(database, cast, prepared, "omar")
    assert nothing_left(database)
    sharing.approve(database, cast, prepared, "omar", reason="urgent")
    with database.reading() as session:
        row = session.get_one(Release, prepared)
        assert (row.state, row.policy, row.reason) == ("approved", "delay", "urgent")


def test_nobody_prepares_what_nobody_can_approve(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """An analyst of a team without a releasing officer is told so at once."""
    with database.writing() as session:
        session.query(UserRole).filter_by(user_id=cast.users["omar"]).delete()
    with pytest.raises(ForbiddenError, match="Nobody in your administration"):
        sharing.prepare(database, cast, incident, circle)


def test_every_step_is_in_the_audit_trail(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Ids, digests and counts; not a word of the incident."""
    row = sharing.released(database, cast, incident, circle)
    with database.reading() as session:
        entries = [e for e in session.query(AuditEntry) if e.action.startswith("release.")]
        assert [e.action for e in entries] == ["release.prepare", "release.approved"]
        assert all(e.details["sha256"] == row.sha256 for e in entries)
        assert "Mail server" not in str([e.details for e in entries])
        assert list(broken_links(session)) == []


def test_an_approval_that_fails_late_leaves_nothing(
    database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """State, store and feed are one transaction."""
    prepared = sharing.prepare(database, cast, incident, circle)
    with pytest.raises(InterruptedError), database.writing() as session:
        row = session.get_one(Release, prepared)
        release.approve_release(
            session, cast.actors["omar"], row, sha256_seen=row.sha256, delay=sharing.DELAY
        )
        raise InterruptedError
    assert nothing_left(database)
    with database.reading() as session:
        assert session.get_one(Release, prepared).state == "prepared"


def _make_officer(database: Database, cast: Cast, who: str) -> None:
    with database.writing() as session:
        session.add(UserRole(user_id=cast.users[who], role="releasing-officer"))
        assert session.get_one(User, cast.users[who]).active


def test_what_a_file_brought_never_leaves_by_one_person_alone(
    database: Database, cast: Cast
) -> None:
    """The preparer's own word is not enough for what is somebody else's text."""
    circle = sharing.make_circle(database, cast)
    incident_id = sharing.make_incident(database, cast, "boris")
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        collection = session.get_one(Collection, circle)
        # boris is alone: his own case could leave after a delay, the imported one cannot
        assert outlook(session, cast.actors["boris"], incident, collection).obstacle is None
        incident.origin_uuid = uuid.uuid4()
        session.flush()
        with pytest.raises(ForbiddenError, match="came from a file"):
            prepare_release(session, cast.actors["boris"], incident, collection)
