"""Released bundles: closed, valid for other tools, the same bytes for the same content."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
import stix2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stix2validator import ValidationOptions, validate_instance

from cirt.errors import InvalidInputError
from cirt.stix.extensions import EVENT, INCIDENT_CORE, published
from cirt.stix.ids import canonical_json, is_stix_id, object_id, readable
from cirt.stix.iep import iep_labels
from cirt.stix.marking import TLP, tlp_of
from cirt.stix.observables import TYPES, Observable, observable
from cirt.stix.validation import check_object
from cirt.stix.wire import (
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    WireBundle,
    build,
    closure,
)
from cirt.strictjson import loads

NOW = datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC)
PRODUCER = Producer(
    id=UUID("0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"),
    name="فريق XA",
    code="XA",
    contact="cirt@xa.example",
)
SEEN = {"first_observed": NOW, "last_observed": NOW + timedelta(hours=1), "count": 3}
CONTENT = IncidentContent(
    id=UUID("7b0c9a1e-5f64-4a6e-9d0e-0f6f1c2f0a11"),
    reference="XA-2026-17",
    title="حادثة تصيّد",
    description="Mails with a link.\nمع رابط.",
    language="ar",
    tlp=TLP.AMBER,
    producer=PRODUCER,
    created=NOW,
    modified=NOW + timedelta(days=1),
    started=NOW - timedelta(days=2),
    ended=NOW,
    detected=NOW,
    rsit="malicious-code:c2-server",
    severity=3,
    determination="confirmed",
    detection_methods=("user-reporting",),
    impacted_entity_counts={"individual": 12},
    sectors=("energy", "government-national"),
    techniques=("T1566.001", "T1071"),
    observables=(
        ObservableContent(
            observable=observable("ipv4-addr", "198.51.100.7"),
            is_indicator=True,
            comment="C2",
            indicator_types=("malicious-activity",),
            **SEEN,
        ),
        ObservableContent(
            observable=observable("url", "http://evil.example/'x"), is_indicator=True
        ),
        ObservableContent(observable=observable("file", "a" * 64), comment="attached"),
        ObservableContent(observable=observable("vulnerability", "CVE-2021-44228"), comment="used"),
    ),
    indicators=(
        IndicatorContent(
            key="1",
            name="rule",
            pattern="rule a { condition: true }",
            pattern_type="yara",
            valid_until=NOW + timedelta(days=90),
        ),
    ),
)


def parsed(bundle: WireBundle) -> list[dict[str, Any]]:
    return [json.loads(o.body) for o in bundle.objects]


def of_type(bundle: WireBundle, kind: str) -> list[dict[str, Any]]:
    return [o for o in parsed(bundle) if o["type"] == kind]


def foreign(obj: dict[str, Any]) -> bool:
    """Whether an object is OASIS's or MITRE's, or only says how to reach the producer."""
    return obj.get("name") in ("OASIS", "The MITRE Corporation") or "contact_information" in obj


def the(bundle: WireBundle, kind: str) -> dict[str, Any]:
    (found,) = (o for o in of_type(bundle, kind) if not foreign(o))
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(references, value.values()))
    for name, inner in value.items():
        if name.endswith("_ref"):
            found.add(inner)
        elif name.endswith("_refs"):
            found |= set(inner)
    return found


def speaks_of_the_producer(obj: dict[str, Any]) -> bool:
    """Who it is, how to reach it, under which policy it shares: known to everybody anyway."""
    if obj["type"] == "email-addr":
        return obj["value"] == PRODUCER.contact
    return obj["type"] in ("identity", "marking-definition")


def readable_without_extensions(report: dict[str, Any], content: IncidentContent) -> bool:
    """Whether a tool that knows no incidents gets title, description and marking all the same."""
    assert (report["name"], report.get("description", "")) == (content.title, content.description)
    assert report["object_marking_refs"][0] == content.tlp.marking_id
    assert "extensions" not in report
    return True


def check(content: IncidentContent) -> WireBundle:
    """Build, and check everything that holds for every bundle."""
    bundle = build(content)
    objects = parsed(bundle)
    whole = loads(bundle.body)
    identifiers = [o["id"] for o in objects]

    assert build(content) == bundle
    assert whole["objects"] == objects
    assert canonical_json(whole) == bundle.body
    assert b",".join(o.body for o in bundle.objects) in bundle.body
    assert hashlib.sha256(bundle.body).hexdigest() == bundle.sha256
    assert len(set(identifiers)) == len(identifiers)
    assert closure(objects) == []
    assert references(objects) <= set(identifiers)
    for obj, wire in zip(objects, bundle.objects, strict=True):
        assert (wire.stix_id, wire.type) == (obj["id"], obj["type"])
        assert (wire.modified, wire.created) == (obj.get("modified"), obj.get("created"))
        assert check_object(obj, now=content.modified) == []
        stix2.parse(obj, allow_custom=True)
        if not wire.constant:
            expected = TLP.CLEAR if speaks_of_the_producer(obj) else bundle.tlp
            assert tlp_of(obj["object_marking_refs"], iep_labels(objects)) is expected
    report = the(bundle, "report")
    own = {o.stix_id for o in bundle.objects if not o.constant and o.type != "marking-definition"}
    own |= {o.stix_id for o in bundle.objects if o.type == "attack-pattern"}
    assert set(report["object_refs"]) == own - {report["id"]}
    assert readable_without_extensions(report, content)
    return bundle


def test_bundle_is_closed_canonical_and_valid() -> None:
    """STIX 2.1; RFC 8785."""
    bundle = check(CONTENT)
    assert bundle.releasable
    assert [o.type for o in bundle.objects][:2] == ["marking-definition"] * 2
    assert is_stix_id(loads(bundle.body)["id"], "bundle")
    assert json.loads(readable(bundle.body)) == json.loads(bundle.body)


def test_oasis_validator_finds_no_errors() -> None:
    """STIX 2.1: the OASIS validator, default level; its warnings are recommendations."""
    for content in (CONTENT, dataclasses.replace(CONTENT, revoked=True)):
        for obj in parsed(build(content)):
            result = validate_instance(obj, ValidationOptions(version="2.1"))
            assert result.is_valid, (obj["type"], result.errors)


def test_whole_bundle_is_parsed_by_stix2() -> None:
    parsed_bundle = stix2.parse(build(CONTENT).body.decode(), allow_custom=True)
    assert len(parsed_bundle.objects) == len(build(CONTENT).objects)


def test_constant_objects_equal_the_published_ones(real_data: Path) -> None:
    folder = real_data / "stix/extensions/incident-suite/definitions"
    for name, identifier in (("incident-core", INCIDENT_CORE), ("event", EVENT)):
        path = folder / f"{name}.extension-definition.json"
        (expected,) = json.loads(path.read_text(encoding="utf-8"))["objects"]
        assert published(identifier)[0] == expected


def test_incident_carries_the_core_extension() -> None:
    """Incident core extension 2.1, section 2 of its property table; criticality scale."""
    bundle = build(CONTENT)
    incident = the(bundle, "incident")
    assert incident["id"] == f"incident--{CONTENT.id}"
    assert incident["extensions"][INCIDENT_CORE] == {
        "extension_type": "property-extension",
        "determination": "confirmed",
        "investigation_status": "open",
        "criticality": 70,
        "incident_types": ["c&c-server-hosting"],
        "detection_methods": ["user-reporting"],
        "impacted_entity_counts": {"individual": 12},
        "events": [{"event_ref": the(bundle, "event")["id"]}],
    }
    assert 'rsit:malicious-code="c2-server"' in incident["labels"]
    assert "sector:energy" in incident["labels"]
    assert incident["lang"] == "ar"
    assert {r["external_id"] for r in incident["external_references"]} == {
        "XA-2026-17",
        "malicious-code:c2-server",
        "T1071",
        "T1566.001",
    }


def test_times_have_milliseconds_and_come_from_the_content() -> None:
    """STIX 2.1, sections 2.16 and 3.6."""
    for obj in parsed(build(CONTENT)):
        if obj.get("created_by_ref") == f"identity--{PRODUCER.id}":
            if not foreign(obj):
                assert obj["modified"] == "2026-11-02T10:00:00.123Z"
            if obj["type"] != "identity":
                assert obj["created"] == "2026-11-01T10:00:00.123Z"
    event = the(build(CONTENT), "event")
    assert (event["start_time"], event["end_time"], event["status"]) == (
        "2026-10-30T10:00:00.123Z",
        "2026-11-01T10:00:00.123Z",
        "occurred",
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ended": None}, "ongoing"),
        ({"ended": None, "investigation_status": "closed"}, "occurred"),
        ({"determination": "false-positive"}, "not-occurred"),
        ({"started": None}, "occurred"),
    ],
)
def test_event_status_follows_the_case(changes: dict[str, Any], status: str) -> None:
    assert the(check(dataclasses.replace(CONTENT, **changes)), "event")["status"] == status


def test_incident_without_times_has_no_event() -> None:
    bundle = check(dataclasses.replace(CONTENT, started=None, ended=None))
    assert of_type(bundle, "event") == []
    assert EVENT not in {o.stix_id for o in bundle.objects}


def test_indicator_detected_the_incident_and_rests_on_what_was_seen() -> None:
    """Relationship tables: indicator detected incident; indicator based-on observed-data."""
    bundle = build(CONTENT)
    relationships = {
        (r["source_ref"].partition("--")[0], r["relationship_type"], r["target_ref"])
        for r in of_type(bundle, "relationship")
        if r["relationship_type"] != "contact-for"
    }
    seen = the(bundle, "observed-data")
    assert relationships == {
        ("indicator", "detected", f"incident--{CONTENT.id}"),
        ("indicator", "based-on", seen["id"]),
    }
    assert seen["number_observed"] == 3
    assert seen["object_refs"] == [the(bundle, "ipv4-addr")["id"]]
    assert the(bundle, "note")["object_refs"] == [the(bundle, "file")["id"]]


def test_report_names_what_is_in_it() -> None:
    """STIX 2.1, report-type-ov."""
    report = the(build(CONTENT), "report")
    assert report["report_types"] == [
        "threat-report",
        "indicator",
        "observed-data",
        "vulnerability",
    ]
    assert report["published"] == report["modified"]
    bare = the(check(dataclasses.replace(CONTENT, observables=(), indicators=())), "report")
    assert bare["report_types"] == ["threat-report"]


def test_red_is_previewed_and_not_releasable() -> None:
    """TLP-2.0-RED."""
    bundle = check(dataclasses.replace(CONTENT, tlp=TLP.RED))
    assert not bundle.releasable
    assert bundle.reason


def test_same_id_and_version_is_the_same_bytes_under_every_marking() -> None:
    """An SCO has no version: its id follows its marking. The identity is the same everywhere."""
    seen: dict[tuple[str, str | None], bytes] = {}
    for step, tlp in enumerate(TLP):
        changed = dataclasses.replace(
            CONTENT, tlp=tlp, modified=CONTENT.modified + timedelta(seconds=step)
        )
        for obj in check(changed).objects:
            assert seen.setdefault((obj.stix_id, obj.modified), obj.body) == obj.body
    fixed = dataclasses.replace(PRODUCER, modified=NOW)
    bodies = {
        obj.body
        for tlp in TLP
        for obj in build(dataclasses.replace(CONTENT, tlp=tlp, producer=fixed)).objects
        if obj.stix_id == f"identity--{PRODUCER.id}"
    }
    assert len(bodies) == 1


def test_object_ids_cannot_be_computed_from_a_guessed_value() -> None:
    """T-71: another incident gives the same address another id; STIX's own id is not used."""
    other = dataclasses.replace(CONTENT, id=UUID("11111111-2222-4333-8444-555555555555"))
    ids = {o.stix_id for o in build(CONTENT).objects if not o.constant}
    shared = ids & {o.stix_id for o in build(other).objects}
    # who the producer is and how to reach it is no secret, and always the same
    assert {one.partition("--")[0] for one in shared} == {"identity", "email-addr"}
    assert f"identity--{PRODUCER.id}" in shared
    assert stix2.IPv4Address(value="198.51.100.7").id not in ids


def test_order_of_input_does_not_matter() -> None:
    turned = dataclasses.replace(CONTENT, observables=CONTENT.observables[::-1])
    assert build(turned) == build(CONTENT)


def test_equal_observables_are_sent_once_as_indicator() -> None:
    """Masking can make two observables equal."""
    twice = tuple(
        ObservableContent(observable=observable("domain-name", name), is_indicator=flag)
        for name, flag in (("evil.example", False), ("EVIL.example.", True))
    )
    bundle = check(dataclasses.replace(CONTENT, observables=twice, indicators=()))
    assert len(of_type(bundle, "domain-name")) == len(of_type(bundle, "indicator")) == 1


def test_withdrawn_indicator_is_revoked_and_its_observable_gone() -> None:
    """STIX 2.1, section 3.2, revoked."""
    withdrawn = tuple(dataclasses.replace(o, withdrawn=True) for o in CONTENT.observables)
    bundle = check(dataclasses.replace(CONTENT, observables=withdrawn, indicators=()))
    assert of_type(bundle, "ipv4-addr") == of_type(bundle, "observed-data") == []
    kept = [o for o in of_type(bundle, "relationship") if o["relationship_type"] == "detected"]
    assert kept
    assert all(o["revoked"] for o in kept + of_type(bundle, "indicator"))
    assert "revoked" not in the(bundle, "incident")
    before = {o["id"] for o in of_type(build(CONTENT), "indicator")}
    assert {o["id"] for o in of_type(bundle, "indicator")} < before


def test_revoked_incident_revokes_all_but_the_producer() -> None:
    bundle = check(dataclasses.replace(CONTENT, revoked=True))
    for obj, wire in zip(parsed(bundle), bundle.objects, strict=True):
        versioned = obj["type"] != "identity" and not wire.constant and wire.modified is not None
        assert obj.get("revoked", False) is versioned


def test_pattern_of_ones_own_is_checked_and_sent() -> None:
    """T-66."""
    item = ObservableContent(observable=observable("mutex", "a"), is_indicator=True)
    own = dataclasses.replace(item, pattern="[mutex:name LIKE 'a%']")
    bundle = check(dataclasses.replace(CONTENT, observables=(own,), indicators=()))
    assert the(bundle, "indicator")["pattern"] == "[mutex:name LIKE 'a%']"
    with pytest.raises(InvalidInputError):
        wrong = dataclasses.replace(item, pattern="[mutex:name LIKE")
        build(dataclasses.replace(CONTENT, observables=(wrong,)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "a\ud800b"}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"language": "العربية"}, "language"),
        ({"rsit": "phishing"}, "rsit"),
        ({"severity": 6}, "severity"),
        ({"severity": -1}, "severity"),
        ({"determination": "low-value"}, "determination"),
        ({"investigation_status": ""}, "investigation_status"),
        ({"modified": NOW - timedelta(days=9)}, "modified"),
        ({"ended": NOW - timedelta(days=9)}, "ended"),
        ({"sectors": ("Energy sector",)}, "sectors"),
        ({"techniques": ("Phishing",)}, "techniques"),
        ({"impacted_entity_counts": {"Person": 1}}, "impacted_entity_counts"),
        ({"impacted_entity_counts": {"person": -1}}, "impacted_entity_counts"),
        (
            {
                "indicators": (
                    IndicatorContent(key="1", name="a", pattern=" ", pattern_type="yara"),
                )
            },
            "pattern",
        ),
        (
            {
                "indicators": (
                    IndicatorContent(
                        key="1", name="a", pattern="x", pattern_type="yara", valid_until=NOW
                    ),
                )
            },
            "valid_until",
        ),
        (
            {
                "observables": (
                    ObservableContent(observable=observable("mutex", "a"), **SEEN | {"count": 0}),
                )
            },
            "last_observed",
        ),
        (
            {
                "observables": (
                    ObservableContent(observable=Observable("ipv4-addr", {"value": "x"})),
                )
            },
            "value",
        ),
    ],
)
def test_content_that_makes_no_valid_object_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        build(dataclasses.replace(CONTENT, **changes))
    assert caught.value.field == field
    assert str(caught.value)


def test_time_without_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="time zone"):
        build(dataclasses.replace(CONTENT, started=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_number_that_cannot_be_exact_has_no_canonical_form() -> None:
    """T-63: RFC 8785, section 3.2.2.3; another library would round it silently."""
    assert canonical_json({"n": 2**53 - 1}) == b'{"n":9007199254740991}'
    for value in (2**53 + 1, float("nan"), "\ud800"):
        with pytest.raises(InvalidInputError):
            canonical_json({"n": value})


def test_object_id_depends_on_every_part() -> None:
    namespace = CONTENT.id
    ids = {object_id("a", namespace, *key) for key in ([], ["b"], ["b", "c"], [["b", "c"]], ["bc"])}
    assert len(ids) == 5
    assert all(is_stix_id(identifier, "a") for identifier in ids)
    assert is_stix_id(object_id("note", namespace), "note")
    assert not is_stix_id(object_id("note", namespace).upper())


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
observables = st.sampled_from(
    [
        observable("ipv4-addr", "198.51.100.7"),
        observable("ipv6-addr", "2001:db8::/32"),
        observable("domain-name", "موقع.مصر"),
        observable("url", "https://evil.example/ü?a='b'"),
        observable("email-addr", "a@evil.example"),
        observable("mac-addr", "00:11:22:33:44:55"),
        observable("file", "b" * 40),
        Observable("file", {"name": "فاتورة.exe", "hashes": {"MD5": "c" * 32}, "size": 9}),
        observable("autonomous-system", "64500"),
        observable("windows-registry-key", "HKLM\\Software\\X"),
        observable("mutex", "Global\\x'y"),
        observable("user-account", "root"),
        observable("process", "cmd /c \"x\" 'y'"),
        observable("x509-certificate", "d" * 64),
        observable("email-message", "فاتورة [1]"),
        observable("vulnerability", "CVE-2021-44228"),
    ]
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
observed = st.builds(
    ObservableContent,
    observable=observables,
    is_indicator=st.booleans(),
    comment=st.just("") | texts,
    first_observed=st.none() | st.just(NOW),
    last_observed=st.none() | st.just(NOW),
    count=st.none() | st.integers(1, 999_999_999),
    withdrawn=st.booleans(),
)
contents = st.builds(
    IncidentContent,
    id=st.uuids(version=4),
    reference=st.just("") | texts,
    title=texts.filter(str.strip),
    description=st.just("") | texts,
    language=st.sampled_from(["ar", "en", "zh", "pt-BR"]),
    tlp=st.sampled_from(TLP),
    producer=st.just(PRODUCER),
    created=times,
    modified=st.just(NOW),
    started=st.none() | st.just(NOW),
    ended=st.none() | st.just(NOW),
    rsit=st.sampled_from(["", "fraud:phishing", "availability:ddos"]),
    severity=st.none() | st.integers(0, 5),
    observables=st.lists(observed, max_size=4).map(tuple),
    revoked=st.booleans(),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(contents)
def test_any_content_makes_a_closed_and_valid_bundle(content: IncidentContent) -> None:
    bundle = check(content)
    assert rfc8785.dumps(json.loads(bundle.body)) == bundle.body


typed = st.text(max_size=30) | st.text(alphabet="aA1.-_:/[]%#?@é م\\", max_size=30)
starts = st.sampled_from(["", "http://", "http://a.example/", "a@", "a.", "::", "1.2.3.", "HKLM\\"])


@settings(max_examples=300)
@given(st.sampled_from(TYPES), starts, typed, st.sampled_from(["", ".com", ".1"]))
def test_any_accepted_observable_is_valid_on_the_wire(
    kind: str, start: str, value: str, end: str
) -> None:
    try:
        item = observable(kind, start + value + end)
    except InvalidInputError:
        return
    seen = ObservableContent(observable=item, is_indicator=item.type != "vulnerability")
    for obj in parsed(build(dataclasses.replace(CONTENT, observables=(seen,)))):
        assert check_object(obj, now=CONTENT.modified) == []


def test_observable_without_contributing_properties_is_valid() -> None:
    """STIX 2.1, sections 2.9 and 6.13: those and processes must have an id of version 4."""
    for item in (
        Observable("process", {"command_line": "x"}),
        Observable("file", {"size": 3, "name": "x"}),
        Observable("x509-certificate", {"subject": "CN=x"}),
        Observable("user-account", {"display_name": "x"}),
        Observable("email-message", {"message_id": "<x@y.example>"}),
    ):
        seen = ObservableContent(observable=item)
        for obj in parsed(check(dataclasses.replace(CONTENT, observables=(seen,)))):
            result = validate_instance(obj, ValidationOptions(version="2.1"))
            assert result.is_valid, (obj, result.errors)


@settings(max_examples=15, deadline=None)
@given(contents)
def test_oasis_validator_accepts_any_content(content: IncidentContent) -> None:
    for obj in parsed(build(content)):
        result = validate_instance(obj, ValidationOptions(version="2.1"))
        assert result.is_valid, (obj, result.errors)
