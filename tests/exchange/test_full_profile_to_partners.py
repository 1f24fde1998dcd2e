"""The full wire profile at partners: misp-stix makes events of it; our MISP file accounts for all."""

import dataclasses
import json
from typing import Any

import pytest

from cirt.stix import misp_exchange
from cirt.stix.content import IncidentContent
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import MispExport, export_event, import_event
from cirt.stix.wire import build
from tests.unit.stix.suite_contents import CIRCLE, FULL, changed

CONTENTS = {
    "full": FULL,
    "circle": changed(producer=CIRCLE),
    "strict": changed(tlp=TLP.AMBER_STRICT, iep=None, pap=""),
    "green": changed(tlp=TLP.GREEN, techniques=(), impacts=()),
    "clear": changed(tlp=TLP.CLEAR, iep=dataclasses.replace(FULL.iep, tlp="white")),  # type: ignore[type-var]
}


@pytest.fixture(scope="module")
def events() -> dict[str, Any]:
    """What misp-stix makes of our bundles, in a process of its own."""
    bundles = [json.loads(build(content).body) for content in CONTENTS.values()]
    made = misp_exchange._convert("to_misp", "bundles", bundles)
    return dict(zip(CONTENTS, made, strict=True))


@pytest.mark.parametrize("name", CONTENTS)
def test_partners_misp_gets_title_marking_and_indicators(name: str, events: dict[str, Any]) -> None:
    """As a partner without our program would read it; extensions are ignored there."""
    content, event = CONTENTS[name], events[name]
    assert event is not None
    assert event["info"] == content.title
    tags = {tag["name"].lower() for tag in event["Tag"]}
    assert content.tlp.label.lower() in tags
    assert not content.pap or f"pap:{content.pap}" in tags
    attributes = event.get("Attribute", []) + [
        one for entry in event.get("Object", []) for one in entry["Attribute"]
    ]
    alarms = {one["value"] for one in attributes if one["to_ids"]}
    assert "198.51.100.7" in alarms
    assert "192.0.2.10" not in alarms  # the victim's own
    assert "CVE-2021-44228" in json.dumps(event)
    if content.producer.is_circle:
        assert "duty@" not in json.dumps(event)


@pytest.fixture(scope="module")
def export() -> MispExport:
    return export_event(FULL)


def lost(content: IncidentContent) -> list[tuple[str, str]]:
    """What a MISP event has no form for, by comparison with the content."""
    found = [
        ("observable", f"observables[{place}]")
        for place, item in enumerate(content.observables)
        for one in (item.count is not None, item.is_victim)
        if one
    ]
    found += [("impact", f"impacts[{place}]") for place in range(len(content.impacts))]
    found += [("task", f"tasks[{place}]") for place in range(len(content.tasks))]
    return found + ([("policy", "iep")] if content.iep else [])


def test_what_misp_has_no_form_for_is_reported_and_readable(export: MispExport) -> None:
    """Loss is reported and equals what a comparison finds; a person still reads it."""
    assert [(one.kind, one.path) for one in export.losses] == lost(FULL)
    (report,) = json.loads(export.body)["Event"]["EventReport"]
    for said in ("ransom-demand", "Back on reserve.", "Isolate the gateway", "Ask before acting"):
        assert said in report["content"]


def test_file_for_misp_bears_the_markings_and_comes_back(export: MispExport) -> None:
    event = json.loads(export.body)["Event"]
    assert {"tlp:amber", "PAP:AMBER"} < {tag["name"] for tag in event["Tag"]}
    back = import_event(export.body)
    assert (back.title, back.tlp) == (FULL.title, FULL.tlp)
    assert {one.external_id for one in back.attack_patterns} == set(FULL.techniques)
    assert {one.observable for one in back.observables} == {
        one.observable for one in FULL.observables
    }
    assert "duty@" not in export.body.decode()
