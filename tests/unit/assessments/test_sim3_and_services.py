"""The instruments after published models: SIM3's parameters and FIRST's services."""

import re

import pytest

from cirt.assessments.instruments import Applies, Instrument, load_instrument, translation_report
from cirt.assessments.instruments.references import reference_models

VERSION = "1.0.0"
MODELS = {"sim3": "sim3", "first-services": "first_services"}  # instrument -> reference model
VAGUE = re.compile(
    r"\b(partly|partially|mostly|largely|some|well|good|adequate|adequately|appropriate|"
    r"appropriately|sufficient|sufficiently|effective|effectively|regular|regularly|often|"
    r"sometimes|mature|etc)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module", params=sorted(MODELS))
def instrument(request: pytest.FixtureRequest) -> Instrument:
    return load_instrument(request.param, VERSION)


def items(instrument: Instrument) -> dict[str, str]:
    """Return the ids of the published model, with its names."""
    return dict(reference_models()[MODELS[instrument.id]].items)


def test_instrument_loads_without_warnings_with_a_notice_and_without_pillars(
    instrument: Instrument,
) -> None:
    assert instrument.warnings == ()
    assert instrument.languages == ("en", "ar")
    assert instrument.notice is not None
    assert instrument.pillars == ()


def test_questions_are_those_of_the_model_under_its_ids_and_names(instrument: Instrument) -> None:
    expected = items(instrument)
    assert [each.id for each in instrument.questions] == list(expected)
    for question in instrument.questions:
        assert question.text.english.startswith(f"{expected[question.id]}: "), question.id
        assert question.text.english.endswith("?"), question.id


def test_sim3_has_its_four_groups_of_parameters_for_a_team_that_works() -> None:
    sim3 = load_instrument("sim3", VERSION)
    assert [(each.id, each.title.english, len(each.questions)) for each in sim3.dimensions] == [
        ("O", "Organisation", 11),
        ("H", "Human", 7),
        ("T", "Tools", 10),
        ("P", "Processes", 17),
    ]
    assert len(sim3.questions) == 45
    assert len(sim3.scale) == 5
    assert {each.applies for each in sim3.questions} == {Applies.AFTER}
    assert not any(each.functions for each in sim3.questions)


def test_sim3_notice_says_whose_model_it_is_and_that_no_result_is_an_audit() -> None:
    notice = load_instrument("sim3", VERSION).notice
    assert notice is not None
    for part in ("Open CSIRT Foundation", "opencsirt.org", "no SIM3 audit and no certificate"):
        assert part in notice.english


def test_first_services_have_five_areas_and_76_functions_always_asked() -> None:
    services = load_instrument("first-services", VERSION)
    areas = [(each.id, each.title.english, len(each.questions)) for each in services.dimensions]
    assert areas == [
        ("FIRST-5", "Information Security Event Management", 2),
        ("FIRST-6", "Information Security Incident Management", 6),
        ("FIRST-7", "Vulnerability Management", 6),
        ("FIRST-8", "Situational Awareness", 3),
        ("FIRST-9", "Knowledge Transfer", 4),
    ]
    assert len(services.questions) == 21
    scale = [each.english for each in services.scale]
    assert scale == ["Absent", "Planned", "Basic", "Established"]
    assert {each.applies for each in services.questions} == {Applies.ALWAYS}
    assert sum(len(each.functions) for each in services.questions) == 76


def test_functions_are_numbered_under_their_service_without_a_gap() -> None:
    for question in load_instrument("first-services", VERSION).questions:
        service = question.id.removeprefix("FIRST-")
        expected = [f"{service}.{number + 1}" for number in range(len(question.functions))]
        assert [each.id for each in question.functions] == expected
        assert expected, question.id


def test_arabic_is_complete_and_differs_from_the_english(instrument: Instrument) -> None:
    reports = {each.language: each for each in translation_report(instrument)}
    assert reports["ar"].complete
    for sentence in instrument.sentences():
        assert re.search("[\u0621-\u064a]", sentence.in_language("ar").text), sentence.id


def test_arabic_keeps_the_id_of_the_model_beside_its_name(instrument: Instrument) -> None:
    for question in instrument.questions:
        assert f"({question.id}): " in question.text.in_language("ar").text


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_level_or_question_or_step_stands_twice(instrument: Instrument, language: str) -> None:
    questions = instrument.questions
    for sentences in (
        [level for each in questions for level in each.levels],
        [each.text for each in questions],
        [each.why for each in questions],
        [step.text for each in questions for step in each.steps if step.text is not None],
    ):
        texts = [each.in_language(language).text for each in sentences]
        assert sorted(texts) == sorted(set(texts))


def test_levels_and_questions_avoid_words_that_two_assessors_read_differently(
    instrument: Instrument,
) -> None:
    for question in instrument.questions:
        for sentence in (question.text, *question.levels):
            assert not VAGUE.search(sentence.english), sentence.id


def test_each_question_has_evidence_advice_and_somebody_to_ask(instrument: Instrument) -> None:
    for question in instrument.questions:
        assert 2 <= len(question.evidence) <= 3, question.id
        assert all(step.text and step.effort and step.cost for step in question.steps), question.id
        assert question.asked_of, question.id
        assert question.weight == 1, question.id


def test_each_question_names_a_capability_and_points_to_itself(instrument: Instrument) -> None:
    for question in instrument.questions:
        assert question.capabilities, question.id
        assert getattr(question.crosswalk, MODELS[instrument.id]) == (question.id,)


def test_each_service_leads_to_a_parameter_of_sim3() -> None:
    for question in load_instrument("first-services", VERSION).questions:
        assert question.crosswalk.sim3, question.id
