"""The services of the FIRST framework in the design: choices, proposals, the starting set."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.design.assumptions import WORKLOAD_DEFAULTS
from cirt.assessments.design.proposals import (
    level_from,
    now_proposals,
    open_proposals,
    starting_set,
    with_proposals,
)
from cirt.assessments.design.services import (
    AREA_NAMES,
    NOTHING_CHOSEN,
    Choices,
    Level,
    Period,
    Source,
    chosen,
    services,
    stored,
    typed_choices,
)
from cirt.errors import InvalidInputError

IDS = [one.id for one in services()]
LEVELS = st.dictionaries(
    st.sampled_from(IDS), st.dictionaries(st.sampled_from(Period), st.sampled_from(Level))
)


def test_the_framework_has_21_services_in_5_areas_with_hours_for_each():
    assert len(IDS) == 21
    assert {one.area for one in services()} == set(AREA_NAMES)
    assert set(WORKLOAD_DEFAULTS) == set(IDS)
    assert services()[2].number == "6.1"


@given(LEVELS)
def test_choices_survive_being_stored(levels):
    choices = Choices(levels, {})
    again = chosen(stored(choices))
    for one in IDS:
        for period in Period:
            assert again.level(one, period) == choices.level(one, period)
    assert stored(again) == stored(choices)


def test_what_is_stored_for_an_unknown_service_is_left_out():
    assert chosen({"levels": {"FIRST-99.9": {"now": "basic"}}}).levels == {}
    assert chosen(None) is NOTHING_CHOSEN


def test_a_level_typed_by_hand_loses_its_source_and_one_left_alone_keeps_it():
    (proposal, *_rest) = starting_set()
    before = with_proposals(NOTHING_CHOSEN, [proposal])
    key = (proposal.service_id, proposal.period)
    same = typed_choices({key: proposal.level.value}, before)
    assert same.source(*key) is Source.STARTING_SET
    other = typed_choices({key: "planned"}, before)
    assert other.source(*key) is None
    assert typed_choices({}, before).level(*key) is Level.NOT_SAID


def test_a_level_that_is_none_is_refused():
    with pytest.raises(InvalidInputError):
        typed_choices({(IDS[0], Period.NOW): "excellent"}, NOTHING_CHOSEN)


def test_a_scale_of_four_is_the_frameworks_own():
    assert [level_from(level, 3) for level in range(4)] == [
        Level.ABSENT,
        Level.PLANNED,
        Level.BASIC,
        Level.ESTABLISHED,
    ]


@given(st.integers(1, 4), st.data())
def test_a_better_answer_never_proposes_less(top, data):
    levels = sorted(data.draw(st.lists(st.integers(0, top), min_size=2, max_size=2)))
    first, second = (level_from(level, top).rank for level in levels)
    assert first <= second
    assert level_from(0, top) is Level.ABSENT
    assert level_from(top, top) is Level.ESTABLISHED


def test_the_middle_of_several_answers_is_proposed_with_its_questions():
    rows = [("D8-Q1", 4, 4), ("D8-Q2", 2, 4)]
    (found,) = now_proposals({"FIRST-6.1": rows}, Source.ANSWERS)
    assert (found.service_id, found.period, found.level) == ("FIRST-6.1", Period.NOW, Level.BASIC)
    assert found.questions == ("D8-Q1", "D8-Q2")
    (found,) = now_proposals({"FIRST-6.1": [*rows, ("D8-Q3", 4, 4)]}, Source.ANSWERS)
    assert found.level is Level.ESTABLISHED
    assert now_proposals({"FIRST-6.1": []}, Source.ANSWERS) == ()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.data())
def test_one_better_answer_among_several_never_proposes_less(levels, data):
    def proposed(rows):
        said = {"FIRST-6.1": [("Q", level, 4) for level in rows]}
        return now_proposals(said, Source.ANSWERS)[0].level.rank

    place = data.draw(st.integers(0, len(levels) - 1))
    better = [*levels]
    better[place] = data.draw(st.integers(levels[place], 4))
    assert proposed(levels) <= proposed(better)


def test_only_what_differs_from_the_choice_is_proposed():
    rows = starting_set()
    assert open_proposals(NOTHING_CHOSEN, rows) == rows
    assert open_proposals(with_proposals(NOTHING_CHOSEN, rows), rows) == ()


def test_the_starting_set_never_speaks_of_now_and_gives_a_reason_for_each():
    rows = starting_set()
    assert {one.period for one in rows} == {Period.YEAR_1, Period.YEAR_3}
    assert all(one.reason and one.service_id in IDS for one in rows)
    offered = {one.service_id for one in rows if one.period is Period.YEAR_1 and one.level.offered}
    assert {"FIRST-6.1", "FIRST-6.2", "FIRST-6.5", "FIRST-9.1"} <= offered
    for service_id in {one.service_id for one in rows}:
        first, third = (one.level.rank for one in rows if one.service_id == service_id)
        assert first <= third


def test_pure_modules_of_the_design_know_neither_web_nor_database():
    folder = Path(__file__).parents[3] / "assessments" / "design"
    for name in (
        "numbers", "proposals", "description_proposals", "services", "assumptions", "staffing", "budget", "description",
        "description_document", "checklists", "checklist_document", "crosswalk",
    ):  # fmt: skip
        text = (folder / f"{name}.py").read_text()
        assert "import flask" not in text and "from flask" not in text, name
        assert "sqlalchemy" not in text, name
