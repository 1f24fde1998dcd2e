"""A plan is proposed, again and again; what people did to it is kept."""

import threading

import pytest

from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, drop_action, edit_action, move_action
from cirt.assessments.plan.models import ActionState, PlanAction
from cirt.assessments.plan.recommendations import PHASES, Because
from tests.functional.assessment_steps import answered, led_to, page, started
from tests.functional.plan_steps import (
    BEGINNING,
    action,
    closed,
    code_of,
    own_action,
    plan,
    proposed,
    url,
    with_answers,
)

FORM = {"starts_on": BEGINNING.isoformat(), "at_once": "3"}


def _changed(database, cast, assessment_id, code, **more):
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, code).id)
        content = ActionContent(**{"text": row.text, "phase": row.phase, **more})
        edit_action(
            session, cast.actors["farid"], session.get_one(Assessment, assessment_id), row, content,
            revision=row.revision,
        )  # fmt: skip


def _moved(database, cast, assessment_id, code, place):
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, code).id)
        assessment = session.get_one(Assessment, assessment_id)
        move_action(session, cast.actors["farid"], assessment, row, place)


def _check_order(found):
    places = {one.code: n for n, one in enumerate(found.actions)}
    for one in found.actions:
        assert all(places[need] < places[one.code] for need in one.needs if need in places)
        assert one.before_its_needs == ()
    phases = [PHASES.index(one.phase) for one in found.actions]
    assert phases == sorted(phases)


def test_plan_is_proposed_from_the_page(browser, cast, database):
    assessment_id = with_answers(database, cast)
    farid = browser("farid")
    text = page(farid.get(url(assessment_id)))
    assert "There is no plan yet." in text and "plan/propose" in text
    text = page(farid.get(url(assessment_id, "plan/propose")))
    assert "First day of the plan" in text and "At most 5 run at the same time" in text
    answer = farid.post(url(assessment_id, "plan/propose"), FORM)
    assert answer.status_code == 302 and answer.location.endswith("/plan")
    found = plan(database, assessment_id)
    _check_order(found)
    rungs = {(one.question_id, one.to_level) for one in found.actions}
    # 29 of the 32 questions have no answer; D1-Q1 is at 1 and D2-Q1 at 2, both to be led to 3
    assert len(rungs) == 29 + 2 + 1
    assert {("D1-Q1", 2), ("D1-Q1", 3), ("D2-Q1", 3), ("D3-Q1", 0)} <= rungs
    assert found.starts_on == BEGINNING and found.at_once == 3 and found.unknown == 29
    text = page(farid.get(url(assessment_id)))
    assert "Find out where the country stands:" in text and "Reach level 3:" in text
    assert 'id="A1"' in text and "Questions whose level is not known: 29." in text


def test_text_is_taken_in_the_language_of_the_workshop(cast, database):
    assessment_id = with_answers(database, cast)  # its workshop is held in Arabic
    proposed(database, cast, assessment_id)
    row = action(database, assessment_id, code_of(database, assessment_id, "D1-Q1", 2))
    question = load_instrument("cirt-readiness", "1.0.0").question("D1-Q1")
    local = question.levels[2].in_language("ar")
    assert (row.text, row.language) == (local.text, local.language)
    assert row.indicator.splitlines() == [one.in_language("ar").text for one in question.evidence]


def test_reader_of_another_language_reads_what_nobody_changed_in_it(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    question = load_instrument("cirt-readiness", "1.0.0").question("D1-Q1")
    farid = browser("farid")
    english, arabic = (
        page(farid.get(url(assessment_id, f"plan?lang={language}"))) for language in ("en", "ar")
    )
    assert question.levels[2].english in english
    assert question.levels[2].in_language("ar").text in arabic
    code = code_of(database, assessment_id, "D1-Q1", 2)
    _changed(database, cast, assessment_id, code, text="As typed")
    assert "As typed" in page(farid.get(url(assessment_id, "plan?lang=ar")))


def test_dates_keep_what_comes_first_and_how_many_run_at_once(cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    found = plan(database, assessment_id)
    by_code = {one.code: one for one in found.actions}
    assert min(one.starts_on for one in found.actions) == BEGINNING
    for one in found.actions:
        assert one.starts_on < one.target_date
        for need in one.needs:
            assert by_code[need].target_date < one.starts_on
        running = [
            other
            for other in found.actions
            if other.starts_on <= one.starts_on <= other.target_date
        ]
        assert len(running) <= 3


def test_second_proposal_adds_keeps_and_marks_without_deleting(cast, database):
    assessment_id = with_answers(database, cast)
    first = proposed(database, cast, assessment_id)
    assert (first.added, first.refreshed, first.no_longer_needed) == (32, 0, 0)
    edited = code_of(database, assessment_id, "D1-Q1", 3)
    _changed(database, cast, assessment_id, edited, text="Ask the minister", owner="Ministry")
    own = own_action(database, cast, assessment_id).code
    answered(database, cast, assessment_id, "D1-Q1", "2")
    answered(database, cast, assessment_id, "D3-Q1", "0")
    found = plan(database, assessment_id)
    # D1-Q1 to 2 and "find out D3-Q1" are no longer asked for; three steps of D3-Q1 are missing
    assert (found.missing, found.surplus) == (3, 2)
    second = proposed(database, cast, assessment_id)
    assert (second.added, second.kept, second.no_longer_needed) == (3, 1, 2)
    found = plan(database, assessment_id)
    assert (found.missing, found.surplus) == (0, 0)
    assert len(found.everything) == 32 + 1 + 3
    row = action(database, assessment_id, edited)
    assert (row.text, row.owner, row.needed) == ("Ask the minister", "Ministry", True)
    assert action(database, assessment_id, own).needed
    gone = {(one.question_id, one.to_level) for one in found.no_longer_needed}
    assert gone == {("D1-Q1", 2), ("D3-Q1", 0)}
    _check_order(found)
    # what is asked for again comes back, under the number it had
    answered(database, cast, assessment_id, "D1-Q1", "1")
    before = code_of(database, assessment_id, "D1-Q1", 2)
    proposed(database, cast, assessment_id)
    assert code_of(database, assessment_id, "D1-Q1", 2) == before
    assert action(database, assessment_id, before).needed


def test_same_proposal_twice_changes_nothing(cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    before = plan(database, assessment_id)
    again = proposed(database, cast, assessment_id)
    after = plan(database, assessment_id)
    assert (again.added, again.no_longer_needed) == (0, 0)
    assert before.everything == after.everything


def test_order_made_by_hand_stays_and_new_steps_find_their_place(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    assess = [one.code for one in plan(database, assessment_id).phases[0].actions]
    _moved(database, cast, assessment_id, assess[-1], 1)
    by_hand = [assess[-1], *assess[:-1]]
    assert [one.code for one in plan(database, assessment_id).phases[0].actions] == by_hand
    answered(database, cast, assessment_id, "D1-Q1", "not-known")
    proposed(database, cast, assessment_id)
    new = code_of(database, assessment_id, "D1-Q1", 0)
    now = [one.code for one in plan(database, assessment_id).phases[0].actions]
    assert [code for code in now if code != new] == by_hand and new in now
    assert plan(database, assessment_id).by_hand
    farid = browser("farid")
    assert "Take the recommended order again" in page(farid.get(url(assessment_id)))
    assert farid.post(url(assessment_id, "plan/order")).status_code == 302
    found = plan(database, assessment_id)
    assert not found.by_hand
    _check_order(found)
    assert [one.code for one in found.phases[0].actions if one.code != new] == assess


def test_what_is_done_or_dropped_stays_so(cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    code = code_of(database, assessment_id, "D1-Q1", 2)
    with database.writing() as session:
        row = session.get_one(PlanAction, action(database, assessment_id, code).id)
        assessment = session.get_one(Assessment, assessment_id)
        drop_action(
            session, cast.actors["farid"], assessment, row, reason="A law comes", revision=1
        )
    proposed(database, cast, assessment_id)
    row = action(database, assessment_id, code)
    assert (row.state, row.reason) == (ActionState.DROPPED, "A law comes")
    assert [one.code for one in plan(database, assessment_id).dropped] == [code]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("starts_on", "soon", "Give the date as year-month-day"),
        ("starts_on", "", "Give the day on which the plan begins."),
        ("at_once", "many", "Give a whole number."),
        ("at_once", "0", "Give a number from 1 to 50."),
        ("at_once", "51", "Give a number from 1 to 50."),
        ("at_once", "", "Give a number from 1 to 50."),
    ],
)
def test_bad_beginning_is_refused_and_kept(browser, cast, database, field, value, sentence):
    assessment_id = with_answers(database, cast)
    answer = browser("farid").post(url(assessment_id, "plan/propose"), {**FORM, field: value})
    text = page(answer)
    assert answer.status_code == 422 and sentence in text
    assert f'value="{value}"' in text or not value
    assert plan(database, assessment_id).starts_on is None


def test_who_may_propose(browser, cast, database):
    assessment_id = with_answers(database, cast)
    for rest in ("plan/propose", "plan/order", "plan/adopt"):
        assert browser(None).post(url(assessment_id, rest), FORM).status_code == 401
        for person in ("bela", "chen", "amina"):
            assert browser(person).post(url(assessment_id, rest), FORM).status_code == 404
        for person in ("nadia", "omar", "root"):
            assert browser(person).post(url(assessment_id, rest), FORM).status_code == 403
        assert browser("farid").client.post(url(assessment_id, rest), data=FORM).status_code == 400
    assert browser("farid").get(url(assessment_id, "plan/order")).status_code == 405
    for rest in ("plan", "plan/timeline", "plan/what-if", "plan/progress"):
        assert browser(None).get(url(assessment_id, rest)).status_code == 302
        assert browser("bela").get(url(assessment_id, rest)).status_code == 404
        assert browser("nadia").get(url(assessment_id, rest)).status_code == 403
        assert browser("farid").client.delete(url(assessment_id, rest)).status_code in (400, 405)


def test_assessment_not_begun_or_closed_is_not_planned(browser, cast, database):
    waiting = started(database, cast, begun=False)
    farid = browser("farid")
    assert farid.post(url(waiting, "plan/propose"), FORM).status_code == 403
    assessment_id = with_answers(database, cast, title="Round two")
    led_to(database, cast, assessment_id, State.AGREED)
    assert farid.post(url(assessment_id, "plan/propose"), FORM).status_code == 302
    closed(database, cast, assessment_id)
    for rest in ("plan/propose", "plan/order", "plan/adopt"):
        answer = farid.post(url(assessment_id, rest), FORM)
        assert answer.status_code == 403 and "was closed on" in page(answer)
    text = page(farid.get(url(assessment_id)))
    assert "was closed on" in text and "plan/propose" not in text


def test_two_proposals_at_once_make_one_plan(cast, database):
    assessment_id = with_answers(database, cast)
    barrier = threading.Barrier(2)
    faults = []

    def work():
        barrier.wait()
        try:
            proposed(database, cast, assessment_id)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the test shows it
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(plan(database, assessment_id).everything) == 32


def test_all_proposed_are_taken_as_planned(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    answer = browser("farid").post(url(assessment_id, "plan/adopt"))
    assert answer.status_code == 302
    assert {one.state for one in plan(database, assessment_id).actions} == {ActionState.PLANNED}


def test_why_an_action_is_there_can_be_read(browser, cast, database):
    assessment_id = with_answers(database, cast)
    proposed(database, cast, assessment_id)
    kinds = {reason.because for one in plan(database, assessment_id).actions for reason in one.why}
    assert {Because.UNKNOWN, Because.CLOSES, Because.TOWARDS} <= kinds
    text = page(browser("farid").get(url(assessment_id)))
    assert "Reaches the level that this plan aims at, 3." in text
    assert "It is not known where the country stands" in text
