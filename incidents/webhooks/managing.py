"""Making, changing, trying, switching and deleting webhooks."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError
from cirt.incidents.case_details import plain_text
from cirt.incidents.peers import outbound
from cirt.incidents.peers.rules import split_url
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery
from cirt.incidents.webhooks import kinds, queue, secrets
from cirt.incidents.webhooks.news import news_for
from cirt.settings import Settings

MOST_WEBHOOKS: Final = 10
MAX_TITLE: Final = 200

ADDRESS: Final = N_(
    "Write the address to which messages are sent: https://, the host, the path; no user name or"
    " password before the host."
)
OFF: Final = N_("This webhook is switched off; switch it on first.")


@dataclass(frozen=True)
class Details:
    """What people or machines say of a webhook."""

    title: str
    url: str
    kinds: tuple[str, ...]


def make_webhook(
    session: Session, actor: Actor, details: Details, settings: Settings
) -> tuple[Webhook, str]:
    """Make a webhook of the actor's administration; return it and its secret, shown only now.

    It is told what comes from now on. Raises InvalidInputError, naming the field.
    """
    mine = sa.select(sa.func.count()).where(Webhook.administration_id == actor.administration_id)
    if (session.scalar(mine) or 0) >= MOST_WEBHOOKS:
        raise ConflictError(
            N_("Your administration has %(most)s webhooks already; delete one first."),
            most=MOST_WEBHOOKS,
        )
    webhook = Webhook(
        id=uuid.uuid4(),
        administration_id=actor.administration_id,
        kinds=[],
        last_number=0,
        made_by=actor.user_id,
    )
    secret = secrets.give(webhook, settings.secret_key)
    added = _fill(webhook, details, settings)
    session.add(webhook)
    session.flush()
    _begin(session, webhook, added)
    audit.record(session, actor, "webhook.make", webhook, **_facts(webhook))
    return webhook, secret


def change_webhook(
    session: Session, actor: Actor, webhook: Webhook, details: Details, settings: Settings
) -> None:
    """Change what is known of a webhook; of a kind that is added it is told what comes from now on."""
    queue.lock(session, webhook.id)
    _begin(session, webhook, _fill(webhook, details, settings))
    audit.record(session, actor, "webhook.change", webhook, **_facts(webhook))


def change_secret(session: Session, actor: Actor, webhook: Webhook, settings: Settings) -> str:
    """Give a webhook a new secret and return it; the one before signs as well for a day."""
    queue.lock(session, webhook.id)
    secret = secrets.change(webhook, settings.secret_key, now())
    audit.record(session, actor, "webhook.secret", webhook)
    return secret


def switch(session: Session, actor: Actor, webhook: Webhook, *, on: bool) -> None:
    """Switch a webhook on or off. What came meanwhile is told when it is on again."""
    queue.lock(session, webhook.id)
    webhook.active = on
    webhook.next_at, webhook.failing_since = None, None
    webhook.off_reason, webhook.off_params = "", {}
    if on and queue.waiting(session, webhook, 1):
        queue.start(session, webhook)
    audit.record(session, actor, "webhook.switch", webhook, on=on)


def delete_webhook(session: Session, actor: Actor, webhook: Webhook) -> None:
    """Forget a webhook with its secret and what waits for it."""
    queue.lock(session, webhook.id)
    audit.record(session, actor, "webhook.delete", webhook, **_facts(webhook))
    session.delete(webhook)
    session.flush()


def try_it(session: Session, actor: Actor, webhook: Webhook) -> WebhookDelivery:
    """Queue a message that is about nothing."""
    queue.lock(session, webhook.id)
    if not webhook.active:
        raise ConflictError(OFF)
    row = queue.add(session, webhook, kinds.TRIAL, None, {})
    queue.plan(session, webhook, now())
    audit.record(session, actor, "webhook.try", webhook)
    return row


def send_again(session: Session, actor: Actor, row: WebhookDelivery) -> Webhook:
    """Send a message once more, under its own id, and begin to count its attempts anew."""
    webhook = queue.lock(session, row.webhook_id)
    if webhook is None or not webhook.active:
        raise ConflictError(OFF)
    session.refresh(row)
    row.state, row.attempts, row.ended_at = DeliveryState.WAITING.value, 0, None
    queue.plan(session, webhook, now())
    audit.record(session, actor, "webhook.send", row)
    return webhook


def _fill(webhook: Webhook, details: Details, settings: Settings) -> list[str]:
    """Write the details, and return the kinds that are new."""
    title = plain_text(details.title, "title", MAX_TITLE)
    if not title:
        raise InvalidInputError(N_("Give it a name."), field="title")
    url = split_url(
        details.url, field="url", loopback=settings.peer_loopback, sentence=ADDRESS, query=True
    ).geturl()
    outbound.check_written(url, outbound.reach_of(settings), "url")
    wanted = kinds.chosen(details.kinds)
    added = [kind for kind in wanted if kind not in webhook.kinds]
    webhook.title, webhook.url, webhook.kinds = title, url, wanted
    return added


def _begin(session: Session, webhook: Webhook, added: Iterable[str]) -> None:
    """Take what there is now of these kinds for known."""
    for one in news_for(session, webhook, added, ""):
        queue.mark(session, webhook, one)


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {
        "address_sha256": hashlib.sha256(webhook.url.encode()).hexdigest(),
        "kinds": webhook.kinds,
        "active": webhook.active,
    }
