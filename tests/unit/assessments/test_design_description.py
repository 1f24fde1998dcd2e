"""The description of a team after RFC 2350 (BCP 21): fields, proposals, gaps, document, text."""

import re
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from cirt.assessments.design.description import FIELDS, GAP, SECTIONS, missing, read_description
from cirt.assessments.design.description_document import description_document, description_text
from cirt.assessments.design.description_proposals import TeamFacts, suggestions
from cirt.documents.model import Heading, Note, Paragraph
from cirt.documents.pdf import render_pdf
from cirt.errors import InvalidInputError
from cirt.stix.marking import TLP

AT = datetime(2027, 1, 2, tzinfo=UTC)
BARE = TeamFacts("Aurelia", "", "", "2027-01-02")
FULL = TeamFacts(
    "Aurelia", "CIRT-AU", "cirt@example.org", "2027-01-02",
    response=("Incident report acceptance",), proactive=("Awareness building",),
    coverage=40, on_call=True, shares={"O-1": Fraction(1), "O-8": Fraction(1), "P-11": Fraction(1)},
)  # fmt: skip


def _same(text):
    return text


def test_the_fields_are_those_of_the_template_in_its_order():
    numbers = [one.number for one in FIELDS]
    assert numbers[:5] == ["1.1", "1.2", "1.3", "1.4", "2.1"]
    assert numbers[-3:] == ["5.2", "6", "7"]
    assert {one.section for one in FIELDS} == set(SECTIONS)
    assert len({one.key for one in FIELDS}) == len(FIELDS) == 26


def test_proposals_fill_from_the_directory_the_services_and_the_hours():
    found = suggestions(FULL, _same)
    assert found["f2_1"].text == "CIRT-AU, Aurelia"
    assert found["f2_7"].text == "cirt@example.org"
    assert "40 hours" in found["f2_11"].text and "emergency" in found["f2_11"].text
    assert found["f5_1"].text == "- Incident report acceptance"
    assert found["f5_2"].text == "- Awareness building"
    assert "date of the act" in found["f3_4"].text
    assert "TLP" in found["f4_2"].text


def test_without_facts_the_proposals_have_gaps_and_claim_nothing():
    found = suggestions(BARE, _same)
    assert "f2_1" not in found and "f2_7" not in found and "f5_1" not in found
    assert GAP.fullmatch(found["f3_4"].text)
    assert "‹name of the team›" in found["f3_1"].text
    content = read_description({key: one.text for key, one in found.items()})
    names = {one.number for one in missing(content)}
    assert {"2.1", "2.2", "3.4", "3.3"} <= names
    assert "1.1" not in names


def test_no_proposal_tells_a_level():
    items = ("O-1", "O-3", "O-8", "P-11")
    for share in (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)):
        facts = TeamFacts("A", "T", "", "2027-01-02", shares=dict.fromkeys(items, share))
        for one in suggestions(facts, _same).values():
            assert not re.search(r"level [0-4]|[0-4] of [0-4]|assess", one.text)


def test_empty_needed_fields_and_gaps_are_missing_and_optional_ones_are_not():
    content = {one.key: "written" for one in FIELDS if one.needed}
    assert missing(content) == ()
    assert [one.number for one in missing({**content, "f3_2": ""})] == ["3.2"]
    assert [one.number for one in missing({**content, "f7": "x ‹y›"})] == ["7"]


def test_a_text_too_long_is_refused_at_its_field():
    with pytest.raises(InvalidInputError) as refused:
        read_description({"f3_1": "x" * 5_001})
    assert refused.value.field == "f3_1"


def _document(content, language="en", direction="ltr"):
    return description_document(
        content, _same, language=language, direction=direction, marking=TLP.CLEAR, at=AT
    )


def test_the_document_shows_every_field_and_a_gap_where_one_is_empty():
    content = read_description({"f2_1": "CIRT-AU\nAurelia", "f3_1": "To help."})
    document = _document(content)
    assert document.marking == "TLP:CLEAR"
    assert document.author == "CIRT-AU"
    assert sum(isinstance(one, Heading) and one.level == 2 for one in document.blocks) == 7
    assert sum(isinstance(one, Note) for one in document.blocks) == sum(
        one.needed and not content[one.key] for one in FIELDS
    )
    assert any(
        isinstance(one, Paragraph) and one.spans[0].text == "To help." for one in document.blocks
    )


def test_the_pdf_is_made_in_both_directions():
    content = read_description({"f2_1": "CIRT", "f3_1": "مهمة الفريق: C++ و 192.0.2.1"})
    assert render_pdf(_document(content)).startswith(b"%PDF")
    assert render_pdf(_document(content, "ar", "rtl")).startswith(b"%PDF")


def test_the_text_holds_every_field_marked_and_wrapped():
    content = read_description({"f2_1": "CIRT-AU", "f3_1": "word " * 60, "f2_8": "A" * 100})
    text = description_text(content, _same, marking=TLP.CLEAR)
    lines = text.split("\n")
    assert lines[0] == "TLP:CLEAR" and lines[-2] == "TLP:CLEAR"
    for one in FIELDS:
        assert any(
            line.startswith(f"{one.number}") and line.endswith(one.title) for line in lines
        ), one
    assert all(len(line) <= 76 for line in lines if "A" * 100 not in line)
    assert "[To be completed: " in text
    assert "   CIRT-AU" in lines
