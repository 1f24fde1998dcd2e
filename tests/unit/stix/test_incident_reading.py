"""Reading what others send about an incident: our own, the published examples, the drafts."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.errors import InvalidInputError
from cirt.stix.content import IncidentContent
from cirt.stix.incident_reading import ReceivedContent, read_report
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from cirt.stix.patterns import pattern_for
from cirt.stix.received_values import looked_for
from cirt.stix.wire import build
from tests.unit.stix.suite_contents import FULL, changed, contents

HASH = "a" * 64


def sent(content: IncidentContent) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in build(content).objects]


def of(content: IncidentContent, kind: str) -> ReceivedContent:
    objects = sent(content)
    return read_report(objects, next(one["id"] for one in objects if one["type"] == kind))


@pytest.mark.parametrize("kind", ["report", "incident"])
def test_what_we_send_reads_back_whole(kind: str) -> None:
    """From the report and from the incident alike."""
    read = of(FULL, kind)
    assert (read.title, read.description) == (FULL.title, FULL.description)
    assert (read.tlp, read.pap, read.policies) == (TLP.AMBER, "amber", (FULL.iep,))
    assert (read.started, read.ended) == (FULL.started, FULL.ended)
    assert (read.rsit, read.criticality, read.determination) == (FULL.rsit, 95, "confirmed")
    assert read.counts == FULL.impacted_entity_counts
    assert read.sectors == FULL.sectors
    assert read.producer_name == FULL.producer.name
    assert {one.external_id for one in read.techniques} == set(FULL.techniques)
    assert {"Block Command Message"} < {one.name for one in read.techniques}
    assert read.missing == read.unknown == ()
    assert [one.external_id for one in read.references] == ["XA-2026-17"]
    assert {one.observable for one in read.observables} == {
        one.observable for one in FULL.observables
    }
    (seen,) = (one for one in read.observables if one.text == "198.51.100.7")
    assert (seen.count, seen.is_indicator, seen.is_victim) == (3, True, False)
    (victim,) = (one for one in read.observables if one.text == "192.0.2.10")
    assert victim.is_victim
    assert {one.sighted for one in read.indicators} == {0, 3}


@settings(max_examples=60, deadline=None)
@given(contents, st.randoms())
def test_any_content_reads_back_in_any_order(content: IncidentContent, random: Any) -> None:
    objects = sent(content)
    random.shuffle(objects)
    root = next(one["id"] for one in objects if one["type"] == "report")
    read = read_report(objects, root)
    assert (read.title, read.description) == (content.title, content.description)
    assert read.tlp is build(content).tlp
    assert read.pap == content.pap
    for impact in content.impacts:
        assert any(
            (one.category, one.criticality, one.recoverability, dict(one.details))
            == (impact.category, impact.criticality, impact.recoverability, dict(impact.details))
            for one in read.impacts
        )
    assert len(read.impacts) == len(content.impacts)
    assert sorted(one.name for one in read.tasks) == sorted(one.name for one in content.tasks)
    assert {one.outcome for one in read.tasks} == {one.outcome for one in content.tasks}
    assert all(one.unfit == () for one in read.impacts)
    assert read.missing == read.unknown == ()
    assert read.revoked is content.revoked


def bundle(real_data: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads((real_data / "stix" / name).read_text(encoding="utf-8"))
    return found if isinstance(found, list) else found["objects"]


def read_first(objects: list[dict[str, Any]], kind: str = "incident") -> ReceivedContent:
    return read_report(objects, next(one["id"] for one in objects if one["type"] == kind))


SUITE = "extensions/incident-suite/examples"


def test_entries_of_the_standard_form_are_read(real_data: Path) -> None:
    """Incident Core Extension 2.1: events, tasks and impacts of the published examples."""
    read = read_first(bundle(real_data, f"{SUITE}/incident_ransom.json"))
    assert (len(read.events), len(read.impacts), len(read.tasks)) == (3, 4, 1)
    assert "monetary" in {one.category for one in read.impacts}
    read = read_first(bundle(real_data, f"{SUITE}/incident_pii_report.json"))
    assert read.counts == {"individual": 123456}
    assert (len(read.impacts), len(read.tasks)) == (3, 7)
    assert read.started is not None


def test_array_in_place_of_a_bundle_is_read(real_data: Path) -> None:
    read = read_first(bundle(real_data, f"{SUITE}/incident_sample_infrastructure.array.json"))
    assert (len(read.impacts), len(read.tasks), read.criticality) == (6, 3, 90)


def test_refs_form_of_the_later_draft_is_read(real_data: Path) -> None:
    """The unreleased form: event_refs and task_refs in place of entries."""
    objects = bundle(real_data, f"{SUITE}/incident_duplication.refs-form.json")
    assert len(read_first(objects).tasks) == 2
    assert len(read_first(objects, "report").tasks) == 3


def test_activities_of_an_older_draft_are_read(real_data: Path) -> None:
    read = read_first(bundle(real_data, "dialects/dod-incident_Sample_activity-v1.json"))
    assert (len(read.events), len(read.tasks)) == (4, 5)
    assert "discovery" in {word for one in read.tasks for word in one.task_types}


def test_what_an_os_threat_incident_refers_to_is_named_as_missing(real_data: Path) -> None:
    read = read_first(bundle(real_data, "dialects/os-threat-testing.json"))
    assert any(one.startswith("sequence--") for one in read.missing)
    assert any(one.startswith("event--") for one in read.missing)
    assert read.incident_types == ("dissemination-phishing-emails",)


def test_sequences_and_unknown_kinds_are_kept() -> None:
    """The OS-Threat dialect: sequence objects lead to events; unknown types are shown, not lost."""
    objects = sent(changed(iep=None))
    incident = next(one for one in objects if one["type"] == "incident")
    (core,) = (one for one in incident["extensions"].values() if "determination" in one)
    event = core.pop("events")[0]["event_ref"]
    sequence = {
        "type": "sequence",
        "spec_version": "2.1",
        "id": "sequence--11111111-2222-4333-8444-555555555555",
        "created": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
        "sequenced_object": event,
        "sequence_type": "event",
        "on_completion_ref": event,
    }
    core |= {"sequence_start_refs": [sequence["id"]], "mood": "gloomy"}
    read = read_report([*objects, sequence], incident["id"])
    assert [one.stix_id for one in read.events] == [event]
    assert read.unknown == (sequence,)
    assert read.dialect == {"mood": "gloomy"}


def test_economic_impacts_and_counts_as_objects_are_read() -> None:
    """The working draft after 2.1: economic-ext, entity-count objects."""
    objects = sent(FULL)
    for one in objects:
        if one["type"] == "impact" and one["impact_category"] == "monetary":
            one["impact_category"] = "economic"
            one["extensions"]["economic-ext"] = one["extensions"].pop("monetary-ext")
            one["impacted_entity_counts"] = [
                {"entity_type": "customer", "count": 7, "precise_within": 2},
                {"entity_type": "system", "count": "many"},
            ]
        if one["type"] == "incident":
            (core,) = (e for e in one["extensions"].values() if "impacted_entity_counts" in e)
            core["impacted_entity_counts"] = {"entity_type": "ics-plc", "count": 9}
    read = read_first(objects)
    assert read.counts == {"ics-plc": 9}
    (impact,) = (one for one in read.impacts if one.category == "monetary")
    assert impact.details["variety"] == "ransom-demand"
    assert impact.counts == {"customer": 7}


def test_unfit_details_are_kept_and_named() -> None:
    objects = sent(FULL)
    for one in objects:
        if "availability-ext" in one.get("extensions", {}):
            one["extensions"]["availability-ext"]["availability_impact"] = "total"
    read = read_first(objects)
    found = [one for one in read.impacts if one.category == "availability"]
    assert {one.unfit for one in found} == {("availability_impact",)}
    assert all(one.details == {"availability_impact": "total"} for one in found)


def test_unreadable_marking_makes_the_whole_unknown() -> None:
    """Unknown is not forwarded; the policy is readable only when its definition came along."""
    objects = sent(FULL)
    alone = [one for one in objects if "IEP" not in str(one.get("name")) and not is_policy(one)]
    assert read_first(objects, "report").tlp is TLP.AMBER
    assert read_first(alone, "report").tlp is None
    loose = [dict(one) for one in objects]
    for one in loose:
        if one["type"] == "ipv4-addr":
            one["object_marking_refs"] = [TLP.RED.marking_id]
    assert read_first(loose, "report").tlp is TLP.RED


def is_policy(one: dict[str, Any]) -> bool:
    return one["type"] == "marking-definition" and one.get("created_by_ref", "").startswith(
        f"identity--{FULL.producer.id}"
    )


def test_neighbours_of_the_same_feed_stay_outside() -> None:
    """Two incidents with a technique in common are two."""
    other = dataclasses.replace(changed(title="Another"), id=FULL.producer.id, impacts=(), tasks=())
    objects = {one["id"]: one for one in [*sent(FULL), *sent(other)]}
    read = read_report(objects.values(), f"incident--{other.id}")
    assert (read.title, read.impacts, read.tasks) == ("Another", (), ())
    assert f"incident--{FULL.id}" not in read.member_ids


@pytest.mark.parametrize(
    "folder",
    [
        "misp-stix-external",
        "misp-stix-internal",
        "real-bundles",
        "attack-flow",
        "interop-use-cases",
        "examples-oasis",
        "spec-examples",
    ],
)
def test_real_bundles_are_read_and_nothing_in_them_is_lost(real_data: Path, folder: str) -> None:
    """Every object of a report's own is a member, and says what it is somewhere."""
    count = 0
    for path in sorted((real_data / "stix" / folder).rglob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        objects = found.get("objects") if isinstance(found, dict) else found
        rows = [one for one in objects or () if isinstance(one, dict) and "id" in one]
        for one in rows:
            if one.get("type") in ("report", "grouping"):
                read = read_report(rows, one["id"])
                named = {ref for ref in one["object_refs"] if ref in {row["id"] for row in rows}}
                assert named <= set(read.member_ids), path.name
                assert set(one["object_refs"]) - named <= set(read.missing), path.name
                assert read.title
                count += 1
    assert count or folder in (
        "attack-flow",
        "spec-examples",
        "examples-oasis",
        "real-bundles",
        "interop-use-cases",
    )


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_reader_takes_whatever_stands_in_an_extension(data: Any) -> None:
    """T-63 in kind: wrong types anywhere make no crash."""
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    )
    objects = json.loads(json.dumps(sent(FULL)))
    for _ in range(3):
        one = data.draw(st.sampled_from(objects))
        name = data.draw(st.sampled_from(sorted(set(one) - {"id", "type"})))
        one[name] = data.draw(junk)
    incident = next(one for one in objects if one["type"] == "incident")
    if isinstance(incident.get("extensions"), dict):
        for core in incident["extensions"].values():
            if isinstance(core, dict) and core:
                core[data.draw(st.sampled_from(sorted(core)))] = data.draw(junk)
    read_report(objects, incident["id"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ipv4-addr", "198.51.100.7"),
        ("domain-name", "bad.example"),
        ("url", "http://bad.example/'x"),
        ("file", HASH),
        ("email-addr", "a@bad.example"),
        ("windows-registry-key", r"HKLM\Software\Bad"),
        ("mutex", "a'b\\c"),
    ],
)
def test_plain_patterns_give_back_their_observable(kind: str, value: str) -> None:
    assert looked_for(pattern_for(observable(kind, value))) == observable(kind, value)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value LIKE '198.%']",
        "[ipv4-addr:value = '198.51.100.7' AND domain-name:value = 'a.example']",
        "[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [url:value = 'http://a.example']",
        "[ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value = '198.51.100.8']",
        "[x-thing:value = 'y']",
        "[ipv4-addr:value = 'nonsense']",
        "",
    ],
)
def test_other_patterns_give_none(pattern: str) -> None:
    assert looked_for(pattern) is None


def test_root_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InvalidInputError):
        read_report([], f"report--{FULL.id}")
