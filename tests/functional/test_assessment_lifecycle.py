"""The steps of an assessment, closing and reopening, and who has access until when."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments import grants
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment, AssessmentGrant, AssessmentStep
from cirt.clock import now
from cirt.errors import ForbiddenError
from tests.functional.assessment_steps import (
    FIRST,
    answered,
    led_to,
    page,
    present,
    question_url,
    started,
)

FIELDS = {"choice": "3", "reason": "", "comment": "Late words", "revision": "0"}
NOBODY = "No account with the role Assessor has this user name here."
WAITS = "its questions cannot be answered yet"
REASON = "A focal point of the country can reopen it with a reason."


def test_closed_assessment_says_why_nothing_can_be_changed(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "2", by="amina", comment="Kept")
    led_to(database, cast, assessment_id, State.AGREED)
    amina = browser("amina")
    url = f"/assessments/{assessment_id}"
    assert "The round is over then" in page(amina.get(f"{url}/close"))
    assert amina.post(f"{url}/close").status_code == 302
    text = page(amina.get(question_url(assessment_id)))
    assert REASON in text and "Kept" in text and "fieldset disabled" in text
    assert "data-autosave" not in text
    answer = amina.post(question_url(assessment_id), FIELDS)
    assert answer.status_code == 403
    assert "This assessment was closed on" in page(answer) and "Late words" in page(answer)
    as_json = amina.post(
        question_url(assessment_id), FIELDS, headers={"Accept": "application/json"}
    )
    assert as_json.status_code == 403 and REASON in as_json.json["message"]
    for address, fields in (
        (f"{url}/details", {"title": "New", "language": "en", "stage": "no"}),
        (f"{url}/close", {}),
        (f"{url}/advance/back", {}),
        (f"{url}/prepare/frame", {"scope": "x", "revision": "1"}),
        (f"{url}/participants/new", {"name": "x", "group": "regulator"}),
        (f"{url}/documents/new", {"title": "x"}),
        (f"{url}/agenda/new", {"title": "x", "day": "1"}),
        (f"{url}/agenda/fill", {"days": "3"}),
        (f"{url}/table", {f"revision:{FIRST}": "1", f"choice:{FIRST}": "4"}),
        (question_url(assessment_id) + "/remarks", {"text": "x"}),
        (question_url(assessment_id) + "/restore", {"version": "0", "revision": "1"}),
        (question_url(assessment_id) + "/evidence/new", {"kind": "document", "reference": "x"}),
    ):
        refused = amina.post(address, fields)
        assert refused.status_code == 403, address
        assert "closed on" in page(refused), address
    assert amina.get(f"{url}/close").status_code == 403
    assert present(database, assessment_id, FIRST).revision == 1


def test_nothing_is_answered_while_an_assessment_is_prepared(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    farid = browser("farid")
    url = f"/assessments/{assessment_id}"
    text = page(farid.get(question_url(assessment_id)))
    assert WAITS in text and "data-autosave" not in text
    assert WAITS in page(farid.get(f"{url}/table"))
    for address, fields in (
        (question_url(assessment_id), FIELDS),
        (f"{url}/table", {f"revision:{FIRST}": "0", f"choice:{FIRST}": "4"}),
        (question_url(assessment_id) + "/evidence/new", {"kind": "document", "reference": "x"}),
    ):
        refused = farid.post(address, fields)
        assert refused.status_code == 403 and WAITS in page(refused), address
    assert farid.post(question_url(assessment_id) + "/remarks", {"text": "x"}).status_code == 302
    assert farid.post(f"{url}/advance/begin").status_code == 302
    assert farid.post(question_url(assessment_id), FIELDS).status_code == 302


def test_each_step_is_taken_on_its_page_and_stays_on_record(browser, cast, database):
    assessment_id = started(database, cast, by="amina", begun=False)
    amina, farid = browser("amina"), browser("farid")
    url = f"/assessments/{assessment_id}"
    for act, state in (
        ("begin", "collecting"),
        ("workshop", "workshop"),
        ("back", "collecting"),
        ("workshop", "workshop"),
        ("review", "review"),
        ("back", "workshop"),
        ("review", "review"),
    ):
        details = page(amina.get(f"{url}/details"))
        assert f"{url}/advance/{act}" in details, act
        assert amina.get(f"{url}/advance/{act}").status_code == 200
        assert amina.post(f"{url}/advance/{act}").status_code == 302
        with database.reading() as session:
            assert session.get_one(Assessment, assessment_id).state == state
    # the lead assessor leads to the review; only the country agrees
    assert "Somebody else takes these steps" in page(amina.get(f"{url}/details"))
    assert amina.get(f"{url}/agree").status_code == 403
    assert amina.post(f"{url}/agree").status_code == 403
    answered(database, cast, assessment_id, FIRST, "2", disputed=True)
    text = page(farid.get(f"{url}/agree"))
    assert "Disputed answers: 1." in text and "Questions without an answer" in text
    assert farid.post(f"{url}/agree").status_code == 302
    refused = amina.post(question_url(assessment_id), FIELDS)
    assert refused.status_code == 403 and "The country agreed to this assessment on" in page(
        refused
    )
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        assert row.agreed_at is not None and row.closed_at is None
        steps = list(session.scalars(sa.select(AssessmentStep).order_by(AssessmentStep.n)))
    assert [step.state for step in steps] == [
        "preparing", "collecting", "workshop", "collecting", "workshop", "review", "workshop",
        "review", "agreed",
    ]  # fmt: skip
    timeline = page(farid.get(f"{url}/details"))
    assert "Amina" in timeline and "Farid" in timeline


@pytest.mark.parametrize("act", ["agree", "close", "reopen", "find", "nonsense", "Begin"])
def test_other_words_are_no_step(browser, cast, database, act):
    assessment_id = started(database, cast)
    farid = browser("farid")
    assert farid.post(f"/assessments/{assessment_id}/advance/{act}").status_code == 404
    assert farid.get(f"/assessments/{assessment_id}/advance/{act}").status_code == 404


def test_step_out_of_turn_is_refused_with_a_sentence(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = f"/assessments/{assessment_id}"
    for address, sentence in (
        ("/advance/begin", "has begun already"),
        ("/advance/back", "there is no need to go back"),
        ("/agree", "Only what has been reviewed is agreed to."),
        ("/close", "Only an agreed assessment is closed."),
        ("/reopen", "there is nothing to reopen"),
    ):
        for answer in (farid.get(url + address), farid.post(url + address, {"reason": "x"})):
            assert answer.status_code == 403, address
            assert sentence in page(answer), address


def test_only_a_focal_point_reopens_and_only_with_a_reason(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    url = f"/assessments/{assessment_id}/reopen"
    farid = browser("farid")
    led_to(database, cast, assessment_id, State.CLOSED)
    assert browser("amina").post(url, {"reason": "x"}).status_code == 403
    assert browser("bela").post(url, {"reason": "x"}).status_code == 404
    assert farid.post(url, {"reason": "   ", "to": "review"}).status_code == 422
    wrong = farid.post(url, {"reason": "Kept words", "to": "preparing"})
    assert wrong.status_code == 422 and "Kept words" in page(wrong)
    sent = {"reason": "The ministry sent the decree.", "to": "collecting"}
    assert farid.post(url, sent).status_code == 302
    details = page(farid.get(f"/assessments/{assessment_id}/details"))
    assert "The ministry sent the decree." in details
    assert farid.post(question_url(assessment_id), FIELDS).status_code == 302
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        assert (row.state, row.agreed_at, row.closed_at) == ("collecting", None, None)
        actions = list(session.scalars(sa.select(audit.AuditEntry.action)))
        details = str(list(session.scalars(sa.select(audit.AuditEntry.details))))
    assert {
        "assessment.start",
        "assessment.advance",
        "assessment.agree",
        "assessment.close",
        "assessment.reopen",
    } <= set(actions)
    assert "ministry" not in details


def test_agreed_assessment_is_taken_up_again_at_the_review(browser, cast, database):
    assessment_id = started(database, cast)
    led_to(database, cast, assessment_id, State.AGREED)
    sent = {"reason": "A figure was wrong.", "to": "review"}
    answer = browser("farid").post(f"/assessments/{assessment_id}/reopen", sent)
    assert answer.status_code == 302
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        assert (row.state, row.agreed_at) == ("review", None)


def test_answer_does_not_slip_in_behind_the_closing(cast, database):
    assessment_id = started(database, cast)
    with database.reading() as session:
        stale = session.get_one(Assessment, assessment_id)
        assert stale.state == "collecting"
    led_to(database, cast, assessment_id, State.AGREED)
    with pytest.raises(ForbiddenError):
        answered(database, cast, assessment_id, FIRST, "2")


def test_focal_point_gives_access_and_ends_it(browser, cast, database):
    assessment_id = started(database, cast)
    url = f"/assessments/{assessment_id}"
    farid, amina = browser("farid"), browser("amina")
    assert amina.get(url).status_code == 404
    until = (now() + timedelta(days=10)).date().isoformat()
    assert (
        farid.post(
            f"{url}/access", {"username": " AMINA ", "until": until, "role": "assessor"}
        ).status_code
        == 302
    )
    assert amina.get(url).status_code == 200
    assert "Round one" in page(amina.get("/assessments/"))
    assert amina.post(question_url(assessment_id), FIELDS).status_code == 302
    assert amina.get(f"{url}/access").status_code == 403
    # again: the same access with a new end, not a second one
    until = (now() + timedelta(days=20)).date().isoformat()
    farid.post(f"{url}/access", {"username": "amina", "until": until, "role": "lead"})
    with database.reading() as session:
        grant = session.scalars(sa.select(AssessmentGrant)).one()
    assert (grant.until.date().isoformat(), grant.role) == (until, "lead")
    assert farid.post(f"{url}/access/{grant.id}/end").status_code == 302
    assert amina.get(url).status_code == 404
    assert amina.get("/assessments/").status_code == 200
    assert "Ended by the country" in page(farid.get(f"{url}/access"))


def test_access_runs_out_by_itself(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    amina = browser("amina")
    assert amina.get(f"/assessments/{assessment_id}").status_code == 200
    with database.writing() as session:
        grant = session.scalars(sa.select(AssessmentGrant)).one()
        grant.until = now() - timedelta(seconds=1)
    for address in ("", "/results", "/details", "/report/en.pdf", f"/questions/{FIRST}"):
        assert amina.get(f"/assessments/{assessment_id}{address}").status_code == 404, address
    assert amina.post(question_url(assessment_id), FIELDS).status_code == 404
    assert "Ran out" in page(browser("farid").get(f"/assessments/{assessment_id}/access"))


def test_wrong_grants_are_refused_at_their_field(browser, cast, database):
    assessment_id = started(database, cast)
    url = f"/assessments/{assessment_id}/access"
    farid = browser("farid")
    soon = (now() + timedelta(days=10)).date().isoformat()
    far = (now() + timedelta(days=grants.MOST_DAYS + 5)).date().isoformat()
    for fields, sentence in (
        ({"username": "nobody", "until": soon}, NOBODY),
        ({"username": "root", "until": soon}, NOBODY),
        ({"username": "bela", "until": soon}, NOBODY),
        ({"username": "a\x00b", "until": soon}, NOBODY),
        ({"username": "amina", "until": soon, "role": "owner"}, "Choose one of the parts listed."),
        ({"username": "amina", "until": soon, "role": "contributor"}, "the role Contributor"),
        ({"username": "carla", "until": soon, "role": "lead"}, NOBODY),
        ({"username": "rene", "until": soon, "role": "contributor"}, "the role Contributor"),
        ({"username": "", "until": soon}, "Give the user name"),
        ({"username": "amina", "until": "2020-01-01"}, "Choose a last day from today on"),
        ({"username": "amina", "until": far}, "Choose a last day from today on"),
        ({"username": "amina", "until": "soon"}, "Give the date as year-month-day"),
        ({"username": "amina", "until": ""}, "Give the date as year-month-day"),
    ):
        answer = farid.post(url, {"role": "assessor", **fields})
        assert answer.status_code == 422, fields
        assert sentence in page(answer), fields
    with database.reading() as session:
        assert session.scalars(sa.select(AssessmentGrant)).first() is None


def test_grant_of_another_assessment_is_not_found(browser, cast, database):
    mine = started(database, cast)
    started(database, cast, by="amina", country="XB")
    with database.reading() as session:
        foreign = session.scalars(sa.select(AssessmentGrant)).one()
    answer = browser("farid").post(f"/assessments/{mine}/access/{foreign.id}/end")
    assert answer.status_code == 404
    with database.reading() as session:
        assert session.scalars(sa.select(AssessmentGrant)).one().ended_at is None
