"""What stands around an answer: confidence, marks, functions, remarks, guidance, filters."""

import re

import pytest
import sqlalchemy as sa

from cirt.assessments import evidence
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import AnswerRemark, Assessment
from tests.functional.assessment_steps import (
    FIRST,
    SECOND,
    THIRD,
    answered,
    page,
    present,
    question_url,
    started,
    versions,
)

JSON = {"Accept": "application/json"}
MARKS = {"confidence": "low", "for_review": "y", "disputed": "y"}
SECOND_EDITION = ("cirt-readiness", "2.0.0")
SERVICES = ("first-services", "1.0.0")


def _fields(choice="3", revision=0, **more):
    return {"choice": choice, "reason": "", "comment": "", "revision": str(revision), **more}


def test_confidence_and_marks_are_saved_and_shown(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    assert farid.post(url, _fields(**MARKS, then="stay")).status_code == 302
    row = present(database, assessment_id, FIRST)
    assert (row.confidence, row.for_review, row.disputed) == ("low", True, True)
    text = page(farid.get(f"/assessments/{assessment_id}"))
    assert "Disputed" in text and "For review" in text
    # an unticked box takes the mark away again
    farid.post(url, _fields(revision=1, confidence="high"))
    row = present(database, assessment_id, FIRST)
    assert (row.confidence, row.for_review, row.disputed) == ("high", False, False)


def test_wrong_confidence_is_refused_and_the_rest_is_kept(browser, cast, database):
    assessment_id = started(database, cast)
    answer = browser("farid").post(
        question_url(assessment_id), _fields(confidence="certain", comment="Kept")
    )
    assert answer.status_code == 422
    assert "Choose one of the confidences listed." in page(answer) and "Kept" in page(answer)


def test_restoring_brings_back_every_part_of_an_answer(browser, cast, database):
    instrument = load_instrument(*SERVICES)
    asked = next(one for one in instrument.questions if one.functions)
    offered = sorted(one.id for one in asked.functions)[:2]
    assessment_id = started(database, cast, instrument=SERVICES)
    whole = {"confidence": "medium", "disputed": True, "functions": offered, "carried_from": "a/b"}
    answered(database, cast, assessment_id, asked.id, "1", comment="First", **whole)
    answered(database, cast, assessment_id, asked.id, "2", comment="Second")
    row = present(database, assessment_id, asked.id)
    assert (row.confidence, row.functions, row.carried_from) == ("", [], "")
    url = question_url(assessment_id, asked.id)
    text = page(browser("farid").get(f"{url}/history"))
    assert "Medium" in text and "Disputed" in text and "Functions offered" in text
    browser("farid").post(f"{url}/restore", {"version": "1", "revision": "2"})
    row = present(database, assessment_id, asked.id)
    assert (row.level, row.comment, row.confidence, row.disputed, row.functions, row.carried_from) == (
        1, "First", "medium", True, offered, "a/b",
    )  # fmt: skip
    assert versions(database, assessment_id, asked.id)[-1].restored_from == 1


def test_carried_answer_stays_one_as_long_as_its_level_does(cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "2", carried_from="old/D1-Q1")
    answered(database, cast, assessment_id, FIRST, "2", comment="Said again")
    assert present(database, assessment_id, FIRST).carried_from == "old/D1-Q1"
    answered(database, cast, assessment_id, FIRST, "3", comment="Now more")
    assert present(database, assessment_id, FIRST).carried_from == ""


def test_functions_offered_are_ticked_and_only_those_listed(browser, cast, database):
    asked = next(one for one in load_instrument(*SERVICES).questions if one.functions)
    assessment_id = started(database, cast, instrument=SERVICES)
    farid = browser("farid")
    url = question_url(assessment_id, asked.id)
    ids = [one.id for one in asked.functions]
    text = page(farid.get(url))
    assert all(f'value="{each}"' in text for each in ids)
    assert farid.post(url, _fields("1", functions=ids[:1])).status_code == 302
    assert present(database, assessment_id, asked.id).functions == ids[:1]
    wrong = farid.post(url, _fields("1", 1, functions=["none-such"]))
    assert wrong.status_code == 422 and "Choose among the functions listed." in page(wrong)


def test_level_above_the_scale_is_refused(browser, cast, database):
    asked = load_instrument(*SERVICES).questions[0]
    assert asked.top == 3
    assessment_id = started(database, cast, instrument=SERVICES)
    farid = browser("farid")
    url = question_url(assessment_id, asked.id)
    text = page(farid.get(url))
    assert 'data-level="3"' in text and 'data-level="4"' not in text
    answer = farid.post(url, _fields("4", comment="Kept"))
    assert answer.status_code == 422
    assert "Choose one of the answers listed." in page(answer) and "Kept" in page(answer)
    in_table = {f"revision:{asked.id}": "0", f"choice:{asked.id}": "4"}
    assert farid.post(f"/assessments/{assessment_id}/table", in_table).status_code == 422


def test_conflict_names_every_part_that_differs(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(
        database, cast, assessment_id, FIRST, "1", by="amina", confidence="high", disputed=True
    )
    farid = browser("farid")
    url = question_url(assessment_id)
    conflict = farid.post(url, _fields(**MARKS), headers=JSON).json["conflict"]
    labels = {field["label"]: field["text"] for field in conflict["fields"]}
    assert labels["How sure are those who answered?"].startswith("High")
    assert labels["Marked for review"] == "" and "Disputed" not in labels
    answer = farid.post(url, _fields(**MARKS))
    text = page(answer)
    assert answer.status_code == 409
    assert 'name="confidence" value="low"' in text.replace('type="hidden" ', "")
    saved = farid.post(url, _fields(revision=1, **MARKS, then="stay"))
    assert saved.status_code == 302
    row = present(database, assessment_id, FIRST)
    assert (row.level, row.confidence, row.for_review) == (3, "low", True)


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        ((), "No evidence"),
        (("interview", "interview"), "Weak evidence"),
        (("document",), "Medium evidence"),
        (("observation",), "Medium evidence"),
        (("interview", "document"), "Strong evidence"),
    ],
)
def test_strength_of_the_evidence_stands_beside_the_level(browser, cast, database, kinds, name):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "3")
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        for kind in kinds:
            evidence.add_entry(
                session,
                cast.actors["farid"],
                row,
                FIRST,
                kind=evidence.Kind(kind),
                reference="x",
            )
    text = page(browser("farid").get(question_url(assessment_id)))
    assert name in text and "It never changes the level." in text
    assert present(database, assessment_id, FIRST).level == 3


def test_remarks_are_read_in_order_and_never_changed(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    url = question_url(assessment_id)
    assert browser("amina").post(f"{url}/remarks", {"text": "Ask the ministry"}).status_code == 302
    farid = browser("farid")
    assert farid.post(f"{url}/remarks", {"text": "<i>Done</i>\r\nyesterday"}).status_code == 302
    text = page(farid.get(url))
    assert text.index("Ask the ministry") < text.index("&lt;i&gt;Done&lt;/i&gt;\nyesterday")
    assert "Amina" in text
    for wrong, sentence in (("  ", "Write the remark first."), ("x" * 5001, "Shorten this")):
        answer = farid.post(f"{url}/remarks", {"text": wrong})
        assert answer.status_code == 422 and sentence in page(answer)
    assert (
        farid.post(question_url(assessment_id, "D99-Q1") + "/remarks", {"text": "x"}).status_code
        == 404
    )
    assert browser("bela").get(f"{url}/remarks").status_code == 404
    assert browser("bela").post(f"{url}/remarks", {"text": "x"}).status_code == 404
    assert farid.client.post(f"{url}/remarks", data={"text": "x"}).status_code == 400
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AnswerRemark)) == 2


def test_question_says_who_can_answer_and_what_the_next_step_needs(browser, cast, database):
    instrument = load_instrument(*SECOND_EDITION)
    asked, step = next(
        (one, step)
        for one in instrument.questions
        for step in one.steps
        if step.needs and step.text is not None and one.applies == "always"
    )
    assessment_id = started(database, cast, instrument=SECOND_EDITION)
    farid = browser("farid")
    url = question_url(assessment_id, asked.id)
    assert "Who can answer:" in page(farid.get(url))
    assert "The step to level" not in page(farid.get(url))
    answered(database, cast, assessment_id, asked.id, str(step.level - 1))
    need = step.needs[0]
    text = page(farid.get(url))
    assert f"The step to level {step.level}" in text
    assert step.text.english[:40] in text.replace("&#39;", "'").replace("&#34;", '"')
    assert need.question_id in text and "not reached" in text
    answered(database, cast, assessment_id, need.question_id, str(need.level))
    assert "Effort" in page(farid.get(url)) and ">reached<" in page(farid.get(url))


def test_reference_that_nobody_compared_is_called_a_theme(browser, cast, database):
    from cirt.assessments.instruments.references import provisions

    instrument = load_instrument(*SECOND_EDITION)
    themes = {key for key, row in provisions().items() if not row.verified}
    asked = next(one for one in instrument.questions if themes & set(one.crosswalk.provisions))
    assessment_id = started(database, cast, instrument=SECOND_EDITION)
    text = page(browser("farid").get(question_url(assessment_id, asked.id)))
    assert "A theme of the text; not compared with the adopted wording yet." in text


@pytest.fixture
def round_with_marks(cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "1", disputed=True)
    answered(database, cast, assessment_id, SECOND, "2", confidence="low")
    answered(database, cast, assessment_id, THIRD, "3", for_review=True, disputed=True)
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        evidence.add_entry(
            session, cast.actors["farid"], row, FIRST, kind=evidence.Kind.DOCUMENT, reference="x"
        )
    return assessment_id


@pytest.mark.parametrize(
    ("show", "found"),
    [
        ("disputed", {FIRST, THIRD}),
        ("low-confidence", {SECOND}),
        ("for-review", {THIRD}),
        ("no-evidence", {SECOND, THIRD}),
    ],
)
def test_filter_finds_the_questions(browser, round_with_marks, show, found):
    text = page(browser("farid").get(f"/assessments/{round_with_marks}?show={show}"))
    assert set(re.findall(r"/questions/(D\d+-Q\d+)\?show=", text)) == found


def test_unanswered_ones_are_all_but_the_answered(browser, round_with_marks):
    text = page(browser("farid").get(f"/assessments/{round_with_marks}?show=unanswered"))
    found = set(re.findall(r"/questions/(D\d+-Q\d+)\?show=", text))
    assert len(found) == 29 and not found & {FIRST, SECOND, THIRD}
    whole = page(browser("farid").get(f"/assessments/{round_with_marks}?show=nonsense&group=x"))
    assert len(set(re.findall(r"/questions/(D\d+-Q\d+)", whole))) == 32


def test_filter_is_kept_when_stepping_and_saving(browser, round_with_marks):
    farid = browser("farid")
    url = question_url(round_with_marks) + "?show=disputed"
    text = page(farid.get(url))
    assert "Question 1 of 2" in text
    assert re.search(rf'data-key="n" href="[^"]*/{THIRD}\?show=disputed"', text)
    # no longer disputed, it still leads on to the next disputed one
    answer = farid.post(url, _fields("1", 1, then="next"))
    assert answer.location.endswith(f"/questions/{THIRD}?show=disputed")
    last = farid.post(question_url(round_with_marks, THIRD) + "?show=disputed", _fields("3", 1))
    assert last.location.endswith(f"/assessments/{round_with_marks}?show=disputed")


def test_filter_joins_with_a_stakeholder_group(browser, cast, database):
    instrument = load_instrument(*SECOND_EDITION)
    assessment_id = started(database, cast, instrument=SECOND_EDITION)
    expected = {one.id for one in instrument.questions if "regulator" in one.asked_of}
    assert 0 < len(expected) < len(instrument.questions)
    gone = sorted(expected)[0]
    answered(database, cast, assessment_id, gone, "1")
    url = f"/assessments/{assessment_id}?group=regulator&show=unanswered"
    text = page(browser("farid").get(url))
    found = set(re.findall(r"/questions/(D\d+-Q\d+)\?", text))
    assert found == expected - {gone}


def test_list_shows_state_round_instrument_and_narrows_by_state(browser, cast, database):
    started(database, cast, title="Being prepared one", begun=False)
    started(database, cast, title="Begun one")
    farid = browser("farid")
    text = page(farid.get("/assessments/"))
    assert "Being prepared one" in text and "Collecting answers" in text and "1.0.0" in text
    some = page(farid.get("/assessments/?state=preparing"))
    assert "Being prepared one" in some and "Begun one" not in some
    assert "No assessment is in this state." in page(farid.get("/assessments/?state=closed"))
    assert "Begun one" in page(farid.get("/assessments/?state=nonsense"))
