"""Pages of the documents that are asked for before the workshop."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.assessments import preparation, requested_documents
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint, instrument_of
from cirt.assessments.preparation_forms import DocumentForm
from cirt.assessments.preparation_models import RequestedDocument
from cirt.assessments.preparation_pages import day_of, edited, opened, removed
from cirt.assessments.shown_choices import number, question_choices
from cirt.routing import opens
from cirt.web import actor, db_session

FIELDS = ("title", "from_whom", "due_on", "received_on", "question_id", "note")


@blueprint.route("/<uuid:assessment_id>/documents/new", methods=["GET", "POST"])
@opens("assessment.prepare")
def add_document(assessment_id: uuid.UUID) -> Any:
    """Ask for a document."""
    assessment = opened(assessment_id)
    form = DocumentForm(data={"question_id": flask.request.args.get("question", "")})
    return _document(assessment, form, _("Ask for a document"), None)


@blueprint.route("/<uuid:assessment_id>/documents/<uuid:document_id>", methods=["GET", "POST"])
@opens("assessment.prepare")
def document(assessment_id: uuid.UUID, document_id: uuid.UUID) -> Any:
    """Change what is said of a document asked for, such as that it was received."""
    assessment = opened(assessment_id)
    row = preparation.prepared_row(db_session(), assessment, RequestedDocument, document_id)
    form = DocumentForm(data=_data(row))
    return _document(assessment, form, _("Change a document"), row)


@blueprint.route(
    "/<uuid:assessment_id>/documents/<uuid:document_id>/remove", methods=["GET", "POST"]
)
@opens("assessment.prepare")
def remove_document(assessment_id: uuid.UUID, document_id: uuid.UUID) -> Any:
    """Ask, then remove a document from those asked for."""
    return removed(assessment_id, RequestedDocument, document_id, _("Remove this document?"))


@blueprint.post("/<uuid:assessment_id>/documents/<uuid:document_id>/evidence")
@opens("assessment.prepare")
def note_document(assessment_id: uuid.UUID, document_id: uuid.UUID) -> Any:
    """Note a received document as evidence of its question."""
    assessment = opened(assessment_id)
    row = requested_documents.document_as_evidence(db_session(), actor(), assessment, document_id)
    flask.flash(_("The document was noted as evidence."), "success")
    return flask.redirect(
        flask.url_for(".question", assessment_id=assessment.id, question_id=row.question_id)
    )


def _document(
    assessment: Assessment, form: DocumentForm, title: str, row: RequestedDocument | None
) -> Any:
    form.question_id.choices = question_choices(assessment, instrument_of(assessment))

    def save() -> None:
        requested_documents.save_document(
            db_session(),
            actor(),
            assessment,
            title=form.title.data,
            from_whom=form.from_whom.data,
            due_on=form.due_on.data,
            received_on=form.received_on.data,
            note=form.note.data,
            question_id=form.question_id.data or "",
            row_id=row.id if row else None,
            revision=number(form.revision.data),
        )

    remove_url = ""
    if row is not None:
        remove_url = flask.url_for(
            ".remove_document", assessment_id=assessment.id, document_id=row.id
        )
    return edited(assessment, form, FIELDS, title, save, "documents", _data, remove_url)


def _data(row: RequestedDocument) -> dict[str, Any]:
    return {
        "title": row.title,
        "from_whom": row.from_whom,
        "due_on": day_of(row.due_on),
        "received_on": day_of(row.received_on),
        "question_id": row.question_id,
        "note": row.note,
        "revision": row.revision,
    }
