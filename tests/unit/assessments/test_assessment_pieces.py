"""The plain rules around an assessment: strength, selection, sharing out, contents, checklist."""

import itertools
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.answering import (
    AnswerContent,
    Confidence,
    answer_content,
    check_fits,
)
from cirt.assessments.checklist import checklist
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import Assessment
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from cirt.assessments.scoring import AnswerState
from cirt.assessments.selection import Selection, Show, selection_of
from cirt.assessments.standard_agenda import STANDARD_AGENDAS, shares
from cirt.assessments.strength import Strength, strength
from cirt.errors import InvalidInputError

KINDS = ("file", "document", "interview", "observation")
ORDER = list(Strength)
CHOICES = ("0", "1", "2", "3", "4", "not-known", "not-answered")


@given(st.lists(st.sampled_from(KINDS)), st.sampled_from(KINDS))
def test_one_more_piece_never_weakens_the_evidence(kinds, more):
    assert ORDER.index(strength([*kinds, more])) >= ORDER.index(strength(kinds))


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], "none"),
        (["interview"], "weak"),
        (["interview"] * 3, "weak"),
        (["document"], "medium"),
        (["observation", "observation"], "medium"),
        (["file"], "strong"),
        (["document", "interview"], "strong"),
    ],
)
def test_strength_follows_the_written_rule(kinds, expected):
    assert strength(kinds) == expected


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=30),
    st.integers(1, 12),
)
def test_every_dimension_is_shared_out_once_and_in_order(sizes, sessions):
    found = shares([[None] * size for size in sizes], sessions)
    assert len(found) == sessions
    assert [place for part in found for place in part] == list(range(len(sizes)))


@pytest.mark.parametrize("days", STANDARD_AGENDAS)
def test_usual_agenda_leaves_time_between_its_items(days):
    items = STANDARD_AGENDAS[days]
    assert {one.day for one in items} == set(range(1, days + 1))
    for before, after in itertools.pairwise(items):
        assert before.starts < before.ends
        assert before.day < after.day or before.ends <= after.starts
    assert any(one.questions for one in items)


contents = st.builds(
    AnswerContent,
    state=st.just(AnswerState.LEVEL),
    level=st.integers(0, 4),
    confidence=st.sampled_from(Confidence),
    for_review=st.booleans(),
    disputed=st.booleans(),
)


@given(contents, st.integers(0, 3), st.sampled_from([None, *Show]), st.sampled_from(["", "a", "b"]))
def test_filter_and_group_only_ever_narrow(content, pieces, show, group):
    question = SimpleNamespace(asked_of=("a",))
    chosen = Selection(show, group).takes(question, content, pieces)
    assert not chosen or Selection(show).takes(question, content, pieces)
    assert not chosen or Selection(None, group).takes(question, content, pieces)
    assert Selection().takes(question, content, pieces)


def test_unknown_words_choose_nothing():
    assert selection_of({"show": "x", "group": "y"}, ("a",)).is_whole
    chosen = selection_of({"show": "disputed", "group": "a"}, ("a",))
    assert chosen.arguments == {"show": "disputed", "group": "a"}


@given(
    st.sampled_from(CHOICES),
    st.sampled_from(CHOICES),
    st.sampled_from(["", "old/Q1"]),
    st.sampled_from(["", "new/Q1"]),
)
def test_answer_is_carried_over_only_while_it_says_the_same(before, after, carried, again):
    earlier = answer_content(before, carried_from=carried)
    typed = answer_content(after, carried_from=again).after(earlier)
    expected = again or (carried if before == after else "")
    assert typed.carried_from == expected


@pytest.mark.parametrize("confidence", ["none", "LOW", "x" * 300, " low"])
def test_unknown_confidence_is_refused(confidence):
    with pytest.raises(InvalidInputError) as refused:
        answer_content("2", confidence=confidence)
    assert refused.value.field == "confidence"


def test_content_must_fit_its_question():
    question = load_instrument("first-services", "1.0.0").questions[0]
    for content, field in (
        (answer_content("4"), "choice"),
        (answer_content("1", functions=["none-such"]), "functions"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            check_fits(question, content)
        assert refused.value.field == field
    check_fits(question, answer_content("3", functions=[question.functions[0].id]))


def _round(**said):
    values = {"cirt_exists": True, "scope": "x", "profile": "x", "workshop_on": "2026-01-01"}
    return Assessment(**{**values, "workshop_place": "x", **said})


def test_checklist_names_the_groups_and_dimensions_that_are_missing():
    instrument = load_instrument("cirt-readiness", "2.0.0")
    checks = checklist(
        _round(),
        instrument,
        participants=[Participant(name="x", group="regulator")],
        documents=[RequestedDocument(title="x", due_on="2026-01-01", received_on="2025-12-30")],
        agenda=[AgendaItem(day=1, place=0, title="x", dimensions=["D1", "D2"], groups=[])],
        has_profiles=True,
        today=date(2026, 1, 2),
    )
    missing = {check.kind: check.ids for check in checks if not check.done}
    assert set(missing) == {"group", "dimension"}
    assert "regulator" not in missing["group"] and "law-enforcement" in missing["group"]
    assert missing["dimension"] == tuple(f"D{number}" for number in range(3, 17))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"cirt_exists": None}, "details"),
        ({"scope": ""}, "frame"),
        ({"profile": ""}, "frame"),
        ({"workshop_on": ""}, "frame"),
        ({"workshop_place": ""}, "frame"),
    ],
)
def test_each_gap_of_the_frame_is_one_open_check(change, part):
    def still_open(said):
        checks = checklist(
            said,
            load_instrument("cirt-readiness", "1.0.0"),
            participants=(),
            documents=(),
            agenda=(),
            has_profiles=True,
            today=date(2026, 1, 2),
        )
        return [check.part for check in checks if not check.done]

    assert still_open(_round(**change)) == [*([part]), *still_open(_round())]


def test_overdue_document_is_called_so_until_it_arrives():
    def sentences(**said):
        checks = checklist(
            _round(),
            load_instrument("cirt-readiness", "1.0.0"),
            participants=(),
            documents=[
                RequestedDocument(**{"title": "x", "due_on": "", "received_on": "", **said})
            ],
            agenda=(),
            has_profiles=False,
            today=date(2026, 1, 2),
        )
        return [check.sentence % check.params for check in checks if check.part == "documents"]

    assert sentences(due_on="2026-01-02") == ["Documents received: 0 of 1."]
    assert sentences(due_on="2026-01-01")[1] == "Documents overdue: 1."
    assert sentences(due_on="2026-01-01", received_on="2026-01-02") == [
        "Documents received: 1 of 1."
    ]
