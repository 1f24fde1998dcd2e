"""Pages of progress: all actions after the workshop, and one action with its notes."""

import uuid
from datetime import date
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.lifecycle import Act
from cirt.assessments.pages import blueprint, check_possible, status_of, the_assessment
from cirt.assessments.plan import progress as rules
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.content import PlannedAction
from cirt.assessments.plan.forms import PlaceForm, ProgressForm
from cirt.assessments.plan.models import ActionState
from cirt.assessments.plan.pages import number, show, the_action, why
from cirt.assessments.plan.progress import ActionConflictError
from cirt.assessments.plan.queries import newest_notes, plan_of, progress_of
from cirt.clock import now
from cirt.errors import InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/plan/progress")
@opens("assessment.read")
def plan_progress(assessment_id: uuid.UUID) -> Any:
    """How far the actions are: overdue ones first, then by target date."""
    assessment = the_assessment(assessment_id, "assessment.read")
    plan = plan_of(db_session(), assessment, language=i18n.current_language())
    chosen = flask.request.args.get("show", "open")
    shown = [
        one
        for one in plan.actions
        if chosen == "all" or (one.overdue if chosen == "overdue" else one.open)
    ]
    shown.sort(key=_by_date)
    return show(
        "progress.html",
        assessment,
        act=Act.PROGRESS,
        plan=plan,
        shown=shown,
        chosen=chosen if chosen in ("all", "overdue") else "open",
        notes=newest_notes(db_session(), assessment),
        overdue=sum(1 for one in plan.actions if one.overdue),
        open_count=sum(1 for one in plan.actions if one.open),
        done=plan.count(ActionState.DONE),
        total=len(plan.actions),
    )


@blueprint.route("/<uuid:assessment_id>/plan/actions/<uuid:action_id>", methods=["GET", "POST"])
@opens("assessment.read")
def plan_action(assessment_id: uuid.UUID, action_id: uuid.UUID) -> Any:
    """One action: what it is, why it is there, what was noted about it; and a new note."""
    posts = flask.request.method == "POST"
    assessment = the_assessment(
        assessment_id, "assessment.progress" if posts else "assessment.read"
    )
    row = the_action(assessment, action_id)
    noted = progress_of(db_session(), row)
    form = ProgressForm(data={"state": row.state, "seen": noted[-1].n if noted else 0})
    conflict = ""
    if posts:
        check_possible(assessment, Act.PROGRESS)
    if form.validate_on_submit():
        try:
            rules.note_progress(
                db_session(),
                actor(),
                assessment,
                row,
                state=form.state.data or "",
                note=form.note.data or "",
                seen=number(form.seen.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "note")
        except ActionConflictError as error:
            conflict = i18n.sentence(error)
            noted = progress_of(db_session(), row)
            form.seen.data = noted[-1].n if noted else 0
        else:
            flask.flash(_("The progress was noted."), "success")
            return flask.redirect(
                flask.url_for(".plan_action", assessment_id=assessment.id, action_id=row.id)
            )
    basis = basis_of(db_session(), assessment)
    plan = plan_of(db_session(), assessment, basis, language=i18n.current_language())
    action = next(one for one in plan.everything if one.id == row.id)
    page = show(
        "action.html",
        assessment,
        plan=plan,
        one=action,
        row=row,
        why=why(action, plan, basis),
        noted=noted,
        form=form,
        place_form=PlaceForm(formdata=None, data={"place": action.place}),
        conflict=conflict,
        by_code={one.code: one for one in plan.everything},
    )
    return page, 409 if conflict else status_of(form)


def _by_date(action: PlannedAction) -> tuple[bool, bool, date]:
    today = now().date()
    return (not action.open, action.target_date is None, action.target_date or today)
