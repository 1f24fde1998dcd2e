"""Evidence: entries, uploads, downloads, removal."""

import io

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.assessments.models import Evidence
from cirt.files import StoredFile
from tests.functional.assessment_steps import FIRST, SECOND, page, question_url, started

PDF = b"%PDF-1.4\n" + b"x" * 100


def _upload(content=PDF, name="decree.pdf", **more):
    return {
        "kind": "file",
        "tlp": "amber",
        "reference": "",
        "seen_on": "",
        "file": (io.BytesIO(content), name),
        **more,
    }


def _rows(database):
    with database.reading() as session:
        return list(session.scalars(sa.select(Evidence)))


def _add(browser, assessment_id, fields, question=FIRST):
    return browser.post(
        question_url(assessment_id, question) + "/evidence/new",
        fields,
        content_type="multipart/form-data",
    )


def test_entries_of_every_kind_are_listed(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    for kind in ("document", "interview", "observation"):
        fields = {"kind": kind, "reference": f"The {kind} <i>x</i>", "seen_on": "2026-03-01"}
        assert _add(farid, assessment_id, fields).status_code == 302
    text = page(farid.get(question_url(assessment_id)))
    assert "The interview &lt;i&gt;x&lt;/i&gt;" in text and "2026-03-01" in text
    assert [row.kind for row in _rows(database)] == ["document", "interview", "observation"]


def test_upload_belongs_to_the_country_and_downloads_safely(browser, cast, database):
    assessment_id = started(database, cast, by="amina")
    amina = browser("amina")
    name = "المرسوم\u202e 2021-114.pdf"
    assert _add(amina, assessment_id, _upload(name=name)).status_code == 302
    (row,) = _rows(database)
    assert row.file.administration_id == cast.administrations["XA"]
    assert row.file.tlp == "amber" and "\u202e" not in row.file.name
    url = f"/assessments/{assessment_id}/evidence/{row.id}/file"
    for person in ("amina", "farid"):
        answer = browser(person).get(url)
        assert answer.status_code == 200 and answer.get_data() == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox"
        assert answer.headers["Cache-Control"] == "no-store"
        answer.close()
    for person in ("bela", "chen"):
        assert browser(person).get(url).status_code == 404
    for person in ("nadia", "root"):
        assert browser(person).get(url).status_code == 403
    assert browser(None).get(url).status_code == 302
    # not through another assessment that the person may read
    other = started(database, cast, by="bela", country="XB")
    assert browser("bela").get(f"/assessments/{other}/evidence/{row.id}/file").status_code == 404
    with database.reading() as session:
        read = sa.select(sa.func.count()).where(
            audit.AuditEntry.action == "assessment.evidence-read"
        )
        assert session.scalar(read) == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (_upload(b"MZ\x90\x00", "decree.pdf"), "its content is something else"),
        (_upload(b"<html>", "page.html"), "Files of this kind are not accepted"),
        (_upload(b"", "empty.pdf"), "The file is empty"),
        ({**_upload(), "file": (io.BytesIO(b""), "")}, "Choose a file."),
        (_upload(tlp="red"), "Choose one of the markings listed."),
        (_upload(kind="rumour"), "Choose what the evidence is."),
        (_upload(kind="interview", reference="Kept words"), "A file is attached"),
        ({"kind": "interview", "reference": "  "}, "Say what the evidence is"),
        ({"kind": "document", "reference": "x" * 1001}, "Shorten this to 1000 characters"),
        (
            {"kind": "document", "reference": "Kept words", "seen_on": "yesterday"},
            "Give the date as year-month-day",
        ),
    ],
)
def test_wrong_evidence_is_refused_with_a_sentence(browser, cast, database, fields, sentence):
    assessment_id = started(database, cast)
    if "file" in fields:  # each engine needs a fresh stream
        stream, name = fields["file"]
        fields = {**fields, "file": (io.BytesIO(stream.getvalue()), name)}
    answer = _add(browser("farid"), assessment_id, fields)
    assert answer.status_code == 422
    assert sentence in page(answer)
    if "Kept" in str(fields.get("reference")):
        assert "Kept words" in page(answer)
    assert _rows(database) == []
    with database.reading() as session:
        assert session.scalars(sa.select(StoredFile)).first() is None


def test_too_large_upload_is_refused(browser, cast, database, app):
    app.config["MAX_CONTENT_LENGTH"] = 5000
    assessment_id = started(database, cast)
    answer = _add(browser("farid"), assessment_id, _upload(PDF + b"y" * 10_000))
    assert answer.status_code == 413
    assert _rows(database) == []


def test_removal_asks_first_and_leaves_a_trace(browser, cast, database, installation):
    assessment_id = started(database, cast)
    farid = browser("farid")
    _add(farid, assessment_id, _upload())
    (row,) = _rows(database)
    path = installation.files.path_of(row.file_id)
    assert path.is_file()
    url = f"/assessments/{assessment_id}/evidence/{row.id}/remove"
    assert "Remove this evidence for good?" in page(farid.get(url))
    assert browser("chen").post(url).status_code == 404
    assert farid.client.post(url).status_code == 400
    assert _rows(database) == [] or path.is_file()
    assert farid.post(url).status_code == 302
    assert _rows(database) == [] and not path.exists()
    assert farid.get(url).status_code == 404
    with database.reading() as session:
        query = sa.select(audit.AuditEntry).where(
            audit.AuditEntry.action == "assessment.evidence-removed"
        )
        entry = session.scalars(query).one()
    assert entry.details["sha256"] == row.file.sha256 and entry.details["kind"] == "file"
    assert "decree" not in str(entry.details)


def test_evidence_needs_a_question_and_a_right(browser, cast, database):
    assessment_id = started(database, cast)
    fields = {"kind": "document", "reference": "x"}
    assert _add(browser("farid"), assessment_id, fields, "D99-Q1").status_code == 404
    assert _add(browser("bela"), assessment_id, fields).status_code == 404
    assert _add(browser("nadia"), assessment_id, fields).status_code == 403
    url = question_url(assessment_id, SECOND) + "/evidence/new"
    assert browser("farid").get(url).status_code == 200
    assert browser(None).get(url).status_code == 302
    assert browser("farid").client.post(url, data=fields).status_code == 400
