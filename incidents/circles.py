"""Circles: made and changed by an administrator, who sees their frame and never their content."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import Administration, AdministrationKind
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.incidents.circle_models import CircleMember, Collection, MachineWriting
from cirt.incidents.object_store import in_parts, object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import moment_of

CEILINGS: tuple[TLP, ...] = (TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT)
"""What a circle may accept at most; TLP:RED never enters one."""

NEWEST = 100

# nothing that could be taken for a collection id (a UUID) or for a path
_ALIAS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Frame:
    """What an administrator decides about a circle. alias: "" for none."""

    title: str
    description: str
    alias: str
    ceiling: TLP
    machine_writing: MachineWriting


def make_circle(session: Session, actor: Actor | None, frame: Frame) -> Collection:
    """Make a circle without members. Raises InvalidInputError, naming the field."""
    circle = Collection(id=uuid.uuid4())
    _set_frame(session, circle, frame)
    session.add(circle)
    session.flush()
    audit.record(session, actor, "circle.make", circle, ceiling=circle.ceiling)
    return circle


def change_circle(session: Session, actor: Actor, circle: Collection, frame: Frame) -> None:
    """Change the frame of a circle. Raises InvalidInputError, naming the field."""
    _set_frame(session, circle, frame)
    audit.record(
        session,
        actor,
        "circle.change",
        circle,
        ceiling=circle.ceiling,
        machine_writing=circle.machine_writing,
    )


def _set_frame(session: Session, circle: Collection, frame: Frame) -> None:
    title, alias = frame.title.strip(), frame.alias.strip()
    if not title:
        raise InvalidInputError(N_("Give the circle a title."), field="title")
    if frame.ceiling not in CEILINGS:
        raise InvalidInputError(
            N_("TLP:RED never enters a circle; choose a weaker marking."), field="ceiling"
        )
    if alias:
        if not _ALIAS.fullmatch(alias) or len(alias) > 63 or _is_uuid(alias):
            raise InvalidInputError(
                N_("Use lower-case letters, digits and dashes, and begin with a letter."),
                field="alias",
            )
        with session.no_autoflush:
            other = session.scalar(sa.select(Collection.id).where(Collection.alias == alias))
        if other not in (None, circle.id):
            raise InvalidInputError(N_("Another circle has this short name."), field="alias")
    circle.title = title
    circle.description = frame.description.strip()
    circle.alias = alias or None
    circle.ceiling = frame.ceiling.value
    circle.machine_writing = frame.machine_writing.value


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def set_member(
    session: Session,
    actor: Actor | None,
    circle: Collection,
    administration_id: uuid.UUID,
    *,
    may_read: bool,
    may_contribute: bool,
) -> CircleMember:
    """Add an administration to a circle, or change what it may do there."""
    administration = session.get(Administration, administration_id)
    if administration is None or administration.kind != AdministrationKind.MEMBER_STATE:
        raise InvalidInputError(
            N_("Choose the administration of a Member State."), field="administration"
        )
    if not (may_read or may_contribute):
        raise InvalidInputError(
            N_("Choose what the administration may do; remove it if that is nothing."),
            field="access",
        )
    member = circle.member(administration_id)
    if member is None:
        member = CircleMember(administration_id=administration_id)
        circle.members.append(member)
    member.may_read, member.may_contribute = may_read, may_contribute
    session.flush()
    audit.record(
        session,
        actor,
        "circle.member",
        circle,
        administration=str(administration_id),
        may_read=may_read,
        may_contribute=may_contribute,
    )
    return member


def remove_member(
    session: Session, actor: Actor, circle: Collection, administration_id: uuid.UUID
) -> None:
    """Take an administration out of a circle: from now on it does not even see that it exists."""
    member = circle.member(administration_id)
    if member is None:
        raise NotFoundError
    circle.members.remove(member)
    session.flush()
    audit.record(
        session, actor, "circle.member.remove", circle, administration=str(administration_id)
    )


def readers_of(circle: Collection, producer_id: uuid.UUID) -> list[CircleMember]:
    """Return the members who read what this producer releases, by code; the producer is none."""
    return sorted(
        (m for m in circle.members if m.may_read and m.administration_id != producer_id),
        key=lambda member: member.administration.code,
    )


@dataclass(frozen=True)
class Received:
    """One report in a circle, as its members list it."""

    stix_id: str
    title: str
    producer: Administration | None
    added_at: datetime
    tlp: TLP
    via: str


def received(session: Session, circle: Collection) -> Sequence[Received]:
    """Return the newest reports of a circle in their latest version, newest first, at most 100."""
    query = (
        sa.select(ObjectVersion, FeedEntry.added_us, Administration)
        .join(FeedEntry, FeedEntry.object_version_id == ObjectVersion.id)
        .outerjoin(Administration, Administration.id == ObjectVersion.owner_id)
        .where(
            FeedEntry.collection_id == circle.id,
            FeedEntry.type == "report",
            FeedEntry.is_last,
            ObjectVersion.erased_at.is_(None),
        )
        .order_by(FeedEntry.seq.desc())
        .limit(NEWEST)
    )
    return [
        Received(
            stix_id=version.stix_id,
            title=str(object_in(version.body or b"{}").get("name", "")),
            producer=producer,
            added_at=moment_of(added_us),
            tlp=TLP(version.tlp),
            via=version.via,
        )
        for version, added_us, producer in session.execute(query)
    ]


def newest_bodies(
    session: Session, circle: Collection, stix_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the latest versions of objects that a circle holds, in the order of its feed."""
    found: list[tuple[int, bytes]] = []
    for part in in_parts(sorted(set(stix_ids))):
        query = (
            sa.select(FeedEntry.seq, ObjectVersion.body)
            .join(ObjectVersion, ObjectVersion.id == FeedEntry.object_version_id)
            .where(
                FeedEntry.collection_id == circle.id,
                FeedEntry.stix_id.in_(part),
                FeedEntry.is_last,
                ObjectVersion.erased_at.is_(None),
            )
        )
        found += [(seq, body or b"{}") for seq, body in session.execute(query)]
    return [object_in(body) for _seq, body in sorted(found)]


def object_count(session: Session, circle: Collection) -> int:
    """Return how many objects a circle holds, old versions not counted."""
    query = sa.select(sa.func.count()).where(
        FeedEntry.collection_id == circle.id, FeedEntry.is_last
    )
    return session.scalar(query) or 0
