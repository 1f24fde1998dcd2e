"""Tables of cases: the incident, its observables and rules, who may read it, what happened to it."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration, User
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.stix.marking import TLP
from cirt.stix.observables import Observable


class IncidentNumber(Base):
    """The last reference number that an administration gave out in a year: no number is skipped."""

    __tablename__ = "incident_number"

    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), primary_key=True
    )
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Incident(Base):
    """One case of a national CIRT.

    rsit: machine tag of the Reference Security Incident Taxonomy. severity: 0 to 5, None if not
    judged yet. revision: counts every change, form_revision the saves of the form (so that adding
    an observable is no conflict for who is writing). content_changed_at: whole milliseconds, later
    whenever something changed that leaves with a release (STIX's `modified`). released_at: the
    newest release; what was there before may be known to partners. pap: what recipients may do
    with it (clear, green, amber, red), "" if not said. entity_counts: how many of each kind of
    entity were hit. origin: what an imported file
    said besides, origin_uuid: its identifier there.
    """

    __tablename__ = "incident"
    __table_args__ = (
        sa.UniqueConstraint("administration_id", "reference"),
        sa.UniqueConstraint("administration_id", "origin_uuid"),
        sa.Index("ix_incident_administration_id_created_at", "administration_id", "created_at"),
        sa.Index(
            "ix_incident_administration_id_updated_at", "administration_id", "updated_at", "id"
        ),
    )

    id: Mapped[uuid.UUID] = new_id()
    reference: Mapped[str] = mapped_column(sa.String(24))
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    title: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    rsit: Mapped[str] = mapped_column(sa.String(100))
    severity: Mapped[int | None]
    tlp: Mapped[str] = mapped_column(sa.String(16))
    determination: Mapped[str] = mapped_column(sa.String(20))
    investigation_status: Mapped[str] = mapped_column(sa.String(10))
    detected_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    sectors: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    countries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    techniques: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    pap: Mapped[str] = mapped_column(sa.String(8), default="", server_default="")
    detection_methods: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    entity_counts: Mapped[dict[str, int]] = mapped_column(
        sa.JSON, default=dict, server_default="{}"
    )
    revision: Mapped[int] = mapped_column(default=1)
    form_revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)
    content_changed_at: Mapped[datetime] = mapped_column(default=now)
    released_at: Mapped[datetime | None]
    origin: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    origin_uuid: Mapped[uuid.UUID | None]

    administration: Mapped[Administration] = relationship()
    creator: Mapped[User | None] = relationship(foreign_keys=[created_by])
    updater: Mapped[User | None] = relationship(foreign_keys=[updated_by])
    observables: Mapped[list["IncidentObservable"]] = relationship(
        cascade="all, delete-orphan",
        order_by="(IncidentObservable.added_at, IncidentObservable.type, IncidentObservable.value)",
    )
    rules: Mapped[list["IncidentRule"]] = relationship(
        cascade="all, delete-orphan", order_by="IncidentRule.key"
    )
    capabilities: Mapped[list["IncidentCapability"]] = relationship(
        cascade="all, delete-orphan", order_by="IncidentCapability.capability"
    )
    readers: Mapped[list["IncidentReader"]] = relationship(cascade="all, delete-orphan")
    impacts: Mapped[list[IncidentImpact]] = relationship(
        cascade="all, delete-orphan", order_by="(IncidentImpact.added_at, IncidentImpact.id)"
    )
    tasks: Mapped[list[IncidentTask]] = relationship(
        cascade="all, delete-orphan", order_by="(IncidentTask.added_at, IncidentTask.id)"
    )

    @property
    def marking(self) -> TLP:
        """Return the TLP label of this incident."""
        return TLP(self.tlp)

    @property
    def is_cross_border(self) -> bool:
        """Return whether another country than the administration's own is concerned."""
        return any(code != self.administration.code[:2] for code in self.countries)


class IncidentReader(Base):
    """A person who is named for a TLP:RED incident."""

    __tablename__ = "incident_reader"

    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )

    user: Mapped[User] = relationship()


class IncidentCapability(Base):
    """A capability of the national CIRT that failed or held in an incident."""

    __tablename__ = "incident_capability"

    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True
    )
    capability: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    outcome: Mapped[str] = mapped_column(sa.String(8))  # failed | held


class IncidentObservable(Base):
    """One observable of an incident, each once.

    type, properties: as cirt.stix.observables.Observable. key: SHA-256 of both in canonical form.
    withdrawn_at: when it was taken back after a release; its indicator is then sent revoked.
    count: how often it was seen between first and last, None if not counted. is_victim: it belongs
    to the victim, not to the attack. received_id: the received item it was taken over from.
    """

    __tablename__ = "incident_observable"
    __table_args__ = (sa.UniqueConstraint("incident_id", "key"),)

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("incident.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(sa.String(40))
    properties: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    value: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = mapped_column(sa.String(64), index=True)
    is_indicator: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    first_observed: Mapped[datetime | None]
    last_observed: Mapped[datetime | None]
    count: Mapped[int | None]
    is_victim: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    received_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("received_item.id", ondelete="SET NULL"), index=True
    )
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    @property
    def observable(self) -> Observable:
        """Return the observable itself."""
        return Observable(self.type, self.properties)


class IncidentRule(Base):
    """A detection rule that came with an incident: YARA, Sigma, Snort, a STIX pattern."""

    __tablename__ = "incident_rule"
    __table_args__ = (sa.UniqueConstraint("incident_id", "key"),)

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("incident.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(300))
    pattern: Mapped[str] = mapped_column(sa.Text)
    pattern_type: Mapped[str] = mapped_column(sa.String(20))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    withdrawn_at: Mapped[datetime | None]


class IncidentChange(Base):
    """One act in the history of an incident.

    kind: one of case_words.CHANGE_NAMES. fields: for an edit {name: [before, after]}; else counts
    and values, or {"subject": which one, "changes": {name: [before, after]}}. reason: why a
    marking was lowered.
    """

    __tablename__ = "incident_change"
    __table_args__ = (sa.Index("ix_incident_change_incident_id_at", "incident_id", "at"),)

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("incident.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(sa.String(24))
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    user: Mapped[User | None] = relationship()
