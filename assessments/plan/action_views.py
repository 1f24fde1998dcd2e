"""Pages of one action: add, edit, move, drop, restore."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.instruments.model import Phase
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    status_of,
    the_assessment,
)
from cirt.assessments.plan import actions
from cirt.assessments.plan.actions import ActionContent
from cirt.assessments.plan.codes import codes_in
from cirt.assessments.plan.forms import ActionForm, DropForm
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.plan.pages import number, show, the_action, to_plan
from cirt.assessments.plan.progress import ActionConflictError
from cirt.assessments.plan.proposing import actions_in, needs_in
from cirt.errors import InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.route("/<uuid:assessment_id>/plan/actions/new", methods=["GET", "POST"])
@opens("assessment.plan")
def add_action(assessment_id: uuid.UUID) -> Any:
    """Add an action of one's own; ?question= and ?phase= fill in what it is about."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    check_possible(assessment, Act.PLAN)
    phase = flask.request.args.get("phase", "")
    form = ActionForm(
        data={
            "phase": phase if phase in list(Phase) else Phase.DESIGN.value,
            "question_id": flask.request.args.get("question", "")[:20],
        }
    )
    if form.validate_on_submit():
        try:
            row = actions.add_action(db_session(), actor(), assessment, _content(assessment, form))
        except InvalidInputError as error:
            form.refuse(error, "text")
        else:
            flask.flash(_("The action %(code)s was added.", code=row.code), "success")
            return to_plan(assessment, row.code)
    return show("edit.html", assessment, form=form, row=None, theirs=None), status_of(form)


@blueprint.route(
    "/<uuid:assessment_id>/plan/actions/<uuid:action_id>/edit", methods=["GET", "POST"]
)
@opens("assessment.plan")
def edit_action(assessment_id: uuid.UUID, action_id: uuid.UUID) -> Any:
    """Change an action."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    row = the_action(assessment, action_id)
    check_possible(assessment, Act.PLAN)
    form = ActionForm(data=_said(assessment, row))
    theirs = None
    if form.validate_on_submit():
        try:
            actions.edit_action(
                db_session(),
                actor(),
                assessment,
                row,
                _content(assessment, form),
                revision=number(form.revision.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "text")
        except ActionConflictError as error:
            theirs = _theirs(assessment, error.theirs)
            # nothing typed is lost: sent again, it goes over what is shown beside it
            form.revision.data = error.theirs.revision
        else:
            flask.flash(_("The action %(code)s was changed.", code=row.code), "success")
            return to_plan(assessment, row.code)
    page = show("edit.html", assessment, form=form, row=row, theirs=theirs)
    return page, 409 if theirs else status_of(form)


@blueprint.post("/<uuid:assessment_id>/plan/actions/<uuid:action_id>/move")
@opens("assessment.plan")
def move_action(assessment_id: uuid.UUID, action_id: uuid.UUID) -> Any:
    """Move an action within its phase: by=-1 up, by=1 down, or to a place."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    row = the_action(assessment, action_id)
    steps = {"-1": -1, "1": 1}.get(flask.request.form.get("by", ""))
    place = number(flask.request.form.get("place"))
    if steps is not None:
        actions.shift_action(db_session(), actor(), assessment, row, steps)
    elif place > 0:
        actions.move_action(db_session(), actor(), assessment, row, place)
    else:
        check_possible(assessment, Act.PLAN)
        flask.flash(_("Give the place as a number, 1 for the first of its phase."), "danger")
    return to_plan(assessment, row.code)


@blueprint.route(
    "/<uuid:assessment_id>/plan/actions/<uuid:action_id>/drop", methods=["GET", "POST"]
)
@opens("assessment.plan")
def drop_action(assessment_id: uuid.UUID, action_id: uuid.UUID) -> Any:
    """Ask for the reason, then take an action out of the plan."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    row = the_action(assessment, action_id)
    check_possible(assessment, Act.PLAN)
    form = DropForm(data={"revision": row.revision})
    conflict = ""
    if form.validate_on_submit():
        try:
            actions.drop_action(
                db_session(),
                actor(),
                assessment,
                row,
                reason=form.reason.data or "",
                revision=number(form.revision.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "reason")
        except ActionConflictError as error:
            conflict = i18n.sentence(error)
            form.revision.data = error.theirs.revision
        else:
            flask.flash(_("The action %(code)s was dropped.", code=row.code), "success")
            return to_plan(assessment, row.code)
    page = show("drop.html", assessment, form=form, row=row, conflict=conflict)
    return page, 409 if conflict else status_of(form)


@blueprint.post("/<uuid:assessment_id>/plan/actions/<uuid:action_id>/restore")
@opens("assessment.plan")
def restore_action(assessment_id: uuid.UUID, action_id: uuid.UUID) -> Any:
    """Take a dropped action into the plan again."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    row = the_action(assessment, action_id)
    revision = number(flask.request.form.get("revision"))
    actions.restore_action(db_session(), actor(), assessment, row, revision=revision)
    flask.flash(_("The action %(code)s is in the plan again.", code=row.code), "success")
    return to_plan(assessment, row.code)


def _content(assessment: Assessment, form: ActionForm) -> ActionContent:
    codes = [row.code for row in actions_in(db_session(), assessment)]
    known = [each.id for each in instrument_of(assessment).questions]
    question = codes_in(form.question_id.data, known, field="question_id")
    return ActionContent(
        text=form.text.data or "",
        owner=form.owner.data or "",
        starts_on=form.starts_on.data,
        target_date=form.target_date.data,
        indicator=form.indicator.data or "",
        effort=form.effort.data or "",
        cost=form.cost.data or "",
        phase=form.phase.data or "",
        question_id=question[0] if question else "",
        needs=codes_in(form.needs.data, codes, field="needs"),
    )


def _said(assessment: Assessment, row: PlanAction) -> dict[str, Any]:
    needs = needs_in(db_session(), assessment).get(row.id, set())
    rows = actions_in(db_session(), assessment)
    return {
        "text": row.text,
        "indicator": row.indicator,
        "owner": row.owner,
        "starts_on": row.starts_on,
        "target_date": row.target_date,
        "phase": row.phase,
        "effort": row.effort,
        "cost": row.cost,
        "needs": ", ".join(one.code for one in rows if one.id in needs),
        "question_id": row.question_id or "",
        "revision": row.revision,
    }


def _theirs(assessment: Assessment, row: PlanAction) -> list[tuple[str, str]]:
    """What the action says now, field by field, in words."""
    said = _said(assessment, row)
    blank = ActionForm(formdata=None, data=said)
    shown = []
    for name in ("text", "indicator", "owner", "starts_on", "target_date", "needs"):
        shown.append((blank[name].label.text, str(said[name] or "")))
    for name in ("phase", "effort", "cost"):
        label = dict(blank[name].choices).get(said[name], said[name])
        shown.append((blank[name].label.text, label))
    return shown
