"""Pages of a case's tasks: the list, recording, changing, done, removing."""

import contextlib
import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.accounts.models import User
from cirt.clock import now
from cirt.errors import ConflictError, DomainError
from cirt.incidents import tasks
from cirt.incidents.case_changes import Difference, differences, shown
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import blueprint, incident_for, refuse, removal_page
from cirt.incidents.case_parts import changes_between, stamp_of
from cirt.incidents.impact_models import IncidentTask
from cirt.incidents.impact_words import OUTCOME_KINDS, TASK_FIELDS
from cirt.incidents.task_forms import TaskForm, form_values
from cirt.incidents.task_rules import OPEN, TaskDetails, checked_task
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:incident_id>/tasks", endpoint="tasks")
@opens("incident.read")
def tasks_table(incident_id: uuid.UUID) -> Any:
    """The tasks of a case: what is still to be done first, the most urgent of it on top."""
    incident = incident_for("incident.read", incident_id, page="tasks")
    rows = sorted(incident.tasks, key=_urgency)
    names = {row.assigned_to for row in rows} - {None}
    return flask.render_template(
        "incidents/tasks.html",
        incident=incident,
        tab="tasks",
        rows=rows,
        open_outcomes=OPEN,
        outcome_kinds=OUTCOME_KINDS,
        shown=shown,
        people={user_id: db_session().get_one(User, user_id).name for user_id in names},
    )


def _urgency(task: IncidentTask) -> tuple[bool, int]:
    return task.outcome not in OPEN, -(-1 if task.priority is None else task.priority)


@blueprint.route("/<uuid:incident_id>/tasks/new", methods=["GET", "POST"])
@opens("incident.edit")
def add_task(incident_id: uuid.UUID) -> Any:
    """Record a task."""
    incident = incident_for("incident.edit", incident_id, page="task")
    form = TaskForm(persons=tasks.possible_persons(db_session(), incident))
    if form.validate_on_submit():
        try:
            tasks.add_task(db_session(), actor(), incident, form.details())
        except DomainError as error:
            refuse(form, error, "name")
        else:
            flask.flash(_("The task was recorded."), "success")
            return flask.redirect(flask.url_for(".tasks", incident_id=incident.id))
    return _form_page(incident, form, _("Add a task"))


@blueprint.route("/<uuid:incident_id>/tasks/<uuid:task_id>", methods=["GET", "POST"])
@opens("incident.edit")
def change_task(incident_id: uuid.UUID, task_id: uuid.UUID) -> Any:
    """Change a task; a change of somebody else meanwhile is shown beside one's own."""
    incident = incident_for("incident.edit", incident_id, page="task")
    task = tasks.task_of(db_session(), incident, task_id)
    present = tasks.values_of(task)
    form = TaskForm(
        persons=_persons(incident, task),
        data=form_values(tasks.details_of(task)) | {"stamp": stamp_of(present)},
    )
    found: list[Difference] = []
    if form.validate_on_submit():
        mine = form.details()
        try:
            changed = tasks.change_task(
                db_session(), actor(), task, mine, stamp=form.stamp.data or ""
            )
        except ConflictError as error:
            found = _conflict(form, error, tasks.values_of(task), mine)
        except DomainError as error:
            refuse(form, error, "name")
        else:
            sentence = _("The task was changed.") if changed else _("Nothing was changed.")
            flask.flash(sentence, "success")
            return flask.redirect(flask.url_for(".tasks", incident_id=incident.id))
    return _form_page(incident, form, _("Change a task"), found)


def _persons(incident: Incident, task: IncidentTask) -> list[User]:
    """Return who can be given the task, and who has it already."""
    found = tasks.possible_persons(db_session(), incident)
    present = db_session().get(User, task.assigned_to) if task.assigned_to else None
    return [*found, present] if present and present not in found else found


def _conflict(
    form: TaskForm, error: ConflictError, present: dict[str, Any], mine: TaskDetails
) -> list[Difference]:
    flask.g.failed = True
    form.form_errors = [i18n.sentence(error)]
    # who saves again has seen both
    form.stamp.raw_data, form.stamp.data = None, stamp_of(present)
    with contextlib.suppress(DomainError):  # shown as typed when it does not fit
        mine = checked_task(mine, now=now())
    return differences(changes_between(present, tasks.flat(mine)), TASK_FIELDS)


@blueprint.post("/<uuid:incident_id>/tasks/<uuid:task_id>/done")
@opens("incident.edit")
def finish_task(incident_id: uuid.UUID, task_id: uuid.UUID) -> Any:
    """Note that a task is done."""
    incident = incident_for("incident.edit", incident_id, page="task")
    task = tasks.task_of(db_session(), incident, task_id)
    if tasks.finish_task(db_session(), actor(), task):
        flask.flash(_("The task is done."), "success")
    else:
        flask.flash(_("The task was not open any more; nothing was changed."), "info")
    return flask.redirect(flask.url_for(".tasks", incident_id=incident.id))


@blueprint.route("/<uuid:incident_id>/tasks/<uuid:task_id>/remove", methods=["GET", "POST"])
@opens("incident.edit")
def remove_task(incident_id: uuid.UUID, task_id: uuid.UUID) -> Any:
    """Ask before a task is removed, and remove it."""
    incident = incident_for("incident.edit", incident_id, page="task")
    task = tasks.task_of(db_session(), incident, task_id)
    if flask.request.method == "POST":
        tasks.remove_task(db_session(), actor(), task)
        flask.flash(_("The task was removed."), "success")
        return flask.redirect(flask.url_for(".tasks", incident_id=incident.id))
    return removal_page(
        incident,
        "tasks",
        what=task.name,
        text=task.description,
        question=_("Remove this task from the incident?"),
    )


def _form_page(
    incident: Incident, form: TaskForm, heading: str, found: list[Difference] | None = None
) -> Any:
    page = flask.render_template(
        "incidents/task_form.html",
        incident=incident,
        tab="tasks",
        form=form,
        heading=heading,
        differences=found or [],
    )
    return page, 409 if form.form_errors else 422 if form.errors else 200
