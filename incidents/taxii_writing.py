"""What a machine sends by TAXII: checked object by object, kept, and answered by a status."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, strictjson
from cirt.access import Actor
from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.errors import N_, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import feed, object_store
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import DifferentContentError, Incoming, Kept
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_policy import Channel, check_standing, may_enter
from cirt.incidents.store_models import TaxiiStatus
from cirt.jobs import Effect, Task, handles
from cirt.stix.marking import TLP, tlp_of
from cirt.stix.taxii_filters import version_key
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH, microseconds, write_timestamp
from cirt.stix.validation import check_object

MAX_OBJECTS: Final = 10_000
MAX_OBJECT_BYTES: Final = 1_000_000
KEPT_DAYS: Final = 7

LIMITS: Final = strictjson.Limits(max_bytes=MAX_CONTENT_LENGTH)

# objects that hold others together pass their marking on to what they hold
_HOLDERS: Final = ("report", "grouping")


class NotAnEnvelopeError(InvalidInputError):
    """The body is JSON and no envelope of objects (TAXII 2.1, section 5.5: answer 422)."""


@dataclass
class _Outcome:
    """What becomes of the objects of one envelope, by their place in it."""

    names: list[tuple[str, str]]
    refused: dict[int, str] = field(default_factory=dict)
    accepted: dict[int, Incoming] = field(default_factory=dict)
    authors: dict[int, str] = field(default_factory=dict)

    def refuse(self, place: int, error: DomainError) -> None:
        self.refused[place] = str(error)
        self.accepted.pop(place, None)


def receive(
    session: Session,
    actor: Actor,
    collection: Collection,
    approval: StandingApproval,
    body: bytes,
) -> TaxiiStatus:
    """Keep the good objects of an envelope and return the status that names the others.

    A bundle is taken for an envelope; further properties of either are ignored. Raises
    StrictJsonError for what is no JSON, NotAnEnvelopeError for what holds no objects.
    """
    objects = _objects_in(strictjson.loads(body, LIMITS))
    outcome = _Outcome([_name(place, one) for place, one in enumerate(objects)])
    holders = _markings_from_holders(objects)
    moment = now()
    for place, one in enumerate(objects):
        try:
            _check(one, moment)
            marking = _marking(one, holders)
            _check_marking(marking, collection, approval)
            item = object_store.incoming(one, actor.administration_id, marking)
            if len(item.body) > MAX_OBJECT_BYTES:
                raise InvalidInputError(
                    N_("The object is larger than %(most)s bytes."), most=MAX_OBJECT_BYTES
                )
            outcome.accepted[place] = item
            outcome.authors[place] = one.get("created_by_ref", "")
        except DomainError as error:
            outcome.refuse(place, error)
    _refuse_strangers(session, actor, collection, outcome)
    _refuse_weaker(session, actor, outcome)
    versions = _keep(session, outcome)
    feed.append(session, collection.id, versions)
    return _note(session, actor, collection, approval, outcome)


def status_resource(status: TaxiiStatus) -> dict[str, Any]:
    """Return the status resource (TAXII 2.1, section 4.3)."""
    return {
        "id": str(status.id),
        "status": "complete",
        "request_timestamp": write_timestamp(microseconds(status.received_at)),
        "total_count": len(status.successes) + len(status.failures),
        "success_count": len(status.successes),
        "successes": status.successes,
        "failure_count": len(status.failures),
        "failures": status.failures,
        "pending_count": 0,
    }


def _objects_in(envelope: Any) -> list[Any]:
    if not isinstance(envelope, dict) or not isinstance(envelope.get("objects"), list):
        raise NotAnEnvelopeError(N_('Send {"objects": […]}: an envelope, or a bundle.'))
    objects: list[Any] = envelope["objects"]
    if not objects:
        raise NotAnEnvelopeError(N_("The envelope holds no objects."))
    if len(objects) > MAX_OBJECTS:
        raise NotAnEnvelopeError(
            N_("Send at most %(most)s objects at a time; these are %(count)s."),
            most=MAX_OBJECTS,
            count=len(objects),
        )
    return objects


def _name(place: int, one: Any) -> tuple[str, str]:
    """Return id and version for the status, also of what has none."""
    found = one if isinstance(one, dict) else {}
    stix_id, version = found.get("id"), found.get("modified") or found.get("created")
    if not isinstance(stix_id, str) or not stix_id or len(stix_id) > 300:
        stix_id = f"unknown--00000000-0000-4000-8000-{place + 1:012d}"
    if not isinstance(version, str) or not version_key(version):
        version = object_store.UNVERSIONED
    return stix_id, version


def _check(one: Any, moment: datetime) -> None:
    problem = next((p for p in check_object(one, now=moment) if p.severity == "error"), None)
    if problem is not None:
        raise InvalidInputError(
            N_("%(path)s: %(problem)s"),
            path=problem.path or "object",
            problem=problem.message % problem.params if problem.params else problem.message,
        )
    # a time of thousands of digits is valid STIX; no version needs that
    if any(len(one.get(name, "")) > 60 for name in ("created", "modified")):
        raise InvalidInputError(N_("A time has too many digits."))


def _marking(one: Mapping[str, Any], holders: Mapping[str, TLP]) -> TLP:
    marking = object_store.marking_of(one)
    if marking is None:
        raise ForbiddenError(N_("It bears a marking that is not known here."))
    if marking is TLP.CLEAR and one["type"] == "marking-definition":
        return marking
    return max(marking, holders.get(one["id"], TLP.CLEAR))


def _check_marking(marking: TLP, collection: Collection, approval: StandingApproval) -> None:
    check_standing(marking, Channel.MACHINE, ceiling=TLP(approval.ceiling))
    if not may_enter(marking, collection.tlp_ceiling):
        raise ForbiddenError(
            N_("This circle accepts at most %(ceiling)s, and the object is %(marking)s."),
            ceiling=collection.tlp_ceiling.label,
            marking=marking.label,
        )


def _markings_from_holders(objects: list[Any]) -> dict[str, TLP]:
    """Return the strictest marking that reports and groupings put on what they hold."""
    found: dict[str, TLP] = {}
    for one in objects:
        if not isinstance(one, dict) or one.get("type") not in _HOLDERS:
            continue
        marks, held = one.get("object_marking_refs", []), one.get("object_refs")
        if not isinstance(marks, list) or not isinstance(held, list):
            continue
        # a marking we cannot read restricts like the strictest that may leave at all
        named = tlp_of([mark for mark in marks if isinstance(mark, str)]) or TLP.RED
        for stix_id in held:
            if isinstance(stix_id, str) and stix_id != one.get("created_by_ref"):
                found[stix_id] = max(found.get(stix_id, TLP.CLEAR), named)
    return found


def _refuse_strangers(
    session: Session, actor: Actor, collection: Collection, outcome: _Outcome
) -> None:
    """Refuse what speaks in another administration's name or under another's id."""
    identities = {
        f"identity--{other}"
        for other in session.scalars(sa.select(Administration.id))
        if other != actor.administration_id
    }
    owners = feed.owners_in(
        session, collection.id, [item.stix_id for item in outcome.accepted.values()]
    )
    for place, item in list(outcome.accepted.items()):
        taken = owners.get(item.stix_id, item.owner_id) != item.owner_id
        if taken or item.stix_id in identities or outcome.authors[place] in identities:
            outcome.refuse(place, feed.OtherProducerError(item.stix_id))


def _refuse_weaker(session: Session, actor: Actor, outcome: _Outcome) -> None:
    """Refuse a version that is marked weaker than an earlier one: that is a person's act."""
    before = object_store.strictest_before(
        session, actor.administration_id, [item.stix_id for item in outcome.accepted.values()]
    )
    for place, item in list(outcome.accepted.items()):
        earlier = before.get(item.stix_id, TLP.CLEAR)
        if item.owner_id == actor.administration_id and item.tlp < earlier:
            error = ForbiddenError(
                N_("An earlier version bears %(earlier)s; a machine cannot weaken a marking."),
                earlier=earlier.label,
            )
            outcome.refuse(place, error)


def _keep(session: Session, outcome: _Outcome) -> list[Kept]:
    places = sorted(outcome.accepted)
    items = [outcome.accepted[place] for place in places]
    versions = []
    for place, result in zip(places, object_store.keep(session, items, via="taxii"), strict=True):
        if isinstance(result, DifferentContentError):
            outcome.refuse(place, result)
        else:
            versions.append(result)
    return versions


def _note(
    session: Session,
    actor: Actor,
    collection: Collection,
    approval: StandingApproval,
    outcome: _Outcome,
) -> TaxiiStatus:
    status = TaxiiStatus(
        id=uuid.uuid4(),
        administration_id=actor.administration_id,
        collection_id=collection.id,
        approval_id=approval.id,
        received_at=now(),
        successes=[
            {"id": outcome.names[place][0], "version": outcome.names[place][1]}
            for place in sorted(outcome.accepted)
        ],
        failures=[
            {
                "id": outcome.names[place][0],
                "version": outcome.names[place][1],
                "message": message,
            }
            for place, message in sorted(outcome.refused.items())
        ],
    )
    session.add(status)
    session.flush()
    audit.record(
        session,
        actor,
        "release.machine",
        status,
        collection=str(collection.id),
        approval=str(approval.id),
        approved_by=str(approval.approver_id),
        accepted=len(status.successes),
        refused=len(status.failures),
    )
    return status


@handles("taxii.forget", daily=True)
def _forget(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        old = TaxiiStatus.received_at < now() - timedelta(days=KEPT_DAYS)
        gone = session.execute(sa.delete(TaxiiStatus).where(old))
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
