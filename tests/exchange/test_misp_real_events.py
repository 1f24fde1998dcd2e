"""Real MISP events: every one arrives or is refused with a reason, and the account adds up."""

import json
from pathlib import Path

import pytest

from cirt.errors import DomainError, InvalidInputError
from cirt.stix.misp_event import read_events
from cirt.stix.misp_exchange import MispImport, import_event
from cirt.stix.misp_export import event_of
from tests.exchange.misp_content import import_together, incident_of, understood_by_others


def _events(folder: Path) -> list[Path]:
    """Return the files of a folder that are MISP events at all."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            read_events(path.read_bytes())
        except InvalidInputError:
            continue
        found.append(path)
    return found


@pytest.fixture(scope="module")
def eset(real_data: Path) -> dict[str, MispImport]:
    paths = sorted((real_data / "misp/events/eset").glob("*.json"))
    assert len(paths) == 27
    results = import_together([path.read_bytes() for path in paths])
    assert not [result for result in results if isinstance(result, Exception)]
    return dict(zip((path.name for path in paths), results, strict=True))  # type: ignore[arg-type]


def _assert_accounted(event: MispImport) -> None:
    paths = [entry.path for entry in event.carried] + [loss.path for loss in event.lost_attributes]
    assert len(paths) == len(set(paths)) == event.attribute_count
    assert all(loss.reason.endswith(".") for loss in event.losses)


def test_every_eset_event_arrives_with_its_account(eset: dict[str, MispImport]) -> None:
    """T-53."""
    for event in eset.values():
        _assert_accounted(event)
        assert event.title
        assert event.producer_name in {"ESET", "CIRCL"}
        assert event.observables
    carried = sum(len(event.carried) for event in eset.values())
    lost = sum(len(event.lost_attributes) for event in eset.values())
    assert (carried, lost) == (1193, 36)


def test_nothing_of_an_eset_event_gets_lost_unsaid(
    eset: dict[str, MispImport], real_data: Path
) -> None:
    """Counted from the file itself, without our reader."""
    for name, event in eset.items():
        document = json.loads((real_data / "misp/events/eset" / name).read_text())
        raw = document["Event"] if "Event" in document else document["response"][0]["Event"]
        objects = raw.get("Object", [])
        inside = sum(len(entry["Attribute"]) for entry in objects)
        assert event.attribute_count == len(raw["Attribute"]) + inside
        to_ids = {f"Attribute[{n}]" for n, a in enumerate(raw["Attribute"]) if a["to_ids"]} | {
            f"Object[{m}].Attribute[{n}]"
            for m, entry in enumerate(objects)
            for n, a in enumerate(entry["Attribute"])
            if a["to_ids"]
        }
        marked = {entry.path for entry in event.carried if entry.kind in {"indicator", "rule"}}
        assert marked <= to_ids <= marked | {loss.path for loss in event.lost_attributes}


def test_labels_and_techniques_of_real_events_are_read(eset: dict[str, MispImport]) -> None:
    assert eset["misp-telebots.json"].tlp == "clear"
    assert eset["misp-telebots.json"].labels == ("threat-actor: TeleBots",)
    techniques = {p.external_id for p in eset["lazarus_3cx.json"].attack_patterns}
    assert {"T1593.001", "T1204.002"} <= techniques


def test_released_bundles_of_real_events_are_understood_by_misp_stix(
    eset: dict[str, MispImport],
) -> None:
    """The bundle itself, before any repair: title, TLP label and indicators arrive elsewhere."""
    incidents = [incident_of(event) for event in eset.values()]
    for incident, event in zip(incidents, understood_by_others(incidents), strict=True):
        assert event is not None, incident.title
        assert event["info"] == incident.title
        assert {"name": incident.tlp.label.lower()} in event["Tag"]
        attributes = event.get("Attribute", []) + [
            attribute for entry in event.get("Object", []) for attribute in entry["Attribute"]
        ]
        alarms = {attribute["value"] for attribute in attributes if attribute["to_ids"]}
        for item in incident.observables:
            if item.is_indicator:
                values = item.observable.properties
                wanted = values.get("hashes", {}).values() or [values.get("value")]
                assert alarms.intersection(wanted), item.observable.value
        export = event_of(incident, event)
        assert export.losses == ()


def test_largest_event_converts_within_the_limits(real_data: Path) -> None:
    event = import_event((real_data / "misp/events/eset/lazarus_3cx.json").read_bytes())
    assert event.attribute_count == 50
    assert len(event.attack_patterns) == 20


def test_events_alone_convert_as_together(eset: dict[str, MispImport], real_data: Path) -> None:
    """T-50: shuffled into one process (above) or each in its own, the result is the same."""
    for name in ("misp-telebots.json", "sshdoor-kamino.json", "misp-wintervivern.event.json"):
        alone = import_event((real_data / "misp/events/eset" / name).read_bytes())
        assert alone == eset[name]


@pytest.mark.parametrize(
    ("folder", "events", "refused"),
    [("citizenlab", 7, 0), ("pymisp-tests", 13, 2), ("misp-stix-tests", 64, 12)],
)
def test_other_real_events_arrive_or_are_refused_with_a_reason(
    real_data: Path, folder: str, events: int, refused: int
) -> None:
    paths = _events(real_data / "misp/events" / folder)
    assert len(paths) == events
    results = import_together([path.read_bytes() for path in paths])
    errors = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, DomainError) and str(error).endswith(".") for error in errors)
    assert len(errors) == refused
    for result in results:
        if isinstance(result, MispImport):
            _assert_accounted(result)


def test_bundles_of_other_real_events_are_understood_too(real_data: Path) -> None:
    paths = _events(real_data / "misp/events/citizenlab")
    events = import_together([path.read_bytes() for path in paths])
    incidents = [incident_of(event) for event in events if isinstance(event, MispImport)]
    for incident, event in zip(incidents, understood_by_others(incidents), strict=True):
        export = event_of(incident, event)
        assert export.losses == ()
        assert json.loads(export.body)["Event"]["info"] == incident.title
