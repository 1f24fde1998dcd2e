"""Observables, tasks and impacts of a case by the API: one at a time, by the rules of the forms."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import tasks
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.impact_models import IncidentTask
from cirt.incidents.task_rules import TaskDetails
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STARTED = "2026-01-02T03:04:05.000000Z"
ENDED = "2026-01-03T03:04:05.000000Z"
AVAILABILITY = {"category": "availability", "details": {"availability_impact": 50}}

Machines = Callable[[str], Any]


def test_an_observable_is_changed_and_removed(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    path = f"/incidents/{incident}/observables"
    row, kept = xa.everything(path)
    etag = xa.get(f"/incidents/{incident}").headers["ETag"]
    said = {"comment": "seen again", "first_observed": STARTED, "last_observed": ENDED, "count": 3}
    changed = xa.patch(f"{path}/{row['id']}", said, etag)
    assert changed.status_code == 200
    assert changed.get_json() == {**row, **said}
    assert changed.headers["ETag"] == xa.get(f"/incidents/{incident}").headers["ETag"] != etag
    assert xa.patch(f"{path}/{row['id']}", {"count": 4}, etag).status_code == 412
    assert xa.patch(f"{path}/{row['id']}", {"count": 4}).status_code == 428
    victim = xa.patch(f"{path}/{row['id']}", {"role": "victim", "count": None}, "*").get_json()
    assert (victim["role"], victim["count"], victim["comment"]) == ("victim", None, "seen again")
    refused = xa.patch(f"{path}/{row['id']}", {"last_observed": None, "count": 2}, "*")
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/last_observed"
    kinds = [one["kind"] for one in xa.everything(f"/incidents/{incident}/history")]
    assert kinds.count("observable-changed") == 2
    assert xa.delete(f"{path}/{row['id']}").status_code == 204
    assert xa.delete(f"{path}/{row['id']}").status_code == 404
    assert xa.everything(path) == [kept]


@ONE_ENGINE
def test_what_partners_have_is_withdrawn_not_forgotten(
    machine: Machines, database: Database, cast: Cast
) -> None:
    incident = sharing.make_incident(database, cast)
    with database.writing() as session:
        case = session.get_one(Incident, incident)
        case.released_at = case.updated_at
        row = case.observables[0]
        row.added_at = case.updated_at
        observable_id = row.id
    path = f"/incidents/{incident}/observables/{observable_id}"
    assert machine("XA").delete(path).status_code == 204
    with database.reading() as session:
        assert session.get_one(IncidentObservable, observable_id).withdrawn_at is not None


def test_a_task_is_recorded_changed_and_removed_and_its_person_stays(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    path = f"/incidents/{incident}/tasks"
    made = xa.post(path, {"name": "Block the sender", "priority": 80.0})
    assert made.status_code == 201
    task = made.get_json()
    assert (task["outcome"], task["priority"], task["ended_at"]) == ("pending", 80, None)
    whole = xa.get(f"/incidents/{incident}")
    assert whole.get_json()["tasks"] == [task]
    assert whole.headers["ETag"] == made.headers["ETag"]
    with database.writing() as session:
        row = session.get_one(IncidentTask, uuid.UUID(task["id"]))
        details = TaskDetails(name=row.name, assigned_to=cast.users["nadia"])
        tasks.change_task(session, cast.actors["nadia"], row, details)
    done = {"outcome": "successful", "started_at": STARTED, "ended_at": ENDED}
    assert xa.patch(f"{path}/{task['id']}", done, made.headers["ETag"]).status_code == 412
    changed = xa.patch(f"{path}/{task['id']}", done, "*")
    assert changed.get_json() == {**task, **done, "priority": None}
    assert str(cast.users["nadia"]) not in changed.get_data(as_text=True)
    with database.reading() as session:
        row = session.get_one(IncidentTask, uuid.UUID(task["id"]))
        assert row.assigned_to == cast.users["nadia"]
    assert xa.delete(f"{path}/{task['id']}").status_code == 204
    assert xa.get(f"/incidents/{incident}").get_json()["tasks"] == []


def test_an_impact_is_recorded_changed_superseded_and_removed(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    path = f"/incidents/{incident}/impacts"
    made = xa.post(path, {**AVAILABILITY, "started_at": STARTED, "counts": {"individual": 2.0}})
    assert made.status_code == 201
    first = made.get_json()
    assert (first["counts"], first["details"]) == ({"individual": 2}, AVAILABILITY["details"])
    changed = xa.patch(f"{path}/{first['id']}", {"criticality": 60}, made.headers["ETag"])
    assert changed.get_json() == {**first, "criticality": 60}
    successor = {"category": "availability", "details": {"availability_impact": 25.0}}
    later = xa.post(
        f"{path}/{first['id']}/successor",
        {**successor, "started_at": ENDED, "earlier_ended_at": ENDED},
    )
    assert later.status_code == 201 and later.get_json()["details"] == {"availability_impact": 25}
    again = xa.post(f"{path}/{first['id']}/successor", {**successor, "started_at": ENDED})
    assert again.status_code == 409
    held = {one["id"]: one for one in xa.get(f"/incidents/{incident}").get_json()["impacts"]}
    assert held[first["id"]]["superseded_by"] == later.get_json()["id"]
    assert held[first["id"]]["ended_at"] == ENDED
    assert xa.delete(f"{path}/{later.get_json()['id']}").status_code == 204
    [left] = xa.get(f"/incidents/{incident}").get_json()["impacts"]
    assert (left["id"], left["superseded_by"]) == (first["id"], None)


@pytest.mark.parametrize(
    ("part", "body", "pointer"),
    [
        ("tasks", {"name": " "}, "/name"),
        ("tasks", {}, "/name"),
        ("tasks", {"name": "x", "outcome": "perhaps"}, "/outcome"),
        ("tasks", {"name": "x", "priority": 101}, "/priority"),
        ("tasks", {"name": "x", "task_types": ["Not A Word"]}, "/task_types"),
        ("tasks", {"name": "x", "ended_at": ENDED}, "/ended_at"),
        ("tasks", {"name": "x", "assigned_to": str(uuid.uuid4())}, "/assigned_to"),
        ("impacts", {"category": "luck"}, "/category"),
        ("impacts", {"category": "availability"}, "/details/availability_impact"),
        (
            "impacts",
            {"category": "availability", "details": {"availability_impact": "half"}},
            "/details/availability_impact",
        ),
        (
            "impacts",
            {"category": "availability", "details": {"availability_impact": 101}},
            "/details/availability_impact",
        ),
        ("impacts", {**AVAILABILITY, "details": {"loss_type": "none"}}, "/category"),
        ("impacts", {**AVAILABILITY, "details": {"mood": 1}}, "/details/mood"),
        ("impacts", {**AVAILABILITY, "started_at": ENDED, "ended_at": STARTED}, "/ended_at"),
        ("impacts", {**AVAILABILITY, "counts": {"individual": -1}}, "/counts/individual"),
        ("impacts", {**AVAILABILITY, "recoverability": "soon"}, "/recoverability"),
    ],
)
@ONE_ENGINE
def test_what_does_not_fit_is_named_by_its_place(
    machine: Machines,
    database: Database,
    cast: Cast,
    part: str,
    body: dict[str, Any],
    pointer: str,
) -> None:
    incident = sharing.make_incident(database, cast)
    answer = machine("XA").post(f"/incidents/{incident}/{part}", body)
    assert answer.status_code == 422, answer.get_json()
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [pointer]
    whole = machine("XA").get(f"/incidents/{incident}").get_json()
    assert whole[part] == []


def test_parts_belong_to_their_incident_its_administration_and_the_right_scope(
    machine: Machines, machine_with: Callable[..., Any], database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    other = sharing.make_incident(database, cast, title="Another")
    parts = {
        "observables": xa.everything(f"/incidents/{incident}/observables")[0]["id"],
        "tasks": xa.post(f"/incidents/{incident}/tasks", {"name": "x"}).get_json()["id"],
        "impacts": xa.post(f"/incidents/{incident}/impacts", AVAILABILITY).get_json()["id"],
    }
    for part, body in (("tasks", {"name": "y"}), ("impacts", AVAILABILITY)):
        assert machine("XB").post(f"/incidents/{incident}/{part}", body).status_code == 404
    reads, writes = machine_with("XA", "incidents.read"), machine_with("XA", "incidents.write")
    for part, key in parts.items():
        path = f"/incidents/{incident}/{part}/{key}"
        elsewhere = f"/incidents/{other}/{part}/{key}"
        assert xa.patch(elsewhere, {}, "*").status_code == xa.delete(elsewhere).status_code == 404
        for stranger in (machine("XB").patch(path, {}, "*"), machine("XB").delete(path)):
            assert stranger.status_code == 404
        assert reads.patch(path, {}, "*").status_code == reads.delete(path).status_code == 403
        # it would read by changing nothing
        assert writes.patch(path, {}, "*").status_code == 403
    sharing.change_incident(database, cast, incident, tlp=TLP.RED)
    with database.reading() as session:
        before = session.get_one(Incident, incident).revision
    for part, key in parts.items():
        path = f"/incidents/{incident}/{part}/{key}"
        assert xa.patch(path, {}, "*").status_code == xa.delete(path).status_code == 404
    assert xa.post(f"/incidents/{incident}/tasks", {"name": "y"}).status_code == 404
    assert xa.post(f"/incidents/{incident}/impacts", AVAILABILITY).status_code == 404
    with database.reading() as session:
        assert session.get_one(Incident, incident).revision == before
        held = sa.select(sa.func.count()).select_from(IncidentTask)
        assert session.scalar(held.where(IncidentTask.incident_id == incident)) == 1
