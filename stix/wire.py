"""What leaves as STIX 2.1 when an incident is released, as the exact bytes.

The profile: one `incident` with the incident core extension, an `event` for its times, `impact` and
`task` objects, the `identity` of the producer and how to reach it, indicators and their sightings,
observables, vulnerabilities, techniques as MITRE publishes them, and a `report` that holds it all
together for tools that do not know incidents. Same content, same bytes; no reference leads out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.attack import companions
from cirt.stix.content import (
    ImpactContent,
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    TaskContent,
)
from cirt.stix.extensions import EXTENSION_IDS, published
from cirt.stix.ids import bundle_of, canonical_json, object_id
from cirt.stix.marking import TLP
from cirt.stix.references import closure, references_of
from cirt.stix.wire_identities import contact, identity
from cirt.stix.wire_impacts import impact_objects
from cirt.stix.wire_incident import event, has_event, incident, report, techniques
from cirt.stix.wire_markings import constant_markings, effective_tlp, policies
from cirt.stix.wire_objects import relationship
from cirt.stix.wire_observables import indicator_objects, observable_objects
from cirt.stix.wire_tasks import task_objects

__all__ = [
    "ImpactContent",
    "IncidentContent",
    "IndicatorContent",
    "ObservableContent",
    "Producer",
    "TaskContent",
    "WireBundle",
    "WireObject",
    "build",
    "closure",
]


@dataclass(frozen=True, slots=True)
class WireObject:
    """One STIX object as the exact bytes that leave.

    modified, created: as written in the object; None where its type has none (SCO: both,
    marking-definition: modified). constant: published by a standard, the same for everybody.
    """

    stix_id: str
    type: str
    modified: str | None
    created: str | None
    body: bytes
    constant: bool = False


@dataclass(frozen=True, slots=True)
class WireBundle:
    """A closed bundle: every reference in it resolves within it.

    body: the bundle, made of the bodies of the objects. sha256: of the body, in hex.
    """

    objects: tuple[WireObject, ...]
    body: bytes
    sha256: str
    tlp: TLP

    @property
    def releasable(self) -> bool:
        """Whether the bundle may leave by machine; see `reason`."""
        return self.reason is None

    @property
    def reason(self) -> str | None:
        """Why the bundle may be previewed and not released; None if it may be released."""
        if self.tlp is TLP.RED:
            return N_("TLP:RED is for named persons only and never enters a collection.")
        return None


_ORDER: Final = {
    kind: rank
    for rank, kind in enumerate(
        ("marking-definition", "extension-definition", "identity", "incident", "event", "report")
    )
}


def build(content: IncidentContent) -> WireBundle:
    """Return the bundle of an incident.

    A bundle of TLP:RED content can be previewed and is not releasable. Raises InvalidInputError,
    naming the field, for content that makes no valid STIX 2.1.
    """
    own, constants = _own(content), _constants(content)
    used = EXTENSION_IDS & {ref for one in own for ref in references_of(one)}
    constants += published(*sorted(used))
    if leading_out := closure([*own, *constants]):
        raise InvalidInputError(
            N_("The bundle refers to %(id)s, which is not in it; nothing was made."),
            id=leading_out[0],
        )
    objects = [_wire_object(o) for o in own] + [_wire_object(o, constant=True) for o in constants]
    objects.sort(key=lambda o: (_ORDER.get(o.type, len(_ORDER)), o.type, o.stix_id))
    joined = b",".join(o.body for o in objects)
    bundle_id = object_id("bundle", content.id, hashlib.sha256(joined).hexdigest())
    body = bundle_of(bundle_id, [joined])
    sha256 = hashlib.sha256(body).hexdigest()
    return WireBundle(tuple(objects), body, sha256, effective_tlp(content))


def _own(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the objects that are made for this content; the report comes last."""
    with_event = has_event(content)
    own = [identity(content), incident(content, has_event=with_event)]
    victims: list[str] = []
    for item in _distinct(content.observables):
        made = observable_objects(content, item)
        if item.is_victim and not item.withdrawn and made[0]["type"] != "vulnerability":
            victims.append(made[0]["id"])
        own += made
    for rule in content.indicators:
        own += indicator_objects(content, rule)
    own += impact_objects(content) + task_objects(content) + contact(content)
    patterns = techniques(content)
    own += [relationship(content, own[1]["id"], "related-to", one["id"]) for one in patterns]
    if with_event:
        own += event(content, victims, [one["id"] for one in own if one["type"] == "sighting"])
    own.append(report(content, own + patterns))
    return own + policies(content)


def _constants(content: IncidentContent) -> list[dict[str, Any]]:
    patterns = techniques(content)
    return constant_markings(content) + (patterns + companions() if patterns else [])


def _distinct(items: Iterable[ObservableContent]) -> list[ObservableContent]:
    """One entry an observable; masking can make two equal, and the indicator is then kept."""
    chosen: dict[Any, ObservableContent] = {}
    victims = set()
    for item in items:
        key = item.observable.canonical()
        if item.is_victim:
            victims.add(key)
        if key not in chosen or (item.is_indicator and not chosen[key].is_indicator):
            chosen[key] = item
    return [replace(item, is_victim=key in victims) for key, item in chosen.items()]


def _wire_object(stix_object: dict[str, Any], *, constant: bool = False) -> WireObject:
    return WireObject(
        stix_id=stix_object["id"],
        type=stix_object["type"],
        modified=stix_object.get("modified"),
        created=stix_object.get("created"),
        body=canonical_json(stix_object),
        constant=constant,
    )
