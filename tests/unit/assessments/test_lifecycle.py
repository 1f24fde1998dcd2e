"""The state machine of an assessment: every pair of state and act has an answer."""

from datetime import UTC, datetime

import pytest

from cirt.assessments.lifecycle import Act, Standing, State, refusal, state_after
from cirt.errors import ForbiddenError, InvalidInputError

OPEN = Standing(State.COLLECTING)
CLOSED = Standing(State.CLOSED, datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("standing", "act", "after"),
    [
        (OPEN, Act.CHANGE, State.COLLECTING),
        (OPEN, Act.CLOSE, State.CLOSED),
        (OPEN, Act.REOPEN, None),
        (CLOSED, Act.CHANGE, None),
        (CLOSED, Act.CLOSE, None),
        (CLOSED, Act.REOPEN, State.COLLECTING),
    ],
)
def test_every_act_leads_on_or_is_refused_with_a_sentence(standing, act, after):
    if after is None:
        refused = refusal(standing, act)
        assert refused is not None and str(refused)
        with pytest.raises(ForbiddenError):
            state_after(standing, act, reason="because")
    else:
        assert refusal(standing, act) is None
        assert state_after(standing, act, reason="because") is after


def test_refusal_names_the_day_of_closing():
    assert "2026-03-01" in str(refusal(CLOSED, Act.CHANGE))


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_reopening_needs_a_reason(reason):
    with pytest.raises(InvalidInputError) as refused:
        state_after(CLOSED, Act.REOPEN, reason=reason)
    assert refused.value.field == "reason"
