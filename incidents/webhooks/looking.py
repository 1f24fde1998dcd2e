"""The look for news, every minute: what is new for each webhook becomes messages that wait."""

import uuid
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.errors import N_
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery
from cirt.incidents.webhooks import queue
from cirt.incidents.webhooks.news import News, news_for
from cirt.jobs import Effect, Task, handles

LOOK: Final = "webhook.look"
"""Kind of the job that looks for news."""

EVERY: Final = timedelta(minutes=1)

MOST_WAITING: Final = 200
"""Messages of one webhook; what is new beyond it is told, in fewer messages, once they left."""

STALLED: Final = timedelta(minutes=10)
"""After which a request that was due and never made is planned again."""

KEPT: Final = timedelta(days=30)


@handles(LOOK, name=N_("Looking for news for webhooks"), every=EVERY)
def look(task: Task) -> Effect:
    """Ask for every webhook what its administration may know of and was not told."""
    address = task.services.settings.url
    found: dict[uuid.UUID, list[News]] = {}
    stalled: list[uuid.UUID] = []
    with task.services.database.reading() as session:
        active = sa.select(Webhook).where(Webhook.active).order_by(Webhook.id)
        for webhook in session.scalars(active):
            waiting = queue.count_waiting(session, webhook)
            room = max(MOST_WAITING - waiting, 0)
            if room and (news := news_for(session, webhook, webhook.kinds, address)):
                found[webhook.id] = news[:room]
            if waiting and _is_stalled(webhook):
                stalled.append(webhook.id)

    def effect(session: Session) -> dict[str, Any]:
        noted = 0
        for webhook_id in sorted({*found, *stalled}):
            webhook = queue.lock(session, webhook_id)
            if webhook is None or not webhook.active:
                continue
            noted += queue.note(session, webhook, found.get(webhook_id, []))
            if _is_stalled(webhook):
                webhook.next_at = None
            if queue.waiting(session, webhook, 1):
                queue.start(session, webhook)
        return {"noted": noted}

    return effect


def _is_stalled(webhook: Webhook) -> bool:
    return webhook.next_at is None or webhook.next_at < now() - STALLED


@handles("webhook.forget", name=N_("Forgetting old messages of webhooks"), daily=True)
def forget(_task: Task) -> Effect:
    """Forget messages that ended long ago."""

    def effect(session: Session) -> dict[str, Any]:
        gone = session.execute(
            sa.delete(WebhookDelivery).where(
                WebhookDelivery.state != DeliveryState.WAITING.value,
                WebhookDelivery.ended_at < now() - KEPT,
            )
        )
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
