"""Gaps and recommendations: what is proposed, in which order, and for which reasons."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.assessments.instruments import instruments, load_instrument
from cirt.assessments.instruments.model import Applies, Effort, Phase, Rung
from cirt.assessments.plan.gaps import DEFAULT_TARGET, aim_of, gaps
from cirt.assessments.plan.recommendations import PHASES, Because
from cirt.assessments.scoring import AnswerState
from tests.unit.assessments.plan_instruments import (
    NOT_APPLICABLE,
    NOT_KNOWN,
    UNANSWERED,
    aims_for,
    answers_for,
    instrument,
    level,
    plan,
    question,
    rungs,
    small_instruments,
)

REAL = [load_instrument(each.id, each.version) for each in instruments()]


def reasons(found, name, number):
    return {
        one.because: one
        for each in found
        if each.rung == Rung(name, number)
        for one in each.reasons
    }


# --- by example


def test_without_a_profile_every_question_is_led_to_level_3():
    small = instrument(question("A"), question("B"))
    found = plan(small, {"A": level(1), "B": level(DEFAULT_TARGET)})
    assert rungs(found) == [("A", 2), ("A", 3)]
    assert [one.from_level for one in found] == [1, 2]
    assert [one.text.english for one in found] == ["do A 2", "do A 3"]
    assert [one.indicator[0].english for one in found] == ["A at 2", "A at 3"]


def test_default_target_ends_at_the_top_of_a_short_scale():
    small = instrument(question("A", top=1), top=1)
    assert rungs(plan(small, {"A": level(0)})) == [("A", 1)]


def test_profile_leads_only_where_it_has_a_minimum():
    small = instrument(question("A"), question("B"))
    aim = aim_of(small, {"B": 1})
    assert rungs(plan(small, {"A": level(0), "B": level(0)}, aim)) == [("B", 1)]
    assert aim.from_profile and not aim_of(small, {}).from_profile
    # an empty profile of another body gives no aim; a plan still leads somewhere
    assert aim_of(small, {}).levels == {"A": 3, "B": 3}


def test_what_nobody_knows_is_to_be_found_out_first():
    small = instrument(question("A"), question("B", {2: [Rung("A", 2)]}))
    for unknown in (
        {"B": level(1)},
        {"A": NOT_KNOWN, "B": level(1)},
        {"A": UNANSWERED, "B": level(1)},
    ):
        found = plan(small, unknown)
        assert rungs(found) == [("A", 0), ("B", 2), ("B", 3)]
        assert found[0].phase is Phase.ASSESS and found[0].finds_out
        assert found[0].text.english == "A?" and found[0].indicator[0].english == "a paper"
        assert found[1].needs == (Rung("A", 0),)
        assert set(reasons(found, "A", 0)) == {Because.UNKNOWN, Because.UNBLOCKS}


def test_what_does_not_apply_or_is_not_asked_holds_nothing_up():
    small = instrument(
        question("A", {1: [Rung("B", 2), Rung("C", 2)]}),
        question("B"),
        question("C", applies=Applies.AFTER),
    )
    found = plan(
        small, {"A": level(0), "B": NOT_APPLICABLE}, aim_of(small, {"A": 1}), cirt_exists=False
    )
    assert rungs(found) == [("A", 1)] and found[0].needs == ()


def test_needed_steps_of_other_questions_are_pulled_in_and_marked():
    small = instrument(
        question("A", {2: [Rung("B", 2)]}), question("B", {1: [Rung("C", 1)]}), question("C")
    )
    aim = aim_of(small, {"A": 2})
    found = plan(small, {"A": level(1), "B": level(0), "C": level(0)}, aim)
    assert rungs(found) == [("C", 1), ("B", 1), ("B", 2), ("A", 2)]
    assert reasons(found, "B", 2)[Because.NEEDED_BY].rungs == (Rung("A", 2),)
    assert reasons(found, "B", 1)[Because.NEEDED_BY].rungs == (Rung("A", 2),)
    assert reasons(found, "C", 1)[Because.NEEDED_BY].rungs == (Rung("B", 1),)
    assert set(reasons(found, "A", 2)) == {Because.CLOSES}


def test_step_says_what_it_closes_and_unblocks():
    small = instrument(
        question("A"), question("B", {1: [Rung("A", 1)]}), question("C", {1: [Rung("A", 1)]})
    )
    aim = aim_of(small, {"A": 1, "B": 1, "C": 2})
    found = plan(small, {"A": level(0), "B": level(0), "C": level(0)}, aim)
    assert reasons(found, "A", 1)[Because.CLOSES].level == 1
    assert {one.question_id for one in reasons(found, "A", 1)[Because.UNBLOCKS].rungs} == {"B", "C"}
    assert reasons(found, "C", 1)[Because.TOWARDS].level == 2


def test_more_aims_then_weight_then_effort_then_incidents_then_the_questionnaire():
    """The order of the rules, each deciding where those before it are even."""
    two = {"A": level(0), "B": level(0)}
    even = two | {"C": level(0)}
    many = instrument(question("A"), question("B"), question("C", {1: [Rung("B", 1)]}))
    aim = aim_of(many, {"A": 1, "B": 1, "C": 1})
    assert rungs(plan(many, even, aim))[0] == ("B", 1)
    heavy = instrument(question("A"), question("B", weight=2))
    aim = aim_of(heavy, {"A": 1, "B": 1})
    assert rungs(plan(heavy, two, aim))[0] == ("B", 1)
    easy = instrument(question("A", effort=Effort.LARGE), question("B", effort=None), question("C"))
    aim = aim_of(easy, {"A": 1, "B": 1, "C": 1})
    assert rungs(plan(easy, even, aim)) == [("C", 1), ("B", 1), ("A", 1)]
    hurt = instrument(
        question("A", capabilities=("watch",)), question("B", capabilities=("watch", "answer"))
    )
    aim = aim_of(hurt, {"A": 1, "B": 1})
    assert rungs(plan(hurt, two, aim)) == [("A", 1), ("B", 1)]
    found = plan(hurt, two, aim, tally={"watch": 1, "answer": 3})
    assert rungs(found) == [("B", 1), ("A", 1)]
    reason = reasons(found, "B", 1)[Because.INCIDENTS]
    assert (reason.capability, reason.rank) == ("answer", 3)


def test_step_is_lifted_to_the_phase_of_what_it_needs():
    small = instrument(question("A", {1: [Rung("B", 3)]}), question("B"))
    found = plan(small, {"A": level(0), "B": level(2)}, aim_of(small, {"A": 2}))
    assert [(each.rung.question_id, each.phase) for each in found] == [
        ("B", Phase.ESTABLISH),
        ("A", Phase.ESTABLISH),
        ("A", Phase.ESTABLISH),  # level 2 comes after level 1
    ]
    reason = reasons(found, "A", 1)[Because.LIFTED]
    assert (reason.phase, reason.rungs) == (Phase.DESIGN, (Rung("B", 3),))


def test_step_without_advice_takes_the_text_of_its_level():
    small = instrument(question("A", advice=False))
    one = plan(small, {"A": level(2)})[0]
    assert not one.has_advice and one.text.english == "A at 3"
    assert [each.english for each in one.indicator] == ["a paper", "a page"]


@pytest.mark.parametrize("real", REAL, ids=lambda each: f"{each.id} {each.version}")
def test_two_countries_get_two_plans_from_the_shipped_instruments(real):
    low = {each.id: level(0) for each in real.questions}
    without, team = (plan(real, low, cirt_exists=exists) for exists in (False, True))
    stages = {each.id: each.applies for each in real.questions}
    assert bool(without) is any(each.applies.asked(False) for each in real.questions)
    assert bool(team) is any(each.applies.asked(True) for each in real.questions)
    assert all(stages[one.rung.question_id] is not Applies.AFTER for one in without)
    assert all(stages[one.rung.question_id] is not Applies.BEFORE for one in team)
    assert plan(real, {each.id: level(each.top) for each in real.questions}) == ()


# --- properties


def check_order(found):
    """What holds for every plan: whole, needs first, phases in their order."""
    places = {each.rung: n for n, each in enumerate(found)}
    assert len(places) == len(found)
    for each in found:
        for need in each.needs:
            assert places[need] < places[each.rung]
        if each.rung.level > 1 and Rung(each.rung.question_id, each.rung.level - 1) in places:
            assert places[Rung(each.rung.question_id, each.rung.level - 1)] < places[each.rung]
    phases = [PHASES.index(each.phase) for each in found]
    assert phases == sorted(phases)


TALLIES = st.dictionaries(st.sampled_from(["watch", "answer"]), st.integers(0, 3))


@given(st.data())
@settings(deadline=None)
def test_no_step_stands_before_one_it_needs(data):
    small = data.draw(small_instruments())
    answers = data.draw(answers_for(small))
    aim = data.draw(aims_for(small))
    tally = data.draw(TALLIES)
    found = plan(small, answers, aim, tally=tally)
    check_order(found)
    assert found == plan(
        small, dict(reversed(answers.items())), aim, tally=dict(reversed(tally.items()))
    )
    in_plan = {each.rung for each in found}
    for each in found:
        for need in (
            small.question(each.rung.question_id).step_to(each.rung.level).needs
            if each.rung.level
            else ()
        ):
            other = answers.get(need.question_id, UNANSWERED)
            reached = other.state is AnswerState.NOT_APPLICABLE or (
                other.level is not None and other.level >= need.level
            )
            assert reached or need in in_plan or Rung(need.question_id, 0) in in_plan


@given(st.data())
@settings(deadline=None)
def test_every_gap_has_its_steps_and_nothing_else_is_in_the_plan_unneeded(data):
    small = data.draw(small_instruments())
    answers = data.draw(answers_for(small))
    aim = data.draw(aims_for(small))
    found = plan(small, answers, aim)
    expected = set()
    for gap in gaps(small, answers, aim):
        if gap.level is None:
            expected.add(Rung(gap.question.id, 0))
        else:
            expected |= {Rung(gap.question.id, n) for n in range(gap.level + 1, gap.target + 1)}
    assert expected <= {each.rung for each in found}
    for each in found:
        kinds = {one.because: one for one in each.reasons}
        assert (each.rung in expected) is (Because.NEEDED_BY not in kinds)
        if Because.NEEDED_BY in kinds:
            assert kinds[Because.NEEDED_BY].rungs


@given(st.data())
@settings(deadline=None)
def test_better_answer_never_adds_a_step_of_that_question(data):
    small = data.draw(small_instruments())
    answers = data.draw(answers_for(small))
    aim = data.draw(aims_for(small))
    chosen = data.draw(st.sampled_from([each.id for each in small.questions]))
    lower = data.draw(st.integers(0, small.top))
    higher = data.draw(st.integers(lower, small.top))
    before, after = (
        {each.rung for each in plan(small, answers | {chosen: level(n)}, aim)}
        for n in (lower, higher)
    )
    assert after <= before


@given(st.data())
@settings(deadline=None)
def test_done_steps_taken_out_never_break_the_order(data):
    """Whatever is done, in whatever order: the rest of the old plan and the new plan both hold."""
    small = data.draw(small_instruments())
    answers = data.draw(answers_for(small))
    aim = data.draw(aims_for(small))
    found = plan(small, answers, aim)
    done = {each.rung for each in found if data.draw(st.booleans())}
    after = dict(answers)
    for rung in done:
        if answers.get(rung.question_id, UNANSWERED).level is not None:
            after[rung.question_id] = level(max(after[rung.question_id].level, rung.level))
    check_order(plan(small, after, aim))
    rest = [each for each in found if each.rung not in done]
    places = {each.rung: n for n, each in enumerate(rest)}
    for each in rest:
        assert all(places[need] < places[each.rung] for need in each.needs if need in places)


@pytest.mark.parametrize("real", REAL, ids=lambda each: f"{each.id} {each.version}")
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_plans_from_the_shipped_instruments_hold(real, data):
    answers = data.draw(answers_for(real))
    exists = data.draw(st.sampled_from([None, True, False]))
    aim = data.draw(aims_for(real))
    check_order(plan(real, answers, aim, cirt_exists=exists))
    check_order(plan(real, answers, cirt_exists=exists))
