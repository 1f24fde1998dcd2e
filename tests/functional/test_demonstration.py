"""`cirt demo`: what it loads, who may sign in, what it keeps, and what it refuses to touch."""

import base64
import ipaddress
import json
import os
import re
import socket
import stat
import statistics
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cirt import audit, cli, jobs, migrations
from cirt.access import allowed
from cirt.accounts import directory, signing
from cirt.accounts.models import Administration, User
from cirt.app import create_app
from cirt.assessments.design.models import DesignPart
from cirt.assessments.findings.models import Finding, FindingAction
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import (
    Answer,
    AnswerRemark,
    AnswerVersion,
    Assessment,
    AssessmentGrant,
    Evidence,
)
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from cirt.assessments.report.models import ReportText
from cirt.assessments.rounds.acceptance import proposed
from cirt.assessments.verdict import Verdict, verdict
from cirt.capability_tally import CapabilityTally
from cirt.cli import demonstration, demonstration_assessments, demonstration_people
from cirt.cli.demonstration_folder import prepare
from cirt.clock import now
from cirt.db import Database
from cirt.files import content_of
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.circle_models import Collection, JoinRequest
from cirt.incidents.inbox_models import Peer, ReceivedItem
from cirt.incidents.peers.connecting import POLL
from cirt.incidents.recall_models import LegalHold, Recall, SigningKey
from cirt.incidents.release_models import ProtectionDecision, Release, StandingApproval
from cirt.incidents.rights import IMPORT_JOB
from cirt.incidents.store_models import Submission
from cirt.settings import Settings, read_settings
from tests import postgresql
from tests.server import Server, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTATION = [
    ipaddress.ip_network(each)
    for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


@dataclass
class Demo:
    """A loaded demonstration."""

    settings: Settings
    database: Database
    app: flask.Flask
    credentials: dict[str, Any]

    def client(self, username: str) -> FlaskClient:
        """Return a browser signed in with the password of the list."""
        password = next(
            one["password"] for one in self.credentials["users"] if one["username"] == username
        )
        client = self.app.test_client()
        page = client.get("/sign-in").get_data(as_text=True)
        token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        form = {"csrf_token": token, "username": username, "password": password}
        assert client.post("/sign-in", data=form).status_code == 302
        return client

    def machine(self, code: str) -> dict[str, str]:
        """Return the headers by which an administration's machine asks."""
        one = next(each for each in self.credentials["taxii"] if each["administration"] == code)
        text = base64.b64encode(f"{one['username']}:{one['token']}".encode()).decode()
        return {
            "Authorization": f"Basic {text}",
            "Accept": "application/taxii+json;version=2.1",
            "Content-Type": "application/taxii+json;version=2.1",
        }


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """A demonstration on each engine; tests only read it, or add to it."""
    folder = tmp_path_factory.mktemp("demonstration") / "data"
    urls = postgresql.fresh_database(empty=True) if request.param == "postgresql" else iter([""])
    for url in urls:
        settings = read_settings({"CIRT_DATABASE_URL": url}, data_dir=folder)
        credentials = prepare(settings)
        app = create_app(settings)
        database = app.extensions["cirt"].database
        yield Demo(settings, database, app, credentials)
        database.dispose()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The data folder that the environment names; no other setting is there."""
    for name in os.environ:
        if name.startswith("CIRT_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("CIRT_DATA_DIR", str(folder))
    monkeypatch.setenv("CIRT_PORT", str(free_port()))
    return folder


def _rows(demo: Demo, query: sa.Select[Any]) -> list[Any]:
    with demo.database.reading() as session:
        return list(session.scalars(query).unique().all())


def _in(database_file: Path, query: sa.Select[Any]) -> list[Any]:
    database = Database(f"sqlite:///{database_file}")
    try:
        with database.reading() as session:
            return list(session.scalars(query).unique().all())
    finally:
        database.dispose()


_ACTION = audit.AuditEntry.action
_RIGHTS = {
    f"assessment.{each}" for each in ("prepare", "advance", "agree", "close", "plan", "design")
}


def _assessment(
    demo: Demo, code: str, instrument: str = "cirt-readiness", number: int = 1
) -> Assessment:
    (row,) = [
        row
        for row in _rows(demo, sa.select(Assessment).where(Assessment.round == number))
        if (row.administration.code, row.instrument_id) == (code, instrument)
    ]
    assert isinstance(row, Assessment)
    return row


def _verdict(demo: Demo, assessment: Assessment) -> Verdict:
    with demo.database.reading() as session:
        basis = basis_of(session, session.get_one(Assessment, assessment.id))
    assert basis.profile is not None
    return verdict(basis.instrument, basis.profile, basis.answers, cirt_exists=basis.cirt_exists)


# what is there


def test_credentials_list_everybody_and_only_their_owner_reads_them(demo: Demo) -> None:
    path = demo.settings.data_dir / "credentials.json"
    kept = json.loads(path.read_text())
    assert kept == demo.credentials
    assert set(kept) == {"url", "users", "taxii", "api"}
    assert all(
        set(one) == {"username", "password", "roles", "administration"} for one in kept["users"]
    )
    addresses = {"taxii": ("discovery_url", "taxii2"), "api": ("api_url", "api/v1")}
    for use, (name, path_below) in addresses.items():
        assert [one["administration"] for one in kept[use]] == ["XA", "XB", "XC"]
        for one in kept[use]:
            assert set(one) == {"administration", "username", "token", "scopes", name}
            assert one[name] == f"{kept['url']}/{path_below}/"
            assert {scope.startswith("taxii.") for scope in one["scopes"]} == {use == "taxii"}
    if os.name == "posix":
        for name in ("credentials.json", "demonstration", "secret.key"):
            assert stat.S_IMODE((demo.settings.data_dir / name).stat().st_mode) == 0o600, name


def test_every_role_is_there_in_the_right_administration(demo: Demo) -> None:
    found = {
        (role, one["administration"]) for one in demo.credentials["users"] for role in one["roles"]
    }
    assert found == {
        ("administrator", "XZ"),
        ("assessor", "XZ"),
        ("reviewer", "XZ"),
        ("contributor", "XA"),
        ("focal-point", "XA"),
        ("focal-point", "XB"),
        ("focal-point", "XC"),
        ("analyst", "XA"),
        ("analyst", "XB"),
        ("analyst", "XC"),
        ("releasing-officer", "XA"),
        ("releasing-officer", "XB"),
    }
    assert {user.language for user in _rows(demo, sa.select(User))} == {"ar", "en"}


def test_only_user_assigned_codes_stand_for_states(demo: Demo) -> None:
    administrations = _rows(demo, sa.select(Administration))
    assert {row.code for row in administrations} == {"XA", "XB", "XC", "XD", "XZ"}
    for row in administrations:
        assert set(row.names) == {"ar", "zh", "en", "fr", "ru", "es"}


def test_passwords_are_new_each_time_and_hard_to_guess() -> None:
    found = {demonstration_people.pass_phrase("nadia") for _ in range(200)}
    assert len(found) == 200
    words = (len(demonstration_people.CONSONANTS) ** 3) * len(demonstration_people.VOWELS) ** 2
    assert words**demonstration_people.WORDS >= 2**60
    assert all(re.fullmatch(r"([a-z]{5}-){3}[a-z]{5}", each) for each in found)


def test_no_secret_is_written_in_the_data_files() -> None:
    for path in (ROOT / "config" / "seed" / "demonstration").glob("*.yml"):
        assert not re.search(r"^\s*-?\s*(password|token):", path.read_text(), re.MULTILINE), path


def test_closed_assessment_has_an_answer_to_every_question(demo: Demo) -> None:
    (closed,) = _rows(demo, sa.select(Assessment).where(Assessment.state == "closed"))
    answers = _rows(demo, sa.select(Answer).where(Answer.assessment_id == closed.id))
    states = [row.state for row in answers]
    assert closed.administration.code == "XA"
    assert len(answers) == 32
    assert states.count("not-applicable") == 2
    assert states.count("not-known") == 1
    assert {row.level for row in answers} == {1, 2, 3, 4, None}
    arabic = [row for row in answers if re.search(r"[\u0600-\u06ff]", row.comment)]
    assert 8 <= len(arabic) <= 24
    evidence = _rows(demo, sa.select(Evidence).where(Evidence.assessment_id == closed.id))
    assert {row.kind for row in evidence} == {"document", "interview", "observation", "file"}


def test_attached_files_are_real_documents(demo: Demo) -> None:
    rows = _rows(demo, sa.select(Evidence).where(Evidence.kind == "file"))
    assert len(rows) == 2
    for row in rows:
        content = content_of(demo.app.extensions["cirt"].files, row.file).read_bytes()
        assert row.file.media_type == "application/pdf"
        assert content.startswith(b"%PDF-")
        assert b"%%EOF" in content[-40:]


def test_every_installed_kind_of_assessment_is_there_in_its_state(demo: Demo) -> None:
    found = {
        (row.administration.code, row.instrument_id, row.instrument_version, row.round): row.state
        for row in _rows(demo, sa.select(Assessment))
    }
    assert found == {
        ("XA", "cirt-readiness", "1.0.0", 1): "closed",
        ("XA", "cirt-readiness", "2.0.0", 2): "review",
        ("XA", "sim3", "1.0.0", 1): "collecting",
        ("XA", "first-services", "1.0.0", 1): "collecting",
        ("XA", "spam-readiness", "1.0.0", 1): "collecting",
        ("XB", "cirt-readiness", "2.0.0", 1): "collecting",
        ("XC", "cirt-readiness", "2.0.0", 1): "agreed",
    }


def test_half_done_assessment_was_moved_to_the_next_version(demo: Demo) -> None:
    half = _assessment(demo, "XB")
    answers = _rows(demo, sa.select(Answer).where(Answer.assessment_id == half.id))
    assert 12 <= len(answers) <= 20
    assert [row.disputed for row in answers].count(True) == 1
    by_version = {row.question_id: row.instrument_version for row in answers}
    # D1-Q1 was reworded and is to be looked at again, D3-Q1 says the same
    assert (by_version["D1-Q1"], by_version["D3-Q1"]) == ("2.0.0", "1.0.0")
    assert {row.question_id for row in answers if row.for_review} >= {"D1-Q1", "D5-Q2"}
    entries = _rows(demo, sa.select(audit.AuditEntry).where(_ACTION == "assessment.upgrade"))
    assert [row.details["after"] for row in entries] == ["2.0.0"]


def test_guests_are_let_in_with_their_parts(demo: Demo) -> None:
    found = {
        (row.user.username, row.role): row.live for row in _rows(demo, sa.select(AssessmentGrant))
    }
    assert found == {
        ("amina", "lead"): True,
        ("amina", "assessor"): True,
        ("yusuf", "contributor"): True,
        ("marta", "reviewer"): True,
    }
    second = _assessment(demo, "XA", "cirt-readiness", 2)
    pages = {
        name: demo.client(name)
        .get(f"/assessments/{second.id}/questions/D6-Q7")
        .get_data(as_text=True)
        for name in ("amina", "yusuf", "marta")
    }
    assert {name: "<fieldset disabled>" in page for name, page in pages.items()} == {
        "amina": False,
        "yusuf": False,
        "marta": True,
    }


def test_second_round_is_answered_prepared_and_judged(demo: Demo) -> None:
    second = _assessment(demo, "XA", "cirt-readiness", 2)
    answers = _rows(demo, sa.select(Answer).where(Answer.assessment_id == second.id))
    states = [row.state for row in answers]
    asked = [
        question.id
        for question in load_instrument("cirt-readiness", "2.0.0").questions
        if question.applies.asked(True)
    ]
    # two are left for what the other instruments propose
    assert set(asked) - {row.question_id for row in answers} == {"D6-Q7", "D8-Q6"}
    assert (states.count("not-known"), states.count("not-applicable")) == (2, 1)
    assert {row.confidence for row in answers if row.level is not None} == {"low", "medium", "high"}
    assert [row.disputed for row in answers].count(True) == 1
    assert [row.for_review for row in answers].count(True) == 4
    assert sum(1 for row in answers if row.comment) >= 25
    assert sum(1 for row in answers if re.search(r"[\u0600-\u06ff]", row.comment)) >= 15
    evidence = _rows(demo, sa.select(Evidence).where(Evidence.assessment_id == second.id))
    assert len(evidence) >= 25
    assert {row.kind for row in evidence} == {"document", "interview", "observation", "file"}
    remarks = _rows(demo, sa.select(AnswerRemark).where(AnswerRemark.assessment_id == second.id))
    assert len(remarks) == 5
    people = _rows(demo, sa.select(Participant).where(Participant.assessment_id == second.id))
    assert len({row.group for row in people}) >= 8
    assert {row.attended for row in people} == {True, False}
    items = _rows(demo, sa.select(AgendaItem).where(AgendaItem.assessment_id == second.id))
    assert {row.day for row in items} == {1, 2, 3, 4}
    assert all(re.search(r"[\u0600-\u06ff]", row.title) for row in items)
    papers = _rows(
        demo, sa.select(RequestedDocument).where(RequestedDocument.assessment_id == second.id)
    )
    today = now().date().isoformat()
    assert [row.due_on < today for row in papers if not row.received_on].count(True) == 1
    assert _verdict(demo, second).outcome == "not-met"


def test_second_round_has_a_plan_that_was_worked_on(demo: Demo) -> None:
    second = _assessment(demo, "XA", "cirt-readiness", 2)
    actions = _rows(demo, sa.select(PlanAction).where(PlanAction.assessment_id == second.id))
    states = [row.state for row in actions]
    assert (states.count("done"), states.count("dropped"), states.count("running")) == (2, 1, 2)
    assert all(row.reason for row in actions if row.state == "dropped")
    assert [row.overdue(now().date()) for row in actions].count(True) == 1
    assert sum(1 for row in actions if row.owner) >= 8
    assert [row.rung for row in actions].count(None) == 1
    tallies = _rows(demo, sa.select(CapabilityTally))
    assert [row.administration_id for row in tallies] == [second.administration_id]
    assert tallies[0].failed
    assert "incident-analysis" not in tallies[0].held  # only in an incident for named persons
    page = demo.client("farid").get(f"/assessments/{second.id}/plan?lang=en")
    assert "incidents in which “Vulnerability handling” failed" in page.get_data(as_text=True)


def test_second_round_has_findings_design_and_words_of_its_own(demo: Demo) -> None:
    second = _assessment(demo, "XA", "cirt-readiness", 2)
    found = _rows(demo, sa.select(Finding).where(Finding.assessment_id == second.id))
    assert sorted(row.kind for row in found) == ["gap", "gap", "risk", "strength"]
    ties = _rows(demo, sa.select(FindingAction.finding_id))
    assert {row.id for row in found if row.kind != "strength"} <= set(ties)
    parts = _rows(demo, sa.select(DesignPart.part).where(DesignPart.assessment_id == second.id))
    assert set(parts) == {"services", "staffing", "budget", "description-ar"}
    words = _rows(demo, sa.select(ReportText).where(ReportText.assessment_id == second.id))
    assert {row.language for row in words} == {"ar", "en"}
    farid = demo.client("farid")
    for part in ("results", "compare", "findings", "plan", "plan/timeline", "design", "report"):
        assert farid.get(f"/assessments/{second.id}/{part}").status_code == 200, part


def test_answers_are_proposed_between_the_instruments_both_ways(demo: Demo) -> None:
    found = {}
    with demo.database.reading() as session:
        farid = signing.actor_of(
            session.scalars(sa.select(User).where(User.username == "farid")).unique().one()
        )
        for row in session.scalars(sa.select(Assessment)).unique():
            if row.administration.code == "XA":
                key = (row.instrument_id, row.round)
                found[key] = set(proposed(session, farid, row).proposals)
    assert found["cirt-readiness", 2] == {"D6-Q7", "D8-Q6"}
    assert len(found["sim3", 1]) >= 10
    assert len(found["first-services", 1]) >= 5
    assert found["spam-readiness", 1]


def test_state_without_a_team_gets_another_plan(demo: Demo) -> None:
    first, second = _assessment(demo, "XC"), _assessment(demo, "XA", "cirt-readiness", 2)
    assert first.administration.team_name == ""
    assert (first.cirt_exists, first.profile) == (False, "foundation")
    assert _verdict(demo, first).outcome == "not-met"
    plans = {
        key: {
            row.rung
            for row in _rows(demo, sa.select(PlanAction).where(PlanAction.assessment_id == key))
        }
        for key in (first.id, second.id)
    }
    assert len(plans[first.id]) > len(plans[second.id]) > 15
    assert len(plans[first.id] & plans[second.id]) < 5
    levels = {
        key: statistics.mean(
            row.level
            for row in _rows(demo, sa.select(Answer).where(Answer.assessment_id == key))
            if row.level is not None
        )
        for key in plans
    }
    assert levels[first.id] < 1 < 2 < levels[second.id]


def test_nobody_did_what_they_may_not(demo: Demo) -> None:
    with demo.database.reading() as session:
        actors = {
            row.id: signing.actor_of(row) for row in session.scalars(sa.select(User)).unique()
        }
        rows = {row.id: row for row in session.scalars(sa.select(Assessment)).unique()}
        done = {
            (row.user_id, f"assessment.{action}", row.assessment_id)
            for model, action in ((AnswerVersion, "answer"), (AnswerRemark, "remark"))
            for row in session.scalars(sa.select(model)).unique()
        } | {
            (row.updated_by, f"assessment.{action}", row.assessment_id)
            for model, action in (
                (PlanAction, "plan"),
                (Finding, "find"),
                (DesignPart, "design"),
                (ReportText, "report"),
            )
            for row in session.scalars(sa.select(model)).unique()
        }
        for entry in session.scalars(sa.select(audit.AuditEntry)):
            kind, _colon, key = entry.subject.partition(":")
            if kind == "assessment" and entry.action in _RIGHTS:
                person = uuid.UUID(entry.actor.partition(":")[2])
                done.add((person, entry.action, uuid.UUID(key)))
        assert {action for _user, action, _key in done} > {"assessment.agree", "assessment.find"}
        for user, action, key in done:
            assert allowed(session, actors[user], action, rows[key]), (user, action)


def test_incidents_are_spread_over_administrations_and_markings(demo: Demo) -> None:
    incidents = _rows(demo, sa.select(Incident))
    count = dict.fromkeys(("XA", "XB", "XC"), 0)
    for row in incidents:
        count[row.reference[:2]] += 1
    assert count == {"XA": 7, "XB": 2, "XC": 1}
    assert {row.tlp for row in incidents} == {"clear", "green", "amber", "amber+strict", "red"}
    assert {row.language for row in incidents} >= {"ar", "en", "fr"}
    assert {row.severity for row in incidents} >= {1, 2, 3, 4, None}


def test_incidents_say_what_harm_was_done_and_what_is_to_be_done(demo: Demo) -> None:
    with demo.database.reading() as session:
        rows = session.scalars(sa.select(Incident)).unique().all()
        harms = [impact for row in rows for impact in row.impacts]
        assert {harm.category for harm in harms} >= {
            *("availability", "confidentiality", "external", "integrity", "monetary"),
        }
        (earlier,) = [harm for harm in harms if harm.superseded_by]
        (later,) = [harm for harm in harms if harm.id == earlier.superseded_by]
        assert later.incident_id == earlier.incident_id and earlier.ended_at is not None
        work = [task for row in rows for task in row.tasks]
        assert {task.outcome for task in work} == {"pending", "ongoing", "successful"}
        assert {row.pap for row in rows} == {"", "clear", "green", "amber", "red"}
        seen = [each for row in rows for each in row.observables]
        assert sum(each.is_victim for each in seen) >= 4
        assert not any(each.is_victim and each.is_indicator for each in seen)
        assert sum(each.count is not None for each in seen) >= 2
    page = demo.client("layla").get("/").get_data(as_text=True)
    assert "إبلاغ المصارف عن المدفوعات المشبوهة" in page  # her own open task
    assert "Second letter with a date" not in page  # her colleague's


def test_observables_are_those_kept_for_documentation(demo: Demo) -> None:
    query = sa.select(IncidentObservable).join(Incident).where(Incident.origin_uuid.is_(None))
    found = _rows(demo, query)
    assert len(found) > 30
    for row in found:
        if row.type in ("ipv4-addr", "ipv6-addr"):
            network = ipaddress.ip_network(row.value)
            assert any(
                network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
                for each in DOCUMENTATION
            ), row.value
        elif row.type in ("domain-name", "url", "email-addr"):
            assert re.search(r"\.example\.(com|net|org)\b", row.value), row.value


def test_imported_incident_names_its_source_and_licence(demo: Demo) -> None:
    (row,) = _rows(demo, sa.select(Incident).where(Incident.origin_uuid.is_not(None)))
    assert "ESET Research" in row.description
    assert "BSD 2-Clause" in row.description
    (job,) = _rows(demo, sa.select(jobs.Job).where(jobs.Job.kind == IMPORT_JOB))
    assert job.state == "done"


def test_two_persons_stand_behind_every_release(demo: Demo) -> None:
    releases = _rows(demo, sa.select(Release))
    states = [(row.collection.title, row.state) for row in releases]
    assert sorted(states) == [
        ("Direct: XA", "approved"),
        ("Direct: XB", "prepared"),
        ("Quiet warnings", "approved"),
        *([("Regional exchange", "approved")] * 4),
        ("Regional exchange", "prepared"),
        ("Sensor reports", "prepared"),
    ]
    for row in releases:
        assert row.policy == "second-person"
        assert row.ended_by != row.prepared_by
    assert len({row.batch_id for row in releases if row.batch_id}) == 1
    approved = {row.administration.code for row in releases if row.state == "approved"}
    assert approved == {"XA", "XB"}


def test_circles_have_their_members_and_a_named_standing_approval(demo: Demo) -> None:
    query = sa.select(Collection).where(Collection.kind == "circle")
    circles = {row.title: row for row in _rows(demo, query)}
    members = {
        title: {each.administration.code for each in circle.members}
        for title, circle in circles.items()
    }
    assert members == {
        "Regional exchange": {"XA", "XB"},
        "Exchange test": {"XA", "XB"},
        "Health sector": {"XB"},
        "Finance sector": {"XB"},
        "Quiet warnings": {"XA", "XB", "XC", "XD"},
        "Sensor reports": {"XA", "XB"},
    }
    listed = {title for title, circle in circles.items() if circle.listed}
    assert listed == {"Health sector", "Finance sector"}
    assert [title for title, circle in circles.items() if circle.is_confidential] == [
        "Quiet warnings"
    ]
    given = {
        (row.approver.username, row.ceiling)
        for row in _rows(demo, sa.select(StandingApproval))
        if row.collection_id in {circle.id for circle in circles.values()}
    }
    assert given == {("omar", "amber+strict"), ("grace", "green")}


def test_audit_chains_are_whole(demo: Demo) -> None:
    with demo.database.reading() as session:
        assert list(audit.broken_links(session)) == []


# who sees what


def test_everybody_on_the_list_signs_in_and_reads_the_own_pages(demo: Demo) -> None:
    for one in demo.credentials["users"]:
        client = demo.client(one["username"])
        page = client.get("/")
        assert page.status_code == 200
        assert 'class="demonstration"' in page.get_data(as_text=True)
        for url in set(re.findall(r'href="(/[^"#?]*)"', page.get_data(as_text=True))):
            if not url.startswith("/static/"):
                assert client.get(url).status_code == 200, f"{one['username']}: {url}"


def test_named_persons_alone_read_the_red_incident(demo: Demo) -> None:
    (row,) = _rows(demo, sa.select(Incident).where(Incident.tlp == "red"))
    answers = {
        name: demo.client(name).get(f"/incidents/{row.id}").status_code
        for name in ("nadia", "omar", "layla")
    }
    assert answers == {"nadia": 200, "omar": 200, "layla": 404}


def test_what_xb_reads_reaches_xb_and_never_xc(demo: Demo) -> None:
    (circle,) = _rows(demo, sa.select(Collection).where(Collection.title == "Regional exchange"))
    page = demo.client("julien").get(f"/circles/{circle.id}")
    assert "copy of the tax portal" in page.get_data(as_text=True)
    chen = demo.client("chen")
    assert chen.get(f"/circles/{circle.id}").status_code == 404
    assert "Regional exchange" not in chen.get("/circles/").get_data(as_text=True)


def test_tokens_open_the_collections_of_their_administration(demo: Demo) -> None:
    client = demo.app.test_client()
    seen: dict[str, dict[str, tuple[bool, bool]]] = {}
    for code in ("XA", "XB", "XC"):
        headers = demo.machine(code)
        root = json.loads(client.get("/taxii2/", headers=headers).data)["default"]
        listing = client.get(f"{root}collections/", headers=headers)
        assert listing.status_code == 200
        found = json.loads(listing.data).get("collections", [])
        seen[code] = {one["title"]: (one["can_read"], one["can_write"]) for one in found}
    shared = {"Regional exchange": (True, False), "Quiet warnings": (True, False)}
    assert seen == {
        "XA": {
            **shared,
            "Direct: XA": (True, False),
            "Direct: XB": (False, True),
            "Exchange test": (True, True),
            "Sensor reports": (True, False),
        },
        "XB": {
            **shared,
            "Direct: XA": (False, False),
            "Direct: XB": (True, False),
            "Exchange test": (True, False),
            "Finance sector": (True, False),
            "Health sector": (True, False),
            "Sensor reports": (True, True),
        },
        # that each administration has a door is no secret, what is behind it is
        "XC": {
            "Direct: XA": (False, False),
            "Direct: XB": (False, False),
            "Direct: XC": (True, False),
            "Quiet warnings": (True, False),
        },
    }


def test_sharing_has_everything_to_look_at(demo: Demo) -> None:
    (request,) = _rows(demo, sa.select(JoinRequest))
    assert (request.administration.code, request.state) == ("XA", "asked")
    (submission,) = _rows(demo, sa.select(Submission))
    assert submission.state == "waiting"
    (decision,) = _rows(demo, sa.select(ProtectionDecision))
    assert (decision.action, decision.literal) == ("generalise", "ministry of health")
    (recall,) = _rows(demo, sa.select(Recall))
    assert recall.kind == "withdrawn"
    (hold,) = _rows(demo, sa.select(LegalHold))
    assert hold.ended_at is None
    assert {row.sealed is None for row in _rows(demo, sa.select(SigningKey))} == {True, False}
    (item,) = _rows(demo, sa.select(ReceivedItem))
    assert item.state == "accepted"


def test_demonstration_calls_nobody(demo: Demo) -> None:
    (peer,) = _rows(demo, sa.select(Peer))
    assert urlsplit(peer.url).hostname == "taxii.example.org"
    assert (peer.active, peer.next_at, peer.vouched_by) == (False, None, None)
    assert not any(row.kind == POLL for row in _rows(demo, sa.select(jobs.Job)))


def test_machine_of_xa_adds_to_the_exchange_test_and_reads_it_back(demo: Demo) -> None:
    client, headers = demo.app.test_client(), demo.machine("XA")
    identity = "identity--2f0d4d57-6a53-4d1c-9f3c-0d8a7f0f6b11"
    body = {
        "objects": [
            {
                "type": "identity",
                "spec_version": "2.1",
                "id": identity,
                "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z",
                "name": "A machine of the demonstration",
                "identity_class": "system",
                "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
            }
        ]
    }
    root = json.loads(client.get("/taxii2/", headers=headers).data)["default"]
    url = f"{root}collections/exchange-test/objects/"
    answer = client.post(url, headers=headers, data=json.dumps(body))
    assert answer.status_code == 202, answer.get_data(as_text=True)
    assert json.loads(answer.data)["failure_count"] == 0, answer.get_data(as_text=True)
    read = json.loads(client.get(url, headers=demo.machine("XB")).data)
    assert identity in [one["id"] for one in read["objects"]]


# loading, keeping, loading again


def _demo(environment: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.run(["demo", "--no-serve"])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def _retitle(environment: Path) -> None:
    database = Database(f"sqlite:///{environment / 'cirt.sqlite3'}")
    with database.writing() as session:
        session.execute(sa.update(Assessment).values(title="Kept"))
    database.dispose()


def test_second_run_keeps_data_and_prints_the_same_passwords(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", free_port())
    command = [sys.executable, "-m", "cirt", "demo", "--no-serve"]
    first, second = "", ""
    for n in range(2):
        done = subprocess.run(
            command, env=server.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        if n == 0:
            first = done.stdout
            _retitle(server.data_dir)
        else:
            second = done.stdout
    assert "data are kept" in second
    assert first.splitlines()[1:] == second.splitlines()[1:]
    titles = _in(server.data_dir / "cirt.sqlite3", sa.select(Assessment.title).distinct())
    assert titles == ["Kept"]
    for one in server.credentials()["users"]:
        (line,) = [each for each in second.splitlines() if each.startswith(f"{one['username']} ")]
        assert line.split() == [
            one["username"],
            one["password"],
            *one["roles"],
            one["administration"],
        ]


def test_interrupted_load_is_told_and_begins_again(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(_stage: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(demonstration_assessments, "load", power_cut)
        with pytest.raises(SystemExit):
            cli.run(["demo", "--no-serve"])
    assert (environment / "demonstration").read_text().strip() == "loading"
    assert not (environment / "credentials.json").exists()
    assert _in(environment / "cirt.sqlite3", sa.select(User.username)) != []
    stray = environment / "files" / "stray"
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("left over")

    code, out, err = _demo(environment, capsys)
    assert (code, err) == (0, "")
    assert "not loaded to its end" in out
    assert (environment / "demonstration").read_text().strip() == "loaded"
    assert len(_in(environment / "cirt.sqlite3", sa.select(Assessment.id))) == 7
    assert not stray.exists()


def test_marker_is_there_before_the_first_table(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(_database: Database, _revision: str = "head") -> None:
        raise SystemExit(9)

    monkeypatch.setattr(migrations, "upgrade", power_cut)
    with pytest.raises(SystemExit):
        cli.run(["demo", "--no-serve"])
    assert read_settings().is_demonstration


# what it refuses


def _production(folder: Path) -> Settings:
    settings = read_settings({}, data_dir=folder)
    database = Database(settings.database)
    migrations.upgrade(database)
    with database.writing() as session:
        directory.add_administration(session, None, code="XY", names={"en": "In production"})
    database.dispose()
    return settings


def _untouched(folder: Path) -> bool:
    return _in(folder / "cirt.sqlite3", sa.select(Administration.code)) == ["XY"]


def test_folder_with_other_data_is_refused_untouched(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _production(environment)
    code, _out, err = _demo(environment, capsys)
    assert code == 1
    assert "no demonstration's" in err
    assert not (environment / "demonstration").exists()
    assert not (environment / "credentials.json").exists()
    assert _untouched(environment)


@pytest.mark.parametrize("state", ["loading", "loaded"])
def test_marked_folder_does_not_open_another_database(
    environment: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    state: str,
) -> None:
    settings = _production(tmp_path / "production")
    environment.mkdir()
    (environment / "demonstration").write_text(state)
    monkeypatch.setenv("CIRT_DATABASE_URL", settings.database)
    code, _out, err = _demo(environment, capsys)
    assert code == 1
    assert "no demonstration's" in err
    assert _untouched(tmp_path / "production")


def test_folder_with_files_of_another_database_is_refused(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (environment / "files" / "ab").mkdir(parents=True)
    code, _out, err = _demo(environment, capsys)
    assert code == 1
    assert "no demonstration's" in err
    assert not (environment / "demonstration").exists()


def test_lost_list_of_passwords_is_told(
    environment: Path, capsys: pytest.CaptureFixture[str], demonstration_at: Callable[[Path], Path]
) -> None:
    demonstration_at(environment)
    (environment / "credentials.json").write_text("{")
    code, _out, err = _demo(environment, capsys)
    assert code == 1
    assert "missing or damaged" in err
    assert len(_in(environment / "cirt.sqlite3", sa.select(Assessment.id))) == 7


def test_taken_port_is_told_before_anything_is_loaded(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("CIRT_PORT", str(other.getsockname()[1]))
        assert cli.run(["demo"]) == 1
    assert "CIRT_PORT" in capsys.readouterr().err
    assert not (environment / "demonstration").exists()


def test_address_that_others_reach_is_refused(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIRT_HOST", "0.0.0.0")  # noqa: S104 - this is what must be refused
    code, _out, err = _demo(environment, capsys)
    assert code == 1
    assert "CIRT_HOST" in err


def test_data_folder_is_its_own_unless_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = {"CIRT_DATA_DIR": "other"}
    assert demonstration.demonstration_settings({}).data_dir == tmp_path / "var" / "demo"
    assert demonstration.demonstration_settings(named).data_dir == tmp_path / "other"


# serving


def test_served_demonstration_answers_and_says_what_it_is(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", free_port()).start()
    try:
        with urllib.request.urlopen(f"{server.url}/sign-in", timeout=10) as answer:
            page = answer.read().decode()
    finally:
        server.kill()
    assert 'class="demonstration"' in page
    assert server.credentials()["url"] == server.url
    log = (tmp_path / f"server-{server.port}.log").read_text()
    assert "Stop with Ctrl+C." in log
    assert server.url in log
