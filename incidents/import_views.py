"""Pages of importing MISP events: the upload, how far it is, and what was not carried."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import jobs
from cirt.access import load, require, visible
from cirt.errors import N_, DomainError, NotFoundError, UnsupportedError
from cirt.files import TYPES, clean_name, keep_file
from cirt.incidents import misp_folder
from cirt.incidents.case_forms import ImportForm
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import blueprint, incident_for, refuse
from cirt.incidents.case_words import DISTRIBUTION_NAMES, KNOWN_LABELS, KNOWN_SENTENCES
from cirt.incidents.export_views import loss_row
from cirt.incidents.misp_echo import Known
from cirt.incidents.rights import IMPORT_JOB
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.web import actor, db_session, installation

_TYPES = {
    "application/json": TYPES["application/json"],
    "application/zip": ((".zip",), misp_folder.BEGINNINGS),
}
MAX_SHOWN = 500


@blueprint.route("/import", methods=["GET", "POST"])
@opens("incident.create")
def import_misp() -> Any:
    """Choose a MISP event file, or the folder of a feed."""
    require(db_session(), actor(), "incident.create")
    form = ImportForm()
    if form.validate_on_submit():
        upload = form.file.data
        try:
            if not clean_name(upload.filename or "").lower().endswith((".json", ".zip")):
                raise UnsupportedError(
                    N_(
                        "Choose the JSON file of a MISP event or the ZIP file of a feed; its name "
                        "ends in .json or .zip."
                    ),
                    field="file",
                )
            row = keep_file(
                db_session(),
                installation().files,
                actor(),
                upload.stream,
                name=upload.filename,
                tlp=TLP.AMBER_STRICT.value,
                types=_TYPES,
            )
        except DomainError as error:
            refuse(form, error, "file")
        else:
            job = jobs.enqueue(db_session(), IMPORT_JOB, {"file_id": str(row.id)}, actor=actor())
            return flask.redirect(flask.url_for(".import_status", job_id=job.id))
    return flask.render_template(
        "incidents/import_misp.html", form=form
    ), 422 if form.errors else 200


@blueprint.get("/import/<uuid:job_id>")
@opens("incident.import")
def import_status(job_id: uuid.UUID) -> Any:
    """How far an import is, and what came of it."""
    job = load(db_session(), actor(), jobs.Job, job_id, seen_by="incident.import")
    require(db_session(), actor(), "incident.import", job)
    results = (job.result or {}).get("incidents", [])
    refused = (job.result or {}).get("refused", [])
    if len(results) == 1 and not results[0]["is_new"] and not refused:
        known = _seen(results)
        if known:
            flask.flash(_(KNOWN_SENTENCES[Known(results[0].get("kind", Known.BEFORE))]), "info")
            return flask.redirect(flask.url_for(".detail", incident_id=results[0]["incident_id"]))
    seen = _seen(results)
    message = _(job.message) if job.message else ""
    return flask.render_template(
        "incidents/import_status.html",
        job=job,
        message=message % job.message_params if job.message_params else message,
        results=[
            (
                seen.get(uuid.UUID(each["incident_id"])),
                each["is_new"],
                _(KNOWN_LABELS[Known(each.get("kind", Known.BEFORE))]),
            )
            for each in results
        ],
        refused=[
            (each["name"], _(each["message"]) % each["params"])
            if each["params"]
            else (each["name"], _(each["message"]))
            for each in refused[:MAX_SHOWN]
        ],
        refused_count=len(refused),
    )


@blueprint.post("/import/<uuid:job_id>/cancel")
@opens("incident.import")
def cancel_import(job_id: uuid.UUID) -> Any:
    """End an import that waits or runs; what was uploaded for it is erased."""
    job = load(db_session(), actor(), jobs.Job, job_id, seen_by="incident.import")
    require(db_session(), actor(), "incident.import", job)
    if not jobs.cancel(db_session(), installation(), actor(), job):
        flask.flash(_("It is too late to cancel this."), "info")
    return flask.redirect(flask.url_for(".import_status", job_id=job.id))


def _seen(results: list[dict[str, Any]]) -> dict[uuid.UUID, Incident]:
    ids = [uuid.UUID(each["incident_id"]) for each in results]
    query = visible(actor(), Incident, "incident.read").where(Incident.id.in_(ids))
    return {incident.id: incident for incident in db_session().scalars(query)}


@blueprint.get("/<uuid:incident_id>/origin")
@opens("incident.read")
def origin(incident_id: uuid.UUID) -> Any:
    """What an imported event said besides, and what was not carried."""
    incident = incident_for("incident.read", incident_id, page="origin")
    if incident.origin is None:
        raise NotFoundError
    known = incident.origin
    level = known["distribution"]
    return flask.render_template(
        "incidents/origin.html",
        incident=incident,
        tab="summary",
        origin=known,
        distribution=_(DISTRIBUTION_NAMES[level]) if level in DISTRIBUTION_NAMES else None,
        losses=[
            loss_row(each["kind"], each["what"], each["message"], each["params"])
            for each in known["losses"]
        ],
    )
