"""Posts and hours: the formula by hand, and what more of anything does to the posts."""

from dataclasses import replace
from fractions import Fraction
from math import ceil
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.design.assumptions import (
    COVERAGE,
    GENERAL,
    INCIDENTS,
    LOADED,
    NUMBERS,
    assumed,
    read_staffing,
    read_workload,
    workload_field,
)
from cirt.assessments.design.services import NOTHING_CHOSEN, Choices, Level, Period, services
from cirt.assessments.design.staffing import need, needs, net_hours, net_hours_line
from cirt.errors import InvalidInputError

IDS = [one.id for one in services()]
LEVELS = st.dictionaries(
    st.sampled_from(IDS),
    st.fixed_dictionaries({Period.YEAR_1: st.sampled_from(Level)}),
)


@st.composite
def staffings(draw):
    """Draw assumptions within their bounds."""
    typed = {
        one.id: str(draw(st.integers(one.least, min(one.most, 200))))
        for one in (*GENERAL, *INCIDENTS.values())
    }
    typed["coverage_year_1"] = draw(st.sampled_from(sorted(COVERAGE)))
    return read_staffing(typed)


def _team(level=Level.BASIC):
    return Choices({"FIRST-6.1": {Period.YEAR_1: level}}, {})


def test_the_posts_come_out_as_by_hand():
    found = need(_team(), assumed(), Period.YEAR_1)
    net = Fraction((52 * 5 - 25 - 12 - 8 - 10) * 8 * 90, 100)
    assert net_hours(assumed()) == net == 1476
    work = 12 * 10 * 6 + 52 * 4
    assert found.cover == Fraction(40 * 52, 1476)
    assert found.work == max(Fraction(0), (Fraction(work) - Fraction(40 * 52, 2)) / net)
    assert found.total == found.cover + found.work + Fraction(3, 2) + Fraction(1, 2)
    assert found.shown == "3.4"
    assert "(52 × 5 − 25 − 12 − 8 − 10) × 40 ÷ 5" in net_hours_line(assumed()).formula


def test_without_coverage_and_services_no_post_is_needed():
    found = need(NOTHING_CHOSEN, assumed(), Period.NOW)
    assert (found.total, found.least_people, found.warnings) == (0, 0, ())
    planned = Choices({"FIRST-6.1": {Period.NOW: Level.PLANNED}}, {})
    assert need(planned, assumed(), Period.NOW).total == 0


def test_incidents_count_only_where_somebody_handles_them():
    teaching = Choices({"FIRST-9.1": {Period.YEAR_1: Level.BASIC}}, {})
    line = need(teaching, assumed(), Period.YEAR_1).lines[1]
    assert line.formula == "12 × 0 × 6 + 52 × 6"
    assert need(_team(), assumed(), Period.YEAR_1).lines[1].formula == "12 × 10 × 6 + 52 × 4"


@given(LEVELS, staffings(), st.sampled_from(sorted(COVERAGE, key=int)))
def test_more_hours_of_coverage_never_need_fewer_posts(levels, staffing, more):
    choices = Choices(levels, {})
    hours = max(int(more), int(staffing["coverage_year_1"]))
    before = need(choices, assumed(staffing), Period.YEAR_1)
    after = need(choices, assumed({**staffing, "coverage_year_1": str(hours)}), Period.YEAR_1)
    assert after.total >= before.total
    assert after.least_people >= before.least_people


@given(
    LEVELS,
    staffings(),
    st.sampled_from(
        [
            one
            for one in (*GENERAL, *INCIDENTS.values())
            if one.id not in ("contract_hours", "usable")
        ]
    ),
    st.integers(0, 200),
)
def test_more_of_each_burden_never_needs_fewer_posts(levels, staffing, one, more):
    """Leave, sickness, training, meetings, incidents, people on duty: more is never less."""
    choices = Choices(levels, {})
    value = str(min(one.most, int(staffing[one.id]) + more))
    before = need(choices, assumed(staffing), Period.YEAR_1)
    after = need(choices, assumed({**staffing, one.id: value}), Period.YEAR_1)
    assert after.total >= before.total


@given(LEVELS, staffings(), st.sampled_from(["contract_hours", "usable"]), st.integers(0, 60))
def test_longer_contracts_and_freer_duty_never_need_more_posts(levels, staffing, key, more):
    choices = Choices(levels, {})
    most = {"contract_hours": 60, "usable": 100}[key]
    value = str(min(most, int(staffing[key]) + more))
    before = need(choices, assumed(staffing), Period.YEAR_1)
    after = need(choices, assumed({**staffing, key: value}), Period.YEAR_1)
    assert after.total <= before.total


@given(LEVELS, staffings(), st.sampled_from(IDS), st.sampled_from(LOADED))
def test_a_service_more_never_needs_fewer_posts(levels, staffing, service_id, level):
    before = Choices(levels, {})
    present = before.level(service_id, Period.YEAR_1)
    if present.rank is not None and level.rank < present.rank:
        level = present
    after = Choices({**levels, service_id: {Period.YEAR_1: level}}, {})
    found = [need(each, assumed(staffing), Period.YEAR_1).total for each in (before, after)]
    assert found[0] <= found[1]


@given(LEVELS, staffings())
def test_the_lines_tell_the_whole_and_the_cover_can_be_kept(levels, staffing):
    found = need(Choices(levels, {}), assumed(staffing), Period.YEAR_1)
    assert found.total == found.cover + found.work + found.lead + found.administration
    assert found.lines[-1].result == found.shown
    if found.least_people:
        assert found.least_people >= ceil(found.cover)


def test_round_the_clock_with_too_few_posts_is_warned_of():
    staffing = read_staffing({"coverage_year_1": "168", "posts_year_1": "3"})
    (warning,) = need(_team(), assumed(staffing), Period.YEAR_1).warnings
    assert warning.values == {"cover": "5.9", "foreseen": "3.0"}
    enough = read_staffing({"coverage_year_1": "168", "posts_year_1": "9"})
    assert need(_team(), assumed(enough), Period.YEAR_1).warnings == ()


def test_being_on_call_by_turns_needs_people():
    staffing = read_staffing({"on_call_year_1": "yes", "posts_year_1": "3.5", "rota": "5"})
    found = need(_team(), assumed(staffing), Period.YEAR_1)
    assert found.least_people == 5
    assert [one.values for one in found.warnings] == [{"rota": "5", "people": "4"}]
    fewer = read_staffing({"posts_year_1": "2"})
    (warning,) = need(_team(), assumed(fewer), Period.YEAR_1).warnings
    assert warning.values["foreseen"] == "2.0"


def test_every_assumption_has_a_unit_a_reason_and_a_default_within_its_bounds():
    values = read_staffing({})
    for one in NUMBERS:
        assert one.label and one.unit and one.reason
        assert values[one.id] == one.default
        if one.default:
            assert one.read(one.default) == one.default
    assert set(needs(NOTHING_CHOSEN, assumed())) == set(Period)


def test_assumptions_out_of_bounds_are_refused_at_their_field():
    for typed in ({"leave_days": "300"}, {"contract_hours": "x"}, {"coverage_now": "41"}):
        with pytest.raises(InvalidInputError) as refused:
            read_staffing(typed)
        assert refused.value.field == next(iter(typed))


def test_net_time_stays_above_zero_at_the_worst_bounds():
    worst = {one.id: str(one.least if one.id == "contract_hours" else one.most) for one in GENERAL}
    assert net_hours(assumed(read_staffing(worst))) > 0


def test_an_established_service_takes_at_least_what_a_basic_one_takes():
    basic, established = (workload_field("FIRST-5.1", level) for level in LOADED)
    with pytest.raises(InvalidInputError) as refused:
        read_workload({basic: "20", established: "10"})
    assert refused.value.field == established
    hours = assumed(None, read_workload({basic: "20", established: "20.5"})).hours
    assert hours["FIRST-5.1", Level.ESTABLISHED] == Fraction(41, 2)


def test_assumptions_are_values_that_can_be_changed_for_a_question():
    free = replace(assumed(), values=MappingProxyType({**assumed().values, "lead": "0"}))
    assert need(_team(), free, Period.YEAR_1).lead == Fraction(1, 2)
