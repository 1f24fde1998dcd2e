"""What the pages of a plan share: the record, the words, how they are rendered."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed
from cirt.assessments.findings.queries import findings_by_action
from cirt.assessments.instruments.model import COST_NAMES, EFFORT_NAMES
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import instrument_of, render, why_not
from cirt.assessments.plan.actions import action_of
from cirt.assessments.plan.basis import Basis
from cirt.assessments.plan.content import PlanContent, PlannedAction
from cirt.assessments.plan.models import ACTION_STATE_NAMES, ActionState, PlanAction
from cirt.assessments.plan.sentences import (
    cost_lines,
    days_line,
    effort_lines,
    listing,
    money_line,
    phase_name,
    sentence_of,
)
from cirt.assessments.plan.totals import Totals
from cirt.web import actor, db_session

# how marks.status shows each state
STATE_KINDS = {
    ActionState.PROPOSED: "todo",
    ActionState.PLANNED: "todo",
    ActionState.RUNNING: "progress",
    ActionState.DONE: "done",
    ActionState.DROPPED: "blocked",
}


def number(text: object) -> int:
    """Return a revision as a whole number; -1, which fits nothing, for anything else."""
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else -1


def the_action(assessment: Assessment, action_id: uuid.UUID) -> PlanAction:
    """Return an action of this assessment. Raises NotFoundError."""
    return action_of(db_session(), assessment, action_id)


def to_plan(assessment: Assessment, code: str = "") -> Any:
    """Lead to the plan, to the place of an action."""
    return flask.redirect(
        flask.url_for("assessments.plan", assessment_id=assessment.id, _anchor=code or None)
    )


def show(template: str, assessment: Assessment, *, act: Act = Act.PLAN, **context: Any) -> str:
    """Return a page of the plan."""
    action = "assessment.progress" if act is Act.PROGRESS else "assessment.plan"
    instrument = instrument_of(assessment)
    language = i18n.current_language()
    return render(
        f"plan/{template}",
        assessment,
        "plan",
        act=act,
        action=action,
        may_plan=bool(allowed(db_session(), actor(), "assessment.plan", assessment)),
        progress_locked=why_not(assessment, Act.PROGRESS, "assessment.progress"),
        state_names={state.value: _(name) for state, name in ACTION_STATE_NAMES.items()},
        state_kinds={state.value: kind for state, kind in STATE_KINDS.items()},
        effort_names={band.value: _(name) for band, name in EFFORT_NAMES.items()},
        cost_names={band.value: _(name) for band, name in COST_NAMES.items()},
        phase_name=phase_name,
        codes_list=listing,
        question_text=lambda code: instrument.question(code).text.in_language(language),
        has_question=instrument.has_question,
        findings_of_actions=findings_by_action(db_session(), assessment),
        **context,
    )


def why(action: PlannedAction, plan: PlanContent, basis: Basis) -> list[str]:
    """Return the sentences that say why an action is there and stands where it stands."""
    said = [
        sentence_of(reason, plan.codes, from_profile=basis.aim.from_profile)
        for reason in action.why
    ]
    if action.is_own:
        said.append(_("Added by hand."))
    elif not action.needed:
        said.append(_("The answers no longer ask for it."))
    elif action.edited:
        said.append(_("Changed by hand: a new proposal leaves it as it is."))
    if action.before_its_needs:
        said.append(
            _(
                "It stands before what it needs: %(codes)s. Move it down, or those up.",
                codes=listing(action.before_its_needs),
            )
        )
    return said


def sums(plan: PlanContent) -> list[dict[str, Any]]:
    """Return the totals of each phase that has actions, then of the whole, in words."""
    rows: list[tuple[str, str, Totals]] = [
        (phase_name(one.phase), one.phase, one.totals) for one in plan.phases if one.actions
    ]
    if len(rows) > 1:
        rows.append((_("Whole plan"), "", plan.totals))
    return [
        {
            "name": name,
            "phase": phase,
            "count": totals.count,
            "efforts": effort_lines(totals),
            "days": days_line(totals),
            "costs": cost_lines(totals),
            "money": money_line(totals),
        }
        for name, phase, totals in rows
    ]
