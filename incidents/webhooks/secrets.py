"""The secret of a webhook: sealed where it is kept, shown once, changed without a gap."""

from datetime import datetime, timedelta
from typing import Final

from cirt.incidents.webhook_models import Webhook
from cirt.incidents.webhooks import messages
from cirt.sealing import seal, unseal

BOTH_SIGN: Final = timedelta(hours=24)
"""How long the secret before a change signs as well."""


def give(webhook: Webhook, secret_key: str) -> str:
    """Give a webhook a new secret and return it; any secret before it is forgotten."""
    secret = messages.new_secret()
    webhook.sealed = seal(secret_key, _purpose(webhook), secret.encode())
    webhook.sealed_before, webhook.before_until = None, None
    return secret


def change(webhook: Webhook, secret_key: str, at: datetime) -> str:
    """Give a webhook a new secret and return it; the one before signs as well for a day."""
    before = webhook.sealed
    secret = give(webhook, secret_key)
    webhook.sealed_before, webhook.before_until = before, at + BOTH_SIGN
    return secret


def signing(webhook: Webhook, secret_key: str, at: datetime) -> list[str]:
    """Return the secrets that sign now, the present one first. Raises ConflictError."""
    sealed = [webhook.sealed]
    if webhook.sealed_before is not None and webhook.before_until and at < webhook.before_until:
        sealed.append(webhook.sealed_before)
    return [unseal(secret_key, _purpose(webhook), one).decode() for one in sealed]


def _purpose(webhook: Webhook) -> str:
    return f"webhook {webhook.id}"
