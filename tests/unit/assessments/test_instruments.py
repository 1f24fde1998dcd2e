"""Reading instruments: the one that is shipped, and what is refused with file and line."""

import re
import shutil
from pathlib import Path

import pytest

from cirt.assessments.instruments import (
    Applies,
    Instrument,
    instruments,
    latest_instrument,
    load_instrument,
    read_instrument_folder,
    translation_file,
    translation_report,
)
from cirt.assessments.instruments.references import MODELS, provisions, reference_models
from cirt.datafiles import data_path
from cirt.errors import DataFileError, NotFoundError
from cirt.localtext import Sentence, Translation, fingerprint

ID, VERSION = "cirt-readiness", "1.0.0"


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_instrument(ID, VERSION)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped instrument to be spoilt."""
    copy = tmp_path / VERSION
    shutil.copytree(data_path("instruments", ID, VERSION), copy)
    return copy


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first occurrence in a file, and return its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


# --- the shipped instrument


def test_shipped_instrument_is_listed_loaded_once_and_the_latest(instrument: Instrument) -> None:
    assert (ID, VERSION) in [(each.id, each.version) for each in instruments()]
    assert load_instrument(ID, VERSION) is instrument
    assert latest_instrument(ID).id == ID
    assert re.fullmatch("[0-9a-f]{64}", instrument.digest)


@pytest.mark.parametrize(
    ("instrument_id", "version"),
    [(ID, "9.9.9"), ("no-such", VERSION), ("..", ".."), (ID, "../1.0.0"), ("", "")],
)
def test_instrument_that_is_not_installed_is_not_found(instrument_id: str, version: str) -> None:
    with pytest.raises(NotFoundError):
        load_instrument(instrument_id, version)


def test_shipped_instrument_has_16_dimensions_of_two_questions(instrument: Instrument) -> None:
    assert [each.id for each in instrument.dimensions] == [f"D{n}" for n in range(1, 17)]
    assert all(len(each.questions) == 2 for each in instrument.dimensions)
    assert len(instrument.questions) == 32
    assert len(instrument.scale) == 5
    assert {each.pillar_id for each in instrument.dimensions} == {
        each.id for each in instrument.pillars
    }
    assert len(instrument.pillars) == 5


def test_each_question_has_five_different_levels_evidence_and_provisions(
    instrument: Instrument,
) -> None:
    for question in instrument.questions:
        assert len({level.english for level in question.levels}) == 5, question.id
        assert question.evidence, question.id
        assert question.crosswalk.provisions, question.id
        assert question.text.english[-1] in "?.", question.id


def test_no_level_text_or_question_stands_twice(instrument: Instrument) -> None:
    for language in ("en", "ar"):
        texts = [each.text.in_language(language).text for each in instrument.questions]
        assert len(set(texts)) == len(texts)


def test_level_texts_avoid_words_that_two_assessors_read_differently(
    instrument: Instrument,
) -> None:
    vague = re.compile(
        r"\b(partly|partially|mostly|largely|well|good|adequate|adequately|appropriate|"
        r"sufficient|sufficiently|effective|effectively|regularly|often|sometimes|mature|etc)\b"
    )
    for question in instrument.questions:
        for level in question.levels:
            assert not vague.search(level.english), level.id


def test_both_stages_have_questions_of_their_own(instrument: Instrument) -> None:
    stages = {each.applies for each in instrument.questions}
    assert stages == {Applies.ALWAYS, Applies.BEFORE, Applies.AFTER}
    for dimension in instrument.dimensions:
        for exists in (True, False):
            assert any(q.applies.asked(exists) for q in dimension.questions), dimension.id


def test_arabic_is_complete_and_up_to_date(instrument: Instrument) -> None:
    reports = {each.language: each for each in translation_report(instrument)}
    assert reports["ar"].complete
    assert instrument.warnings == ()
    assert instrument.languages == ("en", "ar")


def test_arabic_keeps_latin_digits_and_numbers_of_the_english(instrument: Instrument) -> None:
    """A limit or a period lost in translation would make two different questionnaires."""
    words = {
        "two": "2|مرتين|اختباران|اختبارين|مشاركان|قطاعان|لسنتين|سنتين",
        "three": "ثلاث",
        "six": "6",
        "ten": "عشر",
        "nine": "تسع",
        "half": "نصف",
    }
    for sentence in instrument.sentences():
        arabic = sentence.in_language("ar").text
        assert not re.search("[٠-٩۰-۹]", arabic), sentence.id
        if sentence.id.endswith((".why", ".title", ".description")):
            continue
        numbers = re.findall(r"\d+", sentence.english)
        assert sorted(re.findall(r"\d+", arabic)) == sorted(numbers), sentence.id
        for english, expected in words.items():
            if re.search(rf"\b{english}\b", sentence.english):
                assert re.search(expected, arabic), (sentence.id, english)


def test_arabic_keeps_to_the_terms_of_the_union(instrument: Instrument) -> None:
    arabic = "\n".join(each.in_language("ar").text for each in instrument.sentences())
    for term in ("ثغرات", "الحرجة", "جاهزية", "مؤشر"):
        assert term not in arabic
    for term in ("الرسائل الاقتحامية", "البنية التحتية الحيوية", "مواطن الضعف", "التأهب"):
        assert term in arabic


def test_language_without_a_file_falls_back_to_english(instrument: Instrument) -> None:
    text = instrument.question("D1-Q1").text
    assert text.in_language("ar").translated
    assert text.in_language("ar").language == "ar"
    fallback = text.in_language("fr")
    assert (fallback.text, fallback.language, fallback.translated) == (text.english, "en", False)
    assert text.in_language("en").translated


def test_report_names_what_a_language_lacks(instrument: Instrument) -> None:
    french = next(each for each in translation_report(instrument) if each.language == "fr")
    assert french.missing == tuple(each.id for each in instrument.sentences())
    assert not french.complete


def test_sentence_ids_are_unique(instrument: Instrument) -> None:
    ids = [each.id for each in instrument.sentences()]
    assert len(set(ids)) == len(ids)


# --- language files


def test_language_file_written_and_read_gives_the_same_translations(
    folder: Path, instrument: Instrument
) -> None:
    (folder / "ar.yml").write_text(translation_file(instrument, "ar"), encoding="utf-8")
    assert read_instrument_folder(folder) == instrument


def test_empty_language_file_is_a_form_to_fill_in(folder: Path, instrument: Instrument) -> None:
    path = folder / "fr.yml"
    path.write_text(translation_file(instrument, "fr"), encoding="utf-8")
    once = read_instrument_folder(folder)
    assert once.languages == ("en", "ar", "fr")
    assert not once.title.in_language("fr").translated
    spoil(path, "text:\n", 'text: "Préparation : l\'état \\"national\\""\n')
    text = read_instrument_folder(folder).title.in_language("fr")
    assert text.text == 'Préparation : l\'état "national"'
    assert text.translated


def test_changed_english_makes_its_translation_stale(folder: Path) -> None:
    spoil(folder / "model.yml", "Mandate and authority", "Mandate, authority and place")
    changed = read_instrument_folder(folder)
    assert len(changed.warnings) == 1
    assert "D1.title" in changed.warnings[0]
    assert changed.dimension("D1").title.in_language("ar").stale
    report = next(each for each in translation_report(changed) if each.language == "ar")
    assert report.stale == ("D1.title",)
    assert not report.complete
    assert "CHANGED" in translation_file(changed, "ar")


def test_fingerprint_ignores_spacing_and_sees_words() -> None:
    assert fingerprint("one  two\nthree") == fingerprint("one two three")
    assert fingerprint("cafe\u0301") == fingerprint("caf\u00e9")
    assert fingerprint("one two") != fingerprint("one Two")
    assert re.fullmatch("[0-9a-f]{8}", fingerprint("one"))


def test_stale_translation_is_shown_and_marked() -> None:
    sentence = Sentence("x", "new", {"ar": Translation("قديم", fingerprint("old"))})
    shown = sentence.in_language("ar")
    assert (shown.text, shown.translated, shown.stale) == ("قديم", True, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  D1.title:", "  D99.title:"),
        ("language: ar", "language: fr"),
        ("version: 1.0.0", "version: 1.0.1"),
        ("instrument: cirt-readiness", "instrument: other"),
        ("    status: draft", "    status: perfect"),
        ("    status: draft", "    state: draft"),
        ('    src: "', '    src_: "'),
    ],
)
def test_wrong_language_file_is_refused_with_its_line(folder: Path, old: str, new: str) -> None:
    spoil(folder / "ar.yml", old, new)
    with pytest.raises(DataFileError) as refusal:
        read_instrument_folder(folder)
    assert refusal.value.path == folder / "ar.yml"
    assert refusal.value.line is not None


# --- refusals


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("id: D1-Q2", "id: D1-Q1", "D1-Q1"),
        ("id: D2\n", "id: D1\n", "D1"),
        ("capabilities: [mandate-and-resources, lawful-handling]", "capabilities: [x]", "D1-Q1: "),
        ("capabilities: [mandate-and-resources, lawful-handling]", "capabilities: []", "D1-Q1"),
        ("provisions: [R69-theme-national-priority, R58", "provisions: [R0, R58", "D1-Q1: "),
        ("sim3: [O-1, O-10]", "sim3: [O-1, O-99]", "D1-Q1: "),
        ("sim3: [O-1, O-10]", "sim3: [O-1, O-1]", "D1-Q1: "),
        ("gci: [GCI-T1]\n", "gci: [GCI-T9]\n", "D1-Q2: "),
        ("applies: after", "applies: later", "D6-Q2"),
        ("weight: 3", "weight: 0", "weight"),
        ("weight: 3", "weight: 1.5", "weight"),
        ("pillar: legal", "pillar: lego", "lego"),
        ("id: cirt-readiness", "id: CIRT", "lower-case"),
        ("version: 1.0.0", "version: 1.0", "version"),
        ("        why:", "        reason:", "reason"),
    ],
)
def test_wrong_model_is_refused_with_line_and_question(
    folder: Path, old: str, new: str, words: str
) -> None:
    line = spoil(folder / "model.yml", old, new)
    with pytest.raises(DataFileError) as refusal:
        read_instrument_folder(folder)
    assert refusal.value.path == folder / "model.yml"
    assert refusal.value.line == line
    assert words in str(refusal.value)


def test_missing_level_is_refused_with_the_question(folder: Path) -> None:
    line = spoil(folder / "model.yml", '          "3": "A decision of', '          # "3": "A')
    with pytest.raises(DataFileError, match=r"D1-Q1\.level: level 3 is missing") as refusal:
        read_instrument_folder(folder)
    assert refusal.value.line is not None
    assert abs(refusal.value.line - line) <= 4


def test_sixth_level_and_repeated_level_text_are_refused(folder: Path) -> None:
    spoil(
        folder / "model.yml", '          "4": "A published law', '          "5": "A published law'
    )
    with pytest.raises(DataFileError, match="5"):
        read_instrument_folder(folder)
    spoil(
        folder / "model.yml", '          "5": "A published law', '          "4": "A published law'
    )
    spoil(folder / "model.yml", '"1": "Informal"', '"1": "Absent"')
    with pytest.raises(DataFileError, match="two levels"):
        read_instrument_folder(folder)


def test_question_and_dimension_are_found_by_id_or_refused(instrument: Instrument) -> None:
    assert instrument.question("D7-Q2").dimension_id == "D7"
    assert instrument.pillar("legal").title.in_language("ar").text == "التدابير القانونية"
    for lookup in (instrument.question, instrument.dimension, instrument.pillar):
        with pytest.raises(NotFoundError):
            lookup("nothing")


# --- the registry of provisions and models


def test_only_paragraphs_read_in_the_adopted_text_are_verified() -> None:
    for provision in provisions().values():
        if provision.verified:
            assert provision.id.startswith("R45-KGL22-")
            assert provision.source_read == "primary"
            assert provision.paragraph
        else:
            assert provision.kind == "theme"
            assert provision.clause is None
            assert provision.paragraph is None


def test_provisions_are_paraphrased_in_english_and_arabic() -> None:
    for provision in provisions().values():
        assert provision.paraphrase.in_language("ar").translated
        assert provision.citation


def test_models_have_the_published_numbers_of_items() -> None:
    """SIM3 v2 interim: 45; FIRST CSIRT Services Framework 2.1: 21; UNGA 64/211 annex: 18."""
    counts = {name: len(model.items) for name, model in reference_models().items()}
    assert counts == {"un_64_211": 18, "sim3": 45, "gci": 20, "cmm": 23, "first_services": 21}
    assert set(counts) == set(MODELS)


def test_registry_texts_name_no_working_marks() -> None:
    for file in ("provisions.yml", "models.yml"):
        text = data_path("provisions", file).read_text(encoding="utf-8")
        assert not re.search(r"\bseed|\bMh\b|\bs2\b|\bMm\b|\bMl\b|B67|DXB14|HYD10", text)
