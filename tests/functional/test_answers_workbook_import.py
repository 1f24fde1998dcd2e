"""Answers in a spreadsheet: out, filled in, looked at, in; all of it or nothing."""

import io
import re
import shutil
import subprocess
import threading
import uuid
import zipfile
from datetime import timedelta

import openpyxl
import pytest
import sqlalchemy as sa

from cirt import audit, jobs
from cirt.accounts.models import Administration
from cirt.assessments.evidence import Kind, add_entry
from cirt.assessments.grants import default_until, give_grant
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.rounds.answers_workbook_import import UPLOAD_JOB
from cirt.clock import now
from cirt.files import StoredFile
from tests.functional.assessment_steps import (
    FIRST,
    SECOND,
    THIRD,
    answered,
    led_to,
    page,
    present,
    started,
    versions,
)
from tests.functional.round_steps import next_round

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def url_of(assessment_id, rest=""):
    return f"/assessments/{assessment_id}/workbook{rest}"


def export(browser, assessment_id, language="en", person="farid"):
    answer = browser(person).get(url_of(assessment_id, f"/{language}.xlsx"))
    assert answer.status_code == 200, page(answer)
    assert answer.mimetype == XLSX
    return answer.get_data()


def edited(data, changes=(), change=None):
    """Change cells of the answers: (question id, column name, value)."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[1]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = {row[0].value: row[0].row for row in sheet.iter_rows(min_row=2)}
    for question_id, header, value in changes:
        sheet.cell(rows[question_id], columns[header]).value = value
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(one, assessment_id, data, name="answers.xlsx"):
    answer = one.post(url_of(assessment_id), {"file": (io.BytesIO(data), name)})
    answer.request.environ["wsgi.input"].close()  # the test client leaves it open
    return answer


def uploaded(one, assessment_id, data):
    """Upload a workbook and return the address of its preview."""
    answer = upload(one, assessment_id, data)
    assert answer.status_code == 302, page(answer)
    return answer.headers["Location"]


def counts(text):
    """The numbers of the preview, by label."""
    facts = re.findall(r"<dt>([^<]+)</dt>\s*<dd>([^<]*)", text)
    return {label: int(value) for label, value in facts if value.strip().isdigit()}


def stored(database, model):
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def actions(database):
    with database.reading() as session:
        return list(session.scalars(sa.select(audit.AuditEntry.action)))


ODD = {
    FIRST: ("3", {"comment": '=HYPERLINK("http://x","y")\nسطر ثانٍ', "confidence": "low"}),
    SECOND: ("not-applicable", {"reason": "لا ينطبق هنا: +1", "for_review": True}),
    THIRD: ("not-known", {"comment": "-1\x0b_x000D_", "disputed": True}),
    "D2-Q2": ("0", {"comment": "\U0001f600" * 17_000}),
    "D3-Q1": ("not-answered", {"comment": "Ask the ministry"}),
}


def filled(database, cast):
    assessment_id = started(database, cast)
    for question_id, (choice, more) in ODD.items():
        answered(database, cast, assessment_id, question_id, choice, **more)
    return assessment_id


@pytest.mark.parametrize("language", ["en", "ar"])
def test_file_that_nobody_changed_changes_nothing(browser, cast, database, language):
    assessment_id = filled(database, cast)
    farid = browser("farid")
    address = uploaded(farid, assessment_id, export(browser, assessment_id, language))
    text = page(farid.get(address))
    found = counts(text)
    assert found["Unchanged"] == 32
    assert {label for label, count in found.items() if count} == {"Unchanged"}
    assert "There is nothing to import" in text and "Import these answers" not in text
    before = stored(database, Answer)
    farid.post(address)
    assert stored(database, Answer) == before
    assert len(versions(database, assessment_id, FIRST)) == 1


def test_export_says_what_it_is_and_is_on_record(browser, cast, database):
    assessment_id = filled(database, cast)
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        add_entry(session, cast.actors["farid"], row, FIRST, kind=Kind.DOCUMENT, reference="Decree")
    book = openpyxl.load_workbook(io.BytesIO(export(browser, assessment_id, "ar")))
    assert [sheet.sheet_view.rightToLeft for sheet in book] == [True] * 3
    book = openpyxl.load_workbook(io.BytesIO(export(browser, assessment_id)))
    assert book.sheetnames == ["Read me", "Answers", "Long texts"]
    about = {row[0].value: row[1].value for row in book["Read me"] if row[0].value}
    assert about["Assessment"] == str(assessment_id)
    assert (about["Country code"], about["Round"]) == ("XA", "1")
    assert (about["Instrument"], about["Version"]) == ("cirt-readiness", "1.0.0")
    assert about["Marking"] == "TLP:AMBER+STRICT"
    assert about["State"].startswith("Draft")
    sheet = book["Answers"]
    heads = [cell.value for cell in sheet[1]]
    first = dict(zip(heads, [cell.value for cell in sheet[2]], strict=True))
    assert (first["Id"], first["Answer"], first["Revision"]) == (FIRST, 3, 1)
    assert first["Last changed by"] == "Farid (XA)"
    assert first["Pieces of evidence"] == 1
    assert first["Levels"].count("\n") >= 4
    assert sheet.max_row == 33
    assert actions(database).count("assessment.export") == 2
    led_to(database, cast, assessment_id, State.AGREED)
    book = openpyxl.load_workbook(io.BytesIO(export(browser, assessment_id)))
    about = {row[0].value: row[1].value for row in book["Read me"] if row[0].value}
    assert about["State"] == "Agreed and locked"


def test_filled_in_answers_are_shown_then_saved_with_history(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "1", comment="Before")
    data = edited(
        export(browser, assessment_id),
        [
            (FIRST, "Answer", 3),
            (FIRST, "Comment", "+seen\nالسطر"),
            (SECOND, "Answer", "Not applicable"),
            (SECOND, "Why the question does not apply", "لا ينطبق"),
            (THIRD, "Answer", "2"),
            (THIRD, "How sure are those who answered?", "High"),
            (THIRD, "For review", "Yes"),
        ],
    )
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    text = page(farid.get(address))
    found = counts(text)
    assert (found["New answers"], found["Changed answers"], found["Unchanged"]) == (2, 1, 29)
    assert "Before" in text and "+seen" in text
    assert present(database, assessment_id, FIRST).level == 1  # looking stores nothing
    assert stored(database, Answer) == 1
    answer = farid.post(address, follow_redirects=True)
    assert "3 answers were imported." in page(answer)
    first = present(database, assessment_id, FIRST)
    assert (first.level, first.comment, first.revision) == (3, "+seen\nالسطر", 2)
    assert first.updated_by == cast.users["farid"]
    assert [each.level for each in versions(database, assessment_id, FIRST)] == [1, 3]
    second = present(database, assessment_id, SECOND)
    assert (second.state, second.reason) == ("not-applicable", "لا ينطبق")
    third = present(database, assessment_id, THIRD)
    assert (third.level, third.confidence, third.for_review) == (2, "high", True)
    assert actions(database).count("assessment.answer") == 4
    assert actions(database).count("assessment.import") == 1
    # the upload is used up
    assert (stored(database, StoredFile), stored(database, jobs.Job)) == (0, 0)
    gone = farid.post(address)
    assert gone.status_code == 404 and "Choose the file again" in page(gone)
    assert farid.get(address).status_code == 404


def test_answer_changed_here_and_in_the_file_is_decided_by_a_person(browser, cast, database):
    assessment_id = started(database, cast)
    for question_id in (FIRST, SECOND, THIRD):
        answered(database, cast, assessment_id, question_id, "1", comment="Exported")
    data = edited(
        export(browser, assessment_id),
        [(FIRST, "Answer", 3), (SECOND, "Answer", 4), ("D2-Q2", "Answer", 2)],
    )
    for question_id in (FIRST, SECOND, THIRD):
        answered(database, cast, assessment_id, question_id, "2", comment="Meanwhile")
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    text = page(farid.get(address))
    assert counts(text)["Changed here and in the file"] == 2
    assert "they stay as they are here" in text  # THIRD: only changed here
    assert "Meanwhile" in text and "Exported" in text
    assert text.count(f'name="seen:{FIRST}" value="2"') == 1
    seen = {f"seen:{FIRST}": 2, f"seen:{SECOND}": 2}
    undecided = farid.post(address, {**seen, f"keep:{FIRST}": "file"})
    assert undecided.status_code == 422 and "Choose for each answer" in page(undecided)
    assert re.search(rf'id="keep-{FIRST}-file" checked', page(undecided))
    assert present(database, assessment_id, "D2-Q2") is None  # nothing, not even the others
    decided = {**seen, f"keep:{FIRST}": "file", f"keep:{SECOND}": "ours"}
    answered(database, cast, assessment_id, SECOND, "0", comment="Even later")
    moved = farid.post(address, decided)
    assert moved.status_code == 409 and "while you looked" in page(moved)
    assert "Even later" in page(moved)
    assert present(database, assessment_id, "D2-Q2") is None
    answer = farid.post(address, {**decided, f"seen:{SECOND}": 3})
    assert answer.status_code == 302
    assert present(database, assessment_id, FIRST).level == 3
    second = present(database, assessment_id, SECOND)
    assert (second.level, second.revision) == (0, 3)
    assert present(database, assessment_id, THIRD).level == 2
    assert present(database, assessment_id, "D2-Q2").level == 2
    # what was overwritten stays in the history
    assert [each.level for each in versions(database, assessment_id, FIRST)] == [1, 2, 3]


def test_change_between_look_and_confirmation_is_not_overwritten(browser, cast, database):
    assessment_id = started(database, cast)
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3), (SECOND, "Answer", 1)])
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    assert counts(page(farid.get(address)))["New answers"] == 2
    answered(database, cast, assessment_id, FIRST, "4")
    answer = farid.post(address)
    assert answer.status_code == 409
    assert present(database, assessment_id, FIRST).level == 4
    assert present(database, assessment_id, SECOND) is None


def test_file_confirmed_twice_at_once_is_imported_once(browser, cast, database):
    assessment_id = started(database, cast)
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3), (SECOND, "Answer", 1)])
    windows = [browser("farid"), browser("farid")]
    address = uploaded(windows[0], assessment_id, data)
    answers = []
    threads = [
        threading.Thread(target=lambda one=one: answers.append(one.post(address).status_code))
        for one in windows
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [302, 404]
    assert len(versions(database, assessment_id, FIRST)) == 1
    assert actions(database).count("assessment.import") == 1


def test_rows_with_errors_hold_up_the_others_until_somebody_says_so(browser, cast, database):
    assessment_id = started(database, cast)
    data = edited(
        export(browser, assessment_id),
        [
            (FIRST, "Answer", 9),
            (FIRST, "Comment", "=1+1"),
            (SECOND, "Answer", "Not applicable"),
            (THIRD, "Answer", 2),
            ("D2-Q2", "Id", "D99-Q9"),
            ("D3-Q1", "Revision", 7),
        ],
    )
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    text = page(farid.get(address))
    assert counts(text)["Rows with errors"] == 4
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))
    for said in (
        "Answers E2: Choose one of the answers",
        "Answers G2: A formula stands here",
        "Answers F3: Say why the question does not apply",
        ": There is no question D99-Q9 here",
        ": This answer has no revision 7 here",
    ):
        assert said in plain, said
    refused = farid.post(address)
    assert refused.status_code == 422 and "Some rows have errors" in page(refused)
    assert stored(database, Answer) == 0
    assert farid.post(address, {"without_errors": "yes"}).status_code == 302
    assert present(database, assessment_id, THIRD).level == 2
    assert stored(database, Answer) == 1
    with database.reading() as session:
        entry = session.scalars(
            sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "assessment.import")
        ).one()
    assert (entry.details["saved"], entry.details["left_out"]) == (1, 4)


def test_emptied_answer_is_announced_and_stays_in_the_history(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "2", comment="Kept")
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", None)])
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    assert "These answers would be emptied:" in page(farid.get(address))
    farid.post(address)
    assert present(database, assessment_id, FIRST).state == "not-answered"
    assert [each.level for each in versions(database, assessment_id, FIRST)] == [2, None]


def test_row_that_was_removed_leaves_its_answer(browser, cast, database):
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, FIRST, "2")
    data = edited(
        export(browser, assessment_id), change=lambda book: book["Answers"].delete_rows(2)
    )
    farid = browser("farid")
    text = page(farid.get(uploaded(farid, assessment_id, data)))
    assert "Questions without a row in the file; they stay as they are: 1." in text
    assert counts(text)["Unchanged"] == 31


def test_carried_over_answer_stays_one_while_its_level_stays(browser, cast, database):
    assessment_id = started(database, cast)
    source = f"{uuid.uuid4()}/{FIRST}"
    answered(database, cast, assessment_id, FIRST, "2", carried_from=source)
    farid = browser("farid")
    data = edited(export(browser, assessment_id), [(FIRST, "Comment", "Looked at again")])
    farid.post(uploaded(farid, assessment_id, data))
    answer = present(database, assessment_id, FIRST)
    assert (answer.comment, answer.carried_from) == ("Looked at again", source)


def test_file_of_another_round_is_compared_answer_by_answer(browser, cast, database):
    first = started(database, cast, title="Round <one>")
    for question_id in (FIRST, SECOND):
        answered(database, cast, first, question_id, "1")
    data = export(browser, first)
    second = next_round(database, cast, first)
    answered(database, cast, second, FIRST, "4")
    farid = browser("farid")
    address = uploaded(farid, second, data)
    text = page(farid.get(address))
    assert "another assessment of the same country" in text and "Round &lt;one&gt;" in text
    found = counts(text)
    assert (found["Changed here and in the file"], found["New answers"]) == (1, 1)
    farid.post(address, {f"seen:{FIRST}": 1, f"keep:{FIRST}": "ours"})
    assert present(database, second, FIRST).level == 4
    assert present(database, second, SECOND).level == 1


def test_file_of_another_country_instrument_or_version_is_named(browser, cast, database):
    own = started(database, cast)
    farid = browser("farid")
    other = started(database, cast, by="bela", country="XB", title="Theirs")
    theirs = export(browser, other, person="bela")
    newer = started(database, cast, title="Newer", instrument=("cirt-readiness", "2.0.0"))
    services = started(database, cast, title="Services", instrument=("first-services", "1.0.0"))
    for data, said in (
        (theirs, "The file holds answers of XB, and this is an assessment of XA."),
        (
            export(browser, newer),
            "answers to cirt-readiness 2.0.0, and this assessment asks cirt-readiness 1.0.0",
        ),
    ):
        answer = upload(farid, own, data)
        assert answer.status_code == 422
        assert said in page(answer) and "Read me" in page(answer)
    answer = upload(farid, own, export(browser, services))
    assert answer.status_code == 422
    assert "answers to first-services 1.0.0" in page(answer)
    assert (stored(database, StoredFile), stored(database, jobs.Job)) == (0, 0)


def test_services_are_filled_in_with_the_functions_offered(browser, cast, database):
    assessment_id = started(database, cast, instrument=("first-services", "1.0.0"))
    data = export(browser, assessment_id)
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Answers"]
    heads = {cell.value: cell.column - 1 for cell in sheet[1]}
    row = next(r for r in sheet.iter_rows(min_row=2) if r[heads["Functions listed"]].value)
    question_id = row[0].value
    listed = [line.partition(":")[0] for line in row[heads["Functions listed"]].value.split("\n")]
    data = edited(
        data,
        [(question_id, "Answer", 1), (question_id, "Functions offered", "\n".join(listed[:2]))],
    )
    farid = browser("farid")
    farid.post(uploaded(farid, assessment_id, data))
    answer = present(database, assessment_id, question_id)
    assert (answer.level, sorted(answer.functions)) == (1, sorted(listed[:2]))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("answers.xlsx", b"", "no Excel workbook"),
        ("answers.xlsx", b"PK\x03\x04" + b"\0" * 40, "no Excel workbook"),
        ("answers.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "password"),
        ("answers.csv", b"a,b", "its name ends in .xlsx"),
        ("answers.xlsx", b"PK" + b"\0" * 10_000_001, "larger than 10000000 bytes"),
    ],
    ids=["empty", "broken", "protected", "csv", "large"],
)
def test_other_file_is_refused_and_not_kept(browser, cast, database, name, data, said):
    assessment_id = started(database, cast)
    answer = upload(browser("farid"), assessment_id, data, name)
    assert answer.status_code == 422 and said in page(answer)
    assert (stored(database, StoredFile), stored(database, jobs.Job)) == (0, 0)


def test_no_file_is_asked_for(browser, cast, database):
    answer = browser("farid").post(url_of(started(database, cast)))
    assert answer.status_code == 422 and "Choose a file." in page(answer)


def test_hostile_workbook_is_refused_with_a_sentence(browser, cast, database):
    assessment_id = started(database, cast)
    data = export(browser, assessment_id)
    head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    for part, content, said in (
        ("xl/vbaProject.bin", b"\xd0\xcf", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<externalLink/>", "linked"),
        ("xl/media/zeros.xml", b"<a>" + b"0" * 30_000_000, "unpacks"),
        ("xl/extra.xml", head + b"<x>&f;</x>", "document type"),
    ):
        out = io.BytesIO(data)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(part, content)
        answer = upload(browser("farid"), assessment_id, out.getvalue())
        assert answer.status_code == 422 and said in page(answer), part


def test_changed_frame_is_named_by_cell_on_the_page(browser, cast, database):
    assessment_id = started(database, cast)

    def spoil(book):
        sheet = book["Answers"]
        sheet.delete_cols(7)
        sheet.cell(1, 30).value = "<b>Colour</b>"

    answer = upload(
        browser("farid"), assessment_id, edited(export(browser, assessment_id), change=spoil)
    )
    text = page(answer)
    assert answer.status_code == 422
    assert "Nothing was taken over. Faults in the workbook: 2." in text
    assert "The column Comment is missing." in text
    assert "AD1" in text and "The column &lt;b&gt;Colour&lt;/b&gt; is unknown here." in text


@pytest.mark.parametrize("state", [State.PREPARING, State.AGREED, State.CLOSED])
def test_locked_assessment_takes_no_file_and_says_why(browser, cast, database, state):
    assessment_id = started(database, cast)
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3)])
    farid = browser("farid")
    address = uploaded(farid, assessment_id, data)
    said = "it is locked"
    if state is State.PREPARING:
        assessment_id = started(database, cast, title="Other", begun=False)
        address, said = url_of(assessment_id, f"/{uuid.uuid4()}"), "is being prepared"
    else:
        led_to(database, cast, assessment_id, state)
        said = said if state is State.AGREED else "was closed on"
        looked = page(farid.get(address))
        assert said in looked and "Import these answers" not in looked
    shown = page(farid.get(url_of(assessment_id)))
    assert said in shown and 'type="file"' not in shown
    for answer in (upload(farid, assessment_id, data), farid.post(address)):
        assert answer.status_code == 403 and said in page(answer)
    assert present(database, assessment_id, FIRST) is None


def test_upload_is_its_persons_own(browser, cast, database):
    """Another focal point, another assessment of the same country: not there."""
    assessment_id = started(database, cast)
    other_id = started(database, cast, title="Other")
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3)])
    address = uploaded(browser("farid"), assessment_id, data)
    amina_sees = address.replace(str(assessment_id), str(other_id))
    assert browser("farid").get(amina_sees).status_code == 404
    assert browser("farid").post(amina_sees).status_code == 404
    with database.writing() as session:
        session.execute(sa.update(jobs.Job).values(user_id=cast.users["amina"]))
    for answer in (
        browser("farid").get(address),
        browser("farid").post(address),
        browser("farid").post(f"{address}/remove"),
    ):
        assert answer.status_code == 404
    assert present(database, assessment_id, FIRST) is None


def test_upload_belongs_to_the_country_and_expires(browser, cast, database, installation):
    assessment_id = started(database, cast, by="amina")
    amina = browser("amina")
    data = edited(export(browser, assessment_id, person="amina"), [(FIRST, "Answer", 3)])
    address = uploaded(amina, assessment_id, data)
    with database.reading() as session:
        row = session.scalars(sa.select(StoredFile)).one()
        assert row.administration_id == cast.administrations["XA"]
        assert session.get_one(Administration, row.administration_id).code == "XA"
    path = installation.files.path_of(row.id)
    assert path.is_file()
    jobs.run_pending(database, installation)
    assert path.is_file()  # not yet
    with database.writing() as session:
        past = now() - timedelta(minutes=1)
        session.execute(sa.update(jobs.Job).where(jobs.Job.kind == UPLOAD_JOB).values(run_at=past))
    assert amina.get(address).status_code == 404  # also before the work was done
    assert amina.post(address).status_code == 404
    jobs.run_pending(database, installation)
    assert not path.exists() and stored(database, StoredFile) == 0
    assert actions(database).count("file.erase") == 1


def test_upload_can_be_removed(browser, cast, database, installation):
    assessment_id = started(database, cast)
    farid = browser("farid")
    address = uploaded(farid, assessment_id, export(browser, assessment_id))
    with database.reading() as session:
        path = installation.files.path_of(session.scalars(sa.select(StoredFile.id)).one())
    answer = farid.post(f"{address}/remove", follow_redirects=True)
    assert "The file was removed. Nothing was imported." in page(answer)
    assert not path.exists()
    assert (stored(database, StoredFile), stored(database, jobs.Job)) == (0, 0)


def test_doors_stay_closed_to_others(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3)])
    address = uploaded(farid, assessment_id, data)
    doors = [
        ("GET", url_of(assessment_id)),
        ("GET", url_of(assessment_id, "/en.xlsx")),
        ("POST", url_of(assessment_id)),
        ("GET", address),
        ("POST", address),
        ("POST", f"{address}/remove"),
    ]
    for person, expected in (("bela", 404), ("nadia", 403), ("root", 403), ("amina", 404)):
        one = browser(person)
        for method, door in doors:
            answer = one.get(door) if method == "GET" else one.post(door)
            assert answer.status_code == expected, (person, method, door)
    for method, door in doors:
        answer = browser(None).client.open(door, method=method)
        assert answer.status_code == (302 if method == "GET" else 401), (method, door)
        if method == "POST":
            assert farid.client.post(door).status_code == 400, door  # no form token
    assert farid.get(url_of(assessment_id, "/fr.xlsx")).status_code == 404
    assert farid.client.put(address).status_code == 405
    assert present(database, assessment_id, FIRST) is None


def test_contributor_imports_and_reviewer_only_reads(browser, cast, database):
    assessment_id = started(database, cast)
    data = edited(export(browser, assessment_id), [(FIRST, "Answer", 3)])
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        for person, role in (("carla", GrantRole.CONTRIBUTOR), ("rene", GrantRole.REVIEWER)):
            give_grant(
                session,
                cast.actors["farid"],
                row,
                user_id=cast.users[person],
                until=default_until(),
                role=role,
            )
    rene, carla = browser("rene"), browser("carla")
    text = page(rene.get(url_of(assessment_id)))
    assert 'type="file"' not in text and ".xlsx" not in text.split("<main")[1].split("accept")[0]
    assert upload(rene, assessment_id, data).status_code == 403
    for one in (rene, carla):
        assert one.get(url_of(assessment_id, "/en.xlsx")).status_code == 403
    carla.post(uploaded(carla, assessment_id, data))
    answer = present(database, assessment_id, FIRST)
    assert (answer.level, answer.updated_by) == (3, cast.users["carla"])


def test_page_is_linked_from_the_questions(browser, cast, database):
    assessment_id = started(database, cast)
    text = page(browser("farid").get(f"/assessments/{assessment_id}"))
    assert f'href="{url_of(assessment_id)}"' in text
    text = page(browser("farid").get(url_of(assessment_id)))
    for language in ("en", "ar"):
        assert url_of(assessment_id, f"/{language}.xlsx") in text


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not on this machine"
)
def test_file_saved_again_by_libreoffice_changes_nothing(browser, cast, database, tmp_path):
    assessment_id = filled(database, cast)
    (tmp_path / "answers.xlsx").write_bytes(export(browser, assessment_id, "ar"))
    command = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", "again", "answers.xlsx"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    farid = browser("farid")
    data = (tmp_path / "again" / "answers.xlsx").read_bytes()
    assert counts(page(farid.get(uploaded(farid, assessment_id, data))))["Unchanged"] == 32
