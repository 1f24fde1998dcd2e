"""Closing and reopening, and who has access until when."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments import conduct, grants
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from cirt.errors import ForbiddenError
from tests.functional.assessment_steps import (
    FIRST,
    answered,
    page,
    present,
    question_url,
    started,
)

FIELDS = {"choice": "3", "reason": "", "comment": "Late words", "revision": "0"}
REASON = "A focal point of the country can reopen it with a reason."


def _close(database, cast, assessment_id):
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        conduct.close_assessment(session, cast.actors["farid"], row)


def test_closed_assessment_says_why_nothing_can_be_changed(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    answered(database, cast, assessment_id, FIRST, "2", by="amina", comment="Kept")
    amina = browser("amina")
    url = f"/assessments/{assessment_id}"
    assert "Questions without an answer" in page(amina.get(f"{url}/close"))
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
        (question_url(assessment_id) + "/restore", {"version": "0", "revision": "1"}),
        (question_url(assessment_id) + "/evidence/new", {"kind": "document", "reference": "x"}),
    ):
        assert amina.post(address, fields).status_code == 403, address
    assert amina.get(f"{url}/close").status_code == 403
    assert present(database, assessment_id, FIRST).revision == 1


def test_only_a_focal_point_reopens_and_only_with_a_reason(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    url = f"/assessments/{assessment_id}/reopen"
    farid = browser("farid")
    assert farid.get(url).status_code == 403
    assert farid.post(url, {"reason": "x"}).status_code == 403
    _close(database, cast, assessment_id)
    assert browser("amina").post(url, {"reason": "x"}).status_code == 403
    assert browser("bela").post(url, {"reason": "x"}).status_code == 404
    assert farid.post(url, {"reason": "   "}).status_code == 422
    assert farid.post(url, {"reason": "The ministry sent the decree."}).status_code == 302
    details = page(farid.get(f"/assessments/{assessment_id}/details"))
    assert "The ministry sent the decree." in details
    assert farid.post(question_url(assessment_id), FIELDS).status_code == 302
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        assert (row.state, row.closed_at) == ("collecting", None)
        actions = list(session.scalars(sa.select(audit.AuditEntry.action)))
        details = str(list(session.scalars(sa.select(audit.AuditEntry.details))))
    assert {"assessment.start", "assessment.close", "assessment.reopen"} <= set(actions)
    assert "ministry" not in details


def test_answer_does_not_slip_in_behind_the_closing(cast, database):
    assessment_id = started(database, cast)
    with database.reading() as session:
        stale = session.get_one(Assessment, assessment_id)
        assert stale.state == "collecting"
    _close(database, cast, assessment_id)
    with pytest.raises(ForbiddenError):
        answered(database, cast, assessment_id, FIRST, "2")


def test_focal_point_gives_access_and_ends_it(browser, cast, database):
    assessment_id = started(database, cast)
    url = f"/assessments/{assessment_id}"
    farid, amina = browser("farid"), browser("amina")
    assert amina.get(url).status_code == 404
    until = (now() + timedelta(days=10)).date().isoformat()
    assert farid.post(f"{url}/access", {"username": " AMINA ", "until": until}).status_code == 302
    assert amina.get(url).status_code == 200
    assert "Round one" in page(amina.get("/assessments/"))
    assert amina.post(question_url(assessment_id), FIELDS).status_code == 302
    assert amina.get(f"{url}/access").status_code == 403
    # again: the same access with a new end, not a second one
    until = (now() + timedelta(days=20)).date().isoformat()
    farid.post(f"{url}/access", {"username": "amina", "until": until})
    with database.reading() as session:
        grant = session.scalars(sa.select(AssessmentGrant)).one()
    assert grant.until.date().isoformat() == until
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
        ({"username": "nobody", "until": soon}, "No assessor has this user name here."),
        ({"username": "root", "until": soon}, "No assessor has this user name here."),
        ({"username": "bela", "until": soon}, "No assessor has this user name here."),
        ({"username": "a\x00b", "until": soon}, "No assessor has this user name here."),
        ({"username": "", "until": soon}, "Give the user name"),
        ({"username": "amina", "until": "2020-01-01"}, "Choose a last day from today on"),
        ({"username": "amina", "until": far}, "Choose a last day from today on"),
        ({"username": "amina", "until": "soon"}, "Give the date as year-month-day"),
        ({"username": "amina", "until": ""}, "Give the date as year-month-day"),
    ):
        answer = farid.post(url, fields)
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
