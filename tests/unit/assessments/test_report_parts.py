"""The rules behind the report: facts, choice, subjects, glossary, JSON; long and hostile content."""

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.instruments import load_instrument
from cirt.assessments.report.choosing import MOST_FINDINGS, chosen
from cirt.assessments.report.document import report_document, written_chapters
from cirt.assessments.report.facts import BY_ID, FACTS, FactValue, fact_value
from cirt.assessments.report.glossary import glossary
from cirt.assessments.report.json_form import report_json
from cirt.assessments.report.model_results import EvidenceContent
from cirt.assessments.report.page import shown_blocks
from cirt.assessments.report.subjects import grouped
from cirt.assessments.report.themes import THEMES, themes_of
from cirt.documents.production import produce_pdf
from cirt.errors import InvalidInputError
from tests.unit.assessments.report_samples import HOSTILE, everything, nothing

SCHEMA = Path(__file__).parents[3] / "docs" / "json" / "report.schema.json"


def same(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("fact", "typed", "kept"),
    [
        ("population", "4,712,345", "4712345"),
        ("population", "٤٬٧١٢٬٣٤٥", "4712345"),
        ("population", "4 712 345", "4712345"),
        ("fixed-broadband", "12.50", "12.5"),
        ("internet-users", "61.5 %", "61.5"),
        ("internet-users", "٦١٫٥٪", "61.5"),
        ("domain", "xa", ".xa"),
        ("domain", ".عمان", ".عمان"),
        ("gci-tier", "tier 3", "T3"),
        ("gci-tier", "٣", "T3"),
        ("critical-sectors", " الطاقة ", "الطاقة"),
    ],
)
def test_fact_is_kept_in_its_form(fact, typed, kept):
    value = fact_value(BY_ID[fact], typed, "٢٠٢٤", "A source")
    assert value == FactValue(kept, 2024, "A source")


@pytest.mark.parametrize(
    ("fact", "value", "year", "source", "field"),
    [
        ("population", "many", "", "x", "population-value"),
        ("population", "-5", "", "x", "population-value"),
        ("population", "1,23", "", "x", "population-value"),
        ("population", "1e9", "", "x", "population-value"),
        ("population", "9" * 30, "", "x", "population-value"),
        ("internet-users", "100.1", "", "x", "internet-users-value"),
        ("gci-tier", "T6", "", "x", "gci-tier-value"),
        ("domain", "two words", "", "x", "domain-value"),
        ("population", "5", "24", "x", "population-year"),
        ("population", "5", "20244", "x", "population-year"),
        ("population", "5", "2024", " ", "population-source"),
        ("critical-sectors", "x" * 501, "", "x", "critical-sectors-value"),
    ],
)
def test_fact_that_is_none_is_refused_at_its_field(fact, value, year, source, field):
    with pytest.raises(InvalidInputError) as refused:
        fact_value(BY_ID[fact], value, year, source)
    assert refused.value.field == field


def test_facts_may_stay_empty():
    assert all(fact_value(fact, "", "", "").is_empty for fact in FACTS)
    assert not fact_value(BY_ID["population"], "", "", "looked, not found").is_empty


@given(st.integers(0, 10**15))
def test_grouped_number_keeps_its_digits(number):
    assert grouped(str(number)).replace("\u202f", "") == str(number)


def test_choice_puts_findings_below_a_minimum_first_and_keeps_the_plans_order():
    findings = everything().findings
    rows = [
        replace(findings[0], code=f"F{n}", kind=kind, questions=questions)
        for n, (kind, questions) in enumerate(
            [("gap", ("Q1",)), ("risk", ("Q1",)), ("gap", ("Q2", "Q1")), ("gap", ("Q3",)),
             ("strength", ("Q3",)), ("gap", ()), ("gap", ())]
        )
    ]  # fmt: skip
    found = chosen(rows, everything().actions, below={"Q3"}, weights={"Q1": 1, "Q2": 3, "Q3": 1})
    assert found.findings == ("F3", "F2", "F1", "F0", "F5") and len(found.findings) == MOST_FINDINGS
    assert found.strengths == ("F4",)
    assert found.recommendations == ("A1", "A2")  # not the dropped one


def test_done_actions_are_no_recommendation():
    actions = tuple(replace(each, state="done") for each in everything().actions)
    assert chosen((), actions, below=(), weights={}).recommendations == ()


def test_subjects_of_the_chapters_are_asked_in_the_questionnaire():
    for version in ("1.0.0", "2.0.0"):
        questions = load_instrument("cirt-readiness", version).questions
        found = themes_of(questions)
        assert set(found) == set(THEMES)
        assert all(found.values()), version
        assert all(len(codes) < len(questions) / 2 for codes in found.values())


def test_every_term_is_explained_in_both_languages():
    assert len(glossary()) > 30
    for term in glossary():
        assert term.short or term.meaning
        for sentence in filter(None, (term.name, term.meaning)):
            assert sentence.in_language("ar").translated, sentence.english


@pytest.mark.parametrize("make", [everything, nothing])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_json_has_the_shape_that_is_written_down(make, language):
    content = make(language)
    body = report_json(content, written_chapters(content, same))
    document = json.loads(body)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    problems = [one.message for one in jsonschema_rs.validator_for(schema).iter_errors(document)]
    assert problems == []
    assert report_json(content, written_chapters(content, same)) == body


def test_schema_allows_nothing_that_is_not_written_down():
    schema = json.loads(SCHEMA.read_text("utf-8"))
    document = json.loads(report_json(everything(), written_chapters(everything(), same)))
    validator = jsonschema_rs.validator_for(schema)
    for path in ((), ("questions", 0), ("recommendations", 0), ("verdict",), ("provisions", 0)):
        broken = json.loads(json.dumps(document))
        place = broken
        for key in path:
            place = place[key]
        place["more"] = 1
        assert not validator.is_valid(broken), path


def test_hostile_content_is_survived_by_every_form():
    long_word = "و" * 30_000 + "w" * 30_000
    evidence = tuple(
        EvidenceContent("document", f"Evidence {n} {HOSTILE}", "2026-01-01") for n in range(500)
    )
    content = everything("ar")
    questions = tuple(
        replace(each, comment=f"{long_word}\ud800 \n" + "word " * 3_900, evidence=evidence[n::5])
        for n, each in enumerate(content.questions)
    )
    dimension = replace(content.dimensions[0], questions=questions)
    content = replace(
        content,
        dimensions=(dimension, *content.dimensions[1:]),
        frame=replace(content.frame, title=long_word[:200], scope=HOSTILE * 50),
    )
    document = report_document(content, same)
    pdf = produce_pdf(document)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) > 40
    text = "".join(page.extract_text() for page in reader.pages)
    assert "alert(1)" in text and all(f"Evidence {n} " in text for n in (0, 250, 499))
    for page in reader.pages:
        assert page.extract_text().count("TLP:AMBER+STRICT") >= 2
    assert (
        json.loads(report_json(content, written_chapters(content, same)))["format"] == "cirt-report"
    )
    assert sum(1 for one in shown_blocks(document) if one.kind == "table") > 20
