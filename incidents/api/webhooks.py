"""Operations on webhooks: the rules are those of the pages."""

import uuid
from typing import Any, Final

from cirt import access
from cirt.access import load, require
from cirt.api.operations import Answer, operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, Schema, described, nullable, one_of, page_of, record
from cirt.incidents.api.values import BOOLEAN
from cirt.incidents.webhook_models import Webhook
from cirt.incidents.webhooks import managing
from cirt.incidents.webhooks.kinds import Kind
from cirt.incidents.webhooks.managing import Details
from cirt.web import actor, db_session, installation

_TAGS: Final = ("Webhooks",)
_KINDS: Final[Schema] = {"type": "array", "items": one_of(*Kind)}
_SAID: Final[dict[str, Schema]] = {
    "title": described(TEXT, "As your team calls the machine that listens."),
    "url": described(TEXT, "To which messages are sent; https."),
    "kinds": described(_KINDS, "Of what it is told."),
}
_STANDS: Final[dict[str, Schema]] = {
    "id": ID,
    **_SAID,
    "active": BOOLEAN,
    "failing_since": described(nullable(TIME), "Since when it takes nothing."),
    "last_success_at": nullable(TIME),
    "created_at": TIME,
}
_SECRET: Final = described(TEXT, "Shown once; by it the receiver knows that a message is ours.")

WEBHOOK: Final = record("Webhook", "An address that is told of news.", _STANDS)
WEBHOOKS: Final = page_of("WebhookPage", WEBHOOK)
MADE: Final = record(
    "MadeWebhook", "A webhook with its new secret.", {**_STANDS, "secret": _SECRET}
)
NEW_WEBHOOK: Final = record(
    "NewWebhook",
    "A webhook to make.",
    _SAID,
    example={
        "title": "SIEM",
        "url": "https://siem.example/hooks/cirt",
        "kinds": ["collection.new"],
    },
)
_SWITCH: Final = record(
    "WebhookSwitch", "On or off.", {"active": BOOLEAN}, example={"active": False}
)


@operation(
    "GET",
    "/webhooks",
    action="webhook.list",
    summary="List webhooks",
    response=WEBHOOKS,
    paged=True,
    tags=_TAGS,
)
def list_webhooks(page: PageRequest) -> Paged:
    """The webhooks of the own administration."""
    require(db_session(), actor(), "webhook.list")
    query = access.visible(actor(), Webhook, "webhook.see")
    return read_page(
        db_session(), query, page, Webhook.created_at, Webhook.id, plain=_plain_webhook
    )


@operation(
    "GET",
    "/webhooks/{webhook_id}",
    action="webhook.see",
    summary="Read a webhook",
    response=WEBHOOK,
    tags=_TAGS,
)
def read_webhook(webhook_id: uuid.UUID) -> dict[str, Any]:
    """One webhook and how it stands."""
    return _plain_webhook(_webhook(webhook_id, "webhook.see"))


@operation(
    "POST",
    "/webhooks",
    action="webhook.make",
    summary="Make a webhook",
    request=NEW_WEBHOOK,
    response=MADE,
    status=201,
    tags=_TAGS,
)
def make_webhook(body: dict[str, Any]) -> Answer:
    """Makes a webhook, which is told what comes from now on. The answer holds its secret, which is
    shown at no other time."""
    require(db_session(), actor(), "webhook.make")
    details = Details(body["title"], body["url"], tuple(body["kinds"]))
    row, secret = managing.make_webhook(db_session(), actor(), details, installation().settings)
    return Answer({**_plain_webhook(row), "secret": secret}, location=f"/webhooks/{row.id}")


@operation(
    "POST",
    "/webhooks/{webhook_id}/secret",
    action="webhook.change",
    summary="Change the secret of a webhook",
    response=MADE,
    tags=_TAGS,
)
def change_webhook_secret(webhook_id: uuid.UUID) -> dict[str, Any]:
    """Gives it a new secret. For a day every message bears the signatures of both."""
    row = _webhook(webhook_id, "webhook.change")
    secret = managing.change_secret(db_session(), actor(), row, installation().settings)
    return {**_plain_webhook(row), "secret": secret}


@operation(
    "POST",
    "/webhooks/{webhook_id}/switch",
    action="webhook.change",
    summary="Switch a webhook on or off",
    request=_SWITCH,
    response=WEBHOOK,
    tags=_TAGS,
)
def switch_webhook(webhook_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    """What comes while it is off is told when it is on again."""
    row = _webhook(webhook_id, "webhook.change")
    managing.switch(db_session(), actor(), row, on=body["active"])
    return _plain_webhook(row)


@operation(
    "DELETE",
    "/webhooks/{webhook_id}",
    action="webhook.change",
    summary="Delete a webhook",
    response=None,
    tags=_TAGS,
)
def delete_webhook(webhook_id: uuid.UUID) -> None:
    """Forgets it with its secret and what waits for it."""
    managing.delete_webhook(db_session(), actor(), _webhook(webhook_id, "webhook.change"))


def _webhook(webhook_id: uuid.UUID, action: str) -> Webhook:
    row = load(db_session(), actor(), Webhook, webhook_id, seen_by="webhook.see")
    require(db_session(), actor(), action, row)
    return row


def _plain_webhook(row: Webhook) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "url": row.url,
        "kinds": list(row.kinds),
        "active": row.active,
        "failing_since": plain_time(row.failing_since),
        "last_success_at": plain_time(row.last_success_at),
        "created_at": plain_time(row.created_at),
    }
