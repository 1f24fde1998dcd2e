"""Marked words in everything that circles, audiences, releases and recalls keep in words."""

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.accounts.models import Administration
from cirt.incidents import cases, circles, impacts, joining, policy_cards, protection, recall, tasks
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting, Membership, Onward
from cirt.incidents.circles import Frame
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.impact_rules import ImpactDetails
from cirt.incidents.policy_cards import CardDetails
from cirt.incidents.protection.kinds import Action
from cirt.incidents.recall import holds, receipts
from cirt.incidents.recall.safe import Safe, safe_of
from cirt.incidents.release_models import Release
from cirt.incidents.task_rules import TaskDetails
from cirt.stix.marking import TLP
from tests import sharing

TEAM = frozenset({"nadia", "omar"})
CASE_WORKERS = TEAM | {"boris", "chen"}
PARTNERS = TEAM | {"boris", "machine XA", "machine XB"}
MACHINES = frozenset({"machine XA", "machine XB", "machine XC"})
ADDRESSED = TEAM | {"boris", "machine XB"}
"""What XA releases to XB alone."""


def describe(scene: Any, incident_id: uuid.UUID, name: str, readers: frozenset[str]) -> None:
    """Give an incident an impact and a task with marked words."""
    new, actor = scene.marks.new, scene.cast.actors["nadia"]
    with scene.database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        impact = impacts.add_impact(
            session,
            actor,
            incident,
            ImpactDetails(
                category="external",
                description=new(f"impact {name}", readers),
                details={"impact_type": "economic"},
            ),
        )
        task = tasks.add_task(
            session,
            actor,
            incident,
            TaskDetails(
                name=new(f"task {name}", readers),
                description=new(f"taskdescription {name}", readers),
            ),
        )
        ids = {"impact_id": str(impact.id), "task_id": str(task.id)}
        scene.ids.append({"incident_id": str(incident_id), **ids})


def guard(scene: Any, incident_id: uuid.UUID) -> None:
    """Put words into a description that no audience gets; what stands for them, every audience."""
    new, actor = scene.marks.new, scene.cast.actors["nadia"]
    with scene.database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        hidden = new("protected words", TEAM)
        details = cases.details_of(incident)
        words = {"description": f"{details.description} Seen by {hidden} first."}
        cases.edit_incident(
            session, actor, incident, replace(details, **words), revision=incident.form_revision
        )
        protection.mark(
            session,
            actor,
            incident,
            None,
            hidden,
            Action.GENERALISE,
            reason=new("reason of a protection", TEAM),
            replacement=new("words of a generalisation", PARTNERS),
        )


def seed_sharing(scene: Any) -> None:
    """Fill what the sharing part keeps in words; the ids go to the scene."""
    with scene.database.writing() as session:
        for row in session.scalars(sa.select(Collection)).unique():
            scene.secrets[f"key of the audience {row.id}"] = row.secret.hex()
    _card(scene)
    _listed(scene)
    _quiet(scene)
    _direct(scene)
    _recalls(scene)


def circle_of(
    scene: Any, name: str, members: str, readers: frozenset[str], **more: Any
) -> uuid.UUID:
    """Make a circle with marks in its frame, and return its id."""
    new, cast = scene.marks.new, scene.cast
    moderators = more.pop("moderators", "")
    with scene.database.writing() as session:
        frame = Frame(
            **{
                "title": new(f"title of {name}", readers),
                "description": new(f"purpose of {name}", readers),
                "alias": new(f"alias of {name}", more.pop("alias_readers", readers)),
                "ceiling": TLP.AMBER,
                "machine_writing": MachineWriting.OFF,
                **more,
            }
        )
        circle = circles.make_circle(session, cast.actors["root"], frame)
        for code in members.split():
            circles.set_member(
                session,
                cast.actors["root"],
                circle,
                cast.administrations[code],
                may_read=True,
                may_contribute=True,
                may_moderate=code in moderators.split(),
            )
        scene.ids.append(frame_ids(circle.id))
        return circle.id


def frame_ids(collection_id: uuid.UUID, **more: str) -> dict[str, str]:
    """Return the ids in the addresses of an audience and of what it holds."""
    one = str(collection_id)
    return {"circle_id": one, "collection_id": one, "name": one, "form": "csv", **more}


def small_incident(scene: Any, name: str, readers: frozenset[str], who: str = "nadia") -> uuid.UUID:
    """Record an incident whose title bears a mark, with two observables."""
    with scene.database.writing() as session:
        details = CaseDetails(title=scene.marks.new(f"title {name}", readers), tlp=TLP.GREEN)
        return cases.create_incident(session, scene.cast.actors[who], details).id


def _card(scene: Any) -> None:
    readers = CASE_WORKERS | {"root"}
    with scene.database.writing() as session:
        own = session.get_one(Administration, scene.cast.administrations["XA"])
        card = CardDetails(
            retention_days=90,
            onward=Onward.NOBODY,
            accepts=TLP.AMBER_STRICT,
            contact=scene.marks.new("contact on a card", readers),
            statement=scene.marks.new("statement on a card", readers),
        )
        policy_cards.change_card(session, scene.cast.actors["omar"], own, card)


def _listed(scene: Any) -> None:
    """A circle of XB that XA asks to join: declined once, and asked again."""
    everybody = CASE_WORKERS | {"root", "machine XB"}
    circle_id = circle_of(
        scene,
        "a listed circle",
        "XB",
        everybody,
        alias_readers=frozenset({"root", "boris", "machine XB"}),
        listed=True,
        moderators="XB",
    )
    asking = frozenset({"boris", "root"})  # who asked knows what was said
    for declined in (True, False):
        with scene.database.writing() as session:
            circle = session.get_one(Collection, circle_id)
            message = scene.marks.new(f"message of a request {declined}", asking)
            request = joining.ask(session, scene.cast.actors["omar"], circle, message)
            if declined:
                reason = scene.marks.new("reason of a declined request", asking | TEAM)
                joining.decline(session, scene.cast.actors["boris"], request, reason)
            scene.ids.append({"request_id": str(request.id)})


def _quiet(scene: Any) -> None:
    """A confidential circle of four, with something of XA's in the name of the circle."""
    sharing.add_administrations(scene.database, scene.cast, "XE")
    members = CASE_WORKERS | MACHINES
    circle_id = circle_of(
        scene,
        "a confidential circle",
        "XA XB XC XE",
        members | {"root"},
        membership=Membership.CONFIDENTIAL,
    )
    scene.quiet = circle_id
    incident_id = small_incident(scene, "quiet", members)
    released(scene, incident_id, circle_id)


def _direct(scene: Any) -> None:
    """Something of XA's for XB alone, and something of XB's for XA alone."""
    with scene.database.reading() as session:
        own, theirs = (
            direct_collection_of(session, scene.cast.administrations[code]).id
            for code in ("XA", "XB")
        )
    released(scene, small_incident(scene, "for XB alone", ADDRESSED), theirs)
    incident_id = small_incident(scene, "for XA alone", TEAM | {"boris", "machine XA"}, who="boris")
    reason = scene.marks.new("reason of a release by one", frozenset({"boris"}))
    release_id = sharing.prepare(scene.database, scene.cast, incident_id, own, who="boris")
    sharing.approve(
        scene.database, scene.cast, release_id, who="boris", delay=timedelta(0), reason=reason
    )
    scene.received = note_objects(scene, release_id, own)


def _recalls(scene: Any) -> None:
    """Something that should never have been sent, and something that is no longer valid."""
    new, cast, database = scene.marks.new, scene.cast, scene.database
    frame = next(one for one in scene.ids if "circle_id" in one)
    circle_id = uuid.UUID(frame["circle_id"])
    safe: Safe = safe_of(scene.installation.settings)
    for name, readers in (("withdrawn", TEAM), ("revoked", PARTNERS)):
        incident_id = small_incident(scene, name, readers)
        released(scene, incident_id, circle_id)
        sharing.fetch(scene.app, cast.tokens["XB"], circle_id)  # copies that XB answers for
        with database.writing() as session:
            incident = session.get_one(Incident, incident_id)
            circle = session.get_one(Collection, circle_id)
            if name == "withdrawn":
                reason = new("reason of a withdrawal", PARTNERS)
                row = recall.withdraw(
                    session, cast.actors["omar"], incident, circle, reason=reason, safe=safe
                )
                answer = new("answer to a withdrawal", TEAM | {"boris"})
                receipts.acknowledge(
                    session, cast.actors["boris"], row, outcome="cannot", reason=answer
                )
            else:
                reason = new("reason of a revocation", TEAM)
                row = recall.revoke(session, cast.actors["omar"], incident, circle, reason=reason)
                hold = holds.place_hold(
                    session, cast.actors["omar"], incident, reason=new("reason of a hold", TEAM)
                )
                scene.ids.append({"hold_id": str(hold.id), "incident_id": str(incident_id)})
            scene.ids.append({"recall_id": str(row.id)})


def released(scene: Any, incident_id: uuid.UUID, collection_id: uuid.UUID) -> None:
    """Release an incident of XA to an audience and note the ids in the addresses."""
    row = sharing.released(scene.database, scene.cast, incident_id, collection_id)
    note_objects(scene, row.id, collection_id)


def note_objects(scene: Any, release_id: uuid.UUID, collection_id: uuid.UUID) -> str:
    """Note the addresses of a release and its report; return the report's id."""
    scene.ids.append({"release_id": str(release_id)})
    with scene.database.reading() as session:
        bundle = session.get_one(Release, release_id).bundle
    objects = json.loads(bundle or b"{}")["objects"]
    report = next(str(one["id"]) for one in objects if one["type"] == "report")
    scene.ids.append(frame_ids(collection_id, stix_id=report, report_id=report))
    return report
