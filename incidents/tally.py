"""The tally of incidents by capability: counted, shown in bands, published and withdrawn."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, visible
from cirt.capabilities import capabilities
from cirt.capability_tally import Band, CapabilityTally, band_of
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError
from cirt.incidents.case_models import Incident, IncidentCapability
from cirt.incidents.exits import Exit, words_leaving


@dataclass(frozen=True)
class TallyLine:
    """One capability: in how many incidents it failed and held. Counts stay inside."""

    capability: str
    failed: int
    held: int

    @property
    def failed_band(self) -> Band:
        """What is published of `failed`."""
        return band_of(self.failed)

    @property
    def held_band(self) -> Band:
        """What is published of `held`."""
        return band_of(self.held)


@dataclass(frozen=True)
class TallyDraft:
    """What would be published. since, until: the days counted, both included."""

    since: date
    until: date
    lines: tuple[TallyLine, ...]

    @property
    def failed(self) -> dict[str, str]:
        """Capability -> band of the incidents in which it failed, without "none"."""
        return {x.capability: x.failed_band.value for x in self.lines if x.failed}

    @property
    def held(self) -> dict[str, str]:
        """Capability -> band of the incidents in which it held, without "none"."""
        return {x.capability: x.held_band.value for x in self.lines if x.held}

    @property
    def sha256(self) -> str:
        """Digest of what would be published, so that only what was shown is published."""
        said: dict[str, Any] = {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "failed": self.failed,
            "held": self.held,
        }
        return hashlib.sha256(rfc8785.dumps(said)).hexdigest()


def draft_tally(session: Session, actor: Actor, *, since: date, until: date) -> TallyDraft:
    """Count the incidents detected (else recorded) in a period, by capability.

    What is marked TLP:RED is for named persons and takes no part. Raises InvalidInputError for a
    period that ends before it begins or in the future.
    """
    if until < since:
        raise InvalidInputError(N_("The last day lies before the first."), field="until")
    if until > now().date():
        raise InvalidInputError(N_("The last day lies in the future."), field="until")
    known = (
        visible(actor, Incident, "incident.read")
        .where(
            Incident.tlp.in_(words_leaving(Exit.TALLY)),
            sa.func.coalesce(Incident.detected_at, Incident.created_at)
            >= sa.literal(_start(since), Incident.created_at.type),
            sa.func.coalesce(Incident.detected_at, Incident.created_at)
            <= sa.literal(_end(until), Incident.created_at.type),
        )
        .with_only_columns(Incident.id)
    )
    query = (
        sa.select(IncidentCapability.capability, IncidentCapability.outcome, sa.func.count())
        .where(IncidentCapability.incident_id.in_(known))
        .group_by(IncidentCapability.capability, IncidentCapability.outcome)
    )
    counts = {(capability, outcome): n for capability, outcome, n in session.execute(query)}
    return TallyDraft(
        since,
        until,
        tuple(
            TallyLine(each, counts.get((each, "failed"), 0), counts.get((each, "held"), 0))
            for each in capabilities()
        ),
    )


def publish_tally(
    session: Session, actor: Actor, *, since: date, until: date, sha256: str
) -> CapabilityTally:
    """Publish the bands that somebody was shown; the assessments of the country use them.

    sha256: of the draft as shown. Raises ConflictError where the incidents give other bands now.
    """
    draft = draft_tally(session, actor, since=since, until=until)
    if draft.sha256 != sha256:
        raise ConflictError(
            N_("The incidents have changed since this was shown. Look at the bands again.")
        )
    row = CapabilityTally(
        administration_id=actor.administration_id,
        since=since,
        until=until,
        failed=draft.failed,
        held=draft.held,
        published_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "tally.publish", row, sha256=sha256)
    return row


def withdraw_tally(session: Session, actor: Actor, tally_id: uuid.UUID) -> None:
    """Take a tally back: from now on no assessment uses it.

    Raises NotFoundError alike for an absent one and another administration's.
    """
    row = session.get(CapabilityTally, tally_id)
    if row is None or row.administration_id != actor.administration_id:
        raise NotFoundError
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = now(), actor.user_id
        audit.record(session, actor, "tally.withdraw", row)


def tallies_of(session: Session, actor: Actor) -> Sequence[CapabilityTally]:
    """Return what the own administration has published, the newest first."""
    return session.scalars(
        sa.select(CapabilityTally)
        .where(CapabilityTally.administration_id == actor.administration_id)
        .order_by(CapabilityTally.published_at.desc(), CapabilityTally.id)
    ).all()


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _end(day: date) -> datetime:
    return datetime.combine(day, time.max, tzinfo=UTC)
