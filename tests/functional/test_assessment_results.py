"""Results, their files, and the report as PDF."""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import jsonschema_rs
import pypdf
import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments.evidence import Kind, add_entry
from cirt.assessments.models import Assessment
from tests.functional.assessment_steps import FIRST, SECOND, THIRD, answered, page, started

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "docs" / "json"
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


PROFILE = """\
id: our-target
version: 1.0.0
name: {en: "Our target", ar: "هدفنا"}
owner: "The test"
citation: "example.org"
verified: false
description: {en: "What the test aims at."}
instrument: cirt-readiness
instrument_version: 1.0.0
minimums:
  - question: D1-Q1
    level: %s
    reason: {en: "Partners read the mandate first."}
  - question: D1-Q2
    level: 1
    reason: {en: "Somebody must know."}
"""


@pytest.fixture
def targeted(database, cast, settings):
    """Give an assessment a profile of the installation with this minimum for D1-Q1."""

    def give(assessment_id, minimum, profile=PROFILE):
        folder = settings.data_dir / "profiles"
        folder.mkdir(parents=True, exist_ok=True)
        text = profile % minimum
        if minimum == "null":
            text = text.replace('    reason: {en: "Partners read the mandate first."}\n', "")
        (folder / "our-target.yml").write_text(text, encoding="utf-8")
        with database.writing() as session:
            session.get_one(Assessment, assessment_id).profile = "our-target"

    return give


def _results(browser, assessment_id, person="farid"):
    answer = browser(person).get(f"/assessments/{assessment_id}/results")
    assert answer.status_code == 200
    return page(answer)


def test_verdict_stands_with_every_line_its_reason_coverage_and_confidence(
    browser, cast, database, targeted
):
    assessment_id = _answers(database, cast)  # D1-Q1 is 3, D1-Q2 is not known
    targeted(assessment_id, 4)
    text = _results(browser, assessment_id)
    assert "Not every minimum is met" in text and "Our target" in text
    assert "Partners read the mandate first." in text and "Below the minimum" in text
    assert "Minimums met: 0 of 2; below: 1." in text
    verdict = text[text.index("Against the profile") : text.index("By dimension and pillar")]
    assert "Questions with a level: 1 of 2" in verdict and "confidence" in verdict
    assert "The answer is not known." in verdict
    assert "dashed" in text and "Target" in text
    targeted(assessment_id, 3)
    assert "Open: answers are missing" in _results(browser, assessment_id)
    answered(database, cast, assessment_id, SECOND, "1")
    assert "Every minimum is met" in _results(browser, assessment_id)


def test_profile_with_an_empty_minimum_gives_no_conclusion(browser, cast, database, targeted):
    assessment_id = _answers(database, cast)
    targeted(assessment_id, "null")
    text = _results(browser, assessment_id)
    assert "The profile is incomplete: no conclusion" in text
    assert "Minimums of this profile are not known here: 1 of 2." in text
    assert "Every minimum is met" not in text and "dashed" not in text


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        (PROFILE.replace("D1-Q2", "D99-Q1"), "D99-Q1"),
        (PROFILE.replace("level: 1", "level: one"), "our-target.yml:15"),
        (PROFILE.replace("instrument: cirt-readiness", "instrument: no-such"), "made for no-such"),
    ],
)
def test_profile_that_cannot_be_used_is_said_and_the_page_stays(
    browser, cast, database, targeted, profile, sentence
):
    assessment_id = _answers(database, cast)
    targeted(assessment_id, 3, profile)
    text = _results(browser, assessment_id)
    assert sentence in text and "3.0 of 4" in text


def test_results_without_a_profile_say_so(browser, cast, database):
    assert "No profile is chosen" in _results(browser, _answers(database, cast))


def test_heat_table_has_numbers_in_its_cells(browser, cast, database):
    text = _results(browser, _answers(database, cast))
    assert re.search(r'<td class="heat-3">3\.0</td>', text)
    assert "By dimension and pillar" in text and "Organizational structures" in text


def test_confidence_and_strength_stand_beside_the_level(browser, cast, database):
    assessment_id = _answers(database, cast)
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        add_entry(
            session, cast.actors["farid"], row, FIRST, kind=Kind.INTERVIEW,
            reference="The head of the team", seen_on=date(2026, 3, 1),
        )  # fmt: skip
    text = _results(browser, assessment_id)
    assert "Weak evidence" in text and "Not said" in text and "No evidence" in text


def test_files_say_what_is_on_the_page_and_are_marked_and_audited(
    browser, cast, database, targeted
):
    assessment_id = _answers(database, cast)
    answered(database, cast, assessment_id, FIRST, "3", comment="=1+1")
    targeted(assessment_id, 4)
    farid = browser("farid")
    for name in ("results", "answers"):
        url = f"/assessments/{assessment_id}/{name}"
        answer = farid.get(f"{url}.json?lang=ar")
        assert answer.mimetype == "application/json"
        assert answer.headers["Content-Disposition"] == (
            f"attachment; filename=XA-cirt-readiness-round-1-{name}.json"
        )
        assert farid.get(f"{url}.json?lang=ar").get_data() == answer.get_data()  # deterministic
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema_rs.validate(schema, answer.get_json())
        assert answer.get_json()["marking"] == "TLP:AMBER+STRICT"
        table = farid.get(f"{url}.csv?lang=en")
        assert table.mimetype == "text/csv" and table.get_data().startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(table.get_data().decode("utf-8-sig"), newline="")))
        assert {row[-1] for row in rows} == {"Marking", "TLP:AMBER+STRICT"}
        assert len({len(row) for row in rows}) == 1
        if name == "answers":
            assert len(rows) == 1 + len(answer.get_json()["answers"])
            assert "'=1+1" in table.get_data().decode() and ",=1+1" not in table.get_data().decode()
        else:
            assert answer.get_json()["verdict"]["outcome"] == "not-met"
            assert answer.get_json()["overall"]["value"] == 3.0
            assert rows[1][:2] == ["Verdict", "our-target"]
    with database.reading() as session:
        query = sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "assessment.export")
        taken = [one.details["file"] for one in session.scalars(query)]
    assert sorted(set(taken)) == ["answers.csv", "answers.json", "results.csv", "results.json"]


def test_files_are_closed_to_others_and_of_a_known_form(browser, cast, database):
    assessment_id = _answers(database, cast)
    for name in ("results.csv", "results.json", "answers.csv", "answers.json"):
        url = f"/assessments/{assessment_id}/{name}"
        assert browser("bela").get(url).status_code == 404
        assert browser("nadia").get(url).status_code == 403
        assert browser(None).get(url).status_code == 302
        assert browser("farid").post(url).status_code == 405
    farid = browser("farid")
    for name in ("results.xml", "other.csv", "results.CSV"):
        assert farid.get(f"/assessments/{assessment_id}/{name}").status_code == 404


def test_untouched_assessment_has_valid_files(browser, cast, database):
    assessment_id = started(database, cast)
    for name in ("results", "answers"):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        body = browser("farid").get(f"/assessments/{assessment_id}/{name}.json").get_json()
        jsonschema_rs.validate(schema, body)
        assert body["profile"] is None
