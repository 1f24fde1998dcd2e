"""The question page: saving with and without scripts, conflicts, history, bad input."""

import threading
import uuid

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments.answering import AnswerConflictError
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import AnswerVersion
from cirt.clock import now
from tests.functional.assessment_steps import (
    FIRST,
    SECOND,
    answered,
    page,
    present,
    question_url,
    started,
    versions,
)

JSON = {"Accept": "application/json"}


def _fields(choice="3", revision=0, **more):
    return {"choice": choice, "reason": "", "comment": "", "revision": str(revision), **more}


def test_plain_form_saves_and_goes_on_to_the_next_question(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    text = page(farid.get(url))
    assert 'value="4"' in text and "Not known" in text and "Not applicable" in text
    answer = farid.post(url, _fields(comment="  Shown:\r\nthe decree 2021-114. "))
    assert answer.status_code == 302
    assert answer.location.endswith(f"/questions/{SECOND}")
    row = present(database, assessment_id, FIRST)
    assert (row.state, row.level, row.revision) == ("level", 3, 1)
    assert row.comment == "Shown:\nthe decree 2021-114."
    assert (row.language, row.instrument_version) == ("en", "1.0.0")
    assert row.updated_by == cast.users["farid"]
    text = page(farid.get(url))
    assert "the decree 2021-114." in text and "Farid" in text


def test_buttons_lead_where_they_say(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    assert farid.post(url, _fields(then="stay")).location.endswith(url)
    assert farid.post(url, _fields("2", 1, then="evidence")).location.endswith("/evidence/new")
    last = question_url(assessment_id, load_instrument("cirt-readiness", "1.0.0").questions[-1].id)
    assert farid.post(last, _fields("1")).location.endswith(f"/assessments/{assessment_id}")


def test_autosave_answers_with_the_new_revision(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    answer = farid.post(url, _fields("2"), headers=JSON)
    assert answer.status_code == 200
    assert answer.json["saved"] is True and answer.json["revision"] == 1
    assert answer.json["saved_at"].endswith("+00:00")
    answer = farid.post(url, _fields("2", 1, comment="More"), headers=JSON)
    assert answer.json["revision"] == 2
    assert [row.revision for row in versions(database, assessment_id, FIRST)] == [1, 2]


def test_saved_is_said_only_after_the_commit(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    token = farid.form_token()

    def refuse(_connection):
        raise sa.exc.OperationalError("COMMIT", {}, OSError("the disk is full"))

    sa.event.listen(database.engine, "commit", refuse)
    try:
        answer = farid.client.post(url, data={**_fields("2"), "csrf_token": token}, headers=JSON)
        page_answer = farid.client.post(url, data={**_fields("2"), "csrf_token": token})
    finally:
        sa.event.remove(database.engine, "commit", refuse)
    assert answer.status_code >= 500 and page_answer.status_code >= 500
    assert "saved" not in answer.json and answer.json["message"]
    assert present(database, assessment_id, FIRST) is None
    assert farid.post(url, _fields("2"), headers=JSON).json["saved"] is True


def test_same_content_twice_is_no_change_and_no_conflict(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    for _time in range(2):  # the second one carries the revision from before the first
        answer = farid.post(url, _fields("2", 0, comment="Same"), headers=JSON)
        assert (answer.status_code, answer.json["revision"]) == (200, 1)
    assert len(versions(database, assessment_id, FIRST)) == 1
    untouched = farid.post(
        question_url(assessment_id, SECOND), _fields("not-answered"), headers=JSON
    )
    assert untouched.json["revision"] == 0
    assert present(database, assessment_id, SECOND) is None


def test_stale_revision_gives_409_with_their_words(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "1", by="amina", comment="Amina <b>says</b>")
    answer = browser("farid").post(
        question_url(assessment_id), _fields("3", 0, comment="Farid says"), headers=JSON
    )
    assert answer.status_code == 409
    conflict = answer.json["conflict"]
    assert conflict["revision"] == 1 and conflict["message"]
    assert {"label": "Comment", "text": "Amina <b>says</b>"} in conflict["fields"]
    row = present(database, assessment_id, FIRST)
    assert (row.level, row.comment) == (1, "Amina <b>says</b>")


def test_conflict_page_keeps_both_texts_and_each_way_out_works(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "1", by="amina", comment="Amina <b>says</b>")
    farid = browser("farid")
    url = question_url(assessment_id)
    answer = farid.post(url, _fields("3", 0, comment="Farid says"))
    text = page(answer)
    assert answer.status_code == 409
    assert "Farid says" in text and "Amina &lt;b&gt;says&lt;/b&gt;" in text
    assert "Amina" in text and 'name="revision" type="hidden" value="1"' in text
    # their words first, then mine, in the field that joins both
    assert "Amina &lt;b&gt;says&lt;/b&gt;\n\nFarid says" in text.replace("\r\n", "\n")
    saved = farid.post(url, _fields("3", 1, comment="Farid says", then="stay"))
    assert saved.status_code == 302
    assert [row.comment for row in versions(database, assessment_id, FIRST)] == [
        "Amina <b>says</b>",
        "Farid says",
    ]


def test_two_first_answers_at_once_never_overwrite_each_other(cast, database):
    assessment_id = started(database, cast, by="amina")
    outcomes = []
    barrier = threading.Barrier(2)

    def save(person, comment):
        barrier.wait()
        try:
            answered(
                database, cast, assessment_id, FIRST, "2", by=person, comment=comment, revision=0
            )
            outcomes.append("saved")
        except AnswerConflictError:
            outcomes.append("conflict")

    threads = [
        threading.Thread(target=save, args=pair) for pair in (("farid", "one"), ("amina", "two"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "saved"]
    assert len(versions(database, assessment_id, FIRST)) == 1


def test_not_applicable_needs_its_reason_and_the_rest_is_kept(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = question_url(assessment_id)
    answer = farid.post(url, _fields("not-applicable", reason="  ", comment="Long thought"))
    text = page(answer)
    assert answer.status_code == 422
    assert "Say why the question does not apply here." in text and "Long thought" in text
    assert 'href="#reason"' in text and "<title>Error:" in text
    assert present(database, assessment_id, FIRST) is None
    refused = farid.post(url, _fields("not-applicable"), headers=JSON)
    assert refused.status_code == 422
    assert refused.json["message"] == "Say why the question does not apply here."
    farid.post(url, _fields("not-applicable", reason="No such body"))
    row = present(database, assessment_id, FIRST)
    assert (row.state, row.level, row.reason) == ("not-applicable", None, "No such body")


@pytest.mark.parametrize("choice", ["5", "-1", "", "level", "٣", "3 ", "<b>"])
def test_wrong_level_is_refused(browser, cast, database, choice):
    assessment_id = started(database, cast)
    answer = browser("farid").post(question_url(assessment_id), _fields(choice, comment="Kept"))
    assert answer.status_code == 422
    assert "Choose one of the answers listed." in page(answer) and "Kept" in page(answer)
    assert present(database, assessment_id, FIRST) is None


@pytest.mark.parametrize("revision", ["", "x", "-1", "7", "9" * 40])
def test_nonsense_as_revision_never_overwrites(browser, cast, database, revision):
    assessment_id = started(database, cast)
    answer = browser("farid").post(
        question_url(assessment_id), {**_fields(), "revision": revision}, headers=JSON
    )
    assert answer.status_code == 409
    assert present(database, assessment_id, FIRST) is None


def test_too_long_comment_is_refused_and_kept(browser, cast, database):
    assessment_id = started(database, cast)
    answer = browser("farid").post(question_url(assessment_id), _fields(comment="a" * 20_001))
    assert answer.status_code == 422
    assert "Shorten this to 20000 characters" in page(answer) and "a" * 20_001 in page(answer)


def test_hostile_text_is_shown_as_text(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    hostile = "<script>alert(1)</script>\x00 ${7*7} {{7*7}} \"'> مرحبا"
    farid.post(question_url(assessment_id), _fields(comment=hostile))
    assert present(database, assessment_id, FIRST).comment == hostile.replace("\x00", "")
    for address in ("", "/history"):
        text = page(farid.get(question_url(assessment_id) + address))
        assert "<script>alert(1)" not in text and "{{7*7}}" in text


def test_unknown_question_and_foreign_assessment_are_not_found(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    for question_id in ("D99-Q1", "%00", "D1", "x" * 3000):
        assert farid.get(question_url(assessment_id, question_id)).status_code == 404
        assert farid.post(question_url(assessment_id, question_id), _fields()).status_code == 404
    for person in ("bela", "chen", "amina"):
        assert browser(person).get(question_url(assessment_id)).status_code == 404
        assert browser(person).post(question_url(assessment_id), _fields()).status_code == 404
    assert farid.get(question_url(uuid.uuid4())).status_code == 404
    for person in ("nadia", "omar", "root"):
        assert browser(person).get(question_url(assessment_id)).status_code == 403
        assert browser(person).post(question_url(assessment_id), _fields()).status_code == 403
    assert browser(None).get(question_url(assessment_id)).status_code == 302


def test_form_token_is_needed(browser, cast, database):
    assessment_id = started(database, cast)
    client = browser("farid").client
    assert client.post(question_url(assessment_id), data=_fields()).status_code == 400
    assert client.put(question_url(assessment_id), data=_fields()).status_code in (400, 405)


def test_session_that_ended_keeps_the_words(browser, cast, database):
    assessment_id = started(database, cast)
    answer = browser(None).post(question_url(assessment_id), _fields(comment="Three long days"))
    assert answer.status_code == 401
    assert "Three long days" in page(answer)
    autosave = browser(None).post(question_url(assessment_id), _fields(), headers=JSON)
    assert autosave.status_code == 401 and autosave.json["message"]


def test_history_grows_and_earlier_words_come_back(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    answered(database, cast, assessment_id, FIRST, "1", comment="First words")
    answered(database, cast, assessment_id, FIRST, "4", comment="Second words")
    history = question_url(assessment_id) + "/history"
    text = page(farid.get(history))
    assert "First words" in text and "Second words" in text and "Restore version 1" in text
    answer = farid.post(question_url(assessment_id) + "/restore", {"version": "1", "revision": "2"})
    assert answer.status_code == 302
    row = present(database, assessment_id, FIRST)
    assert (row.level, row.comment, row.revision) == (1, "First words", 3)
    rows = versions(database, assessment_id, FIRST)
    assert [(one.comment, one.restored_from) for one in rows] == [
        ("First words", None),
        ("Second words", None),
        ("First words", 1),
    ]
    stale = farid.post(question_url(assessment_id) + "/restore", {"version": "2", "revision": "2"})
    assert stale.status_code == 409
    none = farid.post(question_url(assessment_id) + "/restore", {"version": "77", "revision": "3"})
    assert none.status_code == 404
    foreign = browser("chen").post(
        question_url(assessment_id) + "/restore", {"version": "1", "revision": "3"}
    )
    assert foreign.status_code == 404
    assert browser("chen").get(history).status_code == 404


def test_every_version_is_on_the_countrys_audit_chain(cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "1", by="amina", comment="Not in the trail")
    with database.reading() as session:
        entries = list(session.scalars(sa.select(audit.AuditEntry)))
    found = [one for one in entries if one.action == "assessment.answer"]
    assert [one.chain_id for one in found] == [cast.administrations["XA"]]
    assert "Not in the trail" not in str([one.details for one in entries])


@pytest.mark.parametrize(
    ("state", "level", "reason"),
    [
        ("level", None, ""),
        ("level", 5, ""),
        ("level", -1, ""),
        ("not-known", 2, ""),
        ("not-applicable", None, ""),
        ("maybe", None, ""),
    ],
)
def test_database_refuses_what_does_not_fit_together(cast, database, state, level, reason):
    assessment_id = started(database, cast)
    row = AnswerVersion(
        assessment_id=assessment_id,
        question_id=FIRST,
        revision=1,
        state=state,
        level=level,
        reason=reason,
        language="en",
        instrument_version="1.0.0",
        at=now(),
    )
    with pytest.raises(sa.exc.IntegrityError), database.writing() as session:
        session.add(row)


def test_arabic_page_runs_right_to_left_and_marks_english_texts(browser, cast, database):
    assessment_id = started(database, cast)
    text = page(browser("farid").get(question_url(assessment_id) + "?lang=ar"))
    assert '<html lang="ar" dir="rtl"' in text
    local = load_instrument("cirt-readiness", "1.0.0").question(FIRST).text.in_language("ar")
    if not local.translated:
        assert f'<bdi lang="en" dir="ltr">{local.text}' in text
    else:
        assert local.text in text
