"""Listing and starting assessments, and the details of one."""

import uuid

import sqlalchemy as sa

from cirt.assessments.models import Assessment, AssessmentGrant, AssessmentStep
from cirt.clock import now
from tests.functional.assessment_steps import page, started

START = "/assessments/new"


def _form(cast, country="XA", **changes):
    return {
        "country": str(cast.administrations[country]),
        "title": "Round one",
        "instrument": "cirt-readiness@1.0.0",
        "language": "ar",
        "stage": "open",
        **changes,
    }


def _all(database):
    with database.reading() as session:
        return list(session.scalars(sa.select(Assessment)))


def test_focal_point_starts_one_for_the_own_country(browser, cast, database):
    farid = browser("farid")
    answer = farid.post(START, _form(cast))
    assert answer.status_code == 302
    (row,) = _all(database)
    assert row.administration_id == cast.administrations["XA"]
    assert (row.state, row.language, row.cirt_exists) == ("preparing", "ar", None)
    assert "Round one" in page(farid.get(answer.location))
    assert "Round one" in page(farid.get("/assessments/"))
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AssessmentStep)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(AssessmentGrant)) == 0


def test_assessor_starts_one_and_gets_access_for_180_days(browser, cast, database):
    amina = browser("amina")
    assert "180 days" in page(amina.get(START))
    answer = amina.post(START, _form(cast, "XB"))
    assert answer.status_code == 302
    assert amina.get(answer.location).status_code == 200
    with database.reading() as session:
        grant = session.scalars(sa.select(AssessmentGrant)).one()
    assert grant.user_id == cast.users["amina"]
    assert 179 <= (grant.until - now()).days <= 181
    # the country owns it: its focal point sees it at once
    assert browser("bela").get(answer.location).status_code == 200


def test_focal_point_cannot_start_one_for_another_country(browser, cast, database):
    farid = browser("farid")
    assert str(cast.administrations["XB"]) not in page(farid.get(START))
    answer = farid.post(START, _form(cast, "XB"))
    assert answer.status_code == 422
    assert "Choose a country for which you may start an assessment." in page(answer)
    assert _all(database) == []


def test_assessing_body_is_no_country_to_assess(browser, cast, database):
    answer = browser("amina").post(START, _form(cast, "XZ"))
    assert answer.status_code == 422
    assert _all(database) == []


def test_wrong_input_is_refused_at_its_field_and_the_rest_is_kept(browser, cast, database):
    farid = browser("farid")
    for change, sentence in (
        ({"title": "   "}, "Give the assessment a title."),
        ({"title": "x" * 201}, "Shorten this to 200 characters"),
        ({"instrument": "cirt-readiness@9.9.9"}, "is not installed here"),
        ({"instrument": "../../etc@1"}, "is not installed here"),
        ({"language": "de"}, "Choose one of the languages listed."),
        ({"country": "nonsense"}, "Choose a country"),
    ):
        answer = farid.post(START, {**_form(cast), "title": "Kept title", **change})
        assert answer.status_code == 422, change
        assert sentence in page(answer), change
        if "title" not in change:
            assert "Kept title" in page(answer)
    assert _all(database) == []


def test_start_is_closed_to_others(browser, cast):
    assert browser(None).get(START).status_code == 302
    for person in ("nadia", "omar", "root", "boris"):
        assert browser(person).get(START).status_code == 403
        assert browser(person).get("/assessments/").status_code == 403
    assert browser("farid").client.delete(START).status_code in (400, 405)


def test_start_without_form_token_is_refused(browser, cast, database):
    answer = browser("farid").client.post(START, data=_form(cast))
    assert answer.status_code == 400
    assert _all(database) == []


def test_list_shows_only_what_a_person_may_see(browser, cast, database):
    started(database, cast, title="Of country A")
    started(database, cast, by="bela", country="XB", title="Of country B")
    started(database, cast, by="amina", country="XB", title="With Amina")
    assert "Of country B" not in page(browser("farid").get("/assessments/"))
    seen = page(browser("bela").get("/assessments/"))
    assert "Of country B" in seen and "With Amina" in seen and "Of country A" not in seen
    seen = page(browser("amina").get("/assessments/"))
    assert "With Amina" in seen and "Of country B" not in seen
    assert "There is no assessment" in page(browser("chen").get("/assessments/"))
    assert browser("farid").get("/assessments/?page=99").status_code == 200
    assert browser("farid").get("/assessments/?page=x").status_code == 200


def test_home_shows_open_assessments(browser, cast, database):
    started(database, cast, title="Waiting round")
    assert "Waiting round" in page(browser("farid").get("/"))
    assert "Waiting round" not in page(browser("nadia").get("/"))


def test_details_are_changed_and_decide_which_questions_are_asked(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    url = f"/assessments/{assessment_id}/details"
    change = {"title": "Round two", "language": "fr", "stage": "yes"}
    assert farid.post(url, change).status_code == 302
    (row,) = _all(database)
    assert (row.title, row.language, row.cirt_exists) == ("Round two", "fr", True)
    assert "Round two" in page(farid.get(url))
    refused = farid.post(url, {**change, "title": ""})
    assert refused.status_code == 422
    assert browser("chen").get(url).status_code == 404
    assert browser("chen").post(url, change).status_code == 404
    assert farid.get(f"/assessments/{uuid.uuid4()}").status_code == 404


def test_capabilities_page_names_the_questions(browser, cast):
    assert "D1-Q1" in page(browser("farid").get("/capabilities"))
