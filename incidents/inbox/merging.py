"""Taking what was received over into an own case: never overwriting, never weaker marked."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, taxonomies
from cirt.access import Actor
from cirt.errors import N_, InvalidInputError
from cirt.incidents import cases, observables
from cirt.incidents.case_details import MAX_COMMENT, MAX_TITLE, CaseDetails
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.inbox import decisions
from cirt.incidents.inbox.contents import Found, observables_in
from cirt.incidents.inbox.onward import TAKEN_OVER
from cirt.incidents.inbox.parts import Part, marking_of_parts, strictest_of
from cirt.incidents.inbox.received import Item
from cirt.incidents.inbox.words import seen
from cirt.incidents.inbox_models import ReceivedItem, ReceivedState
from cirt.incidents.misp_import import without_controls
from cirt.incidents.observables import NewObservable, key_of
from cirt.stix.marking import TLP


@dataclass(frozen=True)
class Offer:
    """An observable that could be taken over. present: whether the case holds it already."""

    found: Found
    key: str
    present: bool = False

    @property
    def may_be_indicator(self) -> bool:
        """Return whether it is something to look for on a network."""
        return self.found.observable.type != "vulnerability"


@dataclass(frozen=True)
class Merged:
    """What came of it. added: new in the case; linked: the case held them already and keeps its own."""

    added: int
    linked: int
    raised_to: TLP | None


def offers(session: Session, parts: Sequence[Part], incident: Incident | None) -> list[Offer]:
    """Return the observables of an item, in its order, and which of them a case holds already."""
    present = _present(session, incident) if incident is not None else {}
    return [
        Offer(found, key := key_of(found.observable), present=key in present)
        for found in observables_in(part.one for part in parts)
    ]


def merge(
    session: Session,
    actor: Actor,
    item: Item,
    parts: Sequence[Part],
    incident: Incident,
    *,
    version: str,
    keys: Some[str],
    indicators: Some[str] = frozenset(),
    provenance: str,
) -> Merged:
    """Accept an item and take chosen observables over into a case of the own administration.

    keys: of the observables to take; indicators: of those that partners should look for.
    provenance: whose it is, for the comment of each. The case becomes at least as strict as the
    item. What it holds already stays as it is. Raises InvalidInputError when nothing is chosen.
    """
    chosen = [offer for offer in offers(session, parts, None) if offer.key in keys]
    if not chosen:
        raise InvalidInputError(N_("Choose at least one observable."), field="take")
    row = decisions.decide(session, actor, item, ReceivedState.ACCEPTED, version=version)
    cases.lock(session, incident)
    raised = _raise_marking(session, actor, incident, marking_of_parts(item, parts))
    before = _present(session, incident)
    observables.add_observables(
        session,
        actor,
        incident,
        [
            NewObservable(
                observable=offer.found.observable,
                is_indicator=offer.key in indicators,
                comment=without_controls(provenance)[:MAX_COMMENT],
            )
            for offer in chosen
        ],
    )
    session.flush()
    linked = [before[offer.key] for offer in chosen if offer.key in before]
    added = {offer.key for offer in chosen} - before.keys()
    for key, own in _present(session, incident).items():
        if key in added:
            own.received_id = row.id
    _loosen(session, item, row, linked)
    row.incident_id = incident.id
    session.flush()
    values = [offer.found.observable.value for offer in chosen]
    cases.note_change(
        session,
        actor,
        incident,
        TAKEN_OVER,
        fields={
            "count": len(chosen),
            "values": values[: observables.KEPT_IN_HISTORY],
            "linked": len(linked),
            "received": str(row.id),
        },
    )
    audit.record(
        session,
        actor,
        "inbox.merge",
        row,
        version=version,
        sha256=item.digest,
        incident=str(incident.id),
        added=len(added),
        linked=len(linked),
    )
    return Merged(len(added), len(linked), raised)


def details_from(item: Item, parts: Sequence[Part]) -> CaseDetails:
    """Return what the form of a new case is filled with: never weaker marked than the item.

    The words of the item stay with it; of its text only the title is taken over.
    """
    root = next((part.one for part in parts if part.one["type"] == "incident"), item.one)
    event = next((part.one for part in parts if part.one["type"] == "event"), {})
    label = next((each for each in root.get("labels", ()) if each.startswith("rsit:")), "")
    techniques = {
        str(reference.get("external_id"))
        for part in parts
        for reference in part.one.get("external_references", ())
        if reference.get("source_name") == "mitre-attack"
    }
    known = CaseDetails(title="")
    return replace(
        known,
        title=" ".join(seen(without_controls(item.title)).split())[:MAX_TITLE],
        rsit=label if label in taxonomies.incident_types() else known.rsit,
        tlp=marking_of_parts(item, parts),
        started_at=_time(event.get("start_time")),
        techniques=tuple(sorted(each for each in techniques if _is_technique(each)))[:60],
    )


def new_case(
    session: Session,
    actor: Actor,
    item: Item,
    parts: Sequence[Part],
    details: CaseDetails,
    *,
    version: str,
    keys: Some[str],
    indicators: Some[str] = frozenset(),
    provenance: str,
) -> Incident:
    """Make a case from an item, with chosen observables. Raises InvalidInputError, naming the field."""
    least = marking_of_parts(item, parts)
    if details.tlp < least:
        raise InvalidInputError(
            N_("What was received is %(marking)s; the case cannot be marked weaker."),
            field="tlp",
            marking=least.label,
        )
    incident = cases.create_incident(session, actor, details)
    if keys:
        merge(
            session,
            actor,
            item,
            parts,
            incident,
            version=version,
            keys=keys,
            indicators=indicators,
            provenance=provenance,
        )
    else:
        row = decisions.accept(session, actor, item, version=version)
        row.incident_id = incident.id
        cases.note_change(session, actor, incident, TAKEN_OVER, fields={"received": str(row.id)})
    return incident


def replaced(details: CaseDetails, **fields: Any) -> CaseDetails:
    """Return the details with what a person filled in."""
    return replace(details, **fields)


def _present(session: Session, incident: Incident) -> dict[str, IncidentObservable]:
    query = sa.select(IncidentObservable).where(
        IncidentObservable.incident_id == incident.id, IncidentObservable.withdrawn_at.is_(None)
    )
    return {row.key: row for row in session.scalars(query)}


def _raise_marking(session: Session, actor: Actor, incident: Incident, least: TLP) -> TLP | None:
    if incident.marking >= least:
        return None
    cases.edit_incident(
        session,
        actor,
        incident,
        replace(cases.details_of(incident), tlp=least),
        revision=incident.form_revision,
    )
    return least


def _loosen(
    session: Session, item: Item, row: ReceivedItem, linked: Sequence[IncidentObservable]
) -> None:
    """Let what came before from somebody stricter count as coming from this item, if that is free."""
    strictest = strictest_of(session, item.collection.id, item.owner_id, item.stix_id)
    if not may_leave(max(strictest, item.tlp), Exit.ONWARD):
        return
    for own in linked:
        if own.received_id is not None:
            own.received_id = row.id


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _is_technique(text: str) -> bool:
    return text[:1] == "T" and text[1:5].isdigit() and text[5:6] in ("", ".") and len(text) <= 9
