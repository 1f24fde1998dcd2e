"""What leaves by an approval: the ground it stands on, and words that nobody meant to send."""

import json
import uuid
from typing import Any

import pytest

from cirt.db import Database
from cirt.errors import ConflictError, ForbiddenError
from cirt.incidents.case_models import IncidentObservable
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.release_models import Release
from cirt.incidents.standing_approvals import approval_for
from cirt.incidents.store_models import Submission
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.functional import inbox_steps as steps
from tests.functional.test_inbox import text_of
from tests.functional.test_inbox_feedback import SEEN, first_choice, release_of_boris

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_waits_goes_with_the_right_to_contribute(
    app: Any, database: Database, cast: Cast
) -> None:
    """T-53: prepared releases, waiting submissions and standing approvals, as when it leaves."""
    circle = sharing.make_circle(
        database, cast, "XA XB XC", writing=MachineWriting.MODERATED, moderators="XC"
    )
    incident = sharing.make_incident(database, cast)
    release_id = sharing.prepare(database, cast, incident, circle)
    sharing.give_standing_approval(database, cast, circle)
    machine = sharing.Machine(app, cast.tokens["XA"])
    sent = machine.post(f"/exchange/collections/{circle}/objects/", {"objects": [indicator()]})
    assert sent.get_json()["pending_count"] == 1
    sharing.set_member(database, cast, circle, "XA", reads=True, contributes=False)
    with pytest.raises(ConflictError):
        sharing.approve(database, cast, release_id)
    with database.reading() as session:
        assert session.get_one(Release, release_id).state == "withdrawn"
        assert [row.state for row in session.query(Submission)] == ["refused"]
        assert approval_for(session, circle, cast.administrations["XA"]) is None


@ONE_ENGINE
def test_an_approval_asks_again_whether_the_administration_contributes(
    database: Database, cast: Cast
) -> None:
    """T-53: also when the right went another way than by the page of the circle."""
    circle = sharing.make_circle(database, cast, "XA XB XC")
    incident = sharing.make_incident(database, cast)
    release_id = sharing.prepare(database, cast, incident, circle)
    with database.writing() as session:
        member = session.get_one(Collection, circle).member(cast.administrations["XA"])
        assert member is not None
        member.may_contribute = False
    with pytest.raises(ConflictError, match="contribute"):
        sharing.approve(database, cast, release_id)
    with pytest.raises(ForbiddenError, match="contribute"):
        sharing.prepare(database, cast, incident, circle)


@ONE_ENGINE
def test_who_only_reads_a_circle_answers_nothing_into_it(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-12: a sighting in a confidential circle is a contribution to it."""
    sharing.add_administrations(database, cast, "XD")
    circle = sharing.make_circle(database, cast, "XA XB XC XD", membership=Membership.CONFIDENTIAL)
    sharing.set_member(database, cast, circle, "XA", reads=True, contributes=False)
    theirs: uuid.UUID = sharing.make_incident(
        database, cast, "boris", title="Theirs", tlp=TLP.GREEN
    )
    release_of_boris(database, cast, theirs, circle)
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    form = steps.address(item, "/sighting")
    choice = first_choice(text_of(nadia.get(form)))
    assert nadia.post(form, {"of": choice, **SEEN}).status_code == 422
    with database.reading() as session:
        assert session.query(Release).filter_by(kind="sighting").count() == 0


@ONE_ENGINE
def test_where_something_was_received_leaves_with_no_own_release(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-11: that an administration is in a confidential circle, and whose word it repeats."""
    sharing.add_administrations(database, cast, "XD")
    hidden = sharing.make_circle(
        database, cast, "XA XB XC XD", title="Quiet", membership=Membership.CONFIDENTIAL
    )
    ours = sharing.make_circle(database, cast, "XA XC", title="Ours")
    theirs = sharing.make_incident(database, cast, "boris", title="Theirs", tlp=TLP.GREEN)
    release_of_boris(database, cast, theirs, hidden)
    item, nadia = steps.only_item(database, cast, "nadia"), browser("nadia")
    own = sharing.make_incident(database, cast, title="A case of our own", tlp=TLP.GREEN)
    with database.writing() as session:
        session.query(IncidentObservable).filter_by(incident_id=own).delete()
    page = text_of(nadia.get(steps.address(item, f"/merge?incident={own}")))
    keys = [line.split('"')[0] for line in page.split('name="take" value="')[1:]]
    fields = {"version": item.version, "incident": str(own), "take": keys, "indicator": keys}
    assert nadia.post(steps.address(item, "/merge"), fields).status_code == 302
    row = sharing.released(database, cast, own, ours)
    assert b"192.0.2.7" in (row.bundle or b"")
    for word in (b"Quiet", b"Received from", b"Theirs"):
        assert word not in (row.bundle or b""), word
    exported = nadia.get(f"/incidents/{own}/misp.json").get_data()
    assert b"Quiet" not in exported


@ONE_ENGINE
def test_whoever_takes_an_id_first_in_another_circle_holds_up_no_release(
    app: Any, database: Database, cast: Cast
) -> None:
    """T-14: an id known from one circle, brought into another by somebody else, changes nothing."""
    first = sharing.make_circle(database, cast, "XA XB", title="First")
    second = sharing.make_circle(
        database, cast, "XA XB XC", title="Second", writing=MachineWriting.DIRECT
    )
    incident = sharing.make_incident(database, cast, tlp=TLP.GREEN)
    known = json.loads(sharing.released(database, cast, incident, first).bundle or b"{}")
    sharing.give_standing_approval(database, cast, second, "boris")
    taken = next(one["id"] for one in known["objects"] if one["type"] == "indicator")
    machine = sharing.Machine(app, cast.tokens["XB"])
    sent = machine.post(
        f"/exchange/collections/{second}/objects/", {"objects": [indicator(id=taken)]}
    )
    assert sent.get_json()["success_count"] == 1
    row = sharing.released(database, cast, incident, second, app=app, reader="XC")
    assert row.object_uuid != incident
    sharing.change_incident(database, cast, incident, title="Another title")
    again = sharing.released(database, cast, incident, second, app=app, reader="XC")
    assert again.object_uuid == row.object_uuid
