"""Policy cards: what every administration does with what it receives, shown before a release."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.errors import N_, InvalidInputError
from cirt.incidents.circle_models import Onward, PolicyCard
from cirt.stix.marking import TLP

MOST_DAYS = 36_500
STEPS: tuple[int, ...] = (0, 7, 30, 90, 180, 365, 730, 1_825, 3_650, MOST_DAYS)
"""Retention of a confidential circle is told in these steps: a figure of one's own is a name."""

_WIDTH = {onward: width for width, onward in enumerate(Onward)}


@dataclass(frozen=True, slots=True)
class MergedPolicy:
    """The strictest of some policy cards, and what of them decides about conflicts.

    retention_days: the shortest; None if nobody said. onward: to the fewest. accepts: the weakest
    of the markings that the cards accept. keeps_days: the longest retention, None if nobody said.
    onwards: every promise among the cards. is_complete: whether every card was there and named a
    retention.
    """

    retention_days: int | None = None
    onward: Onward = Onward.AS_MARKED
    accepts: TLP = TLP.AMBER_STRICT
    keeps_days: int | None = None
    onwards: frozenset[Onward] = frozenset()
    is_complete: bool = False

    def in_steps(self) -> "MergedPolicy":
        """Return the policy with its days in steps, so that no figure names whose it is."""
        return MergedPolicy(
            retention_days=_step_below(self.retention_days),
            onward=self.onward,
            accepts=self.accepts,
            keeps_days=_step_above(self.keeps_days),
            onwards=self.onwards,
            is_complete=self.is_complete,
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a policy has against a release. kind: unsaid, marking, retention, onward."""

    kind: str
    message: str
    params: Mapping[str, Any]


UNSAID = N_("It has not said what it does with what it receives.")
UNSAID_DAYS = N_("It has not said how long it keeps what it receives; you ask for %(asked)s days.")
MARKING = N_("It can honour at most %(accepts)s, and this is %(marking)s.")
RETENTION = N_("It keeps what it receives for %(keeps)s days; you ask for %(asked)s days.")
ONWARD_NOBODY = N_("It passes on what it receives, and %(marking)s is for nobody else.")
ONWARD_CONSTITUENTS = N_(
    "It passes on to its partners, and %(marking)s is for constituents at most."
)


def card_of(session: Session, administration_id: uuid.UUID) -> PolicyCard | None:
    """Return the policy card of an administration, None if it has not said anything."""
    return session.get(PolicyCard, administration_id)


def cards_of(
    session: Session, administration_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, PolicyCard]:
    """Return the policy cards of these administrations, as far as they have one."""
    query = sa.select(PolicyCard).where(PolicyCard.administration_id.in_(administration_ids))
    return {card.administration_id: card for card in session.scalars(query)}


def merged(cards: Iterable[PolicyCard | None]) -> MergedPolicy:
    """Return the strictest of some cards; None stands for an administration without one."""
    given = list(cards)
    said = [card for card in given if card is not None]
    if not said:
        return MergedPolicy()
    days = [card.retention_days for card in said if card.retention_days is not None]
    onwards = frozenset(Onward(card.onward) for card in said)
    return MergedPolicy(
        retention_days=min(days, default=None),
        onward=min(onwards, key=_WIDTH.__getitem__),
        accepts=min(TLP(card.accepts) for card in said),
        keeps_days=max(days, default=None),
        onwards=onwards,
        is_complete=len(days) == len(given),
    )


def conflicts(
    policy: MergedPolicy, *, tlp: TLP, retention_days: int | None = None
) -> list[Conflict]:
    """Return what a policy has against content of this marking.

    policy: of one administration (`merged([card])`), or of all of a confidential circle.
    retention_days: how long recipients may keep it, None if the sender asks nothing.
    """
    found: list[Conflict] = []
    if not policy.onwards:
        return [Conflict("unsaid", UNSAID, {})]
    if tlp > policy.accepts:
        params = {"accepts": policy.accepts.label, "marking": tlp.label}
        found.append(Conflict("marking", MARKING, params))
    if retention_days is not None:
        if policy.keeps_days is not None and policy.keeps_days > retention_days:
            asked = {"keeps": policy.keeps_days, "asked": retention_days}
            found.append(Conflict("retention", RETENTION, asked))
        elif not policy.is_complete:
            found.append(Conflict("retention", UNSAID_DAYS, {"asked": retention_days}))
    if tlp >= TLP.AMBER_STRICT and policy.onwards & {Onward.CONSTITUENTS, Onward.PARTNERS}:
        found.append(Conflict("onward", ONWARD_NOBODY, {"marking": tlp.label}))
    elif tlp is TLP.AMBER and Onward.PARTNERS in policy.onwards:
        found.append(Conflict("onward", ONWARD_CONSTITUENTS, {"marking": tlp.label}))
    return found


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What an administration says on its card. retention_days: None for "not said"."""

    retention_days: int | None
    onward: Onward
    accepts: TLP
    contact: str
    statement: str


def change_card(
    session: Session, actor: Actor, administration: Administration, details: CardDetails
) -> PolicyCard:
    """Write the card of an administration. Raises InvalidInputError, naming the field."""
    days = details.retention_days
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise InvalidInputError(
            N_("Give the days as a number from 0 to %(most)s, or leave this empty."),
            field="retention_days",
            most=MOST_DAYS,
        )
    card = card_of(session, administration.id)
    if card is None:
        card = PolicyCard(administration_id=administration.id)
        session.add(card)
    card.retention_days = days
    card.onward, card.accepts = details.onward.value, details.accepts.value
    card.contact, card.statement = details.contact.strip(), details.statement.strip()
    card.changed_by, card.changed_at = actor.user_id, now()
    session.flush()
    audit.record(
        session,
        actor,
        "card.change",
        card,
        retention_days=days,
        onward=card.onward,
        accepts=card.accepts,
        words=hashlib.sha256(f"{card.contact}\n{card.statement}".encode()).hexdigest(),
    )
    return card


def _step_below(days: int | None) -> int | None:
    return None if days is None else max(step for step in STEPS if step <= days)


def _step_above(days: int | None) -> int | None:
    return None if days is None else min(step for step in STEPS if step >= days)
