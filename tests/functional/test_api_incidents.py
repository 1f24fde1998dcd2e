"""Cases by the API: the rules of the form, for the own machines, and TLP:RED for none."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.db import Database
from cirt.incidents import cases, impacts, tasks
from cirt.incidents.case_models import Incident
from cirt.incidents.impact_rules import ImpactDetails
from cirt.incidents.task_rules import TaskDetails
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW = {
    "title": "Phishing of the ministry",
    "description": "Mails with a form.",
    "tlp": "green",
    "rsit": 'rsit:fraud="phishing"',
    "severity": 3,
    "investigation_status": "open",
    "detected_at": "2026-01-02T03:04:05Z",
    "countries": ["XB"],
    "techniques": ["T1566"],
    "entity_counts": {"individual": 12},
}

Machines = Callable[[str], Any]


def make_red(database: Database, cast: Cast, incident_id: uuid.UUID) -> None:
    sharing.change_incident(database, cast, incident_id, tlp=TLP.RED)


def test_an_incident_is_recorded_read_and_changed_by_the_rules_of_the_form(
    machine: Machines, database: Database, browser: Any
) -> None:
    xa = machine("XA")
    made = xa.post("/incidents", NEW)
    assert made.status_code == 201
    body = made.get_json()
    assert body["reference"].startswith("XA-") and body["detected_at"].startswith("2026-01-02T03")
    assert {name: body[name] for name in NEW if name != "detected_at"} == {
        name: value for name, value in NEW.items() if name != "detected_at"
    }
    path = made.headers["Location"].removeprefix("/api/v1")
    read = xa.get(path)
    assert read.headers["ETag"] == made.headers["ETag"] == '"r1"'
    assert read.get_json() == body
    changed = xa.patch(path, {"severity": 5, "held": [], "title": "Other"}, '"r1"')
    assert changed.status_code == 200 and changed.headers["ETag"] == '"r2"'
    assert (changed.get_json()["severity"], changed.get_json()["title"]) == (5, "Other")
    assert changed.get_json()["description"] == NEW["description"]
    assert xa.patch(path, {"severity": 1}, '"r1"').status_code == 412
    assert xa.patch(path, {"severity": 1}).status_code == 428
    [first, second] = xa.everything(f"{path}/history", limit=1)
    assert (first["kind"], second["kind"]) == ("created", "edited")
    assert second["fields"] == ["severity", "title"] and not second["by_person"]
    page = browser("nadia").get(f"/incidents/{body['id']}/history").get_data(as_text=True)
    assert "Other" in page


@ONE_ENGINE
def test_sentences_name_what_is_allowed(machine: Machines) -> None:
    answer = machine("XA").post("/incidents", {**NEW, "tlp": "white", "severity": "high"})
    said = {one["pointer"]: one["detail"] for one in answer.get_json()["errors"]}
    assert said["/tlp"] == ('The value is not one of "clear", "green", "amber", "amber+strict".')
    assert "anyOf" not in said["/severity"] and "schema" not in said["/severity"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"title": "  "}, "/title"),
        ({"title": None}, "/title"),
        ({"rsit": "rsit:nothing"}, "/rsit"),
        ({"severity": 6}, "/severity"),
        ({"tlp": "red"}, "/tlp"),
        ({"tlp": "white"}, "/tlp"),
        ({"detected_at": "2999-01-01T00:00:00Z"}, "/detected_at"),
        ({"detected_at": "2016-12-31T23:59:60Z"}, "/detected_at"),
        ({"detected_at": "yesterday"}, "/detected_at"),
        ({"countries": ["Utopia"]}, "/countries"),
        ({"sectors": ["nothing"]}, "/sectors"),
        ({"entity_counts": {"individual": -1}}, "/entity_counts/individual"),
        ({"title": "a\x01b"}, "/title"),
        ({"readers": []}, "/readers"),
        ({"started_at": "2026-02-01T00:00:00Z"}, "/detected_at"),
    ],
)
@ONE_ENGINE
def test_what_does_not_fit_is_named_by_its_place(
    machine: Machines, database: Database, changed: dict[str, Any], pointer: str
) -> None:
    answer = machine("XA").post("/incidents", {**NEW, **changed})
    assert answer.status_code == 422, answer.get_json()
    assert pointer in [one["pointer"] for one in answer.get_json()["errors"]]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 0


def test_others_machines_and_other_scopes_get_nothing(
    machine: Machines, machine_with: Callable[..., Any], database: Database, cast: Cast
) -> None:
    incident = sharing.make_incident(database, cast)
    paths = [f"/incidents/{incident}", f"/incidents/{incident}/observables"]
    paths.append(f"/incidents/{incident}/history")
    for path in paths:
        assert machine("XA").get(path).status_code == 200
        stranger = machine("XB").get(path)
        absent = machine("XB").get(path.replace(str(incident), str(uuid.uuid4())))
        assert stranger.status_code == absent.status_code == 404
        # the number of the request alone differs
        assert stranger.get_json() | {"instance": ""} == absent.get_json() | {"instance": ""}
        assert machine_with("XA", "taxii.read", "incidents.write").get(path).status_code == 403
    assert machine("XB").get("/incidents").get_json()["items"] == []
    assert machine("XB").patch(paths[0], {"severity": 1}, "*").status_code == 404
    items = {"items": [{"value": "192.0.2.99"}]}
    assert machine("XB").post(paths[1], items).status_code == 404
    reads = machine_with("XA", "incidents.read")
    assert reads.post("/incidents", NEW).status_code == 403
    assert reads.post(paths[1], items).status_code == 403
    assert reads.patch(paths[0], {"severity": 1}, "*").status_code == 403
    writes = machine_with("XA", "incidents.write")
    assert writes.get("/incidents").status_code == 403
    # it would read by changing nothing
    assert writes.patch(paths[0], {}, "*").status_code == 403
    assert writes.post(paths[1], items).get_json()["added"] == 1


def test_red_is_nowhere_not_even_by_count(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    shown = sharing.make_incident(database, cast, title="Shown")
    hidden = sharing.make_incident(database, cast, title="Hidden")
    make_red(database, cast, hidden)
    assert [one["id"] for one in xa.everything("/incidents", limit=1)] == [str(shown)]
    path = f"/incidents/{hidden}"
    for answer in (
        xa.get(path),
        xa.get(f"{path}/observables"),
        xa.get(f"{path}/history"),
        xa.patch(path, {"tlp": "green", "reason": "x"}, "*"),
        xa.post(f"{path}/observables", {"items": [{"value": "192.0.2.1"}]}),
    ):
        assert answer.status_code == 404
    lowered = xa.patch(f"/incidents/{shown}", {"tlp": "red"}, "*")
    assert lowered.status_code == 422


@ONE_ENGINE
def test_a_machine_makes_a_marking_stricter_and_never_weaker(
    machine: Machines, database: Database, cast: Cast
) -> None:
    path = f"/incidents/{sharing.make_incident(database, cast, tlp=TLP.GREEN)}"
    answer = machine("XA").patch(path, {"tlp": "amber", "reason": "agreed"}, "*")
    assert answer.get_json()["tlp"] == "amber"
    answer = machine("XA").patch(path, {"tlp": "green", "reason": "agreed"}, "*")
    assert answer.status_code == 403
    assert answer.get_json()["errors"][0]["pointer"] == "/tlp"
    assert machine("XA").get(path).get_json()["tlp"] == "amber"


def test_the_list_is_narrowed_paged_and_followed_by_time(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    ids = [str(sharing.make_incident(database, cast, title=f"Case {n}")) for n in range(5)]
    assert [one["id"] for one in xa.everything("/incidents", limit=2)] == ids
    first = xa.get("/incidents", query_string={"limit": 2}).get_json()
    sharing.change_incident(database, cast, uuid.UUID(ids[0]), severity=4)
    rest = xa.everything("/incidents", limit=2, next=first["next"])
    assert [one["id"] for one in rest] == [*ids[2:], ids[0]]  # what changed comes again, at the end
    assert [one["id"] for one in xa.everything("/incidents", severity=4)] == [ids[0]]
    after = (datetime.fromisoformat(rest[-2]["updated_at"])).isoformat().replace("+00:00", "Z")
    assert [one["id"] for one in xa.everything("/incidents", updated_after=after)] == [ids[0]]
    assert xa.everything("/incidents", investigation_status="closed") == []
    assert xa.everything("/incidents", rsit='rsit:fraud="phishing"') == []
    assert xa.get("/incidents", query_string={"severity": "9"}).status_code == 400
    assert xa.get("/incidents", query_string={"next": "x"}).status_code == 400


def test_observables_are_added_each_for_itself(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    path = f"/incidents/{incident}/observables"
    items: list[dict[str, Any]] = [
        {"value": "hxxps://bad[.]example/x", "role": "detection", "comment": "seen"},
        {"type": "domain-name", "value": "victim.example", "role": "victim"},
        {"type": "file", "properties": {"name": "a.exe", "size": 12}},
        {"value": "192.0.2.7"},  # there already
        {"value": "two 192.0.2.8 and 192.0.2.9"},
        {"type": "ipv4-addr", "value": "999.1.1.1"},
        {"type": "gadget", "value": "x"},
        {"type": "file", "properties": {"name": "a", "x_other": 1}},
        {"value": "192.0.2.10", "count": 3},
        {},
        {"value": "192.0.2.11", "first_observed": "2999-01-01T00:00:00Z"},
    ]
    answer = xa.post(path, {"items": items}, headers={"Idempotency-Key": "a-key"})
    found = answer.get_json()
    assert answer.status_code == 200
    assert (found["added"], found["present"]) == (3, 1)
    assert [one["pointer"] for one in found["refused"]] == [
        *("/items/4/value", "/items/5/value", "/items/6/type", "/items/7/properties"),
        *("/items/8", "/items/9", "/items/10/first_observed"),
    ]
    again = xa.post(path, {"items": items}, headers={"Idempotency-Key": "a-key"})
    assert again.headers["Idempotent-Replayed"] == "true" and again.get_json() == found
    other = xa.post(path, {"items": items[:1]}, headers={"Idempotency-Key": "a-key"})
    assert other.status_code == 422
    rows = xa.everything(path, limit=2)
    assert len(rows) == 5
    roles = {row["value"]: row["role"] for row in rows}
    assert roles["https://bad.example/x"] == "detection" and roles["victim.example"] == "victim"
    whole = xa.get(f"/incidents/{incident}").get_json()
    assert whole["observable_count"] == 5 and whole["revision"] == found["revision"]


@ONE_ENGINE
def test_impacts_and_tasks_come_with_it_and_never_who_does_them(
    machine: Machines, database: Database, cast: Cast
) -> None:
    incident_id = sharing.make_incident(database, cast)
    nadia = cast.actors["nadia"]
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        impacts.add_impact(
            session,
            nadia,
            incident,
            ImpactDetails(category="availability", details={"availability_impact": 50}),
        )
        tasks.add_task(
            session,
            nadia,
            incident,
            TaskDetails(name="Block it", assigned_to=cast.users["nadia"]),
        )
    answer = machine("XA").get(f"/incidents/{incident_id}")
    [impact], [task] = answer.get_json()["impacts"], answer.get_json()["tasks"]
    assert (impact["category"], task["name"]) == ("availability", "Block it")
    assert str(cast.users["nadia"]) not in answer.get_data(as_text=True)


@ONE_ENGINE
def test_reading_amber_strict_is_noted_with_the_token(
    machine: Machines, database: Database, cast: Cast
) -> None:
    incident = sharing.make_incident(database, cast)
    machine("XA").get(f"/incidents/{incident}")
    with database.reading() as session:
        row = session.get_one(Incident, incident)
        acts = audit.acts_on(session, row, ("incident.view",))
    assert len(acts) == 1


@ONE_ENGINE
def test_a_lost_update_is_impossible_between_person_and_machine(
    machine: Machines, database: Database, cast: Cast
) -> None:
    xa = machine("XA")
    incident = sharing.make_incident(database, cast)
    etag = xa.get(f"/incidents/{incident}").headers["ETag"]
    with database.writing() as session:
        row = session.get_one(Incident, incident)
        details = replace(cases.details_of(row), title="By a person")
        cases.edit_incident(session, cast.actors["nadia"], row, details, revision=row.form_revision)
    assert xa.patch(f"/incidents/{incident}", {"title": "By a machine"}, etag).status_code == 412
    assert xa.get(f"/incidents/{incident}").get_json()["title"] == "By a person"
