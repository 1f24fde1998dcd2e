"""An instrument that was removed while answers exist: nothing breaks, nothing is lost."""

import pytest
import sqlalchemy as sa

from cirt.assessments.models import Assessment
from cirt.assessments.pages import InstrumentMissingError
from tests.functional.assessment_steps import FIRST, answered, page, present, question_url, started

assert InstrumentMissingError


@pytest.fixture
def orphaned(cast, database):
    assessment_id = started(database, cast, title="Orphaned round")
    answered(database, cast, assessment_id, FIRST, "2", comment="Kept")
    with database.writing() as session:
        session.execute(
            sa.update(Assessment).values(
                instrument_id="national-method", instrument_version="9.9.9"
            )
        )
    return assessment_id


def test_list_and_start_page_go_on_and_say_what_is_missing(browser, orphaned):
    farid = browser("farid")
    text = page(farid.get("/assessments/"))
    assert "Orphaned round" in text and "Missing here" in text and "national-method 9.9.9" in text
    assert farid.get("/").status_code == 200


@pytest.mark.parametrize(
    "part",
    [
        "",
        "/prepare",
        "/table",
        "/results",
        "/findings",
        "/plan",
        "/details",
        "/report/en.pdf",
        f"/questions/{FIRST}",
        f"/questions/{FIRST}/history",
        f"/questions/{FIRST}/remarks",
        f"/questions/{FIRST}/evidence/new",
        "/participants/new",
        "/agree",
        "/advance/workshop",
    ],
)
def test_every_page_names_the_instrument_and_what_to_do(browser, orphaned, part):
    answer = browser("farid").get(f"/assessments/{orphaned}{part}")
    text = page(answer)
    assert answer.status_code in (403, 409) if part == "/agree" else answer.status_code == 409
    assert "The instrument of this assessment is missing" in text
    assert "national-method" in text and "9.9.9" in text and "Tell the operator" in text


def test_nothing_is_saved_and_nothing_is_lost(browser, database, orphaned):
    farid = browser("farid")
    sent = {"choice": "4", "reason": "", "comment": "Late", "revision": "1"}
    assert farid.post(question_url(orphaned), sent).status_code == 409
    as_json = farid.post(question_url(orphaned), sent, headers={"Accept": "application/json"})
    assert as_json.status_code == 409 and "national-method" in as_json.json["message"]
    assert farid.post(f"/assessments/{orphaned}/advance/workshop").status_code == 409
    row = present(database, orphaned, FIRST)
    assert (row.level, row.comment) == (2, "Kept")


def test_access_can_still_be_taken_away(browser, orphaned):
    farid = browser("farid")
    assert farid.get(f"/assessments/{orphaned}/access").status_code == 200
    assert browser("bela").get(f"/assessments/{orphaned}").status_code == 404


def test_another_instrument_is_chosen_while_nothing_was_answered(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    with database.writing() as session:
        session.execute(sa.update(Assessment).values(instrument_version="9.9.9"))
    farid = browser("farid")
    url = f"/assessments/{assessment_id}"
    assert "/prepare/instrument" in page(farid.get(url))
    assert farid.get(f"{url}/prepare/instrument").status_code == 200
    sent = {"instrument": "cirt-readiness@1.0.0"}
    assert farid.post(f"{url}/prepare/instrument", sent).status_code == 302
    assert farid.get(url).status_code == 200
