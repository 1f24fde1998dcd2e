"""Who must agree before something leaves: the whole table, row by row."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from cirt.errors import ForbiddenError, InvalidInputError
from cirt.incidents.release_policy import (
    POLICY_SENTENCES,
    RELEASE_POLICY,
    Approval,
    Channel,
    Need,
    check_approval,
    check_standing,
    may_enter,
    need_of,
)
from cirt.stix.marking import TLP

PREPARER, OTHER = uuid.uuid4(), uuid.uuid4()
PREPARED_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
DELAY = timedelta(hours=24)


def _approval(approver: uuid.UUID, *, second: bool, hours: float = 0, reason: str = "") -> Approval:
    return Approval(
        preparer=PREPARER,
        prepared_at=PREPARED_AT,
        approver=approver,
        at=PREPARED_AT + timedelta(hours=hours),
        has_second_person=second,
        delay=DELAY,
        reason=reason,
    )


def test_the_table_has_every_row() -> None:
    """Every marking × channel is decided, and every need is explained."""
    assert set(RELEASE_POLICY) == set(product(TLP, Channel))
    assert set(POLICY_SENTENCES) == set(Need)


@pytest.mark.parametrize(("tlp", "channel", "second"), list(product(TLP, Channel, (True, False))))
def test_the_need_of_every_row(tlp: TLP, channel: Channel, second: bool) -> None:
    """TLP-2.0-RED never; machines a standing approval; people each other, or alone a delay."""
    need = need_of(tlp, channel, has_second_person=second)
    if tlp is TLP.RED:
        assert need is Need.NEVER
    elif channel is Channel.MACHINE:
        assert need is Need.STANDING_APPROVAL
    elif channel is Channel.PERSON and not second:
        assert need is Need.DELAY
    else:
        assert need is Need.SECOND_PERSON


@pytest.mark.parametrize(("tlp", "ceiling"), list(product(TLP, TLP)))
def test_a_circle_takes_up_to_its_ceiling_and_never_red(tlp: TLP, ceiling: TLP) -> None:
    """TLP-2.0-RED: not even where the ceiling says so by mistake."""
    assert may_enter(tlp, ceiling) is (tlp is not TLP.RED and tlp.strictness <= ceiling.strictness)


@pytest.mark.parametrize("tlp", [tlp for tlp in TLP if tlp is not TLP.RED])
def test_a_second_person_may_approve_at_once(tlp: TLP) -> None:
    """The usual case."""
    met = check_approval(tlp, Channel.PERSON, _approval(OTHER, second=True))
    assert met is Need.SECOND_PERSON


@pytest.mark.parametrize("second", [True, False])
@pytest.mark.parametrize("channel", Channel)
def test_red_is_approved_by_nobody(channel: Channel, second: bool) -> None:
    """TLP-2.0-RED."""
    with pytest.raises(ForbiddenError):
        check_approval(TLP.RED, channel, _approval(OTHER, second=second, hours=99, reason="yes"))


@pytest.mark.parametrize("hours", [0, 25, 10_000])
def test_the_preparer_never_approves_where_a_second_person_exists(hours: float) -> None:
    """No delay and no reason replace the second person."""
    with pytest.raises(ForbiddenError, match="You prepared"):
        check_approval(
            TLP.GREEN, Channel.PERSON, _approval(PREPARER, second=True, hours=hours, reason="yes")
        )


def test_a_team_of_one_waits_and_gives_a_reason() -> None:
    """Before the delay: no. After it without a reason: no. With one: yes."""
    with pytest.raises(ForbiddenError, match="2026-11-02 12:00"):
        check_approval(
            TLP.AMBER, Channel.PERSON, _approval(PREPARER, second=False, hours=23.9, reason="yes")
        )
    with pytest.raises(InvalidInputError):
        check_approval(
            TLP.AMBER, Channel.PERSON, _approval(PREPARER, second=False, hours=24, reason="  ")
        )
    met = check_approval(
        TLP.AMBER, Channel.PERSON, _approval(PREPARER, second=False, hours=24, reason="night")
    )
    assert met is Need.DELAY


def test_nobody_approves_what_a_machine_sends() -> None:
    """It is covered by a standing approval or stays out."""
    with pytest.raises(ForbiddenError):
        check_approval(TLP.CLEAR, Channel.MACHINE, _approval(OTHER, second=True))


def test_an_import_needs_a_second_person_without_exception() -> None:
    """What others wrote is not passed on by one person alone."""
    with pytest.raises(ForbiddenError):
        check_approval(
            TLP.CLEAR, Channel.IMPORT, _approval(PREPARER, second=False, hours=99, reason="x")
        )


@pytest.mark.parametrize(("tlp", "ceiling"), list(product(TLP, TLP)))
def test_a_standing_approval_covers_up_to_its_ceiling(tlp: TLP, ceiling: TLP) -> None:
    """Named, with a ceiling; TLP-2.0-RED never."""
    if may_enter(tlp, ceiling):
        check_standing(tlp, Channel.MACHINE, ceiling=ceiling)
    else:
        with pytest.raises(ForbiddenError):
            check_standing(tlp, Channel.MACHINE, ceiling=ceiling)


def test_a_standing_approval_does_not_cover_people() -> None:
    """A person's release needs a person's eyes."""
    with pytest.raises(ForbiddenError):
        check_standing(TLP.CLEAR, Channel.PERSON, ceiling=TLP.AMBER)
