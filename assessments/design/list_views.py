"""Pages of the preparation lists: a list, one item of it, the list to print."""

import uuid
from typing import Any

import flask
from flask_babel import force_locale, gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.conduct import record
from cirt.assessments.design import annex
from cirt.assessments.design.checklist_document import LACKS, checklist_document, list_title
from cirt.assessments.design.checklists import (
    CHECK_NAMES,
    SIM3,
    SOURCE_READ_NAMES,
    Checklist,
    checklist,
)
from cirt.assessments.design.crosswalk import Said
from cirt.assessments.design.forms import CheckForm
from cirt.assessments.design.pages import address, design_page, edited, opened, revision_of, seen
from cirt.assessments.design.queries import check_of, design_of, said_by, sim3_round
from cirt.assessments.models import Assessment
from cirt.assessments.pages import MARKING, blueprint, the_assessment
from cirt.assessments.shown_choices import number
from cirt.clock import now
from cirt.documents.production import produce_pdf
from cirt.errors import N_, DataFileError, NotFoundError, UnavailableError
from cirt.limited import LimitedProcessError
from cirt.routing import opens
from cirt.web import actor, db_session, installation

KINDS = {"open": "todo", "in-hand": "progress", "done": "done"}


@blueprint.get("/<uuid:assessment_id>/design/lists/<list_id>")
@opens("assessment.read")
def design_list(assessment_id: uuid.UUID, list_id: str) -> Any:
    """A preparation list with what the answers say, what is missing, how far it is."""
    assessment = seen(assessment_id)
    checklist(list_id)
    language = i18n.current_language()
    found = design_of(db_session(), assessment, language).preparations[list_id]
    other = sim3_round(db_session(), actor(), assessment) if list_id == SIM3 else None
    return design_page(
        "list.html",
        assessment,
        found=found,
        title=list_title(found, language, gettext),
        notice=_(found.checklist.notice),
        other=other,
        other_said=_said_there(other),
        report_languages=i18n.LANGUAGES,
        **_words(),
    )


@blueprint.route("/<uuid:assessment_id>/design/lists/<list_id>/<check_id>", methods=["GET", "POST"])
@opens("assessment.design")
def design_item(assessment_id: uuid.UUID, list_id: str, check_id: str) -> Any:
    """Note how far an item is and who sees to it."""
    assessment = opened(assessment_id)
    item = checklist(list_id).item(check_id)
    language = i18n.current_language()
    found = design_of(db_session(), assessment, language).preparations[list_id]
    ids = [one.item.id for one in found.items]
    place = ids.index(check_id)
    row = check_of(db_session(), assessment, list_id, check_id)
    form = CheckForm(data={**_shown(row), "revision": revision_of(row)})

    def save() -> None:
        annex.save_check(
            db_session(),
            actor(),
            assessment,
            list_id,
            check_id,
            state=form.state.data or "",
            owner=form.owner.data or "",
            note=form.note.data or "",
            revision=number(form.revision.data),
        )

    following = ids[place + 1] if place + 1 < len(ids) else None
    goes_on = flask.request.form.get("then") == "next" and following is not None
    back = address(assessment, "design_list", list_id=list_id, _anchor=check_id)
    return edited(
        "item.html",
        assessment,
        form,
        save,
        address(assessment, "design_item", list_id=list_id, check_id=following)
        if goes_on
        else back,
        _shown,
        otherwise="state",
        item=item,
        one=found.items[place],
        list_title=list_title(found, language, gettext),
        list_url=back,
        previous=_item_url(assessment, found.checklist, ids[place - 1] if place else None),
        following=_item_url(assessment, found.checklist, following),
        **_words(),
    )


@blueprint.get("/<uuid:assessment_id>/design/lists/<list_id>/print/<language>.pdf")
@opens("assessment.export")
def design_list_pdf(assessment_id: uuid.UUID, list_id: str, language: str) -> Any:
    """A preparation list to print."""
    assessment = the_assessment(assessment_id, "assessment.export")
    checklist(list_id)
    if language not in i18n.CODES:
        raise NotFoundError
    found = design_of(db_session(), assessment, language).preparations[list_id]
    with force_locale(language):
        document = checklist_document(
            found,
            gettext,
            country=assessment.administration.name_in(language),
            language=language,
            direction="rtl" if i18n.direction_of(language) == "rtl" else "ltr",
            marking=MARKING,
            at=now(),
        )
    try:
        pdf = produce_pdf(document)
    except LimitedProcessError as error:
        raise UnavailableError(
            N_(
                "The document could not be made just now. Try again; if it happens again, tell the operator."
            )
        ) from error
    with installation().database.writing() as session:
        record(
            session, actor(), "assessment.export", assessment, part=f"list-{list_id}",
            language=language, size=len(pdf),
        )  # fmt: skip
    response = flask.Response(pdf, mimetype="application/pdf")
    name = f"{assessment.administration.code}-{list_id}-{language}.pdf"
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


def _said_there(other: Assessment | None) -> dict[str, tuple[Said, ...]]:
    if other is None:
        return {}
    try:
        return said_by(db_session(), other, "sim3")
    except (NotFoundError, DataFileError):  # its instrument is not installed here
        return {}


def _item_url(assessment: Assessment, found: Checklist, item_id: str | None) -> str | None:
    if item_id is None:
        return None
    return address(assessment, "design_item", list_id=found.id, check_id=item_id)


def _shown(row: Any) -> dict[str, str | bool]:
    if row is None:
        return {"state": "open", "owner": "", "note": ""}
    return {"state": row.state, "owner": row.owner, "note": row.note}


def _words() -> dict[str, Any]:
    return {
        "check_names": {key: _(name) for key, name in CHECK_NAMES.items()},
        "check_kinds": KINDS,
        "lack_names": {key: _(name) for key, name in LACKS.items()},
        "source_read_names": {key: _(name) for key, name in SOURCE_READ_NAMES.items()},
    }
