"""Budget bands: ranges, totals, what is left out, the plan's cost bands."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.design.assumptions import assumed
from cirt.assessments.design.budget import (
    LINES,
    PLAN_LINE,
    SALARIES,
    YEARS,
    PlannedCost,
    Range,
    budget,
    pairs,
    read_budget,
)
from cirt.assessments.design.proposals import starting_set, with_proposals
from cirt.assessments.design.services import NOTHING_CHOSEN
from cirt.assessments.design.staffing import needs
from cirt.assessments.instruments.model import Cost
from cirt.errors import InvalidInputError

TEAM = needs(with_proposals(NOTHING_CHOSEN, starting_set()), assumed())
START = date(2027, 3, 1)


def _whole(low="1000", high="2000"):
    return read_budget(
        {f"{key}_{end}": text for key in pairs() for end, text in (("low", low), ("high", high))}
    )


def test_nothing_given_gives_no_total_and_names_every_line():
    found = budget(None, TEAM)
    for year in found.years:
        assert year.total is None
        assert year.left_out == (*SALARIES, *LINES)
    assert found.currency == ""


def test_salaries_are_the_range_of_a_post_times_the_posts_of_the_year():
    said = read_budget({"salary_lead_low": "10 000", "salary_lead_high": "20,000"})
    first, *_later = budget(said, TEAM).years
    assert first.lines["salary_lead"] == Range(15_000, 30_000)
    assert first.lines["salary_specialist"] is None
    assert first.total == Range(15_000, 30_000)
    assert "salary_specialist" in first.left_out and "salary_lead" not in first.left_out
    said |= read_budget({"salary_specialist_low": "1000", "salary_specialist_high": "1000"})
    one, two, three = (year.lines["salary_specialist"] for year in budget(said, TEAM).years)
    assert two.low <= one.low <= two.high and two.low <= three.low <= two.high
    assert one.high - one.low <= 1 and two.high > two.low


def test_a_year_without_posts_costs_no_salaries_and_leaves_nothing_out_for_them():
    nobody = needs(NOTHING_CHOSEN, assumed({"coverage_year_1": "0", "coverage_year_3": "0"}))
    year = budget(None, nobody).years[0]
    assert year.lines["salary_lead"] == Range(0, 0)
    assert "salary_lead" not in year.left_out


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_total_holds_the_sum_of_its_lines(first, second):
    low, high = str(min(first, second)), str(max(first, second))
    for year in budget(_whole(low, high), TEAM).years:
        assert year.left_out == ()
        assert year.total.low <= sum(one.low for one in year.lines.values())
        assert year.total.high >= sum(one.high for one in year.lines.values())


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"tools_1_low": "10"}, "tools_1_high"),
        ({"tools_1_high": "10"}, "tools_1_low"),
        ({"tools_1_low": "10", "tools_1_high": "9"}, "tools_1_high"),
        ({"travel_3_low": "1.5", "travel_3_high": "2"}, "travel_3_low"),
        ({"rate": "0"}, "rate"),
        ({"rate": "many"}, "rate"),
        ({"currency": "x" * 21}, "currency"),
    ],
)
def test_half_and_wrong_ranges_are_refused_at_their_field(typed, field):
    with pytest.raises(InvalidInputError) as refused:
        read_budget(typed)
    assert refused.value.field == field


def test_actions_of_the_plan_count_in_the_year_they_are_due_with_the_bounds_of_their_band():
    said = read_budget({"with_plan": "yes", "rate": "2"})
    actions = [
        PlannedCost(Cost.LOW, date(2027, 2, 1)),  # due before the first day: year 1
        PlannedCost(Cost.LOW, date(2028, 2, 29)),
        PlannedCost(Cost.MEDIUM, date(2028, 3, 1)),
        PlannedCost(Cost.HIGH, date(2030, 2, 28)),
        PlannedCost(None, date(2027, 6, 1)),
        PlannedCost(Cost.LOW, None),
        PlannedCost(Cost.LOW, date(2031, 1, 1)),
    ]
    found = budget(said, TEAM, actions, START)
    first, second, third = (year.lines[PLAN_LINE] for year in found.years)
    assert first == Range(0, 40_000)
    assert second == Range(20_000, 200_000)
    assert third == Range(200_000, None)
    assert found.years[2].total.high is None
    assert (found.undated, found.unbanded, found.beyond) == (1, 1, 1)


def test_without_a_rate_the_plan_is_left_out_and_the_total_says_so():
    found = budget(read_budget({"with_plan": "yes"}), TEAM, [PlannedCost(Cost.LOW, START)], START)
    assert found.unrated
    assert all(PLAN_LINE in year.left_out for year in found.years)
    assert not budget(read_budget({}), TEAM).counts_plan
    assert PLAN_LINE not in budget(read_budget({}), TEAM).years[0].lines


def test_what_was_read_is_read_again_as_the_same():
    said = read_budget({"currency": " X  Y ", "rate": "655.957", **_whole()})
    assert read_budget(said) == said
    assert [year.year for year in budget(said, TEAM).years] == list(YEARS)
