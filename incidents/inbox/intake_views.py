"""Pages of taking in a file: the upload, and what was kept and what was refused, object by object."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import jobs
from cirt.access import load, require
from cirt.errors import N_, DomainError, UnsupportedError
from cirt.files import clean_name, keep_file
from cirt.incidents import recall
from cirt.incidents.case_pages import refuse
from cirt.incidents.inbox import intake
from cirt.incidents.inbox.forms import IntakeForm
from cirt.incidents.inbox.pages import blueprint
from cirt.incidents.inbox.words import shown_refusal
from cirt.incidents.inbox_rights import INTAKE_JOB
from cirt.incidents.strict_door import MAX_OBJECTS, Source
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH
from cirt.web import actor, db_session, installation


@blueprint.route("/take-in", methods=["GET", "POST"])
@opens("inbox.take-in")
def take_in() -> Any:
    """Choose a STIX 2.1 file; what it holds appears in the inbox."""
    require(db_session(), actor(), "inbox.take-in")
    form = IntakeForm()
    if form.validate_on_submit():
        upload = form.file.data
        try:
            if not clean_name(upload.filename or "").lower().endswith(".json"):
                raise UnsupportedError(
                    N_("Choose a STIX file in JSON; its name ends in .json."), field="file"
                )
            data = upload.stream.read(MAX_CONTENT_LENGTH + 1)
            if len(data) > MAX_CONTENT_LENGTH or data.count(b'"spec_version"') > MAX_OBJECTS:
                return _later(upload)
            account = _now(data)
        except DomainError as error:
            refuse(form, error, "file")
        else:
            page = flask.render_template(
                "inbox/taken_in.html", account=account, refused=_refused(account["refused"])
            )
            return page, 200 if account["kept"] else 422
    return flask.render_template("inbox/take_in.html", form=form), 422 if form.errors else 200


def _now(data: bytes) -> dict[str, Any]:
    objects = intake.read_file(data)
    collection = intake.intake_collection(db_session(), actor().administration_id, intake.FILES)
    taken = intake.take_in(
        db_session(),
        actor().administration_id,
        collection,
        objects,
        owner_id=intake.file_owner(collection),
        via=Source.FILE.value,
    )
    safe = recall.safe_of(installation().settings)
    recall.honour_at_commit(db_session(), safe, collection, intake.objects_of(taken))
    return intake.account(taken)


def _later(upload: Any) -> Any:
    """Let a job read a file that is too large for a page to wait for."""
    upload.stream.seek(0)
    row = keep_file(
        db_session(),
        installation().files,
        actor(),
        upload.stream,
        name=upload.filename,
        tlp=TLP.AMBER_STRICT.value,
    )
    job = jobs.enqueue(db_session(), INTAKE_JOB, {"file_id": str(row.id)}, actor=actor())
    return flask.redirect(flask.url_for(".intake_status", job_id=job.id))


@blueprint.get("/take-in/<uuid:job_id>")
@opens("inbox.intake")
def intake_status(job_id: uuid.UUID) -> Any:
    """How far a large file is, and what came of it."""
    job = load(db_session(), actor(), jobs.Job, job_id, seen_by="inbox.intake")
    require(db_session(), actor(), "inbox.intake", job)
    account = job.result if job.state == "done" else None
    message = _(job.message) if job.message else ""
    return flask.render_template(
        "inbox/taken_in.html",
        job=job,
        message=message % job.message_params if job.message_params else message,
        account=account,
        refused=_refused(account["refused"]) if account else [],
    )


@blueprint.post("/take-in/<uuid:job_id>/cancel")
@opens("inbox.intake")
def cancel_intake(job_id: uuid.UUID) -> Any:
    """End the reading of a large file; what was uploaded is erased."""
    job = load(db_session(), actor(), jobs.Job, job_id, seen_by="inbox.intake")
    require(db_session(), actor(), "inbox.intake", job)
    if not jobs.cancel(db_session(), installation(), actor(), job):
        flask.flash(_("It is too late to cancel this."), "info")
    return flask.redirect(flask.url_for(".intake_status", job_id=job.id))


def _refused(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"place": row["place"] + 1, **shown_refusal(row)} for row in rows]
