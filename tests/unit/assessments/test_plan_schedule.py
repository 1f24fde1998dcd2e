"""When actions can run, and how much a plan is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Cost, Effort
from cirt.assessments.plan.schedule import WEEKS, WEEKS_UNSAID, Slot, Work, schedule, weeks_of
from cirt.assessments.plan.totals import Bounds, totals

BEGINNING = date(2026, 3, 2)


def test_action_begins_when_what_it_needs_has_ended():
    found = schedule(
        [Work("b", Effort.SMALL, ("a",)), Work("a", Effort.MEDIUM), Work("c", Effort.LARGE, ("b",))]
    )
    assert found == {"a": Slot(0, 12), "b": Slot(12, 16), "c": Slot(16, 42)}
    assert found["b"].first_day(BEGINNING) == date(2026, 5, 25)
    assert found["b"].last_day(BEGINNING) == date(2026, 6, 21)


def test_no_more_run_than_may_and_the_first_in_the_plan_goes_first():
    found = schedule([Work(n, Effort.SMALL) for n in "abc"], at_once=2)
    assert found == {"a": Slot(0, 4), "b": Slot(0, 4), "c": Slot(4, 8)}


def test_action_that_waits_leaves_its_room_to_one_that_need_not():
    found = schedule(
        [Work("a", Effort.LARGE), Work("b", Effort.SMALL, ("a",)), Work("c", Effort.SMALL)],
        at_once=2,
    )
    assert found["c"] == Slot(0, 4) and found["b"].start == WEEKS[Effort.LARGE]


def test_effort_that_nobody_said_counts_as_a_middling_one():
    assert weeks_of(None) == WEEKS_UNSAID == WEEKS[Effort.MEDIUM]


def test_circle_of_needs_ends_all_the_same():
    found = schedule([Work("a", Effort.SMALL, ("b",)), Work("b", Effort.SMALL, ("a",))])
    assert set(found) == {"a", "b"}


@st.composite
def works(draw):
    count = draw(st.integers(0, 12))
    return [
        Work(
            n,
            draw(st.sampled_from([*Effort, None])),
            tuple(draw(st.sets(st.integers(0, n - 1), max_size=3))) if n else (),
        )
        for n in draw(st.permutations(range(count)))
    ]


@given(works(), st.integers(1, 5))
def test_schedule_keeps_needs_and_room(work, at_once):
    found = schedule(work, at_once=at_once)
    assert set(found) == {one.key for one in work}
    for one in work:
        assert found[one.key].end - found[one.key].start == weeks_of(one.effort)
        assert all(found[need].end <= found[one.key].start for need in one.needs)
    for slot in found.values():
        running = sum(1 for other in found.values() if other.start <= slot.start < other.end)
        assert running <= at_once


def test_totals_count_by_band_and_say_between_which_bounds():
    found = totals(
        [
            (Effort.SMALL, Cost.NONE),
            (Effort.SMALL, Cost.LOW),
            (Effort.MEDIUM, Cost.MEDIUM),
            (None, None),
        ]
    )
    assert found.count == 4
    assert found.efforts == {Effort.SMALL: 2, Effort.MEDIUM: 1, Effort.LARGE: 0, None: 1}
    assert found.costs == {
        Cost.NONE: 1, Cost.LOW: 1, Cost.MEDIUM: 1, Cost.HIGH: 0, None: 1,
    }  # fmt: skip
    assert (found.days, found.dollars) == (Bounds(13, 80), Bounds(10_000, 110_000))


@pytest.mark.parametrize(
    ("rows", "days", "dollars"),
    [
        ([], Bounds(0, 0), Bounds(0, 0)),
        ([(Effort.LARGE, Cost.HIGH)], Bounds(61, None), Bounds(100_000, None)),
        ([(Effort.LARGE, Cost.HIGH), (Effort.SMALL, Cost.LOW)], Bounds(62, None), Bounds(100_000, None)),
    ],
)  # fmt: skip
def test_part_without_an_upper_bound_leaves_the_whole_without_one(rows, days, dollars):
    found = totals(rows)
    assert (found.days, found.dollars) == (days, dollars)
