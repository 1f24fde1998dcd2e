"""What leaves of a case, shown before it leaves: the STIX bundle and the MISP event."""

import hashlib
import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import audit, i18n
from cirt.errors import DomainError
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import blueprint, incident_for
from cirt.incidents.case_words import LOSS_KINDS
from cirt.incidents.exits import Exit, require_exit
from cirt.incidents.wire_content import NOT_SENT, content_of
from cirt.routing import opens
from cirt.stix.ids import in_order, readable
from cirt.stix.misp_content import Loss, MispExport
from cirt.stix.misp_exchange import export_event
from cirt.stix.wire import WireBundle, build
from cirt.web import actor, db_session, installation

# characters of the readable form on the page; the file holds all
MAX_SHOWN = 400_000
STIX_TYPE = "application/stix+json;version=2.1"


@blueprint.get("/<uuid:incident_id>/bundle")
@opens("incident.read")
def bundle(incident_id: uuid.UUID) -> Any:
    """The exact STIX bytes that would leave now."""
    incident = incident_for("incident.read", incident_id, page="bundle")
    made: WireBundle | None = None
    problem = ""
    try:
        made = build(content_of(db_session(), incident))
    except DomainError as error:
        problem = i18n.sentence(error)
    text = readable(made.body) if made else ""
    return flask.render_template(
        "incidents/bundle.html",
        incident=incident,
        tab="bundle",
        bundle=made,
        problem=problem,
        kinds=_kinds(made) if made else [],
        readable=text[:MAX_SHOWN],
        raw=in_order(made.body.decode())[:MAX_SHOWN] if made else "",
        is_cut=len(text) > MAX_SHOWN,
        reason=_(made.reason) if made and made.reason else "",
        not_sent=[_(sentence) for sentence in NOT_SENT],
    )


def _kinds(made: WireBundle) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for each in made.objects:
        counts[each.type] = counts.get(each.type, 0) + 1
    return list(counts.items())


@blueprint.get("/<uuid:incident_id>/stix.json")
@opens("incident.export")
def bundle_file(incident_id: uuid.UUID) -> Any:
    """The STIX bundle as a file."""
    incident = incident_for("incident.export", incident_id, page="stix")
    require_exit(incident.marking, Exit.STIX_FILE)
    made = build(content_of(db_session(), incident))
    return _file(incident, made.body, f"{incident.reference}.stix.json", STIX_TYPE, "stix", lost=0)


@blueprint.get("/<uuid:incident_id>/export")
@opens("incident.export")
def export(incident_id: uuid.UUID) -> Any:
    """Which files there are of a case, and what the MISP event does not hold."""
    incident = incident_for("incident.export", incident_id, page="export")
    require_exit(incident.marking, Exit.MISP_FILE)
    losses: tuple[Loss, ...] = ()
    problem = ""
    try:
        losses = _event(incident).losses
    except DomainError as error:
        problem = i18n.sentence(error)
    return flask.render_template(
        "incidents/export.html",
        incident=incident,
        tab="bundle",
        losses=[loss_row(each.kind, each.what, each.message, dict(each.params)) for each in losses],
        problem=problem,
    )


def _event(incident: Incident) -> MispExport:
    """Return the event; of an imported incident it names the event that came in."""
    return export_event(content_of(db_session(), incident), extends=incident.origin_uuid)


def loss_row(kind: str, what: str, message: str, params: dict[str, Any]) -> dict[str, str]:
    """Return a line of a loss report in the language of the page."""
    return {
        "kind": _(LOSS_KINDS.get(kind, kind)),
        "what": what,
        "reason": i18n.kept_sentence(message, params),
    }


@blueprint.get("/<uuid:incident_id>/misp.json")
@opens("incident.export")
def misp_file(incident_id: uuid.UUID) -> Any:
    """The case as a MISP event file."""
    incident = incident_for("incident.export", incident_id, page="misp")
    require_exit(incident.marking, Exit.MISP_FILE)
    made = _event(incident)
    name = f"{incident.reference}.misp.json"
    return _file(incident, made.body, name, "application/json", "misp", lost=len(made.losses))


def _file(
    incident: Incident, body: bytes, name: str, media_type: str, form: str, *, lost: int
) -> flask.Response:
    # noted in a transaction of its own, before a byte leaves
    with installation().database.writing() as session:
        audit.record(
            session,
            actor(),
            "incident.export",
            audit.subject_of(incident),
            form=form,
            tlp=incident.tlp,
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            not_carried=lost,
        )
    response = flask.Response(body, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Marking"] = incident.marking.label
    response.headers["X-Not-Carried"] = str(lost)
    return response
