"""Results and the report as PDF."""

import io

import pypdf
import sqlalchemy as sa

from cirt import audit
from tests.functional.assessment_steps import FIRST, SECOND, THIRD, answered, page, started

NEVER = ("complies", "compliant", "ranking", "certified")


def _text(pdf):
    return "\n".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def _answers(database, cast):
    assessment_id = started(database, cast, cirt_exists=True)
    answered(database, cast, assessment_id, FIRST, "3", comment="عُرض المرسوم 2021-114")
    answered(database, cast, assessment_id, SECOND, "not-known")
    answered(database, cast, assessment_id, THIRD, "not-applicable", reason="No such strategy")
    return assessment_id


def test_results_show_coverage_confidence_and_the_rule(browser, cast, database):
    assessment_id = _answers(database, cast)
    text = page(browser("farid").get(f"/assessments/{assessment_id}/results"))
    assert "3.0 of 4" in text and "Low confidence" in text
    assert "(3×3) ÷ 3 = 3.0" in text
    assert "No such strategy" in text and "no figure yet" in text
    assert "<svg" in text and "The figures as a table" in text
    assert not [word for word in NEVER if word in text.lower()]


def test_results_of_an_untouched_assessment_are_honest(browser, cast, database):
    assessment_id = started(database, cast)
    text = page(browser("farid").get(f"/assessments/{assessment_id}/results"))
    assert "no figure yet" in text and "0.0 of 4" not in text


def test_report_is_made_in_its_own_language(browser, cast, database):
    assessment_id = _answers(database, cast)
    farid = browser("farid")
    for language, title in (("en", "Mandate and authority"), ("ar", "")):
        answer = farid.get(f"/assessments/{assessment_id}/report/{language}.pdf?lang=en")
        assert answer.status_code == 200 and answer.mimetype == "application/pdf"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("inline; filename=XA-readiness-")
        assert disposition.endswith(f"-{language}.pdf")
        reader = pypdf.PdfReader(io.BytesIO(answer.get_data()))
        assert reader.trailer["/Root"]["/Lang"] == language
        text = _text(answer.get_data())
        assert "TLP:AMBER+STRICT" in text and title in text and "2021-114" in text
        assert not [word for word in NEVER if word in text.lower()]
    with database.reading() as session:
        query = sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "assessment.export")
        assert [one.details["language"] for one in session.scalars(query)] == ["en", "ar"]


def test_report_is_closed_to_others(browser, cast, database):
    assessment_id = _answers(database, cast)
    url = f"/assessments/{assessment_id}/report/en.pdf"
    for person in ("bela", "chen", "amina"):
        assert browser(person).get(url).status_code == 404
        assert browser(person).get(f"/assessments/{assessment_id}/results").status_code == 404
    for person in ("nadia", "omar", "root"):
        assert browser(person).get(url).status_code == 403
        assert browser(person).get(f"/assessments/{assessment_id}/results").status_code == 403
    assert browser(None).get(url).status_code == 302
    farid = browser("farid")
    for language in ("de", "../en", "EN", "zz"):
        assert farid.get(f"/assessments/{assessment_id}/report/{language}.pdf").status_code == 404
    assert farid.post(url).status_code == 405


def test_report_of_an_untouched_assessment_is_made(browser, cast, database):
    assessment_id = started(database, cast)
    answer = browser("farid").get(f"/assessments/{assessment_id}/report/ar.pdf")
    assert answer.status_code == 200 and answer.get_data().startswith(b"%PDF-")
