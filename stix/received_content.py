"""What a received report or incident says, in one neutral form whoever wrote it and in which draft."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cirt.stix.iep import IepContent
from cirt.stix.marking import TLP
from cirt.stix.observables import Observable

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReceivedReference:
    """A reference to something outside of STIX. url: http, https or ftp, else ""."""

    source: str
    external_id: str = ""
    url: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedObservable:
    """Something that was seen. observable: None for a kind that is not handled here.

    text: its one-line form. comment: from notes or, for a vulnerability, its description. count,
    first, last: from observed-data. is_indicator: an indicator of the report looks for it.
    """

    stix_id: str
    type: str
    text: str
    observable: Observable | None = None
    comment: str = ""
    first_observed: datetime | None = None
    last_observed: datetime | None = None
    count: int | None = None
    is_indicator: bool = False
    is_victim: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedIndicator:
    """A pattern to look for. observable: what a plain comparison looks for, None for any other."""

    stix_id: str
    name: str
    pattern: str
    pattern_type: str
    description: str = ""
    types: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    observable: Observable | None = None
    sighted: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedTechnique:
    """A technique. external_id: its number in ATT&CK or CAPEC, "" if it has none."""

    name: str
    external_id: str = ""
    stix_id: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """Something that happened or may have; status is a word of the suite, "" if not said."""

    stix_id: str
    name: str
    status: str = ""
    description: str = ""
    types: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceivedImpact:
    """A harm. category: without "-ext"; may be one that the suite does not know.

    superseded_by: id of the impact that took its place. unfit: the details that break the rules of
    the category; they are kept as they came.
    """

    stix_id: str
    category: str
    criticality: int | None = None
    description: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    recoverability: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    superseded_by: str = ""
    unfit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedTask:
    """What somebody does or did about it."""

    stix_id: str
    name: str
    outcome: str = ""
    description: str = ""
    task_types: tuple[str, ...] = ()
    priority: int | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceivedNote:
    """A note or an opinion. about: ids of what it is about."""

    stix_id: str
    text: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedRelationship:
    """A relationship whose both ends are here."""

    stix_id: str
    source_id: str
    kind: str
    target_id: str


@dataclass(frozen=True, slots=True)
class ReceivedThing:
    """Another object that STIX knows (malware, threat actor, location, …), by name."""

    stix_id: str
    type: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedContent:
    """A report, grouping, incident or loose object, with all that belongs to it.

    root_id: of the object that was asked for; incident_id: of the incident in it, "" if there is
    none. title: the name, else a piece of the description, "" if there is neither. created,
    modified: as written. producer_id: the `created_by_ref`, a claim; producer_name: of that
    identity, if it is here. tlp: the strictest of all that belongs to it; None if something bears
    a marking that cannot be read here; then it goes no further. pap: the strictest word, "" if none.
    rsit: "<classification>:<type>" or "". criticality: 0 to 100. counts: entity type -> number.
    member_ids: all objects that belong to it, the root included. missing: ids that they refer to
    and that are not here. unknown: objects of types that STIX and the suite do not know, and
    dialect: what of an incident extension was not understood; both as they came.
    """

    root_id: str
    root_type: str
    incident_id: str = ""
    title: str = ""
    description: str = ""
    language: str = ""
    created: str = ""
    modified: str = ""
    revoked: bool = False
    producer_id: str = ""
    producer_name: str = ""
    tlp: TLP | None = None
    pap: str = ""
    policies: tuple[IepContent, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    rsit: str = ""
    criticality: int | None = None
    determination: str = ""
    investigation_status: str = ""
    recoverability: str = ""
    incident_types: tuple[str, ...] = ()
    detection_methods: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    references: tuple[ReceivedReference, ...] = ()
    events: tuple[ReceivedEvent, ...] = ()
    impacts: tuple[ReceivedImpact, ...] = ()
    tasks: tuple[ReceivedTask, ...] = ()
    indicators: tuple[ReceivedIndicator, ...] = ()
    observables: tuple[ReceivedObservable, ...] = ()
    techniques: tuple[ReceivedTechnique, ...] = ()
    notes: tuple[ReceivedNote, ...] = ()
    relationships: tuple[ReceivedRelationship, ...] = ()
    things: tuple[ReceivedThing, ...] = ()
    member_ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[Object, ...] = ()
    dialect: Mapping[str, Any] = field(default_factory=dict)
