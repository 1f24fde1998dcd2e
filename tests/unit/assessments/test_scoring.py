"""The arithmetic of results, on the shipped instrument and on random answers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments import load_instrument
from cirt.assessments.scoring import (
    TREATMENTS,
    AnswerState,
    AnswerValue,
    Coverage,
    Figure,
    Results,
    Treatment,
    rounded,
    score,
)
from cirt.errors import InvalidInputError

INSTRUMENT = load_instrument("cirt-readiness", "1.0.0")
QUESTIONS = [question.id for question in INSTRUMENT.questions]


def level(number: int) -> AnswerValue:
    return AnswerValue(AnswerState.LEVEL, number)


NOT_KNOWN = AnswerValue(AnswerState.NOT_KNOWN)
NOT_APPLICABLE = AnswerValue(AnswerState.NOT_APPLICABLE, reason="no such sector here")

values = st.one_of(
    st.integers(0, 4).map(level),
    st.just(NOT_KNOWN),
    st.just(NOT_APPLICABLE),
    st.just(AnswerValue(AnswerState.NOT_ANSWERED)),
)
answer_sets = st.dictionaries(st.sampled_from(QUESTIONS), values)
stages = st.sampled_from([None, True, False])


def figures(results: Results) -> dict[str, Figure]:
    return {"overall": results.overall, **results.dimensions, **results.pillars}


# --- by example


def test_dimension_is_the_weighted_mean_of_its_levels() -> None:
    weights = {question.id: question.weight for question in INSTRUMENT.questions}
    assert (weights["D1-Q1"], weights["D1-Q2"]) == (3, 2)
    results = score(INSTRUMENT, {"D1-Q1": level(4), "D1-Q2": level(1)})
    assert results.dimensions["D1"].value == Fraction(3 * 4 + 2 * 1, 5)
    assert results.dimensions["D1"].rounded == Decimal("2.8")
    assert results.overall.value == Fraction(14, 5)
    assert results.pillars["organizational-structures"].value == Fraction(14, 5)


def test_explanation_shows_terms_and_what_was_left_out() -> None:
    results = score(INSTRUMENT, {"D1-Q1": level(4), "D1-Q2": NOT_KNOWN})
    explanation = results.dimensions["D1"].explanation
    assert [(term.question_id, term.level, term.weight) for term in explanation.terms] == [
        ("D1-Q1", 4, 3)
    ]
    assert [(q.question_id, q.treatment) for q in explanation.left_out] == [
        ("D1-Q2", Treatment.NOT_KNOWN)
    ]
    assert (explanation.weighted_sum, explanation.weight_sum) == (12, 3)


def test_nothing_answered_is_no_figure_and_not_0() -> None:
    results = score(INSTRUMENT, {})
    assert results.overall.value is None
    assert results.overall.rounded is None
    assert results.overall.coverage == Coverage(not_answered=32)
    assert results.overall.coverage.share == 0


def test_not_known_is_not_a_0() -> None:
    results = score(INSTRUMENT, {"D1-Q1": level(3), "D1-Q2": NOT_KNOWN})
    assert results.dimensions["D1"].value == 3
    assert results.dimensions["D1"].coverage == Coverage(answered=1, not_known=1)
    assert results.dimensions["D1"].coverage.share == Fraction(1, 2)
    assert results.dimensions["D1"].coverage.complete


def test_not_applicable_leaves_the_denominators() -> None:
    results = score(INSTRUMENT, {"D1-Q1": level(3), "D1-Q2": NOT_APPLICABLE})
    assert results.dimensions["D1"].value == 3
    assert results.dimensions["D1"].coverage.share == 1
    assert results.questions["D1-Q2"].reason == "no such sector here"
    nothing = score(INSTRUMENT, dict.fromkeys(("D1-Q1", "D1-Q2"), NOT_APPLICABLE))
    assert nothing.dimensions["D1"].value is None
    assert nothing.dimensions["D1"].coverage.share is None


def test_question_of_the_other_stage_is_not_asked_even_if_answered() -> None:
    answers = {"D15-Q1": level(1), "D15-Q2": level(4)}
    before = score(INSTRUMENT, answers, cirt_exists=False)
    after = score(INSTRUMENT, answers, cirt_exists=True)
    assert before.dimensions["D15"].value == Fraction(5, 2)
    assert after.dimensions["D15"].value == 1
    assert after.dimensions["D15"].coverage == Coverage(answered=1, not_asked=1)
    assert after.questions["D15-Q2"].treatment is Treatment.NOT_ASKED
    assert before.questions["D6-Q2"].treatment is Treatment.NOT_ASKED


def test_other_weights_can_be_compared() -> None:
    answers = {"D1-Q1": level(4), "D1-Q2": level(1)}
    assert score(INSTRUMENT, answers, weights={"D1-Q1": 1, "D1-Q2": 1}).dimensions[
        "D1"
    ].value == Fraction(5, 2)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(0), "0.0"),
        (Fraction(4), "4.0"),
        (Fraction(9, 4), "2.3"),
        (Fraction(5, 4), "1.3"),
        (Fraction(1, 20), "0.1"),
        (Fraction(224999, 100000), "2.2"),
        (Fraction(1, 3), "0.3"),
        (Fraction(2, 3), "0.7"),
    ],
)
def test_rounding_is_half_up_to_one_decimal(value: Fraction, shown: str) -> None:
    assert str(rounded(value)) == shown


@pytest.mark.parametrize(
    ("state", "number", "reason", "field"),
    [
        (AnswerState.LEVEL, None, "", "level"),
        (AnswerState.LEVEL, 5, "", "level"),
        (AnswerState.LEVEL, -1, "", "level"),
        (AnswerState.LEVEL, True, "", "level"),
        (AnswerState.NOT_KNOWN, 2, "", "level"),
        (AnswerState.NOT_ANSWERED, 0, "", "level"),
        (AnswerState.NOT_APPLICABLE, None, " ", "reason"),
    ],
)
def test_answer_that_contradicts_itself_is_refused(
    state: AnswerState, number: int | None, reason: str, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        AnswerValue(state, number, reason)
    assert refusal.value.field == field


def test_unknown_question_and_wrong_weight_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="D1-Q9"):
        score(INSTRUMENT, {"D1-Q9": level(1)})
    for weight in (0, 101, -1, True):
        with pytest.raises(InvalidInputError, match="D1-Q1"):
            score(INSTRUMENT, {}, weights={"D1-Q1": weight})


def test_every_treatment_has_a_sentence() -> None:
    assert set(TREATMENTS) == set(Treatment)


# --- for any answers


@given(answer_sets, stages)
def test_figures_lie_between_0_and_4_and_between_their_terms(
    answers: dict[str, AnswerValue], cirt_exists: bool | None
) -> None:
    for figure in figures(score(INSTRUMENT, answers, cirt_exists=cirt_exists)).values():
        levels = [q.level for q in figure.questions if q.level is not None]
        if not levels:
            assert figure.value is None
            continue
        assert figure.value is not None
        assert 0 <= min(levels) <= figure.value <= max(levels) <= 4
        assert figure.rounded is not None
        assert abs(Fraction(figure.rounded) - figure.value) <= Fraction(1, 20)


@given(answer_sets, st.sampled_from(QUESTIONS), st.integers(0, 3), st.integers(1, 4), stages)
def test_better_answer_never_lowers_a_figure(
    answers: dict[str, AnswerValue],
    question_id: str,
    low: int,
    rise: int,
    cirt_exists: bool | None,
) -> None:
    high = min(4, low + rise)
    worse = score(INSTRUMENT, {**answers, question_id: level(low)}, cirt_exists=cirt_exists)
    better = score(INSTRUMENT, {**answers, question_id: level(high)}, cirt_exists=cirt_exists)
    for name, figure in figures(worse).items():
        other = figures(better)[name]
        assert (figure.value is None) == (other.value is None)
        if figure.value is not None and other.value is not None:
            assert other.value >= figure.value


@given(answer_sets, st.randoms(use_true_random=False))
def test_order_of_answers_does_not_matter(answers: dict[str, AnswerValue], random: object) -> None:
    items = list(answers.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert score(INSTRUMENT, dict(items)) == score(INSTRUMENT, answers)


@given(answer_sets, st.sampled_from(QUESTIONS))
def test_unanswered_not_known_and_not_applicable_leave_the_mean_alone(
    answers: dict[str, AnswerValue], question_id: str
) -> None:
    without = {key: value for key, value in answers.items() if key != question_id}
    expected = {name: f.value for name, f in figures(score(INSTRUMENT, without)).items()}
    for answer in (NOT_KNOWN, NOT_APPLICABLE, AnswerValue(AnswerState.NOT_ANSWERED)):
        results = score(INSTRUMENT, {**without, question_id: answer})
        assert {name: f.value for name, f in figures(results).items()} == expected


@given(answer_sets, stages)
def test_coverage_counts_every_question_once(
    answers: dict[str, AnswerValue], cirt_exists: bool | None
) -> None:
    for figure in figures(score(INSTRUMENT, answers, cirt_exists=cirt_exists)).values():
        c = figure.coverage
        assert c.applicable + c.not_applicable + c.not_asked == len(figure.questions)
        assert c.share is None or 0 <= c.share <= 1


@given(answer_sets, st.integers(2, 20))
def test_only_the_proportions_of_weights_matter(
    answers: dict[str, AnswerValue], factor: int
) -> None:
    scaled = {q.id: min(100, q.weight * factor) for q in INSTRUMENT.questions}
    plain = figures(score(INSTRUMENT, answers))
    for name, figure in figures(score(INSTRUMENT, answers, weights=scaled)).items():
        assert figure.value == plain[name].value


@given(answer_sets)
def test_explanation_recomputes_every_figure(answers: dict[str, AnswerValue]) -> None:
    for figure in figures(score(INSTRUMENT, answers)).values():
        e = figure.explanation
        assert len(e.terms) + len(e.left_out) == len(figure.questions)
        assert figure.value == (Fraction(e.weighted_sum, e.weight_sum) if e.weight_sum else None)
