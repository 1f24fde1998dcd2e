"""Incidents made of imported MISP events, for the tests of the way back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cirt import strictjson
from cirt.stix import misp_exchange
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent, Producer
from cirt.stix.marking import TLP
from cirt.stix.misp_event import read_events
from cirt.stix.misp_exchange import MispImport
from cirt.stix.misp_import import assemble
from cirt.stix.misp_sorting import sort
from cirt.stix.wire import build

PRODUCER = Producer(
    id=UUID("7d1c2b3a-0000-4000-8000-00000000abcd"),
    name="CIRT of XA",
    code="XA",
    contact="cirt@xa.example",
)


def incident_of(event: MispImport, **changes: Any) -> IncidentContent:
    """Return an incident with all that an event brings."""
    given: dict[str, Any] = {
        "id": event.uuid,
        "reference": "XA-2026-0007",
        "title": event.title,
        "producer": PRODUCER,
        "created": datetime(2026, 1, 1, tzinfo=UTC),
        "modified": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "started": datetime(2025, 12, 31, tzinfo=UTC),
        "description": event.description,
        "tlp": event.tlp or TLP.AMBER_STRICT,
        "rsit": event.rsit,
        "severity": event.severity,
        "investigation_status": event.investigation_status,
        "techniques": tuple(p.external_id for p in event.attack_patterns if p.external_id),
        "observables": tuple(
            ObservableContent(
                observable=found.observable,
                is_indicator=found.is_indicator,
                comment=found.comment,
                first_observed=found.first_seen,
                last_observed=found.last_seen,
            )
            for found in event.observables
        ),
        "indicators": tuple(
            IndicatorContent(
                key=rule.key,
                name=rule.name,
                pattern=rule.pattern,
                pattern_type=rule.pattern_type,
                comment=rule.comment,
            )
            for rule in event.rules
        ),
    }
    return IncidentContent(**(given | changes))


def import_together(files: Sequence[bytes]) -> list[MispImport | Exception]:
    """Import many files by one process; an event that is refused gives its error."""
    events = [event for data in files for event in read_events(data)]
    ways = [sort(event) for event in events]
    found = misp_exchange._convert("to_stix", "events", [way.document for way in ways])
    results: list[MispImport | Exception] = []
    for event, way, slots in zip(events, ways, found, strict=True):
        try:
            results.append(assemble(event, way, slots or {}))
        except Exception as error:  # noqa: BLE001 - the tests look at it
            results.append(error)
    return results


def understood_by_others(incidents: Sequence[IncidentContent]) -> list[Any]:
    """Return the MISP events that misp-stix alone makes of the released bundles."""
    limits = strictjson.Limits(max_string=10_000_000)
    bundles = [strictjson.loads(build(incident).body, limits) for incident in incidents]
    return misp_exchange._convert("to_misp", "bundles", bundles)
