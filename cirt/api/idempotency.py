"""The same POST twice has its effect once: the second gets the first one's answer.

Source: the header field of draft-ietf-httpapi-idempotency-key-header-07. The row is written in the
transaction of the effect, so one never exists without the other, and a refused request leaves
its key free.
"""

import hashlib
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.api.models import RepeatableAnswer
from cirt.api.problems import ProblemError
from cirt.clock import now
from cirt.db import insert_for
from cirt.errors import N_
from cirt.jobs import Effect, Task, handles
from cirt.sealing import seal, unseal
from cirt.web import installation

KEPT_HOURS: Final = 24
HEADER: Final = "Idempotency-Key"
KEPT_HEADERS: Final = ("Content-Type", "ETag", "Location")
_PURPOSE: Final = "api answer"

# a quoted string, as the draft has it, or the bare text that most clients send
PATTERN: Final = r'^"?[!#-\[\]-~]{1,200}"?$'
_KEY = re.compile(PATTERN, re.ASCII)

_at_work: set[tuple[uuid.UUID, str]] = set()
_lock = threading.Lock()


def key_of(text: str) -> str:
    """Return the key in the header. Raises ProblemError for one that cannot be kept."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise ProblemError(
            "malformed-request",
            f"{HEADER} must be 1 to 200 visible ASCII characters, such as a UUID.",
            errors=[{"parameter": HEADER, "detail": "It has another form."}],
        )
    return text.strip('"')


def digest_of(method: str, address: str, body: bytes) -> str:
    """Return what makes two requests the same."""
    return hashlib.sha256(f"{method} {address}\n".encode() + body).hexdigest()


@contextmanager
def at_work(token_id: uuid.UUID, key: str) -> Iterator[None]:
    """Hold a key while its request runs. Raises ProblemError when another request holds it."""
    one = (token_id, key)
    with _lock:
        if one in _at_work:
            raise ProblemError(
                "conflict",
                f"A request with this {HEADER} is being answered at this moment.",
                headers={"Retry-After": "1"},
            )
        _at_work.add(one)
    try:
        yield
    finally:
        with _lock:
            _at_work.discard(one)


def begin(session: Session, token_id: uuid.UUID, key: str, digest: str) -> flask.Response | None:
    """Claim a key, or return the answer that was given to it.

    Another process that holds it is waited for. Raises ProblemError for another body.
    """
    old = sa.delete(RepeatableAnswer).where(
        RepeatableAnswer.token_id == token_id,
        RepeatableAnswer.key == key,
        RepeatableAnswer.created_at < now() - timedelta(hours=KEPT_HOURS),
    )
    session.execute(old)
    claimed = session.scalar(
        insert_for(session, RepeatableAnswer)
        .values(
            token_id=token_id,
            key=key,
            digest=digest,
            status=0,
            headers={},
            body=b"",
            created_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(RepeatableAnswer.key)
    )
    if claimed is not None:
        return None
    row = session.get_one(RepeatableAnswer, (token_id, key))
    if row.digest != digest:
        raise ProblemError(
            "invalid-body",
            f"This {HEADER} came with another request before; take a new one for each request.",
            errors=[{"parameter": HEADER, "detail": "It was used for something else."}],
        )
    body = unseal(installation().settings.secret_key, _PURPOSE, row.body)
    again = flask.Response(body, status=row.status, headers=row.headers)
    again.headers["Idempotent-Replayed"] = "true"
    return again


def keep(session: Session, token_id: uuid.UUID, key: str, response: flask.Response) -> None:
    """Keep the answer of the request that claimed the key."""
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    # an answer may hold a secret that is shown once
    body = seal(installation().settings.secret_key, _PURPOSE, response.get_data())
    session.execute(
        sa.update(RepeatableAnswer)
        .where(RepeatableAnswer.token_id == token_id, RepeatableAnswer.key == key)
        .values(status=response.status_code, headers=kept, body=body)
    )


@handles("api.forget", name=N_("Forgetting answers kept for repeated requests"), daily=True)
def _forget(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        gone = session.execute(
            sa.delete(RepeatableAnswer).where(
                RepeatableAnswer.created_at < now() - timedelta(hours=KEPT_HOURS)
            )
        )
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
