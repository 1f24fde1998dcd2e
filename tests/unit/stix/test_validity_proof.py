"""The quick proof that an object is valid says so of nothing in which the exact check finds an error."""

import gzip
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cirt.stix.marking import TLP
from cirt.stix.validation import check_object
from cirt.stix.validity_proof import Proof
from tests import mutated_documents
from tests.bench import ingestion_objects

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def errors(obj: Any) -> list[str]:
    return [str(one) for one in check_object(obj, now=NOW) if one.severity == "error"]


def feed(count: int) -> list[dict[str, Any]]:
    stream = ingestion_objects.objects("proof")
    return [next(stream) for _ in range(count)]


def test_objects_of_a_feed_are_proven() -> None:
    """The proof is worth having: an ordinary feed needs no exact check."""
    proof = Proof(NOW)
    assert all(proof.is_valid(one) for one in feed(300))


def test_nothing_is_proven_in_which_the_exact_check_finds_an_error() -> None:
    """T-65: thousands of mutated objects; what repeats among them is remembered rightly."""
    chance = random.Random(20261123)
    originals = feed(60)
    wrong = proven = 0
    proof = Proof(NOW)
    for one in mutated_documents.objects(chance, originals, 4_000):
        found = errors(one)
        wrong += bool(found)
        if proof.is_valid(one):
            proven += 1
            assert found == [], one
    assert wrong > 1_000
    assert proven > 1_000


@pytest.mark.parametrize("name", ["stix", "attack"])
def test_proof_agrees_on_published_data(real_data: Path, name: str) -> None:
    """What others publish: whatever is proven is valid, and most of what is valid is proven."""
    files = sorted(
        path for path in (real_data / name).rglob("*.json*") if path.stat().st_size < 9e6
    )
    proof = Proof(NOW)
    valid = proven = 0
    for path in files:
        data = path.read_bytes()
        try:
            held = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
        except ValueError:  # some examples of the standard are no JSON
            continue
        for one in (held.get("objects") or [held]) if isinstance(held, dict) else []:
            is_valid = not errors(one)
            valid += is_valid
            if proof.is_valid(one):
                proven += 1
                assert is_valid, one
    assert proven > valid / 2


@pytest.mark.parametrize(
    "change",
    [
        {"created": "2026-12-01T00:00:00.000Z"},
        {"modified": "2020-01-01T00:00:00.000Z"},
        {"valid_until": "2026-01-01T00:00:00.000Z", "valid_from": "2026-01-01T00:00:00.000Z"},
        {"valid_from": "2026-02-30T00:00:00.000Z"},
        {"valid_until": "2101-01-01T00:00:00.000Z"},
        {"created_by_ref": f"malware--{'0' * 8}-0000-4000-8000-{'0' * 12}"},
        {"object_marking_refs": [f"identity--{'0' * 8}-0000-4000-8000-{'0' * 12}"]},
        {"x_of": {"deep": [[{"some_ref": "x"}]]}},
        {"x_of": [{"start": "2101-01-01T00:00:00.000Z"}]},
        {"pattern": "[ipv4-addr:value = ]"},
        {"pattern": "[a:value = 'x']"},
        {"lang": "e!"},
        {"external_references": [{"source_name": "cve", "external_id": "CVE-1"}]},
        {"id": f"Indicator--{'0' * 8}-0000-4000-8000-{'0' * 12}"},
        {"spec_version": "2.0"},
        {"type": ["indicator"]},
        {"extensions": {"extension-definition--96145d4c-b031-411f-b8a7-205f68c6bc36": {}}},
    ],
)
def test_each_rule_alone_is_left_to_the_exact_check(change: dict[str, Any]) -> None:
    """One fault at a time, in an object that is right otherwise, seen right a moment before."""
    moment = "2026-01-01T00:00:00.000Z"
    right = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{'0' * 8}-0000-4000-8000-{'0' * 12}",
        "created": moment,
        "modified": moment,
        "pattern": "[ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
        "valid_from": moment,
        "object_marking_refs": [TLP.GREEN.marking_id],
    }
    proof = Proof(NOW)
    assert proof.is_valid(right)
    assert not proof.is_valid(right | change)
    assert errors(right | change)
