"""Decisions on findings: reading them for an audience, and taking them."""

import re
import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import User
from cirt.clock import now
from cirt.errors import N_, InvalidInputError
from cirt.incidents import cases
from cirt.incidents.case_details import plain_text
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.protection.kinds import Action, Decision, Kind, key_of
from cirt.incidents.protection.passing import Protected, protect
from cirt.incidents.protection.reading import folded_words
from cirt.incidents.release_models import ProtectionDecision
from cirt.stix.content import IncidentContent

MAX_REASON = 1_000
MAX_REPLACEMENT = 200
MAX_LITERAL = 200

_KEY = re.compile("[0-9a-f]{32}")


def decisions_for(
    session: Session, incident_id: uuid.UUID, collection_id: uuid.UUID | None
) -> Mapping[str, Decision]:
    """Return the decisions that hold for an audience, by key of the finding.

    A decision for every audience holds where this one has none of its own; collection_id None
    gives those alone.
    """
    rows = session.scalars(
        sa.select(ProtectionDecision).where(
            ProtectionDecision.incident_id == incident_id,
            sa.or_(
                ProtectionDecision.collection_id.is_(None),
                ProtectionDecision.collection_id == collection_id,
            ),
        )
    ).all()
    common = {row.finding: _decision(row) for row in rows if row.collection_id is None}
    own = {row.finding: _decision(row) for row in rows if row.collection_id is not None}
    return common | own


def decide(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection | None,
    finding_key: str,
    action: Action,
    reason: str = "",
    replacement: str = "",
    literal: str = "",
) -> ProtectionDecision:
    """Store what happens to a finding, for one audience or for all (None), and return the row.

    The same decision again changes nothing, its time included. literal: the words, where a person
    marked them. Raises InvalidInputError, naming the field: keeping needs a reason.
    """
    if not _KEY.fullmatch(finding_key):
        raise InvalidInputError(N_("This is no finding; load the page again."), field="finding")
    reason = plain_text(reason, "reason", MAX_REASON)
    replacement = " ".join(plain_text(replacement, "replacement", MAX_REPLACEMENT).split())
    if action is Action.KEEP and not reason:
        raise InvalidInputError(
            N_("Say why it is kept; who approves the release reads it."), field="reason"
        )
    cases.lock(session, incident)
    audience = None if collection is None else collection.id
    row = session.scalars(
        sa.select(ProtectionDecision).where(
            ProtectionDecision.incident_id == incident.id,
            ProtectionDecision.collection_id == audience,
            ProtectionDecision.finding == finding_key,
        )
    ).one_or_none()
    values = (action.value, reason, replacement if action is Action.GENERALISE else "")
    if row is not None and (row.action, row.reason, row.replacement) == values:
        return row
    if row is None:
        row = ProtectionDecision(
            id=uuid.uuid4(),
            incident_id=incident.id,
            collection_id=audience,
            finding=finding_key,
            literal=literal,
        )
        session.add(row)
    row.action, row.reason, row.replacement = values
    row.decided_by, row.decided_at = actor.user_id, now()
    session.flush()
    # the key is made of the value: a phone number could be guessed from it, so it stays out
    audit.record(
        session,
        actor,
        "protection.decide",
        incident,
        decision=str(row.id),
        collection=None if audience is None else str(audience),
        choice=action.value,
    )
    return row


def mark(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection | None,
    words: str,
    action: Action = Action.MASK,
    reason: str = "",
    replacement: str = "",
) -> ProtectionDecision:
    """Store that words which no machine found are personal data, and what happens to them.

    Raises InvalidInputError, naming the field.
    """
    literal = " ".join(plain_text(words, "words", MAX_LITERAL).split())
    canonical = folded_words(literal)
    if not canonical:
        raise InvalidInputError(N_("Give the words as they stand in the text."), field="words")
    key = key_of(Kind.MARKED, canonical)
    return decide(
        session, actor, incident, collection, key, action, reason, replacement, literal=literal
    )


def known_names(session: Session, incident: Incident) -> tuple[str, ...]:
    """Return the names of the people with an account at the incident's administration."""
    names = session.scalars(
        sa.select(User.name).where(User.administration_id == incident.administration_id)
    )
    return tuple(sorted({name.strip() for name in names} - {""}))


def protect_for(
    session: Session, incident: Incident, collection: Collection, content: IncidentContent
) -> Protected:
    """Return content as one audience may have it, by the decisions that hold for it."""
    return protect(
        content,
        decisions_for(session, incident.id, collection.id),
        secret=collection.secret,
        known_names=known_names(session, incident),
    )


def _decision(row: ProtectionDecision) -> Decision:
    return Decision(
        action=Action(row.action),
        reason=row.reason,
        replacement=row.replacement,
        literal=row.literal,
        decided_at=row.decided_at,
    )
