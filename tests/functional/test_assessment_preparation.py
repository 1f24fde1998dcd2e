"""Preparing a workshop: the checklist, the frame, participants, documents, the agenda."""

import itertools
import re

import pytest
import sqlalchemy as sa

from cirt.assessments import agenda, preparation, requested_documents
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment, Evidence
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from tests.functional.assessment_steps import FIRST, led_to, page, started

PERSON = {
    "name": "Samira Haddad",
    "organization": "Authority",
    "function": "Director",
    "group": "regulator",
    "attended": "",
}


def _url(assessment_id, part=""):
    return f"/assessments/{assessment_id}{part}"


def _rows(database, model):
    with database.reading() as session:
        return list(session.scalars(sa.select(model).order_by(model.added_at)))


def _agenda(database, assessment_id):
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        return [
            (one.day, one.starts, one.ends, one.title) for one in agenda.agenda_of(session, row)
        ]


def _item(database, cast, assessment_id, **said):
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        return agenda.save_item(session, cast.actors["farid"], row, **said).id


def _move(database, cast, assessment_id, item_id, up):
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        agenda.move_item(session, cast.actors["farid"], row, item_id, up=up)


def test_checklist_shrinks_as_things_are_settled(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    farid = browser("farid")
    text = page(farid.get(_url(assessment_id, "/prepare")))
    for sentence in (
        "Write down what is looked at and what is not.",
        "Settle the first day and the place of the workshop.",
        "Name those who take part.",
        "Ask for the documents to be read beforehand.",
        "Write the agenda, or start from a usual one.",
        "Say whether the country has a national CIRT",
    ):
        assert sentence in text, sentence
    frame = {
        "scope": "Ministries and banks",
        "profile": "",
        "workshop_on": "2026-12-01",
        "workshop_place": "Hall 3",
        "revision": "1",
    }
    assert farid.post(_url(assessment_id, "/prepare/frame"), frame).status_code == 302
    assert farid.post(_url(assessment_id, "/participants/new"), PERSON).status_code == 302
    paper = {"title": "The decree", "from_whom": "Ministry", "due_on": "2020-01-01"}
    assert farid.post(_url(assessment_id, "/documents/new"), paper).status_code == 302
    assert farid.post(_url(assessment_id, "/agenda/fill"), {"days": "3"}).status_code == 302
    text = page(farid.get(_url(assessment_id, "/prepare")))
    for sentence in (
        "The scope is written down.",
        "First day and place of the workshop are settled.",
        "Participants named: 1.",
        "Documents received: 0 of 1.",
        "Documents overdue: 1.",
        "on 3 days.",
        "Every dimension has its place on the agenda.",
        "Ministries and banks",
        "Samira Haddad",
        "The decree",
    ):
        assert sentence in text, sentence


@pytest.mark.parametrize("days", [3, 4, 5])
def test_usual_agenda_takes_up_every_dimension_once(cast, database, days):
    assessment_id = started(database, cast, begun=False, instrument=("cirt-readiness", "2.0.0"))
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        agenda.fill_agenda(session, cast.actors["farid"], row, days=days, translated=str)
        items = agenda.agenda_of(session, row)
        planned = [each for item in items for each in item.dimensions]
        assert planned == [f"D{number}" for number in range(1, 17)]
        assert {item.day for item in items} == set(range(1, days + 1))
        assert all(item.groups for item in items if item.dimensions)
        for day in range(1, days + 1):
            times = [(one.starts, one.ends) for one in items if one.day == day]
            assert times == sorted(times)
            assert all(before[1] <= after[0] for before, after in itertools.pairwise(times))


def test_usual_agenda_is_written_in_the_language_of_the_workshop(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    farid = browser("farid")
    assert farid.post(_url(assessment_id, "/agenda/fill"), {"days": "5"}).status_code == 302
    again = farid.post(_url(assessment_id, "/agenda/fill"), {"days": "5"})
    assert again.status_code == 422 and "The agenda has items already." in page(again)
    wrong = farid.post(_url(started(database, cast), "/agenda/fill"), {"days": "9"})
    assert wrong.status_code == 422


def test_items_stand_by_their_beginning_and_change_places_without_scripts(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    for starts, ends, title in (
        ("11:00", "12:00", "Third"),
        ("9:00", "10:30", "First"),
        ("10:45", "11:00", "Second"),
        ("", "", "Without a time"),
    ):
        _item(database, cast, assessment_id, day=1, starts=starts, ends=ends, title=title)
    titles = [one[3] for one in _agenda(database, assessment_id)]
    assert titles == ["First", "Second", "Third", "Without a time"]
    with database.reading() as session:
        second = session.scalars(sa.select(AgendaItem).where(AgendaItem.title == "Second")).one().id
    url = _url(assessment_id, f"/agenda/{second}/move")
    assert browser("farid").post(url, {"direction": "up"}).status_code == 302
    # each keeps its length, and the quarter of an hour between them stays
    assert _agenda(database, assessment_id)[:2] == [
        (1, "09:00", "09:15", "Second"),
        (1, "09:30", "11:00", "First"),
    ]
    _move(database, cast, assessment_id, second, up=False)
    assert _agenda(database, assessment_id)[0] == (1, "09:00", "10:30", "First")


def test_item_goes_over_the_edge_of_a_day_and_not_out_of_the_workshop(cast, database):
    assessment_id = started(database, cast, begun=False)
    first = _item(database, cast, assessment_id, day=1, starts="09:00", ends="10:00", title="A")
    last = _item(database, cast, assessment_id, day=2, starts="09:00", ends="10:00", title="B")
    _move(database, cast, assessment_id, last, up=True)
    assert [(one[0], one[3]) for one in _agenda(database, assessment_id)] == [(1, "A"), (1, "B")]
    _move(database, cast, assessment_id, first, up=True)
    assert _agenda(database, assessment_id)[0][3] == "A"
    _move(database, cast, assessment_id, last, up=False)
    assert _agenda(database, assessment_id)[1][0] == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "  "}, "Say what the item is about."),
        ({"starts": "25:00"}, "Give the time as hours and minutes"),
        ({"starts": "10:00", "ends": "09:00"}, "The end comes after the beginning."),
        ({"day": "11"}, "Choose a day from 1 to 10."),
        ({"day": "x"}, "Choose a day from 1 to 10."),
        ({"note": "n" * 2001}, "Shorten this to 2000 characters"),
    ],
)
def test_wrong_agenda_item_is_refused_and_its_words_stay(browser, cast, database, change, sentence):
    assessment_id = started(database, cast, begun=False)
    sent = {"day": "1", "starts": "09:00", "ends": "10:00", "title": "Kept title", "note": "Kept"}
    answer = browser("farid").post(_url(assessment_id, "/agenda/new"), {**sent, **change})
    assert answer.status_code == 422
    assert sentence in page(answer) and "Kept" in page(answer)
    assert _rows(database, AgendaItem) == []


@pytest.mark.parametrize(
    ("part", "change", "sentence"),
    [
        ("participants", {"name": " "}, "Give the name"),
        ("participants", {"group": "nobody"}, "Choose one of the groups listed."),
        ("participants", {"name": "x" * 201}, "Shorten this to 200 characters"),
        ("documents", {"title": ""}, "Say which document is asked for."),
        ("documents", {"title": "T", "due_on": "soon"}, "Give the date as year-month-day"),
        ("documents", {"title": "T", "question_id": "D99-Q1"}, "Choose one of the questions"),
    ],
)
def test_wrong_row_is_refused_and_its_words_stay(browser, cast, database, part, change, sentence):
    assessment_id = started(database, cast, begun=False)
    sent = {**PERSON, "function": "Kept words", "note": "Kept words", **change}
    answer = browser("farid").post(_url(assessment_id, f"/{part}/new"), sent)
    assert answer.status_code == 422
    assert sentence in page(answer) and "Kept words" in page(answer)
    assert _rows(database, Participant) == _rows(database, RequestedDocument) == []


def test_second_writer_sees_both_and_overwrites_only_knowingly(browser, cast, database):
    assessment_id = started(database, cast, by="amina", begun=False)
    farid, amina = browser("farid"), browser("amina")
    farid.post(_url(assessment_id, "/participants/new"), PERSON)
    (row,) = _rows(database, Participant)
    url = _url(assessment_id, f"/participants/{row.id}")
    theirs = {**PERSON, "function": "Theirs <b>", "revision": "1"}
    mine = {**PERSON, "function": "Mine, typed later", "revision": "1"}
    assert amina.post(url, theirs).status_code == 302
    answer = farid.post(url, mine)
    text = page(answer)
    assert answer.status_code == 409
    assert "Theirs &lt;b&gt;" in text and "Mine, typed later" in text
    assert _rows(database, Participant)[0].function == "Theirs <b>"
    revision = re.search(r'name="revision" type="hidden" value="(\d+)"', text)[1]
    assert farid.post(url, {**mine, "revision": revision}).status_code == 302
    assert _rows(database, Participant)[0].function == "Mine, typed later"
    # the same words again are no change and no conflict
    assert amina.post(url, mine).status_code == 302


def test_second_writer_of_the_scope_loses_nothing(browser, cast, database):
    assessment_id = started(database, cast, by="amina", begun=False)
    url = _url(assessment_id, "/prepare/frame")
    sent = {"profile": "", "workshop_on": "", "workshop_place": "", "revision": "1"}
    assert browser("amina").post(url, {**sent, "scope": "Hers"}).status_code == 302
    answer = browser("farid").post(url, {**sent, "scope": "His own"})
    assert answer.status_code == 409
    assert "Hers" in page(answer) and "His own" in page(answer)
    unknown = browser("farid").post(url, {**sent, "scope": "x", "profile": "none-such"})
    assert unknown.status_code == 422


def test_attendance_is_noted_for_all_at_once(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    for name in ("One", "Two", "Three"):
        farid.post(_url(assessment_id, "/participants/new"), {**PERSON, "name": name})
    url = _url(assessment_id, "/participants/attendance")
    assert farid.get(url).status_code == 200
    words = dict(
        zip((row.name for row in _rows(database, Participant)), ("yes", "no", ""), strict=True)
    )
    sent = {f"attended:{row.id}": words[row.name] for row in _rows(database, Participant)}
    assert farid.post(url, {**sent, "attended:nonsense": "yes"}).status_code == 302
    assert [row.attended for row in _rows(database, Participant)] == [True, False, None]


def test_received_document_becomes_evidence_once(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    paper = {"title": "The decree", "from_whom": "Ministry", "question_id": FIRST}
    farid.post(_url(assessment_id, "/documents/new"), paper)
    (row,) = _rows(database, RequestedDocument)
    url = _url(assessment_id, f"/documents/{row.id}")
    assert farid.post(f"{url}/evidence").status_code == 422
    changed = {**paper, "received_on": "2026-03-01", "revision": "1"}
    assert farid.post(url, changed).status_code == 302
    for _time in range(2):
        answer = farid.post(f"{url}/evidence")
        assert answer.status_code == 302 and answer.location.endswith(f"/questions/{FIRST}")
    (piece,) = _rows(database, Evidence)
    assert (piece.kind, piece.reference, piece.seen_on) == (
        "document",
        "The decree – Ministry",
        "2026-03-01",
    )


def test_row_is_removed_after_a_question(browser, cast, database):
    assessment_id = started(database, cast)
    farid = browser("farid")
    farid.post(_url(assessment_id, "/participants/new"), PERSON)
    farid.post(_url(assessment_id, "/documents/new"), {"title": "The decree"})
    _item(database, cast, assessment_id, day=1, starts="", ends="", title="Opening")
    for part, model in (
        ("participants", Participant),
        ("documents", RequestedDocument),
        ("agenda", AgendaItem),
    ):
        (row,) = _rows(database, model)
        url = _url(assessment_id, f"/{part}/{row.id}/remove")
        assert "Remove" in page(farid.get(url))
        assert farid.post(url).status_code == 302
        assert _rows(database, model) == []
        assert farid.post(url).status_code == 404


def test_instrument_is_changed_until_something_rests_on_it(browser, cast, database):
    assessment_id = started(database, cast, begun=False)
    farid = browser("farid")
    farid.post(_url(assessment_id, "/agenda/fill"), {"days": "3"})
    url = _url(assessment_id, "/prepare/instrument")
    assert farid.post(url, {"instrument": "none@1"}).status_code == 422
    assert farid.post(url, {"instrument": "sim3@1.0.0"}).status_code == 302
    with database.reading() as session:
        row = session.get_one(Assessment, assessment_id)
        assert (row.instrument_id, row.instrument_version) == ("sim3", "1.0.0")
        assert all(not item.dimensions for item in agenda.agenda_of(session, row))
    assert farid.get(_url(assessment_id)).status_code == 200
    led_to(database, cast, assessment_id, State.COLLECTING)
    late = farid.post(url, {"instrument": "cirt-readiness@1.0.0"})
    assert late.status_code == 422
    assert "The instrument can be changed only while the assessment is prepared" in page(late)


def test_rows_of_another_assessment_are_not_found(browser, cast, database):
    mine, other = started(database, cast), started(database, cast, by="bela", country="XB")
    with database.writing() as session:
        row = session.get_one(Assessment, other)
        actor = cast.actors["bela"]
        person = preparation.save_participant(
            session, actor, row, name="N", organization="", function="", group="regulator",
            attended=None,
        )  # fmt: skip
        paper = requested_documents.save_document(
            session, actor, row, title="T", from_whom="", due_on=None, received_on=None, note=""
        )
        item = agenda.save_item(session, actor, row, day=1, starts="", ends="", title="I")
        session.flush()
        ids = {"participants": person.id, "documents": paper.id, "agenda": item.id}
    farid = browser("farid")
    for part, row_id in ids.items():
        for assessment_id in (mine, other):
            url = _url(assessment_id, f"/{part}/{row_id}")
            assert farid.get(url).status_code == 404, url
            assert farid.post(f"{url}/remove").status_code == 404, url
    assert farid.post(_url(mine, f"/agenda/{ids['agenda']}/move")).status_code == 404
    assert farid.post(_url(mine, f"/documents/{ids['documents']}/evidence")).status_code == 404


def test_preparation_is_closed_to_others(browser, cast, database):
    assessment_id = started(database, cast)
    for part in ("/prepare", "/prepare/frame", "/participants/new", "/agenda/new"):
        assert browser(None).get(_url(assessment_id, part)).status_code == 302
        assert browser("bela").get(_url(assessment_id, part)).status_code == 404
        assert browser("nadia").get(_url(assessment_id, part)).status_code == 403
    assert browser("bela").post(_url(assessment_id, "/participants/new"), PERSON).status_code == 404
    client = browser("farid").client
    assert client.post(_url(assessment_id, "/participants/new"), data=PERSON).status_code == 400
    assert _rows(database, Participant) == []
