"""What XA shared, received and waits for in the demonstration: for the arguments of routes."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import User
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, CollectionKind, JoinRequest
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.incidents.inbox_models import Peer, ReceivedItem
from cirt.incidents.inbox_rights import INTAKE_JOB
from cirt.incidents.misp_feed import feed_of
from cirt.incidents.recall_models import LegalHold, Recall, SigningKey
from cirt.incidents.release_models import Release, StandingApproval
from cirt.incidents.store_models import Submission
from cirt.incidents.webhook_models import Webhook, WebhookDelivery
from cirt.jobs import Job


def shared_things(
    session: Session, owner: uuid.UUID, incident: Incident, circle: Collection
) -> dict[str, Any]:
    """Return for the arguments of the sharing half a thing of the administration `owner`."""

    def first(query: Any) -> Any:
        return session.scalars(query.limit(1)).first()

    received = first(
        sa.select(ReceivedItem).where(
            ReceivedItem.administration_id == owner, ReceivedItem.collection_id == circle.id
        )
    )
    own_circles = sa.select(Collection.id).where(Collection.title == "Sensor reports")
    door = (
        sa.select(Collection.id)
        .where(Collection.kind == CollectionKind.DIRECT.value, Collection.machine_writing != "off")
        .where(Collection.administration_id != owner)
    )
    found = {
        "stix_id": received.stix_id,
        "report_id": received.stix_id,
        "event_id": feed_of(session, circle).events[0].uuid,
        "request_id": first(
            sa.select(JoinRequest.id).where(JoinRequest.administration_id == owner)
        ),
        "submission_id": first(
            sa.select(Submission.id).where(Submission.collection_id.in_(own_circles))
        ),
        "direct_id": first(door),
        "batch_id": first(sa.select(Release.batch_id).where(Release.batch_id.is_not(None))),
        "impact_id": first(
            sa.select(IncidentImpact.id).where(IncidentImpact.incident_id == incident.id)
        ),
        "task_id": first(sa.select(IncidentTask.id).where(IncidentTask.incident_id == incident.id)),
        "recall_id": first(sa.select(Recall.id).where(Recall.administration_id == owner)),
        "hold_id": first(sa.select(LegalHold.id).where(LegalHold.administration_id == owner)),
        "key_id": first(sa.select(SigningKey.id).where(SigningKey.sealed.is_(None))),
        "webhook_id": first(sa.select(Webhook.id).where(Webhook.administration_id == owner)),
        "delivery_id": first(
            sa.select(WebhookDelivery.id)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(Webhook.administration_id == owner)
        ),
        "peer_id": first(sa.select(Peer.id).where(Peer.administration_id == owner)),
    }
    absent = [name for name, value in found.items() if value is None]
    assert absent == [], "the demonstration lacks something for these"
    return found


def special_things(session: Session, owner: uuid.UUID) -> dict[str, dict[str, Any]]:
    """Return for some routes what else they are about: route -> argument -> thing."""

    def first(query: Any) -> Any:
        return session.scalars(query.limit(1)).one()

    approval = first(
        sa.select(StandingApproval.id)
        .join(Collection, Collection.id == StandingApproval.collection_id)
        .where(
            StandingApproval.administration_id == owner,
            Collection.kind == CollectionKind.DIRECT.value,
        )
    )
    return {
        "/circles/<uuid:circle_id>/join": {
            "circle_id": first(sa.select(Collection.id).where(Collection.title == "Health sector"))
        },
        "/submissions/direct/standing-approvals/<uuid:approval_id>/end": {"approval_id": approval},
        "/inbox/take-in/<uuid:job_id>": {
            "job_id": first(sa.select(Job.id).where(Job.kind == INTAKE_JOB))
        },
    }


def ask_for_an_intake(session: Session) -> None:
    """Let a large file of an analyst of XA wait: there is none in the demonstration."""
    analyst = session.scalars(sa.select(User).where(User.username == "nadia")).one()
    session.add(
        Job(
            kind=INTAKE_JOB,
            payload={"file_id": str(uuid.UUID(int=1))},
            user_id=analyst.id,
            administration_id=analyst.administration_id,
        )
    )
