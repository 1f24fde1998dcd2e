"""The job that turns an uploaded MISP event file or feed folder into incidents, each event once."""

import unicodedata
import uuid
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from cirt import taxonomies
from cirt.access import Actor, role_allows
from cirt.accounts import signing
from cirt.accounts.models import User
from cirt.clock import now
from cirt.errors import N_, DomainError, ForbiddenError
from cirt.files import erase_upload, erased_when_unfit, forget_upload, read_upload
from cirt.incidents import cases, observables
from cirt.incidents.case_details import MAX_COMMENT, UNDETERMINED, CaseDetails
from cirt.incidents.case_models import IncidentRule
from cirt.incidents.misp_echo import Known, known_event
from cirt.incidents.misp_folder import Refused, is_folder, read_folder
from cirt.incidents.observables import NewObservable
from cirt.incidents.rights import IMPORT_JOB
from cirt.incidents.wire_content import rsit_tag
from cirt.jobs import Effect, Task, handles
from cirt.stix.marking import TLP
from cirt.stix.misp_content import MispImport
from cirt.stix.misp_exchange import import_events, import_files

# a report longer than this is cut; the count stays true
KEPT_LOSSES = 5_000


@handles(IMPORT_JOB, name=N_("Import of MISP events"), cancelled=forget_upload)
def import_misp(task: Task) -> Effect:
    """Read the uploaded file in a limited process; the effect records its incidents."""
    database, files = task.services.database, task.services.files
    file_id = uuid.UUID(task.payload["file_id"])
    upload = read_upload(database, files, file_id)
    refused: list[Refused] = []
    with erased_when_unfit(database, files, file_id):
        data = upload.data
        events = _folder(data, refused, task) if is_folder(data) else import_events(data)

    def effect(session: Session) -> dict[str, Any]:
        actor = _actor(session, task)
        file = {"name": upload.name, "sha256": upload.sha256}
        results = [_record(session, actor, event, file) for event in events]
        erase_upload(session, files, file_id)
        return {"incidents": results, "refused": [_refusal(one) for one in refused]}

    return effect


def _folder(data: bytes, refused: list[Refused], task: Task) -> list[MispImport]:
    """Return the events of a feed's folder; what is not taken of it is added to `refused`."""
    folder = read_folder(data)
    refused += folder.refused
    events = []
    for key, found in import_files(folder.events, task.progress).items():
        if isinstance(found, DomainError):
            refused.append(Refused(f"{key}.json", found.message, dict(found.params)))
        else:
            events.append(found)
    return events


def _refusal(one: Refused) -> dict[str, Any]:
    params = {key: value for key, value in one.params.items() if key != "field"}
    return {"name": one.name, "message": one.message, "params": params}


def _actor(session: Session, task: Task) -> Actor:
    user = session.get(User, task.user_id) if task.user_id else None
    if user is None or not user.active:
        raise ForbiddenError(N_("The account that asked for this import is not active any more."))
    actor = signing.actor_of(user)
    if not role_allows(actor, "incident.create"):
        raise ForbiddenError(N_("The account that asked for this import may not record incidents."))
    return actor


def _record(
    session: Session, actor: Actor, event: MispImport, file: dict[str, Any]
) -> dict[str, Any]:
    """Record one event and return {"incident_id", "is_new", "kind"}; a known one stays as it is."""
    known = known_event(session, actor.administration_id, event)
    if known is not None:
        incident_id, kind = known
        return {"incident_id": str(incident_id), "is_new": False, "kind": kind.value}
    incident = cases.create_incident(
        session,
        actor,
        details_of_event(event),
        origin=origin_of(event, file),
        origin_uuid=event.uuid,
    )
    observables.add_observables(
        session,
        actor,
        incident,
        [
            NewObservable(
                observable=found.observable,
                is_indicator=found.is_indicator,
                comment=without_controls(found.comment)[:MAX_COMMENT],
                first_observed=found.first_seen,
                last_observed=found.last_seen,
            )
            for found in event.observables
        ],
    )
    session.add_all(
        IncidentRule(
            incident_id=incident.id,
            key=rule.key[:200],
            name=without_controls(rule.name)[:300],
            pattern=rule.pattern,
            pattern_type=rule.pattern_type[:20],
            comment=without_controls(rule.comment)[:MAX_COMMENT],
        )
        for rule in {rule.key[:200]: rule for rule in event.rules}.values()
    )
    return {"incident_id": str(incident.id), "is_new": True, "kind": Known.NEW.value}


def details_of_event(event: MispImport) -> CaseDetails:
    """Return the fields of the incident that an event becomes.

    Without a label it is TLP:AMBER+STRICT; its severity is a proposal from the threat level; a
    class that RSIT does not know becomes undetermined.
    """
    tag = rsit_tag(event.rsit) if event.rsit else UNDETERMINED
    detected = datetime.combine(event.date, time(), UTC) if event.date else None
    return CaseDetails(
        title=without_controls(event.title) or "MISP",
        description=without_controls(event.description),
        rsit=tag if tag in taxonomies.incident_types() else UNDETERMINED,
        severity=event.severity,
        tlp=event.tlp or TLP.AMBER_STRICT,
        investigation_status=event.investigation_status,
        detected_at=detected
        if detected and datetime(1970, 1, 1, tzinfo=UTC) <= detected <= now()
        else None,
        techniques=tuple(each.external_id for each in event.attack_patterns if each.external_id)[
            :60
        ],
    )


def origin_of(event: MispImport, file: dict[str, Any]) -> dict[str, Any]:
    """Return what the event said besides, and the account of what was carried, as JSON."""
    return {
        "form": "misp",
        "file": file,
        "event_uuid": str(event.uuid),
        "timestamp": event.stamp,
        "title": event.title,
        "producer_name": event.producer_name,
        "producer_uuid": event.producer_uuid,
        "date": event.date.isoformat() if event.date else None,
        "published": event.published,
        "tlp": event.tlp.value if event.tlp else None,
        "tags": list(event.tags),
        "labels": list(event.labels),
        "attack_patterns": [
            {"name": each.name, "external_id": each.external_id} for each in event.attack_patterns
        ],
        "references": [{"url": each.url, "comment": each.comment} for each in event.references],
        "distribution": event.distribution,
        "sharing_group": event.sharing_group,
        "attribute_count": event.attribute_count,
        "carried_count": len(event.carried),
        "losses_count": len(event.losses),
        "losses": [
            {
                "kind": loss.kind,
                "path": loss.path,
                "what": loss.what,
                "message": loss.message,
                "params": dict(loss.params),
            }
            for loss in event.losses[:KEPT_LOSSES]
        ],
    }


def without_controls(text: str) -> str:
    """Return a text without the control characters that a case cannot hold: see case_details."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        " " if unicodedata.category(each) == "Cc" and each not in "\n\t" else each for each in text
    )
