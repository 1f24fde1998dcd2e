"""Numbers that people type and numbers shown: exact, in several scripts, half up, outwards."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.design.numbers import amount, brief, half_up, kept, outwards
from cirt.errors import InvalidInputError


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("40", 40),
        (" 37.5 ", Fraction(75, 2)),
        ("37,5", Fraction(75, 2)),
        ("٣٧٫٥", Fraction(75, 2)),
        ("۴۰", 40),
        ("1,500", 1500),
        ("1 500", 1500),
        ("12,000,000.25", Fraction(48_000_001, 4)),
    ],
)
def test_typed_numbers_are_read_as_they_are_meant(typed, value):
    assert amount(typed, field="x", places=2) == value


@pytest.mark.parametrize(
    "typed", ["", "forty", "-1", "1e9", "1..2", "0x10", "1,50,0", "½", "9" * 30]
)
def test_what_is_no_number_is_refused_at_its_field(typed):
    with pytest.raises(InvalidInputError) as refused:
        amount(typed, field="leave_days")
    assert refused.value.field == "leave_days"


def test_bounds_and_decimals_are_kept():
    for typed, arguments in (
        ("41", {"most": 40}),
        ("3", {"least": 4}),
        ("1.25", {"places": 1}),
        ("1.5", {}),
    ):
        with pytest.raises(InvalidInputError):
            amount(typed, field="x", **arguments)
    assert amount("1.50", field="x", places=1) == Fraction(3, 2)


def test_half_is_rounded_up_and_thousands_are_grouped():
    assert half_up(Fraction(9, 4)) == "2.3"
    assert half_up(Fraction(224, 100)) == "2.2"
    assert half_up(Fraction(19_999, 1000)) == "20.0"
    assert half_up(Fraction(5, 2), 0) == "3"
    assert brief(Fraction(1476)) == "1,476"
    assert brief(Fraction(75, 2)) == "37.5"


@given(st.integers(0, 10**7), st.integers(0, 4))
def test_what_is_kept_is_read_again_as_the_same(whole, places):
    value = Fraction(whole, 10**places)
    assert amount(kept(value), field="x", places=4) == value


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_bounds_rounded_outwards_hold_what_they_held(first, second):
    low, high = min(first, second), max(first, second)
    below, above = outwards(low, high)
    assert below <= low and above >= high
    assert len(str(below).rstrip("0")) <= 3 and len(str(above).rstrip("0")) <= 3
    assert outwards(low, None)[1] is None
