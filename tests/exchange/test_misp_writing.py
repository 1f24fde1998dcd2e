"""Writing MISP event files: what a receiver gets, and the account of what it does not get."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymisp import MISPEvent

from cirt.errors import ForbiddenError
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import MispExport, export_event, import_event
from cirt.stix.misp_export import event_of
from cirt.stix.observables import Observable, observable
from tests.exchange.misp_content import PRODUCER, incident_of

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data" / "misp"


@pytest.fixture(scope="module")
def incident() -> IncidentContent:
    return incident_of(import_event((DATA / "wide.json").read_bytes()))


@pytest.fixture(scope="module")
def export(incident: IncidentContent) -> MispExport:
    return export_event(incident)


@pytest.fixture(scope="module")
def event(export: MispExport) -> Any:
    return json.loads(export.body)["Event"]


def _attributes(event: Any) -> list[Any]:
    return event["Attribute"] + [a for entry in event["Object"] for a in entry["Attribute"]]


def test_event_says_who_what_and_how_it_may_be_passed_on(event: Any) -> None:
    """TLP-2.0-AMBER+STRICT keeps its own tag; distribution 0 leaves the next step to a person."""
    assert event["info"] == "Phishing of a ministry"
    assert event["uuid"] == "7d1c2b3a-0000-4000-8000-00000000001b"
    assert event["Orgc"] == {"name": PRODUCER.name, "uuid": str(PRODUCER.id)}
    assert (event["date"], event["threat_level_id"], event["analysis"]) == ("2025-12-31", "1", "2")
    assert (event["distribution"], event["published"]) == ("0", False)
    assert [tag["name"] for tag in event["Tag"]] == [
        "tlp:amber+strict",
        'rsit:fraud="phishing"',
        'misp-galaxy:mitre-attack-pattern="T1071.001"',
        'misp-galaxy:mitre-attack-pattern="T1566"',
    ]


def test_indicators_raise_alarms_and_observables_do_not(event: Any) -> None:
    to_ids = {(a["type"], a["value"]): a["to_ids"] for a in _attributes(event)}
    assert to_ids[("domain", "login.example.org")]
    assert to_ids[("ip-dst", "192.0.2.7")]
    assert not to_ids[("ip-dst", "2001:db8::1")]
    assert to_ids[("sha1", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")]
    assert not to_ids[("filename", "invoice.pdf.exe")]
    assert to_ids[("yara", 'rule Lure { strings: $a = "lure" condition: $a }')]
    assert not to_ids[("vulnerability", "CVE-2024-3400")]


def test_nothing_of_the_incident_is_missing(incident: IncidentContent, export: MispExport) -> None:
    assert export.losses == ()
    text = export.body.decode()
    for item in incident.observables:
        for value in item.observable.properties.get("hashes", {}).values():
            assert value in text
    assert "Seen in three ministries" in text
    assert "XA-2026-0007" in text


def test_what_the_incident_does_not_say_is_not_in_the_event(export: MispExport) -> None:
    text = export.body.decode()
    assert "cirt@xa.example" not in text
    assert "Indicator ID" not in text
    assert "misp-galaxy:producer" not in text


def test_same_incident_gives_the_same_bytes(incident: IncidentContent, export: MispExport) -> None:
    assert export_event(incident).body == export.body


def test_uuids_are_stable_when_the_incident_grows(incident: IncidentContent, event: Any) -> None:
    more = ObservableContent(observable=observable("domain-name", "new.example.org"))
    grown = json.loads(
        export_event(replace(incident, observables=(*incident.observables, more))).body
    )
    known = {a["uuid"]: a["value"] for a in _attributes(event)}
    now = {a["uuid"]: a["value"] for a in _attributes(grown["Event"])}
    assert known.items() < now.items()
    assert len(now) == len(known) + 1


def test_pymisp_reads_the_event(export: MispExport) -> None:
    read = MISPEvent()
    read.load(export.body.decode())
    assert read.info == "Phishing of a ministry"
    assert next(tag.name for tag in read.tags) == "tlp:amber+strict"
    assert len(read.attributes) == 9
    assert {entry.name for entry in read.objects} == {"file", "registry-key", "user-account"}


def test_event_comes_back_as_it_left(incident: IncidentContent, export: MispExport) -> None:
    back = import_event(export.body)
    assert (back.uuid, back.title, back.tlp) == (incident.id, incident.title, incident.tlp)
    assert (back.rsit, back.severity) == (incident.rsit, incident.severity)
    assert tuple(pattern.external_id for pattern in back.attack_patterns) == incident.techniques
    assert {(f.observable, f.is_indicator) for f in back.observables} == {
        (item.observable, item.is_indicator) for item in incident.observables
    }
    assert [rule.pattern for rule in back.rules] == [rule.pattern for rule in incident.indicators]
    assert back.lost_attributes == ()


def test_red_is_not_exported(incident: IncidentContent) -> None:
    """TLP-2.0-RED leaves by no file."""
    with pytest.raises(ForbiddenError):
        export_event(replace(incident, tlp=TLP.RED))


def test_what_misp_cannot_hold_is_said(incident: IncidentContent) -> None:
    odd = Observable("process", {"command_line": "powershell -enc x", "cwd": "C:\\"})
    rule = IndicatorContent(key="k", name="a filter", pattern="port 1", pattern_type="pcre")
    content = replace(
        incident, observables=(ObservableContent(observable=odd),), indicators=(rule,), revoked=True
    )
    # without misp-stix: only the forms that this repository knows itself
    losses = event_of(content, None).losses
    assert [(loss.kind, loss.path) for loss in losses] == [
        ("observable", "observables[0]"),
        ("observable", "observables[0]"),
        ("indicator", "indicators[0]"),
        ("incident", ""),
    ]
    assert "“command_line” of “process”" in losses[0].reason


def test_withdrawn_indicators_raise_no_alarm(incident: IncidentContent) -> None:
    gone = ObservableContent(
        observable=observable("domain-name", "old.example.org"), is_indicator=True, withdrawn=True
    )
    (attribute,) = json.loads(
        export_event(replace(incident, observables=(gone,), indicators=())).body
    )["Event"]["Attribute"]
    assert (attribute["value"], attribute["to_ids"]) == ("old.example.org", False)
    assert attribute["comment"] == "No longer valid."


def test_plain_forms_stand_in_where_misp_stix_fails(incident: IncidentContent) -> None:
    event = json.loads(event_of(incident, None).body)["Event"]
    values = {attribute["value"] for attribute in event["Attribute"]}
    assert {"login.example.org", "192.0.2.7", "loader.exe", "CVE-2024-3400"} <= values
    assert event["Object"] == []
    MISPEvent().load(json.dumps({"Event": event}))


def test_parent_process_never_loads_misp_stix() -> None:
    """D11: hostile input meets misp-stix in a process of its own only."""
    code = (
        "import sys; import cirt.stix.misp_exchange; "
        "loaded = {'misp_stix_converter', 'pymisp', 'stix', 'stix2'} & set(sys.modules); "
        "print(loaded); sys.exit(bool(loaded))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_incident_without_observables_becomes_an_event(incident: IncidentContent) -> None:
    export = export_event(replace(incident, observables=(), indicators=()))
    event = json.loads(export.body)["Event"]
    assert (event["info"], event["Attribute"], event["Object"]) == (incident.title, [], [])
    assert export.losses == ()


def test_demonstration_event_goes_through_both_ways() -> None:
    """The event that comes with the demonstration, with its licence beside it."""
    folder = ROOT / "config" / "seed" / "misp"
    assert "ESET" in (folder / "ESET-LICENSE.txt").read_text(encoding="utf-8")
    event = import_event((folder / "powerpool.json").read_bytes())
    assert (event.producer_name, event.attribute_count, event.lost_attributes) == ("ESET", 18, ())
    assert len(event.observables) == 10
    export = export_event(incident_of(event))
    assert export.losses == ()
    assert b"newsrental.net" in export.body
