"""Actions of the plan by hand: added, edited, moved, dropped, restored, and noted progress of."""

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, edit_action
from cirt.assessments.plan.models import ActionState, PlanAction, PlanProgress
from cirt.assessments.plan.texts import text_of
from tests.functional.assessment_steps import led_to, page
from tests.functional.plan_steps import (
    action,
    closed,
    code_of,
    own_action,
    plan,
    proposed,
    url,
    with_answers,
)


def _fields(**more):
    return {
        "text": "Draft a decision",
        "indicator": "",
        "owner": "Ministry of digital affairs",
        "starts_on": "2026-04-01",
        "target_date": "2026-05-01",
        "phase": "design",
        "effort": "small",
        "cost": "none",
        "needs": "",
        "question_id": "",
        **more,
    }


def _at(database, assessment_id, code, rest=""):
    return url(assessment_id, f"plan/actions/{action(database, assessment_id, code).id}{rest}")


@pytest.fixture
def assessment_id(database, cast):
    """An assessment with a proposed plan."""
    found = with_answers(database, cast)
    proposed(database, cast, found)
    return found


def _codes(database, assessment_id, phase):
    found = plan(database, assessment_id)
    return [one.code for each in found.phases if each.phase == phase for one in each.actions]


def test_own_action_is_added_at_the_end_of_its_phase(browser, database, assessment_id):
    farid = browser("farid")
    assert "What is to be done" in page(farid.get(url(assessment_id, "plan/actions/new")))
    before = _codes(database, assessment_id, "design")
    answer = farid.post(
        url(assessment_id, "plan/actions/new"), _fields(needs="a1, A2", question_id="d4-q1")
    )
    assert answer.status_code == 302 and answer.location.endswith("#A33")
    row = action(database, assessment_id, "A33")
    assert (row.text, row.owner, row.state) == (
        "Draft a decision", "Ministry of digital affairs", ActionState.PLANNED,
    )  # fmt: skip
    assert (row.question_id, row.to_level, str(row.target_date)) == ("D4-Q1", None, "2026-05-01")
    assert _codes(database, assessment_id, "design") == [*before, "A33"]
    one = next(one for one in plan(database, assessment_id).actions if one.code == "A33")
    assert set(one.needs) == {"A1", "A2"} and one.is_own
    text = page(farid.get(url(assessment_id)))
    assert "Added by hand." in text and "Ministry of digital affairs" in text
    assert "\u2066A33\u2069 \u2068Draft a decision" in page(
        farid.get(url(assessment_id, "questions/D4-Q1"))
    )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "  ", "Say what is to be done."),
        ("text", "a" * 5_001, "Shorten this to 5000 characters"),
        ("owner", "a" * 201, "Shorten this to 200 characters"),
        ("target_date", "2026-03-31", "The target date lies before the first day."),
        ("target_date", "31.3.2026", "Give the date as year-month-day"),
        ("starts_on", "2026-02-30", "Give the date as year-month-day"),
        ("phase", "later", "Choose one of those listed."),
        ("phase", "", "Choose one of those listed."),
        ("effort", "huge", "Choose one of those listed."),
        ("cost", "1000", "Choose one of those listed."),
        ("needs", "A99", "“A99” is not known here."),
        ("needs", "<b>", "“&lt;b&gt;” is not known here."),
        ("question_id", "D99-Q1", "“D99-Q1” is not known here."),
    ],
)
def test_bad_action_is_refused_and_kept(browser, database, assessment_id, field, value, sentence):
    kept = "Kept <i>as typed</i>"
    fields = {**_fields(indicator=kept), field: value}
    farid = browser("farid")
    for address in (
        url(assessment_id, "plan/actions/new"),
        _at(database, assessment_id, "A1", "/edit"),
    ):
        if field == "question_id" and address.endswith("edit"):
            continue  # the question of a proposed action stays
        answer = farid.post(address, {**fields, "revision": "1"})
        text = page(answer)
        assert answer.status_code == 422 and sentence in text
        assert "Kept &lt;i&gt;as typed&lt;/i&gt;" in text
    assert len(plan(database, assessment_id).everything) == 32
    assert action(database, assessment_id, "A1").revision == 1


def test_edited_action_says_what_was_typed(browser, database, assessment_id):
    farid = browser("farid")
    code = code_of(database, assessment_id, "D1-Q1", 2)
    address = _at(database, assessment_id, code, "/edit")
    assert action(database, assessment_id, code).text in page(farid.get(address))
    answer = farid.post(address, _fields(needs="A1", revision="1", question_id="D9-Q1"))
    assert answer.status_code == 302
    row = action(database, assessment_id, code)
    assert (row.text, row.edited, row.revision) == ("Draft a decision", True, 2)
    assert (row.question_id, row.to_level) == ("D1-Q1", 2)
    assert "Changed by hand" in page(farid.get(url(assessment_id)))
    # the same words once more are no change
    assert farid.post(address, _fields(needs="A1", revision="2")).status_code == 302
    assert action(database, assessment_id, code).revision == 2


def test_action_with_an_owner_still_speaks_the_readers_language(browser, database, assessment_id):
    farid = browser("farid")
    code = code_of(database, assessment_id, "D1-Q1", 2)
    row = action(database, assessment_id, code)
    said = _fields(text=row.text, indicator=row.indicator, revision="1")
    assert farid.post(_at(database, assessment_id, code, "/edit"), said).status_code == 302
    row = action(database, assessment_id, code)
    assert row.edited and row.owner == "Ministry of digital affairs"
    with database.reading() as session:
        assessment = session.get_one(Assessment, assessment_id)
        instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    assert text_of(row, instrument, None).text == row.text
    english = text_of(row, instrument, "en")  # the workshop spoke Arabic
    assert (row.language, english.language, english.is_own) == ("ar", "en", False)
    assert english.text != row.text and english.indicator != row.indicator
    # own words stay as they were typed, in every language
    said = _fields(text=f"{row.text} By May.", indicator=row.indicator, revision="2")
    assert farid.post(_at(database, assessment_id, code, "/edit"), said).status_code == 302
    row = action(database, assessment_id, code)
    typed = text_of(row, instrument, "en")
    assert (typed.text, typed.is_own) == (row.text, True)


def test_stale_edit_loses_nobodys_words(browser, cast, database, assessment_id):
    farid = browser("farid")
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, "A1").id)
        content = ActionContent("Theirs <b>now</b>", owner="Their owner", phase="assess")
        assessment = session.get_one(Assessment, assessment_id)
        edit_action(session, cast.actors["farid"], assessment, row, content, revision=1)
    address = _at(database, assessment_id, "A1", "/edit")
    answer = farid.post(address, _fields(text="Mine, typed for long", revision="1"))
    text = page(answer)
    assert answer.status_code == 409
    assert "Mine, typed for long" in text and "Theirs &lt;b&gt;now&lt;/b&gt;" in text
    assert "Their owner" in text and 'name="revision" type="hidden" value="2"' in text
    assert action(database, assessment_id, "A1").text == "Theirs <b>now</b>"
    assert farid.post(address, _fields(text="Mine", revision="2")).status_code == 302
    assert action(database, assessment_id, "A1").text == "Mine"


@pytest.mark.parametrize("revision", ["", "x", "-1", "7", "9" * 40])
def test_nonsense_as_revision_never_overwrites(browser, database, assessment_id, revision):
    address = _at(database, assessment_id, "A1", "/edit")
    answer = browser("farid").post(address, _fields(revision=revision))
    assert answer.status_code == 409
    assert action(database, assessment_id, "A1").revision == 1


def test_circle_of_needs_is_refused(browser, cast, database, assessment_id):
    own = own_action(database, cast, assessment_id, needs=("A1",)).code
    answer = browser("farid").post(
        _at(database, assessment_id, "A1", "/edit"), _fields(needs=own, revision="1")
    )
    assert answer.status_code == 422 and "in a circle" in page(answer)
    answer = browser("farid").post(
        _at(database, assessment_id, own, "/edit"), _fields(needs=own, revision="1")
    )
    assert answer.status_code == 422


def test_actions_move_within_their_phase(browser, database, assessment_id):
    farid = browser("farid")
    before = _codes(database, assessment_id, "assess")
    answer = farid.post(_at(database, assessment_id, before[2], "/move"), {"by": "-1"})
    assert answer.status_code == 302 and answer.location.endswith(f"#{before[2]}")
    now = [before[0], before[2], before[1], *before[3:]]
    assert _codes(database, assessment_id, "assess") == now
    farid.post(_at(database, assessment_id, now[0], "/move"), {"by": "1"})
    assert _codes(database, assessment_id, "assess")[:2] == [now[1], now[0]]
    farid.post(_at(database, assessment_id, before[-1], "/move"), {"place": "1"})
    assert _codes(database, assessment_id, "assess")[0] == before[-1]
    farid.post(_at(database, assessment_id, before[-1], "/move"), {"place": "999"})
    assert _codes(database, assessment_id, "assess")[-1] == before[-1]
    unchanged = _codes(database, assessment_id, "assess")
    for nonsense in ({}, {"by": "5"}, {"place": "x"}, {"place": "-1"}, {"place": "0"}):
        answer = farid.post(_at(database, assessment_id, before[0], "/move"), nonsense)
        assert answer.status_code == 302
    assert _codes(database, assessment_id, "assess") == unchanged


def test_action_moved_before_what_it_needs_says_so(browser, database, assessment_id):
    low = code_of(database, assessment_id, "D1-Q1", 3)
    row = next(one for one in plan(database, assessment_id).actions if one.code == low)
    assert row.before_its_needs == ()
    farid = browser("farid")
    # the phase it needs comes first; there, another action needs it
    first, second = _codes(database, assessment_id, "assess")[:2]
    farid.post(
        _at(database, assessment_id, first, "/edit"),
        _fields(phase="assess", needs=second, revision="1"),
    )
    found = next(one for one in plan(database, assessment_id).actions if one.code == first)
    assert found.before_its_needs == (second,)
    assert "It stands before what it needs" in page(farid.get(url(assessment_id)))


def test_dropped_action_keeps_its_reason_and_comes_back(browser, database, assessment_id):
    farid = browser("farid")
    address = _at(database, assessment_id, "A1", "/drop")
    assert "Drop the action A1" in page(farid.get(address))
    for reason, sentence in (("", "Say why the action is dropped."), ("a" * 2_001, "Shorten this")):
        answer = farid.post(address, {"reason": reason, "revision": "1"})
        assert answer.status_code == 422 and sentence in page(answer)
    stale = farid.post(address, {"reason": "Typed for long", "revision": "9"})
    assert stale.status_code == 409 and "Typed for long" in page(stale)
    assert farid.post(address, {"reason": "Not ours <b>", "revision": "1"}).status_code == 302
    row = action(database, assessment_id, "A1")
    assert (row.state, row.reason) == (ActionState.DROPPED, "Not ours <b>")
    assert "A1" not in _codes(database, assessment_id, "assess")
    text = page(farid.get(url(assessment_id)))
    assert "Not ours &lt;b&gt;" in text
    # of a dropped action no progress is noted
    answer = farid.post(
        _at(database, assessment_id, "A1"), {"state": "done", "note": "", "seen": "0"}
    )
    assert answer.status_code == 409
    restored = farid.post(_at(database, assessment_id, "A1", "/restore"), {"revision": "1"})
    assert restored.status_code == 409
    restored = farid.post(_at(database, assessment_id, "A1", "/restore"), {"revision": "2"})
    assert restored.status_code == 302
    row = action(database, assessment_id, "A1")
    assert (row.state, row.reason) == (ActionState.PROPOSED, "")
    assert "A1" in _codes(database, assessment_id, "assess")


def test_progress_is_noted_and_never_rewritten(browser, database, assessment_id):
    farid = browser("farid")
    address = _at(database, assessment_id, "A1")
    text = page(farid.get(address))
    assert "Nothing was noted yet." in text and "Note progress" in text
    answer = farid.post(address, {"state": "running", "note": "Begun <b>", "seen": "0"})
    assert answer.status_code == 302
    assert farid.post(address, {"state": "done", "note": "", "seen": "1"}).status_code == 302
    assert action(database, assessment_id, "A1").state == ActionState.DONE
    with database.reading() as session:
        rows = session.scalars(sa.select(PlanProgress).order_by(PlanProgress.n)).all()
        assert [(row.n, row.state, row.note) for row in rows] == [
            (1, "running", "Begun <b>"),
            (2, "done", ""),
        ]
    text = page(farid.get(address))
    assert "Begun &lt;b&gt;" in text and "Farid" in text
    assert "1 of 32 actions done" in page(farid.get(url(assessment_id, "plan/progress?show=all")))


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"state": "proposed", "note": " ", "seen": "0"}, 422, "Nothing has changed"),
        ({"state": "dropped", "note": "Kept", "seen": "0"}, 422, "Choose how far the action is."),
        ({"state": "", "note": "Kept", "seen": "0"}, 422, "Choose how far the action is."),
        ({"state": "done", "note": "a" * 5_001, "seen": "0"}, 422, "Shorten this"),
        ({"state": "done", "note": "Kept", "seen": "3"}, 409, "Somebody else changed this action"),
    ],
)
def test_bad_progress_is_refused_and_kept(
    browser, database, assessment_id, fields, status, sentence
):
    answer = browser("farid").post(_at(database, assessment_id, "A1"), fields)
    text = page(answer)
    assert answer.status_code == status and sentence in text and fields["note"] in text
    assert action(database, assessment_id, "A1").state == ActionState.PROPOSED


def test_who_may_do_what(browser, database, assessment_id):
    posts = {
        "/edit": _fields(revision="1"),
        "/move": {"by": "1"},
        "/drop": {"reason": "r", "revision": "1"},
        "/restore": {"revision": "1"},
        "": {"state": "done", "note": "", "seen": "0"},
    }
    for rest, fields in posts.items():
        address = _at(database, assessment_id, "A1", rest)
        assert browser(None).post(address, fields).status_code == 401
        for person in ("bela", "chen", "amina"):
            assert browser(person).post(address, fields).status_code == 404
        for person in ("nadia", "omar", "root"):
            assert browser(person).post(address, fields).status_code == 403
        assert browser("farid").client.post(address, data=fields).status_code == 400
    for rest in ("/edit", "/drop", ""):
        address = _at(database, assessment_id, "A1", rest)
        assert browser("bela").get(address).status_code == 404
        assert browser("nadia").get(address).status_code == 403
        assert browser(None).get(address).status_code == 302
    assert action(database, assessment_id, "A1").revision == 1


def test_action_of_another_assessment_is_not_found(browser, cast, database, assessment_id):
    other = with_answers(database, cast, title="Round two")
    proposed(database, cast, other)
    foreign = action(database, other, "A1").id
    farid = browser("farid")
    for rest in ("", "/edit", "/drop"):
        address = url(assessment_id, f"plan/actions/{foreign}{rest}")
        assert farid.get(address).status_code == 404
        assert farid.post(address, _fields(revision="1")).status_code == 404


def test_closed_assessment_takes_progress_and_nothing_else(browser, cast, database, assessment_id):
    led_to(database, cast, assessment_id, State.AGREED)
    farid = browser("farid")
    edit = _at(database, assessment_id, "A1", "/edit")
    assert farid.post(edit, _fields(phase="assess", revision="1")).status_code == 302
    closed(database, cast, assessment_id)
    for rest, fields in (
        ("/edit", _fields(revision="2")),
        ("/move", {"by": "1"}),
        ("/drop", {"reason": "r", "revision": "2"}),
        ("/restore", {"revision": "2"}),
    ):
        answer = farid.post(_at(database, assessment_id, "A1", rest), fields)
        assert answer.status_code == 403 and "was closed on" in page(answer)
    assert farid.post(url(assessment_id, "plan/actions/new"), _fields()).status_code == 403
    answer = farid.post(
        _at(database, assessment_id, "A1"), {"state": "done", "note": "", "seen": "0"}
    )
    assert answer.status_code == 302
    assert action(database, assessment_id, "A1").state == ActionState.DONE


def test_audit_knows_the_acts_and_not_the_words(browser, cast, database, assessment_id):
    browser("farid").post(
        _at(database, assessment_id, "A1", "/edit"), _fields(text="Not in the trail", revision="1")
    )
    with database.reading() as session:
        entries = list(session.scalars(sa.select(audit.AuditEntry)))
    found = [one for one in entries if one.action == "assessment.plan"]
    assert {one.chain_id for one in found} == {cast.administrations["XA"]}
    assert [one.details["act"] for one in found] == ["propose", "edit"]
    assert "Not in the trail" not in str([one.details for one in entries])
