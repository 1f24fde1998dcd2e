"""The audience of a circle: who would read a release, and what is told of them beforehand."""

import uuid
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.errors import N_
from cirt.incidents.circle_models import CircleMember, Collection, CollectionKind, PolicyCard
from cirt.incidents.policy_cards import Conflict, MergedPolicy, cards_of, conflicts, merged
from cirt.stix.marking import TLP

MIN_CONFIDENTIAL: Final = 4
"""Of fewer members, each could tell who the others are."""

_BANDS: Final = ((MIN_CONFIDENTIAL, 9), (10, 24), (25, 49))
_MANY: Final = 50

NO_READERS = N_("Nobody else reads this circle yet, so nothing can be released to it.")
TOO_FEW = N_(
    "A confidential circle needs at least four members who read; until then nothing can be"
    " released to it."
)


def size_band(count: int) -> str:
    """Return a number of members in a band ("4–9"), "" below the smallest band."""
    if count >= _MANY:
        return f"{_MANY}+"
    return next((f"{low}–{high}" for low, high in _BANDS if low <= count <= high), "")


def readers_of(circle: Collection, producer_id: uuid.UUID) -> list[CircleMember]:
    """Return the members who read what this producer releases, by code; the producer is none.

    Of a confidential circle, this list is for the machinery alone and never for a page.
    """
    return sorted(
        (m for m in circle.members if m.may_read and m.administration_id != producer_id),
        key=lambda member: member.administration.code,
    )


def contributes(circle: Collection, administration_id: uuid.UUID) -> bool:
    """Return whether an administration may release into a circle, or address somebody directly."""
    if circle.kind == CollectionKind.DIRECT:
        return circle.administration_id != administration_id
    member = circle.member(administration_id)
    return member is not None and member.may_contribute


def obstacle(circle: Collection, producer_id: uuid.UUID) -> str | None:
    """Return why nothing at all can be released to a circle now, as a message id; None if it can.

    Of a confidential circle the answer is the same for every producer.
    """
    if circle.is_confidential:
        reading = sum(member.may_read for member in circle.members)
        return None if reading >= MIN_CONFIDENTIAL else TOO_FEW
    return None if readers_of(circle, producer_id) else NO_READERS


@dataclass(frozen=True)
class Audience:
    """Who would read what a producer releases to a circle, as far as the producer may know.

    recipients: by code; None in a confidential circle. band: how many members it has then, else
    "". policy: the strictest of the cards, in steps for a confidential circle. cards: one for each
    recipient, None where it has said nothing; [] for a confidential circle. counted: how many
    recipients count for a ceiling: of a confidential circle the end of its band.
    """

    recipients: list[CircleMember] | None
    band: str
    policy: MergedPolicy
    cards: list[PolicyCard | None]
    counted: int

    def conflicts(
        self, *, tlp: TLP, retention_days: int | None = None
    ) -> list[tuple[CircleMember | None, Conflict]]:
        """Return what stands against content of this marking, with whose card says so.

        The member is None in a confidential circle, and the conflict then one with the whole of it.
        """
        if self.recipients is None:
            found = conflicts(self.policy, tlp=tlp, retention_days=retention_days)
            return [(None, one) for one in found]
        return [
            (member, one)
            for member, card in zip(self.recipients, self.cards, strict=True)
            for one in conflicts(merged([card]), tlp=tlp, retention_days=retention_days)
        ]


def audience_of(session: Session, circle: Collection, producer_id: uuid.UUID) -> Audience:
    """Return the audience of a producer in a circle, or of a direct collection."""
    if circle.is_confidential:
        size = len(circle.members)
        return Audience(
            recipients=None,
            band=size_band(size),
            policy=policy_of(session, circle),
            cards=[],
            counted=next((high for _low, high in _BANDS if size <= high), 10 * _MANY),
        )
    recipients = readers_of(circle, producer_id)
    found = cards_of(session, [member.administration_id for member in recipients])
    cards = [found.get(member.administration_id) for member in recipients]
    return Audience(recipients, "", merged(cards), cards, len(recipients))


def policy_of(session: Session, circle: Collection) -> MergedPolicy:
    """Return the strictest policy of all who read a circle; in steps for a confidential one."""
    # one statement, the same for any number of members
    query = (
        sa.select(PolicyCard)
        .join(CircleMember, CircleMember.administration_id == PolicyCard.administration_id)
        .where(CircleMember.collection_id == circle.id, CircleMember.may_read)
    )
    cards: list[PolicyCard | None] = list(session.scalars(query))
    cards += [None] * (sum(member.may_read for member in circle.members) - len(cards))
    policy = merged(cards)
    return policy.in_steps() if circle.is_confidential else policy
