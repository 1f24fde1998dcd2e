"""Who did what and when: append-only, hash-chained, ids and digests only, never content.

One chain per administration (and one of the installation itself), so that each can be shown
to its owner. The hash of an entry covers the hash before it (SHA-256 over RFC 8785 JSON).
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from cirt.access import Actor
from cirt.clock import now
from cirt.db import AUDIT_STAGE, Base, before_commit, insert_for

INSTALLATION = uuid.UUID(int=0)


class AuditHead(Base):
    """The newest entry of a chain."""

    __tablename__ = "audit_head"

    chain_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditEntry(Base):
    """One act. `subject` is like incident:<uuid>; `details` holds ids, digests and counts."""

    __tablename__ = "audit_entry"

    chain_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(60))
    action: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(120), index=True)
    outcome: Mapped[str] = mapped_column(sa.String(20))
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = ({"postgresql_partition_by": "HASH (chain_id)"},)


@dataclass(frozen=True)
class _Act:
    chain_id: uuid.UUID
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    details: dict[str, Any]


def record(
    session: Session,
    actor: Actor | None,
    action: str,
    subject: Base | str,
    *,
    outcome: str = "done",
    chain_id: uuid.UUID | None = None,
    **details: Any,
) -> None:
    """Note an act in the transaction that performs it; it is written when that commits.

    actor: None for the installation itself (jobs, command line). details: JSON values;
    identifiers, digests, counts, never words that a person typed.
    """
    session.info.setdefault("audit", []).append(
        _Act(
            chain_id=chain_id or (actor.administration_id if actor else INSTALLATION),
            at=now(),
            actor=_actor_name(actor),
            action=action,
            subject=subject if isinstance(subject, str) else subject_of(subject),
            outcome=outcome,
            details=details,
        )
    )
    before_commit(session, AUDIT_STAGE, _write)


def subject_of(row: Base) -> str:
    """Return the reference of a row in the audit trail: its table and key."""
    key = sa.inspect(row).mapper.primary_key_from_instance(row)
    return f"{row.__tablename__}:{'/'.join(str(part) for part in key)}"


def _actor_name(actor: Actor | None) -> str:
    if actor is None:
        return "installation"
    if actor.token_id:
        return f"api_token:{actor.token_id}"
    return f"user_account:{actor.user_id}"


def _hash(previous: str, act: _Act, n: int) -> str:
    entry: dict[str, Any] = {
        "chain": str(act.chain_id),
        "n": n,
        "at": act.at.isoformat(timespec="microseconds"),
        "actor": act.actor,
        "action": act.action,
        "subject": act.subject,
        "outcome": act.outcome,
        "details": act.details,
    }
    return hashlib.sha256(previous.encode() + rfc8785.dumps(entry)).hexdigest()


def _write(session: Session) -> None:
    session.flush()
    acts: list[_Act] = session.info.pop("audit", [])
    for chain_id in sorted({act.chain_id for act in acts}):
        head = _locked_head(session, chain_id)
        for act in (act for act in acts if act.chain_id == chain_id):
            head.n += 1
            digest = _hash(head.hash, act, head.n)
            session.add(AuditEntry(n=head.n, previous_hash=head.hash, hash=digest, **vars(act)))
            head.hash = digest


def _locked_head(session: Session, chain_id: uuid.UUID) -> AuditHead:
    query = (
        sa.select(AuditHead)
        .where(AuditHead.chain_id == chain_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    head = session.scalars(query).one_or_none()
    if head is None:
        # two first writers of a chain: the second waits here and finds the row
        insert = insert_for(session, AuditHead).values(chain_id=chain_id, n=0, hash="")
        session.execute(insert.on_conflict_do_nothing())
        head = session.scalars(query).one()
    return head


def acts_on(
    session: Session, subject: Base, actions: Sequence[str], *, most: int = 200
) -> Sequence[AuditEntry]:
    """Return the newest acts of these kinds on one thing; whoever may see the thing may see them."""
    query = (
        sa.select(AuditEntry)
        .where(AuditEntry.subject == subject_of(subject), AuditEntry.action.in_(actions))
        .order_by(AuditEntry.at.desc(), AuditEntry.n.desc())
    )
    return session.scalars(query.limit(most)).all()


# acts on accounts and on the installation: what an administrator may see, and no content
ADMINISTRATIVE = (
    "account.",
    "administration.",
    "backup.",
    "circle.ch",
    "circle.m",
    "job.",
    "session.",
    "token.",
    "user.",
)


def administrative_acts(session: Session, *, most: int = 300) -> Sequence[AuditEntry]:
    """Return the newest acts on accounts and the installation, of every administration here."""
    kinds = [AuditEntry.action.startswith(prefix, autoescape=True) for prefix in ADMINISTRATIVE]
    query = sa.select(AuditEntry).where(sa.or_(*kinds))
    return session.scalars(
        query.order_by(AuditEntry.at.desc(), AuditEntry.n.desc()).limit(most)
    ).all()


def names_of_actors(session: Session, entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return for the actors of these entries who they are: a person's name or a machine's label."""
    from cirt.accounts.models import ApiToken, User

    found: dict[str, str] = {}
    for kind, model, name in (
        ("user_account", User, User.name),
        ("api_token", ApiToken, ApiToken.label),
    ):
        ids = {
            uuid.UUID(entry.actor.split(":")[1])
            for entry in entries
            if entry.actor.startswith(f"{kind}:")
        }
        for key, text in session.execute(sa.select(model.id, name).where(model.id.in_(ids))):
            found[f"{kind}:{key}"] = text
    return found


def _everything(session: Session) -> Iterator[AuditEntry]:
    query = sa.select(AuditEntry).order_by(AuditEntry.chain_id, AuditEntry.n)
    yield from session.scalars(query.execution_options(yield_per=1000))


def _behind(session: Session, since: Mapping[uuid.UUID, tuple[int, str]]) -> Iterator[AuditEntry]:
    for chain_id in session.scalars(sa.select(AuditHead.chain_id)).all():
        n, digest = since.get(chain_id, (0, ""))
        own = sa.select(AuditEntry).where(AuditEntry.chain_id == chain_id)
        kept = session.scalars(own.where(AuditEntry.n == n)).one_or_none()
        # where it is not there, or is another, the next one does not fit, or the head does not
        start = n if kept is None or kept.hash == digest else n - 1
        query = own.where(AuditEntry.n > start).order_by(AuditEntry.n)
        yield from session.scalars(query.execution_options(yield_per=1000))


def broken_links(
    session: Session, since: Mapping[uuid.UUID, tuple[int, str]] | None = None
) -> Iterator[tuple[uuid.UUID, int, str]]:
    """Yield (chain, n, what is wrong) for every entry that does not fit its chain.

    since: chain -> (n, hash) of an entry up to which all was found whole before; what comes after
    is looked at, and that this entry is still there. None: everything is looked at.
    """
    previous: dict[uuid.UUID, tuple[int, str]] = dict(since or {})
    for entry in _everything(session) if since is None else _behind(session, since):
        n, digest = previous.get(entry.chain_id, (0, ""))
        act = _Act(
            entry.chain_id,
            entry.at,
            entry.actor,
            entry.action,
            entry.subject,
            entry.outcome,
            entry.details,
        )
        if entry.n != n + 1:
            yield entry.chain_id, entry.n, "an entry before it is missing"
        elif entry.previous_hash != digest or entry.hash != _hash(digest, act, entry.n):
            yield entry.chain_id, entry.n, "its content was changed"
        previous[entry.chain_id] = (entry.n, entry.hash)
    for head in session.scalars(sa.select(AuditHead)):
        if previous.get(head.chain_id, (0, "")) != (head.n, head.hash):
            yield head.chain_id, head.n, "the newest entries are missing"
