"""What a MISP event gives us and what we give as one, with an account of what did not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cirt.stix.marking import TLP
from cirt.stix.observables import Observable


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that one side holds and the other does not get.

    kind: "attribute" (the only one that counts against MispImport.attribute_count), "file" (the
    bytes of a sample), "object", "proposal", "sighting", "relationship", "opinion", "marking",
    "distribution", "galaxy"; on export also "incident" and "indicator". path: where, e.g.
    "Object[2].Attribute[1]". what: the thing itself, shortened. message, params: the reason as a
    message id and its values.
    """

    kind: str
    path: str
    what: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The reason in English; the web edge translates `message` instead."""
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True)
class Carried:
    """An attribute that arrived, and as what.

    kind: "observable", "indicator" (an observable to look for), "rule" (YARA, Sigma, ...),
    "reference" or "description".
    """

    path: str
    uuid: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MispObservable:
    """An observable of the event; equal ones are joined.

    is_indicator: MISP's to_ids of at least one of its attributes. attributes: their UUIDs.
    """

    observable: Observable
    is_indicator: bool
    comment: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MispRule:
    """A detection rule; pattern_type is a word of STIX's pattern-type vocabulary or MISP's own."""

    key: str
    name: str
    pattern: str
    pattern_type: str
    is_indicator: bool
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A page about the event; the address is http or https and is not called by anybody."""

    url: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackPattern:
    """A technique of MITRE ATT&CK, or a pattern of another galaxy (external_id "")."""

    name: str
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MispImport:
    """One MISP event, read and converted; nothing of it is stored yet.

    uuid: of the event; made from its content when it has none. severity: a proposal from the
    threat level (high 4, medium 3, low 2; undefined None). investigation_status: from the
    analysis (initial "new", ongoing "open", completed "closed"). tlp: the strictest label found;
    None when the event bears none, to be treated as AMBER+STRICT. rsit: "<classification>:<type>"
    or "". tags: all of them, as written. labels: names of galaxy clusters, "<galaxy type>: <name>".
    distribution, sharing_group: as MISP said; they decide nothing here. producer_uuid: of the
    creating organisation, as text, "" if not given. stamp: when it last changed, in seconds since
    1970. extends: the event that it extends.
    """

    uuid: UUID
    title: str
    description: str
    date: date | None
    published: bool
    severity: int | None
    investigation_status: str
    tlp: TLP | None
    tags: tuple[str, ...]
    rsit: str
    distribution: int | None
    sharing_group: str
    producer_name: str
    producer_uuid: str
    observables: tuple[MispObservable, ...]
    rules: tuple[MispRule, ...]
    references: tuple[Reference, ...]
    attack_patterns: tuple[AttackPattern, ...]
    labels: tuple[str, ...]
    attribute_count: int
    carried: tuple[Carried, ...]
    losses: tuple[Loss, ...]
    stamp: int | None = None
    extends: UUID | None = None

    @property
    def lost_attributes(self) -> tuple[Loss, ...]:
        """The losses that are attributes: these and `carried` add up to attribute_count."""
        return tuple(loss for loss in self.losses if loss.kind == "attribute")


@dataclass(frozen=True, slots=True)
class MispExport:
    """A MISP event file, {"Event": ...}, and what of the incident it could not hold."""

    body: bytes
    losses: tuple[Loss, ...]


def shortened(text: str, limit: int = 120) -> str:
    """Return a text on one line, cut after `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
