"""What each part in an assessment may do, and that it ends with its day."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.assessments import grants
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from tests.functional.assessment_steps import FIRST, led_to, page, present, question_url, started

FIELDS = {"choice": "3", "reason": "", "comment": "", "revision": "0"}
PEOPLE = {"lead": "amina", "assessor": "amina", "contributor": "carla", "reviewer": "rene"}
# address, fields, who may (the focal point always)
POSTS = (
    (f"/questions/{FIRST}", FIELDS, {"lead", "assessor", "contributor"}),
    (
        f"/questions/{FIRST}/evidence/new",
        {"kind": "document", "reference": "x"},
        {"lead", "assessor", "contributor"},
    ),
    (f"/questions/{FIRST}/remarks", {"text": "x"}, set(PEOPLE)),
    (
        "/table",
        {f"revision:{FIRST}": "1", f"choice:{FIRST}": "2"},
        {"lead", "assessor", "contributor"},
    ),
    ("/participants/new", {"name": "x", "group": "regulator"}, {"lead", "assessor"}),
    ("/prepare/frame", {"scope": "x", "revision": "1"}, {"lead", "assessor"}),
    ("/details", {"title": "x", "language": "en", "stage": "no"}, {"lead", "assessor"}),
    ("/agenda/fill", {"days": "3"}, {"lead", "assessor"}),
    ("/advance/workshop", {}, {"lead"}),
    ("/advance/review", {}, {"lead"}),
    ("/agree", {}, set()),
    ("/reopen", {"reason": "x"}, set()),
    ("/access", {"username": "amina", "until": "2030-01-01", "role": "lead"}, set()),
)


def _let_in(database, cast, assessment_id, role):
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        return grants.give_grant(
            session,
            cast.actors["farid"],
            row,
            user_id=cast.users[PEOPLE[role]],
            until=now() + timedelta(days=3),
            role=GrantRole(role),
        ).id


@pytest.mark.parametrize("role", PEOPLE)
def test_part_opens_what_belongs_to_it_and_nothing_else(browser, cast, database, role):
    assessment_id = started(database, cast)
    _let_in(database, cast, assessment_id, role)
    person = browser(PEOPLE[role])
    for page_of in ("", "/prepare", "/table", "/results", "/details", f"/questions/{FIRST}"):
        assert person.get(f"/assessments/{assessment_id}{page_of}").status_code == 200, page_of
    for address, fields, may in POSTS:
        answer = person.post(f"/assessments/{assessment_id}{address}", fields)
        assert (answer.status_code == 302) == (role in may), (address, answer.status_code)
        if role not in may:
            assert answer.status_code == 403, address


@pytest.mark.parametrize("role", PEOPLE)
def test_page_offers_only_what_the_part_allows(browser, cast, database, role):
    assessment_id = started(database, cast)
    _let_in(database, cast, assessment_id, role)
    person = browser(PEOPLE[role])
    question = page(person.get(question_url(assessment_id)))
    assert ("data-autosave" in question) == (role != "reviewer")
    assert "Write a remark" in question
    if role == "reviewer":
        assert "fieldset disabled" in question and "Add evidence" not in question
    prepare = page(person.get(f"/assessments/{assessment_id}/prepare"))
    assert ("Add a participant" in prepare) == (role in ("lead", "assessor"))
    details = page(person.get(f"/assessments/{assessment_id}/details"))
    assert ("/advance/workshop" in details) == (role == "lead")
    assert "/access" not in details


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("end", ["ended", "ran out"])
def test_part_that_is_over_opens_nothing(browser, cast, database, role, end):
    assessment_id = started(database, cast)
    grant_id = _let_in(database, cast, assessment_id, role)
    change = {"ended_at": now()} if end == "ended" else {"until": now() - timedelta(seconds=1)}
    with database.writing() as session:
        session.execute(
            sa.update(AssessmentGrant).where(AssessmentGrant.id == grant_id).values(**change)
        )
    person = browser(PEOPLE[role])
    for page_of in ("", "/prepare", "/table", f"/questions/{FIRST}", f"/questions/{FIRST}/remarks"):
        assert person.get(f"/assessments/{assessment_id}{page_of}").status_code == 404, page_of
    assert person.post(question_url(assessment_id) + "/remarks", {"text": "x"}).status_code == 404


def test_focal_point_gives_each_part_by_name(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    until = (now() + timedelta(days=5)).date().isoformat()
    for role, username in (("reviewer", "rene"), ("contributor", "carla"), ("lead", "amina")):
        sent = {"username": username, "until": until, "role": role}
        assert farid.post(f"/assessments/{assessment_id}/access", sent).status_code == 302
    with database.reading() as session:
        given = {row.user.username: row.role for row in session.scalars(sa.select(AssessmentGrant))}
    assert given == {"rene": "reviewer", "carla": "contributor", "amina": "lead"}
    text = page(farid.get(f"/assessments/{assessment_id}/access"))
    assert "Lead assessor" in text and "Contributor" in text and "Reviewer" in text


def test_new_roles_are_offered_for_accounts(browser, cast):
    text = page(browser("root").get("/directory/users/new"))
    assert 'value="contributor"' in text and 'value="reviewer"' in text


def test_person_with_an_account_alone_sees_no_assessment(browser, cast, database):
    assessment_id = started(database, cast)
    for username in ("carla", "rene"):
        person = browser(username)
        text = page(person.get("/assessments/"))
        assert "There is no assessment that you may see." in text and "Start an" not in text
        assert person.get(f"/assessments/{assessment_id}").status_code == 404
        assert person.get("/assessments/new").status_code == 403
        assert person.get("/").status_code == 200


def test_reviewer_remarks_until_the_assessment_is_locked(browser, cast, database):
    assessment_id = started(database, cast)
    _let_in(database, cast, assessment_id, "reviewer")
    led_to(database, cast, assessment_id, State.AGREED)
    rene = browser("rene")
    assert "Write a remark" not in page(rene.get(question_url(assessment_id)))
    refused = rene.post(question_url(assessment_id) + "/remarks", {"text": "Kept words"})
    assert refused.status_code == 403
    assert "The country agreed to this assessment on" in page(refused)
    assert "Kept words" in page(refused)
    assert present(database, assessment_id, FIRST) is None
