"""Pages of answers carried over: what is proposed, what a person accepts."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.pages import (
    RelatedLink,
    RelatedPart,
    blueprint,
    instrument_of,
    related_parts,
    render,
    the_assessment,
)
from cirt.assessments.rounds.acceptance import Proposed, accept_proposals, origins_of, proposed
from cirt.assessments.rounds.carry_over import CARRY_RULE, Proposal
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.route("/<uuid:assessment_id>/carry-over", methods=["GET", "POST"])
@opens("assessment.answer")
def carry_over(assessment_id: uuid.UUID) -> Any:
    """Answers proposed from the last round and from other instruments; a person accepts them."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    if flask.request.method == "POST":
        outcome = accept_proposals(
            db_session(),
            actor(),
            assessment,
            _accepted(instrument_of(assessment)),
            note=_note,
            language=i18n.current_language(),
        )
        if outcome.saved:
            flask.flash(_("Answers carried over: %(count)s.", count=len(outcome.saved)), "success")
        if outcome.answered:
            flask.flash(
                _(
                    "Answered by somebody meanwhile and left as they are: %(ids)s.",
                    ids=", ".join(outcome.answered),
                ),
                "warning",
            )
        if outcome.changed:
            flask.flash(
                _(
                    "The proposal has changed; look at it again: %(ids)s.",
                    ids=", ".join(outcome.changed),
                ),
                "warning",
            )
        if not (outcome.saved or outcome.answered or outcome.changed):
            flask.flash(_("Choose at least one proposal."), "warning")
        return flask.redirect(flask.url_for(".carry_over", assessment_id=assessment.id))
    found = proposed(db_session(), actor(), assessment)
    instrument = instrument_of(assessment)
    by_dimension = [
        (
            dimension,
            [
                found.proposals[question.id]
                for question in dimension.questions
                if question.id in found.proposals
            ],
        )
        for dimension in instrument.dimensions
    ]
    return render(
        "rounds/carry_over.html",
        assessment,
        "show",
        found=found,
        by_dimension=[pair for pair in by_dimension if pair[1]],
        instrument=instrument,
        rule=_(CARRY_RULE),
        instrument_names=_instrument_names(found),
    )


def _accepted(instrument: Instrument) -> dict[str, int]:
    """The proposals ticked, or all shown of one dimension: question id -> the level that was shown.

    The level comes along so that another one is never accepted unseen.
    """
    form = flask.request.form
    dimension = form.get("dimension", "")
    chosen = {}
    for value in form.getlist("shown" if dimension else "accept"):
        question_id, _sign, level = value.rpartition("=")
        if level not in ("0", "1", "2", "3", "4") or not instrument.has_question(question_id):
            continue
        if not dimension or instrument.question(question_id).dimension_id == dimension:
            chosen[question_id] = int(level)
    return chosen


def _instrument_names(found: Proposed) -> dict[str, str]:
    language = i18n.current_language()
    used = {source.key for one in found.proposals.values() for source in one.sources}
    names = {}
    for key in used:
        row = found.assessments[key]
        instrument = load_instrument(row.instrument_id, row.instrument_version)
        names[key] = instrument.title.in_language(language).text
    return names


def _note(found: Proposed, proposal: Proposal) -> str:
    """The comment of an answer that was carried over, in the language of the person."""
    names = _instrument_names(found)
    parts = [
        _(
            "%(instrument)s, round %(round)s: %(question)s, level %(level)s of %(top)s (%(day)s)",
            instrument=names[source.key],
            round=found.assessment(source).round,
            question=source.question.id,
            level=source.level,
            top=source.question.top,
            day=f"{found.answer(source).updated_at:%Y-%m-%d}",
        )
        for source in proposal.sources
    ]
    return _("Carried over from: %(sources)s.", sources="; ".join(parts))


def of_question(assessment: Assessment, question_id: str) -> RelatedPart | None:
    """The answers that a carried-over one came from, as far as the person may open them."""
    answer = db_session().get(Answer, (assessment.id, question_id))
    if answer is None or not answer.carried_from:
        return None
    links = [
        RelatedLink(
            title=_("%(question)s, round %(round)s", question=source, round=origin.round),
            url=flask.url_for(".question", assessment_id=origin.id, question_id=source),
        )
        for origin, source in origins_of(db_session(), actor(), answer)
    ]
    return RelatedPart(_("Carried over from"), links) if links else None


related_parts.append(of_question)
