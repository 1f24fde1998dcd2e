"""The preparation lists: every parameter of SIM3, and a FIRST list that claims nothing as confirmed."""

import re
from datetime import UTC, datetime

import pytest

from cirt.assessments.design.checklist_document import LACKS, checklist_document, list_title
from cirt.assessments.design.checklists import (
    FIRST_MEMBERSHIP,
    SIM3,
    SOURCE_READ_NAMES,
    checklist,
    checklists,
    has_item,
)
from cirt.assessments.design.content import Checked, Preparation
from cirt.assessments.design.crosswalk import lowest, said_of
from cirt.assessments.design.names import item_names
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.references import reference_models
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.documents.model import Table
from cirt.documents.pdf import render_pdf
from cirt.errors import NotFoundError
from cirt.stix.marking import TLP

INSTRUMENT = load_instrument("cirt-readiness", "1.0.0")


def test_the_sim3_list_has_the_45_parameters():
    found = checklist(SIM3)
    assert [one.id for one in found.items] == list(reference_models()["sim3"].items)
    assert len(found.items) == 45
    assert "no audit" in found.notice


def test_nothing_in_the_first_list_is_called_confirmed():
    found = checklist(FIRST_MEMBERSHIP)
    assert len(found.items) >= 10
    for one in found.items:
        assert not one.verified
        assert one.citation and one.source_read in SOURCE_READ_NAMES
        assert one.text.in_language("ar").translated
    assert "confirm" in found.notice
    assert all("to be confirmed" in name for name in SOURCE_READ_NAMES.values())


def test_unknown_lists_and_items_are_not_there():
    assert has_item(SIM3, "O-1") and not has_item(SIM3, "O-99") and not has_item("x", "O-1")
    for call in (lambda: checklist("x"), lambda: checklist(SIM3).item("O-99")):
        with pytest.raises(NotFoundError):
            call()


def _said(level=None, evidence=0):
    question = next(one for one in INSTRUMENT.questions if "O-1" in one.crosswalk.sim3)
    answers = {}
    if level is not None:
        answers[question.id] = AnswerValue(AnswerState.LEVEL, level)
    return said_of(INSTRUMENT, answers, {question.id: range(evidence)}, "sim3", "O-1")


def _checked(said, item="O-1"):
    return Checked(checklist(SIM3).item(item), "open", "", "", 0, said)


def test_what_is_missing_follows_from_answers_and_evidence():
    assert _checked(()).lacks == ("question",)
    assert set(_checked(_said()).lacks) == {"answer", "evidence"}
    assert "evidence" in _checked(_said(3)).lacks
    assert "evidence" not in _checked(_said(3, evidence=2)).lacks
    assert set(LACKS) == {"question", "answer", "evidence"}


def test_the_lowest_answer_speaks_for_an_item():
    assert lowest(_said()) is None
    assert lowest(_said(2)) == min(one.share for one in _said(2) if one.share is not None)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_list_is_printed_with_its_notice_and_all_items(language):
    for found in checklists().values():
        items = tuple(
            Checked(one, "in-hand", "Head <b>", "note", 1, _said(2, 1) if one.sim3 else ())
            for one in found.items
        )
        prepared = Preparation(found, items)
        document = checklist_document(
            prepared, lambda text: text, country="Aurelia", language=language,
            direction="rtl" if language == "ar" else "ltr", marking=TLP.AMBER_STRICT,
            at=datetime(2027, 1, 2, tzinfo=UTC),
        )  # fmt: skip
        (table,) = (block for block in document.blocks if isinstance(block, Table))
        assert len(table.rows) == len(found.items)
        assert render_pdf(document).startswith(b"%PDF")
        assert list_title(prepared, language, lambda text: text)


def test_names_are_translated_where_an_instrument_translates_them():
    names = item_names("sim3")
    assert [one.english for one in names.values()] == list(
        reference_models()["sim3"].items.values()
    )
    assert names["O-1"].in_language("ar").translated
    services = item_names("first_services")
    assert len(services) == 21
    for one in (*names.values(), *services.values()):
        shown = one.in_language("ar")
        assert not shown.translated or not re.search(r"[:?؟()]", shown.text)
