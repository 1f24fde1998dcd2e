"""Which observables received objects speak of, and which of them are worth comparing."""

from typing import Any

import pytest

from cirt.incidents.inbox.contents import (
    alike,
    held_by,
    observables_in,
    observables_of,
    spoken_of,
)
from cirt.incidents.inbox.useful import is_useful, rules
from cirt.incidents.inbox.words import seen
from cirt.stix.observables import Observable, observable

SHA = "a" * 64


def values(one: dict[str, Any]) -> list[str]:
    """Return the values of the observables of an object."""
    return [item.value for item in observables_of(one)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ipv4-addr:value = '192.0.2.7']", ["192.0.2.7"]),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ["198.51.100.0/24"]),
        ("[url:value='http://a.example/x\\'y']", ["http://a.example/x'y"]),
        (f"[file:hashes.'SHA-256' = '{SHA}' OR file:hashes.MD5 = '{'b' * 32}']", [SHA, "b" * 32]),
        ("[domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']",
         ["a.example", "b.example"]),
        # what a reader could take for something else is left out
        ("[ipv4-addr:value != '192.0.2.7']", []),
        ("[domain-name:value LIKE '%.example']", []),
        ("[url:value MATCHES '(a+)+$']", []),
        ("[a:value = 'x'] FOLLOWEDBY [b:value = 'y']", []),
        ("[process:name = 'NOT = \\'x\\'']", []),
        ("[ipv4-addr:value = 'no address']", []),
    ],
)  # fmt: skip
def test_plain_comparisons_of_a_pattern_are_read(pattern: str, expected: list[str]) -> None:
    """STIX 2.1, section 9; a partner's expression is never run (T-66)."""
    one = {"type": "indicator", "id": "x", "pattern": pattern, "pattern_type": "stix"}
    assert values(one) == expected
    assert values({**one, "pattern_type": "yara"}) == []


def test_objects_with_the_same_observable_are_joined_and_contacts_left_out() -> None:
    address = {"type": "email-addr", "id": "email-addr--1", "value": "cirt@example.org"}
    objects: list[dict[str, Any]] = [
        {"type": "identity", "id": "identity--1", "x": [{"email_address_ref": "email-addr--1"}]},
        address,
        {"type": "domain-name", "id": "domain-name--1", "value": "C2.Example.net"},
        {
            "type": "indicator",
            "id": "indicator--1",
            "pattern": "[domain-name:value = 'c2.example.net']",
            "pattern_type": "stix",
        },
        {"type": "vulnerability", "id": "vulnerability--1", "name": "x",
         "external_references": [{"source_name": "cve", "external_id": "CVE-2024-1234"}]},
        {"type": "file", "id": "file--1", "name": "", "hashes": {"MD5": "no hash"}},
    ]  # fmt: skip
    found = {one.observable.value: one for one in observables_in(objects)}
    assert set(found) == {"c2.example.net", "CVE-2024-1234"}
    assert found["c2.example.net"].is_indicator
    assert found["c2.example.net"].stix_ids == ("domain-name--1", "indicator--1")


def test_holding_and_speaking_are_told_apart() -> None:
    refs = ["indicator--1", 7, "note--1"]
    assert held_by({"type": "report", "object_refs": refs}) == ["indicator--1", "note--1"]
    assert held_by({"type": "note", "object_refs": refs}) == []
    assert spoken_of({"type": "note", "object_refs": refs}) == ["indicator--1", "note--1"]
    assert spoken_of({"type": "sighting", "sighting_of_ref": "x"}) == ["x"]
    assert spoken_of({"type": "report", "object_refs": refs}) == []


def test_a_file_is_known_by_each_of_its_hashes() -> None:
    item = Observable("file", {"hashes": {"MD5": "b" * 32, "SHA-256": SHA}, "name": "a.exe"})
    assert observable("file", SHA) in alike(item)
    assert observable("file", "b" * 32) in alike(item)


@pytest.mark.parametrize(
    ("kind", "value", "useful"),
    [
        ("ipv4-addr", "192.0.2.7", True),
        ("ipv4-addr", "10.1.2.3", False),
        ("ipv4-addr", "8.8.8.8", False),
        ("ipv6-addr", "fe80::1", False),
        ("ipv6-addr", "2001:4860:4860::8888", False),
        ("domain-name", "c2.example.net", True),
        ("domain-name", "google.com", False),
        ("domain-name", "printer.local", False),
        ("url", "https://www.google.com/", False),
        ("url", "https://www.google.com/search?q=x", True),
        ("file", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", False),
        ("user-account", "root", False),
    ],
)
def test_only_what_is_particular_is_compared(kind: str, value: str, useful: bool) -> None:
    """MISP#3142: what all networks have in common hides what matters."""
    assert is_useful(observable(kind, value)) is useful
    assert rules().most_items >= 1


def test_marks_of_direction_are_shown() -> None:
    """T-72: a name that reads otherwise than it is written."""
    assert seen("a\u202egpj.exe") == "a⟨U+202E⟩gpj.exe"
    assert seen("ن\u200cم\u200f") == "ن\u200cم\u200f"
