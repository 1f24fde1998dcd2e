"""What one audience gets to see of an incident: the input of every outgoing format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cirt.stix.iep import IepContent
from cirt.stix.marking import TLP
from cirt.stix.observables import Observable


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """The administration that releases, or the circle that stands for it.

    id: becomes `identity--<id>`, the same in every release. code: its short code, e.g. "XA".
    contact: a functional mail address of the team (never a person's), None to send none.
    modified: when name or code last changed; None takes the time of the content. is_circle: only
    id and name are sent, as a "group"; nothing else may tell who produced it.
    """

    id: UUID
    name: str
    code: str
    contact: str | None = None
    modified: datetime | None = None
    identity_class: str = "organization"
    is_circle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservableContent:
    """An observable of the incident, and whether to look for it elsewhere (is_indicator).

    pattern, pattern_type: only for an indicator that is looked for in another way than by the
    observable's own value; None makes the pattern from the observable. first_observed,
    last_observed, count: sent as observed-data when all three are known, and for an indicator as
    a sighting. withdrawn: it was released before and is not valid any more; its indicator is sent
    revoked. is_victim: it belongs to the victim, not to the attack.
    """

    observable: Observable
    is_indicator: bool = False
    comment: str = ""
    first_observed: datetime | None = None
    last_observed: datetime | None = None
    count: int | None = None
    pattern: str | None = None
    pattern_type: str = "stix"
    indicator_types: tuple[str, ...] = ()
    withdrawn: bool = False
    is_victim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorContent:
    """A rule without an observable of its own: a STIX pattern, or YARA, Sigma, Snort, ...

    key: stable within the incident, so that a changed rule is a new version of the same indicator.
    valid_from: None takes the creation time of the incident.
    """

    key: str
    name: str
    pattern: str
    pattern_type: str = "stix"
    comment: str = ""
    indicator_types: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactContent:
    """One harm on the victim.

    key: stable within the incident. category: availability, confidentiality, external, integrity,
    monetary, physical or traceability. criticality: 0 to 100. recoverability: a word of the closed
    list, "" if not said. details: the properties of the category's extension. counts: entity type
    -> number. superseded_by: key of a later impact of the same category; then `ended` is known.
    """

    key: str
    category: str
    criticality: int | None = None
    description: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    recoverability: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContent:
    """One thing that defenders do or did; never who of them.

    key: stable within the incident. task_types: words of the task-type vocabulary. outcome: a word
    of the closed list task-outcome. priority: 0 to 100.
    """

    key: str
    name: str
    outcome: str
    description: str = ""
    task_types: tuple[str, ...] = ()
    priority: int | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentContent:
    """Everything of an incident that one audience gets to see.

    modified: later than before whenever anything else here changed, the TLP included: partners
    take two objects with the same id and time for the same. reference: the producer's number of
    the case. language: BCP 47 tag of title and description. started, ended: of what happened;
    detected: when it was noticed (STIX has no place for it); each may be unknown (None). rsit:
    "<classification>:<type>" of the Reference Security Incident Taxonomy, "" if not classified.
    severity: 0 to 5, None if not rated. determination, investigation_status: words of the
    incident core extension. sectors: words of STIX's industry-sector vocabulary. techniques:
    ATT&CK ids such as "T1566.001". impacted_entity_counts: entity type -> number. pap: what a
    recipient may do with it ("clear", "green", "amber", "red"), "" if not said. iep: the policy of
    use that goes with it. revoked: the whole incident is no longer valid.
    """

    id: UUID
    reference: str
    title: str
    producer: Producer
    created: datetime
    modified: datetime
    description: str = ""
    language: str = "en"
    tlp: TLP = TLP.AMBER_STRICT
    started: datetime | None = None
    ended: datetime | None = None
    detected: datetime | None = None
    rsit: str = ""
    severity: int | None = None
    determination: str = "suspected"
    investigation_status: str = "open"
    detection_methods: tuple[str, ...] = ()
    impacted_entity_counts: Mapping[str, int] = field(default_factory=dict)
    sectors: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    observables: tuple[ObservableContent, ...] = ()
    indicators: tuple[IndicatorContent, ...] = ()
    impacts: tuple[ImpactContent, ...] = ()
    tasks: tuple[TaskContent, ...] = ()
    pap: str = ""
    iep: IepContent | None = None
    revoked: bool = False
