"""Making, changing, confirming and ending peers."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, jobs
from cirt.access import Actor
from cirt.accounts.models import Administration, Place
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError
from cirt.incidents.circle_models import Collection, CollectionKind, MachineWriting
from cirt.incidents.inbox.intake import FILES
from cirt.incidents.inbox_models import Peer
from cirt.incidents.peers import outbound, rules
from cirt.sealing import seal, unseal
from cirt.settings import Settings
from cirt.stix import signatures
from cirt.stix.marking import TLP

POLL: Final = "peer.poll"
"""Kind of the job that reads one page of a peer."""

ERASE: Final = "peer.erase"
"""Kind of the job that erases what an ended peer gave."""

MOST_PEERS: Final = 50
"""Of one administration: each is asked in turn by the same background work."""


@dataclass(frozen=True)
class Details:
    """What people say of a peer. secret: "" keeps the one that is stored. public_key: "" for none."""

    title: str
    url: str
    receipts_url: str = ""
    username: str = ""
    secret: str = ""
    remote_administration_id: uuid.UUID | None = None
    public_key: str = ""
    minutes: int = 15
    active: bool = True


def make_peer(session: Session, actor: Actor, details: Details, settings: Settings) -> Peer:
    """Connect the actor's administration to a collection elsewhere."""
    mine = sa.select(sa.func.count()).where(Peer.administration_id == actor.administration_id)
    if (session.scalar(mine) or 0) >= MOST_PEERS:
        raise ConflictError(
            N_("Your administration has %(most)s peers already; end one first."), most=MOST_PEERS
        )
    collection = Collection(
        id=uuid.uuid4(),
        title=details.title.strip(),
        kind=CollectionKind.INTAKE.value,
        administration_id=actor.administration_id,
        machine_writing=MachineWriting.OFF.value,
        # what is marked stricter is kept, read on the screen, and never leaves
        ceiling=TLP.AMBER_STRICT.value,
    )
    peer = Peer(
        id=uuid.uuid4(),
        administration_id=actor.administration_id,
        collection=collection,
        url="",
        title="",
        tally={},
    )
    _fill(session, peer, details, settings)
    session.add_all([collection, peer])
    session.flush()
    audit.record(session, actor, "peer.make", peer, **_facts(peer))
    start(session, peer)
    return peer


def change_peer(
    session: Session, actor: Actor, peer: Peer, details: Details, settings: Settings
) -> None:
    """Change what is known of a peer; another collection is read from its beginning."""
    _lock(session, peer)
    if details.remote_administration_id != peer.remote_administration_id and peer.tally:
        raise InvalidInputError(
            N_(
                "What was read already stands in another name. End this peer and connect it again"
                " to change for whom it speaks."
            ),
            field="remote",
        )
    _fill(session, peer, details, settings)
    audit.record(session, actor, "peer.change", peer, **_facts(peer))
    start(session, peer)


def vouch(session: Session, actor: Actor, peer: Peer) -> None:
    """Confirm that a peer speaks for the administration that it is said to speak for."""
    _lock(session, peer)
    if peer.remote_administration_id is None:
        raise ConflictError(N_("This peer speaks for no administration; nothing is to confirm."))
    peer.vouched_by = actor.user_id
    audit.record(session, actor, "peer.vouch", peer, **_facts(peer))
    start(session, peer)


def poll_now(session: Session, actor: Actor, peer: Peer) -> None:
    """Let a peer be read as soon as background work comes to it."""
    _lock(session, peer)
    if not is_read(peer):
        raise ConflictError(N_("This peer is not being read; switch it on first."))
    audit.record(session, actor, "peer.poll", peer)
    start(session, peer)


def end_peer(session: Session, actor: Actor, peer: Peer, *, erase: bool) -> None:
    """Forget a peer with its password. erase: what it gave as well, in the background."""
    _lock(session, peer)
    audit.record(session, actor, "peer.end", peer, erase=erase, **_facts(peer))
    collection_id = peer.collection_id
    session.delete(peer)
    session.flush()
    if erase:
        jobs.enqueue(
            session,
            ERASE,
            {"collection_id": str(collection_id)},
            actor=actor,
            key=f"{ERASE}:{collection_id}",
        )


def is_read(peer: Peer) -> bool:
    """Return whether a peer is asked for objects."""
    speaks = peer.remote_administration_id is not None
    return peer.active and (not speaks or peer.vouched_by is not None)


def start(session: Session, peer: Peer) -> None:
    """Let a peer be read now, if it is read at all; what was planned for it is dropped."""
    peer.next_at = None
    if is_read(peer):
        plan(session, peer, now())


def plan(session: Session, peer: Peer, moment: datetime) -> None:
    """Let a peer be read at a moment. Any job that was planned for it before finds out and ends."""
    peer.next_at = moment
    session.flush()
    due = moment.isoformat()
    payload = {"peer_id": str(peer.id), "due": due}
    jobs.enqueue(session, POLL, payload, key=f"{POLL}:{peer.id}:{due}", run_at=moment)


def secret_of(peer: Peer, secret_key: str) -> str:
    """Return the password or token of a peer, "" if it has none; only for the host it was given for."""
    if peer.sealed is None:
        return ""
    return unseal(secret_key, _purpose(peer.id, peer.url), peer.sealed).decode()


def _purpose(peer_id: uuid.UUID, url: str) -> str:
    return f"peer {peer_id} {rules.origin_of(url)}"


def _lock(session: Session, peer: Peer) -> None:
    session.execute(sa.select(Peer.id).where(Peer.id == peer.id).with_for_update())
    session.refresh(peer)


def _fill(session: Session, peer: Peer, details: Details, settings: Settings) -> None:
    title = details.title.strip()
    if title == FILES:
        raise InvalidInputError(
            N_("Files are taken in under this name; choose another."), field="title"
        )
    loopback = settings.peer_loopback
    url = rules.read_url(details.url, field="url", loopback=loopback)
    outbound.check_written(url, outbound.reach_of(settings), "url")
    receipts_url = ""
    if details.receipts_url.strip():
        receipts_url = rules.read_url(details.receipts_url, field="receipts_url", loopback=loopback)
        if rules.origin_of(receipts_url) != rules.origin_of(url):
            raise InvalidInputError(rules.OTHER_ORIGIN, field="receipts_url")
    if details.secret:
        peer.sealed = seal(settings.secret_key, _purpose(peer.id, url), details.secret.encode())
    elif peer.sealed is not None and rules.origin_of(url) != rules.origin_of(peer.url):
        raise InvalidInputError(
            N_("The stored password is for the host before. Enter the one for this host."),
            field="secret",
        )
    speaks_for = _remote(session, details.remote_administration_id)
    if url != peer.url or speaks_for != peer.remote_administration_id:
        peer.vouched_by, peer.added_after, peer.cursor = None, "", ""
    peer.title, peer.collection.title = title, title
    peer.url, peer.receipts_url = url, receipts_url
    peer.username = details.username.strip()
    peer.remote_administration_id = speaks_for
    peer.public_key = (
        signatures.read_public_key(details.public_key) if details.public_key.strip() else None
    )
    if not rules.MIN_MINUTES <= details.minutes <= rules.MAX_MINUTES:
        raise InvalidInputError(
            N_("Choose from %(least)s to %(most)s minutes."),
            field="minutes",
            least=rules.MIN_MINUTES,
            most=rules.MAX_MINUTES,
        )
    peer.minutes, peer.active, peer.failures = details.minutes, details.active, 0


def _remote(session: Session, administration_id: uuid.UUID | None) -> uuid.UUID | None:
    if administration_id is None:
        return None
    row = session.get(Administration, administration_id)
    if row is None or row.place != Place.REMOTE:
        raise InvalidInputError(
            N_("Choose an administration whose people sign in at another installation."),
            field="remote",
        )
    return row.id


def _facts(peer: Peer) -> dict[str, Any]:
    return {
        "collection": str(peer.collection_id),
        "origin": rules.origin_of(peer.url),
        "speaks_for": str(peer.remote_administration_id or ""),
        "active": peer.active,
    }
