"""What the attacks on assessments need: filled rounds of two countries, a digest of every row."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import flask
import sqlalchemy as sa

from cirt import routing
from cirt.assessments import agenda, grants, preparation, remarks, requested_documents
from cirt.assessments.evidence import Kind, add_entry
from cirt.assessments.findings.findings import FindingContent, add_finding
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, add_action
from cirt.db import Base, Database
from tests.conftest import Browser, Cast
from tests.functional.assessment_steps import FIRST, answered, started

# a sign-in and its last use are rows too
OF_SIGN_IN = frozenset({"login_session", "sign_in_failure", "throttle"})


@dataclass
class Round:
    """An assessment and the ids in the addresses of its pages."""

    id: uuid.UUID
    ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def filled_round(
    database: Database, cast: Cast, by: str, country: str, guest: str, word: str = "word"
) -> Round:
    """An assessment with one row of everything; guest: who is let in as an assessor."""
    key = started(database, cast, by=by, country=country, title=f"{word} title")
    answered(database, cast, key, FIRST, "2", by=by, comment=f"{word} comment")
    actor = cast.actors[by]
    with database.writing() as session:
        row = session.get_one(Assessment, key)
        preparation.change_frame(
            session, actor, row, scope=f"{word} scope", profile="", workshop_on=None,
            workshop_place=f"{word} place", revision=row.revision,
        )  # fmt: skip
        person = preparation.save_participant(
            session, actor, row, name=f"{word} person", organization=f"{word} house",
            function=f"{word} post", group="regulator", attended=None,
        )  # fmt: skip
        paper = requested_documents.save_document(
            session, actor, row, title=f"{word} paper", from_whom=f"{word} owner", due_on=None,
            received_on=date(2026, 2, 3), note=f"{word} note", question_id=FIRST,
        )  # fmt: skip
        item = agenda.save_item(
            session, actor, row, day=1, starts="09:00", ends="10:00", title=f"{word} item",
            note=f"{word} note",
        )  # fmt: skip
        agenda.save_item(session, actor, row, day=1, starts="", ends="", title=f"{word} second")
        remark = remarks.add_remark(session, actor, row, FIRST, f"{word} remark")
        piece = add_entry(
            session, actor, row, FIRST, kind=Kind.DOCUMENT, reference=f"{word} reference"
        )
        action = add_action(
            session, actor, row,
            ActionContent(
                f"{word} action", owner=f"{word} owner", indicator=f"{word} sign",
                starts_on=date(2026, 3, 2), target_date=date(2026, 4, 2), question_id=FIRST,
            ),
        )  # fmt: skip
        second = add_action(session, actor, row, ActionContent(f"{word} second action"))
        finding = add_finding(
            session, actor, row,
            FindingContent(
                f"{word} finding", description=f"{word} said", root_cause=f"{word} cause",
                questions=frozenset({FIRST}), actions=frozenset({action.id}),
                evidence=frozenset({piece.id}),
            ),
        )  # fmt: skip
        grant = grants.give_grant(
            session, actor, row, user_id=cast.users[guest], until=grants.default_until()
        )
        session.flush()
        return Round(
            key,
            {
                "assessment_id": str(key),
                "participant_id": str(person.id),
                "document_id": str(paper.id),
                "item_id": str(item.id),
                "remark_id": str(remark.id),
                "evidence_id": str(piece.id),
                "action_id": str(action.id),
                "second_action_id": str(second.id),
                "finding_id": str(finding.id),
                "grant_id": str(grant.id),
                "upload_id": str(uuid.uuid4()),
                "tally_id": str(uuid.uuid4()),
            },
        )


def let_in(
    database: Database, cast: Cast, assessment_id: uuid.UUID, username: str, role: GrantRole
) -> uuid.UUID:
    """Give somebody a part, and return the id of the grant."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        return grants.give_grant(
            session, cast.actors["farid"], row, user_id=cast.users[username],
            until=grants.default_until(), role=role,
        ).id  # fmt: skip


def digest(database: Database, *also_not: str) -> str:
    """The digest of every row of every table but those of signing in."""
    found = hashlib.sha256()
    with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in OF_SIGN_IN or table.name in also_not:
                continue
            rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            found.update(f"{table.name}{rows}".encode())
    return found.hexdigest()


# one value for every part of an address that is no id of a row
WORDS = {
    "question_id": FIRST,
    "act": "workshop",
    "language": "en",
    "chapter": "summary",
    "list_id": "sim3",
    "check_id": "O-1",
    "version": "2.0.0",
    "name": "results",
    "form": "csv",
}


def doors(app: flask.Flask, method: str) -> list[tuple[str, str, frozenset[str]]]:
    """Every address of one assessment: (endpoint, action that opens it, names of its parts)."""
    found = []
    for rule in app.url_map.iter_rules():
        if "assessment_id" in rule.arguments and method in (rule.methods or ()):
            opening = routing.opening_of(app, rule.endpoint)
            assert opening is not None and opening.action is not None
            if opening.audience == routing.MACHINE:
                continue  # a browser's cookie opens none of them; the table of routes says so
            found.append((rule.endpoint, opening.action, frozenset(rule.arguments)))
    return sorted(found)


def address(app: flask.Flask, endpoint: str, parts: frozenset[str], ids: Any) -> str:
    """The address of a door with these ids."""
    with app.test_request_context():
        values = {name: ids[name] if name in ids else WORDS[name] for name in parts}
        return flask.url_for(endpoint, **values)


class Attacker:
    """A browser that reuses one form token, so that hundreds of posts stay quick."""

    def __init__(self, browser: Browser) -> None:
        self.client = browser.client
        self.token = browser.form_token()

    def get(self, url: str) -> Any:
        """Ask for a page."""
        return self.client.get(url)

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form."""
        return self.client.post(url, data={"csrf_token": self.token, **(data or {})}, **more)


def valid_forms(here: Round) -> dict[str, dict[str, Any]]:
    """By endpoint, a form that is taken while the assessment is in its workshop."""
    action = {"text": "Other words", "phase": "design", "revision": "1"}
    return {
        "details": {"title": "Other", "language": "en", "stage": "yes"},
        "prepare_frame": {"scope": "Other", "revision": "2"},
        "prepare_instrument": {"instrument": "cirt-readiness@2.0.0"},
        "add_participant": {"name": "N", "group": "regulator"},
        "participant": {"name": "N", "group": "regulator", "revision": "1"},
        "remove_participant": {},
        "attendance": {f"attended:{here['participant_id']}": "yes"},
        "add_document": {"title": "T"},
        "document": {"title": "T", "revision": "1"},
        "remove_document": {},
        "note_document": {},
        "add_agenda_item": {"title": "T", "day": "1"},
        "agenda_item": {"title": "T", "day": "2", "revision": "1"},
        "move_agenda_item": {"direction": "down"},
        "remove_agenda_item": {},
        "save_rows": {"revision:D1-Q2": "0", "choice:D1-Q2": "3"},
        "answer_question": {"choice": "4", "revision": "1"},
        "restore": {"version": "1", "revision": "2"},
        "add_evidence": {"kind": "document", "reference": "R"},
        "remove_evidence": {},
        "question_remarks": {"text": "Words"},
        "add_finding": {"title": "T", "kind": "gap"},
        "edit_finding": {"title": "T", "kind": "gap", "revision": "1"},
        "remove_finding": {"revision": "1"},
        "add_action": action,
        "edit_action": action,
        "move_action": {"by": "1"},
        "drop_action": {"reason": "R", "revision": "1"},
        "propose_plan": {"starts_on": "2026-03-02", "at_once": "3"},
        "order_plan": {},
        "adopt_plan": {},
        "plan_action": {"state": "running", "note": "N", "seen": "0"},
        "write_chapter": {"text": "Words", "revision": "0"},
        "write_facts": {"population-value": "100", "population-year": "2024",
                        "population-source": "S", "revision": "0"},
        "design_item": {"state": "done", "owner": "O", "note": "N", "revision": "0"},
        "advance": {},
        "change_of_version": {},
        "access": {"username": "amina", "role": "assessor", "until": "2027-01-31"},
        "end_access": {},
    }  # fmt: skip
