"""The one door for objects from outside: examined one by one, the good ones kept, the others named.

What comes by TAXII, from a file or from a peer is examined here and nowhere else. A refusal says
which object, at which place, and why; it never takes the others along.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from cirt import strict_lists, strictjson
from cirt.errors import N_, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import claimed_names, feed, object_store
from cirt.incidents.circle_models import Collection
from cirt.incidents.claimed_names import Known
from cirt.incidents.examined_objects import Examined as Examined
from cirt.incidents.examined_objects import Refusal as Refusal
from cirt.incidents.examined_objects import Source as Source
from cirt.incidents.object_store import Earlier, Kept
from cirt.stix.ids import is_stix_id
from cirt.stix.iep import iep_labels
from cirt.stix.marking import TLP, tlp_of
from cirt.stix.taxii_filters import version_key
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH
from cirt.stix.validation import check_object
from cirt.stix.validity_proof import Proof
from cirt.strict_lists import Unread

MAX_OBJECTS: Final = 10_000
MAX_OBJECT_BYTES: Final = 1_000_000

LIMITS: Final = strictjson.Limits(max_bytes=MAX_CONTENT_LENGTH)

# objects that hold others together pass their marking on to what they hold
_HOLDERS: Final = ("report", "grouping")


class NotAnEnvelopeError(InvalidInputError):
    """The text is JSON and holds no objects (TAXII 2.1, section 5.5: answer 422)."""


def read_objects(text: bytes, *, most: int = MAX_OBJECTS) -> list[Any]:
    """Return the objects of an envelope or a bundle; further properties of either are ignored.

    An object that alone is no strict JSON stands there as `Unread`, for `examine` to refuse.
    Raises StrictJsonError for what else is none, NotAnEnvelopeError for what holds no objects.
    """
    envelope = strict_lists.loads(text, LIMITS, "objects", most)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("objects"), list):
        raise NotAnEnvelopeError(N_('Send {"objects": […]}: an envelope, or a bundle.'))
    objects: list[Any] = envelope["objects"]
    if not objects:
        raise NotAnEnvelopeError(N_("The envelope holds no objects."))
    if len(objects) > most:
        raise NotAnEnvelopeError(
            N_("Send at most %(most)s objects at a time; these are %(count)s."),
            most=most,
            count=len(objects),
        )
    check_holders(objects)
    return objects


def check_holders(objects: Iterable[Any]) -> None:
    """Raise why, if an object could not be read that may hold others: its marking would be lost."""
    for one in objects:
        if type(one) is Unread:
            types = [value for name, value in one.members if name == "type"]
            if len(types) != 1 or types[0] in _HOLDERS:
                raise one.error


def examine(
    objects: Sequence[Any],
    *,
    session: Session,
    owner: uuid.UUID,
    moment: datetime,
    source: Source,
    collection: Collection | None = None,
    check_marking: Callable[[TLP], None] | None = None,
) -> Examined:
    """Examine objects as `strict_lists` read them; nothing is kept yet (see `keep_accepted`).

    owner: in whose name the store keeps them; for what is relayed never the administration that
    brings it, or a file could speak for it. moment: now. collection: the audience they go to, if
    its rules hold (own ids, no attribution in a confidential circle). check_marking: raises
    DomainError for a marking that may not enter. What is relayed and bears a marking that nobody
    here can read is kept as TLP:RED, and as strict as an earlier version of it.
    """
    examined = Examined([])
    proof = Proof(moment)
    policies = iep_labels(one for one in objects if _is_good_marking(one, moment))
    holders = _markings_from_holders(objects, policies)
    passed: set[TLP] = set()
    for place, one in enumerate(objects):
        try:
            _check(one, moment, proof)
            version = one.get("modified") or one.get("created") or object_store.UNVERSIONED
            examined.names.append((one["id"], version))
            marking = _marking(one, holders, policies, source)
            if check_marking is not None and marking not in passed:
                check_marking(marking)
                passed.add(marking)
            item = object_store.incoming(one, owner, marking)
            if len(item.body) > MAX_OBJECT_BYTES:
                raise InvalidInputError(
                    N_("The object is larger than %(most)s bytes."), most=MAX_OBJECT_BYTES
                )
            examined.accepted[place] = item
            examined.claims[place] = one.get("created_by_ref", "")
        except DomainError as error:
            if len(examined.names) == place:
                examined.names.append(_name(place, one))
            examined.refuse(place, error)
    del objects  # thousands; nobody else holds them while the tables are asked
    # what the tables know is asked about every object that is well formed, whatever else is found
    # against it, so that the statements do not depend on what belongs to others
    known = dict(examined.accepted)
    if collection is not None:
        claimed_names.refuse_taken(session, owner, collection, examined, known)
        if source is Source.MACHINE:
            claimed_names.refuse_common(collection, examined, known)
    own = {place: item for place, item in known.items() if item.owner_id == owner}
    chosen = claimed_names.chosen_ids(collection, own) if source is Source.MACHINE else {}
    ids = {item.stix_id for item in own.values()}.union(*chosen.values())
    earlier = object_store.earlier_versions(session, owner, ids)
    if source is Source.MACHINE:
        claimed_names.refuse_other_names(session, owner, collection, examined, known)
        claimed_names.refuse_elsewhere(session, collection, examined, chosen, earlier)
    _hold_to_earlier_marking(source, examined, own, earlier)
    return examined


def keep_accepted(
    session: Session, examined: Examined, *, via: str, collection: Collection | None = None
) -> list[Kept]:
    """Keep what was accepted; what turns out to be other bytes of a kept version is refused.

    collection: where it is about to go, if anything may have been withdrawn from there before.
    """
    places = sorted(examined.accepted)
    items = [examined.accepted[place] for place in places]
    found = list(zip(places, object_store.keep(session, items, via=via), strict=True))
    kept = {place: one for place, one in found if isinstance(one, Kept)}
    gone: set[uuid.UUID] = set()
    if collection is not None:
        ids = [one.id for one in kept.values() if not one.is_new]
        gone = feed.versions_in(session, collection.id, ids, only_withdrawn=True)
    for place, one in found:
        if not isinstance(one, Kept):
            examined.refuse(place, one)
        elif one.id in gone:
            examined.refuse(place, object_store.taken_back(one.item))
    return [one for place, one in sorted(kept.items()) if place in examined.accepted]


# each object for itself


def _name(place: int, one: Any) -> tuple[str, str]:
    """Return id and version for the status, also of what has none."""
    if isinstance(one, Unread):
        one = {name: value for name, value in one.members if name == "id" and is_stix_id(value)}
    found = one if isinstance(one, dict) else {}
    stix_id, version = found.get("id"), found.get("modified") or found.get("created")
    if not isinstance(stix_id, str) or not stix_id or len(stix_id) > 300:
        stix_id = f"unknown--00000000-0000-4000-8000-{place + 1:012d}"
    if not isinstance(version, str) or not version_key(version):
        version = object_store.UNVERSIONED
    return stix_id, version


def _check(one: Any, moment: datetime, proof: Proof) -> None:
    if type(one) is Unread:
        raise one.error
    problem = None
    if not proof.is_valid(one):
        found = check_object(one, now=moment)
        problem = next((p for p in found if p.severity == "error"), None)
    if problem is not None:
        raise InvalidInputError(problem.message, field=problem.path or "object", **problem.params)
    # a time of thousands of digits is valid STIX; no version needs that
    if len(one.get("created", "")) > 60 or len(one.get("modified", "")) > 60:
        raise InvalidInputError(N_("A time has too many digits."))


def _is_good_marking(one: Any, moment: datetime) -> bool:
    """Return whether an object may say what the others' markings mean."""
    if not isinstance(one, dict) or one.get("type") != "marking-definition":
        return False
    return all(problem.severity != "error" for problem in check_object(one, now=moment))


def _marking(
    one: Mapping[str, Any],
    holders: Mapping[str, TLP],
    policies: Mapping[str, TLP],
    source: Source,
) -> TLP:
    marking = object_store.marking_of(one, policies)
    if marking is None and source.is_relayed:
        return TLP.RED
    if marking is None:
        raise ForbiddenError(N_("It bears a marking that is not known here."))
    if marking is TLP.CLEAR and one["type"] == "marking-definition":
        return marking
    held = holders.get(one["id"])
    return marking if held is None else max(marking, held)


def _markings_from_holders(objects: Sequence[Any], policies: Mapping[str, TLP]) -> dict[str, TLP]:
    """Return the strictest marking that reports and groupings put on what they hold."""
    found: dict[str, TLP] = {}
    for one in objects:
        if not isinstance(one, dict) or one.get("type") not in _HOLDERS:
            continue
        marks, held = one.get("object_marking_refs", []), one.get("object_refs")
        if not isinstance(marks, list) or not isinstance(held, list):
            continue
        # a marking we cannot read restricts like the strictest that may leave at all
        named = tlp_of([mark for mark in marks if isinstance(mark, str)], policies) or TLP.RED
        for stix_id in held:
            if isinstance(stix_id, str) and stix_id != one.get("created_by_ref"):
                found[stix_id] = max(found.get(stix_id, TLP.CLEAR), named)
    return found


# against what is known


def _hold_to_earlier_marking(
    source: Source, examined: Examined, own: Known, versions: Sequence[Earlier]
) -> None:
    """Let no version count for less than an earlier one: lowering is the owner's act, by hand."""
    before: dict[str, TLP] = {}
    for one in versions:
        before[one.stix_id] = max(before.get(one.stix_id, TLP.CLEAR), one.tlp)
    for place, item in sorted(own.items(), key=lambda pair: pair[1].key[2]):
        if place not in examined.accepted:
            continue
        earlier = before.get(item.stix_id)
        if earlier is None or item.tlp is earlier:
            before[item.stix_id] = item.tlp
        elif item.tlp < earlier and source is Source.MACHINE:
            error = ForbiddenError(
                N_("An earlier version bears %(earlier)s; a machine cannot weaken a marking."),
                earlier=earlier.label,
            )
            examined.refuse(place, error)
        elif item.tlp < earlier:
            examined.accepted[place] = replace(item, tlp=earlier)
        else:
            before[item.stix_id] = item.tlp
