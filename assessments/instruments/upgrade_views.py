"""Pages of an assessment about the version of its instrument: what moving it would do, doing it."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments import queries
from cirt.assessments.instruments import Question, load_instrument
from cirt.assessments.instruments.profiles import profile_or_problem
from cirt.assessments.instruments.upgrade import ANSWER_FATES, AnswerFate, Upgrade
from cirt.assessments.instruments.upgrading import (
    change_version,
    gone_answers,
    other_versions,
    planned,
)
from cirt.assessments.instruments.views import part_label
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.pages import blueprint, check_possible, render, the_assessment
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_, DomainError
from cirt.routing import opens
from cirt.web import actor, db_session

FATE_KINDS = {
    AnswerFate.KEPT: "done",
    AnswerFate.REVIEW: "review",
    AnswerFate.OPENED: "todo",
    AnswerFate.GONE: "blocked",
}
FATE_NAMES = {
    AnswerFate.KEPT: N_("Kept"),
    AnswerFate.REVIEW: N_("For review"),
    AnswerFate.OPENED: N_("Open again"),
    AnswerFate.GONE: N_("No longer counted"),
}
STATE_NAMES = {
    AnswerState.NOT_ANSWERED: N_("Not answered"),
    AnswerState.NOT_KNOWN: N_("Not known"),
    AnswerState.NOT_APPLICABLE: N_("Not applicable"),
}


@blueprint.get("/<uuid:assessment_id>/version")
@opens("assessment.read")
def version(assessment_id: uuid.UUID) -> Any:
    """Which version the assessment is at, to which it can move, answers that no longer count."""
    assessment = the_assessment(assessment_id, "assessment.read")
    one = load_instrument(assessment.instrument_id, assessment.instrument_version)
    return render(
        "instruments/versions.html",
        assessment,
        "details",
        act=Act.PREPARE,
        action="assessment.prepare",
        instrument=one,
        others=other_versions(assessment),
        gone=[
            (
                answer,
                _asked_then(assessment, answer),
                [
                    (row, said(row.state, row.level))
                    for row in queries.versions_of(db_session(), assessment, answer.question_id)
                ],
            )
            for answer in gone_answers(db_session(), assessment)
        ],
    )


@blueprint.route("/<uuid:assessment_id>/version/<version>", methods=["GET", "POST"])
@opens("assessment.prepare")
def change_of_version(assessment_id: uuid.UUID, version: str) -> Any:
    """What moving to a version would do to the answers, and the question whether to do it."""
    assessment = the_assessment(assessment_id, "assessment.prepare")
    check_possible(assessment, Act.PREPARE)
    if version == assessment.instrument_version:
        return flask.redirect(flask.url_for(".version", assessment_id=assessment.id))
    if flask.request.method == "POST":
        done = change_version(db_session(), actor(), assessment, version)
        flask.flash(
            _(
                "The assessment is at version %(version)s now. Answers for review: %(count)s.",
                version=version,
                count=len(done.of(AnswerFate.REVIEW)) + len(done.of(AnswerFate.OPENED)),
            ),
            "success",
        )
        return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))
    plan = planned(db_session(), assessment, version)
    _profile, problem = profile_or_problem(plan.comparison.after, assessment.profile)
    return render(
        "instruments/upgrade.html",
        assessment,
        "details",
        act=Act.PREPARE,
        action="assessment.prepare",
        plan=plan,
        asked=_asked(plan),
        problem=i18n.sentence(problem) if problem else "",
        fates=[
            (fate, _(FATE_NAMES[fate]), _(ANSWER_FATES[fate]), plan.of(fate)) for fate in AnswerFate
        ],
        fate_kinds=FATE_KINDS,
        part_label=part_label,
    )


def said(state: str, level: int | None) -> str:
    """Return what an answer said, in words."""
    kind = AnswerState(state)
    if kind is AnswerState.LEVEL:
        return _("Level %(level)s", level=level)
    return _(STATE_NAMES[kind])


def _asked(plan: Upgrade) -> dict[str, Question]:
    """Return every question of both versions by id, as the later one has it."""
    both = (*plan.comparison.before.questions, *plan.comparison.after.questions)
    return {question.id: question for question in both}


def _asked_then(assessment: Assessment, answer: Answer) -> Question | None:
    """Return the question as it was asked; None where that version is not installed any more."""
    try:
        then = load_instrument(assessment.instrument_id, answer.instrument_version)
        return then.question(answer.question_id)
    except DomainError:
        return None
