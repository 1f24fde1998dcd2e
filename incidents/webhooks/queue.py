"""Messages that wait for a webhook, and when its next request is due."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import jobs
from cirt.clock import now
from cirt.incidents.object_store import insert_if_absent
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery, WebhookMark
from cirt.incidents.webhooks import messages
from cirt.incidents.webhooks.news import News

SEND: Final = "webhook.send"
"""Kind of the job that sends what waits for one webhook."""


def note(session: Session, webhook: Webhook, news: Sequence[News]) -> int:
    """Note that a webhook is told of these, and queue a message for each; return how many.

    webhook: locked. What was noted before is told no second time.
    """
    return sum(
        add(session, webhook, one.kind, one.subject_id, one.data) is not None
        for one in news
        if mark(session, webhook, one) and one.data
    )


def mark(session: Session, webhook: Webhook, news: News) -> bool:
    """Note that a webhook knows this; return False when it did before."""
    key = {"webhook_id": webhook.id, "kind": news.kind.value, "subject_id": news.subject_id}
    further = sa.update(WebhookMark).filter_by(**key).where(WebhookMark.position < news.position)
    moved = session.execute(further.values(position=news.position))
    if moved.rowcount:  # type: ignore[attr-defined]
        return True
    row = insert_if_absent(session, WebhookMark.__table__).values(**key, position=news.position)
    return bool(session.execute(row).rowcount)  # type: ignore[attr-defined]


def add(
    session: Session,
    webhook: Webhook,
    kind: str,
    subject_id: uuid.UUID | None,
    data: Mapping[str, Any],
) -> WebhookDelivery:
    """Queue a message behind all others of a locked webhook."""
    webhook.last_number += 1
    message_id = uuid.uuid4()
    row = WebhookDelivery(
        id=message_id,
        webhook_id=webhook.id,
        number=webhook.last_number,
        kind=str(kind),
        subject_id=subject_id,
        body=messages.body_of(message_id, kind, now(), data),
        state=DeliveryState.WAITING.value,
    )
    session.add(row)
    session.flush()
    return row


def lock(session: Session, webhook_id: uuid.UUID) -> Webhook | None:
    """Hold a webhook for this transaction, as it is now; None if it is gone."""
    return session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)


def waiting(session: Session, webhook: Webhook, most: int) -> Sequence[WebhookDelivery]:
    """Return the messages that wait, in their order."""
    query = (
        sa.select(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            WebhookDelivery.state == DeliveryState.WAITING.value,
        )
        .order_by(WebhookDelivery.number)
        .limit(most)
    )
    return session.scalars(query).all()


def count_waiting(session: Session, webhook: Webhook) -> int:
    """Return how many messages wait."""
    query = sa.select(sa.func.count()).where(
        WebhookDelivery.webhook_id == webhook.id,
        WebhookDelivery.state == DeliveryState.WAITING.value,
    )
    return session.scalar(query) or 0


def plan(session: Session, webhook: Webhook, moment: datetime) -> None:
    """Let what waits be sent at a moment; any job planned before finds out and ends."""
    webhook.next_at = moment
    session.flush()
    due = moment.isoformat()
    payload = {"webhook_id": str(webhook.id), "due": due}
    jobs.enqueue(session, SEND, payload, key=f"{SEND}:{webhook.id}:{due}", run_at=moment)


def start(session: Session, webhook: Webhook) -> None:
    """Let what waits be sent now, unless the webhook is off or has to pause after a failure."""
    if webhook.active and webhook.next_at is None:
        plan(session, webhook, now())
