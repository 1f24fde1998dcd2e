"""Pages that lead an assessment from step to step: on, back, agreed, closed, reopened."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.access import allowed
from cirt.assessments import conduct, queries
from cirt.assessments.answering import answers_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.forms import ReopenForm
from cirt.assessments.lifecycle import (
    REOPEN_TO,
    STATE_HINTS,
    STATE_NAMES,
    Act,
    State,
    possible,
    state_after,
)
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.routing import opens
from cirt.web import actor, db_session

# act -> (label of the button that does it, question before it, sentence after it)
ADVANCE_WORDS: dict[Act, tuple[str, str, str]] = {
    Act.BEGIN: (
        N_("Begin collecting answers"),
        N_("Begin collecting answers?"),
        N_("The questions can be answered now."),
    ),
    Act.WORKSHOP: (
        N_("Begin the workshop"),
        N_("Begin the workshop?"),
        N_("The workshop has begun."),
    ),
    Act.REVIEW: (N_("Begin the review"), N_("Begin the review?"), N_("The review has begun.")),
    Act.BACK: (N_("Go one step back"), N_("Go one step back?"), N_("It is one step back.")),
}
# what leads on from a state, the usual way first: (act, action, label)
_STEPS: tuple[tuple[Act, str, str], ...] = (
    *((act, "assessment.advance", ADVANCE_WORDS[act][0]) for act in conduct.ADVANCES[:3]),
    (Act.AGREE, "assessment.agree", N_("Agree and lock")),
    (Act.CLOSE, "assessment.close", N_("Close the assessment")),
    (Act.BACK, "assessment.advance", ADVANCE_WORDS[Act.BACK][0]),
    (Act.REOPEN, "assessment.reopen", N_("Reopen with a reason")),
)


def steps_from(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the steps that are possible now: .label .url .may (whether this person may)."""
    return [
        {"label": _(label), "url": _step_url(assessment, act), "may": bool(decision)}
        for act, action, label in _STEPS
        if possible(assessment.standing, act)
        for decision in [allowed(db_session(), actor(), action, assessment)]
    ]


@blueprint.route("/<uuid:assessment_id>/advance/<act>", methods=["GET", "POST"])
@opens("assessment.advance")
def advance(assessment_id: uuid.UUID, act: str) -> Any:
    """Ask, then take the assessment one step on or back."""
    step = next((one for one in conduct.ADVANCES if one.value == act), None)
    if step is None:
        raise NotFoundError
    assessment = the_assessment(assessment_id, "assessment.advance")
    label, question, done = ADVANCE_WORDS[step]
    if flask.request.method == "POST":
        conduct.advance(db_session(), actor(), assessment, step)
        flask.flash(_(done), "success")
        return _to_details(assessment)
    after = state_after(assessment.standing, step)
    return render(
        "advance.html",
        assessment,
        "details",
        label=_(label),
        sentence=_(question),
        after=_(STATE_NAMES[after]),
        hint=_(STATE_HINTS[after]),
    )


@blueprint.route("/<uuid:assessment_id>/agree", methods=["GET", "POST"])
@opens("assessment.agree")
def agree(assessment_id: uuid.UUID) -> Any:
    """The last question before the country stands by its answers and they are locked."""
    assessment = the_assessment(assessment_id, "assessment.agree")
    if flask.request.method == "POST":
        conduct.agree_assessment(db_session(), actor(), assessment)
        flask.flash(_("The assessment is agreed, and its answers are locked."), "success")
        return _to_details(assessment)
    check_possible(assessment, Act.AGREE)
    return render("agree.html", assessment, "details", waiting=_waiting(assessment))


@blueprint.route("/<uuid:assessment_id>/close", methods=["GET", "POST"])
@opens("assessment.close")
def close(assessment_id: uuid.UUID) -> Any:
    """The last question before a round is over."""
    assessment = the_assessment(assessment_id, "assessment.close")
    if flask.request.method == "POST":
        conduct.close_assessment(db_session(), actor(), assessment)
        flask.flash(_("The assessment is closed."), "success")
        return _to_details(assessment)
    check_possible(assessment, Act.CLOSE)
    return render("close.html", assessment, "details")


@blueprint.route("/<uuid:assessment_id>/reopen", methods=["GET", "POST"])
@opens("assessment.reopen")
def reopen(assessment_id: uuid.UUID) -> Any:
    """Unlock an agreed or closed assessment, with a reason."""
    assessment = the_assessment(assessment_id, "assessment.reopen")
    check_possible(assessment, Act.REOPEN)
    form = ReopenForm()
    form.to.choices = [(state.value, _(STATE_NAMES[state])) for state in REOPEN_TO]
    if form.validate_on_submit():
        try:
            if form.to.data not in [state.value for state in REOPEN_TO]:
                raise InvalidInputError(
                    N_("Choose the step at which the assessment is taken up again."), field="to"
                )
            conduct.reopen_assessment(
                db_session(),
                actor(),
                assessment,
                reason=form.reason.data,
                to=State(form.to.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "reason")
        else:
            flask.flash(_("The assessment is open again."), "success")
            return _to_details(assessment)
    hints = {state.value: _(STATE_HINTS[state]) for state in REOPEN_TO}
    return render("reopen.html", assessment, "details", form=form, hints=hints), status_of(form)


def _waiting(assessment: Assessment) -> dict[str, int]:
    """Return how many questions are unanswered, disputed, for review, or lack evidence."""
    put = queries.asked(assessment, instrument_of(assessment).questions)
    answers = answers_of(db_session(), assessment)
    evidence = evidence_of(db_session(), assessment)
    there = [answers[one.id] for one in put if one.id in answers]
    levels = [row for row in there if row.state == AnswerState.LEVEL]
    return {
        "unanswered": len(put) - sum(1 for row in there if row.state != AnswerState.NOT_ANSWERED),
        "disputed": sum(1 for row in there if row.disputed),
        "for-review": sum(1 for row in there if row.for_review),
        "no-evidence": sum(1 for row in levels if not evidence.get(row.question_id)),
    }


def _step_url(assessment: Assessment, act: Act) -> str:
    if act in conduct.ADVANCES:
        return flask.url_for("assessments.advance", assessment_id=assessment.id, act=act.value)
    return flask.url_for(f"assessments.{act.value}", assessment_id=assessment.id)


def _to_details(assessment: Assessment) -> Any:
    return flask.redirect(flask.url_for(".details", assessment_id=assessment.id))
