"""The state machine of an assessment: every pair of state and act has an answer."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.lifecycle import (
    LOCKED,
    REOPEN_TO,
    STATE_HINTS,
    STATE_NAMES,
    Act,
    Standing,
    State,
    possible,
    refusal,
    state_after,
)
from cirt.errors import ForbiddenError, InvalidInputError

AGREED_ON = datetime(2026, 2, 27, tzinfo=UTC)
CLOSED_ON = datetime(2026, 3, 1, tzinfo=UTC)
INSIDE = (
    Act.PREPARE,
    Act.ANSWER,
    Act.REMARK,
    Act.FIND,
    Act.PLAN,
    Act.PROGRESS,
    Act.DESIGN,
    Act.REPORT,
)


def standing(state: State) -> Standing:
    return Standing(
        state,
        closed_at=CLOSED_ON if state is State.CLOSED else None,
        agreed_at=AGREED_ON if state in LOCKED else None,
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_every_act_leads_on_or_is_refused_with_a_sentence(state, act):
    refused = refusal(standing(state), act)
    if refused is None:
        after = state_after(standing(state), act, reason="because")
        assert after in State
        assert (after is state) == (act in INSIDE)
    else:
        sentence = str(refused)
        assert sentence.endswith(".") and "%(" not in sentence
        assert len(sentence.split()) >= 5
        with pytest.raises(ForbiddenError):
            state_after(standing(state), act, reason="because")


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (Act.PREPARE, {"preparing", "collecting", "workshop", "review"}),
        (Act.ANSWER, {"collecting", "workshop", "review"}),
        (Act.REMARK, {"preparing", "collecting", "workshop", "review"}),
        (Act.FIND, {"collecting", "workshop", "review"}),
        (Act.PLAN, {"collecting", "workshop", "review", "agreed"}),
        (Act.PROGRESS, {state.value for state in State}),
        (Act.BEGIN, {"preparing"}),
        (Act.WORKSHOP, {"collecting"}),
        (Act.REVIEW, {"collecting", "workshop"}),
        (Act.BACK, {"workshop", "review"}),
        (Act.AGREE, {"review"}),
        (Act.CLOSE, {"agreed"}),
        (Act.REOPEN, {"agreed", "closed"}),
    ],
)
def test_act_is_possible_in_these_states_only(act, states):
    assert {state.value for state in State if possible(standing(state), act)} == states


@pytest.mark.parametrize("state", sorted(LOCKED))
@pytest.mark.parametrize("act", [Act.ANSWER, Act.PREPARE, Act.REMARK, Act.FIND])
def test_refusal_of_a_locked_assessment_names_the_day_and_the_way_out(state, act):
    sentence = str(refusal(standing(state), act))
    assert ("2026-03-01" if state is State.CLOSED else "2026-02-27") in sentence
    assert "can reopen it with a reason" in sentence


@given(st.lists(st.sampled_from(Act), max_size=25))
def test_no_way_leads_past_the_agreement(acts):
    """Closed is reached over agreed, agreed over review, and both are left by reopening only."""
    state = State.PREPARING
    for act in acts:
        if not possible(standing(state), act):
            continue
        after = state_after(standing(state), act, reason="because")
        if after is State.CLOSED and state is not State.CLOSED:
            assert state is State.AGREED
        if after is State.AGREED and state is not State.AGREED:
            assert state is State.REVIEW
        if state in LOCKED and after not in LOCKED:
            assert act is Act.REOPEN
        state = after


@pytest.mark.parametrize("state", sorted(LOCKED))
@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_reopening_needs_a_reason(state, reason):
    with pytest.raises(InvalidInputError) as refused:
        state_after(standing(state), Act.REOPEN, reason=reason)
    assert refused.value.field == "reason"


@pytest.mark.parametrize("to", State)
def test_reopening_leads_to_one_of_two_steps(to):
    if to in REOPEN_TO:
        assert state_after(standing(State.CLOSED), Act.REOPEN, reason="x", to=to) is to
    else:
        with pytest.raises(InvalidInputError) as refused:
            state_after(standing(State.CLOSED), Act.REOPEN, reason="x", to=to)
        assert refused.value.field == "to"


def test_every_state_has_its_name_and_its_hint():
    assert set(STATE_NAMES) == set(STATE_HINTS) == set(State)
