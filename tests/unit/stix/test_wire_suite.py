"""The wire profile in full: impacts, tasks, techniques, contact, policies, circles."""

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import stix2
from hypothesis import HealthCheck, given, settings
from stix2validator import ValidationOptions, validate_instance

from cirt.errors import InvalidInputError
from cirt.stix.attack import technique_object
from cirt.stix.content import ImpactContent, IncidentContent, TaskContent
from cirt.stix.extensions import CONTACT, EVENT, IMPACT, INCIDENT_CORE, TASK, published
from cirt.stix.iep import IEP_EXTENSION, iep_labels
from cirt.stix.marking import MITRE_STATEMENT, TLP, pap_marking, tlp_of
from cirt.stix.validation import check_object
from cirt.stix.wire import WireBundle, build, closure
from tests.unit.stix.suite_contents import CIRCLE, FULL, NOW, PRODUCER, RANSOM, changed, contents

SEPARATE = ("identity", "marking-definition", "email-addr")


def objects_of(bundle: WireBundle) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in bundle.objects]


def of_type(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["type"] == kind]


@pytest.fixture(scope="module")
def full() -> list[dict[str, Any]]:
    return objects_of(build(FULL))


def links(objects: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (
            one["source_ref"].partition("--")[0],
            one["relationship_type"],
            one["target_ref"].partition("--")[0],
        )
        for one in of_type(objects, "relationship")
    }


def test_every_part_of_the_profile_is_there_and_valid(full: list[dict[str, Any]]) -> None:
    """STIX 2.1, the suite, TLP 2.0, PAP, IEP 2.0: our check, stix2 and the OASIS validator."""
    assert {one["type"] for one in full} == {
        *("incident", "event", "impact", "task", "identity", "sighting", "indicator"),
        *("ipv4-addr", "email-addr", "observed-data", "relationship", "report"),
        *("vulnerability", "attack-pattern", "marking-definition", "extension-definition"),
    }
    assert links(full) == {
        ("indicator", "detected", "incident"),
        ("indicator", "based-on", "observed-data"),
        ("event", "impacts", "ipv4-addr"),
        ("incident", "related-to", "attack-pattern"),
        ("identity", "contact-for", "incident"),
    }
    for one in full:
        assert check_object(one, now=FULL.modified) == [], one["type"]
        stix2.parse(one, allow_custom=True)
        result = validate_instance(one, ValidationOptions(version="2.1"))
        assert result.is_valid, (one["type"], result.errors)
    assert len(stix2.parse(build(FULL).body.decode(), allow_custom=True).objects) == len(full)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents)
def test_any_full_content_is_closed_valid_and_the_same_bytes(content: IncidentContent) -> None:
    bundle = build(content)
    objects = objects_of(bundle)
    assert build(content) == bundle
    assert rfc8785.dumps(json.loads(bundle.body)) == bundle.body
    assert closure(objects) == []
    policies = iep_labels(objects)
    for one, wire in zip(objects, bundle.objects, strict=True):
        assert check_object(one, now=content.modified) == []
        stix2.parse(one, allow_custom=True)
        if wire.constant or one["type"] in SEPARATE:
            continue
        assert tlp_of(one["object_marking_refs"], policies) is bundle.tlp >= content.tlp
        assert wire.modified is None or one.get("revoked", False) >= content.revoked


@settings(max_examples=10, deadline=None)
@given(contents)
def test_oasis_validator_accepts_any_full_content(content: IncidentContent) -> None:
    for one in objects_of(build(content)):
        result = validate_instance(one, ValidationOptions(version="2.1"))
        assert result.is_valid, (one, result.errors)


def test_incident_names_its_impacts_and_tasks(full: list[dict[str, Any]]) -> None:
    """Incident Core Extension 2.1: impact_refs, tasks, events."""
    (incident,) = of_type(full, "incident")
    core = incident["extensions"][INCIDENT_CORE]
    assert set(core["impact_refs"]) == {one["id"] for one in of_type(full, "impact")}
    tasks = {one["id"] for one in of_type(full, "task")}
    assert {entry["task_ref"] for entry in core["tasks"]} == tasks
    assert core["impacted_entity_counts"] == {"ics-plc": 9}
    assert (core["criticality"], core["detection_methods"]) == (95, ["system-outage"])
    (event,) = of_type(full, "event")
    assert event["sighting_refs"] == [one["id"] for one in of_type(full, "sighting")]


def test_impact_carries_its_category(full: list[dict[str, Any]]) -> None:
    """The one category extension that impact_category names; superseded needs end_time."""
    impacts = of_type(full, "impact")
    for one in impacts:
        assert set(one["extensions"]) == {IMPACT, f"{one['impact_category']}-ext"}
    (money,) = (one for one in impacts if one["impact_category"] == "monetary")
    assert money["extensions"]["monetary-ext"]["max_amount"] == 1_500_000.5
    (old,) = (one for one in impacts if "superseded_by_ref" in one)
    (new,) = (one for one in impacts if one["id"] == old["superseded_by_ref"])
    assert "end_time" in old
    assert new["impacted_entity_counts"] == {"ics-plc": 4, "individual": 0}
    assert new["recoverability"] == "supplemented"


def test_ids_stay_and_only_what_changed_is_new() -> None:
    later = changed(
        modified=FULL.modified + timedelta(hours=1),
        impacts=(
            *FULL.impacts,
            ImpactContent(key="z", category="external", details={"impact_type": "economic"}),
        ),
        tasks=(dataclasses.replace(FULL.tasks[0], outcome="failed"), FULL.tasks[1]),
    )
    before = {one.stix_id for one in build(FULL).objects}
    after = {one.stix_id for one in build(later).objects}
    assert before < after
    assert len(after - before) == 1


def test_sighting_says_where_when_and_how_often(full: list[dict[str, Any]]) -> None:
    """STIX 2.1, section 5.2."""
    (sighting,) = of_type(full, "sighting")
    assert sighting["where_sighted_refs"] == [f"identity--{PRODUCER.id}"]
    assert sighting["sighting_of_ref"].startswith("indicator--")
    assert (sighting["count"], sighting["first_seen"]) == (3, "2026-11-01T10:00:00.123Z")
    assert sighting["observed_data_refs"] == [one["id"] for one in of_type(full, "observed-data")]


def test_contact_is_an_identity_of_its_own_and_the_producer_stays_the_same() -> None:
    """Identity contact information: the address travels along; a withheld one changes nothing."""
    told, withheld = (
        {one.stix_id: one.body for one in build(changed(producer=producer)).objects}
        for producer in (PRODUCER, dataclasses.replace(PRODUCER, contact=None))
    )
    own = f"identity--{PRODUCER.id}"
    assert told[own] == withheld[own]
    contacts = [json.loads(body) for body in told.values() if CONTACT.encode() in body]
    (identity,) = (one for one in contacts if one["type"] == "identity")
    (entry,) = identity["extensions"][CONTACT]["email_addresses"]
    address = json.loads(told[entry["email_address_ref"]])
    assert (address["value"], entry["digital_contact_type"]) == (PRODUCER.contact, "organizational")
    assert b"duty@" not in b"".join(withheld.values())


def test_telephone_number_is_a_contact_too() -> None:
    producer = dataclasses.replace(PRODUCER, contact="+999 1234")
    objects = objects_of(build(changed(producer=producer)))
    assert any(one.get("contact_information") == "+999 1234" for one in objects)
    assert of_type(objects, "email-addr") == []


def test_circle_says_nothing_of_the_producer() -> None:
    """A confidential circle: its identity, no code, no number, no contact, no sector."""
    bundle = build(changed(producer=CIRCLE, iep=None))
    (identity,) = (one for one in objects_of(bundle) if one["id"] == f"identity--{CIRCLE.id}")
    assert identity["identity_class"] == "group"
    assert identity["name"] == "Water and power"
    assert set(identity) == {
        *("type", "spec_version", "id", "created_by_ref", "created", "modified"),
        *("name", "identity_class", "object_marking_refs"),
    }
    for secret in ("XA", "XA-2026-17", "duty@", str(PRODUCER.id), "government"):
        assert secret.encode() not in bundle.body
    for one in objects_of(bundle):
        assert one.get("created_by_ref", identity["id"]) == identity["id"] or one["type"] in (
            *("attack-pattern", "extension-definition", "marking-definition"),
        )


def test_techniques_held_here_leave_as_published(
    full: list[dict[str, Any]], real_data: Path
) -> None:
    """ATT&CK for ICS 18.1; T1566.001 is of another matrix and only named."""
    patterns = of_type(full, "attack-pattern")
    assert {one["external_references"][0]["external_id"] for one in patterns} == {"T0803", "T0883"}
    assert all(one["object_marking_refs"] == [MITRE_STATEMENT] for one in patterns)
    (report,) = of_type(full, "report")
    assert {one["id"] for one in patterns} < set(report["object_refs"])
    named = {row["external_id"] for row in report["external_references"]}
    assert set(FULL.techniques) < named


def test_markings_are_borne_and_carried(full: list[dict[str, Any]]) -> None:
    """TLP 2.0, PAP and IEP 2.0 markings: every object of the case bears all three."""
    (policy,) = (one for one in full if IEP_EXTENSION in one.get("extensions", {}))
    assert policy["created_by_ref"] == f"identity--{PRODUCER.id}"
    expected = [TLP.AMBER.marking_id, pap_marking("amber")["id"], policy["id"]]
    constant = {one.stix_id for one in build(FULL).objects if one.constant}
    for one in full:
        if one["id"] not in constant and one["type"] not in SEPARATE:
            assert one["object_marking_refs"] == expected
    assert set(expected) < {one["id"] for one in full}


@pytest.mark.parametrize(
    ("tlp", "policy", "expected"),
    [
        (TLP.CLEAR, "white", TLP.CLEAR),
        (TLP.GREEN, "amber", TLP.AMBER),
        (TLP.AMBER_STRICT, "amber", TLP.AMBER_STRICT),
        (TLP.GREEN, "red", TLP.RED),
    ],
)
def test_narrower_of_label_and_policy_holds(tlp: TLP, policy: str, expected: TLP) -> None:
    """IEP 2.0 with TLP 2.0: obey the narrower; RED by a policy does not leave either."""
    bundle = build(changed(tlp=tlp, iep=dataclasses.replace(FULL.iep, tlp=policy)))  # type: ignore[type-var]
    assert bundle.tlp is expected
    assert bundle.releasable is (expected is not TLP.RED)


def test_revoked_content_revokes_every_version() -> None:
    """STIX 2.1, section 3.2: the standards' objects and who it was stay."""
    for one, wire in zip(
        objects_of(build(changed(revoked=True))), build(changed(revoked=True)).objects, strict=True
    ):
        versioned = wire.modified is not None and not wire.constant and one["type"] != "identity"
        assert one.get("revoked", False) is versioned


def test_dangling_references_are_found() -> None:
    """Closure: what an object refers to, at any depth, its extension's definition included."""
    objects = objects_of(build(FULL))
    for kind in (
        "impact",
        "task",
        "sighting",
        "email-addr",
        "attack-pattern",
        "marking-definition",
    ):
        gone = of_type(objects, kind)[0]["id"]
        assert closure(one for one in objects if one["id"] != gone) == [gone]
    assert closure(one for one in objects if one["id"] != TASK) == [TASK]


@pytest.mark.parametrize("name", ["incident-core", "event", "impact", "task"])
def test_extension_definitions_are_the_published_ones(name: str, real_data: Path) -> None:
    identifier = {"incident-core": INCIDENT_CORE, "event": EVENT, "impact": IMPACT, "task": TASK}[
        name
    ]
    path = (
        real_data / f"stix/extensions/incident-suite/definitions/{name}.extension-definition.json"
    )
    (expected,) = json.loads(path.read_text(encoding="utf-8"))["objects"]
    assert published(identifier)[0] == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "weather"}, "category"),
        ({"category": "availability"}, "variety"),
        ({"details": {}}, "variety"),
        ({"details": {"variety": "x", "min_amount": 3}}, "max_amount"),
        (
            {"details": {"variety": "x", "min_amount": 3, "max_amount": 2, "currency": "EUR"}},
            "max_amount",
        ),
        ({"details": {"variety": "x", "min_amount": 1, "max_amount": 2}}, "currency"),
        (
            {"details": {"variety": "x", "currency": "EUR", "currency_actual": "BTC"}},
            "conversion_rate",
        ),
        (
            {
                "details": {
                    "variety": "x",
                    "min_amount": float("nan"),
                    "max_amount": 1,
                    "currency": "EUR",
                }
            },
            "min_amount",
        ),
        ({"details": {**RANSOM, "conversion_time": "yesterday"}}, "conversion_time"),
        ({"category": "physical", "details": {"impact_type": "destruction"}}, "asset_type"),
        ({"category": "integrity", "details": {"alteration": "half"}}, "information_type"),
        (
            {"category": "availability", "details": {"availability_impact": 101}},
            "availability_impact",
        ),
        (
            {"category": "availability", "details": {"availability_impact": True}},
            "availability_impact",
        ),
        ({"criticality": 101}, "criticality"),
        ({"recoverability": "easy"}, "recoverability"),
        ({"counts": {"Person": 1}}, "counts"),
        ({"ended": NOW - timedelta(days=1)}, "ended"),
        ({"superseded_by": "c"}, "ended"),
        ({"superseded_by": "a", "ended": NOW}, "superseded_by"),
        ({"superseded_by": "c", "ended": NOW}, "superseded_by"),
        ({"superseded_by": "gone", "ended": NOW}, "superseded_by"),
        ({"description": "a\0"}, "description"),
    ],
)
def test_impact_that_breaks_a_rule_is_not_sent(changes: dict[str, Any], field: str) -> None:
    """Incident Core Extension 2.1, impact and its category extensions."""
    wrong = dataclasses.replace(FULL.impacts[0], **changes)
    with pytest.raises(InvalidInputError) as caught:
        build(changed(impacts=(wrong, *FULL.impacts[1:])))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tasks": (TaskContent(key="a", name=" ", outcome="ongoing"),)}, "name"),
        ({"tasks": (TaskContent(key="a", name="x", outcome="done"),)}, "outcome"),
        ({"tasks": (TaskContent(key="a", name="x", outcome="failed", priority=-1),)}, "priority"),
        (
            {"tasks": (TaskContent(key="a", name="x", outcome="failed", task_types=("A b",)),)},
            "task_types",
        ),
        ({"tasks": (*FULL.tasks, FULL.tasks[0])}, "tasks"),
        ({"impacts": (*FULL.impacts, FULL.impacts[0])}, "impacts"),
        ({"pap": "white"}, "pap"),
        ({"iep": dataclasses.replace(FULL.iep, tlp="clear")}, "tlp"),  # type: ignore[type-var]
    ],
)
def test_other_unfit_fields_are_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        build(changed(**changes))
    assert caught.value.field == field


def test_deprecated_techniques_are_only_named() -> None:
    assert technique_object("T0850") is None  # Role Identification
    assert technique_object("T1566") is None
    assert technique_object("T0803") == technique_object("T0803")
