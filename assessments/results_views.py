"""Pages and files of results, and the report as PDF."""

import uuid
from collections.abc import Callable
from typing import Any

import flask
from flask_babel import gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed
from cirt.assessments.conduct import record
from cirt.assessments.models import Assessment
from cirt.assessments.pages import MARKING, blueprint, render, the_assessment
from cirt.assessments.results import (
    CONFIDENCE_NAMES,
    CONFIDENCE_RULE,
    MEAN_RULE,
    TARGET_RULE,
    WORDS_RULE,
)
from cirt.assessments.results_csv import STATED_NAMES, answers_csv, results_csv
from cirt.assessments.results_json import answers_json, results_json
from cirt.assessments.results_pictures import change_of, figure_text, results_picture, rounds_radar
from cirt.assessments.results_reading import Reading, reading_of
from cirt.assessments.rounds.comparison import Comparison, compare_rounds
from cirt.assessments.rounds.reading import round_after, round_before, rounds_to_compare
from cirt.assessments.scoring import TREATMENTS, Treatment
from cirt.assessments.strength import STRENGTH_NAMES, STRENGTH_RULE
from cirt.assessments.verdict import (
    OUTCOME_NAMES,
    STANDING_NAMES,
    VERDICT_RULE,
    Line,
    Outcome,
    Standing,
)
from cirt.errors import N_, DataFileError, DomainError
from cirt.routing import opens
from cirt.web import actor, db_session, installation

CONFIDENCE_KINDS = {"none": "todo", "low": "review", "medium": "progress", "high": "done"}
OUTCOME_KINDS = {
    Outcome.MET: "done",
    Outcome.NOT_MET: "failed",
    Outcome.OPEN: "progress",
    Outcome.INCOMPLETE: "blocked",
}
STANDING_KINDS = {
    Standing.MET: "done",
    Standing.BELOW: "failed",
    Standing.OPEN: "progress",
    Standing.NOT_APPLICABLE: "todo",
    Standing.NOT_ASKED: "todo",
    Standing.UNKNOWN: "blocked",
}
# what needs work comes first
_LINE_ORDER = (
    Standing.BELOW,
    Standing.OPEN,
    Standing.UNKNOWN,
    Standing.NOT_ASKED,
    Standing.NOT_APPLICABLE,
    Standing.MET,
)

TREATMENT_NAMES = {
    Treatment.COUNTED: N_("Counted"),
    Treatment.NOT_ANSWERED: N_("Not answered"),
    Treatment.NOT_KNOWN: N_("Not known"),
    Treatment.NOT_APPLICABLE: N_("Not applicable"),
}

# name and form of the files that say what is on the pages
FILES: dict[tuple[str, str], Callable[[Reading, str], bytes]] = {
    ("results", "csv"): lambda reading, language: results_csv(
        reading, language, gettext, marking=MARKING.label
    ),
    ("results", "json"): lambda reading, language: results_json(
        reading, language, marking=MARKING.label
    ),
    ("answers", "csv"): lambda reading, language: answers_csv(
        reading, language, gettext, marking=MARKING.label
    ),
    ("answers", "json"): lambda reading, language: answers_json(
        reading, language, marking=MARKING.label
    ),
}
MIME_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/<uuid:assessment_id>/results")
@opens("assessment.read")
def results(assessment_id: uuid.UUID) -> Any:
    """Verdict and figures, each with its coverage, its confidence and the answers behind it."""
    assessment = the_assessment(assessment_id, "assessment.read")
    language = i18n.current_language()
    reading = reading_of(db_session(), assessment)
    shown = reading.results
    rules = [WORDS_RULE, VERDICT_RULE, MEAN_RULE, CONFIDENCE_RULE, STRENGTH_RULE]
    if reading.targets:
        rules.insert(2, TARGET_RULE)
    return render(
        "results.html",
        assessment,
        "results",
        reading=reading,
        results=shown,
        figures=[("", None, shown.overall), *((d.id, d, figure) for d, figure in shown.dimensions)],
        instrument=reading.instrument,
        lines=sorted(reading.verdict.lines, key=_by_need) if reading.verdict else [],
        problem=_told(reading.problem) if reading.problem else None,
        confidence_names={key.value: _(name) for key, name in CONFIDENCE_NAMES.items()},
        confidence_kinds=CONFIDENCE_KINDS,
        outcome_names={key.value: _(name) for key, name in OUTCOME_NAMES.items()},
        outcome_kinds=OUTCOME_KINDS,
        standing_names={key.value: _(name) for key, name in STANDING_NAMES.items()},
        standing_kinds=STANDING_KINDS,
        strength_names={key.value: _(name) for key, name in STRENGTH_NAMES.items()},
        stated_names={key: _(name) for key, name in STATED_NAMES.items()},
        rules=[_(rule) for rule in rules],
        treatments={key.value: _(TREATMENTS[key]) for key in TREATMENTS},
        treatment_names={key.value: _(name) for key, name in TREATMENT_NAMES.items()},
        drawing=results_picture(reading, language),
        earlier=_earlier(assessment, language),
        following=round_after(db_session(), actor(), assessment),
        may_start=allowed(db_session(), actor(), "assessment.create")
        and allowed(db_session(), actor(), "assessment.prepare", assessment),
        report_languages=i18n.LANGUAGES,
    )


def _told(problem: DomainError) -> str:
    """Why a profile cannot be used; of a file its name and line, never the folders before it."""
    if isinstance(problem, DataFileError):
        where = problem.path.name if problem.line is None else f"{problem.path.name}:{problem.line}"
        return _(
            "The profile cannot be used. %(file)s: %(problem)s",
            file=where,
            problem=i18n.sentence(problem),
        )
    return i18n.sentence(problem)


def _by_need(line: Line) -> int:
    return _LINE_ORDER.index(line.standing)


def _earlier(assessment: Assessment, language: str) -> dict[str, Any] | None:
    """The change since the round before; None where there is none or it cannot be compared."""
    before = round_before(db_session(), actor(), assessment)
    if before is None or before.instrument_id != assessment.instrument_id:
        return None
    comparison = compare_rounds(rounds_to_compare(db_session(), [before, assessment]))
    return {
        "assessment": before,
        "comparison": comparison,
        "drawing": rounds_radar(comparison, language),
        "rows": change_rows(comparison, language),
    }


def change_rows(comparison: Comparison, language: str) -> list[dict[str, Any]]:
    """Return the whole, what can be compared, and each dimension: title, figures, change."""
    rows: list[tuple[str, Any, Any]] = [
        ("", _("Overall"), comparison.overall),
        ("", _("Over the questions that can be compared"), comparison.shared),
    ]
    for dimension, compared in comparison.dimensions:
        rows.append((dimension.id, dimension.title.in_language(language), compared))
    return [
        {
            "code": code,
            "title": title,
            "values": [figure_text(value) for value in compared.values],
            "change": change_of(compared.change),
        }
        for code, title, compared in rows
    ]


@blueprint.get("/<uuid:assessment_id>/<any(results, answers):name>.<any(csv, json):form>")
@opens("assessment.export")
def results_file(assessment_id: uuid.UUID, name: str, form: str) -> Any:
    """What is on the pages of results and answers, as CSV or JSON."""
    assessment = the_assessment(assessment_id, "assessment.export")
    reading = reading_of(db_session(), assessment)
    language = i18n.current_language()
    body = FILES[(name, form)](reading, language)
    return exported(assessment, body, f"{name}.{form}", language=language)


def exported(assessment: Assessment, body: bytes, name: str, **details: Any) -> flask.Response:
    """Return a file of an assessment as a download, and note who took it.

    name: what it holds and its form, such as results.csv.
    """
    with installation().database.writing() as session:
        record(
            session, actor(), "assessment.export", assessment, file=name, size=len(body), **details
        )
    response = flask.Response(body, mimetype=MIME_TYPES[name.rpartition(".")[2]])
    country = assessment.administration.code
    filename = f"{country}-{assessment.instrument_id}-round-{assessment.round}-{name}"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response
