"""What is exchanged, kept as exact bytes: the same owner, id and version are always the same bytes."""

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import strictjson
from cirt.clock import now
from cirt.db import insert_for
from cirt.errors import N_, ConflictError
from cirt.incidents.store_models import ObjectVersion
from cirt.many_rows import for_each, insert_absent, new_ids
from cirt.stix import withdrawal
from cirt.stix.attack import MITRE, published_attack
from cirt.stix.extensions import EXTENSION_IDS, published
from cirt.stix.ids import canonical_json
from cirt.stix.marking import (
    MITRE_STATEMENT,
    RESERVED_IDS,
    TLP,
    published_marking,
    strictest,
    tlp_of,
)
from cirt.stix.taxii_filters import version_key

STANDARD_BODIES: Final = uuid.UUID(int=0)
"""Owner of what standard bodies publish (TLP markings, extension definitions): nobody's here."""

UNVERSIONED: Final = "1970-01-01T00:00:00.000000Z"
"""The version of an object that has neither `modified` nor `created`: it has one version for ever."""

# kept bytes were within the limits of their own door, which differ from a request's
_OWN: Final = strictjson.Limits(max_bytes=500_000_000)

AT_ONCE: Final = 1_000  # values of one statement, below the limits of both databases

Item = TypeVar("Item")

Key = tuple[uuid.UUID, str, str]
"""What makes a version unique: owner, id, version in a form that sorts."""


class DifferentContentError(ConflictError):
    """The same owner, id and version came with other bytes than before."""


class TakenBackError(DifferentContentError):
    """The bytes of this version were erased, and come back only by a release."""


@dataclass(slots=True)
class Incoming:
    """One object about to be kept; nothing changes it. body: its canonical JSON (RFC 8785).

    version: as a manifest writes it. digest: SHA-256 of the body, in hex. key: what makes it
    unique: owner, id, version.
    """

    owner_id: uuid.UUID
    stix_id: str
    type: str
    spec_version: str
    created: str
    modified: str
    tlp: TLP
    body: bytes
    version: str = field(init=False)
    digest: str = field(init=False)
    key: tuple[uuid.UUID, str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Compute once what is asked for several times."""
        self.version = self.modified or self.created or UNVERSIONED
        self.digest = hashlib.sha256(self.body).hexdigest()
        self.key = (self.owner_id, self.stix_id, version_key(self.version))


@dataclass(slots=True)
class Kept:
    """An object that is kept, under the id of its row; nothing changes it.

    is_new: whether this transaction made the row, so that nobody else can know of it.
    """

    id: uuid.UUID
    item: Incoming
    is_new: bool = False


class Earlier(NamedTuple):
    """A version that is kept already. id: of its row."""

    id: uuid.UUID
    stix_id: str
    tlp: TLP


def incoming(stix_object: Mapping[str, Any], owner_id: uuid.UUID, tlp: TLP) -> Incoming:
    """Return a checked object as it will be kept.

    What standard bodies publish is kept in the published form, whoever sends it.
    """
    stix_id = str(stix_object["id"])
    body = canonical_json(stix_object)
    constant = published_object(stix_id)
    # a marking was checked to be the published one; older tools spell its date differently
    if constant is not None and (published_marking(stix_id) or canonical_json(constant) == body):
        stix_object, body = constant, canonical_json(constant)
        owner_id, tlp = STANDARD_BODIES, TLP.CLEAR
    return Incoming(
        owner_id=owner_id,
        stix_id=stix_id,
        type=str(stix_object["type"]),
        spec_version=str(stix_object.get("spec_version", "2.1")),
        created=str(stix_object.get("created", "")),
        modified=str(stix_object.get("modified", "")),
        tlp=tlp,
        body=body,
    )


def marking_of(
    stix_object: Mapping[str, Any], policies: Mapping[str, TLP] | None = None
) -> TLP | None:
    """Return the strictest label that an object bears, granular ones included.

    policies: the IEP policies at hand (`cirt.stix.iep.iep_labels` of what came together). No label
    counts as AMBER+STRICT; None: it bears a restriction that we cannot read.
    """
    if published_marking(str(stix_object.get("id"))):
        return TLP.CLEAR
    whole = tlp_of(stix_object.get("object_marking_refs"), policies)
    if "granular_markings" not in stix_object:
        return whole
    labels = [whole]
    for granular in stix_object["granular_markings"]:
        if "marking_ref" in granular:  # else it names a language
            labels.append(tlp_of([granular["marking_ref"]], policies))
    return None if None in labels else strictest(label for label in labels if label)


def published_object(stix_id: str) -> Mapping[str, Any] | None:
    """Return the object that a standard body publishes under this id, None for any other id."""
    if not stix_id.startswith(_published_kinds()):
        return None
    return (
        published_marking(stix_id)
        or _published_extensions().get(stix_id)
        or published_attack(stix_id)
    )


@cache
def _published_kinds() -> tuple[str, ...]:
    """Return how the ids of everything begin that standard bodies publish."""
    ids = [*RESERVED_IDS, *_published_extensions(), MITRE, MITRE_STATEMENT, "attack-pattern--"]
    return tuple(sorted({f"{stix_id.partition('--')[0]}--" for stix_id in ids}))


@cache
def _published_extensions() -> Mapping[str, Mapping[str, Any]]:
    own = withdrawal.published()
    return {thing["id"]: thing for thing in [*published(*EXTENSION_IDS), *own]}


def objects_in(bundle: bytes) -> list[dict[str, Any]]:
    """Return the objects of a bundle that this installation made and kept."""
    objects: list[dict[str, Any]] = strictjson.loads(bundle, _OWN)["objects"]
    return objects


def object_in(body: bytes) -> dict[str, Any]:
    """Return a kept object as a dictionary, for a page that shows it."""
    found: dict[str, Any] = strictjson.loads_own(body)
    return found


def keep(
    session: Session, items: Sequence[Incoming], *, via: str
) -> list[Kept | DifferentContentError]:
    """Keep objects and return, in the same order, what is kept, or why one was not.

    An exact duplicate returns the row that was there. Two writers of the same new object meet in
    the database: one inserts, the other finds the row.
    """
    by_key: dict[Key, Incoming] = {}
    for item in items:
        by_key.setdefault(item.key, item)
    new: dict[Key, uuid.UUID] = {}
    # in the order of their keys, so that two writers never wait for each other in a circle
    for owner_id in sorted({key[0] for key in by_key}):
        mine = sorted(item for item in by_key.items() if item[0][0] == owner_id)
        new |= _insert(session, owner_id, [item for _key, item in mine], via)
    old = _by_key(session, [key for key in by_key if key not in new])
    results: list[Kept | DifferentContentError] = []
    for item in items:
        if item.key in new:
            first = by_key[item.key]
            same = item is first or item.digest == first.digest
            results.append(Kept(new[item.key], item, is_new=True) if same else _different(item))
            continue
        row_id, digest, is_erased = old[item.key]
        if digest != item.digest:
            results.append(_different(item))
        else:
            # a release is a new act, approved by a person; the feed then stores the bytes again
            is_back = is_erased and via != "release"
            results.append(taken_back(item) if is_back else Kept(row_id, item))
    return results


def _insert(
    session: Session, owner_id: uuid.UUID, items: Sequence[Incoming], via: str
) -> dict[Key, uuid.UUID]:
    """Insert what is absent, and return the rows if it is certain that all are new."""
    ids = new_ids(len(items))
    columns: dict[str, Sequence[Any]] = {
        "id": ids,
        "stix_id": [item.stix_id for item in items],
        "version": [item.key[2] for item in items],
        "type": [item.type for item in items],
        "spec_version": [item.spec_version for item in items],
        "created": [item.created for item in items],
        "modified": [item.modified for item in items],
        "digest": [item.digest for item in items],
        "tlp": [item.tlp.value for item in items],
        "body": [item.body for item in items],
    }
    constants = {"owner_id": owner_id, "received_at": now(), "via": via}
    inserted = insert_absent(session, ObjectVersion.__table__, columns, constants)
    # what standard bodies publish belongs to nobody: whether it was here before is not to be told
    # from the statements that follow
    if inserted < len(items) or owner_id == STANDARD_BODIES:
        return {}
    return {item.key: one for item, one in zip(items, ids, strict=True)}


def differing(session: Session, items: Sequence[Incoming]) -> DifferentContentError | None:
    """Return why one of these objects could not be kept, None if all could."""
    kept = _by_key(session, [item.key for item in items])
    for item in items:
        if item.key in kept and kept[item.key][1] != item.digest:
            return _different(item)
    return None


def earlier_versions(
    session: Session, owner_id: uuid.UUID, stix_ids: Collection[str]
) -> list[Earlier]:
    """Return what is kept of these objects of one owner."""
    found: list[Earlier] = []
    for part in in_parts(sorted(stix_ids)):
        query = sa.select(ObjectVersion.id, ObjectVersion.stix_id, ObjectVersion.tlp).where(
            ObjectVersion.owner_id == owner_id
        )
        rows = session.execute(
            for_each(session, query, ObjectVersion.stix_id, part, then=ObjectVersion.version)
        )
        found += [Earlier(row_id, stix_id, TLP(tlp)) for row_id, stix_id, tlp in rows]
    return found


def in_parts(items: Sequence[Item], size: int = AT_ONCE) -> Iterator[Sequence[Item]]:
    """Yield a long list in pieces that one statement can take."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _different(item: Incoming) -> DifferentContentError:
    return DifferentContentError(
        N_(
            "%(id)s of %(version)s was given out before with other content. Give a changed object a"
            " later “modified”; this one was not stored."
        ),
        id=item.stix_id,
        version=item.version,
    )


def taken_back(item: Incoming) -> TakenBackError:
    """Return the refusal of a version that was given out and taken back."""
    return TakenBackError(
        N_(
            "%(id)s of %(version)s was erased here and is not taken in again. Give what you send now"
            " a later “modified”, or another id."
        ),
        id=item.stix_id,
        version=item.version,
    )


def _by_key(session: Session, keys: Sequence[Key]) -> dict[Key, tuple[uuid.UUID, str, bool]]:
    """Return id and digest of the rows with these keys, and whether the body was erased."""
    found: dict[Key, tuple[uuid.UUID, str, bool]] = {}
    wanted = set(keys)
    for owner_id in sorted({key[0] for key in wanted}):
        ids = sorted({key[1] for key in wanted if key[0] == owner_id})
        for part in in_parts(ids):
            query = sa.select(
                ObjectVersion.stix_id,
                ObjectVersion.version,
                ObjectVersion.id,
                ObjectVersion.digest,
                ObjectVersion.erased_at,
            ).where(ObjectVersion.owner_id == owner_id)
            rows = session.execute(
                for_each(session, query, ObjectVersion.stix_id, part, then=ObjectVersion.version)
            )
            for stix_id, version, row_id, digest, erased_at in rows:
                if (owner_id, stix_id, version) in wanted:
                    found[owner_id, stix_id, version] = row_id, digest, erased_at is not None
    return found


def insert_if_absent(session: Session, table: Any) -> Any:
    """Return an INSERT that leaves a row with the same key as it is."""
    return insert_for(session, table).on_conflict_do_nothing()
