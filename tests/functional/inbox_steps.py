"""What the tests of the inbox share: something released to XB, something taken in by file."""

import io
import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.inbox import intake, mentions
from cirt.incidents.inbox.items import Narrowed, item_of, listing
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.store_models import FeedCounter
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast

AUTHOR = "identity--5c3f7ac3-8d9d-4ea7-a6a0-3d5b0d4b51c1"
STRANGER = "identity--0d4b51c1-8d9d-4ea7-a6a0-3d5b5c3f7ac3"


def catch_up(database: Database) -> None:
    """Read every feed into the index, as the jobs behind the arrivals do."""
    with database.writing() as session:
        ids = session.scalars(sa.select(FeedCounter.collection_id)).all()
        mentions.catch_up(session, ids)


def released_report(
    database: Database, cast: Cast, circle_id: uuid.UUID, incident_id: uuid.UUID
) -> str:
    """Release an incident of XA and return the id of its report."""
    row = sharing.released(database, cast, incident_id, circle_id)
    catch_up(database)
    assert row.bundle is not None
    objects = json.loads(row.bundle)["objects"]
    return next(str(one["id"]) for one in objects if one["type"] == "report")


def indicator(
    number: int,
    value: str,
    *,
    modified: str = "2026-01-02T00:00:00.000Z",
    author: str = AUTHOR,
    name: str = "",
    tlp: TLP = TLP.GREEN,
    **more: Any,
) -> dict[str, Any]:
    """Return an indicator of a stranger to this installation."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created_by_ref": author,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": modified,
        "name": name or value,
        "pattern": f"[domain-name:value = '{value}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": [tlp.marking_id],
        **more,
    }


def report(
    number: int,
    held: Sequence[dict[str, Any]],
    *,
    name: str = "Foreign report",
    modified: str = "2026-01-02T00:00:00.000Z",
    author: str = AUTHOR,
    tlp: TLP = TLP.GREEN,
    **more: Any,
) -> dict[str, Any]:
    """Return a report that holds some objects together."""
    return {
        "type": "report",
        "spec_version": "2.1",
        "id": f"report--00000000-0000-4000-8000-{number:012d}",
        "created_by_ref": author,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": modified,
        "name": name,
        "published": "2026-01-02T00:00:00Z",
        "report_types": ["threat-report"],
        "object_refs": [one["id"] for one in held],
        "object_marking_refs": [tlp.marking_id],
        **more,
    }


def take_in(
    database: Database, cast: Cast, objects: Sequence[Any], code: str = "XA"
) -> intake.Taken:
    """Take objects in as a file of an administration would be."""
    with database.writing() as session:
        owner = cast.administrations[code]
        collection = intake.intake_collection(session, owner, intake.FILES)
        taken = intake.take_in(
            session,
            owner,
            collection,
            objects,
            owner_id=intake.file_owner(collection),
            via="file",
        )
    catch_up(database)
    return taken


def upload(name: str, objects: Sequence[Any], **more: Any) -> dict[str, Any]:
    """Return the fields of the upload page."""
    body = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects, **more}
    return {"file": (io.BytesIO(json.dumps(body).encode()), name)}


def inbox(database: Database, cast: Cast, who: str, state: str = "") -> list[Item]:
    """Return what stands in somebody's inbox."""
    with database.reading() as session:
        return list(listing(session, cast.actors[who], Narrowed(state=state), 1).rows)


def only_item(database: Database, cast: Cast, who: str, state: str = "") -> Item:
    """Return the one item of somebody's inbox."""
    [item] = inbox(database, cast, who, state)
    return item


def state_of(database: Database, cast: Cast, who: str, item: Item) -> State:
    """Return where an item stands now."""
    with database.reading() as session:
        return item_of(session, cast.actors[who], item.collection.id, item.stix_id).state


def address(item: Item, act: str = "") -> str:
    """Return the address of an item or of an act on it."""
    return f"/inbox/{item.collection.id}/{item.stix_id}{act}"


def observables_of(database: Database, incident_id: uuid.UUID) -> dict[str, IncidentObservable]:
    """Return the observables of a case by value."""
    with database.reading() as session:
        query = sa.select(IncidentObservable).where(IncidentObservable.incident_id == incident_id)
        return {row.value: row for row in session.scalars(query)}


def incident(database: Database, incident_id: uuid.UUID) -> Incident:
    """Return a case as it is now."""
    with database.reading() as session:
        return session.get_one(Incident, incident_id)
