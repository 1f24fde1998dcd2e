"""Reading peers in the background: one job for each page, one transaction for what came of it.

Where the crawl stands is written together with what was taken in, so a process that dies in between
loses nothing and doubles nothing. A job counts only while the peer waits for its very moment.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import strictjson
from cirt.clock import now
from cirt.errors import N_, DomainError
from cirt.incidents import recall, strict_door
from cirt.incidents.circle_models import Collection
from cirt.incidents.inbox import intake
from cirt.incidents.inbox_models import Peer
from cirt.incidents.object_store import in_parts
from cirt.incidents.peers import connecting, outbound, rules
from cirt.incidents.peers.connecting import ERASE, POLL
from cirt.incidents.recall import erasure, local_effects, receipts
from cirt.incidents.recall.exposure import shown
from cirt.incidents.store_models import FeedEntry
from cirt.incidents.strict_door import Source
from cirt.jobs import Effect, Job, Task, handles
from cirt.stix import taxii_client, withdrawal
from cirt.stix.taxii_client import Ask, Page, Status
from cirt.stix.taxii_protocol import read_timestamp

SHOWN_REFUSALS: Final = 200
MOST_RECEIPTS: Final = 200
"""Receipts that go out at a time."""


@dataclass(frozen=True)
class _Asked:
    """A peer as the job found it."""

    url: str
    receipts_url: str
    added_after: str
    cursor: str
    username: str
    secret: str
    receipts: Sequence[bytes]


@handles(POLL, name=N_("Reading a peer"))
def poll(task: Task) -> Effect:
    """Send a peer the receipts that wait for it, and read its next page."""
    peer_id, due = uuid.UUID(task.payload["peer_id"]), datetime.fromisoformat(task.payload["due"])
    settings = task.services.settings
    with task.services.database.reading() as session:
        peer = session.get(Peer, peer_id)
        if not _counts(peer, due):
            return lambda _session: {"dropped": True}
        try:
            asked = _asked(session, peer, settings.secret_key)
        except DomainError as error:  # the password cannot be opened
            failed = error
            return lambda session: _note(session, peer_id, due, failed, None, settings)
    ask = outbound.Line(
        rules.origin_of(asked.url), outbound.reach_of(settings), asked.username, asked.secret
    )
    sent = _send(ask, asked)
    got: Page | DomainError
    try:
        got = taxii_client.get_page(
            ask, asked.url, added_after=asked.added_after, cursor=asked.cursor
        )
        strict_door.check_holders(got.objects)
    except DomainError as error:
        got = error
    return lambda session: _note(session, peer_id, due, got, sent, settings)


def _counts(peer: Peer | None, due: datetime) -> bool:
    return peer is not None and connecting.is_read(peer) and peer.next_at == due


def _asked(session: Session, peer: Peer, secret_key: str) -> _Asked:
    return _Asked(
        peer.url,
        peer.receipts_url,
        peer.added_after,
        peer.cursor,
        peer.username,
        connecting.secret_of(peer, secret_key),
        waiting_receipts(session, peer) if peer.receipts_url else [],
    )


def waiting_receipts(session: Session, peer: Peer) -> list[bytes]:
    """Return the signed receipts that a peer has not taken yet, oldest first."""
    sent = set(peer.receipts_sent)
    given = receipts.given(session, peer.collection)
    return [body for body in given if _id(body) not in sent]


def _id(body: bytes) -> str:
    return str(strictjson.loads(body)["id"])


def _send(ask: Ask, asked: _Asked) -> Status | DomainError | None:
    """Send receipts; whatever becomes of them, the page is read."""
    if not asked.receipts:
        return None
    try:
        return taxii_client.post_objects(ask, asked.receipts_url, asked.receipts[:MOST_RECEIPTS])
    except DomainError as error:
        return error


def _note(
    session: Session,
    peer_id: uuid.UUID,
    due: datetime,
    got: Page | DomainError,
    sent: Status | DomainError | None,
    settings: Any,
) -> dict[str, Any]:
    """Keep what came, and plan what is next: the effect of the job."""
    peer = session.get(Peer, peer_id, with_for_update={"of": Peer}, populate_existing=True)
    if peer is None or not _counts(peer, due):  # changed, ended or asked for again meanwhile
        return {"dropped": True}
    _forget_jobs(session, peer)
    peer.last_at = now()
    _note_receipts(peer, sent)
    if isinstance(got, DomainError):
        return _fail(session, peer, got)
    begins = not peer.cursor
    taken = intake.take_in(
        session,
        peer.administration_id,
        peer.collection,
        got.objects,
        owner_id=rules.owner_of(peer.id, peer.remote_administration_id),
        via=Source.PEER.value,
    )
    objects = intake.objects_of(taken)
    recall.honour_at_commit(session, recall.safe_of(settings), peer.collection, objects)
    counts = {
        "read": len(got.objects),
        "kept": len(taken.kept) - taken.known,
        "known": taken.known,
        "refused": len(taken.refused),
    }
    if got.objects or not begins:  # a look that brought nothing leaves the account of the last one
        before = {} if begins else peer.tally
        peer.tally = {name: before.get(name, 0) + count for name, count in counts.items()}
        kept_before = [] if begins else peer.last_refused
        peer.last_refused = [
            *kept_before,
            *(one.as_kept() for one in taken.refused),
        ][:SHOWN_REFUSALS]
    elif not peer.tally:
        peer.tally = counts
    _move(peer, got)
    peer.failures, peer.last_outcome, peer.last_params = 0, "", {}
    # what was withdrawn is answered at once
    answers = bool(peer.receipts_url) and any(map(withdrawal.is_withdrawal, objects))
    again = got.more or answers
    moment = now() if again else now() + rules.pause(peer.minutes, 0, 0)
    connecting.plan(session, peer, moment)
    return counts


def _move(peer: Peer, page: Page) -> None:
    """Write down where the crawl stands after a page."""
    peer.cursor = page.next
    if page.next:  # the filters stay the same until the crawl has ended
        return
    last, before = read_timestamp(page.added_last), read_timestamp(peer.added_after)
    if last is not None and (before is None or last > before):
        peer.added_after = page.added_last


def _fail(session: Session, peer: Peer, error: DomainError) -> dict[str, Any]:
    peer.failures += 1
    peer.last_outcome, peer.last_params = error.message, error.kept_params
    if peer.cursor and error.params.get("status") in (400, 404, 410):
        peer.cursor = ""  # it remembers no such place: from the last date that is known for sure
    draw = random.random()  # noqa: S311 - only so that installations do not return in step
    connecting.plan(session, peer, now() + rules.pause(peer.minutes, peer.failures, draw))
    return {"failed": str(error)[:500]}


def _note_receipts(peer: Peer, sent: Status | DomainError | None) -> None:
    if sent is None:
        return
    if isinstance(sent, DomainError):
        peer.receipts_outcome, peer.receipts_params = sent.message, sent.kept_params
        return
    peer.receipts_sent = [*peer.receipts_sent, *sorted(sent.successes)]
    refused = next(iter(sent.failures.values()), "")
    peer.receipts_outcome = "%(sentence)s" if refused else ""
    peer.receipts_params = {"sentence": refused} if refused else {}


def _forget_jobs(session: Session, peer: Peer) -> None:
    """Forget the jobs of earlier looks: a peer leaves one row, not one every quarter of an hour."""
    session.execute(
        sa.delete(Job)
        .where(Job.kind == POLL, Job.state == "done", Job.key.startswith(f"{POLL}:{peer.id}:"))
        .where(Job.ended_at < peer.next_at)
    )


@handles("peer.wake", name=N_("Looking after peers that were not read"), daily=True)
def wake(_task: Task) -> Effect:
    """Read peers again whose planned work was lost, for instance by a fault of the program."""

    def effect(session: Session) -> dict[str, Any]:
        query = sa.select(Peer).where(
            sa.or_(Peer.next_at.is_(None), Peer.next_at < now() - rules.LONGEST_PAUSE)
        )
        woken = [one for one in session.scalars(query).unique() if connecting.is_read(one)]
        for peer in woken:
            connecting.plan(session, peer, now())
        return {"woken": len(woken)}

    return effect


@handles(ERASE, name=N_("Erasing what an ended peer gave"), may_cancel=False)
def erase(task: Task) -> Effect:
    """Erase what an ended peer gave; what people decided and noted stays."""

    def effect(session: Session) -> dict[str, Any]:
        collection = session.get_one(Collection, uuid.UUID(task.payload["collection_id"]))
        query = sa.select(FeedEntry.stix_id).where(FeedEntry.collection_id == collection.id)
        safe = recall.safe_of(task.services.settings)
        count = 0
        for part in in_parts(sorted(set(session.scalars(query)))):
            taken = shown(session, collection, part)
            ids = [one.id for one in taken]
            erasure.take_out(session, safe.ledger, collection.id, ids, cause="retention")
            local_effects.forget(session, collection, taken)
            count += len(taken)
        return {"erased": count}

    return effect
