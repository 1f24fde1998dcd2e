"""Messages to webhooks: their form, and how they are signed. Pure.

Source: Standard Webhooks 1.0.0 (standardwebhooks.com): headers webhook-id, webhook-timestamp and
webhook-signature; HMAC-SHA256 over `id.timestamp.body`, in base64, with the version v1 before it.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cirt.stix.ids import canonical_json

PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32


def new_secret() -> str:
    """Return a new secret: 32 random bytes in base64 after `whsec_`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")


def name_of(message_id: uuid.UUID) -> str:
    """Return the id of a message as its receiver reads it."""
    return f"msg_{message_id.hex}"


def body_of(message_id: uuid.UUID, kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return the body of a message: the same text in every attempt.

    data: identifiers, counts, an address; never content, a title, or who the others are.
    """
    whole = {
        "type": kind,
        "id": name_of(message_id),
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": dict(data),
    }
    return canonical_json(whole).decode("utf-8")


def signed_headers(
    given: Sequence[str], message_id: uuid.UUID, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of one attempt.

    given: the secrets that sign it, the present one first. at: of the attempt, so that a receiver
    can refuse what somebody kept and sends again.
    """
    name, seconds = name_of(message_id), str(int(at.timestamp()))
    content = b".".join((name.encode(), seconds.encode(), body))
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(secret, content) for secret in given),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode("ascii")
