"""The verdict: every minimum met, never a mean; more is never worse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments.model import Applies
from cirt.assessments.results import Confidence
from cirt.assessments.verdict import Outcome, Standing, verdict
from tests.unit.assessments.generated import (
    NOT_ANSWERED,
    NOT_APPLICABLE,
    NOT_KNOWN,
    answers_to,
    instrument_with,
    instruments,
    level,
    profile_with,
    profiles_of,
    question,
    stages,
)

ORDER = [Outcome.NOT_MET, Outcome.OPEN, Outcome.MET]
TWO = instrument_with(question("Q1"), question("Q2"))


def outcome(answers, targets=None, *, instrument=TWO, cirt_exists=None):
    profile = profile_with(targets or {"Q1": 3, "Q2": 2})
    return verdict(instrument, profile, answers, cirt_exists=cirt_exists).outcome


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"Q1": level(3), "Q2": level(2)}, Outcome.MET),
        ({"Q1": level(4), "Q2": level(1)}, Outcome.NOT_MET),  # a mean would hide it
        ({"Q1": level(3)}, Outcome.OPEN),
        ({"Q1": level(3), "Q2": NOT_KNOWN}, Outcome.OPEN),
        ({"Q1": level(2)}, Outcome.NOT_MET),  # even though the other is open
        ({"Q1": level(3), "Q2": NOT_APPLICABLE}, Outcome.MET),
        ({"Q1": NOT_APPLICABLE, "Q2": NOT_APPLICABLE}, Outcome.OPEN),  # nothing was shown
        ({}, Outcome.OPEN),
    ],
)
def test_outcome_is_that_of_the_weakest_minimum(answers, expected):
    assert outcome(answers) is expected


@pytest.mark.parametrize("answers", [{}, {"Q1": level(0)}, {"Q1": level(4), "Q2": level(4)}])
def test_profile_with_an_empty_minimum_never_concludes(answers):
    assert outcome(answers, {"Q1": 1, "Q2": None}) is Outcome.INCOMPLETE


def test_what_only_a_team_can_show_keeps_the_verdict_open_until_there_is_one():
    instrument = instrument_with(
        question("Q1"),
        question("Q2", applies=Applies.AFTER),
        question("Q3", applies=Applies.BEFORE),
    )
    profile = profile_with({"Q1": 1, "Q2": 1, "Q3": 1})
    before = verdict(instrument, profile, {"Q1": level(1), "Q3": level(1)}, cirt_exists=False)
    assert before.outcome is Outcome.OPEN
    assert [line.standing for line in before.lines] == [
        Standing.MET,
        Standing.NOT_ASKED,
        Standing.MET,
    ]
    assert [line.holds_open for line in before.lines] == [False, True, False]
    after = verdict(instrument, profile, {"Q1": level(1), "Q2": level(1)}, cirt_exists=True)
    assert after.outcome is Outcome.MET  # the time before the team has passed


def test_coverage_and_confidence_come_with_the_verdict():
    answers = {"Q1": level(3), "Q2": NOT_KNOWN}
    found = verdict(TWO, profile_with({"Q1": 3, "Q2": 2}), answers, cirt_exists=None)
    assert (found.coverage.answered, found.coverage.not_known) == (1, 1)
    assert found.confidence is Confidence.MEDIUM
    full = verdict(
        TWO,
        profile_with({"Q1": 3, "Q2": 2}),
        {"Q1": level(3), "Q2": level(2)},
        cirt_exists=None,
        with_evidence={"Q1"},
    )
    assert full.confidence is Confidence.HIGH
    assert full.count(Standing.MET) == 2


@given(data=st.data())
def test_better_answer_never_lowers_the_outcome(data):
    instrument = data.draw(instruments())
    profile = data.draw(profiles_of(instrument))
    answers = data.draw(answers_to(instrument))
    stage = data.draw(stages)
    before = verdict(instrument, profile, answers, cirt_exists=stage).outcome
    raised = data.draw(st.sampled_from([q.id for q in instrument.questions]))
    present = answers.get(raised, NOT_ANSWERED)
    if present.level is None:  # only a level can be compared with a level
        answers[raised] = present = level(data.draw(st.integers(0, instrument.top)))
        before = verdict(instrument, profile, answers, cirt_exists=stage).outcome
    answers[raised] = level(data.draw(st.integers(present.level, instrument.top)))
    after = verdict(instrument, profile, answers, cirt_exists=stage).outcome
    if before is Outcome.INCOMPLETE:
        assert after is Outcome.INCOMPLETE
    else:
        assert ORDER.index(after) >= ORDER.index(before)


@given(data=st.data())
def test_answer_at_the_minimum_never_lowers_the_outcome_of_an_open_question(data):
    instrument = data.draw(instruments())
    profile = data.draw(profiles_of(instrument, complete=True))
    answers = data.draw(answers_to(instrument))
    before = verdict(instrument, profile, answers, cirt_exists=None).outcome
    for line in verdict(instrument, profile, answers, cirt_exists=None).lines:
        if line.standing is Standing.OPEN:
            answers[line.question_id] = level(line.minimum)
    after = verdict(instrument, profile, answers, cirt_exists=None).outcome
    assert ORDER.index(after) >= ORDER.index(before)


@given(data=st.data())
def test_met_means_that_every_minimum_is_met_or_falls_away(data):
    instrument = data.draw(instruments())
    profile = data.draw(profiles_of(instrument, complete=True))
    answers = data.draw(answers_to(instrument))
    stage = data.draw(stages)
    found = verdict(instrument, profile, answers, cirt_exists=stage)
    met, falls_away = [], []
    for minimum in profile.minimums:
        asked = instrument.question(minimum.question_id).applies
        answer = answers.get(minimum.question_id, NOT_ANSWERED)
        falls_away.append(
            (asked is Applies.BEFORE and stage is True)
            or (answer == NOT_APPLICABLE and asked.asked(stage))
        )
        met.append(
            asked.asked(stage) and answer.level is not None and answer.level >= minimum.level
        )
    expected = any(met) and all(m or f for m, f in zip(met, falls_away, strict=True))
    assert (found.outcome is Outcome.MET) == expected


@given(data=st.data())
def test_incomplete_profile_concludes_nothing_whatever_the_answers(data):
    instrument = data.draw(instruments())
    profile = data.draw(profiles_of(instrument))
    found = verdict(instrument, profile, data.draw(answers_to(instrument)), cirt_exists=None)
    assert (found.outcome is Outcome.INCOMPLETE) == (not profile.complete)
    assert len(found.lines) == len(profile.minimums)
    assert found.coverage.applicable <= len(profile.minimums)
