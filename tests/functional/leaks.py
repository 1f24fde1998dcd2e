"""Marked words in every field of XA, and who may read which: for the test that nothing leaks."""

import io
import json
import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import flask
import pyotp
import sqlalchemy as sa
from flask.testing import FlaskClient

from cirt import jobs
from cirt.accounts import directory, second_factor, tokens
from cirt.accounts.models import (
    AccountLink,
    Administration,
    ApiToken,
    LoginSession,
    RecoveryCode,
    User,
)
from cirt.assessments import conduct, evidence, grants
from cirt.assessments.instruments.references import provisions
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Assessment, AssessmentGrant, Evidence
from cirt.clock import now
from cirt.db import Database
from cirt.files import keep_file
from cirt.incidents import cases, circles, observables, release, standing_approvals
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.circles import Frame
from cirt.incidents.observables import NewObservable
from cirt.incidents.release_models import Release
from cirt.incidents.rights import IMPORT_JOB
from cirt.incidents.webhooks.managing import Details, make_webhook, try_it
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from cirt.web import Installation
from tests import sharing
from tests.conftest import PASSWORD, Browser, Cast
from tests.functional.assessment_steps import FIRST, SECOND, THIRD, answered, led_to, started
from tests.functional.leaks_design import seed_design
from tests.functional.leaks_life import seed_life
from tests.functional.leaks_plan import seed_plan
from tests.functional.leaks_received import seed_received
from tests.functional.leaks_report import seed_report
from tests.functional.leaks_sharing import describe, guard, seed_sharing

MARK = re.compile(r"zq[a-z]+[0-9]{3}zq", re.IGNORECASE)

# who may read what; each name is a viewer of the crawl
NOBODY: frozenset[str] = frozenset()
RECORDER = frozenset({"nadia"})
TEAM = frozenset({"nadia", "omar"})
PARTNERS = TEAM | {"boris", "machine XA", "machine XB"}
FRAME = PARTNERS | {"root"}
OWN_MACHINE = frozenset({"machine XA"})
COUNTRY = frozenset({"farid"})
ROUND = frozenset({"farid", "amina", "carla"})
OPERATOR = frozenset({"root"})
PEOPLE = ("root", "amina", "carla", "rene", "farid", "nadia", "omar", "boris", "bela", "chen")
VIEWERS = (*PEOPLE, "nobody", "machine XA", "machine XB", "machine XC")
# what a machine reads of its own administration by the REST API, beside the people
TOLD = {
    "machine XA": {
        "action overdue granted",
        "action overdue kept",
        "address of a webhook",
        "attribute comment",
        "comment attribute",
        "comment plain",
        "contact on a card",
        "domain plain",
        "file plain",
        "impact plain",
        "imported domain",
        "indicator overdue granted",
        "indicator overdue kept",
        "new text plain",
        "new text unreleased",
        "protected words",
        "remark plain",
        "report of a file",
        "round granted",
        "round kept",
        "rule plain",
        "rulecomment plain",
        "rulename plain",
        "statement on a card",
        "task plain",
        "taskdescription plain",
        "title for XB alone",
        "title imported",
        "title of a webhook",
        "title plain",
        "title withdrawn",
    },
    "machine XB": {
        "title for XA alone",
        "title for XA as well",
    },
}


class Marks:
    """Gives out marked words and remembers where each stands and who may read it."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[str, frozenset[str]]] = {}

    def new(self, place: str, readers: frozenset[str]) -> str:
        """Return a new marked word for a place."""
        letters = re.sub("[^a-z]", "", place.lower())[:12] or "x"
        word = f"zq{letters}{len(self.places):03d}zq"
        told = {machine for machine, places in TOLD.items() if place in places}
        self.places[word] = (place, readers | told)
        return word

    def found(self, text: str) -> set[str]:
        """Return the words given out that stand in a text, in small letters.

        One in some fifty million letters of base64, as in keys of sessions and forms, begins what
        looks like a marked word: what nobody gave out is none.
        """
        return {word.lower() for word in MARK.findall(text)} & self.places.keys()


@dataclass(frozen=True)
class Visit:
    """One answer: who asked for what, the status, and the marked words and secrets in it."""

    viewer: str
    rule: str
    url: str
    status: int
    words: frozenset[str]
    secrets: frozenset[str]


class Lines(logging.Handler):
    """Keeps every line that any logger writes, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))


@dataclass
class Scene:
    """A seeded installation: marked words, secrets, and for each address the ids of XA's things."""

    app: flask.Flask
    installation: Installation
    cast: Cast
    marks: Marks = field(default_factory=Marks)
    secrets: dict[str, str] = field(default_factory=dict)
    ids: list[dict[str, str]] = field(default_factory=list)
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    log: Lines = field(default_factory=Lines)
    quiet: uuid.UUID = field(default_factory=uuid.uuid4)  # the confidential circle
    received: str = ""  # a report that XB released to XA alone

    @property
    def database(self) -> Database:
        """The database behind it."""
        return self.installation.database


def seed(scene: Scene) -> None:
    """Fill every field of XA that holds a text."""
    for name in PEOPLE:
        browser = Browser(scene.app.test_client(), name)
        answer = browser.post("/sign-in", {"username": name, "password": PASSWORD})
        assert answer.status_code == 302
        scene.clients[name] = browser.client
    scene.clients["nobody"] = scene.app.test_client()
    for viewer in VIEWERS:
        if viewer.startswith("machine"):
            scene.clients[viewer] = scene.app.test_client(use_cookies=False)
    _seed_secrets(scene)
    circle = _seed_circle(scene)
    _seed_incidents(scene, circle)
    _seed_imports(scene)
    _seed_machine(scene, circle)
    seed_sharing(scene)
    seed_received(scene)
    _seed_assessments(scene)
    _seed_webhook(scene)
    scene.ids.append({"kind": "not-found"})  # of problems
    _note_secrets(scene)


def _seed_secrets(scene: Scene) -> None:
    settings = scene.installation.settings
    with scene.database.writing() as session:
        omar = session.get_one(User, scene.cast.users["omar"])
        secret = second_factor.new_totp_secret()
        code = pyotp.TOTP(secret).now()
        codes = second_factor.enable(session, omar, secret, code, secret_key=settings.secret_key)
        scene.secrets["omar's shared secret"] = secret
        scene.secrets["omar's recovery code"] = codes[0]
        nadia = session.get_one(User, scene.cast.users["nadia"])
        link = directory.make_link(session, None, nadia, settings=settings)
        scene.secrets["nadia's link"] = link.rsplit("/", 1)[1]
        label = scene.marks.new("label of a token", OPERATOR | TEAM)
        own = session.get_one(Administration, scene.cast.administrations["XA"])
        row, text = tokens.make_token(
            session,
            None,
            administration=own,
            label=label,
            scopes=["taxii.read"],
            days=3,
            settings=settings,
        )
        scene.secrets["XA's second token"] = text
        scene.ids.append({"token_id": str(row.id)})
    for code, text in scene.cast.tokens.items():
        scene.secrets[f"token of {code}"] = text
    scene.secrets["the key of the installation"] = settings.secret_key
    scene.secrets["the password"] = PASSWORD
    scene.secrets["the folder of the installation"] = str(settings.data_dir)


def _note_secrets(scene: Scene) -> None:
    """Take every stored hash for a secret."""
    with scene.database.reading() as session:
        for user in session.scalars(sa.select(User)).unique():
            scene.secrets[f"password hash of {user.username}"] = str(user.password_hash)
            if user.totp_secret:
                scene.secrets[f"kept shared secret of {user.username}"] = user.totp_secret
        for model in (ApiToken, AccountLink, LoginSession):
            for row in session.scalars(sa.select(model)).unique():
                scene.secrets[f"hash of {model.__tablename__} {row.id}"] = row.token_hash
        for row in session.scalars(sa.select(RecoveryCode)):
            scene.secrets[f"hash of recovery code {row.id}"] = row.code_hash
        session_id = session.scalars(
            sa.select(LoginSession.id).where(LoginSession.user_id == scene.cast.users["nadia"])
        ).first()
    scene.ids.append(
        {
            "administration_id": str(scene.cast.administrations["XA"]),
            "user_id": str(scene.cast.users["nadia"]),
            "session_id": str(session_id),
            "language": "en",
            "token": "no-such-link",
            "rest": "no-such-thing",
        }
    )


def _seed_circle(scene: Scene) -> uuid.UUID:
    marks, actors = scene.marks, scene.cast.actors
    with scene.database.writing() as session:
        frame = Frame(
            marks.new("title of a circle", FRAME),
            marks.new("purpose of a circle", FRAME),
            marks.new("alias of a circle", FRAME),
            TLP.AMBER,
            MachineWriting.DIRECT,
        )
        circle = circles.make_circle(session, actors["root"], frame)
        for code in ("XA", "XB"):
            circles.set_member(
                session,
                actors["root"],
                circle,
                scene.cast.administrations[code],
                may_read=True,
                may_contribute=True,
            )
        approval = standing_approvals.give_approval(
            session,
            actors["omar"],
            circle,
            ceiling=TLP.GREEN,
            reason=marks.new("reason of a standing approval", TEAM),
            until=now() + timedelta(days=2),
        )
        for name in (str(circle.id), frame.alias):
            scene.ids.append(
                {
                    "circle_id": str(circle.id),
                    "collection_id": str(circle.id),
                    "approval_id": str(approval.id),
                    "name": name,
                }
            )
        return circle.id


def _seed_incidents(scene: Scene, circle: uuid.UUID) -> None:
    plain = _incident(scene, "plain", TLP.AMBER_STRICT, TEAM)
    _changed(scene, plain, "plain", TEAM, tlp=TLP.AMBER)
    red = _incident(scene, "red", TLP.AMBER, RECORDER)
    waiting = sharing.prepare(scene.database, scene.cast, red, circle)
    _changed(scene, red, "red", RECORDER, tlp=TLP.RED)
    shared = _incident(scene, "shared", TLP.GREEN, PARTNERS)
    guard(scene, shared)
    approved = sharing.released(scene.database, scene.cast, shared, circle)
    _changed(scene, shared, "unreleased", TEAM, keep_old_title=True)
    refused = sharing.prepare(scene.database, scene.cast, plain, circle)
    with scene.database.writing() as session:
        reason = scene.marks.new("reason of a refusal", TEAM)
        row = session.get_one(Release, refused)
        release.refuse_release(session, scene.cast.actors["omar"], row, reason=reason)
    waiting_too = sharing.prepare(scene.database, scene.cast, plain, circle)
    for release_id in (waiting, approved.id, refused, waiting_too):
        scene.ids.append({"release_id": str(release_id)})
    for one in json.loads(approved.bundle)["objects"]:
        if one["type"] in ("incident", "report", "indicator"):
            _of_circle(scene, one["id"])
    _of_circle(scene, f"incident--{red}")


def _of_circle(scene: Scene, stix_id: str) -> None:
    frame = next(ids for ids in scene.ids if "circle_id" in ids)
    found = {**frame, "stix_id": stix_id, "report_id": stix_id}
    if stix_id.startswith("incident--"):  # the inbox asks for the report that holds it
        del found["collection_id"]
    scene.ids.append(found)


def _incident(scene: Scene, name: str, tlp: TLP, readers: frozenset[str]) -> uuid.UUID:
    """Record an incident with marks in all its texts, of what stays inside too."""
    marks, actor = scene.marks, scene.cast.actors["nadia"]
    inside = readers & TEAM
    with scene.database.writing() as session:
        details = CaseDetails(
            title=marks.new(f"title {name}", readers),
            description=marks.new(f"description {name}", readers),
            tlp=tlp,
        )
        incident = cases.create_incident(session, actor, details)
        host = marks.new(f"domain {name}", readers)
        file = marks.new(f"file {name}", readers)
        observables.add_observables(
            session,
            actor,
            incident,
            [
                NewObservable(
                    observable=observable("domain-name", f"{host}.example.org"),
                    is_indicator=True,
                    comment=marks.new(f"comment {name}", readers),
                ),
                NewObservable(
                    observable=observable("file", f"{file}.exe"),
                    comment=marks.new(f"remark {name}", readers),
                ),
            ],
        )
        removed = marks.new(f"removed {name}", inside)
        gone = NewObservable(observable=observable("domain-name", f"{removed}.example.org"))
        observables.add_observables(session, actor, incident, [gone])
        query = sa.select(IncidentObservable).where(IncidentObservable.incident_id == incident.id)
        for row in session.scalars(query).all():
            if removed in row.value:
                observables.remove_observable(session, actor, row)
            elif host in row.value:
                kept = row
        word = marks.new(f"rule {name}", readers)
        rule = IncidentRule(
            incident_id=incident.id,
            key=f"key-{name}",
            name=marks.new(f"rulename {name}", readers),
            pattern=f"rule {word} {{ condition: false }}",
            pattern_type="yara",
            comment=marks.new(f"rulecomment {name}", readers),
        )
        session.add(rule)
        session.flush()
        ids = {
            "incident_id": str(incident.id),
            "observable_id": str(kept.id),
            "rule_id": str(rule.id),
        }
        frame = next(one for one in scene.ids if "collection_id" in one)
        scene.ids.append({**ids, "collection_id": frame["collection_id"]})
        incident_id: uuid.UUID = incident.id
    describe(scene, incident_id, name, readers)
    return incident_id


def _changed(
    scene: Scene,
    incident_id: uuid.UUID,
    name: str,
    readers: frozenset[str],
    *,
    keep_old_title: bool = False,
    **fields: Any,
) -> None:
    """Edit an incident, with marks in the new text and in the reason."""
    text = scene.marks.new(f"new text {name}", readers)
    words = {"title": text} if keep_old_title else {"description": text}
    reason = scene.marks.new(f"reason {name}", readers)
    with scene.database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        details = CaseDetails(**{**vars(cases.details_of(incident)), **words, **fields})
        cases.edit_incident(
            session,
            scene.cast.actors["nadia"],
            incident,
            details,
            revision=incident.form_revision,
            reason=reason,
        )


def _seed_imports(scene: Scene) -> None:
    """Upload a MISP event that arrives, and three files that are refused with their own words."""
    new = scene.marks.new
    host = new("imported domain", TEAM)
    event = {
        "info": new("title imported", TEAM),
        "Tag": [{"name": new("tag", TEAM)}, {"name": "tlp:green"}],
        "Orgc": {"name": new("organisation", TEAM)},
        "SharingGroup": {"name": new("sharing group", TEAM)},
        "Attribute": [
            {
                "type": "domain",
                "value": f"{host}.example.org",
                "to_ids": True,
                "comment": new("attribute comment", TEAM),
            },
            {"type": "comment", "value": new("comment attribute", TEAM)},
            {
                "type": "link",
                "category": "External analysis",
                "value": f"https://{new('link', TEAM)}.example.org/",
                "comment": new("link comment", TEAM),
            },
            {"type": "no-such-type", "value": new("lost value", TEAM)},
        ],
    }
    job = _import(scene, json.dumps({"Event": event}), new("file name", TEAM) + ".json")
    assert job.state == "done" and job.result
    scene.ids.append({"incident_id": job.result["incidents"][0]["incident_id"]})
    twice = new("key twice", RECORDER)
    empty = {"info": new("title of nothing", RECORDER), "Attribute": []}
    for body in (
        json.dumps({"Event": {"info": "x", "Attribute": []}})[:-2]
        + f', "{twice}":1,"{twice}":2}}}}',
        json.dumps({"Event": empty}),
        json.dumps({"Event": {"info": new("cut off", NOBODY)}})[:-1],
    ):
        job = _import(scene, body, new("name of a refused file", NOBODY) + ".json")
        assert job.state == "refused", body


def _import(scene: Scene, body: str, name: str) -> jobs.Job:
    actor = scene.cast.actors["nadia"]
    with scene.database.writing() as session:
        row = keep_file(
            session,
            scene.installation.files,
            actor,
            io.BytesIO(body.encode()),
            name=name,
            tlp=TLP.AMBER_STRICT.value,
        )
        job_id = jobs.enqueue(session, IMPORT_JOB, {"file_id": str(row.id)}, actor=actor).id
    jobs.run_pending(scene.database, scene.installation)
    scene.ids.append({"job_id": str(job_id)})
    with scene.database.reading() as session:
        return session.get_one(jobs.Job, job_id)


def _seed_machine(scene: Scene, circle: uuid.UUID) -> None:
    """Let XA's machine post an object that is taken and one that is refused."""
    moment = "2026-01-02T03:04:05.000Z"
    taken = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": moment,
        "modified": moment,
        "name": scene.marks.new("posted name", PARTNERS),
        "pattern": f"[file:name = '{scene.marks.new('posted pattern', PARTNERS)}']",
        "pattern_type": "stix",
        "valid_from": moment,
        "object_marking_refs": [TLP.GREEN.marking_id],
    }
    refused = {**taken, "id": scene.marks.new("refused id", OWN_MACHINE), "name": "x"}
    machine = sharing.Machine(scene.app, scene.cast.tokens["XA"])
    url = f"/exchange/collections/{circle}/objects/"
    status = machine.post(url, {"objects": [taken, refused]}).get_json(force=True)
    assert (status["success_count"], status["failure_count"]) == (1, 1)
    scene.ids.append({"status_id": status["id"]})
    _of_circle(scene, str(taken["id"]))
    # its label stands on the circle's page then, for its own administration alone
    sharing.Machine(scene.app, scene.secrets["XA's second token"]).get(url)


def _seed_webhook(scene: Scene) -> None:
    """Let XA be told of what happens, at an address of its own."""
    address = f"https://siem.example/{scene.marks.new('address of a webhook', TEAM)}"
    details = Details(scene.marks.new("title of a webhook", TEAM), address, ("collection.new",))
    with scene.database.writing() as session:
        row, secret = make_webhook(
            session, scene.cast.actors["omar"], details, scene.installation.settings
        )
        try_it(session, scene.cast.actors["omar"], row)
        session.flush()
        scene.ids.append({"webhook_id": str(row.id)})
        scene.secrets["the secret of a webhook"] = secret


def _seed_assessments(scene: Scene) -> None:
    for name, readers in (("granted", ROUND), ("kept", COUNTRY)):
        new, database, cast = scene.marks.new, scene.database, scene.cast
        row_id = started(database, cast, title=new(f"round {name}", readers))
        for words in ("old", "present"):
            comment = new(f"{words} answer {name}", readers)
            answered(database, cast, row_id, FIRST, "2", comment=comment)
        reason = new(f"inapplicable {name}", readers)
        answered(database, cast, row_id, SECOND, "not-applicable", reason=reason)
        farid = cast.actors["farid"]
        with database.writing() as session:
            row = session.get_one(Assessment, row_id)
            evidence.add_entry(
                session,
                farid,
                row,
                THIRD,
                kind=evidence.Kind.INTERVIEW,
                reference=new(f"interview {name}", readers),
            )
            item = evidence.add_file(
                session,
                scene.installation.files,
                farid,
                row,
                FIRST,
                io.BytesIO(new(f"evidence content {name}", readers).encode()),
                name=new(f"evidence name {name}", readers) + ".txt",
                tlp="amber",
                reference=new(f"evidence reference {name}", readers),
            )
            session.flush()
            evidence_id = item.id
            if name == "granted":
                for username, part in (
                    ("amina", GrantRole.ASSESSOR),
                    ("carla", GrantRole.CONTRIBUTOR),
                ):
                    grants.give_grant(
                        session,
                        farid,
                        row,
                        user_id=cast.users[username],
                        until=now() + timedelta(days=2),
                        role=part,
                    )
        scene.ids += seed_plan(scene.marks, database, cast, row_id, name, readers)
        scene.ids += seed_design(scene.marks, database, cast, row_id, name, readers)
        scene.ids += seed_life(scene.marks, database, cast, row_id, name, readers)
        scene.ids += seed_report(scene.marks, database, cast, row_id, name, readers)
        # what the program brings along, and what names nothing of anybody
        scene.ids.append(
            {
                "assessment_id": str(row_id),
                "instrument_id": "cirt-readiness",
                "version": "2.0.0",
                "provision_id": next(iter(provisions())),
                "n": "1",
                "upload_id": str(uuid.UUID(int=1)),
                "act": "review",
            }
        )
        led_to(database, cast, row_id, State.CLOSED)
        with database.writing() as session:
            row = session.get_one(Assessment, row_id)
            reason = new(f"reopened {name}", readers)
            conduct.reopen_assessment(session, farid, row, reason=reason, to=State.COLLECTING)
            grant_id = session.scalars(
                sa.select(AssessmentGrant.id).where(AssessmentGrant.assessment_id == row_id)
            ).first()
            assert session.get(Evidence, evidence_id)
        for question in (FIRST, SECOND, THIRD):
            scene.ids.append(
                {
                    "assessment_id": str(row_id),
                    "question_id": question,
                    "evidence_id": str(evidence_id),
                    "grant_id": str(grant_id or uuid.UUID(int=1)),
                }
            )


# the crawl


def addresses(scene: Scene) -> dict[str, str]:
    """Return every address of a GET route with ids of XA, and its rule.

    Raises LookupError for a route with an argument that nothing here has a value for.
    """
    found: dict[str, str] = {}
    adapter = scene.app.url_map.bind("localhost")
    for rule in scene.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        fitting = [ids for ids in scene.ids if rule.arguments <= set(ids)]
        if rule.arguments and not fitting:
            fitting = [_joined(scene.ids, rule.arguments)]
        for ids in fitting or [{}]:
            values = {name: _value(rule, name, ids[name]) for name in rule.arguments}
            found[adapter.build(rule.endpoint, values, method="GET")] = rule.rule
    for url, rule_text in list(found.items()):
        if rule_text in ("/incidents/", "/assessments/", "/releases/", "/circles/"):
            found[f"{url}?text=zq"] = rule_text
        if rule_text.startswith("/exchange/collections/<name>/"):
            found[f"{url}?match[version]=all"] = rule_text
    return found


def _value(rule: Any, name: str, text: str) -> Any:
    return uuid.UUID(text) if f"<uuid:{name}>" in rule.rule else text


def _joined(ids: Iterable[dict[str, str]], names: Iterable[str]) -> dict[str, str]:
    """Return a value for each of these names, from wherever there is one."""
    found = {}
    for name in names:
        values = [one[name] for one in ids if name in one]
        if not values:
            raise LookupError(f"nothing of XA is known for <{name}>: seed one")
        found[name] = values[0]
    return found


def crawl(scene: Scene) -> None:
    """Ask for every address as everybody, and note what is in the answers."""
    for url, rule in addresses(scene).items():
        for viewer in VIEWERS:
            headers = {}
            if viewer.startswith("machine"):
                token = scene.cast.tokens[viewer.removeprefix("machine ")]
                headers["Authorization"] = f"Bearer {token}"
            answer = scene.clients[viewer].get(url, headers=headers)
            text = answer.get_data().decode("utf-8", "replace") + str(answer.headers)
            answer.close()
            # what stands in the question stands in the answer
            words = scene.marks.found(text) - scene.marks.found(url)
            secrets = {name for name, secret in scene.secrets.items() if secret in text}
            scene.visits.append(
                Visit(viewer, rule, url, answer.status_code, frozenset(words), frozenset(secrets))
            )
