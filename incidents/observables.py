"""Rules on the observables of a case: added once, described, taken away."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, NotFoundError, TooLargeError
from cirt.incidents import cases
from cirt.incidents.case_details import MAX_COMMENT, plain_text
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.case_parts import changes_between, check_stamp, json_values
from cirt.incidents.observable_rules import Role, Seen, check_seen, role_of
from cirt.stix.detection import Detection, detect
from cirt.stix.ids import canonical_json
from cirt.stix.observables import Observable

MAX_OBSERVABLES = 20_000
MAX_PASTE = 500_000
KEPT_IN_HISTORY = 50


@dataclass(frozen=True, kw_only=True)
class NewObservable:
    """An observable to add to a case.

    is_victim: it belongs to the victim; then it is no indicator, whatever is_indicator says.
    count: how often it was seen between first and last. received_id: the received item it is from.
    """

    observable: Observable
    is_indicator: bool = False
    is_victim: bool = False
    comment: str = ""
    first_observed: datetime | None = None
    last_observed: datetime | None = None
    count: int | None = None
    received_id: uuid.UUID | None = None

    @property
    def seen(self) -> Seen:
        """When and how often it was seen."""
        return Seen(first=self.first_observed, last=self.last_observed, count=self.count)


@dataclass(frozen=True)
class Candidate:
    """An observable found in a pasted text, and whether the case holds it already."""

    detection: Detection
    present: bool

    @property
    def proposed(self) -> bool:
        """Return whether it is worth keeping as far as anybody can tell from its form."""
        return not self.present and not self.detection.note

    @property
    def may_be_indicator(self) -> bool:
        """Return whether it is something to look for on a network; a vulnerability is not."""
        return self.detection.observable.type != "vulnerability"


def key_of(item: Observable) -> str:
    """Return what two observables of the same thing share: SHA-256 of the canonical form."""
    return canonical_key(item.canonical())


def canonical_key(item: Observable) -> str:
    """Return `key_of` an observable that is in its canonical form."""
    return hashlib.sha256(canonical_json([item.type, dict(item.properties)])).hexdigest()


def candidates(session: Session, incident: Incident, text: str) -> list[Candidate]:
    """Return the observables that a pasted text speaks of, in the order of the text.

    Raises InvalidInputError for an empty text and one without any, TooLargeError for a longer
    one than MAX_PASTE characters; all name the field "text".
    """
    if not text.strip():
        raise InvalidInputError(N_("Paste a text first."), field="text")
    if len(text) > MAX_PASTE:
        raise TooLargeError(
            N_("The text has %(length)s characters; paste at most %(most)s at once."),
            field="text",
            length=len(text),
            most=MAX_PASTE,
        )
    found = detect(text)
    if not found:
        raise InvalidInputError(
            N_(
                "No observable was recognised in this text. Add it by its type and value, if it"
                " holds one."
            ),
            field="text",
        )
    present = _present_keys(session, incident)
    return [Candidate(each, key_of(each.observable) in present) for each in found]


def add_observable(session: Session, actor: Actor, incident: Incident, item: NewObservable) -> None:
    """Add one observable that a person typed in.

    Raises InvalidInputError, naming the field, for what does not fit and for one that is there.
    """
    check_seen(item.seen, now=now())
    if not add_observables(session, actor, incident, [item]):
        raise InvalidInputError(N_("The incident holds this observable already."), field="value")


def add_observables(
    session: Session, actor: Actor, incident: Incident, items: Iterable[NewObservable]
) -> int:
    """Add what the case does not hold yet and return how many that were.

    One that was withdrawn comes back. Raises InvalidInputError for a value that does not fit,
    TooLargeError when the case would hold more than MAX_OBSERVABLES.
    """
    cases.lock(session, incident)
    present = _present_keys(session, incident)
    withdrawn = {
        row.key: row
        for row in session.scalars(
            sa.select(IncidentObservable).where(
                IncidentObservable.incident_id == incident.id,
                IncidentObservable.withdrawn_at.is_not(None),
            )
        )
    }
    moment, added = now(), []
    for item in items:
        found = item.observable.canonical()
        key = key_of(found)
        if key in present:
            continue
        present.add(key)
        comment = plain_text(item.comment, "comment", MAX_COMMENT)
        row = withdrawn.get(key) or IncidentObservable(incident_id=incident.id, key=key)
        row.type, row.properties, row.value = found.type, dict(found.properties), found.value
        row.is_victim = item.is_victim
        row.is_indicator = item.is_indicator and _may_be_indicator(row)
        row.comment, row.withdrawn_at = comment, None
        row.first_observed, row.last_observed = item.first_observed, item.last_observed
        row.count, row.received_id = item.count, item.received_id
        row.added_by, row.added_at = actor.user_id, moment
        added.append(row)
    if len(present) > MAX_OBSERVABLES:
        raise TooLargeError(
            N_(
                "The incident would hold %(count)s observables; at most %(most)s fit. Record a"
                " second incident for the rest."
            ),
            field="text",
            count=len(present),
            most=MAX_OBSERVABLES,
        )
    if added:
        session.add_all(added)
        _changed(session, actor, incident, "observables-added", [row.value for row in added])
    return len(added)


def change_observable(
    session: Session,
    actor: Actor,
    row: IncidentObservable,
    *,
    comment: str,
    role: Role,
    seen: Seen,
    stamp: str | None = None,
) -> bool:
    """Change what is said about an observable; return whether anything changed.

    stamp: of the values that the person saw, None not to ask; raises ConflictError when they
    have changed since.
    """
    incident = cases.lock_with(session, row)
    before = values_of(row)
    check_stamp(stamp, before)
    check_seen(seen, now=now())
    row.comment = plain_text(comment, "comment", MAX_COMMENT)
    row.is_victim = role == "victim"
    row.is_indicator = role == "detection" and _may_be_indicator(row)
    row.first_observed, row.last_observed, row.count = seen.first, seen.last, seen.count
    changes = changes_between(before, values_of(row))
    if not changes:
        return False
    _changed(session, actor, incident, "observable-changed", [row.value], changes)
    return True


def values_of(row: IncidentObservable) -> dict[str, Any]:
    """Return what is said about an observable as JSON values."""
    return json_values(
        {
            "role": role_of(is_indicator=row.is_indicator, is_victim=row.is_victim),
            "first_observed": row.first_observed,
            "last_observed": row.last_observed,
            "count": row.count,
            "comment": row.comment,
        }
    )


def _may_be_indicator(row: IncidentObservable) -> bool:
    return row.type != "vulnerability" and not row.is_victim


def remove_observable(session: Session, actor: Actor, row: IncidentObservable) -> None:
    """Take an observable out of its case.

    One that partners may have got by a release stays as withdrawn: the next release tells them
    that it is not valid any more.
    """
    incident = cases.lock_with(session, row)
    if was_released(incident, row):
        row.withdrawn_at = now()
    else:
        session.delete(row)
    _changed(session, actor, incident, "observable-removed", [row.value])


def remove_rule(session: Session, actor: Actor, rule: IncidentRule) -> None:
    """Take a detection rule out of its case, as remove_observable does."""
    incident = cases.lock_with(session, rule)
    if incident.released_at is not None:
        rule.withdrawn_at = now()
    else:
        session.delete(rule)
    _changed(session, actor, incident, "rule-removed", [rule.name])


def was_released(incident: Incident, row: IncidentObservable) -> bool:
    """Return whether a release went out after the observable was added."""
    return incident.released_at is not None and row.added_at <= incident.released_at


def observable_of(
    session: Session, incident: Incident, observable_id: uuid.UUID
) -> IncidentObservable:
    """Return one observable of this case. Raises NotFoundError for any other."""
    row = session.get(IncidentObservable, observable_id)
    if row is None or row.incident_id != incident.id or row.withdrawn_at is not None:
        raise NotFoundError
    return row


def rule_of(session: Session, incident: Incident, rule_id: uuid.UUID) -> IncidentRule:
    """Return one detection rule of this case. Raises NotFoundError for any other."""
    row = session.get(IncidentRule, rule_id)
    if row is None or row.incident_id != incident.id or row.withdrawn_at is not None:
        raise NotFoundError
    return row


def _present_keys(session: Session, incident: Incident) -> set[str]:
    return set(
        session.scalars(
            sa.select(IncidentObservable.key).where(
                IncidentObservable.incident_id == incident.id,
                IncidentObservable.withdrawn_at.is_(None),
            )
        )
    )


def _changed(
    session: Session,
    actor: Actor,
    incident: Incident,
    kind: str,
    values: Sequence[str],
    changes: dict[str, Any] | None = None,
) -> None:
    cases.touch(incident, actor)
    cases.content_changed(incident)
    fields: dict[str, Any] = {"count": len(values), "values": list(values[:KEPT_IN_HISTORY])}
    if changes:
        fields["changes"] = changes
    cases.note_change(session, actor, incident, kind, fields=fields)
    audit.record(session, actor, f"incident.{kind}", incident, count=len(values))
