"""Objects from outside: the OASIS test cases, real data, and rules that schemas cannot say."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.stix.marking import RESERVED_IDS, TLP, marking_definition, published_marking
from cirt.stix.schema_validators import (
    EXTENSIONS,
    current_validator,
    extension_validator,
    known_types,
    type_validator,
)
from cirt.stix.timestamps import moment
from cirt.stix.validation import Problem, check_object

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

NOT_SEEN = {
    "bundle/bundle-missing-id.json": "about the bundle, which the intake takes apart, and refuses, before",
}
"""Wrong by the OASIS validator, and not about one object."""

REFUSED = {
    "created_by_ref": "refers to “source--…”; STIX 2.1, section 3.2: an identity",
    "src_ref": "ends in a UUID that is one digit short",
    "id": "redefines the published TLP:GREEN object (T-68)",
}
"""Right by the OASIS validator, refused here, by the property at fault."""


def errors(obj: Any) -> list[Problem]:
    return [problem for problem in check_object(obj, now=NOW) if problem.severity == "error"]


def paths(obj: Any) -> list[str]:
    return [problem.path for problem in errors(obj)]


def objects_of(data: Any) -> Iterator[Any]:
    if isinstance(data, dict) and data.get("type") == "bundle":
        data = data.get("objects", [])
    yield from data if isinstance(data, list) else [data]


def cases(folder: Path, level: str) -> Iterator[tuple[str, list[Problem]]]:
    for case in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        if case["level"] == level:
            data = json.loads((folder / case["file"]).read_text(encoding="utf-8"))
            found = [error for obj in objects_of(data) for error in errors(obj)]
            yield case["file"].removeprefix(f"{level}/"), found


def test_cases_that_break_a_must_are_refused(real_data: Path) -> None:
    """STIX 2.1: the OASIS validator's cases with errors."""
    found = dict(cases(real_data / "stix/validator-cases", "must"))
    assert len(found) > 80
    assert {name for name, problems in found.items() if not problems} == set(NOT_SEEN)
    for problems in found.values():
        assert all(str(problem) for problem in problems)


@pytest.mark.parametrize("level", ["valid", "should"])
def test_valid_cases_are_accepted(real_data: Path, level: str) -> None:
    """STIX 2.1: the OASIS validator's cases without errors."""
    found = dict(cases(real_data / "stix/validator-cases", level))
    assert sum(not problems for problems in found.values()) > 25
    for problems in found.values():
        assert {problem.path for problem in problems} <= set(REFUSED)


@pytest.mark.parametrize("folder", ["real-bundles", "attack-flow", "extensions/incident-suite"])
def test_published_bundles_are_accepted(real_data: Path, folder: str) -> None:
    """Other dialects of the incident suite give warnings, not errors."""
    seen = 0
    for path in sorted((real_data / "stix" / folder).rglob("*.json")):
        if "schema" in path.name or path.name.startswith("example_3"):
            continue  # schemas, and fragments that are no objects
        for obj in objects_of(json.loads(path.read_text(encoding="utf-8"))):
            assert errors(obj) == [], path.name
            seen += 1
    assert seen > 10


def identity(**changes: Any) -> dict[str, Any]:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": "identity--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001",
        "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-02T00:00:00.000Z",
        "name": "XA CIRT",
    } | changes


def test_plain_object_has_no_problems() -> None:
    assert check_object(identity(), now=NOW) == []
    assert check_object(identity(revoked=True), now=NOW) == []


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        (None, ""),
        ([], ""),
        ({}, "type"),
        ({"type": 7}, "type"),
        ({"type": "bundle", "id": "bundle--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"}, "type"),
        (identity(id=None), "id"),
        (identity(id="identity--0D3B6B1C-98A5-4A64-8C6A-3F1CF0A1D001"), "id"),
        (identity(id="incident--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"), "id"),
        (identity(id="identity--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001\n"), "id"),
        (identity(spec_version="2.0"), "spec_version"),
        (identity(modified="2026-10-31T00:00:00.000Z"), "modified"),
        (identity(modified="2026-11-22T12:05:00.001Z"), "modified"),
        (identity(modified="2099-11-22T12:05:00.001Z"), "modified"),
        (identity(modified="2101-01-01T00:00:00.000Z"), "modified"),
        (identity(created="2026-11-31T00:00:00.000Z"), "created"),
        (identity(created="yesterday"), "created"),
        (
            identity(created_by_ref="incident--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"),
            "created_by_ref",
        ),
        (identity(object_marking_refs=["tlp:red"]), "object_marking_refs[0]"),
        (
            identity(object_marking_refs=["identity--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"]),
            "object_marking_refs[0]",
        ),
        (identity(object_marking_refs=[]), "object_marking_refs"),
        (identity(labels=[]), "labels"),
        (identity(lang="not a language"), "lang"),
        (identity(revoked="yes"), "revoked"),
        (
            identity(external_references=[{"source_name": "cve", "external_id": "CVE-1"}]),
            "external_references[0].external_id",
        ),
    ],
)
def test_object_that_breaks_a_rule_is_refused(obj: Any, path: str) -> None:
    """T-67 (times), T-73 (upper-case ids) and STIX 2.1, sections 2.9 and 3.2."""
    assert path in paths(obj)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"modified": "2026-11-22T12:00:00Z"},
            "three digits after the seconds, such as 2026-01-31",
        ),
        ({"created": "yesterday"}, "write the time in UTC, such as 2026-01-31T12:00:00Z."),
        ({"object_marking_refs": ["tlp:red"]}, "two hyphens and a UUID."),
        ({"labels": []}, "it must not be empty; leave it out instead."),
        ({"name": None}, "the value must be of the JSON type string."),
        ({"confidence": 101}, "write at most 100."),
        ({"confidence": -1}, "write at least 0."),
        ({"external_references": [{}]}, "it has none of the forms that may stand here."),
    ],
)
def test_sentences_quote_no_expression(change: dict[str, Any], sentence: str) -> None:
    """STIX 2.1, section 3.2: created and modified have at least three digits after the seconds."""
    said = [str(problem) for problem in errors(identity(**change))]
    assert any(sentence in one for one in said), said
    assert not any("\\d" in one or "[0-9" in one or "anyOf" in one for one in said), said


def test_a_missing_property_is_named() -> None:
    """STIX 2.1, section 4.5: an identity has a name; section 2.5: a reference's url is text."""
    nameless = identity()
    del nameless["name"]
    assert [str(one) for one in errors(nameless)] == [
        ": This does not fit STIX 2.1: the property name is missing."
    ]
    sentences = {
        str(one) for one in errors(identity(external_references=[{"source_name": "x", "url": 5}]))
    }
    assert any("of the JSON type string" in one for one in sentences), sentences


def test_clock_may_be_five_minutes_apart() -> None:
    """T-67."""
    assert errors(identity(modified="2026-11-22T12:04:59.999Z")) == []


def test_custom_and_extension_types_are_accepted() -> None:
    """STIX 2.1, sections 7.3 and 11: unknown types follow the common rules."""
    common = identity()
    del common["name"]
    for kind in ("x-example-report", "event"):
        custom = common | {"type": kind, "id": common["id"].replace("identity", kind)}
        assert errors(custom) == []
        assert "modified" in paths(custom | {"modified": "2020-01-01T00:00:00.000Z"})
    assert errors({"type": "x-sco", "id": "x-sco--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"}) == []


def test_published_markings_are_accepted() -> None:
    """T-68: all fourteen, with or without their name, whatever the digits of the time."""
    for marking_id in RESERVED_IDS:
        marking = published_marking(marking_id)
        assert marking is not None
        assert check_object(marking, now=NOW) == []
        if "extensions" in marking:  # the schema of TLP 1 fixes the digits
            assert errors(marking | {"created": "2022-10-01T00:00:00Z"}) == []
            del marking["name"]
            assert errors(marking) == []


@pytest.mark.parametrize(
    "change",
    [
        {"extensions": marking_definition(TLP.CLEAR)["extensions"]},
        {"name": "TLP:CLEAR"},
        {"definition_type": "statement", "definition": {"statement": "for all"}},
        {"created": "2023-10-01T00:00:00.000Z"},
        {"external_references": [{"source_name": "x", "external_id": "y"}]},
    ],
)
def test_other_object_under_a_reserved_marking_id_is_refused(change: dict[str, Any]) -> None:
    """T-68: a fake RED must not read as something weaker."""
    assert "id" in paths(marking_definition(TLP.RED) | change)


def test_other_id_for_a_tlp_marking_is_refused() -> None:
    """T-68: five fixed objects, never others."""
    own_id = "marking-definition--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"
    assert "id" in paths(marking_definition(TLP.CLEAR) | {"id": own_id})


def test_statement_marking_of_ones_own_is_accepted() -> None:
    statement = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001",
        "created": "2026-11-01T00:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": "Copyright"},
    }
    assert errors(statement) == []
    assert "revoked" in paths(statement | {"revoked": True})


def test_pattern_over_the_limits_is_refused() -> None:
    """T-66."""
    indicator = identity(
        type="indicator",
        id="indicator--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001",
        pattern="[url:value = 'x']",
        pattern_type="stix",
        valid_from="2026-11-01T00:00:00Z",
    )
    assert errors(indicator) == []
    assert paths(indicator | {"pattern": "(" * 100}) == ["pattern"]
    assert errors(indicator | {"pattern": "(" * 100, "pattern_type": "yara"}) == []
    assert paths(indicator | {"valid_until": "2026-11-01T00:00:00.000Z"}) == ["valid_until"]


def test_unsafe_link_and_direction_mark_are_warnings() -> None:
    """T-31, T-72: shown to the person who accepts."""
    found = check_object(
        identity(
            name="a\u202egpj.exe",
            external_references=[{"source_name": "x", "url": "javascript:alert(1)"}],
        ),
        now=NOW,
    )
    assert [problem.severity for problem in found if problem.path == "name"] == ["warning"]
    assert "external_references[0].url" in {problem.path for problem in found}


def test_problems_are_counted_up_to_a_limit() -> None:
    assert len(check_object(identity(labels=[7] * 1000), now=NOW)) == 50


def test_no_number_of_warnings_hides_an_error() -> None:
    """T-65: whoever is warned about fifty things is still refused for the next one."""
    tail = f"--{'0' * 8}-0000-4000-8000-{'0' * 12}"
    change = {"initial_ref": f"event{tail}", "result_ref": f"impact{tail}"}
    obj = identity(changed_objects=[change] * 100)
    assert {problem.severity for problem in check_object(obj, now=NOW)} == {"warning"}
    found = check_object(obj | {"x_ref": "somebody"}, now=NOW)
    assert [problem.path for problem in found if problem.severity == "error"] == ["x_ref"]
    assert len(found) == 51


def test_moments_compare_beyond_microseconds() -> None:
    """STIX 2.1, section 2.16: any number of digits."""
    texts = [
        "2026-01-01T00:00:59Z",
        "2026-01-01T00:00:59.0000001Z",
        "2026-01-01T00:00:59.1Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:01:00Z",
    ]
    moments = [moment(text) for text in texts]
    assert None not in moments
    assert sorted(moments) == moments  # type: ignore[type-var]
    assert moment("2026-01-01T00:00:59.000Z") == moments[0]
    assert moment("2026-13-01T00:00:00Z") is None


def test_every_schema_compiles() -> None:
    for stix_type in known_types():
        assert type_validator(stix_type)
    for extension_id in EXTENSIONS:
        assert extension_validator(extension_id)
    assert {"incident": "sdo", "sighting": "sro", "url": "sco"}.items() <= known_types().items()


def _observed(**more: object) -> dict[str, Any]:
    moment_ = "2026-01-01T00:00:00.000Z"
    return {
        "type": "observed-data",
        "spec_version": "2.1",
        "id": f"observed-data--{uuid4()}",
        "created": moment_,
        "modified": moment_,
        "first_observed": moment_,
        "last_observed": moment_,
        "number_observed": 1,
        **more,
    }


@pytest.mark.parametrize(
    ("held", "is_valid"),
    [
        ({"objects": {"0": {"type": "ipv4-addr", "value": "192.0.2.1"}}}, None),
        ({"objects": {"0": {"type": "ipv4-addr"}}}, False),
        ({"objects": {}}, False),
        ({"object_refs": [f"ipv4-addr--{uuid4()}"]}, True),
        ({"object_refs": []}, False),
        ({"object_refs": ["indicator--x"]}, False),
        ({}, False),
    ],
)
def test_what_an_observed_data_holds_whole_is_looked_at_where_it_is(
    held: dict[str, object], is_valid: bool | None
) -> None:
    """STIX 2.1, section 4.14: `objects`, deprecated, by the whole schema; else the short one agrees."""
    obj = _observed(**held)
    whole = not list(type_validator("observed-data").iter_errors(obj))
    assert (not errors(obj)) is whole
    assert is_valid in (None, whole)
    if "objects" not in obj:
        assert current_validator("observed-data").is_valid(obj) is whole


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
property_names = """
created modified object_marking_refs extensions external_references pattern granular_markings
definition objects x_ref x_refs lang spec_version
"""
names = st.sampled_from(property_names.split())


@given(
    st.sampled_from(["indicator", "marking-definition", "observed-data", "file", "x-a", "report"]),
    st.dictionaries(names, json_values),
)
def test_any_object_gives_problems_and_no_exception(kind: str, changes: dict[str, Any]) -> None:
    obj = identity(type=kind, id=f"{kind}--0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001") | changes
    for problem in check_object(obj, now=NOW):
        assert str(problem)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("_dmarc.example.com", True), ("a_b.example", True), ("a b_c.example", False), ("_.", False)],
)
def test_domain_name_may_hold_underscores(name: str, accepted: bool) -> None:
    """RFC 8552: names such as _dmarc.example.com are in use, and attackers use others."""
    obj = {
        "type": "domain-name",
        "spec_version": "2.1",
        "id": "domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5",
        "value": name,
    }
    errors = [p for p in check_object(obj, now=NOW) if p.severity == "error"]
    assert (errors == []) is accepted
