"""What would result if steps were done: never worse than today."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Rung
from cirt.assessments.instruments.profiles import Minimum, Profile
from cirt.assessments.plan.gaps import aim_of
from cirt.assessments.plan.what_if import outlook, raised
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.assessments.verdict import Outcome
from tests.unit.assessments.plan_instruments import (
    NOT_APPLICABLE,
    NOT_KNOWN,
    answers_for,
    instrument,
    level,
    plan,
    question,
    sentence,
    small_instruments,
)

RANK = {Outcome.NOT_MET: 0, Outcome.OPEN: 1, Outcome.MET: 2}


def profile(**minimums):
    """A profile of the small instrument; None: a minimum that is not known."""
    return Profile(
        id="own", version="1.0.0", name=sentence("Own"), owner="o", citation="c", verified=False,
        verified_by=None, verified_on=None, description=sentence("d"), instrument_id="small",
        instrument_version="1.0.0",
        minimums=tuple(Minimum(key, n, sentence("r") if n else None) for key, n in minimums.items()),
    )  # fmt: skip


def test_step_done_raises_its_answer_and_the_verdict():
    small = instrument(question("A"), question("B"))
    own = profile(A=2, B=1)
    answers = {"A": level(1), "B": level(1)}
    now = outlook(small, own, answers, cirt_exists=None)
    then = outlook(small, own, answers, cirt_exists=None, done=[Rung("A", 2)])
    assert (now.verdict.outcome, then.verdict.outcome) == (Outcome.NOT_MET, Outcome.MET)
    assert now.results.overall.value == 1 and then.results.overall.value == 3 / 2
    assert answers["A"] == level(1), "the answers themselves stay"


def test_nothing_is_lowered_and_what_is_not_known_stays_so():
    small = instrument(question("A"), question("B"), question("C"), question("D"))
    answers = {"A": level(3), "B": NOT_KNOWN, "C": NOT_APPLICABLE}
    done = [Rung("A", 1), Rung("B", 2), Rung("B", 0), Rung("C", 2), Rung("D", 4), Rung("gone", 1)]
    assert raised(small, answers, done) == answers


def test_reason_beside_a_level_is_kept_and_the_top_is_the_end():
    small = instrument(question("A", top=2), top=2)
    answer = AnswerValue(AnswerState.LEVEL, 0, "as typed")
    assert raised(small, {"A": answer}, [Rung("A", 9)]) == {
        "A": dataclasses.replace(answer, level=2)
    }


def test_without_a_profile_there_are_figures_and_no_verdict():
    small = instrument(question("A"))
    assert outlook(small, None, {"A": level(1)}, cirt_exists=None).verdict is None


@given(st.data())
@settings(deadline=None)
def test_more_done_never_makes_a_verdict_or_a_figure_worse(data):
    small = data.draw(small_instruments())
    answers = data.draw(answers_for(small))
    minimums = data.draw(
        st.dictionaries(
            st.sampled_from([each.id for each in small.questions]),
            st.one_of(st.integers(1, small.top), st.integers(1, small.top), st.none()),
        )
    )
    own = profile(**minimums)
    rungs = [each.rung for each in plan(small, answers)]
    few = [rung for rung in rungs if data.draw(st.booleans())]
    more = few + [rung for rung in rungs if data.draw(st.booleans())]
    nothing, some, most = (
        outlook(small, own, answers, cirt_exists=None, done=done) for done in ((), few, more)
    )
    outcomes = [one.verdict.outcome for one in (nothing, some, most)]
    if own.complete:
        assert sorted(outcomes, key=RANK.__getitem__) == outcomes
    else:
        assert set(outcomes) == {Outcome.INCOMPLETE}
    for figure in (lambda r: r.overall, lambda r: r.dimensions["D1"]):
        values = [figure(one.results).value for one in (nothing, some, most)]
        assert values == [None] * 3 or values == sorted(values)


@given(st.data())
@settings(deadline=None)
def test_whole_plan_done_meets_every_minimum_that_was_known_to_be_missed(data):
    small = data.draw(small_instruments())
    answers = {each.id: level(data.draw(st.integers(0, small.top))) for each in small.questions}
    chosen = data.draw(st.sets(st.sampled_from([each.id for each in small.questions]), min_size=1))
    own = profile(**{each: data.draw(st.integers(1, small.top)) for each in sorted(chosen)})
    done = [each.rung for each in plan(small, answers, aim_of(small, own.targets))]
    then = outlook(small, own, answers, cirt_exists=None, done=done)
    assert then.verdict.outcome is Outcome.MET
