"""Who must agree before something leaves: one table, marking × channel. Pure.

Source: TLP 2.0 (FIRST, August 2022) for what each label allows; the needs are this product's.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cirt.errors import N_, ForbiddenError, InvalidInputError
from cirt.incidents.exits import Exit, may_leave
from cirt.stix.marking import TLP


class Channel(enum.StrEnum):
    """How something is about to leave."""

    PERSON = "person"
    MACHINE = "machine-token"
    IMPORT = "import"


class Need(enum.StrEnum):
    """What has to happen first."""

    SECOND_PERSON = "second-person"
    DELAY = "delay"  # only where no second person exists; with a reason
    STANDING_APPROVAL = "standing-approval"
    NEVER = "never"


_BY_HAND: Final = (Need.SECOND_PERSON, Need.DELAY)
_BY_MACHINE: Final = (Need.STANDING_APPROVAL,)
_IMPORTED: Final = (Need.SECOND_PERSON,)
_FORBIDDEN: Final = (Need.NEVER,)

RELEASE_POLICY: Final[Mapping[tuple[TLP, Channel], tuple[Need, ...]]] = {
    (TLP.CLEAR, Channel.PERSON): _BY_HAND,
    (TLP.CLEAR, Channel.MACHINE): _BY_MACHINE,
    (TLP.CLEAR, Channel.IMPORT): _IMPORTED,
    (TLP.GREEN, Channel.PERSON): _BY_HAND,
    (TLP.GREEN, Channel.MACHINE): _BY_MACHINE,
    (TLP.GREEN, Channel.IMPORT): _IMPORTED,
    (TLP.AMBER, Channel.PERSON): _BY_HAND,
    (TLP.AMBER, Channel.MACHINE): _BY_MACHINE,
    (TLP.AMBER, Channel.IMPORT): _IMPORTED,
    (TLP.AMBER_STRICT, Channel.PERSON): _BY_HAND,
    (TLP.AMBER_STRICT, Channel.MACHINE): _BY_MACHINE,
    (TLP.AMBER_STRICT, Channel.IMPORT): _IMPORTED,
    (TLP.RED, Channel.PERSON): _FORBIDDEN,
    (TLP.RED, Channel.MACHINE): _FORBIDDEN,
    (TLP.RED, Channel.IMPORT): _FORBIDDEN,
}

POLICY_SENTENCES: Final[Mapping[str, str]] = {
    Need.SECOND_PERSON: N_("A releasing officer who did not prepare it must approve these bytes."),
    Need.DELAY: N_(
        "Your administration has no second releasing officer: whoever prepared it may approve"
        " these bytes after a delay, and says why it cannot wait for another person."
    ),
    Need.STANDING_APPROVAL: N_("A standing approval of a named releasing officer covers it."),
    Need.NEVER: N_("TLP:RED is for named persons only and never enters a circle."),
}


def need_of(tlp: TLP, channel: Channel, *, has_second_person: bool) -> Need:
    """Return what must happen before something with this marking leaves by this channel.

    has_second_person: whether the administration has a releasing officer other than the preparer.
    """
    needs = RELEASE_POLICY.get((tlp, channel), _FORBIDDEN)
    if Need.SECOND_PERSON in needs and not has_second_person and Need.DELAY in needs:
        return Need.DELAY
    return needs[0]


def may_enter(tlp: TLP, ceiling: TLP) -> bool:
    """Return whether a marking may enter a circle that accepts up to `ceiling`; RED never may."""
    return may_leave(tlp, Exit.COLLECTION) and tlp <= ceiling


@dataclass(frozen=True, slots=True)
class Approval:
    """An attempt to approve: who prepared when, who approves when, and what they say."""

    preparer: UUID
    prepared_at: datetime
    approver: UUID
    at: datetime
    has_second_person: bool
    delay: timedelta
    reason: str = ""


def check_approval(tlp: TLP, channel: Channel, approval: Approval) -> Need:
    """Return the need that this approval meets.

    Raises ForbiddenError when it meets none, InvalidInputError when only a reason is missing.
    """
    need = need_of(tlp, channel, has_second_person=approval.has_second_person)
    if need is Need.NEVER:
        raise ForbiddenError(POLICY_SENTENCES[Need.NEVER])
    if need is Need.STANDING_APPROVAL:
        raise ForbiddenError(
            N_("What machines send is covered by a standing approval, or stays out.")
        )
    if approval.approver != approval.preparer:
        return Need.SECOND_PERSON
    if need is not Need.DELAY:
        raise ForbiddenError(
            N_("You prepared this release; another releasing officer must approve it.")
        )
    if approval.at < approval.prepared_at + approval.delay:
        raise ForbiddenError(
            N_("You prepared this release and are alone: you may approve it from %(time)s UTC on."),
            time=f"{approval.prepared_at + approval.delay:%Y-%m-%d %H:%M}",
        )
    if not approval.reason.strip():
        raise InvalidInputError(N_("Say why this cannot wait for a second person."), field="reason")
    return Need.DELAY


def check_standing(tlp: TLP, channel: Channel, *, ceiling: TLP) -> None:
    """Raise ForbiddenError unless a standing approval up to `ceiling` covers this marking."""
    need = need_of(tlp, channel, has_second_person=True)
    if need is Need.NEVER:
        raise ForbiddenError(POLICY_SENTENCES[Need.NEVER])
    if need is not Need.STANDING_APPROVAL or not may_enter(tlp, ceiling):
        raise ForbiddenError(
            N_("%(marking)s is stricter than the standing approval covers (%(ceiling)s)."),
            marking=tlp.label,
            ceiling=ceiling.label,
        )
