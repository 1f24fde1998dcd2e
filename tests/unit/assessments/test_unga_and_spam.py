"""The two smaller instruments that are shipped: resolution 64/211 and readiness against spam."""

import re
from collections import Counter

import pytest

from cirt.assessments.instruments import (
    Applies,
    Instrument,
    latest_instrument,
    load_instrument,
    translation_report,
)
from cirt.assessments.instruments.references import reference_models

UNGA, SPAM = "unga-64-211", "spam-readiness"

VAGUE = re.compile(
    r"\b(partly|partially|mostly|largely|some|many|few|good|well|adequate|adequately|appropriate|"
    r"appropriately|sufficient|sufficiently|effective|effectively|regular|regularly|often|usually|"
    r"generally|sometimes|mature|etc)\b",
    re.IGNORECASE,
)
VERDICTS = re.compile(
    r"\b(compl(y|ies|ied|ying|iant|iance)|certif\w*|ranking|ranked)\b", re.IGNORECASE
)
ARABIC_VERDICTS = ("امتثال", "يمتثل", "تمتثل", "ممتثل")
ARABIC_NUMBERS = {
    "three": "ثلاث",
    "four": "أربع",
    "five": "خمس",
    "six": "ست",
    "nine": "تسع",
    "ten": "عشر",
    "half": "نصف",
}


@pytest.fixture(scope="module", params=[UNGA, SPAM])
def instrument(request: pytest.FixtureRequest) -> Instrument:
    return load_instrument(request.param, "1.0.0")


def test_instrument_loads_without_warnings_and_with_its_notice(instrument: Instrument) -> None:
    assert instrument.warnings == ()
    assert instrument.notice is not None
    assert "statement that a State fulfils a resolution" in instrument.notice.english
    assert len(instrument.scale) == 5


def test_every_question_is_complete(instrument: Instrument) -> None:
    for question in instrument.questions:
        assert question.text.english.endswith("?"), question.id
        assert 2 <= len(question.evidence) <= 4, question.id
        assert question.asked_of, question.id
        assert question.crosswalk.provisions, question.id
        assert question.applies is Applies.ALWAYS
        assert 1 <= question.weight <= 3
        for step in question.steps:
            assert step.text is not None, (question.id, step.level)
            assert step.effort is not None
            assert step.cost is not None


def test_dimension_points_at_what_its_questions_point_at(instrument: Instrument) -> None:
    """The page of a dimension must not name an item that none of its questions serves."""
    for dimension in instrument.dimensions:
        for model in ("un_64_211", "sim3", "gci", "cmm"):
            served = {each for q in dimension.questions for each in getattr(q.crosswalk, model)}
            assert set(getattr(dimension.crosswalk, model)) <= served, (dimension.id, model)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_level_question_or_step_stands_twice(instrument: Instrument, language: str) -> None:
    texts = Counter(
        sentence.in_language(language).text
        for question in instrument.questions
        for sentence in question.sentences()
        if ".evidence." not in sentence.id
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_level_texts_avoid_words_that_two_assessors_read_differently(
    instrument: Instrument,
) -> None:
    for question in instrument.questions:
        for level in question.levels:
            assert not VAGUE.search(level.english), level.id


def test_nothing_passes_a_verdict_on_a_state(instrument: Instrument) -> None:
    for sentence in instrument.sentences():
        assert not VERDICTS.search(sentence.english), sentence.id
        arabic = sentence.in_language("ar").text
        assert not any(word in arabic for word in ARABIC_VERDICTS), sentence.id


def test_arabic_is_complete_and_up_to_date(instrument: Instrument) -> None:
    report = next(each for each in translation_report(instrument) if each.language == "ar")
    assert report.complete
    assert instrument.languages == ("en", "ar")


def test_arabic_keeps_the_numbers_of_the_english(instrument: Instrument) -> None:
    """A limit or a period lost in translation would make two different questionnaires."""
    for sentence in instrument.sentences():
        arabic = sentence.in_language("ar").text
        assert not re.search("[٠-٩۰-۹]", arabic), sentence.id
        numbers = sorted(re.findall(r"\d+", sentence.english))
        assert sorted(re.findall(r"\d+", arabic)) == numbers, sentence.id
        if ".level." in sentence.id:
            for english, expected in ARABIC_NUMBERS.items():
                if re.search(rf"\b{english}\b", sentence.english):
                    assert expected in arabic, (sentence.id, english)


def test_arabic_keeps_to_the_terms_of_the_union(instrument: Instrument) -> None:
    arabic = "\n".join(each.in_language("ar").text for each in instrument.sentences())
    for term in ("ثغرات", "الحرجة", "جاهزية", "مؤشر"):
        assert term not in arabic


def test_resolution_64_211_has_the_18_items_of_the_registry_under_six_themes() -> None:
    instrument = load_instrument(UNGA, "1.0.0")
    items = reference_models()["un_64_211"].items
    assert [each.id for each in instrument.questions] == list(items)
    assert len(items) == 18
    assert [each.id for each in instrument.dimensions] == [f"UN211-{each}" for each in "ABCDEF"]
    assert instrument.pillars == ()
    for question in instrument.questions:
        assert question.crosswalk.un_64_211 == (question.id,)
        assert "R45-KGL22-considering-c" in question.crosswalk.provisions
        assert question.weight == 1


def test_spam_has_five_elements_and_the_statistics() -> None:
    instrument = load_instrument(SPAM, "1.0.0")
    assert [each.id for each in instrument.dimensions] == [f"S{n}" for n in range(1, 7)]
    assert 20 <= len(instrument.questions) <= 24
    for dimension in instrument.dimensions:
        ids = [each.id for each in dimension.questions]
        assert ids == [f"{dimension.id}-Q{n}" for n in range(1, len(ids) + 1)]
    for question in instrument.questions:
        assert "spam-and-abuse" in question.capabilities


def test_spam_prints_no_short_code_and_says_to_confirm_it() -> None:
    instrument = load_instrument(SPAM, "1.0.0")
    texts = [each.english for each in instrument.sentences()]
    assert not any(re.search(r"\b\d{4,}\b", text) for text in texts)
    assert any("confirm the number with GSMA" in text for text in texts)


def test_spam_repeats_no_sentence_of_the_readiness_instrument() -> None:
    main = latest_instrument("cirt-readiness")
    theirs = {
        each.src for question in main.dimension("D13").questions for each in question.sentences()
    }
    for question in load_instrument(SPAM, "1.0.0").questions:
        for sentence in (question.text, question.why, *question.levels):
            assert sentence.src not in theirs, sentence.id
