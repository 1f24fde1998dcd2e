"""The report's content as a document, without web or database."""

from dataclasses import replace
from datetime import UTC, datetime

from cirt.assessments.instruments import load_instrument
from cirt.assessments.report.document import report_document
from cirt.assessments.report.model import (
    DimensionContent,
    EvidenceContent,
    ProvisionContent,
    QuestionContent,
    ReportContent,
)
from cirt.assessments.report.words import REPORT_WORDS
from cirt.assessments.results import Confidence, confidence, radar, shown_results
from cirt.assessments.scoring import AnswerState, AnswerValue, score
from cirt.assessments.typed_text import typed
from cirt.documents.json_form import from_json, to_json
from cirt.documents.model import Cover, Document, Heading, NumberedList, Table
from cirt.documents.pdf import render_pdf

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INSTRUMENT = load_instrument("cirt-readiness", "1.0.0")
ANSWERS = {
    "D1-Q1": AnswerValue(AnswerState.LEVEL, 3),
    "D1-Q2": AnswerValue(AnswerState.NOT_APPLICABLE, reason="No such act"),
    "D2-Q1": AnswerValue(AnswerState.NOT_KNOWN),
}


def _content(language="en", **changes) -> ReportContent:
    results = shown_results(INSTRUMENT, ANSWERS, cirt_exists=True, evidence={"D1-Q1": ("one",)})
    first = results.dimensions[0][1]
    questions = (
        QuestionContent(
            "D1-Q1", "On what?", AnswerState.LEVEL, 3, "In operation", "A decision.",
            comment="Seen **twice** %(date)s\n\nالمرسوم 2021-114",
            evidence=(EvidenceContent("file", "The decree", "2026-02-01", "d.pdf", "TLP:AMBER"),),
        ),
        QuestionContent("D1-Q2", "Where?", AnswerState.NOT_APPLICABLE, reason="No such act"),
        QuestionContent("D2-Q1", "How far?", AnswerState.NOT_KNOWN),
        QuestionContent("D2-Q2", "What?", AnswerState.NOT_ANSWERED),
    )  # fmt: skip
    content = ReportContent(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title="Round one",
        country="Aurelia",
        country_code="XA",
        marking="TLP:AMBER+STRICT",
        generated_at=AT,
        closed_at=None,
        is_closed=False,
        cirt_exists=True,
        instrument_title="Readiness",
        instrument_version="1.0.0",
        scale=("a", "b", "c", "d", "e"),
        results=results,
        dimensions=(DimensionContent("D1", "Mandate", "About it.", first, questions),),
        provisions=(
            ProvisionContent("Resolution 45", "resolves 1", "In short.", True, ("D1-Q1",)),
            ProvisionContent("Resolution 58", "", "A theme.", False, ("D1-Q1", "D1-Q2")),
        ),
    )
    return replace(content, **changes)


def _text(document: Document) -> str:
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            for each in value:
                collect(each)
        elif hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                collect(getattr(value, name))

    collect(document.blocks)
    return "\n".join(found)


def _same(text: str) -> str:
    return text


def test_cover_says_country_date_marking_and_that_it_is_no_audit():
    document = report_document(_content(), _same)
    cover = document.blocks[0]
    assert isinstance(cover, Cover)
    values = {detail.label: "".join(span.text for span in detail.value) for detail in cover.details}
    assert values["Country code"] == "XA" and values["Date of this report"] == "2026-03-01"
    assert values["Marking"] == document.marking == "TLP:AMBER+STRICT"
    assert values["Nature"] == "Self-assessment; not an audit"
    assert values["State"].startswith("Open")
    closed = report_document(_content(is_closed=True, closed_at=AT), _same)
    assert "Closed on" in _text(closed)


def test_every_answer_state_is_told_apart():
    text = _text(report_document(_content(), _same))
    for sentence in ("No such act", "Not known: nobody present could say.", "Not answered."):
        assert sentence in text
    assert "complies" not in text.lower()


def test_typed_words_are_never_read_as_markup():
    text = _text(report_document(_content(), _same))
    assert "Seen **twice** %(date)s" in text


def test_scores_and_codes_read_left_to_right():
    document = report_document(_content("ar"), _same)
    table = next(b for b in document.blocks if isinstance(b, Table) and len(b.header) == 5)
    code, _name, score_cell, _coverage, _confidence = table.rows[0]
    assert code[0].ltr and code[0].text == "D1"
    assert [span.text for span in score_cell if span.ltr] == ["3.0"]
    heading = next(b for b in document.blocks if isinstance(b, Heading) and b.level == 3)
    assert heading.spans[0].ltr and heading.spans[0].text == "D1-Q1"


def test_typed_text_keeps_its_order_in_either_direction():
    # UAX #9: FSI U+2068, LRI U+2066, PDI U+2069
    assert typed("المرسوم 2021-114").text == "\u2068المرسوم \u20662021-114\u2069\u2069"
    assert typed("C++\nرقم 5").text == "\u2068\u2066C++\u2069\u2069\n\u2068رقم 5\u2069"
    assert typed("\u2069word\u2066").text == "\u2068word\u2069"


def test_unverified_provisions_are_flagged_and_have_no_place():
    document = report_document(_content(), _same)
    table = next(b for b in document.blocks if isinstance(b, Table) and len(b.header) == 4)
    flags = ["".join(span.text for span in row[3]) for row in table.rows]
    assert flags == ["Yes", "Not compared"]
    assert table.rows[1][0][0].text == "Resolution 58"


def test_every_word_goes_through_the_translator():
    document = report_document(_content(), lambda text: f"⟦{text}⟧")
    plain = _text(report_document(_content(), _same))
    marked = _text(document)
    assert "⟦Summary⟧" in marked and "Summary" in plain
    assert document.labels.page == "⟦Page %(page)s of %(pages)s⟧"
    # nothing of the fixed vocabulary is left without its brackets
    for word in ("Method and scale", "Results", "Comment", "Evidence", "Not answered."):
        assert f"⟦{word}⟧" in marked


def test_same_content_gives_the_same_pdf_in_both_directions():
    for language in ("en", "ar"):
        document = report_document(_content(language), _same)
        assert from_json(to_json(document)) == document
        assert render_pdf(document) == render_pdf(document)


def test_words_have_no_unused_entry():
    words = set(REPORT_WORDS)
    for cirt_exists in (True, False, None):
        seen: set[str] = set()

        def note(text: str, seen: set[str] = seen) -> str:
            seen.add(text)
            return text

        report_document(_content(cirt_exists=cirt_exists), note)
        words -= {name for name, text in REPORT_WORDS.items() if text in seen}
    left = {"closed", "summary without figure", "no figure", "not applicable"}
    left |= {"kind document", "kind interview", "kind observation", "radar", "radar description"}
    left |= {"radar", "count not answered"}
    assert words <= left


def test_no_figure_is_no_zero():
    results = shown_results(INSTRUMENT, {}, cirt_exists=None, evidence={})
    assert results.overall.value is None and results.overall.confidence is Confidence.NONE
    assert {axis.value for axis in radar(results, "en").axes} == {None}
    document = report_document(_content(results=results, dimensions=()), _same)
    assert "No question has a level yet" in _text(document)
    assert not any(isinstance(block, NumberedList) for block in document.blocks)


def test_confidence_follows_coverage_and_evidence():
    ids = [question.id for question in INSTRUMENT.questions if question.applies.asked(True)]

    def figure(count):
        answers = {each: AnswerValue(AnswerState.LEVEL, 4) for each in ids[:count]}
        return score(INSTRUMENT, answers, cirt_exists=True).overall

    assert confidence(figure(0), 0) is Confidence.NONE
    assert confidence(figure(len(ids) // 2 - 1), 99) is Confidence.LOW
    assert confidence(figure(len(ids)), 0) is Confidence.MEDIUM
    assert confidence(figure(len(ids)), len(ids)) is Confidence.HIGH
