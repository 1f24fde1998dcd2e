"""Marked words in what XA received, what waits at its doors, and where it reads from."""

import io
import json
import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt import jobs
from cirt.accounts import directory
from cirt.accounts.models import Place
from cirt.clock import now
from cirt.files import keep_file
from cirt.incidents import moderation, standing_approvals
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import decisions, feedback, items, parts
from cirt.incidents.inbox_rights import INTAKE_JOB
from cirt.incidents.misp_feed import feed_of
from cirt.incidents.peers import connecting
from cirt.incidents.store_models import Submission
from cirt.stix.marking import TLP
from tests import sharing
from tests.functional import inbox_steps
from tests.functional.leaks_sharing import circle_of, frame_ids, small_incident

NOBODY: frozenset[str] = frozenset()
TEAM = frozenset({"nadia", "omar"})
RECORDER = frozenset({"nadia"})
OFFICER = frozenset({"omar"})
PARTNER = frozenset({"boris"})


def seed_received(scene: Any) -> None:
    """Fill what receiving keeps in words; the ids go to the scene."""
    _submissions(scene)
    _inbox(scene)
    _intake(scene)
    _peers(scene)
    inbox_steps.catch_up(scene.database)
    frame = next(one for one in scene.ids if "circle_id" in one)
    with scene.database.reading() as session:
        circle = session.get_one(Collection, uuid.UUID(frame["circle_id"]))
        event_id = str(feed_of(session, circle).events[0].uuid)
    scene.ids.append({**frame, "form": "csv", "event_id": event_id})
    scene.ids.append({**frame, "form": "stix"})
    scene.ids.append({"batch_id": str(uuid.UUID(int=1)), "key_id": str(uuid.UUID(int=1))})


def _object(name: str) -> dict[str, Any]:
    moment = "2026-01-02T03:04:05.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": moment,
        "modified": moment,
        "name": name,
        "pattern": "[file:name = 'a']",
        "pattern_type": "stix",
        "valid_from": moment,
        "object_marking_refs": [TLP.GREEN.marking_id],
    }


def _send(scene: Any, code: str, collection_id: uuid.UUID, name: str) -> None:
    """Send an object as a machine to a moderated audience; note what waits."""
    machine = sharing.Machine(scene.app, scene.cast.tokens[code])
    url = f"/exchange/collections/{collection_id}/objects/"
    answer = machine.post(url, {"objects": [_object(name)]}).get_json(force=True)
    assert answer["pending_count"] == 1, answer
    scene.ids.append({"status_id": answer["id"]})
    with scene.database.reading() as session:
        query = sa.select(Submission.id).where(Submission.status_id == uuid.UUID(answer["id"]))
        scene.ids.append({"submission_id": str(session.scalars(query).one())})


def _approve(scene: Any, who: str, collection_id: uuid.UUID, reason: str) -> None:
    with scene.database.writing() as session:
        row = standing_approvals.give_approval(
            session,
            scene.cast.actors[who],
            session.get_one(Collection, collection_id),
            ceiling=TLP.GREEN,
            reason=reason,
            until=now() + timedelta(days=2),
        )
        scene.ids.append({"approval_id": str(row.id)})


def _submissions(scene: Any) -> None:
    """What machines sent where somebody looks at it first: it waits, or was refused."""
    new, cast = scene.marks.new, scene.cast
    readers = TEAM | {"boris", "root", "machine XA", "machine XB"}
    circle_id = circle_of(
        scene,
        "a moderated circle",
        "XA XB",
        readers,
        machine_writing=MachineWriting.MODERATED,
        moderators="XB",
    )
    _approve(scene, "omar", circle_id, new("reason for a moderated circle", TEAM))
    _send(scene, "XA", circle_id, new("name of what waits", PARTNER))
    _send(scene, "XA", circle_id, new("name of what is refused", NOBODY))
    with scene.database.writing() as session:
        row = session.get_one(Submission, uuid.UUID(scene.ids[-1]["submission_id"]))
        reason = new("reason of a refused submission", frozenset({"boris", "machine XA"}))
        moderation.refuse(session, cast.actors["boris"], row, reason=reason)
    doors = {}
    with scene.database.writing() as session:
        for code in ("XA", "XB"):
            door = direct_collection_of(session, cast.administrations[code])
            door.machine_writing = MachineWriting.MODERATED.value
            doors[code] = door.id
    scene.ids += [{"direct_id": str(door)} for door in doors.values()]
    _approve(scene, "boris", doors["XA"], new("reason for a door", PARTNER))
    _send(scene, "XB", doors["XA"], new("name of what waits at a door", OFFICER))


def _inbox(scene: Any) -> None:
    """Decisions about two things from XB: what is noted beside them stays with XA."""
    new, cast = scene.marks.new, scene.cast
    with scene.database.reading() as session:
        own = direct_collection_of(session, cast.administrations["XA"]).id
    inbox_steps.catch_up(scene.database)
    with scene.database.writing() as session:
        nadia = cast.actors["nadia"]
        item = items.item_of(session, nadia, own, scene.received)
        decisions.accept(session, nadia, item, version=item.version)
        item = items.item_of(session, nadia, own, scene.received)
        decisions.add_note(session, nadia, item, new("note beside an item", TEAM))
        held = parts.parts_of(session, item)
        row = feedback.prepare_proposal(
            session,
            nadia,
            item,
            held,
            about=held[0].stix_id,
            text=new("text of a proposal", TEAM),
        )
        scene.ids.append({"release_id": str(row.id)})
    title = "for XA as well"
    incident_id = small_incident(scene, title, TEAM | {"boris", "machine XA"}, who="boris")
    release_id = sharing.prepare(scene.database, cast, incident_id, own, who="boris")
    sharing.approve(
        scene.database, cast, release_id, who="boris", delay=timedelta(0), reason="alone"
    )
    inbox_steps.catch_up(scene.database)
    with scene.database.writing() as session:
        found = items.newest(session, cast.actors["nadia"], items.State.NEW, most=100)
        item = next(one for one in found if one.collection.id == own)
        reason = new("reason of a declined item", TEAM)
        decisions.decline(session, nadia, item, version=item.version, reason=reason)
        scene.ids.append(frame_ids(own, stix_id=item.stix_id, report_id=item.stix_id))


def _intake(scene: Any) -> None:
    """A file that was taken in, and a large one whose objects were refused."""
    new = scene.marks.new
    held = inbox_steps.indicator(1, "a.example.org", name=new("indicator of a file", TEAM))
    whole = inbox_steps.report(1, [held], name=new("report of a file", TEAM))
    taken = inbox_steps.take_in(scene.database, scene.cast, [held, whole])
    scene.ids.append(frame_ids(_intake_id(scene), stix_id=whole["id"], report_id=whole["id"]))
    assert len(taken.kept) == 2
    refused = {**_object("x"), "id": new("id of a refused object", RECORDER)}
    body = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [refused]}
    actor = scene.cast.actors["nadia"]
    with scene.database.writing() as session:
        row = keep_file(
            session,
            scene.installation.files,
            actor,
            io.BytesIO(json.dumps(body).encode()),
            name=new("name of a large file", NOBODY) + ".json",
            tlp=TLP.AMBER_STRICT.value,
        )
        job_id = jobs.enqueue(session, INTAKE_JOB, {"file_id": str(row.id)}, actor=actor).id
    jobs.run_pending(scene.database, scene.installation)
    scene.ids.append({"job_id": str(job_id)})


def _intake_id(scene: Any) -> uuid.UUID:
    query = sa.select(Collection.id).where(
        Collection.kind == "intake",
        Collection.administration_id == scene.cast.administrations["XA"],
    )
    with scene.database.reading() as session:
        found: uuid.UUID = session.scalars(query).one()
    return found


def _peers(scene: Any) -> None:
    """Two peers that are switched off: one speaks for an administration, one for nobody."""
    new = scene.marks.new
    settings = scene.installation.settings
    with scene.database.writing() as session:
        remote = directory.add_administration(
            session, None, code="XR", names={"en": "Elsewhere"}, place=Place.REMOTE
        )
        for name, speaks_for in (("mute", None), ("speaking", remote.id)):
            seen = TEAM if speaks_for is None else TEAM | {"root"}
            word = new(f"address of a peer {name}", seen if speaks_for else TEAM)
            password = f"peer-password-{name}-8127"
            scene.secrets[f"password of the peer {name}"] = password
            details = connecting.Details(
                title=new(f"title of a peer {name}", seen),
                url=f"https://taxii.example.org/{word}/",
                username=new(f"user name at a peer {name}", OFFICER),
                secret=password,
                remote_administration_id=speaks_for,
                active=False,
            )
            peer = connecting.make_peer(session, scene.cast.actors["omar"], details, settings)
            peer.last_at, peer.tally = now(), {"read": 1, "kept": 0, "known": 0, "refused": 1}
            peer.last_outcome = "%(id)s is refused."
            peer.last_params = {"id": new(f"outcome of a peer {name}", TEAM)}
            refused = {"id": new(f"refused of a peer {name}", TEAM), "message": "x", "params": {}}
            peer.last_refused = [refused]
            scene.ids.append({"peer_id": str(peer.id)})
