"""The table for fast entry: one row a question, one button for all of them."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from cirt import i18n
from cirt.assessments import queries
from cirt.assessments.answer_words import choice_labels, parts_of
from cirt.assessments.answering import answers_of, content_of
from cirt.assessments.entry_table import RowProblem, SavedTable, TypedRow, save_table
from cirt.assessments.instruments import Question
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.pages import blueprint, check_possible, instrument_of, render, the_assessment
from cirt.assessments.question_views import shown_language
from cirt.assessments.shown_choices import (
    chosen_selection,
    dimension_choices,
    number,
    selection_words,
)
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/table")
@opens("assessment.read")
def table(assessment_id: uuid.UUID) -> Any:
    """The questions of one dimension, or all, as rows to type in."""
    assessment = the_assessment(assessment_id, "assessment.read")
    return _page(assessment, _chosen(assessment))


@blueprint.post("/<uuid:assessment_id>/table")
@opens("assessment.answer")
def save_rows(assessment_id: uuid.UUID) -> Any:
    """Save the rows that were changed; what cannot be saved stays on the page with its words."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    check_possible(assessment, Act.ANSWER)
    typed = _typed(assessment)
    outcome = save_table(db_session(), actor(), assessment, typed, language_of=shown_language)
    _say(outcome)
    if outcome.problems:
        # the rows that were there stay there: what was just answered does not jump away
        page = _page(assessment, [row.question for row in typed], outcome.problems)
        return page, 409 if any(one.is_conflict for one in outcome.problems) else 422
    return flask.redirect(
        flask.url_for(
            ".table",
            assessment_id=assessment.id,
            dimension=_dimension(assessment),
            **chosen_selection().arguments,
        )
    )


def _dimension(assessment: Assessment) -> str:
    """Return the dimension of the address; the first one for none, "all" for all."""
    wanted = flask.request.args.get("dimension", "")
    asked = [one.id for one in queries.asked_dimensions(assessment)]
    return wanted if wanted in ("all", *asked) else (asked[0] if asked else "all")


def _chosen(assessment: Assessment) -> list[Question]:
    dimension = _dimension(assessment)
    taken = queries.chosen(db_session(), assessment, chosen_selection())
    return [one for one in taken if dimension in ("all", one.dimension_id)]


def _typed(assessment: Assessment) -> list[TypedRow]:
    form = flask.request.form
    return [
        TypedRow(
            question=question,
            choice=form.get(f"choice:{question.id}", ""),
            reason=form.get(f"reason:{question.id}", ""),
            comment=form.get(f"comment:{question.id}", ""),
            revision=number(form.get(f"revision:{question.id}")),
        )
        for question in instrument_of(assessment).questions
        if f"revision:{question.id}" in form
    ]


def _say(outcome: SavedTable) -> None:
    if outcome.saved:
        flask.flash(
            ngettext(
                "%(num)s answer was saved.", "%(num)s answers were saved.", len(outcome.saved)
            ),
            "success",
        )
    elif not outcome.problems:
        flask.flash(_("Nothing was changed."), "info")


def _page(
    assessment: Assessment, questions: list[Question], problems: tuple[RowProblem, ...] = ()
) -> str:
    answers = answers_of(db_session(), assessment)
    wrong = {problem.row.question.id: problem for problem in problems}
    dimension = _dimension(assessment)
    return render(
        "table.html",
        assessment,
        "show",
        rows=[_row(assessment, one, answers.get(one.id), wrong.get(one.id)) for one in questions],
        dimension=dimension,
        dimensions=dimension_choices(assessment, instrument_of(assessment)),
        choice_labels=choice_labels(instrument_of(assessment), lambda text: text.text),
        problems=[
            (
                f"{problem.row.question.id}: {i18n.sentence(problem.error)}",
                f"choice-{problem.row.question.id}",
            )
            for problem in problems
        ],
        **selection_words(chosen_selection()),
    )


def _row(
    assessment: Assessment, question: Question, answer: Answer | None, problem: RowProblem | None
) -> dict[str, Any]:
    content = content_of(answer)
    row = {
        "question": question,
        "choice": content.choice,
        "reason": content.reason,
        "comment": content.comment,
        "revision": answer.revision if answer else 0,
        "error": "",
        "error_field": "",
        "theirs": [],
        "answer": answer,
    }
    if problem is None:
        return row
    row |= {
        "choice": problem.row.choice,
        "reason": problem.row.reason,
        "comment": problem.row.comment,
        "error": i18n.sentence(problem.error),
        "error_field": problem.error.field or "choice",
    }
    if problem.is_conflict:
        parts = parts_of(content, instrument_of(assessment), question)
        row["theirs"] = [(label, text) for label, text in parts[:3] if text]
    else:
        row["revision"] = problem.row.revision
    return row
