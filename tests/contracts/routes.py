"""Walks every route as everybody, by every method, and compares with the reviewed table.

`python -m tests.contracts.routes` writes the table anew; its difference is what a reviewer reads.
Requests are about things of administration XA in the demonstration; their writes are rolled back.
"""

import csv
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration, ApiToken, LoginSession, User
from cirt.accounts.tokens import SCOPES, make_token
from cirt.api.operations import registry
from cirt.api.schemas import example_of
from cirt.app import create_app
from cirt.assessments.findings.models import Finding
from cirt.assessments.instruments.references import provisions
from cirt.assessments.models import Assessment, AssessmentGrant, Evidence
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from cirt.capability_tally import CapabilityTally
from cirt.cli.demonstration_folder import prepare
from cirt.db import Database
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.circle_models import Collection
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.incidents.release_models import Release, StandingApproval
from cirt.incidents.rights import IMPORT_JOB
from cirt.jobs import Job
from cirt.settings import Settings, read_settings
from tests.contracts.shared_things import ask_for_an_intake, shared_things, special_things

TABLE = Path(__file__).with_name("routes.csv")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")

# column -> (role, administration) of a person, or the administration whose token is used
PEOPLE: dict[str, tuple[str, str]] = {
    "administrator": ("administrator", "XZ"),
    "assessor": ("assessor", "XZ"),
    "contributor": ("contributor", "XA"),
    "reviewer": ("reviewer", "XZ"),
    "focal point XA": ("focal-point", "XA"),
    "analyst XA": ("analyst", "XA"),
    "officer XA": ("releasing-officer", "XA"),
    "focal point XB": ("focal-point", "XB"),
    "analyst XB": ("analyst", "XB"),
    "officer XB": ("releasing-officer", "XB"),
    "analyst XC": ("analyst", "XC"),
}
# by TAXII, and by the REST API with every scope of it
MACHINES = ("machine XA", "machine XB", "machine XC", "api XA", "api XB")
COLUMNS = ["nobody", *PEOPLE, *MACHINES]


class Walk:
    """A loaded demonstration and everybody's clients."""

    def __init__(self, settings: Settings) -> None:
        self.credentials = prepare(settings)
        self.app = create_app(settings)
        self.database: Database = self.app.extensions["cirt"].database
        self.app.before_request_funcs[None].append(_forget_writes)
        with self.database.writing() as session:
            ask_for_an_intake(session)
            self.tokens = {name: _token(session, name, settings) for name in MACHINES}
        self.values = self._values()
        self.clients = {name: self._signed_in(*who) for name, who in PEOPLE.items()}

    def close(self) -> None:
        """Close the database."""
        self.database.dispose()

    def _values(self) -> dict[str, str]:
        """Return for every argument of a route a thing of XA."""
        with self.database.reading() as session:

            def first(query: Any) -> Any:
                return session.scalars(query.limit(1)).first()

            owner = first(sa.select(Administration.id).where(Administration.code == "XA"))
            # a round with everything in it, still open: what is refused is refused for its right
            assessment = first(
                sa.select(Assessment)
                .join(PlanAction, PlanAction.assessment_id == Assessment.id)
                .where(
                    Assessment.administration_id == owner,
                    Assessment.state.not_in(["agreed", "closed"]),
                )
            )

            def part(model: Any) -> Any:
                return first(sa.select(model.id).where(model.assessment_id == assessment.id))

            release = first(
                sa.select(Release).where(Release.state == "prepared", Release.batch_id.is_(None))
            )
            circle = first(sa.select(Collection).where(Collection.title == "Regional exchange"))
            incident = first(
                sa.select(Incident)
                .join(IncidentObservable, IncidentObservable.incident_id == Incident.id)
                .join(IncidentImpact, IncidentImpact.incident_id == Incident.id)
                .join(IncidentTask, IncidentTask.incident_id == Incident.id)
                .where(Incident.administration_id == owner, Incident.tlp != "red")
                .order_by(Incident.reference)
            )
            person = first(
                sa.select(User).where(User.administration_id == owner).order_by(User.username)
            )
            evidence = first(
                sa.select(Evidence).where(
                    Evidence.assessment_id == assessment.id, Evidence.file_id.is_not(None)
                )
            )
            observable = first(
                sa.select(IncidentObservable.id).where(
                    IncidentObservable.incident_id == incident.id
                )
            )
            grant = first(
                sa.select(AssessmentGrant.id).where(AssessmentGrant.assessment_id == assessment.id)
            )
            approval = first(
                sa.select(StandingApproval.id).where(StandingApproval.administration_id == owner)
            )
            token = first(sa.select(ApiToken.id).where(ApiToken.administration_id == owner))
            job = first(sa.select(Job.id).where(Job.kind == IMPORT_JOB))
            rule = first(sa.select(IncidentRule.id))
            tally = first(
                sa.select(CapabilityTally.id).where(CapabilityTally.administration_id == owner)
            )
            found = {
                "assessment_id": assessment.id,
                "participant_id": part(Participant),
                "document_id": part(RequestedDocument),
                "item_id": part(AgendaItem),
                "action_id": part(PlanAction),
                "finding_id": part(Finding),
                "act": "review",
                "upload_id": uuid.UUID(int=1),
                "list_id": "sim3",
                "check_id": "O-1",
                "chapter": "summary",
                "instrument_id": assessment.instrument_id,
                "version": assessment.instrument_version,
                "provision_id": next(iter(provisions())),
                "n": 1,
                "form": "csv",
                "tally_id": tally,
                "question_id": evidence.question_id,
                "evidence_id": evidence.id,
                "grant_id": grant,
                "incident_id": incident.id,
                "observable_id": observable,
                "rule_id": rule,
                "job_id": job,
                "release_id": release.id,
                "circle_id": circle.id,
                "collection_id": circle.id,
                "administration_id": owner,
                "approval_id": approval,
                "user_id": person.id,
                "token_id": token,
                "language": "en",
                "kind": "not-found",
                "token": "no-such-link",
                "name": circle.id,
                "rest": "no-such-thing",
                "status_id": uuid.UUID(int=1),
                "session_id": first(sa.select(LoginSession.id)),
                **shared_things(session, owner, incident, circle),
            }
            self.special = {
                rule: {name: str(value) for name, value in values.items()}
                for rule, values in special_things(session, owner).items()
            }
        return {name: str(value or uuid.UUID(int=1)) for name, value in found.items()}

    def _signed_in(self, role: str, administration: str) -> FlaskClient:
        user = next(
            user
            for user in self.credentials["users"]
            if role in user["roles"] and user["administration"] == administration
        )
        client = self.app.test_client()
        answer = client.post(
            "/sign-in",
            data={
                "csrf_token": _form_token(client),
                "username": user["username"],
                "password": user["password"],
            },
            headers={"X-Keep": "yes"},
        )
        assert answer.status_code == 302, (role, answer.status_code)
        return client

    def _headers(self, column: str) -> dict[str, str]:
        token = self.tokens.get(column)
        # whatever version there is; only the REST API looks at it
        return {"Authorization": f"Bearer {token}", "If-Match": "*"} if token else {}

    def _path(self, rule: str) -> str:
        values = self.values | self.special.get(rule, {})

        def value(argument: re.Match[str]) -> str:
            # any(results, answers):name – the first that the address takes
            choice = re.match(r"any\((\w+)", argument[1])
            return choice[1] if choice else values[argument[2]]

        return re.sub(r"<([^>]*?)(\w+)>", value, rule)

    def rows(self, *, every: int = 1) -> Iterator[dict[str, str]]:
        """Yield a row a route and method: what each of COLUMNS is answered.

        every: 3 for each third route.
        """
        tokens = {name: _form_token(client) for name, client in self.clients.items()}
        nobody = self.app.test_client()
        rules = {str(rule) for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"}
        # who has asked to sign out is signed out, even though the write is forgotten
        last = ("/sign-in", "/sign-out")
        for rule in sorted(rules, key=lambda one: (one.startswith(last), one))[::every]:
            path = self._path(rule)
            for method in METHODS:
                row = dict.fromkeys(["route", "method", *COLUMNS], "")
                row |= {"route": rule, "method": method}
                for column in _asking(rule, method):
                    client = self.clients.get(column, nobody)
                    headers = self._headers(column)
                    if rule.startswith("/api/"):
                        answer = client.open(
                            path, method=method, headers=headers, **_said(rule, method)
                        )
                    else:
                        form = {"csrf_token": tokens.get(column, "")} if method != "GET" else None
                        answer = client.open(path, method=method, data=form, headers=headers)
                    assert answer.status_code < 500, (
                        column,
                        method,
                        path,
                        answer.get_data(as_text=True)[:500],
                    )
                    row[column] = str(answer.status_code)
                    answer.close()
                yield row


def _said(rule: str, method: str) -> dict[str, Any]:
    """Return what a request to the REST API needs to be refused for its right alone."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
    for one in registry.values():
        if (one.method, one.address) == (method, path) and one.request is not None:
            return {"json": example_of(one.request)}
    return {}


def _token(session: Session, name: str, settings: Settings) -> str:
    """Return a new token of the machine that a column stands for."""
    kind, _space, code = name.partition(" ")
    query = sa.select(Administration).where(Administration.code == code)
    _row, text = make_token(
        session,
        None,
        administration=session.scalars(query).one(),
        label=name,
        scopes=[scope for scope in SCOPES if scope.startswith("taxii.") == (kind == "machine")],
        days=1,
        settings=settings,
    )
    return text


def _asking(rule: str, method: str) -> list[str]:
    """Return who asks: everybody, and three where the router refuses the method to all alike."""
    if method in ("GET", "POST") or rule.startswith(("/exchange/", "/taxii2/", "/api/")):
        return COLUMNS
    return ["nobody", "focal point XA", "machine XA"]


def _forget_writes() -> None:
    if "X-Keep" not in flask.request.headers:
        flask.g.failed = True  # the hook at the end of the request then rolls back


def _form_token(client: FlaskClient) -> str:
    page = client.get("/help").get_data(as_text=True)
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def reviewed() -> list[dict[str, str]]:
    """Return the table as it was reviewed."""
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Write the table anew."""
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(read_settings({}, data_dir=Path(folder)))
        rows = list(walk.rows())
        walk.close()
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["route", "method", *COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows written")


if __name__ == "__main__":
    main()
