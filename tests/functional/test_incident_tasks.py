"""Tasks of a case on the web: recorded, given to somebody, done, removed; the start page."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.errors import InvalidInputError, NotFoundError
from cirt.incidents import cases, tasks
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.impact_models import IncidentTask
from cirt.incidents.task_rules import TaskDetails
from cirt.stix.marking import TLP
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]

FIELDS = {
    "name": "Ask the provider for an image of the disk",
    "description": "Before it ends the contract.",
    "outcome": "ongoing",
    "priority": "75",
    "task_types": ["external-support", "investigation"],
    "started_at": "2026-03-01T08:00",
}


@pytest.fixture
def incident_id(database: Database, cast: Cast) -> uuid.UUID:
    """A case of XA."""
    with database.writing() as session:
        details = CaseDetails(title="A case", tlp=TLP.AMBER)
        return cases.create_incident(session, cast.actors["nadia"], details).id


def _add(database: Database, cast: Cast, incident_id: uuid.UUID, **fields: Any) -> uuid.UUID:
    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        details = TaskDetails(**{"name": "Block it", **fields})
        return tasks.add_task(session, cast.actors["nadia"], incident, details).id


def _rows(database: Database) -> list[IncidentTask]:
    with database.reading() as session:
        return list(session.scalars(sa.select(IncidentTask).order_by(IncidentTask.added_at)))


def _changed_at(database: Database, incident_id: uuid.UUID) -> Any:
    with database.reading() as session:
        return session.get_one(Incident, incident_id).content_changed_at


def test_a_task_is_recorded_given_to_a_person_and_done(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    nadia = browser("nadia")
    url = f"/incidents/{incident_id}/tasks"
    assert "No task has been recorded" in nadia.get(url).get_data(as_text=True)
    mine = {**FIELDS, "assigned_to": str(cast.users["omar"])}
    assert nadia.post(f"{url}/new", mine).status_code == 302
    (row,) = _rows(database)
    assert row.task_types == ["investigation", "external-support"]
    assert (row.priority, row.assigned_to) == (75, cast.users["omar"])
    page = nadia.get(url).get_data(as_text=True)
    for text in ("Under way", "Soon (75)", "Omar", "Investigation, Help from others"):
        assert text in page
    assert FIELDS["name"] in browser("omar").get("/").get_data(as_text=True)
    assert FIELDS["name"] not in nadia.get("/").get_data(as_text=True)
    before = _changed_at(database, incident_id)
    # who does it stays inside: no new content
    assert nadia.post(f"{url}/{row.id}", {**FIELDS, "assigned_to": ""}).status_code == 302
    assert _changed_at(database, incident_id) == before
    assert nadia.post(f"{url}/{row.id}/done").status_code == 302
    assert _changed_at(database, incident_id) > before
    (row,) = _rows(database)
    assert row.outcome == "successful" and row.ended_at is not None
    again = nadia.post(f"{url}/{row.id}/done", follow_redirects=True)
    assert "was not open any more" in again.get_data(as_text=True)
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Task changed" in history and "Omar" in history and "Under way" in history


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": " "}, "Say what is to be done."),
    ({"name": "x" * 301}, "Shorten this to 300 characters"),
    ({"outcome": "won"}, "Not a valid choice"),
    ({"priority": "7"}, "Not a valid choice"),
    ({"task_types": ["magic"]}, "is not a valid choice"),
    ({"ended_at": "2026-03-02T08:00"}, "has no end"),
    ({"outcome": "failed", "ended_at": "2026-02-02T08:00"}, "cannot have ended before"),
    ({"assigned_to": str(uuid.uuid4())}, "Not a valid choice"),
)


def test_bad_input_is_explained_and_kept(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    for change, sentence in BAD:
        answer = nadia.post(f"/incidents/{incident_id}/tasks/new", {**FIELDS, **change})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and sentence in page, sentence
        assert "Before it ends the contract." in page
    assert _rows(database) == []


def test_only_who_may_read_the_case_can_be_given_a_task(
    browser: Make, database: Database, cast: Cast, incident_id: uuid.UUID
) -> None:
    """TLP-2.0-RED: named persons only, also by way of a task."""
    task_id = _add(database, cast, incident_id, assigned_to=cast.users["omar"])
    with database.writing() as session:
        details = CaseDetails(title="Red", tlp=TLP.RED)
        red = cases.create_incident(session, cast.actors["nadia"], details)
        for name in ("omar", "boris"):
            with pytest.raises(InvalidInputError):
                given = TaskDetails(name="Secret work", assigned_to=cast.users[name])
                tasks.add_task(session, cast.actors["nadia"], red, given)
        # it was given before the case became RED: the start page does not tell
        incident = session.get_one(Incident, incident_id)
        cases.edit_incident(
            session,
            cast.actors["nadia"],
            incident,
            CaseDetails(title="A case", tlp=TLP.RED),
            revision=1,
        )
    assert "Block it" not in browser("omar").get("/").get_data(as_text=True)
    page = browser("nadia").get(f"/incidents/{incident_id}/tasks/{task_id}").get_data(as_text=True)
    assert "Omar" in page and "never leaves with a release" in page


def test_conflict_is_shown_and_removing_asks_first(
    browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast
) -> None:
    url = f"/incidents/{incident_id}/tasks/{_add(database, cast, incident_id)}"
    nadia = browser("nadia")
    stamp = re.search(
        r'name="stamp"[^>]*value="([0-9a-f]{32})"', nadia.get(url).get_data(as_text=True)
    )
    assert stamp
    fields = {**FIELDS, "stamp": stamp[1]}
    assert nadia.post(url, {**fields, "name": "Theirs"}).status_code == 302
    answer = nadia.post(url, {**fields, "name": "Mine"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Theirs" in page and "Mine" in page
    assert _rows(database)[0].name == "Theirs"
    assert "Remove this task" in nadia.get(f"{url}/remove").get_data(as_text=True)
    assert len(_rows(database)) == 1
    assert nadia.post(f"{url}/remove").status_code == 302
    assert _rows(database) == []


def test_who_may_not(browser: Make, incident_id: uuid.UUID, database: Database, cast: Cast) -> None:
    """T-08: what belongs to a case is reached through the right to the case alone."""
    task_id = _add(database, cast, incident_id)
    with database.writing() as session:
        foreign = cases.create_incident(session, cast.actors["boris"], CaseDetails(title="XB")).id
    nadia, boris, omar = browser("nadia"), browser("boris"), browser("omar")
    for path in ("new", f"{task_id}", f"{task_id}/remove", f"{task_id}/done"):
        url = f"/incidents/{incident_id}/tasks/{path}"
        assert boris.post(url, FIELDS).status_code == 404, path
        assert omar.post(url, FIELDS).status_code == 403, path
        assert nadia.client.post(url, data=FIELDS).status_code == 400, path
        if path != "new":
            assert boris.post(f"/incidents/{foreign}/tasks/{path}", FIELDS).status_code == 404
    assert nadia.get(f"/incidents/{incident_id}/tasks/{task_id}/done").status_code == 405
    page = omar.get(f"/incidents/{incident_id}/tasks").get_data(as_text=True)
    assert "Block it" in page and "/remove" not in page and "Add a task" not in page
    assert boris.get(f"/incidents/{incident_id}/tasks").status_code == 404
    (row,) = _rows(database)
    assert (row.name, row.outcome) == ("Block it", "pending")


def test_what_was_removed_meanwhile_is_not_there(
    database: Database, cast: Cast, incident_id: uuid.UUID
) -> None:
    task_id, nadia = _add(database, cast, incident_id), cast.actors["nadia"]
    with database.writing() as session:
        task = session.get_one(IncidentTask, task_id)
        details = tasks.details_of(task)
        gone = sa.delete(IncidentTask).where(IncidentTask.id == task_id)
        session.execute(gone.execution_options(synchronize_session=False))
        with pytest.raises(NotFoundError):
            tasks.remove_task(session, nadia, task)
        with pytest.raises(NotFoundError):
            tasks.change_task(session, nadia, task, details)
