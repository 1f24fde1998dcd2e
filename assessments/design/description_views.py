"""Pages of the team's description after RFC 2350: read, write, take away as PDF or text."""

import uuid
from typing import Any

import flask
from flask_babel import force_locale, gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.conduct import record
from cirt.assessments.design import annex
from cirt.assessments.design.description import FIELDS, GAP, SECTIONS
from cirt.assessments.design.description_document import description_document, description_text
from cirt.assessments.design.description_proposals import suggestions
from cirt.assessments.design.forms import ExportForm, description_form
from cirt.assessments.design.pages import (
    address,
    design_page,
    edited,
    opened,
    revision_of,
    saved_line,
    seen,
)
from cirt.assessments.design.queries import design_of, part_of, team_facts
from cirt.assessments.pages import blueprint, status_of, the_assessment
from cirt.assessments.shown_choices import number
from cirt.clock import now
from cirt.documents.production import produce_pdf
from cirt.errors import N_, UnavailableError
from cirt.limited import LimitedProcessError
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/design/description/<language>")
@opens("assessment.read")
def description(assessment_id: uuid.UUID, language: str) -> Any:
    """The description of the team as it is written, with what is still missing."""
    assessment = seen(assessment_id)
    annex.description_part(language)
    content = design_of(db_session(), assessment, i18n.current_language())
    found = content.descriptions[language]
    return design_page(
        "description.html",
        assessment,
        found=found,
        fields=FIELDS,
        sections={key: _(name) for key, name in SECTIONS.items()},
        has_gap=lambda text: GAP.search(text) is not None,
        saved_line=saved_line(found.saved),
        **_languages(language),
    )


@blueprint.route(
    "/<uuid:assessment_id>/design/description/<language>/change", methods=["GET", "POST"]
)
@opens("assessment.design")
def change_description(assessment_id: uuid.UUID, language: str) -> Any:
    """Write the description of the team; proposals stand in it before it is first saved."""
    assessment = opened(assessment_id)
    part = annex.description_part(language)
    content = design_of(db_session(), assessment, i18n.current_language())
    with force_locale(language):
        proposed = suggestions(team_facts(db_session(), assessment, content, language), gettext)
    row = part_of(db_session(), assessment, part)
    start = _shown(row) if row else {key: one.text for key, one in proposed.items()}
    form = description_form()(data={**start, "revision": revision_of(row)})

    def save() -> None:
        annex.save_description(
            db_session(),
            actor(),
            assessment,
            language,
            {one.key: form[one.key].data or "" for one in FIELDS},
            revision=number(form.revision.data),
        )

    return edited(
        "change_description.html",
        assessment,
        form,
        save,
        address(assessment, "description", language=language),
        _shown,
        otherwise=FIELDS[0].key,
        labels={one.key: f"{one.number} {_(one.title)}" for one in FIELDS},
        fields=FIELDS,
        sections={key: _(name) for key, name in SECTIONS.items()},
        proposed=proposed,
        is_new=row is None,
        **_languages(language),
    )


@blueprint.route(
    "/<uuid:assessment_id>/design/description/<language>/export", methods=["GET", "POST"]
)
@opens("assessment.export")
def export_description(assessment_id: uuid.UUID, language: str) -> Any:
    """Ask whether the description may leave, then give it as a file."""
    assessment = the_assessment(assessment_id, "assessment.export")
    annex.description_part(language)
    content = design_of(db_session(), assessment, i18n.current_language())
    found = content.descriptions[language]
    form = ExportForm()
    if form.validate_on_submit():
        marking = TLP(form.marking.data)
        body, kind, ending = _file(found.fields, language, marking, form.kind.data)
        record(
            db_session(),
            actor(),
            "assessment.export",
            assessment,
            part=annex.description_part(language),
            marking=marking.value,
            revision=found.saved.revision,
            size=len(body),
        )
        response = flask.Response(body, content_type=kind)
        name = f"{assessment.administration.code}-rfc2350-{language}.{ending}"
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response
    page = design_page(
        "export_description.html", assessment, form=form, found=found, **_languages(language)
    )
    return page, status_of(form)


def _file(fields: Any, language: str, marking: TLP, kind: str) -> tuple[bytes, str, str]:
    """Return the file, its media type and the ending of its name."""
    with force_locale(language):
        if kind == "text":
            text = description_text(fields, gettext, marking=marking)
            return text.encode(), "text/plain; charset=utf-8", "txt"
        document = description_document(
            fields,
            gettext,
            language=language,
            direction="rtl" if i18n.direction_of(language) == "rtl" else "ltr",
            marking=marking,
            at=now(),
        )
    try:
        return produce_pdf(document), "application/pdf", "pdf"
    except LimitedProcessError as error:
        raise UnavailableError(
            N_(
                "The document could not be made just now. Try again; if it happens again, tell the operator."
            )
        ) from error


def _shown(row: Any) -> dict[str, str | bool]:
    return {one.key: row.content.get(one.key, "") for one in FIELDS}


def _languages(language: str) -> dict[str, Any]:
    offered = [one for one in i18n.LANGUAGES if one.code in annex.DESCRIPTION_LANGUAGES]
    return {
        "description_languages": offered,
        "written_in": next(one for one in offered if one.code == language),
    }
