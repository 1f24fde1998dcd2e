"""Two versions of an instrument: what differs, what becomes of answers, what the questions serve."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments import Instrument, Question, load_instrument
from cirt.assessments.instruments.comparison import Fate, Part, compare
from cirt.assessments.instruments.coverage import coverage
from cirt.assessments.instruments.references import provisions
from cirt.assessments.instruments.upgrade import AnswerFate, Given, upgrade
from cirt.errors import InvalidInputError
from cirt.localtext import Sentence, Translation

ONE = load_instrument("cirt-readiness", "1.0.0")
TWO = load_instrument("cirt-readiness", "2.0.0")


def with_question(
    instrument: Instrument, question_id: str, version: str = "1.0.1", **changes: Any
) -> Instrument:
    """The instrument with one question changed; None for the question: without it."""
    dimensions = tuple(
        replace(
            dimension,
            questions=tuple(
                replace(question, **changes) if question.id == question_id else question
                for question in dimension.questions
                if changes or question.id != question_id
            ),
        )
        for dimension in instrument.dimensions
    )
    return replace(instrument, version=version, dimensions=dimensions)


def only(before: Instrument, after: Instrument) -> Any:
    (change,) = [each for each in compare(before, after).questions if each.fate is not Fate.KEPT]
    return change


def test_version_compared_with_itself_keeps_everything() -> None:
    found = compare(TWO, replace(TWO, version="9.0.0"))
    assert {each.fate for each in (*found.questions, *found.dimensions)} == {Fate.KEPT}
    assert found.general == ()


def other(sentence: Sentence) -> Sentence:
    return replace(sentence, english=sentence.english + " Otherwise.")


Q = ONE.question("D1-Q1")


@pytest.mark.parametrize(
    ("changes", "part", "detail", "meaning"),
    [
        ({"text": other(Q.text)}, Part.TEXT, "", True),
        ({"levels": (*Q.levels[:2], other(Q.levels[2]), *Q.levels[3:])}, Part.LEVEL, "2", True),
        ({"why": other(Q.why)}, Part.WHY, "", False),
        ({"weight": 1}, Part.WEIGHT, "", False),
        ({"evidence": Q.evidence[:-1]}, Part.EVIDENCE, str(len(Q.evidence)), False),
        ({"asked_of": ("justice",)}, Part.ASKED_OF, "", False),
        ({"capabilities": Q.capabilities[:1]}, Part.CAPABILITIES, "", False),
        ({"crosswalk": replace(Q.crosswalk, gci=())}, Part.CROSSWALK, "gci", False),
        ({"steps": TWO.question("D1-Q1").steps[:1] + Q.steps[1:]}, Part.STEP, "1", False),
    ],
)
def test_change_names_its_part_and_whether_it_touches_the_meaning(
    changes: dict[str, Any], part: Part, detail: str, meaning: bool
) -> None:
    change = only(ONE, with_question(ONE, "D1-Q1", **changes))
    assert change.fate is Fate.CHANGED
    differences = {each.part: each.detail for each in change.differences}
    differences.pop(Part.TRANSLATION, None)
    assert differences == {part: detail}
    assert change.touches_meaning is meaning


def test_other_spaces_are_no_change_and_another_translation_is_one() -> None:
    spaced = replace(Q.text, english="  ".join(Q.text.english.split()))
    assert all(
        each.fate is Fate.KEPT
        for each in compare(ONE, with_question(ONE, "D1-Q1", text=spaced)).questions
    )
    said = replace(Q.text, translations=MappingProxyType({"ar": Translation("كذا", Q.text.src)}))
    change = only(ONE, with_question(ONE, "D1-Q1", text=said))
    assert [each.part for each in change.differences] == [Part.TRANSLATION]
    assert not change.touches_meaning


def test_questions_of_one_version_only_are_new_and_gone() -> None:
    without = with_question(ONE, "D1-Q2")
    assert only(ONE, without).fate is Fate.GONE
    assert only(without, ONE).fate is Fate.NEW


def test_two_instruments_are_not_compared() -> None:
    with pytest.raises(InvalidInputError):
        compare(ONE, replace(TWO, id="sim3"))


def plan(after: Instrument, **answers: Given) -> dict[str, AnswerFate]:
    versions = {ONE.version: ONE, after.version: after}
    found = upgrade(
        ONE, after, {key.replace("_", "-"): g for key, g in answers.items()}, versions.get
    )
    return {each.question_id: each.fate for each in found.answers}


LEVEL = Given(True, 3, "1.0.0")


def test_answers_are_kept_marked_opened_or_left_out() -> None:
    changed = with_question(ONE, "D1-Q1", text=other(Q.text))
    without = with_question(changed, "D2-Q1")
    assert plan(without, D1_Q1=LEVEL, D1_Q2=LEVEL, D2_Q1=LEVEL) == {
        "D1-Q1": AnswerFate.REVIEW,
        "D1-Q2": AnswerFate.KEPT,
        "D2-Q1": AnswerFate.GONE,
    }


def test_level_that_is_gone_opens_the_answer() -> None:
    short = replace(
        ONE,
        version="2.0.0",
        scale=ONE.scale[:3],
        dimensions=tuple(
            replace(
                d,
                questions=tuple(
                    replace(q, levels=q.levels[:3], steps=q.steps[:2]) for q in d.questions
                ),
            )
            for d in ONE.dimensions
        ),
    )
    fates = plan(
        short, D1_Q1=LEVEL, D1_Q2=Given(True, 1, "1.0.0"), D2_Q1=Given(True, None, "1.0.0")
    )
    assert fates == {
        "D1-Q1": AnswerFate.OPENED,
        "D1-Q2": AnswerFate.REVIEW,
        "D2-Q1": AnswerFate.REVIEW,
    }


def test_answer_is_compared_with_the_version_it_was_given_under() -> None:
    """Gone in 1.1.0, back in 1.2.0 with the same words: it counts again without a mark."""
    middle = with_question(ONE, "D1-Q1", version="1.1.0")
    later = replace(ONE, version="1.2.0")
    versions = {"1.0.0": ONE, "1.1.0": middle, "1.2.0": later}
    (found,) = upgrade(middle, later, {"D1-Q1": LEVEL}, versions.get).answers
    assert found.fate is AnswerFate.KEPT
    (unknown,) = upgrade(middle, later, {"D1-Q1": Given(True, 3, "0.9.0")}, versions.get).answers
    assert unknown.fate is AnswerFate.REVIEW and unknown.change is None


def test_opened_but_unanswered_question_needs_no_review() -> None:
    changed = with_question(ONE, "D1-Q1", text=other(Q.text))
    assert plan(changed, D1_Q1=Given(False, None, "1.0.0")) == {"D1-Q1": AnswerFate.KEPT}


GIVENS = st.dictionaries(
    st.sampled_from([q.id for q in TWO.questions] + ["Z1-Q1"]),
    st.builds(
        Given, st.booleans(), st.none() | st.integers(0, 4), st.sampled_from(["1.0.0", "2.0.0"])
    ),
)


@given(GIVENS)
def test_no_answer_is_lost_and_every_question_is_accounted_for(answers: dict[str, Given]) -> None:
    found = upgrade(ONE, TWO, answers, {"1.0.0": ONE, "2.0.0": TWO}.get)
    assert sorted(each.question_id for each in found.answers) == sorted(answers)
    asked = {question.id for question in TWO.questions}
    gone = {each.question_id for each in found.of(AnswerFate.GONE)}
    assert gone == set(answers) - asked
    said = {key for key, given_ in answers.items() if given_.said}
    assert {question.id for question in found.unanswered} == asked - said
    back = upgrade(TWO, ONE, answers, {"1.0.0": ONE, "2.0.0": TWO}.get)
    assert len(back.answers) == len(answers)


def served(instrument: Instrument, key: str) -> tuple[int, int]:
    part = coverage(instrument, provisions()).part(key)
    return part.served, len(part.items)


def test_coverage_of_cirt_readiness_2() -> None:
    """All 18 items of UN General Assembly resolution 64/211 and all 45 parameters of SIM3."""
    assert served(TWO, "un_64_211") == (18, 18)
    assert served(TWO, "sim3") == (45, 45)
    assert served(TWO, "capabilities")[0] == served(TWO, "capabilities")[1]
    assert served(TWO, "pillars") == (5, 5)
    found = coverage(TWO, provisions())
    assert found.without_capability == ()
    assert all(question.capabilities for question in TWO.questions)


def test_coverage_counts_verified_provisions_apart_from_themes() -> None:
    found = coverage(TWO, provisions())
    groups = ("provisions.read", "provisions.unverified", "provisions.themes")
    ids = [item.id for key in groups for item in found.part(key).items]
    assert sorted(ids) == sorted(provisions())
    for item in found.part("provisions.read").items:
        assert provisions()[item.id].verified
    for item in found.part("provisions.themes").items:
        assert provisions()[item.id].kind == "theme"
        assert provisions()[item.id].paragraph is None


def test_coverage_names_the_questions_and_what_is_not_served() -> None:
    lone: Question = replace(Q, crosswalk=replace(Q.crosswalk, sim3=("O-1",)))
    small = replace(
        ONE, dimensions=(replace(ONE.dimensions[0], questions=(replace(lone, capabilities=()),)),)
    )
    found = coverage(small, provisions())
    assert [item.id for item in found.part("sim3").items if item.questions] == ["O-1"]
    assert len(found.part("sim3").missing) == 44
    assert found.without_capability == ("D1-Q1",)
    with pytest.raises(KeyError):
        found.part("none")
