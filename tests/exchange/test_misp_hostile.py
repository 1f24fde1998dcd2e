"""Hostile MISP events: one bad part must not spoil the others, nor one event another."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cirt.errors import DomainError, InvalidInputError, TooLargeError
from cirt.stix import misp_exchange
from cirt.stix.misp_event import read_events
from cirt.stix.misp_exchange import MispImport, import_event, import_events
from tests.exchange.misp_content import import_together

DATA = Path(__file__).resolve().parent.parent / "data" / "misp"


def _event(info: str, attributes: list[Any], objects: list[Any] | None = None, **more: Any) -> Any:
    return {"Event": {"info": info, "Attribute": attributes, "Object": objects or [], **more}}


def _read(document: Any) -> Any:
    return import_event(json.dumps(document).encode())


def test_bad_parts_are_left_out_and_good_ones_arrive() -> None:
    """T-51: malformed input neither kills the conversion nor takes its neighbours along."""
    attributes: list[Any] = [
        {"type": "domain", "value": "good.example.org", "to_ids": "1", "uuid": "not-a-uuid"},
        {"type": "domain", "value": "good2.example.org", "uuid": "not-a-uuid"},
        {"type": "no-such-type", "value": "x"},
        {"type": "../../etc/passwd", "value": "x"},
        {"type": "__class__", "value": "x"},
        {"type": "filename|sha1", "value": "no hash at all"},
        {"type": "ip-dst|port", "value": "|"},
        {"type": "size-in-bytes", "value": 12},
        {"type": "datetime", "value": "yesterday"},
        {"type": ["domain"], "value": {"a": 1}},
        {"type": "url", "value": "javascript:alert(1)"},
        {"type": "link", "value": "javascript:alert(1)"},
        {"type": "domain", "value": "a\u202eb.example.org"},
        {"type": "regkey|value", "value": "\\|\\"},
        None,
        17,
        "text",
    ]
    objects: list[Any] = [
        None,
        {"name": "../../../../etc/passwd", "Attribute": [{"type": "text", "value": "x"}]},
        {"name": "file", "template_uuid": "../x", "Attribute": "none"},
        {"name": "file", "Attribute": [{"type": "sha1", "value": "x", "object_relation": "sha1"}]},
        {"name": "no-such-object", "Attribute": [{"type": "text", "value": "x"}]},
        {
            "name": "network-connection",
            "Attribute": [{"type": "ip-dst", "value": "192.0.2.1", "object_relation": []}],
        },
        {
            "name": "x509",
            "Attribute": [
                {"type": "datetime", "value": "x", "object_relation": "validity-not-after"}
            ],
        },
    ]
    galaxies = [{"type": "mitre-attack-pattern", "GalaxyCluster": [{"value": 3}, None, {}]}, 4]
    event = _read(
        _event("bad", attributes, objects, Galaxy=galaxies, Tag=[{"name": 4}, "x"], Orgc=["x"])
    )
    shown = {found.observable.value: found.is_indicator for found in event.observables}
    assert shown == {
        "good.example.org": True,
        "good2.example.org": False,
        "192.0.2.1": False,
    }
    assert event.references == ()
    assert event.attribute_count == len(attributes) + 5
    assert event.attribute_count == len(event.carried) + len(event.lost_attributes)


def test_marks_of_misp_stix_in_an_event_change_nothing() -> None:
    """T-52: labels and distribution of the sender are data, never a switch."""
    attributes = [{"type": "domain", "value": "a.example.org"}]
    tags = [{"name": 'misp:tool="MISP-STIX-Converter"'}]
    event = _read(_event("sent", attributes, Tag=tags, distribution="3", sharing_group_id="7"))
    assert (event.distribution, event.sharing_group, event.tlp) == (3, "7", None)
    assert event.tags == ('misp:tool="MISP-STIX-Converter"',)


def test_equal_uuids_do_not_mix_values() -> None:
    same = "7d1c2b3a-0000-4000-8000-000000000001"
    attributes = [
        {"type": "domain", "value": f"{name}.example.org", "uuid": same, "to_ids": name == "b"}
        for name in "abc"
    ]
    event = _read(_event("same", attributes, uuid=same))
    shown = [(found.observable.value, found.is_indicator) for found in event.observables]
    assert shown == [("a.example.org", False), ("b.example.org", True), ("c.example.org", False)]


def _marked_event(n: int) -> Any:
    domain = {"type": "domain", "value": f"marker{n}.example.org", "comment": f"secret{n}"}
    passive = {"type": "domain", "value": f"dns{n}.example.org", "object_relation": "rrname"}
    cluster = {"type": "threat-actor", "value": f"actor{n}"}
    return _event(
        f"event {n}",
        [domain],
        [{"name": "passive-dns", "Attribute": [passive]}],
        Galaxy=[{"type": "threat-actor", "GalaxyCluster": [cluster]}],
        Tag=[{"name": f"own:{n}"}],
    )


def test_events_together_convert_as_each_alone() -> None:
    """T-50 (CVE-2026-77761): nothing of one event appears in another."""
    documents = [_marked_event(n) for n in range(20)]
    shuffled = documents[::-1]
    together = import_events(json.dumps({"response": shuffled}).encode())
    for n, event in enumerate(together[::-1]):
        others = [text for m in range(20) for text in (f"marker{m}.", f"secret{m}'", f"actor{m}'")]
        assert [text for text in others if text in repr(event)] == [
            f"marker{n}.",
            f"secret{n}'",
            f"actor{n}'",
        ]
    for n in (0, 7, 19):
        assert together[19 - n] == _read(documents[n])


def test_conversion_over_its_limits_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """T-51: memory and time have limits, and the answer is a sentence."""
    monkeypatch.setattr(misp_exchange, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(TooLargeError, match="Split the event"):
        _read(_event("slow", [{"type": "domain", "value": "a.example.org"}]))


def _mutated(value: Any, chance: random.Random) -> Any:
    """Return JSON with some of its values replaced, dropped or doubled."""
    odd = [None, True, -1, 2**53 - 1, "", "\\", "'", "|", "a" * 5_000, "\u202e", [], {}, [[]]]
    if chance.random() < 0.04:
        return chance.choice(odd)
    if isinstance(value, dict):
        return {k: _mutated(v, chance) for k, v in value.items() if chance.random() > 0.02}
    if isinstance(value, list):
        kept = [_mutated(entry, chance) for entry in value if chance.random() > 0.02]
        return kept + kept[:1] if chance.random() < 0.1 else kept
    return value


def test_mutated_events_are_read_or_refused() -> None:
    """T-51, a small seeded dose: no crash, no account that does not add up."""
    whole = json.loads((DATA / "wide.json").read_text(encoding="utf-8"))
    files = []
    for seed in range(60):
        mutated = _mutated(whole["response"][0]["Event"], random.Random(seed))
        data = json.dumps({"Event": mutated}).encode()
        try:
            read_events(data)
        except InvalidInputError:
            continue
        files.append(data)
    assert len(files) > 40
    for result in import_together(files):
        if isinstance(result, MispImport):
            assert result.attribute_count == len(result.carried) + len(result.lost_attributes)
        else:
            assert isinstance(result, DomainError), result


def test_event_with_no_usable_part_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nothing that can be taken over"):
        _read(_event("none", [{"type": "no-such-type", "value": "x"}]))


def test_large_event_converts_within_the_limits() -> None:
    attributes = [
        {"type": "sha256", "value": f"{n:064x}", "to_ids": n % 2 == 0, "comment": f"sample {n}"}
        for n in range(10_000)
    ]
    event = _read(_event("large", attributes))
    assert len(event.observables) == len(event.carried) == 10_000
    assert event.losses == ()
