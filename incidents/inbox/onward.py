"""What of a case may not leave because somebody else shared it under a marking that forbids it."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.errors import N_
from cirt.incidents.case_models import Incident, IncidentChange, IncidentObservable
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.feed_clauses import STORED, named
from cirt.incidents.inbox_models import ItemReference, ReceivedItem
from cirt.incidents.object_store import object_in
from cirt.incidents.observables import key_of
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.content import IncidentContent
from cirt.stix.marking import TLP

NOT_ONWARD: Final = N_(
    "It was received as %(marking)s, which does not allow passing it on. Ask its producer, or leave"
    " it out."
)
TEXT_NOT_ONWARD: Final = N_(
    "The text repeats something received as %(marking)s, which does not allow passing it on. Say it"
    " in your own words, or leave it out."
)
LEFT_OUT: Final = N_("Received from others, who do not allow passing it on")
"""What a release says of what was left out for this reason."""

TAKEN_OVER: Final = "received-merged"
TAKEN_BACK: Final = "taken-back"
"""Kinds of the acts in the history of a case; "received" in their fields says of which item."""

_MOST_TEXTS: Final = 100  # of all versions of an item; each is looked for in every text

_SHORTEST: Final = 12
"""Characters from which equal words are no coincidence."""


@dataclass(frozen=True)
class Blocked:
    """Why something may not be released: a sentence with its parameters."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


def blocked(session: Session, incident: Incident) -> dict[uuid.UUID, Blocked]:
    """Return the observables of a case that may not leave, by id, each with the reason.

    An observable is somebody else's when it was taken over from something received and the team did
    not hold it before. TLP:CLEAR and TLP:GREEN may be passed on, anything stricter may not (TLP 2.0).
    """
    query = sa.select(IncidentObservable.id, IncidentObservable.received_id).where(
        IncidentObservable.incident_id == incident.id, IncidentObservable.received_id.is_not(None)
    )
    taken = [(row_id, received_id) for row_id, received_id in session.execute(query) if received_id]
    markings = _markings(session, {received_id for _row_id, received_id in taken})
    found: dict[uuid.UUID, Blocked] = {}
    for row_id, received_id in taken:
        marking = markings.get(received_id, TLP.AMBER_STRICT)
        if not may_leave(marking, Exit.ONWARD):
            found[row_id] = Blocked(NOT_ONWARD, {"marking": marking.label})
    return found


def without_blocked(
    session: Session, incident: Incident, content: IncidentContent, *, title: str
) -> tuple[IncidentContent, tuple[dict[str, Any], ...]]:
    """Return what may leave of a case, and what was left out, in the form of `Release.removed`.

    title: what stands for the title where the text repeats something that may not be passed on.
    """
    left_out: list[dict[str, Any]] = []
    rows = blocked(session, incident)
    values = {key_of(row.observable) for row in incident.observables if row.id in rows}
    if values:
        kept = tuple(one for one in content.observables if key_of(one.observable) not in values)
        left_out.append(_left_out("observables.value", len(content.observables) - len(kept)))
        content = replace(content, observables=kept)
    if blocked_text(session, incident) is not None:
        left_out.append(_left_out("description", 1))
        content = replace(content, title=title, description="")
    return content, tuple(left_out)


def _left_out(place: str, count: int) -> dict[str, Any]:
    return {"kind": LEFT_OUT, "place": place, "action": "drop", "reason": "", "count": count}


def blocked_text(session: Session, incident: Incident) -> Blocked | None:
    """Return why title and description may not leave, None if they may.

    They may not while they repeat, word by word, those of an item that was ever merged into the
    case and whose marking forbids passing it on; also once its producer took it back.
    """
    own = _plain(f"{incident.title}\n{incident.description}")
    merged, gone = _merged(session, incident)
    query = sa.select(ReceivedItem).where(
        sa.or_(ReceivedItem.incident_id == incident.id, ReceivedItem.id.in_(sorted(merged)))
    )
    rows = session.scalars(query).unique().all()
    markings = _markings(session, {row.id for row in rows})
    for row in rows:
        marking = markings.get(row.id, TLP.AMBER_STRICT)
        if may_leave(marking, Exit.ONWARD):
            continue
        repeated = any(text in own for text in _texts(session, row))
        if repeated or any(_holds(own, each) for each in gone.get(row.id, ())):
            return Blocked(TEXT_NOT_ONWARD, {"marking": marking.label})
    return None


def words_of(session: Session, row: ReceivedItem) -> list[list[Any]]:
    """Return length and digest of what an item says, to know it again when it is erased."""
    return [[len(text), _digest(text)] for text in sorted(_texts(session, row))[:_MOST_TEXTS]]


def _merged(
    session: Session, incident: Incident
) -> tuple[set[uuid.UUID], dict[uuid.UUID, list[list[Any]]]]:
    """Return which items were ever merged into a case, and the words of those that are gone."""
    query = sa.select(IncidentChange.kind, IncidentChange.fields).where(
        IncidentChange.incident_id == incident.id,
        IncidentChange.kind.in_((TAKEN_OVER, TAKEN_BACK)),
    )
    merged: set[uuid.UUID] = set()
    gone: dict[uuid.UUID, list[list[Any]]] = {}
    for kind, fields in session.execute(query):
        if "received" not in fields:
            continue
        received_id = uuid.UUID(fields["received"])
        merged.add(received_id)
        if kind == TAKEN_BACK:
            gone.setdefault(received_id, []).extend(fields.get("words", ()))
    return merged, gone


def _holds(own: str, words: list[Any]) -> bool:
    """Return whether a text holds words of this length and digest."""
    length, digest = words
    starts = [0, *(match.end() for match in re.finditer(" ", own))]
    return any(
        _digest(own[start : start + length]) == digest
        for start in starts
        if start + length <= len(own)
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _markings(session: Session, received_ids: set[uuid.UUID]) -> dict[uuid.UUID, TLP]:
    """Return the strictest marking that the items and what they hold ever bore."""
    found: dict[uuid.UUID, TLP] = {}
    for row in session.scalars(
        sa.select(ReceivedItem).where(ReceivedItem.id.in_(sorted(received_ids)))
    ).unique():
        held = sa.union_all(
            sa.select(sa.literal(row.stix_id)),
            sa.select(ItemReference.stix_id).where(
                ItemReference.collection_id == row.collection_id,
                ItemReference.holder_id == row.stix_id,
                ItemReference.says == "holds",
            ),
        )
        query = (
            sa.select(ObjectVersion.tlp)
            .join(FeedEntry, STORED)
            .where(
                named(row.collection_id, held),
                FeedEntry.owner_id == row.owner_id,
                FeedEntry.type != "identity",
            )
            .distinct()
        )
        labels = [TLP(tlp) for tlp in session.scalars(query)]
        found[row.id] = max(labels, default=TLP.AMBER_STRICT)
    return found


def _texts(session: Session, row: ReceivedItem) -> set[str]:
    query = (
        sa.select(ObjectVersion.body)
        .join(FeedEntry, STORED)
        .where(
            named(row.collection_id, row.stix_id),
            FeedEntry.owner_id == row.owner_id,
            ObjectVersion.erased_at.is_(None),
        )
    )
    objects = [object_in(body or b"{}") for body in session.scalars(query)]
    found = {_plain(str(one.get(name, ""))) for one in objects for name in ("name", "description")}
    return {text for text in found if len(text) >= _SHORTEST}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
