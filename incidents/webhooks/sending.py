"""Messages leave: in order, each until it is taken, with longer and longer pauses.

A process that dies between a request and its note sends the message again, under the same id.
"""

import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.errors import N_, DomainError
from cirt.incidents.peers import outbound, rules
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery
from cirt.incidents.webhooks import messages, queue, secrets
from cirt.incidents.webhooks.news import may_be_told
from cirt.incidents.webhooks.queue import SEND
from cirt.jobs import Effect, Job, Task, handles
from cirt.settings import Settings

ANSWER_SECONDS: Final = 10.0
"""Longest time for one receiver to answer."""

JOB_SECONDS: Final = 20.0
"""After which a job makes room for others, with the rest of its messages."""

MOST_AT_ONCE: Final = 20
MOST_ANSWER: Final = 100_000

PAUSES: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 4 * 60, 8 * 60, 10 * 60)
)
"""After each attempt but the last: eight attempts within about a day."""

ATTEMPTS: Final = len(PAUSES) + 1

FAILING: Final = timedelta(days=3)
"""After which a webhook that took nothing is switched off."""

REFUSED: Final = N_("The receiver answered with the status %(status)s.")
OFF_FAILING: Final = N_(
    "Switched off: the receiver took nothing for %(days)s days. What waits is sent when it is"
    " switched on again."
)
OFF_GONE: Final = N_(
    "Switched off: the receiver answered that it does not exist any more (status 410)."
)
_GONE: Final = 410


@dataclass(frozen=True)
class _Result:
    """What became of one message in this job. told: False if the administration may not know."""

    delivery_id: uuid.UUID
    told: bool = True
    at: datetime | None = None
    status: int | None = None
    error: DomainError | None = None

    @property
    def is_taken(self) -> bool:
        """Return whether the receiver took it (Standard Webhooks: any status from 200 to 299)."""
        return self.status is not None and 200 <= self.status < 300


@handles(SEND, name=N_("Messages to a webhook"))
def send(task: Task) -> Effect:
    """Send what waits for one webhook, in order, up to the first failure."""
    webhook_id = uuid.UUID(task.payload["webhook_id"])
    due = datetime.fromisoformat(task.payload["due"])
    settings = task.services.settings
    with task.services.database.reading() as session:
        webhook = session.get(Webhook, webhook_id)
        if webhook is None or not webhook.active or webhook.next_at != due:
            return lambda _session: {"dropped": True}
        rows = queue.waiting(session, webhook, MOST_AT_ONCE)
        owner = webhook.administration_id
        told = {row.id: may_be_told(session, owner, row.kind, row.subject_id) for row in rows}
    results = _send_all(webhook, rows, told, settings)
    return lambda session: _note(session, webhook_id, due, results)


def _send_all(
    webhook: Webhook,
    rows: Sequence[WebhookDelivery],
    told: dict[uuid.UUID, bool],
    settings: Settings,
) -> list[_Result]:
    results: list[_Result] = []
    begun = time.monotonic()
    for row in rows:
        if not told[row.id]:
            results.append(_Result(row.id, told=False))
            continue
        if time.monotonic() - begun > JOB_SECONDS:
            break
        results.append(_post(webhook, row, settings))
        if not results[-1].is_taken:
            break
    return results


def _post(webhook: Webhook, row: WebhookDelivery, settings: Settings) -> _Result:
    at, body = now(), row.body.encode("utf-8")
    line = outbound.Line(
        rules.origin_of(webhook.url), outbound.reach_of(settings), seconds=ANSWER_SECONDS
    )
    try:
        given = secrets.signing(webhook, settings.secret_key, at)
        headers = messages.signed_headers(given, row.id, at, body)
        answer = line("POST", webhook.url, headers, body, MOST_ANSWER)
    except DomainError as error:
        return _Result(row.id, at=at, error=error)
    return _Result(row.id, at=at, status=answer.status)


def _note(
    session: Session, webhook_id: uuid.UUID, due: datetime, results: Sequence[_Result]
) -> dict[str, Any]:
    """Write down what became of the messages, and plan what is next: the effect of the job."""
    webhook = queue.lock(session, webhook_id)
    if webhook is None:  # deleted meanwhile
        return {"dropped": True}
    pause: timedelta | None = None
    for result in results:
        row = session.get(WebhookDelivery, result.delivery_id, populate_existing=True)
        if row is None or row.state != DeliveryState.WAITING:
            continue
        pause = _note_one(webhook, row, result)
    session.flush()
    _forget_jobs(session, webhook, due)
    if webhook.next_at == due:  # else somebody planned it anew meanwhile
        webhook.next_at = None
        if pause is not None and webhook.active:
            queue.plan(session, webhook, now() + pause)
        elif queue.waiting(session, webhook, 1):
            queue.start(session, webhook)
    return {"sent": sum(one.is_taken for one in results), "tried": len(results)}


def _note_one(webhook: Webhook, row: WebhookDelivery, result: _Result) -> timedelta | None:
    """Write down what became of one message; return the pause before the next request, if any."""
    if not result.told:
        row.state, row.ended_at = DeliveryState.DROPPED.value, now()
        return None
    row.attempts, row.last_at, row.last_status = row.attempts + 1, result.at, result.status
    if result.is_taken:
        row.state, row.ended_at = DeliveryState.DELIVERED.value, now()
        row.outcome, row.params = "", {}
        webhook.failing_since, webhook.last_success_at = None, now()
        return None
    if result.error is not None:
        row.outcome, row.params = result.error.message, result.error.kept_params
    else:
        row.outcome, row.params = REFUSED, {"status": result.status}
    webhook.failing_since = webhook.failing_since or result.at
    _switch_off_if_dead(webhook, result)
    if row.attempts >= ATTEMPTS:
        row.state, row.ended_at = DeliveryState.GIVEN_UP.value, now()
        return pause_after(1, random.random())  # noqa: S311 - only so that receivers are not met in step
    return pause_after(row.attempts, random.random())  # noqa: S311 - the same


def pause_after(attempts: int, draw: float) -> timedelta:
    """Return how long to wait after so many attempts. draw: 0 to 1, a tenth less to more."""
    return PAUSES[min(attempts, len(PAUSES)) - 1] * (0.9 + 0.2 * draw)


def _switch_off_if_dead(webhook: Webhook, result: _Result) -> None:
    if result.status == _GONE:
        webhook.off_reason, webhook.off_params = OFF_GONE, {}
    elif webhook.failing_since is not None and webhook.failing_since < now() - FAILING:
        webhook.off_reason, webhook.off_params = OFF_FAILING, {"days": FAILING.days}
    else:
        return
    webhook.active = False


def _forget_jobs(session: Session, webhook: Webhook, due: datetime) -> None:
    """Forget the jobs of earlier requests: a webhook leaves one row, not one for each message."""
    session.execute(
        sa.delete(Job)
        .where(Job.kind == SEND, Job.state == "done", Job.key.startswith(f"{SEND}:{webhook.id}:"))
        .where(Job.ended_at < due)
    )
