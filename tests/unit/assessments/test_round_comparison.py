"""Rounds side by side: what moved, and what cannot be compared."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Applies
from cirt.assessments.results_pictures import change_of
from cirt.assessments.rounds.comparison import Movement, Round, compare_rounds
from cirt.assessments.verdict import Outcome
from tests.unit.assessments.generated import (
    NOT_APPLICABLE,
    NOT_KNOWN,
    answers_to,
    instrument_with,
    instruments,
    level,
    profile_with,
    question,
    stages,
)

OLD = instrument_with(question("Q1"), question("Q2", weight=3), question("Q3"), question("Q9"))
NEW = instrument_with(
    question("Q1"), question("Q2", weight=3), question("Q3", levels=4), question("Q4"),
    version="2.0.0",
)  # fmt: skip


def round_of(instrument, answers, number=1, **more):
    return Round(str(number), number, instrument, answers, more.pop("cirt_exists", None), **more)


def movements(comparison):
    return {one.question.id: one.movement for one in comparison.questions}


def test_questions_go_up_down_appear_and_vanish():
    then = round_of(OLD, {"Q1": level(1), "Q2": level(3), "Q3": NOT_KNOWN, "Q9": level(2)})
    now = round_of(OLD, {"Q1": level(2), "Q2": level(0), "Q3": level(1), "Q9": NOT_APPLICABLE}, 2)
    comparison = compare_rounds([then, now])
    assert movements(comparison) == {
        "Q1": Movement.UP,
        "Q2": Movement.DOWN,
        "Q3": Movement.NEW,
        "Q9": Movement.LOST,
    }
    # (1 + 3*3 + 2) / 5 and (2 + 0 + 1) / 5; over Q1 and Q2 alone 10/4 and 2/4
    assert comparison.overall.change == Fraction(3, 5) - Fraction(12, 5)
    assert [each.value for each in comparison.shared.values] == [Fraction(10, 4), Fraction(2, 4)]
    assert not comparison.several_versions


def test_question_that_means_something_else_is_not_compared():
    then = round_of(OLD, {"Q1": level(1), "Q3": level(1), "Q9": level(2)})
    now = round_of(NEW, {"Q1": level(1), "Q3": level(3), "Q4": level(4)}, 2)
    comparison = compare_rounds([then, now])
    assert comparison.several_versions
    assert movements(comparison) == {
        "Q1": Movement.SAME,
        "Q2": Movement.NONE,
        "Q3": Movement.REWORDED,
        "Q4": Movement.NEW,
        "Q9": Movement.LOST,
    }
    assert [one.question.id for one in comparison.questions][-1] == "Q9"  # what is gone, last
    assert comparison.shared.values[0].explanation.terms[0].question_id == "Q1"
    assert comparison.of(Movement.NEW)[0].states[0] is None  # not in the older version


def test_each_round_is_judged_by_its_own_profile():
    then = round_of(OLD, {"Q1": level(1)}, profile=profile_with({"Q1": 2}))
    now = round_of(OLD, {"Q1": level(2)}, 2, profile=profile_with({"Q1": 2}))
    later = round_of(OLD, {"Q1": level(2)}, 3)
    found = compare_rounds([then, now, later]).verdicts
    assert [each and each.outcome for each in found] == [Outcome.NOT_MET, Outcome.MET, None]


def test_questions_asked_in_no_round_are_left_out():
    asked_after = instrument_with(question("Q1"), question("Q2", applies=Applies.AFTER))
    rounds = [round_of(asked_after, {}, n, cirt_exists=False) for n in (1, 2)]
    assert list(movements(compare_rounds(rounds))) == ["Q1"]
    rounds = [rounds[0], round_of(asked_after, {"Q2": level(1)}, 2, cirt_exists=True)]
    assert movements(compare_rounds(rounds))["Q2"] is Movement.NEW


def test_one_round_or_two_instruments_are_no_comparison():
    with pytest.raises(ValueError, match="two or more"):
        compare_rounds([round_of(OLD, {})])
    other = instrument_with(question("Q1"), instrument_id="another")
    with pytest.raises(ValueError, match="one instrument"):
        compare_rounds([round_of(OLD, {}), round_of(other, {}, 2)])


@given(data=st.data())
def test_every_question_asked_stands_in_exactly_one_group(data):
    instrument = data.draw(instruments())
    rounds = [
        round_of(instrument, data.draw(answers_to(instrument)), n, cirt_exists=data.draw(stages))
        for n in (1, 2, 3)
    ]
    comparison = compare_rounds(rounds)
    grouped = [one.question.id for each in Movement for one in comparison.of(each)]
    asked = {
        q.id
        for q in instrument.questions
        if any(q.applies.asked(each.cirt_exists) for each in rounds)
    }
    assert sorted(grouped) == sorted(asked)


@given(data=st.data())
def test_rounds_the_other_way_round_turn_the_change_round(data):
    instrument = data.draw(instruments())
    one, two = (round_of(instrument, data.draw(answers_to(instrument)), n) for n in (1, 2))
    forward, backward = compare_rounds([one, two]), compare_rounds([two, one])
    turned = {
        Movement.UP: Movement.DOWN,
        Movement.DOWN: Movement.UP,
        Movement.NEW: Movement.LOST,
        Movement.LOST: Movement.NEW,
    }
    assert movements(backward) == {
        key: turned.get(each, each) for key, each in movements(forward).items()
    }
    if forward.shared.change is not None:
        assert forward.shared.change == -backward.shared.change


@pytest.mark.parametrize(
    ("change", "kind", "number"),
    [
        (None, "none", ""),
        (Fraction(0), "same", "0.0"),
        (Fraction(1, 100), "same", "0.0"),
        (Fraction(1, 2), "up", "+0.5"),
        (Fraction(-1, 4), "down", "\u22120.3"),
    ],
)
def test_change_is_said_in_words_and_in_a_number(app_context, change, kind, number):
    found = change_of(change)
    assert (found["kind"], found["number"]) == (kind, number)
    assert found["words"]


@pytest.fixture
def app_context():
    """The translations, without a database."""
    import flask

    from cirt import i18n

    app = flask.Flask("test")
    i18n.init_app(app)
    with app.app_context():
        yield
