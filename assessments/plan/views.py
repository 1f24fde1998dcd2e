"""Pages of the plan as a whole: the plan, its proposal, its order; and its part of other pages."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    RelatedLink,
    RelatedPart,
    blueprint,
    check_possible,
    instrument_of,
    related_parts,
    status_of,
    the_assessment,
)
from cirt.assessments.plan import action_views, outlook_views, progress_views, proposing
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.forms import ProposeForm
from cirt.assessments.plan.models import ACTION_STATE_NAMES, ActionState, Plan
from cirt.assessments.plan.pages import STATE_KINDS, show, sums, to_plan, why
from cirt.assessments.plan.progress import adopt_proposed
from cirt.assessments.plan.queries import actions_of_question, plan_of
from cirt.assessments.plan.schedule import AT_ONCE, WEEKS
from cirt.assessments.plan.texts import short_text
from cirt.clock import now
from cirt.errors import InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session

assert action_views and outlook_views and progress_views  # noqa: S101 - imported for their routes


@blueprint.get("/<uuid:assessment_id>/plan")
@opens("assessment.read")
def plan(assessment_id: uuid.UUID) -> Any:
    """The plan: what to do, phase by phase, and why each action stands where it stands."""
    assessment = the_assessment(assessment_id, "assessment.read")
    basis = basis_of(db_session(), assessment)
    content = plan_of(db_session(), assessment, basis, language=i18n.current_language())
    return show(
        "plan.html",
        assessment,
        plan=content,
        basis=basis,
        problem=i18n.sentence(basis.problem) if basis.problem else "",
        why={action.id: why(action, content, basis) for action in content.everything},
        sums=sums(content),
        proposed=content.count(ActionState.PROPOSED),
    )


@blueprint.route("/<uuid:assessment_id>/plan/propose", methods=["GET", "POST"])
@opens("assessment.plan")
def propose_plan(assessment_id: uuid.UUID) -> Any:
    """Propose the plan from the answers, the first time or anew."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    check_possible(assessment, Act.PLAN)
    present = db_session().get(Plan, assessment.id)
    form = ProposeForm(
        data={
            "starts_on": present.starts_on if present else now().date(),
            "at_once": present.at_once if present else AT_ONCE,
        }
    )
    if form.validate_on_submit():
        try:
            done = proposing.propose(
                db_session(),
                actor(),
                assessment,
                starts_on=form.starts_on.data,
                at_once=form.at_once.data,
            )
        except InvalidInputError as error:
            form.refuse(error, "starts_on")
        else:
            flask.flash(
                _(
                    "The plan was proposed. New: %(new)s, brought up to date: %(refreshed)s,"
                    " kept as changed by hand or done: %(kept)s, no longer needed: %(gone)s.",
                    new=done.added,
                    refreshed=done.refreshed,
                    kept=done.kept,
                    gone=done.no_longer_needed,
                ),
                "success",
            )
            return to_plan(assessment)
    basis = basis_of(db_session(), assessment)
    page = show(
        "propose.html",
        assessment,
        form=form,
        basis=basis,
        problem=i18n.sentence(basis.problem) if basis.problem else "",
        plan=plan_of(db_session(), assessment, basis),
        weeks=WEEKS,
    )
    return page, status_of(form)


@blueprint.post("/<uuid:assessment_id>/plan/order")
@opens("assessment.plan")
def order_plan(assessment_id: uuid.UUID) -> Any:
    """Take the recommended order again."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    proposing.order_anew(db_session(), actor(), assessment)
    flask.flash(_("The actions stand in the recommended order again."), "success")
    return to_plan(assessment)


@blueprint.post("/<uuid:assessment_id>/plan/adopt")
@opens("assessment.plan")
def adopt_plan(assessment_id: uuid.UUID) -> Any:
    """Take all that is proposed as planned."""
    assessment = the_assessment(assessment_id, "assessment.plan")
    count = adopt_proposed(db_session(), actor(), assessment)
    flask.flash(_("Taken as planned: %(count)s actions.", count=count), "success")
    return to_plan(assessment)


def of_question(assessment: Assessment, question_id: str) -> RelatedPart | None:
    """The section of a question's page with its actions of the plan."""
    rows = actions_of_question(db_session(), assessment, question_id)
    if not rows:
        return None
    links = []
    for row in rows:
        state = ActionState(row.state)
        links.append(
            RelatedLink(
                short_text(row, instrument_of(assessment), i18n.current_language()),
                flask.url_for(
                    "assessments.plan_action", assessment_id=assessment.id, action_id=row.id
                ),
                (STATE_KINDS[state], _(ACTION_STATE_NAMES[state]))
                if row.needed
                else ("blocked", _("No longer needed")),
            )
        )
    return RelatedPart(_("Actions of the plan"), links)


related_parts.append(of_question)
