"""Circles: made and changed by an administrator, who sees their frame and never their content."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts.models import Administration, AdministrationKind, Place
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.incidents import circle_traces
from cirt.incidents.circle_audiences import (
    MIN_CONFIDENTIAL,
    NO_READERS,
    TOO_FEW,
    Audience,
    audience_of,
    contributes,
    obstacle,
    policy_of,
    readers_of,
    size_band,
)
from cirt.incidents.circle_models import (
    CircleMember,
    Collection,
    JoinRequest,
    JoinState,
    MachineWriting,
    Membership,
)
from cirt.stix.marking import TLP

__all__ = [
    "CEILINGS",
    "LAST_MODERATOR",
    "MIN_CONFIDENTIAL",
    "NOT_EMPTY",
    "NO_READERS",
    "TOO_FEW",
    "Audience",
    "Frame",
    "audience_of",
    "change_circle",
    "contributes",
    "leave",
    "make_circle",
    "obstacle",
    "policy_of",
    "readers_of",
    "remove_member",
    "set_member",
    "size_band",
]

CEILINGS: tuple[TLP, ...] = (TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT)
"""What a circle may accept at most; TLP:RED never enters one."""

NOT_EMPTY = N_(
    "This circle has content. What it holds was given out under identifiers that fit what its"
    " members know of each other, so that cannot change any more. Make a new circle."
)
LAST_MODERATOR = N_(
    "This is the last member that moderates the circle. Let another member moderate it first, or"
    " ask the administrator of the installation."
)

# nothing that could be taken for a collection id (a UUID) or for a path
_ALIAS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_UUID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Frame:
    """What an administrator decides about a circle.

    alias: "" for none. iep: the policy of use that it asks for (see `cirt.stix.iep`), None for none.
    """

    title: str
    description: str
    alias: str
    ceiling: TLP
    machine_writing: MachineWriting
    membership: Membership = Membership.VISIBLE
    listed: bool = False
    iep: dict[str, Any] | None = None


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
    if circle.is_confidential:
        circle_traces.settle_requests(session, circle, sa.true(), JoinState.DECLINED)
    audit.record(
        session,
        actor,
        "circle.change",
        circle,
        ceiling=circle.ceiling,
        machine_writing=circle.machine_writing,
        membership=circle.membership,
        listed=circle.listed,
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
        if (
            not _ALIAS.fullmatch(alias)
            or len(alias) > 63
            or _UUID.fullmatch(alias.replace("-", ""))
        ):
            raise InvalidInputError(
                N_("Use lower-case letters, digits and dashes, and begin with a letter."),
                field="alias",
            )
        with session.no_autoflush:
            other = session.scalar(sa.select(Collection.id).where(Collection.alias == alias))
        if other not in (None, circle.id):
            raise InvalidInputError(N_("Another circle has this short name."), field="alias")
    if frame.listed and frame.membership is Membership.CONFIDENTIAL:
        raise InvalidInputError(
            N_("A confidential circle is shown to its members only and cannot be listed."),
            field="listed",
        )
    if circle.membership not in (None, frame.membership.value):
        if circle_traces.is_used(session, circle):
            raise InvalidInputError(NOT_EMPTY, field="membership")
        circle_traces.forget_ids(session, circle)
    circle.title = title
    circle.description = frame.description.strip()
    circle.alias = alias or None
    circle.ceiling = frame.ceiling.value
    circle.machine_writing = frame.machine_writing.value
    circle.membership, circle.listed = frame.membership.value, frame.listed
    circle.iep = frame.iep


def set_member(
    session: Session,
    actor: Actor | None,
    circle: Collection,
    administration_id: uuid.UUID,
    *,
    may_read: bool,
    may_contribute: bool,
    may_moderate: bool = False,
) -> CircleMember:
    """Add an administration to a circle, or change what it may do there.

    The members' own moderators never leave the circle without one; an administrator may.
    """
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
    if may_moderate and not may_read:
        raise InvalidInputError(
            N_("Whoever moderates a circle must read it as well."), field="may_moderate"
        )
    if may_moderate and administration.place == Place.REMOTE:
        raise InvalidInputError(
            N_("Nobody of this administration signs in here, so it cannot moderate."),
            field="may_moderate",
        )
    _lock(session, circle)
    member = circle.member(administration_id)
    if member is not None and not may_moderate:
        _keep_a_moderator(actor, circle, member)
    if member is None:
        member = CircleMember(administration_id=administration_id)
        circle.members.append(member)
        asked = JoinRequest.administration_id == administration_id
        circle_traces.settle_requests(session, circle, asked, JoinState.ACCEPTED)
    elif actor is not None and member.may_contribute and not may_contribute:
        circle_traces.take_back(session, actor, circle, administration_id)
    member.may_read, member.may_contribute = may_read, may_contribute
    member.may_moderate = may_moderate
    session.flush()
    audit.record(
        session,
        actor,
        "circle.member",
        circle,
        administration=str(administration_id),
        may_read=may_read,
        may_contribute=may_contribute,
        may_moderate=may_moderate,
    )
    return member


def remove_member(
    session: Session, actor: Actor, circle: Collection, administration_id: uuid.UUID
) -> None:
    """Take an administration out of a circle: from now on it does not even see that it exists."""
    _lock(session, circle)
    member = circle.member(administration_id)
    if member is None:
        raise NotFoundError
    _keep_a_moderator(actor, circle, member)
    circle_traces.take_back(session, actor, circle, administration_id)
    circle.members.remove(member)
    session.flush()
    audit.record(
        session, actor, "circle.member.remove", circle, administration=str(administration_id)
    )


def leave(session: Session, actor: Actor, circle: Collection) -> None:
    """Take the actor's own administration out of a circle; nobody can be kept in one."""
    _lock(session, circle)
    member = circle.member(actor.administration_id)
    if member is None:
        raise NotFoundError
    circle_traces.take_back(session, actor, circle, actor.administration_id)
    circle.members.remove(member)
    session.flush()
    audit.record(session, actor, "circle.member.leave", circle)


def _lock(session: Session, circle: Collection) -> None:
    """Let one change of members follow another: each sees who is left."""
    session.flush()
    # whoever adds objects refers to the circle meanwhile; a stricter lock would wait for all of them
    session.refresh(circle, with_for_update={"key_share": True})


def _keep_a_moderator(actor: Actor | None, circle: Collection, member: CircleMember) -> None:
    if actor is None or Role.ADMINISTRATOR in actor.roles:
        return
    if member.may_moderate and [one for one in circle.members if one.may_moderate] == [member]:
        raise InvalidInputError(LAST_MODERATOR, field="may_moderate")
