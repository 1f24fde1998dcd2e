"""Carry-over: what an answer given elsewhere supports here, and never more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Crosswalk
from cirt.assessments.rounds.carry_over import Earlier, mapped, proposals, related_questions
from tests.unit.assessments.generated import instrument_with, question

OURS = instrument_with(
    question("D1-Q1", crosswalk=Crosswalk(sim3=("O-1", "O-10"))),
    question("D1-Q2", crosswalk=Crosswalk(sim3=("O-1",), gci=("GCI-T1",))),
    question("D1-Q3"),
    instrument_id="cirt-readiness",
)
SIM3 = instrument_with(
    question("O-1", crosswalk=Crosswalk(gci=("GCI-T1",))),
    question("O-2"),
    question("O-10"),
    instrument_id="sim3",
)
OTHER = instrument_with(
    question("X-1", crosswalk=Crosswalk(sim3=("O-1",), gci=("GCI-T1",))),
    instrument_id="spam-readiness",
)
SERVICES = instrument_with(
    question("FIRST-6.1", levels=4), instrument_id="first-services", levels=4
)


def ids(found):
    return [each.id for each in found]


def all_open(instrument):
    return {each.id for each in instrument.questions}


@pytest.mark.parametrize(
    ("level", "top", "wanted", "expected"),
    [
        (3, 4, 4, 3),
        (3, 4, 3, 2),
        (4, 4, 3, 3),
        (3, 3, 4, 3),  # the end of a short scale is not the end of a long one
        (2, 3, 4, 2),
        (1, 4, 1, 0),
        (4, 4, 1, 1),
        (0, 3, 4, 0),
    ],
)
def test_level_is_mapped_downwards(level, top, wanted, expected):
    assert mapped(level, top, wanted) == expected


def test_questions_are_related_through_the_item_that_one_of_them_stands_for():
    assert ids(related_questions(SIM3, SIM3.question("O-1"), OURS)) == ["D1-Q1", "D1-Q2"]
    assert ids(related_questions(OURS, OURS.question("D1-Q1"), SIM3)) == ["O-1", "O-10"]
    assert ids(related_questions(OURS, OURS.question("D1-Q3"), SIM3)) == []
    # two questions that merely name the same item are not the same question
    assert ids(related_questions(OURS, OURS.question("D1-Q2"), OTHER)) == []
    assert related_questions(OURS, OURS.question("D1-Q1"), OURS) == ()


def test_lowest_related_answer_is_proposed_with_every_source():
    found = proposals(
        SIM3,
        all_open(SIM3),
        last=None,
        others=[Earlier("a", OURS, {"D1-Q1": 3, "D1-Q2": 2})],
    )
    assert list(found) == ["O-1", "O-10"]
    assert (found["O-1"].level, found["O-10"].level) == (2, 3)
    assert found["O-1"].carried_from == "a/D1-Q1 a/D1-Q2"
    assert (len(found["O-10"].sources), found["O-10"].related) == (1, 1)


def test_missing_related_answer_is_counted():
    found = proposals(SIM3, {"O-1"}, last=None, others=[Earlier("a", OURS, {"D1-Q2": 4})])
    assert (found["O-1"].level, len(found["O-1"].sources), found["O-1"].related) == (4, 1, 2)


def test_same_question_of_the_last_round_comes_before_any_other_source():
    last = Earlier("r1", OURS, {"D1-Q1": 1, "D1-Q3": 2})
    found = proposals(
        OURS, all_open(OURS), last=last, others=[Earlier("s", SIM3, {"O-1": 4, "O-10": 4})]
    )
    assert {key: (one.level, one.carried_from) for key, one in found.items()} == {
        "D1-Q1": (1, "r1/D1-Q1"),
        "D1-Q2": (4, "s/O-1"),
        "D1-Q3": (2, "r1/D1-Q3"),
    }


def test_answered_questions_get_no_proposal():
    last = Earlier("r1", OURS, {"D1-Q1": 1, "D1-Q3": 2})
    assert list(proposals(OURS, {"D1-Q3"}, last=last, others=[])) == ["D1-Q3"]


def test_reworded_question_says_so_and_is_mapped_to_the_new_scale():
    newer = instrument_with(
        question("D1-Q1", levels=3), instrument_id="cirt-readiness", version="2.0.0", levels=3
    )
    last = Earlier("r1", OURS, {"D1-Q1": 3})
    proposal = proposals(newer, {"D1-Q1"}, last=last, others=[])["D1-Q1"]
    assert proposal.level == 1 and proposal.sources[0].reworded
    same = proposals(OURS, {"D1-Q1"}, last=last, others=[])["D1-Q1"]
    assert not same.sources[0].reworded


@st.composite
def cases(draw):
    """An item's own question and two instruments whose questions point at it."""
    tops = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    wanted = draw(st.integers(1, 4))
    target = instrument_with(question("O-1", levels=wanted + 1), instrument_id="sim3")
    others, levels = [], []
    for number, top in enumerate(tops):
        source = question(f"Q{number}", levels=top + 1, crosswalk=Crosswalk(sim3=("O-1",)))
        level = draw(st.integers(0, top))
        levels.append((level, top))
        others.append(
            Earlier(
                str(number),
                instrument_with(source, instrument_id=f"other-{number}"),
                {source.id: level},
            )
        )
    return target, wanted, others, levels


def proposed(target, others):
    return proposals(target, {"O-1"}, last=None, others=others)["O-1"]


@given(cases())
def test_proposal_is_never_higher_than_any_source(case):
    target, wanted, others, levels = case
    proposal = proposed(target, others)
    assert len(proposal.sources) == len(levels)
    for level, top in levels:
        assert proposal.level <= level
        assert proposal.level * top <= level * wanted  # as a share of its scale
    assert 0 <= proposal.level <= wanted


@given(cases(), st.data())
def test_better_source_never_lowers_the_proposal(case, data):
    target, _wanted, others, levels = case
    before = proposed(target, others).level
    number = data.draw(st.integers(0, len(others) - 1))
    level, top = levels[number]
    better = Earlier(
        others[number].key,
        others[number].instrument,
        {f"Q{number}": data.draw(st.integers(level, top))},
    )
    others[number] = better
    assert proposed(target, others).level >= before


@given(cases())
def test_full_marks_everywhere_are_carried_over_as_far_as_the_shortest_scale_goes(case):
    target, wanted, others, levels = case
    full = [
        Earlier(one.key, one.instrument, {f"Q{n}": levels[n][1]}) for n, one in enumerate(others)
    ]
    assert proposed(target, full).level == min(wanted, *(top for _level, top in levels))
