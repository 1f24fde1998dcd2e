"""The published objects of recall: their schemas, the documented example, signatures."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stix2

from cirt.errors import InvalidInputError
from cirt.stix import signatures, withdrawal
from cirt.stix.marking import TLP
from cirt.stix.validation import check_object
from cirt.stix.withdrawal import Named

ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
AUTHOR = "identity--5a0c1f4e-2f0b-4f6d-8a59-6a1d3c1f7e21"
NAMED = Named("report--7f6a2b1c-93d4-4e58-8c7b-0a1b2c3d4e5f", "2026-11-20T09:00:00.000Z", "a" * 64)
KEY = bytes(32)


def _withdrawal() -> dict[str, Any]:
    return withdrawal.withdrawal(
        AUTHOR, [NAMED], reason="Wrong circle.", tlp=TLP.AMBER, at=AT, private=KEY
    )


def _receipt(**changed: Any) -> dict[str, Any]:
    said = withdrawal.read_withdrawal(_withdrawal(), now=AT)
    given = {"outcome": "cannot", "reason": "On paper."} | changed
    return withdrawal.receipt(AUTHOR, said, tlp=TLP.AMBER, at=AT, private=KEY, **given)


def test_documented_example_is_valid_and_signed_as_it_says() -> None:
    text = (ROOT / "docs" / "extensions" / "withdrawal.md").read_text()
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found
    example = json.loads(found[1])
    assert withdrawal.read_withdrawal(example, now=AT).withdrawn[0].object_id == NAMED.object_id
    keys = [signatures.public_key(KEY)]
    assert signatures.verify(example, keys) == (signatures.Verdict.GOOD, keys[0])
    for one in withdrawal.published():
        if one["type"] == "extension-definition":
            assert one["id"] in text


def test_what_we_publish_is_valid_for_every_reader() -> None:
    """STIX 2.1, section 7.3; python-stix2 and stix2-validator take them."""
    from stix2validator import ValidationOptions, validate_string

    for one in [_withdrawal(), _receipt(), *withdrawal.published()]:
        assert check_object(one, now=AT) == [], one["type"]
        stix2.parse(one, allow_custom=True)
        assert validate_string(json.dumps(one), ValidationOptions(version="2.1")).is_valid


@pytest.mark.parametrize(
    "changed",
    [
        {"withdrawn": []},
        {"withdrawn": [{"object_id": "report--1", "sha256": "a" * 64}]},
        {"withdrawn": [{"object_id": NAMED.object_id, "sha256": "A" * 64}]},
        {"withdrawn": [{"object_id": NAMED.object_id}]},
        {"reason": ""},
        {"reason": "x" * 2001},
        {"revoked": True},
        {"created_by_ref": "report--7f6a2b1c-93d4-4e58-8c7b-0a1b2c3d4e5f"},
        {"signature": {"algorithm": "none", "public_key": "0" * 64, "value": "0" * 128}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_does_not_fit_the_schema_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        withdrawal.read_withdrawal({**_withdrawal(), **changed}, now=AT)


def test_receipt_says_what_it_was_told() -> None:
    said = withdrawal.read_receipt(_receipt(), now=AT)
    assert (said.outcome, said.reason, said.author) == ("cannot", "On paper.", AUTHOR)
    with pytest.raises(InvalidInputError):
        withdrawal.read_receipt({**_receipt(), "outcome": "maybe"}, now=AT)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda s: {}, "good"),
        (lambda s: {"reason": "Another."}, "broken"),
        (lambda s: {"signature": None}, "unsigned"),
        (lambda s: {"signature": {**s, "algorithm": "hs256"}}, "broken"),
        (lambda s: {"signature": {**s, "value": s["value"].upper()}}, "broken"),
        (lambda s: {"signature": {**s, "value": s["value"][:-2]}}, "broken"),
        (lambda s: {"signature": {**s, "value": "0" * 128}}, "broken"),
        (lambda s: {"signature": {**s, "crit": ["x"]}}, "broken"),
        (lambda s: {"signature": {**s, "public_key": "0" * 64}}, "unknown-key"),
        (lambda s: {"signature": "none"}, "broken"),
    ],
    ids=range(10),
)
def test_signature_has_one_form_and_covers_everything(change: Any, verdict: str) -> None:
    """T-45, T-56, T-63: no other algorithm, no second spelling, nothing outside the signature."""
    one = _withdrawal()
    one |= change(one["signature"])
    assert signatures.verify(one, [signatures.public_key(KEY)])[0] == verdict


def test_empty_versions_keep_no_content() -> None:
    """Only what a version needs to be one: no name, no pattern, no reference stays."""
    common = {"spec_version": "2.1", "created_by_ref": AUTHOR, "object_marking_refs": ["m"]}
    times = {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z"}
    for kind in ("report", "incident", "indicator", "note", "ipv4-addr"):
        full = {"type": kind, "id": f"{kind}--x", "secret": "TURBINE", **common, **times}
        empty = withdrawal.scrubbed(full, modified="2026-01-03T00:00:00.000Z", withdrawal_id="w")
        if kind in ("note", "ipv4-addr"):
            assert empty is None
        else:
            assert empty is not None
            assert "TURBINE" not in json.dumps(empty)
            assert (empty["revoked"], empty["created"]) == (True, times["created"])


@pytest.mark.parametrize(
    ("than", "expected"),
    [
        ("2026-11-20T09:29:59.999Z", "2026-11-20T09:30:00.000Z"),
        ("2026-11-20T09:30:00.000Z", "2026-11-20T09:30:00.001Z"),
        ("2026-11-20T09:45:00.999Z", "2026-11-20T09:45:01.000Z"),
    ],
)
def test_a_later_version_is_later(than: str, expected: str) -> None:
    assert withdrawal.later(than, AT) == expected


@pytest.mark.parametrize("text", ["", "rubbish", "00" * 31, "zz" * 32])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        signatures.read_public_key(text)
    public = signatures.public_key(KEY)
    assert signatures.read_public_key(signatures.pem_of(public)) == public
    assert signatures.read_public_key(public.hex()) == public
