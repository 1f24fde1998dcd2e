"""Taking in what does not come by TAXII: files, and what peers gave out, object by object."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, strict_lists, strictjson
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError
from cirt.files import erase_upload, erased_when_unfit, forget_upload, read_upload
from cirt.incidents import feed, recall, strict_door
from cirt.incidents.circle_models import Collection, CollectionKind, MachineWriting
from cirt.incidents.inbox_rights import INTAKE_JOB
from cirt.incidents.object_store import Kept, in_parts, object_in
from cirt.incidents.store_models import ObjectVersion
from cirt.incidents.strict_door import Examined, NotAnEnvelopeError, Refusal, Source
from cirt.jobs import Effect, Task, handles
from cirt.stix.ids import is_stix_id
from cirt.stix.marking import TLP

FILES: Final = "Files"
"""Title of the collection that holds what came by file."""

MOST_IN_A_JOB: Final = 100_000
SHOWN_REFUSALS: Final = 1_000

OTHER_AUTHOR: Final = N_(
    "%(id)s is known here from another author; only the author makes new versions of an object"
    " (STIX 2.1, section 3.6)."
)
OLD_STIX: Final = N_(
    "This is STIX %(version)s, and only STIX 2.1 is taken in. A conversion here would give the"
    " objects other content under the same ids; let the sender convert it."
)


@dataclass(frozen=True)
class Taken:
    """What came of an intake. kept: with what was there already (known of them); refused: the rest."""

    kept: Sequence[Kept]
    refused: Sequence[Refusal]
    known: int


def intake_collection(session: Session, administration_id: uuid.UUID, title: str) -> Collection:
    """Return the intake collection of an administration with this title, made on first use."""
    query = sa.select(Collection).where(
        Collection.kind == CollectionKind.INTAKE.value,
        Collection.administration_id == administration_id,
        Collection.title == title,
    )
    found = session.scalars(query.order_by(Collection.created_at)).unique().first()
    if found is None:
        found = Collection(
            id=uuid.uuid4(),
            title=title,
            kind=CollectionKind.INTAKE.value,
            administration_id=administration_id,
            machine_writing=MachineWriting.OFF.value,
            # what is marked stricter is kept, read on the screen, and never leaves
            ceiling=TLP.AMBER_STRICT.value,
        )
        session.add(found)
        session.flush()
    return found


def file_owner(collection: Collection) -> uuid.UUID:
    """Return in whose name the store keeps what came by file: nobody's but this collection's."""
    return collection.id


def take_in(
    session: Session,
    administration_id: uuid.UUID,
    collection: Collection,
    objects: Sequence[Any],
    *,
    owner_id: uuid.UUID,
    via: str,
) -> Taken:
    """Keep the good objects of a file or a peer, and say of each other one why not.

    administration_id: whose intake it is. owner_id: in whose name they are kept: a namespace of
    the source, or an administration that the source was proven to be. via: "file" or "peer".
    """
    if (
        collection.kind != CollectionKind.INTAKE
        or collection.administration_id != administration_id
    ):
        raise ConflictError(N_("Only an administration's own intake takes in files and peers."))
    examined = strict_door.examine(
        objects,
        session=session,
        owner=owner_id,
        moment=now(),
        source=Source(via),
        collection=collection,
    )
    _refuse_other_authors(session, owner_id, examined)
    kept = strict_door.keep_accepted(session, examined, via=via)
    known = feed.versions_in(session, collection.id, [one.id for one in kept])
    feed.append(session, collection.id, kept)
    refused = examined.refusals
    audit.record(
        session,
        None,
        "inbox.take-in",
        collection,
        chain_id=administration_id,
        via=via,
        kept=len(kept),
        known=len(known),
        refused=len(refused),
    )
    return Taken(kept, refused, len(known))


def read_file(data: bytes, *, most: int = strict_door.MAX_OBJECTS) -> list[Any]:
    """Return the objects of a STIX 2.1 bundle, an envelope, a plain list, or one object by itself.

    An object of a bundle that alone is no strict JSON is `Unread` there. Raises StrictJsonError
    for what else is none, NotAnEnvelopeError for what holds no objects, InvalidInputError for a
    bundle of an older STIX.
    """
    limits = strictjson.Limits(max_bytes=max(len(data), 1))
    read = strict_lists.loads(data, limits, "objects", most)
    if isinstance(read, dict) and isinstance(read.get("objects"), dict | list):
        version = read.get("spec_version")
        if isinstance(version, str) and version in ("1.0", "1.1", "1.2", "2.0"):
            raise InvalidInputError(OLD_STIX, field="file", version=version)
    if isinstance(read, dict) and is_object(read):
        return [read]  # a single object
    if isinstance(read, list) and read:
        read = {"objects": read}
    if not isinstance(read, dict) or not isinstance(read.get("objects"), list):
        raise NotAnEnvelopeError(
            N_("This file is no STIX 2.1 bundle: it holds no list of objects."), field="file"
        )
    objects: list[Any] = read["objects"]
    if not objects:
        raise NotAnEnvelopeError(N_("The bundle holds no objects."), field="file")
    if read.get("type") == "bundle" and not is_stix_id(read.get("id"), "bundle"):
        raise NotAnEnvelopeError(
            N_("A bundle must have an id: “bundle--” and a UUID in lower case."), field="file"
        )
    if len(objects) > most:
        raise NotAnEnvelopeError(
            N_("The bundle holds %(count)s objects; at most %(most)s fit."),
            field="file",
            count=len(objects),
            most=most,
        )
    strict_door.check_holders(objects)
    return objects


def is_object(read: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is one STIX object by itself, and no bundle of them."""
    return "id" in read and "type" in read and read["type"] != "bundle"


def objects_of(taken: Taken) -> list[dict[str, Any]]:
    """Return the objects that were kept: a recall among them counts, one that was refused does not."""
    return [object_in(one.item.body) for one in taken.kept]


def account(taken: Taken) -> dict[str, Any]:
    """Return what came of an intake as JSON, for the result of a job."""
    return {
        "kept": len(taken.kept),
        "known": taken.known,
        "refused_count": len(taken.refused),
        "refused": [
            {"place": one.place, **one.as_kept()} for one in taken.refused[:SHOWN_REFUSALS]
        ],
    }


def _refuse_other_authors(session: Session, owner_id: uuid.UUID, examined: Examined) -> None:
    """Refuse a version by somebody other than the author of those that are known."""
    items = {place: item for place, item in examined.accepted.items() if item.owner_id == owner_id}
    authors: dict[str, str] = {}
    for part in in_parts(sorted({item.stix_id for item in items.values()})):
        query = (
            sa.select(ObjectVersion.stix_id, ObjectVersion.body)
            .where(
                ObjectVersion.owner_id == owner_id,
                ObjectVersion.stix_id.in_(part),
                ObjectVersion.erased_at.is_(None),
            )
            .order_by(ObjectVersion.received_at)
        )
        for stix_id, body in session.execute(query):
            if stix_id not in authors:
                authors[stix_id] = str(object_in(body or b"{}").get("created_by_ref", ""))
    for place, item in sorted(items.items()):
        claimed = examined.claims.get(place, "")
        if authors.setdefault(item.stix_id, claimed) != claimed:
            examined.refuse(place, InvalidInputError(OTHER_AUTHOR, id=item.stix_id))


@handles(INTAKE_JOB, name=N_("Taking in a file"), cancelled=forget_upload)
def take_in_file(task: Task) -> Effect:
    """Take in an uploaded file that is too large for a page to wait for."""
    database, files = task.services.database, task.services.files
    file_id = uuid.UUID(task.payload["file_id"])
    upload = read_upload(database, files, file_id)
    administration_id = upload.administration_id
    with erased_when_unfit(database, files, file_id):
        objects = read_file(upload.data, most=MOST_IN_A_JOB)
    task.progress(0, len(objects))

    def effect(session: Session) -> dict[str, Any]:
        collection = intake_collection(session, administration_id, FILES)
        taken = take_in(
            session,
            administration_id,
            collection,
            objects,
            owner_id=file_owner(collection),
            via=Source.FILE.value,
        )
        safe = recall.safe_of(task.services.settings)
        recall.honour_at_commit(session, safe, collection, objects_of(taken))
        erase_upload(session, files, file_id)
        return account(taken)

    return effect
