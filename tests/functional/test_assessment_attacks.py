"""Attacks on assessments: ids of others, forms of others' parts, locks, races, hostile texts and files."""

import csv
import io
import threading
import time
import uuid
import zipfile
from datetime import timedelta
from html.parser import HTMLParser

import openpyxl
import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.accounts.models import UserRole
from cirt.assessments.conduct import lock
from cirt.assessments.evidence import evidence_item, evidence_of, remove_evidence
from cirt.assessments.findings.findings import FindingConflictError, FindingContent, edit_finding
from cirt.assessments.findings.models import Finding, FindingEvidence
from cirt.assessments.grants import default_until, give_grant
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import (
    Answer,
    AnswerRemark,
    Assessment,
    AssessmentGrant,
    Evidence,
)
from cirt.assessments.plan.actions import ActionContent, edit_action
from cirt.assessments.plan.models import PlanAction, PlanProgress
from cirt.assessments.plan.progress import ActionConflictError, note_progress
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from cirt.assessments.requested_documents import document_as_evidence
from cirt.clock import now
from cirt.errors import NotFoundError
from tests.functional.assessment_steps import FIRST, SECOND, answered, led_to, page, started
from tests.functional.attack_steps import (
    Attacker,
    address,
    digest,
    doors,
    filled_round,
    let_in,
    valid_forms,
)
from tests.functional.round_steps import next_round

NAMES = frozenset({"participant_id", "document_id", "item_id", "evidence_id", "action_id",
                   "finding_id", "grant_id", "upload_id"})  # fmt: skip


@pytest.fixture
def three(database, cast):
    """XA's round, another round of XA that nobody is let into, and one of XB."""
    return (
        filled_round(database, cast, "farid", "XA", "amina"),
        filled_round(database, cast, "farid", "XA", "rene", "other"),
        filled_round(database, cast, "bela", "XB", "amina", "foreign"),
    )


# ids of others


def test_a_child_of_another_assessment_is_not_there_T01(app, browser, cast, database, three):
    """T-01: whatever stands second in an address belongs to the assessment that stands first."""
    mine, other, foreign = three
    farid = Attacker(browser("farid"))
    forms = valid_forms(mine)
    before, tried = digest(database), set()
    for method in ("GET", "POST"):
        for endpoint, _action, parts in doors(app, method):
            swapped = parts & NAMES
            if not swapped:
                continue
            tried |= swapped
            for owner in (other, foreign):
                ids = mine.ids | {name: owner[name] for name in swapped}
                url = address(app, endpoint, parts, ids)
                data = forms.get(endpoint.removeprefix("assessments."), {})
                answer = farid.get(url) if method == "GET" else farid.post(url, data)
                assert answer.status_code == 404, (method, endpoint, answer.status_code)
                assert "other" not in page(answer) and "foreign" not in page(answer)
            if method == "GET" and "upload_id" not in parts and endpoint not in NO_FILE:
                own = farid.get(address(app, endpoint, parts, mine.ids))
                assert own.status_code == 200, endpoint  # so that the 404 says something
    assert tried == NAMES
    assert digest(database) == before


NO_FILE = frozenset({"assessments.evidence_file"})  # this piece is a document without a file


def test_what_a_form_names_is_of_the_same_assessment_T01_T02(browser, cast, database, three):
    """T-02: own and foreign ids in one form are refused together."""
    mine, other, foreign = three
    farid = Attacker(browser("farid"))
    before = digest(database)
    base = f"/assessments/{mine.id}"
    for strange in (other["evidence_id"], foreign["evidence_id"], str(uuid.uuid4())):
        for evidence in ([strange], [mine["evidence_id"], strange]):
            data = {"title": "T", "kind": "gap", "revision": "1", "evidence": evidence}
            for url in ("findings/new", f"findings/{mine['finding_id']}/edit"):
                assert farid.post(f"{base}/{url}", data).status_code == 422
    for codes in ("A99", other["action_id"], "A1, A99", "'; DROP TABLE plan_action; --"):
        data = {"title": "T", "kind": "gap", "actions": codes, "revision": "1"}
        assert farid.post(f"{base}/findings/new", data).status_code == 422
        data = {"text": "T", "phase": "design", "needs": codes, "revision": "1"}
        assert farid.post(f"{base}/plan/actions/new", data).status_code == 422
        assert farid.post(f"{base}/plan/actions/{mine['action_id']}/edit", data).status_code == 422
    for question_id in ("D99-Q1", "../../etc", "D1-Q1' --"):
        data = {"title": "T", "question_id": question_id, "phase": "design", "text": "T"}
        assert farid.post(f"{base}/documents/new", data).status_code == 422
        assert farid.post(f"{base}/plan/actions/new", data).status_code == 422
    assert digest(database) == before


def test_bulk_forms_take_nothing_of_others_T02(browser, cast, database, three):
    mine, other, foreign = three
    farid = Attacker(browser("farid"))
    base = f"/assessments/{mine.id}"
    ids = [one["participant_id"] for one in (other, foreign)]
    before = digest(database)
    farid.post(f"{base}/participants/attendance", {f"attended:{key}": "yes" for key in ids})
    rows = {"revision:D99-Q1": "0", "choice:D99-Q1": "3", f"revision:{other.id}/{FIRST}": "1"}
    assert farid.post(f"{base}/table", rows).status_code == 302
    for accept in ("D99-Q1=3", f"{other.id}/{FIRST}=2", "=2", f"{FIRST}=99", f"{SECOND}=3"):
        assert farid.post(f"{base}/carry-over", {"accept": accept}).status_code == 302
        sent = {"shown": accept, "dimension": "D1"}
        assert farid.post(f"{base}/carry-over", sent).status_code == 302
    services = f"{base}/design/services/proposals"
    assert (
        farid.post(services, {"key": ["no-such", "FIRST-6.1"], "revision": "0"}).status_code == 422
    )
    assert digest(database) == before
    for query in ("done=A99", f"done={other['action_id']}", "until=never", "done=" + "A1," * 2000):
        assert farid.get(f"{base}/plan/what-if?{query}").status_code == 200
    assert farid.get(f"{base}/compare?with={foreign.id}&with={mine.id}&with=x").status_code == 200
    text = page(farid.get(f"{base}/compare?with={foreign.id}&with={mine.id}"))
    text = text.split("<main")[1].split("</main")[0]  # the links to other languages repeat ?with=
    assert "foreign" not in text and str(foreign.id) not in text
    assert farid.get(f"{base}/compare.csv?with={foreign.id}&with={mine.id}").status_code == 404
    assert digest(database) == before


def test_an_upload_is_for_its_person_and_its_assessment(browser, cast, database, three):
    mine, other, _foreign = three
    farid = Attacker(browser("farid"))
    let_in(database, cast, mine.id, "amina", GrantRole.LEAD)
    amina = Attacker(browser("amina"))
    data = farid.get(f"/assessments/{mine.id}/workbook/en.xlsx").get_data()
    sent = farid.post(f"/assessments/{mine.id}/workbook", {"file": (io.BytesIO(data), "a.xlsx")})
    sent.request.environ["wsgi.input"].close()
    assert sent.status_code == 302, page(sent)
    upload = sent.headers["Location"].rsplit("/", 1)[1]
    before = digest(database)
    for person, assessment_id in ((amina, mine.id), (farid, other.id)):
        url = f"/assessments/{assessment_id}/workbook/{upload}"
        assert person.get(url).status_code == 404
        assert person.post(url).status_code == 404
        assert person.post(f"{url}/remove").status_code == 404
    assert digest(database) == before
    assert farid.get(f"/assessments/{mine.id}/workbook/{upload}").status_code == 200


# columns that nobody asked for

CHILDREN = (Participant, RequestedDocument, AgendaItem, Evidence, Finding, PlanAction)


def test_no_form_stores_what_it_does_not_ask_for_T03(app, browser, cast, database, three):
    """T-03: every column of every table as a field beside the proper ones, in every form."""
    mine, other, _foreign = three
    farid = Attacker(browser("farid"))
    tables = (Assessment, AssessmentGrant, AnswerRemark, Answer, *CHILDREN)
    columns = {column.key for model in tables for column in model.__table__.columns}
    hostile = {name: str(other.id) for name in columns if name.endswith("_id") or name == "id"} | {
        "administration_id": str(cast.administrations["XB"]), "state": "closed", "round": "9",
        "previous_id": str(other.id), "created_by": str(cast.users["bela"]), "agreed_at": "2026",
        "added_by": str(cast.users["bela"]), "updated_by": str(cast.users["bela"]),
        "user_id": str(cast.users["bela"]), "given_by": str(cast.users["bela"]), "to_level": "4",
        "number": "77", "needed": "", "edited": "", "carried_from": f"{other.id}/{FIRST}",
        "removed_at": "2026-01-01", "ended_at": "", "file_id": str(uuid.uuid4()),
    }  # fmt: skip
    kept = rows_by_id(database, mine)
    for endpoint, form in valid_forms(mine).items():
        if endpoint in ("remove_participant", "remove_document", "remove_agenda_item",
                        "remove_evidence", "remove_finding", "end_access", "advance",
                        "change_of_version", "prepare_instrument"):  # fmt: skip
            continue
        parts = next(
            found for name, _a, found in doors(app, "POST") if name.endswith(f".{endpoint}")
        )
        extra = {key: value for key, value in hostile.items() if key not in form}
        if endpoint == "plan_action":
            extra.pop("state", None)
        if endpoint in ("add_document", "document", "add_action", "edit_action"):
            extra.pop("question_id", None)
        answer = farid.post(address(app, f"assessments.{endpoint}", parts, mine.ids), form | extra)
        assert answer.status_code < 500, endpoint
    with database.reading() as session:
        row = session.get_one(Assessment, mine.id)
        said = (row.administration_id, row.state, row.round, row.previous_id, row.created_by)
        own = (cast.administrations["XA"], State.COLLECTING, 1, None, cast.users["farid"])
        assert said == own and row.agreed_at is None
        for model in CHILDREN:
            assert (
                session.scalar(sa.select(sa.func.count()).where(model.assessment_id == other.id))
                == kept[model]
            ), model
        assert not session.scalar(
            sa.select(sa.func.count()).where(PlanAction.number == 77)
        ) and not session.scalar(sa.select(sa.func.count()).where(Answer.carried_from != ""))
        for model, who in (
            (Evidence, Evidence.added_by), (PlanAction, PlanAction.updated_by),
            (Finding, Finding.updated_by), (AssessmentGrant, AssessmentGrant.given_by),
        ):  # fmt: skip
            people = session.scalars(sa.select(who).where(model.assessment_id == mine.id))
            assert set(people) == {cast.users["farid"]}, model


def rows_by_id(database, here):
    """How many rows the other round of the country has of each kind."""
    with database.reading() as session:
        other = session.scalars(
            sa.select(Assessment.id).where(Assessment.title == "other title")
        ).one()
        return {
            model: session.scalar(sa.select(sa.func.count()).where(model.assessment_id == other))
            for model in CHILDREN
        }


# parts: who may do what

LEADING = frozenset({GrantRole.LEAD})
ASSESSING = LEADING | {GrantRole.ASSESSOR}
ANSWERING = ASSESSING | {GrantRole.CONTRIBUTOR}
ALL = frozenset(GrantRole)
ORACLE = {
    "assessment.read": ALL, "assessment.remark": ALL, "assessment.answer": ANSWERING,
    "assessment.prepare": ASSESSING, "assessment.export": ASSESSING, "assessment.find": ASSESSING,
    "assessment.plan": ASSESSING, "assessment.progress": ASSESSING, "assessment.design": ASSESSING,
    "assessment.report": ASSESSING, "assessment.advance": LEADING, "assessment.close": LEADING,
    "assessment.agree": frozenset(), "assessment.reopen": frozenset(),
    "assessment.grant": frozenset(),
}  # fmt: skip
# where a door's own word says less than what a post there needs
POSTS = {
    "assessments.details": "assessment.prepare",
    "assessments.plan_action": "assessment.progress",
    "assessments.next_round": "assessment.prepare",
}


@pytest.mark.parametrize(
    ("username", "role", "more"),
    [
        ("amina", GrantRole.LEAD, ()),
        ("amina", GrantRole.ASSESSOR, ()),
        ("amina", GrantRole.REVIEWER, ("contributor", "reviewer")),
        ("carla", GrantRole.CONTRIBUTOR, ("assessor", "reviewer")),
        ("bela", GrantRole.REVIEWER, ("reviewer",)),  # a focal point, of another country
    ],
)
def test_a_part_opens_what_it_says_and_nothing_else_T10(
    app, browser, cast, database, username, role, more
):
    """Also for who has several roles: it is the part in this assessment that counts."""
    here = filled_round(database, cast, "farid", "XA", "amina")
    with database.writing() as session:
        session.execute(
            sa.update(AssessmentGrant).values(ended_at=now(), ended_by=cast.users["farid"])
        )
        session.add_all(UserRole(user_id=cast.users[username], role=one) for one in more)
    here.ids["grant_id"] = str(let_in(database, cast, here.id, username, role))
    person = Attacker(browser(username))
    before, refused = digest(database), 0
    forms = valid_forms(here)
    for endpoint, opened_by, parts in doors(app, "POST"):
        if role not in ORACLE[POSTS.get(endpoint, opened_by)]:
            url = address(app, endpoint, parts, here.ids)
            answer = person.post(url, forms.get(endpoint.removeprefix("assessments.")))
            assert answer.status_code == 403, (endpoint, answer.status_code)
            refused += 1
    for endpoint, opened_by, parts in doors(app, "GET"):
        if role not in ORACLE.get(opened_by, ALL):
            answer = person.get(address(app, endpoint, parts, here.ids))
            assert answer.status_code in (403, 405), (endpoint, answer.status_code)
    assert refused >= 4
    assert digest(database) == before
    for endpoint, opened_by, parts in doors(app, "POST"):
        if role in ORACLE[POSTS.get(endpoint, opened_by)] and endpoint not in STATE_FIRST:
            url = address(app, endpoint, parts, here.ids)
            assert person.post(url).status_code != 403, endpoint


STATE_FIRST = frozenset({"assessments.close", "assessments.next_round", "assessments.advance"})


@pytest.mark.parametrize("how", ["expired", "ended", "account-role-gone"])
def test_who_has_no_access_any_more_finds_nothing(app, browser, cast, database, how):
    here = filled_round(database, cast, "farid", "XA", "rene", "zqhidden")
    let_in(database, cast, here.id, "amina", GrantRole.LEAD)
    amina = Attacker(browser("amina"))
    assert amina.get(f"/assessments/{here.id}").status_code == 200
    with database.writing() as session:
        if how == "account-role-gone":
            session.execute(sa.delete(UserRole).where(UserRole.user_id == cast.users["amina"]))
            session.add(UserRole(user_id=cast.users["amina"], role="analyst"))
        else:
            gone = (
                {"until": now() - timedelta(seconds=1)} if how == "expired" else {"ended_at": now()}
            )
            mine = AssessmentGrant.user_id == cast.users["amina"]
            session.execute(sa.update(AssessmentGrant).where(mine).values(**gone))
    before = digest(database)
    want = (403,) if how == "account-role-gone" else (404, 405)
    for method in ("GET", "POST"):
        for endpoint, _action, parts in doors(app, method):
            url = address(app, endpoint, parts, here.ids)
            answer = amina.get(url) if method == "GET" else amina.post(url)
            if endpoint in FOR_FOCAL_POINTS:
                assert answer.status_code in (403, 404)
            else:
                assert answer.status_code in (*want, 405), (method, endpoint, answer.status_code)
            assert "zqhidden" not in page(answer)
    for url in ("/", "/assessments/"):
        assert "zqhidden" not in page(amina.get(url))
    assert digest(database) == before


FOR_FOCAL_POINTS = frozenset(
    f"assessments.{name}" for name in ("access", "end_access", "agree", "reopen")
)


def test_who_only_remarks_does_not_lead_the_next_round(browser, cast, database):
    """Starting a round makes an assessor its lead; a reviewer of the last one may not."""
    last = started(database, cast)
    let_in(database, cast, last, "amina", GrantRole.REVIEWER)
    led_to(database, cast, last, State.AGREED)
    form = {"title": "Taken", "instrument_version": "1.0.0", "language": "en", "stage": "yes"}
    amina = Attacker(browser("amina"))
    assert amina.get(f"/assessments/{last}/next").status_code == 403
    assert amina.post(f"/assessments/{last}/next", form).status_code == 403
    let_in(database, cast, last, "amina", GrantRole.ASSESSOR)
    assert amina.post(f"/assessments/{last}/next", form).status_code == 302


def test_access_to_one_round_opens_no_other(app, browser, cast, database):
    """Neither a page, an export, a link nor a proposal shows what stands in another round."""
    first = filled_round(database, cast, "farid", "XA", "rene", "zqfirstzq")
    answered(database, cast, first.id, SECOND, "3", comment="zqfirstzq")
    second = next_round(database, cast, first.id, title="Now", copy=False)
    with database.writing() as session:  # what was copied on purpose does not count here
        row = session.get_one(Assessment, second)
        row.scope = ""
        session.execute(sa.delete(Participant).where(Participant.assessment_id == second))
    let_in(database, cast, second, "amina", GrantRole.LEAD)
    led_to(database, cast, second, State.WORKSHOP)
    farid, amina = Attacker(browser("farid")), Attacker(browser("amina"))
    assert f"{SECOND}=3" in page(farid.get(f"/assessments/{second}/carry-over"))
    before = digest(database)
    accept = {"accept": [f"{SECOND}=3", f"{FIRST}=2"]}
    assert amina.post(f"/assessments/{second}/carry-over", accept).status_code == 302
    assert digest(database) == before  # what she may not see is not proposed to her
    assert farid.post(f"/assessments/{second}/carry-over", accept).status_code == 302
    ids = {**first.ids, "assessment_id": str(second)}
    urls = [
        address(app, endpoint, parts, ids | {"question_id": SECOND})
        for endpoint, _action, parts in doors(app, "GET")
    ]
    urls += [f"/assessments/{second}/compare?with={first.id}&with={second}", "/", "/assessments/",
             f"/assessments/{second}/report/read?people=names",
             f"/assessments/{second}/answers.json", f"/assessments/{second}/results.json",
             f"/assessments/{second}/answers.csv"]  # fmt: skip
    for url in urls:
        if url.endswith(".pdf"):
            continue  # the same content as the page to read, and slow
        answer = amina.get(url)
        if answer.status_code == 200:
            body = opened_text(answer)
            assert "zqfirstzq" not in body and f"/assessments/{first.id}" not in body, url
    # and the other way round: who was let into the first one learns nothing of the second
    let_in(database, cast, first.id, "carla", GrantRole.CONTRIBUTOR)
    carla = Attacker(browser("carla"))
    for tail in ("", "/results", "/compare", f"/questions/{SECOND}", "/plan", "/report/read"):
        assert str(second) not in page(carla.get(f"/assessments/{first.id}{tail}")), tail


def opened_text(answer):
    """The text of an answer; of a workbook that of its parts."""
    data = answer.get_data()
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


# locks

PLANNING = frozenset({"add_action", "edit_action", "move_action", "drop_action", "propose_plan",
                      "order_plan", "adopt_plan"})  # fmt: skip
WRITING = frozenset({"write_chapter", "write_facts", "design_item"})
ALWAYS = frozenset({"plan_action", "access", "end_access"})


def test_every_form_is_taken_while_open_so_that_a_refusal_says_something(
    app, browser, cast, database
):
    farid = Attacker(browser("farid"))
    here = filled_round(database, cast, "farid", "XA", "amina")
    for endpoint in valid_forms(here):
        if endpoint == "prepare_instrument":
            continue  # nothing may rest on the instrument; refused here as it has answers
        parts = next(
            found for name, _a, found in doors(app, "POST") if name.endswith(f".{endpoint}")
        )
        for _fresh in range(2):  # another round where the forms before were in the way
            if endpoint == "restore":
                answered(database, cast, here.id, FIRST, "3")
            before, form = digest(database), valid_forms(here)[endpoint]
            answer = farid.post(address(app, f"assessments.{endpoint}", parts, here.ids), form)
            if answer.status_code == 302 and digest(database) != before:
                break
            here = filled_round(database, cast, "farid", "XA", "amina")
        else:
            raise AssertionError((endpoint, answer.status_code))


@pytest.mark.parametrize("state", [State.AGREED, State.CLOSED])
def test_no_form_changes_what_is_locked(app, browser, cast, database, state):
    here = filled_round(database, cast, "farid", "XA", "amina")
    led_to(database, cast, here.id, state)
    farid = Attacker(browser("farid"))
    possible = ALWAYS | (PLANNING | WRITING if state is State.AGREED else frozenset())
    before = digest(database)
    for endpoint, form in valid_forms(here).items():
        if endpoint in possible:
            continue
        parts = next(
            found for name, _a, found in doors(app, "POST") if name.endswith(f".{endpoint}")
        )
        for act in ("begin", "workshop", "review", "back") if endpoint == "advance" else ("",):
            ids = here.ids | ({"act": act} if act else {})
            answer = farid.post(address(app, f"assessments.{endpoint}", parts, ids), form)
            assert answer.status_code == 403, (endpoint, answer.status_code)
    for endpoint, _action, parts in doors(app, "POST"):  # those that need more than a form here
        name = endpoint.removeprefix("assessments.")
        others = {"restore_action", "export_description", "next_round", "reopen", "close"}
        if state is State.AGREED:
            others |= {"service_proposals"}
        if name not in possible | others and not name.startswith("change_"):
            answer = farid.post(address(app, endpoint, parts, here.ids))
            assert answer.status_code in (403, 404), (endpoint, answer.status_code)
    assert digest(database) == before


# two at once


def two_at_once(database, act):
    """Let two people act; the second comes while the first one's change is not committed yet."""
    outcomes, holds, waits = [], threading.Event(), threading.Event()

    def one(number):
        if number == 2:
            holds.wait(30)
        try:
            with database.writing() as session:
                loaded = act(session, None)  # what the page reads before it acts
                if number == 2:
                    waits.set()
                outcomes.append(act(session, loaded))
                if number == 1:
                    holds.set()
                    waits.wait(0.4)  # on SQLite the second one waits at its door
                    time.sleep(0.2)
        except (ActionConflictError, FindingConflictError, NotFoundError) as error:
            outcomes.append(type(error).__name__)
        finally:
            holds.set()

    threads = [threading.Thread(target=one, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def test_two_at_once_lose_nothing_and_double_nothing(cast, database):
    here = filled_round(database, cast, "farid", "XA", "amina")
    farid, key = cast.actors["farid"], here.id

    def rounds(session):
        return session.get_one(Assessment, key)

    def action(session, row):
        if row is None:
            return session.get_one(PlanAction, uuid.UUID(here["action_id"]))
        content = ActionContent(f"words {threading.get_ident()}")
        return edit_action(session, farid, rounds(session), row, content, revision=1)

    def progress(session, row):
        if row is None:
            return session.get_one(PlanAction, uuid.UUID(here["action_id"]))
        return note_progress(
            session, farid, rounds(session), row, state="running", note="N", seen=0
        )

    def finding(session, row):
        if row is None:
            return session.get_one(Finding, uuid.UUID(here["finding_id"]))
        content = FindingContent(f"words {threading.get_ident()}")
        return edit_finding(session, farid, rounds(session), row, content, revision=1)

    def grant(session, row):
        if row is None:
            return rounds(session)
        give_grant(session, farid, row, user_id=cast.users["carla"], until=default_until(),
                   role=GrantRole.CONTRIBUTOR)  # fmt: skip
        return None

    def paper(session, row):
        if row is None:
            return session.get_one(RequestedDocument, uuid.UUID(here["document_id"]))
        document_as_evidence(session, farid, rounds(session), row.id)
        return None

    assert two_at_once(database, action) == [None, "ActionConflictError"]
    assert two_at_once(database, progress) == [None, "ActionConflictError"]
    assert two_at_once(database, finding) == [None, "FindingConflictError"]
    assert two_at_once(database, grant) == [None, None]
    assert two_at_once(database, paper) == [None, None]
    with database.reading() as session:
        live = AssessmentGrant.user_id == cast.users["carla"]
        assert len(session.scalars(sa.select(AssessmentGrant).where(live)).all()) == 1
        assert len(evidence_of(session, rounds(session))[FIRST]) == 2  # one of each kind
        notes = sa.select(sa.func.count()).where(
            PlanProgress.action_id == uuid.UUID(here["action_id"])
        )
        assert session.scalar(notes) == 1


def test_evidence_removed_twice_at_once_is_removed_once(cast, database, installation):
    here = filled_round(database, cast, "farid", "XA", "amina")
    with database.writing() as session:
        session.execute(sa.delete(FindingEvidence))

    def remove(session, row):
        assessment = session.get_one(Assessment, here.id)
        if row is None:
            return evidence_item(session, assessment, uuid.UUID(here["evidence_id"]))
        return remove_evidence(session, installation.files, cast.actors["farid"], assessment, row)

    assert two_at_once(database, remove) == [None, "NotFoundError"]
    with database.reading() as session:
        removed = audit.AuditEntry.action == "assessment.evidence-removed"
        assert session.scalar(sa.select(sa.func.count()).where(removed)) == 1


# hostile texts

TEXT = '"\'></title></svg><zqtag zqattr=1><!--{{7*7}}${7*7}%7B" zqattr="1'
FORMULA = '=HYPERLINK("http://evil.example","x")'


TEXTS = ("name", "title", "text", "note", "owner", "reference", "description", "root_cause",
         "organization", "function", "from_whom", "indicator", "comment", "population-source",
         "domain-value", "critical-sectors-value")  # fmt: skip
DRAWN = (".plan", ".plan_timeline", ".plan_what_if", ".read_report", ".prepare", ".question")


class Tags(HTMLParser):
    """Notes every element and attribute of a page."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.found |= {tag, *(name for name, _value in attrs)}


def test_no_text_becomes_markup_T30(app, browser, cast, database):
    """T-30: in every field, on every page, in drawings, in both directions of writing."""
    here = filled_round(database, cast, "farid", "XA", "amina", TEXT)
    farid = Attacker(browser("farid"))
    for endpoint, form in valid_forms(here).items():
        if endpoint.startswith(("add_", "write_", "design_", "change_d", "question_r", "plan_")):
            parts = next(f for name, _a, f in doors(app, "POST") if name.endswith(f".{endpoint}"))
            hostile = dict.fromkeys(TEXTS, TEXT)
            url = address(app, f"assessments.{endpoint}", parts, here.ids)
            assert farid.post(url, form | hostile).status_code in (302, 422), endpoint
    seen = 0
    for language in ("en", "ar"):
        for endpoint, _action, parts in doors(app, "GET"):
            if "pdf" in endpoint or endpoint == "assessments.report":
                continue
            if language == "ar" and not endpoint.endswith(DRAWN):
                continue
            answer = farid.get(address(app, endpoint, parts, here.ids) + f"?lang={language}")
            if answer.mimetype == "text/html" and answer.status_code == 200:
                tags = Tags()
                tags.feed(page(answer))
                assert not tags.found & {"zqtag", "zqattr"}, endpoint
                assert "49" not in page(answer).split("{{7*7}}", 1)[-1][:20]
                seen += "zqtag" in page(answer)
    assert seen > 30
    for url in ("/", "/assessments/"):
        tags = Tags()
        tags.feed(page(farid.get(url)))
        assert not tags.found & {"zqtag", "zqattr"}


def test_report_as_pdf_takes_hostile_text_as_text(browser, cast, database):
    words = f'{TEXT}<img src="file:///etc/passwd"/><font color="[].__class__">x</font>'
    here = filled_round(database, cast, "farid", "XA", "amina", words[:180])
    pdf = browser("farid").get(f"/assessments/{here.id}/report/en.pdf?people=names")
    assert pdf.status_code == 200 and pdf.get_data().startswith(b"%PDF")
    assert b"root:x:0" not in pdf.get_data() and b"/JavaScript" not in pdf.get_data()


def test_no_export_holds_a_formula_T42(browser, cast, database):
    """T-42: in CSV nothing that a spreadsheet runs; in XLSX no cell that is one."""
    assessment_id = started(database, cast)
    for question_id, text in zip(
        (FIRST, SECOND, "D2-Q1"), (FORMULA, "\t" + FORMULA, "＋" + FORMULA), strict=True
    ):
        answered(database, cast, assessment_id, question_id, "2", comment=text)
    answered(database, cast, assessment_id, "D2-Q2", "not-applicable", reason="@SUM(1)")
    farid = Attacker(browser("farid"))
    body = farid.get(f"/assessments/{assessment_id}/answers.csv").get_data().decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(body)) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    bad = [c for c in cells if c.lstrip()[:1] in tuple("=+@＝＋＠") or c[:1] in ("\t", "\r")]
    assert not bad
    book = openpyxl.load_workbook(
        io.BytesIO(farid.get(f"/assessments/{assessment_id}/workbook/en.xlsx").get_data())
    )
    found = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert any("HYPERLINK" in str(cell.value) for cell in found)
    assert not [cell.coordinate for cell in found if cell.data_type == "f"]


def test_long_texts_and_many_actions_stay_bounded(browser, cast, database):
    here = filled_round(database, cast, "farid", "XA", "amina")
    farid = Attacker(browser("farid"))
    before, long = digest(database), "x" * 1_000_000
    base = f"/assessments/{here.id}"
    for url, data in (
        ("participants/new", {"name": long, "group": "regulator"}),
        ("documents/new", {"title": "T", "note": long}),
        ("agenda/new", {"title": "T", "day": "1", "starts": long}),
        ("findings/new", {"title": "T", "kind": "gap", "description": long}),
        ("findings/new", {"title": "T", "kind": "gap", "questions": "D1-Q1 " * 100_000}),
        ("plan/actions/new", {"text": long, "phase": "design"}),
        ("plan/actions/new", {"text": "T", "phase": "design", "needs": "A1," * 300_000}),
        (f"questions/{FIRST}/remarks", {"text": long}),
        ("report/text/summary/en", {"text": long, "revision": "0"}),
        ("prepare/frame", {"scope": long, "revision": "9" * 300_000}),
        ("design/lists/sim3/O-1", {"state": "done", "note": long, "revision": "0"}),
    ):
        begun = time.monotonic()
        assert farid.post(f"{base}/{url}", data).status_code == 422, url
        assert time.monotonic() - begun < 2, url
    assert digest(database) == before
    with database.writing() as session:
        row = session.get_one(Assessment, here.id)
        lock(session, row)
        session.execute(
            sa.insert(PlanAction),
            [
                {
                    "id": uuid.uuid4(), "assessment_id": row.id, "number": n, "position": n,
                    "language": "en", "state": "planned", "reason": "", "needed": True,
                    "edited": True, "revision": 1, "text": f"Action {n}", "owner": "",
                    "indicator": "", "effort": "", "cost": "", "phase": "design",
                    "updated_at": now(),
                }
                for n in range(3, 1_003)
            ],
        )  # fmt: skip
    for tail in ("plan", "plan/timeline", "plan/what-if", "plan/progress"):
        begun = time.monotonic()
        assert farid.get(f"{base}/{tail}").status_code == 200
        assert time.monotonic() - begun < 5, tail


# addresses and files


def test_no_address_leads_to_a_file(browser, cast, database):
    assessment_id = started(database, cast)
    farid = Attacker(browser("farid"))
    tricks = ("../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "en%00", "EN", "..",
              "en.pdf", "C:%5Cwindows", "%252e%252e%252f", "\u202een", "' OR 1=1 --")  # fmt: skip
    base = f"/assessments/{assessment_id}"
    for trick in tricks:
        for url in (
            f"/instruments/{trick}/1.0.0", f"/instruments/cirt-readiness/{trick}",
            f"/instruments/{trick}/compare?before=../..&after=1.0.0",
            f"/instruments/cirt-readiness/compare?before={trick}&after={trick}",
            f"/instruments/cirt-readiness/{trick}/workbook",
            f"/instruments/cirt-readiness/1.0.0/questions/{trick}",
            f"/instruments/provisions/{trick}", f"{base}/report/{trick}.pdf",
            f"{base}/report/{trick}.json", f"{base}/report/text/{trick}/en",
            f"{base}/report/text/summary/{trick}", f"{base}/workbook/{trick}.xlsx",
            f"{base}/answers.{trick}", f"{base}/{trick}.csv", f"{base}/design/lists/{trick}",
            f"{base}/design/lists/sim3/{trick}", f"{base}/design/description/{trick}",
            f"{base}/design/lists/sim3/print/{trick}.pdf", f"{base}/version/{trick}",
            f"{base}/questions/{trick}", f"{base}/questions/{trick}/remarks",
        ):  # fmt: skip
            answer = farid.get(url)
            assert answer.status_code in (200, 302, 308, 400, 403, 404), (url, answer.status_code)
            assert answer.status_code != 200 or "compare?" in url or trick in ("..", "%2e%2e"), url
            assert "root:x:0" not in page(answer)
    before = digest(database)
    for field in ("cirt-readiness@../../x", "../..@1.0.0", "cirt-readiness@2.0.0\x00", "@"):
        answer = farid.post(f"{base}/prepare/instrument", {"instrument": field})
        assert answer.status_code == 422
    for profile in ("../made-up", "/etc/passwd", "made-up\x00"):
        data = {"profile": profile, "scope": "S", "revision": "1"}
        assert farid.post(f"{base}/prepare/frame", data).status_code == 422
    assert digest(database) == before


def test_a_file_name_is_a_name_only(browser, cast, database, settings):
    assessment_id = started(database, cast)
    farid = Attacker(browser("farid"))
    for name in ("../../../tmp/evil.txt", "a\r\nX-Evil: 1.txt", "C:\\x\\evil.txt", "\u202etxt.txt"):
        sent = farid.post(
            f"/assessments/{assessment_id}/questions/{FIRST}/evidence/new",
            {"kind": "file", "tlp": "amber", "file": (io.BytesIO(b"plain words\n"), name)},
        )
        sent.request.environ["wsgi.input"].close()
        assert sent.status_code in (302, 422), page(sent)
    with database.reading() as session:
        rows = evidence_of(session, session.get_one(Assessment, assessment_id)).get(FIRST, [])
        for row in rows:
            assert not set(row.file.name) & set('/\\\r\n"\u202e'), row.file.name
    for row in rows:
        answer = farid.get(f"/assessments/{assessment_id}/evidence/{row.id}/file")
        assert answer.status_code == 200 and "X-Evil" not in answer.headers
        assert answer.headers["Content-Disposition"].startswith("attachment")
        answer.close()
    stored = {path.name for path in settings.files_dir.rglob("*") if path.is_file()}
    assert not [name for name in stored if "evil" in name]
