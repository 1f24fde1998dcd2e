"""What became of the demonstration's releases: inbox, recall, what waits for a moderator."""

import json
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, Role
from cirt.cli import demonstration_safeguards as safeguards
from cirt.cli.demonstration_circles import release_to
from cirt.cli.demonstration_people import Stage, seed
from cirt.clock import now
from cirt.datafiles import DataMap, read_map
from cirt.incidents import inbox_rights, recall, standing_approvals, taxii_writing
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import decisions, items
from cirt.incidents.recall.safe import safe_of
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_preparation import prepare_batch
from cirt.incidents.release_sections import sections_from
from cirt.incidents.release_terms import ReleaseTerms
from cirt.stix.ids import object_id
from cirt.stix.marking import TLP

assert inbox_rights  # noqa: S101 - imported for the rights it registers


def load(stage: Stage) -> None:
    """Release, receive, take back and submit, each in a transaction of its own, as people would."""
    data = read_map(seed("sharing.yml"))
    for name, act in (
        ("protections", safeguards.protect),
        ("releases", _release),
        ("batches", _prepare),
        ("received", _receive),
        ("recalls", _recall),
        ("submissions", _submit),
        ("holds", safeguards.hold),
        ("keys", safeguards.trust),
        ("peers", safeguards.connect),
        ("webhooks", safeguards.listen),
        ("doors", safeguards.open_door),
        ("approvals", _approve),
    ):
        for one in data.sections(name):
            with stage.installation.database.writing() as session:
                act(session, stage, one)


def _release(session: Session, stage: Stage, one: DataMap) -> None:
    terms = _terms(one, one.get("legal_basis", ""))
    release_to(session, stage, one, _audience(session, stage, one), terms)


def _prepare(session: Session, stage: Stage, one: DataMap) -> None:
    plan = [
        (_audience(session, stage, each), _terms(each, one.text("legal_basis")))
        for each in one.sections("audiences")
    ]
    incident = session.get_one(Incident, stage.incidents[one.text("incident")])
    prepare_batch(session, stage.actors[one.text("prepared_by")], incident, plan)


def _terms(one: DataMap, legal_basis: str) -> ReleaseTerms:
    return ReleaseTerms(
        sections=sections_from(one.texts("sections")),
        legal_basis=legal_basis,
        retention_days=one.get("retention_days"),
    )


def _audience(session: Session, stage: Stage, one: DataMap) -> Collection:
    if "administration" in one:
        return direct_collection_of(session, stage.administrations[one.text("administration")])
    return session.get_one(Collection, stage.circles[one.text("circle")])


def _receive(session: Session, stage: Stage, one: DataMap) -> None:
    actor = stage.actors[one.text("by")]
    circle = _audience(session, stage, one)
    known_as = session.scalars(
        sa.select(Release.object_uuid).where(
            Release.incident_id == stage.incidents[one.text("of")],
            Release.collection_id == circle.id,
            Release.state == ReleaseState.APPROVED.value,
        )
    ).one()
    assert known_as is not None  # noqa: S101 - every approved release of an incident has one
    item = items.item_of(session, actor, circle.id, object_id("report", known_as))
    decisions.accept(session, actor, item, version=item.version)
    item = items.item_of(session, actor, circle.id, item.stix_id)
    decisions.add_note(session, actor, item, one.text("note"))


def _recall(session: Session, stage: Stage, one: DataMap) -> None:
    recall.withdraw(
        session,
        stage.actors[one.text("by")],
        session.get_one(Incident, stage.incidents[one.text("incident")]),
        _audience(session, stage, one),
        reason=one.text("reason"),
        safe=safe_of(stage.installation.settings),
    )


def _submit(session: Session, stage: Stage, one: DataMap) -> None:
    machine = Actor(
        administration_id=stage.administrations[one.text("from")],
        roles=frozenset({Role.MACHINE}),
        scopes=frozenset({"taxii.write"}),
    )
    circle = _audience(session, stage, one)
    approval = standing_approvals.approval_for(session, circle.id, machine.administration_id)
    body = json.dumps({"objects": [dict(each) for each in one.sections("objects")]}, default=list)
    taxii_writing.receive(
        session,
        machine,
        circle,
        approval,
        body.encode(),
        safe=safe_of(stage.installation.settings),
    )


def _approve(session: Session, stage: Stage, one: DataMap) -> None:
    standing_approvals.give_approval(
        session,
        stage.actors[one.text("by")],
        _audience(session, stage, one),
        ceiling=TLP(one.text("ceiling")),
        reason=one.text("reason"),
        until=now() + timedelta(days=one.integer("days", 1, standing_approvals.MAX_DAYS)),
    )
