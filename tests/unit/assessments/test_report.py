"""The report's content as chapters and as a document, without web or database."""

from dataclasses import replace

import pytest

from cirt.assessments.evidence import KIND_NAMES
from cirt.assessments.findings.models import FINDING_KIND_NAMES
from cirt.assessments.plan.models import ACTION_STATE_NAMES
from cirt.assessments.report import names
from cirt.assessments.report.chapters import CHAPTERS
from cirt.assessments.report.document import report_document, written_chapters
from cirt.assessments.report.model import ParticipantContent
from cirt.assessments.report.writing import typed_blocks
from cirt.assessments.results_csv import STATED_NAMES
from cirt.assessments.typed_text import typed
from cirt.capability_tally import BAND_NAMES
from cirt.documents.json_form import from_json, to_json
from cirt.documents.model import (
    BulletList,
    Contents,
    Cover,
    Document,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from cirt.documents.pdf import render_pdf
from tests.unit.assessments.report_samples import HOSTILE, QUESTIONS, everything, nothing


def same(text: str) -> str:
    return text


def text_of(value: object) -> str:
    """Every text in blocks, in their order."""
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

    collect(value.blocks if isinstance(value, Document) else value)
    return "".join(found)


def chapter(content, chapter_id):
    """The blocks of one chapter, and whether it says that it is empty."""
    found = next(one for one in written_chapters(content, same) if one.chapter.id == chapter_id)
    return found.blocks, found.is_empty


def test_chapters_are_those_of_the_list_in_their_order():
    assert [each.number for each in CHAPTERS] == [str(n) for n in range(18)] + list("ABCDE")
    headings = [b for b in report_document(everything(), same).blocks if isinstance(b, Heading)]
    anchors = [each.anchor for each in headings if each.level == 1]
    ids = [each.id for each in CHAPTERS]
    assert anchors == ["contents", *ids[:18], "signatures", *ids[18:]]


def test_list_of_contents_leads_to_every_chapter_and_names_empty_ones():
    document = report_document(nothing(), same)
    contents = next(b for b in document.blocks if isinstance(b, Contents))
    anchors = {b.anchor for b in document.blocks if isinstance(b, Heading) and b.anchor}
    assert {entry.anchor for entry in contents.entries} == anchors - {"contents"}
    empty = {entry.anchor for entry in contents.entries if "nothing" in text_of(entry.spans)}
    assert {"country", "law", "findings", "recommendations", "participants"} <= empty
    assert empty.isdisjoint({"about", "summary", "method", "results"})


def test_empty_chapter_says_so_in_one_sentence_and_nothing_else():
    for chapter_id in ("country", "law", "findings", "roadmap", "agenda", "answers"):
        blocks, is_empty = chapter(nothing(), chapter_id)
        assert is_empty and len(blocks) == 1 and isinstance(blocks[0], Paragraph), chapter_id
        assert text_of(blocks).startswith("Nothing ")


def test_words_in_another_language_are_named_and_not_printed():
    blocks, is_empty = chapter(everything(), "law")
    assert not is_empty and "The words of this chapter were written in: Arabic" in text_of(blocks)


def test_verdict_stands_with_coverage_and_confidence_in_the_summary():
    text = text_of(chapter(everything(), "summary")[0])
    assert "Not every minimum of the profile “Foundation” is met." in text
    assert "Of 3 minimums 1 are met, 1 are not, 1 are open." in text
    assert "Questions with a level: 2 of 5. Medium confidence." in text
    assert "The overall figure is 2.4 of 4" in text and "Low confidence" in text
    assert "F1 \u2068A gap" in text and "A1 \u2068Name somebody." in text
    assert "in the order of the plan" in text  # the rule of the choice stands there too
    assert "Since round 1 the level of 1 questions went up and of 0 down" in text


def test_no_profile_and_no_figure_are_said_and_nothing_is_invented():
    text = text_of(report_document(nothing(), same))
    assert "No target profile was chosen" in text
    assert "No question has a level yet, so there is no figure." in text
    assert "0.0 of" not in text


@pytest.mark.parametrize(
    ("agreed", "closed", "head"),
    [("", "", "Draft"), ("2026-03-01", "", "Agreed on"), ("2026-03-01", "2026-04-01", "Agreed on")],
)
def test_head_of_every_page_and_cover_say_draft_until_agreed(agreed, closed, head):
    frame = replace(everything().frame, agreed_on=agreed, closed_on=closed)
    document = report_document(everything(frame=frame), same)
    assert document.status.startswith(head) and (agreed in document.status)
    cover = next(b for b in document.blocks if isinstance(b, Cover))
    details = {one.label: text_of(one.value) for one in cover.details}
    assert details["State"].startswith(head)
    assert ("closed on 2026-04-01" in details["State"]) is bool(closed)
    assert details["Marking"] == document.marking == "TLP:AMBER+STRICT"
    assert details["Nature"] == "Self-assessment; not an audit"


def test_every_answer_state_is_told_apart():
    text = text_of(chapter(everything(), "answers")[0])
    for sentence in (
        "Level 3, In operation: A decision.",
        "Not applicable, because: \u2068No such act",
        "Not known: nobody present could say.",
        "Not answered.",
        "Disputed.",
        "Marked for review.",
        "Carried over from another assessment.",
        "Minimum of the profile: 2.",
        "Strong evidence.",
        "Confidence of those who answered: High.",
        "Functions offered: Taking reports.",
    ):
        assert sentence in text, sentence


def test_report_never_says_that_a_country_complies():
    for content in (everything(), nothing()):
        text = text_of(report_document(content, same)).lower()
        assert not [
            word for word in ("complies", "compliant", "compliance", "certified") if word in text
        ]


def test_people_are_named_only_where_asked_for():
    named = everything(
        names=True,
        participants=(ParticipantContent("Lina", "Head", "Ministry", "Government", True),),
    )
    without, _ = chapter(everything(), "participants")
    table = next(b for b in without if isinstance(b, Table))
    assert len(table.header) == 4 and "no people" in text_of(without)
    text = text_of(chapter(named, "participants")[0])
    assert "Lina" in text and "This copy names people" in text and "TLP:AMBER+STRICT" in text


def test_signatures_name_roles_and_nobody():
    document = report_document(everything(), same)
    start = next(
        n for n, b in enumerate(document.blocks) if getattr(b, "anchor", "") == "signatures"
    )
    table = next(b for b in document.blocks[start:] if isinstance(b, Table))
    assert [text_of(cell).strip() for row in table.rows for cell in row[1:]] == [""] * 15


def test_unverified_provisions_are_flagged_and_have_no_place():
    blocks, _ = chapter(everything(), "provisions")
    table = next(b for b in blocks if isinstance(b, Table))
    assert [text_of(row[3]) for row in table.rows] == ["Yes", "Theme, not compared"]
    assert text_of(table.rows[0][0]).endswith("resolves 1")
    assert text_of(table.rows[1][0]) == "WTSA Resolution 58"
    served = text_of(chapter(everything(), "recommendations")[0])
    assert "WTDC Resolution 45, resolves 1; WTSA Resolution 58 (theme)" in served


def test_recommendations_say_owner_effort_and_what_was_dropped_and_why():
    text = text_of(chapter(everything(), "recommendations")[0])
    assert "owner: \u2068The ministry" in text and "by 2026-05-01" in text
    assert "effort: Small: up to 10 person-days" in text
    assert "Find out: \u2068How far?" in text and "owner: not named yet" in text
    assert "Dropped because: \u2068Too dear" in text


def test_heat_table_has_a_tint_for_every_figure_and_the_figure_in_it():
    blocks, _ = chapter(everything(), "results")
    table = next(b for b in blocks if isinstance(b, Table) and b.shades)
    assert table.shades[0] == (None, 3, None, 3)
    assert text_of(table.rows[0][1]) == "3.0" and text_of(table.rows[0][2]) == ""


def test_figures_stand_over_their_tables():
    for chapter_id in ("results", "roadmap"):
        blocks, _ = chapter(everything(), chapter_id)
        place = next(n for n, b in enumerate(blocks) if isinstance(b, Figure))
        assert any(isinstance(b, Table) for b in blocks[place:]), chapter_id
    two = everything(dimensions=everything().dimensions[:2])
    assert not any(isinstance(b, Figure) for b in chapter(two, "results")[0])


def test_ranges_of_money_are_never_a_false_sum():
    text = text_of(chapter(everything(), "roadmap")[0])
    assert "at least 62" in text and "1\u202f000 – 20\u202f000" in text and "at least 5" in text


def test_facts_are_printed_with_their_sources():
    blocks, _ = chapter(everything(), "country")
    rows = [[text_of(cell) for cell in row] for row in blocks[0].rows]
    assert rows[0] == ["Population", "4\u202f712\u202f345", "2024", "\u2068Statistics office\u2069"]
    assert rows[1][1:3] == ["61.5 %", "not said"]


def test_typed_text_becomes_paragraphs_and_lists_and_is_never_markup():
    blocks = list(typed_blocks("one\ntwo\n\n- a\n* b\n• c\nthree"))
    assert [type(one) for one in blocks] == [Paragraph, BulletList, Paragraph]
    assert len(blocks[1].items) == 3
    assert list(typed_blocks("  \n\n")) == []
    hostile = text_of(tuple(typed_blocks(HOSTILE)))
    assert "<script>alert(1)</script> **x** %(date)s {{7*7}} `y`" in hostile
    for block in typed_blocks(HOSTILE):
        spans = block.spans if isinstance(block, Paragraph) else sum(block.items, ())
        assert not any(span.bold or span.italic or span.code or span.link for span in spans)


def test_typed_words_are_never_read_as_markup():
    document = report_document(everything(), same)
    assert "Seen **twice** %(date)s" in text_of(document)


def test_scores_and_codes_read_left_to_right():
    blocks, _ = chapter(everything("ar"), "results")
    table = next(b for b in blocks if isinstance(b, Table) and len(b.header) == 6)
    code, _name, score, _target, _coverage, _confidence = table.rows[0]
    assert code[0].ltr and code[0].text == "D1"
    assert [span.text for span in score if span.ltr] == ["3.0", "4"]
    answers, _ = chapter(everything("ar"), "answers")
    heading = next(b for b in answers if isinstance(b, Heading) and b.level == 3)
    assert heading.spans[0].ltr and heading.spans[0].text == "D1-Q1"


def test_typed_text_keeps_its_order_in_either_direction():
    # UAX #9: FSI U+2068, LRI U+2066, PDI U+2069
    assert typed("المرسوم 2021-114").text == "\u2068المرسوم \u20662021-114\u2069\u2069"
    assert typed("C++\nرقم 5").text == "\u2068\u2066C++\u2069\u2069\n\u2068رقم 5\u2069"
    assert typed("\u2069word\u2066").text == "\u2068word\u2069"


def test_every_word_of_ours_goes_through_the_translator():
    content = everything()
    marked = report_document(content, lambda text: f"⟦{text}⟧")
    assert marked.labels.page == "⟦Page %(page)s of %(pages)s⟧"
    assert marked.status == "⟦Draft: the country has not agreed to it⟧"
    for block in marked.blocks:
        if isinstance(block, Table):
            for head in block.header:
                assert (
                    not text_of(head)
                    or "⟦" in text_of(head)
                    or text_of(head) in ("Law", "Technical")
                )
            assert "⟦" in text_of(block.caption)
        if isinstance(block, Heading) and block.level == 1:
            assert "⟦" in text_of(block.spans)


def test_names_of_codes_are_those_of_their_owners():
    assert dict(names.EVIDENCE_KINDS) == {key.value: name for key, name in KIND_NAMES.items()}
    assert dict(names.FINDING_KINDS) == {k.value: name for k, name in FINDING_KIND_NAMES.items()}
    assert dict(names.ACTION_STATES) == {k.value: name for k, name in ACTION_STATE_NAMES.items()}
    assert dict(names.BANDS) == {key.value: name for key, name in BAND_NAMES.items()}
    assert dict(names.STATED) == {key: name for key, name in STATED_NAMES.items() if key}


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("make", [everything, nothing])
def test_same_content_gives_the_same_pdf_in_both_directions(language, make):
    document = report_document(make(language), same)
    assert from_json(to_json(document)) == document
    assert render_pdf(document) == render_pdf(document)


def test_no_country_team_is_said_where_there_is_none():
    frame = replace(everything().frame, cirt_exists=False)
    text = text_of(chapter(everything(frame=frame, sim3_from=""), "sim3")[0])
    assert "There is no national CIRT yet" in text and "these are not SIM3 levels" in text


def test_questions_of_the_sample_cover_every_state():
    assert {each.state for each in QUESTIONS} == {
        "level",
        "not-applicable",
        "not-known",
        "not-answered",
    }
