"""What a member's machine cannot take for itself: identities and ids that everybody's releases bear."""

import uuid
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.settings import Settings
from cirt.stix import withdrawal
from cirt.stix.attack import technique_object
from cirt.stix.extensions import EXTENSION_IDS, published
from cirt.stix.iep import IepContent, as_mapping, iep_from, iep_marking
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import TIME, indicator
from tests.exchange.recall_steps import objects_served, withdraw

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=[Membership.VISIBLE, Membership.CONFIDENTIAL])
def circle(request: pytest.FixtureRequest, database: Database, cast: Cast) -> uuid.UUID:
    """A circle into which machines write."""
    sharing.add_administrations(database, cast, "XD")
    made = sharing.make_circle(
        database, cast, "XA XB XC XD", title="Squatted", writing=MachineWriting.DIRECT,
        membership=request.param,
    )  # fmt: skip
    sharing.give_standing_approval(database, cast, made, "boris")
    return made


def identity(circle_id: uuid.UUID) -> dict[str, Any]:
    """Return the identity of a circle in somebody else's words."""
    return {
        "type": "identity", "spec_version": "2.1", "id": f"identity--{circle_id}",
        "created": TIME, "modified": TIME, "name": "Not what its members say",
        "identity_class": "group", "object_marking_refs": [TLP.GREEN.marking_id],
    }  # fmt: skip


def post(app: flask.Flask, cast: Cast, circle_id: uuid.UUID, *objects: dict[str, Any]) -> Any:
    """Send objects by the machine of XB; return the status."""
    machine = sharing.Machine(app, cast.tokens["XB"])
    answer = machine.post(f"/exchange/collections/{circle_id}/objects/", {"objects": objects})
    assert answer.status_code == 202, answer.get_data(as_text=True)
    return answer.get_json()


@ONE_ENGINE
def test_no_machine_takes_what_all_releases_bear(
    app: flask.Flask, database: Database, settings: Settings, cast: Cast, circle: uuid.UUID
) -> None:
    """T-14: identity and policy of the circle, extensions, ATT&CK: refused; releases and recalls go on."""
    with database.writing() as session:
        row = session.get_one(Collection, circle)
        policy = IepContent(name="P", description="P", start_date=row.created_at)
        row.iep = as_mapping(policy)
        marking = iep_marking(iep_from(row.iep), circle)
    extensions = [*published(*EXTENSION_IDS), *withdrawal.published()]
    squatted = [
        identity(circle),
        {key: value for key, value in marking.items() if key != "created_by_ref"},
        *[{**one, "name": "Ours now", "created_by_ref": None} for one in extensions],
        {**(technique_object("T0803") or {}), "name": "Ours now"},
    ]
    squatted = [{key: value for key, value in one.items() if value is not None} for one in squatted]
    good = indicator()
    status = post(app, cast, circle, *squatted, good)
    assert [one["id"] for one in status["successes"]] == [good["id"]], status
    incident = sharing.make_incident(database, cast)
    sharing.change_incident(database, cast, incident, techniques=("T0803",))
    sharing.released(database, cast, incident, circle, app=app)
    withdraw(database, settings, cast, incident, circle)
    served = objects_served(app, cast.tokens["XB"], circle)
    assert "withdrawal" in {one["type"] for one in served}
