"""What leaves as STIX 2.1 when an incident is released, as the exact bytes.

The profile: one `incident` with the incident core extension, an `event` for its times, the
`identity` of the producer, indicators, observables, vulnerabilities, and a `report` that holds it
all together for tools that do not know incidents. Same content, same bytes.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cirt.errors import N_
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent, Producer
from cirt.stix.extensions import EVENT, INCIDENT_CORE, published
from cirt.stix.ids import canonical_json, object_id
from cirt.stix.marking import TLP, marking_definition
from cirt.stix.wire_objects import event, identity, incident, report
from cirt.stix.wire_observables import indicator_objects, observable_objects

__all__ = [
    "IncidentContent",
    "IndicatorContent",
    "ObservableContent",
    "Producer",
    "WireBundle",
    "WireObject",
    "build",
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
    own = [identity(content), incident(content)]
    own += event(content)
    for item in _distinct(content.observables):
        own += observable_objects(content, item)
    for rule in content.indicators:
        own += indicator_objects(content, rule)
    own.append(report(content, own))

    extensions = [INCIDENT_CORE] + ([EVENT] if any(o["type"] == "event" for o in own) else [])
    constants = published(*extensions)
    # the producer's identity is CLEAR, whatever the incident is
    constants += [marking_definition(tlp) for tlp in {TLP.CLEAR, content.tlp}]

    objects = [_wire_object(o) for o in own] + [_wire_object(o, constant=True) for o in constants]
    objects.sort(key=lambda o: (_ORDER.get(o.type, len(_ORDER)), o.type, o.stix_id))
    joined = b",".join(o.body for o in objects)
    bundle_id = object_id("bundle", content.id, hashlib.sha256(joined).hexdigest())
    # this is the canonical form of the whole, since the objects are canonical
    body = b'{"id":"%s","objects":[%s],"type":"bundle"}' % (bundle_id.encode(), joined)
    return WireBundle(tuple(objects), body, hashlib.sha256(body).hexdigest(), content.tlp)


def _distinct(items: Iterable[ObservableContent]) -> list[ObservableContent]:
    """One entry an observable; masking can make two equal, and the indicator is then kept."""
    chosen: dict[Any, ObservableContent] = {}
    for item in items:
        key = item.observable.canonical()
        if key not in chosen or (item.is_indicator and not chosen[key].is_indicator):
            chosen[key] = item
    return list(chosen.values())


def _wire_object(stix_object: dict[str, Any], *, constant: bool = False) -> WireObject:
    return WireObject(
        stix_id=stix_object["id"],
        type=stix_object["type"],
        modified=stix_object.get("modified"),
        created=stix_object.get("created"),
        body=canonical_json(stix_object),
        constant=constant,
    )
