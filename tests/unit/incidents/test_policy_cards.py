"""What policy cards amount to together, and what they have against a release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.incidents.circle_models import Onward, PolicyCard
from cirt.incidents.circles import CEILINGS, size_band
from cirt.incidents.policy_cards import STEPS, conflicts, merged
from cirt.stix.marking import TLP

ORDER = list(Onward)
DAYS = st.none() | st.integers(0, 4_000)
CARDS = st.builds(
    PolicyCard,
    retention_days=DAYS,
    onward=st.sampled_from(ORDER).map(str),
    accepts=st.sampled_from(CEILINGS).map(str),
)


def kinds(policy: object, tlp: TLP, days: int | None) -> set[str]:
    """Return the kinds of conflicts."""
    return {one.kind for one in conflicts(policy, tlp=tlp, retention_days=days)}


@given(st.lists(CARDS, min_size=1, max_size=6), st.randoms())
def test_the_merged_policy_is_the_strictest_in_any_order(
    cards: list[PolicyCard], dice: object
) -> None:
    """Not longer, to no more, and no stricter marking than any card says."""
    policy = merged(cards)
    shuffled = list(cards)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(shuffled) == policy
    for card in cards:
        assert ORDER.index(policy.onward) <= ORDER.index(Onward(card.onward))
        assert policy.accepts <= TLP(card.accepts)
        if card.retention_days is not None:
            assert policy.retention_days is not None
            assert policy.retention_days <= card.retention_days
    assert {policy.onward} <= {Onward(card.onward) for card in cards}


@given(st.lists(CARDS, min_size=1, max_size=6), st.sampled_from(CEILINGS), DAYS)
def test_what_one_card_is_against_the_merged_policy_is_against_too(
    cards: list[PolicyCard], tlp: TLP, days: int | None
) -> None:
    """So a confidential circle hides who objects, and never that somebody does; steps hide nothing."""
    policy = merged(cards)
    single = {kind for card in cards for kind in kinds(merged([card]), tlp, days)}
    assert kinds(policy, tlp, days) == single
    assert single <= kinds(policy.in_steps(), tlp, days)


@given(st.lists(CARDS, min_size=1, max_size=6))
def test_steps_say_no_figure_of_a_card_and_promise_no_more(cards: list[PolicyCard]) -> None:
    """The shortest is rounded down, the longest up, to figures that belong to nobody."""
    policy, steps = merged(cards), merged(cards).in_steps()
    for exact, told in (
        (policy.retention_days, steps.retention_days),
        (policy.keeps_days, steps.keeps_days),
    ):
        assert (exact is None) == (told is None)
        assert told is None or told in STEPS
    if policy.retention_days is not None:
        assert steps.retention_days <= policy.retention_days
        assert policy.keeps_days <= steps.keeps_days


@pytest.mark.parametrize(
    ("onward", "tlp", "stands_against"),
    [
        ("nobody", "amber+strict", False),
        ("constituents", "amber+strict", True),
        ("partners", "amber+strict", True),
        ("as-marked", "amber+strict", False),
        ("nobody", "amber", False),
        ("constituents", "amber", False),
        ("partners", "amber", True),
        ("as-marked", "amber", False),
        ("constituents", "green", False),
        ("partners", "green", False),
        ("partners", "clear", False),
    ],
)
def test_passing_on_stands_against_markings_that_forbid_it(
    onward: str, tlp: str, stands_against: bool
) -> None:
    """TLP-2.0: AMBER+STRICT stays in the organisation, AMBER goes to its clients at most."""
    card = PolicyCard(retention_days=30, onward=onward, accepts="amber+strict")
    assert ("onward" in kinds(merged([card]), TLP(tlp), None)) == stands_against


def test_who_said_nothing_is_told_apart_from_who_agrees() -> None:
    """No card, a card without days, and one that keeps exactly as long as asked."""
    assert kinds(merged([None]), TLP.GREEN, None) == {"unsaid"}
    assert kinds(merged([]), TLP.GREEN, 30) == {"unsaid"}
    silent = PolicyCard(retention_days=None, onward="nobody", accepts="amber+strict")
    assert kinds(merged([silent]), TLP.GREEN, None) == set()
    assert kinds(merged([silent]), TLP.GREEN, 30) == {"retention"}
    exact = PolicyCard(retention_days=30, onward="nobody", accepts="green")
    assert kinds(merged([exact]), TLP.GREEN, 30) == set()
    assert kinds(merged([exact]), TLP.AMBER, 29) == {"retention", "marking"}


def test_sizes_are_told_in_bands() -> None:
    """4–9, 10–24, 25–49, 50+; below four there is no band."""
    bands = {"": 3, "4–9": 9, "10–24": 24, "25–49": 49}
    for band, last in bands.items():
        assert size_band(last) == band
        assert size_band(last + 1) != band
    assert size_band(0) == ""
    assert size_band(50) == size_band(193) == "50+"
