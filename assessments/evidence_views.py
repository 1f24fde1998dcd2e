"""Pages of evidence: add, download, remove. A file is reached through its assessment only."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import files
from cirt.assessments import evidence
from cirt.assessments.conduct import record
from cirt.assessments.evidence import Kind, evidence_item
from cirt.assessments.forms import EvidenceForm
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.shown_choices import chosen_selection
from cirt.errors import (
    N_,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)
from cirt.routing import opens
from cirt.web import actor, db_session, installation


@blueprint.route(
    "/<uuid:assessment_id>/questions/<question_id>/evidence/new", methods=["GET", "POST"]
)
@opens("assessment.answer")
def add_evidence(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Attach a file, or note a document, an interview or an observation."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    question = instrument_of(assessment).question(question_id)
    check_possible(assessment, Act.ANSWER)
    form = EvidenceForm()
    if form.validate_on_submit():
        try:
            _add(assessment, question_id, form)
        except (InvalidInputError, UnsupportedError, TooLargeError) as error:
            form.refuse(error, "file" if form.kind.data == Kind.FILE else "reference")
        else:
            flask.flash(_("The evidence was added."), "success")
            return flask.redirect(
                flask.url_for(
                    ".question",
                    assessment_id=assessment.id,
                    question_id=question_id,
                    **chosen_selection().arguments,
                )
            )
    page = render(
        "evidence.html",
        assessment,
        "show",
        form=form,
        question=question,
        selection=chosen_selection(),
        accepted=" ".join(sorted(files.ENDINGS)),
        most=installation().settings.max_upload_mb,
    )
    return page, status_of(form)


@blueprint.get("/<uuid:assessment_id>/evidence/<uuid:evidence_id>/file")
@opens("assessment.read")
def evidence_file(assessment_id: uuid.UUID, evidence_id: uuid.UUID) -> Any:
    """The attached file, always as a download and never run by the browser."""
    assessment = the_assessment(assessment_id, "assessment.read")
    row = evidence_item(db_session(), assessment, evidence_id)
    if row.file is None:
        raise NotFoundError
    path = files.content_of(installation().files, row.file)
    with installation().database.writing() as session:
        record(
            session,
            actor(),
            "assessment.evidence-read",
            assessment,
            f"evidence:{row.id}",
            sha256=row.file.sha256,
        )
    response = flask.send_file(
        path,
        mimetype=row.file.media_type,
        as_attachment=True,
        download_name=row.file.name,
        conditional=False,
        etag=False,
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@blueprint.route(
    "/<uuid:assessment_id>/evidence/<uuid:evidence_id>/remove", methods=["GET", "POST"]
)
@opens("assessment.answer")
def remove_evidence(assessment_id: uuid.UUID, evidence_id: uuid.UUID) -> Any:
    """Ask, then remove a piece of evidence for good."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    row = evidence_item(db_session(), assessment, evidence_id)
    check_possible(assessment, Act.ANSWER)
    if flask.request.method == "POST":
        evidence.remove_evidence(db_session(), installation().files, actor(), assessment, row)
        flask.flash(_("The evidence was removed."), "success")
        return flask.redirect(
            flask.url_for(".question", assessment_id=assessment.id, question_id=row.question_id)
        )
    return render("remove_evidence.html", assessment, "show", item=row)


def _add(assessment: Assessment, question_id: str, form: EvidenceForm) -> None:
    try:
        kind = Kind(form.kind.data)
    except ValueError:
        raise InvalidInputError(N_("Choose what the evidence is."), field="kind") from None
    if kind is not Kind.FILE:
        if form.file.data:
            raise InvalidInputError(
                N_(
                    "A file is attached, and the kind chosen is another. Choose “File”, or take it away."
                ),
                field="kind",
            )
        evidence.add_entry(
            db_session(),
            actor(),
            assessment,
            question_id,
            kind=kind,
            reference=form.reference.data or "",
            seen_on=form.seen_on.data,
        )
        return
    if not form.file.data:
        raise InvalidInputError(N_("Choose a file."), field="file")
    evidence.add_file(
        db_session(),
        installation().files,
        actor(),
        assessment,
        question_id,
        form.file.data.stream,
        name=form.file.data.filename or "",
        tlp=form.tlp.data or "",
        reference=form.reference.data or "",
        seen_on=form.seen_on.data,
    )
