"""Pages of results, and the report as PDF."""

import uuid
from typing import Any

import flask
from flask_babel import force_locale, gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.conduct import record
from cirt.assessments.pages import blueprint, instrument_of, render, the_assessment
from cirt.assessments.report.content import report_content, results_of
from cirt.assessments.report.document import report_document
from cirt.assessments.results import (
    CONFIDENCE_NAMES,
    CONFIDENCE_RULE,
    MEAN_RULE,
    WORDS_RULE,
    ShownResults,
    radar,
)
from cirt.assessments.scoring import TREATMENTS, Treatment
from cirt.charts import radar_svg
from cirt.clock import now
from cirt.documents.production import produce_pdf
from cirt.errors import N_, NotFoundError, UnavailableError
from cirt.limited import LimitedProcessError
from cirt.routing import opens
from cirt.web import actor, db_session, installation

CONFIDENCE_KINDS = {"none": "todo", "low": "review", "medium": "progress", "high": "done"}

TREATMENT_NAMES = {
    Treatment.COUNTED: N_("Counted"),
    Treatment.NOT_ANSWERED: N_("Not answered"),
    Treatment.NOT_KNOWN: N_("Not known"),
    Treatment.NOT_APPLICABLE: N_("Not applicable"),
}


@blueprint.get("/<uuid:assessment_id>/results")
@opens("assessment.read")
def results(assessment_id: uuid.UUID) -> Any:
    """The figures, each with its coverage, its confidence and the answers behind it."""
    assessment = the_assessment(assessment_id, "assessment.read")
    language = i18n.current_language()
    shown = results_of(db_session(), assessment)
    return render(
        "results.html",
        assessment,
        "results",
        results=shown,
        figures=[("", None, shown.overall), *((d.id, d, figure) for d, figure in shown.dimensions)],
        instrument=instrument_of(assessment),
        confidence_names={key.value: _(name) for key, name in CONFIDENCE_NAMES.items()},
        confidence_kinds=CONFIDENCE_KINDS,
        rules=[_(WORDS_RULE), _(MEAN_RULE), _(CONFIDENCE_RULE)],
        treatments={key.value: _(TREATMENTS[key]) for key in TREATMENTS},
        treatment_names={key.value: _(name) for key, name in TREATMENT_NAMES.items()},
        drawing=_drawing(shown, language),
        report_languages=i18n.LANGUAGES,
    )


@blueprint.get("/<uuid:assessment_id>/report/<language>.pdf")
@opens("assessment.export")
def report(assessment_id: uuid.UUID, language: str) -> Any:
    """The report as PDF, in a language of its own."""
    assessment = the_assessment(assessment_id, "assessment.export")
    if language not in i18n.CODES:
        raise NotFoundError
    at = now()
    content = report_content(db_session(), assessment, language, at=at)
    with force_locale(language):
        document = report_document(content, gettext)
    try:
        pdf = produce_pdf(document)
    except LimitedProcessError as error:
        raise UnavailableError(
            N_(
                "The report could not be made just now. Try again; if it happens again, tell the operator."
            )
        ) from error
    with installation().database.writing() as session:
        record(session, actor(), "assessment.export", assessment, language=language, size=len(pdf))
    response = flask.Response(pdf, mimetype="application/pdf")
    name = f"{assessment.administration.code}-readiness-{at:%Y-%m-%d}-{language}.pdf"
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


def _drawing(shown: ShownResults, language: str) -> dict[str, Any] | None:
    """The radar with its table; None for fewer than three dimensions, which make no shape."""
    if len(shown.dimensions) < 3:
        return None
    title = _("Figures by dimension")
    return {
        "svg": radar_svg(
            radar(shown, language),
            title=title,
            description=_(
                "One axis for each dimension, from 0 at the centre to 4. The table has the figures."
            ),
            direction="rtl" if i18n.direction_of(language) == "rtl" else "ltr",
        ),
        "caption": title,
        "table": {
            "headers": [_("Dimension"), _("Figure"), _("Questions with a level")],
            "rows": [
                [
                    f"{dimension.id} {dimension.title.in_language(language).text}",
                    figure.value or "–",
                    _("%(done)s of %(total)s", done=figure.done, total=figure.total),
                ]
                for dimension, figure in shown.dimensions
            ],
        },
    }
