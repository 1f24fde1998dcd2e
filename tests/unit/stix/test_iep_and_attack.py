"""Policies of use (IEP 2.0), PAP, and what MITRE published."""

import dataclasses
import gzip
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from stix2validator import ValidationOptions, validate_instance

from cirt.datafiles import data_path
from cirt.errors import InvalidInputError
from cirt.stix.attack import MITRE, companions, published_attack
from cirt.stix.ids import canonical_json
from cirt.stix.iep import IepContent, as_mapping, iep_from, iep_in, iep_labels, iep_marking
from cirt.stix.marking import MITRE_STATEMENT, PAP_IDS, TLP, pap_marking, pap_of, tlp_of
from cirt.stix.validation import check_object
from tests.unit.stix.suite_contents import NOW, POLICY, policies

OWNER = UUID("0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001")
FOREIGN = "marking-definition--11111111-2222-4333-8444-555555555555"


@given(policies)
def test_policy_survives_storage_and_the_wire(policy: IepContent) -> None:
    marking = iep_marking(policy, OWNER)
    assert iep_from(json.loads(json.dumps(as_mapping(policy)))) == policy
    assert iep_in(json.loads(canonical_json(marking))) == policy
    assert check_object(marking, now=NOW) == []


def test_policy_is_valid_for_the_oasis_validator() -> None:
    marking = iep_marking(POLICY, OWNER)
    assert validate_instance(marking, ValidationOptions(version="2.1")).is_valid


def test_changed_policy_is_another_marking() -> None:
    """A marking-definition has no versions: STIX 2.1, section 7.2.1."""
    same = iep_marking(dataclasses.replace(POLICY), OWNER)
    assert same == iep_marking(POLICY, OWNER)
    others = [
        iep_marking(dataclasses.replace(POLICY, description="other"), OWNER),
        iep_marking(dataclasses.replace(POLICY, end_date=NOW + timedelta(days=9)), OWNER),
        iep_marking(POLICY, UUID(int=OWNER.int + 1)),
    ]
    assert len({one["id"] for one in [same, *others]}) == 4


def test_published_example_is_read(real_data: Path) -> None:
    path = real_data / "stix/extensions/iep-2.0/examples/iep-data-marking-example.json"
    example = json.loads(path.read_text(encoding="utf-8"))
    policy = iep_in(example)
    assert policy is not None
    assert (policy.tlp, policy.encrypt_in_transit) == ("amber", "may")
    assert iep_labels([example]) == {example["id"]: TLP.AMBER}
    assert check_object(example, now=NOW) == []
    (extension,) = example["extensions"].values()
    for name, value in (("tlp", "amber+strict"), ("iep_version", 1), ("start_date", "soon")):
        spoilt = {"x": {**extension, name: value}}
        assert (
            iep_in({**example, "extensions": {next(iter(example["extensions"])): spoilt["x"]}})
            is None
        )
    more = {**example, "extensions": {**example["extensions"], "extension-definition--other": {}}}
    assert iep_in(more) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("description", 3),
        ("tlp", "clear"),
        ("permitted_actions", "all"),
        ("start_date", None),
        ("start_date", "2026-02-30T00:00:00Z"),
        ("end_date", "2020-01-01T00:00:00Z"),
    ],
)
def test_unfit_policy_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        iep_from({**as_mapping(POLICY), field: value})
    assert caught.value.field == field


def test_policy_narrows_and_never_widens() -> None:
    """IEP 2.0: the narrower holds; unknown is not passed on; no label is AMBER+STRICT."""
    known = {FOREIGN: TLP.AMBER}
    assert tlp_of([FOREIGN]) is None
    assert tlp_of([TLP.GREEN.marking_id, FOREIGN], known) is TLP.AMBER
    assert tlp_of([TLP.RED.marking_id, FOREIGN], known) is TLP.RED
    assert tlp_of([FOREIGN], {FOREIGN: TLP.CLEAR}) is TLP.AMBER_STRICT
    assert tlp_of([TLP.CLEAR.marking_id, FOREIGN], {"other": TLP.CLEAR}) is None


def test_pap_and_mitre_say_nothing_about_passing_on() -> None:
    for silent in (*PAP_IDS, MITRE_STATEMENT):
        assert tlp_of([TLP.GREEN.marking_id, silent]) is TLP.GREEN
        assert tlp_of([silent]) is TLP.AMBER_STRICT
    strictest = [pap_marking(word)["id"] for word in ("green", "red", "white")]
    assert pap_of(strictest) == "red"
    assert pap_of([pap_marking("white")["id"]]) == "clear"
    assert pap_of([TLP.RED.marking_id]) == pap_of(None) == ""


def test_objects_of_attack_are_those_of_mitre(real_data: Path) -> None:
    """ATT&CK Terms of Use: unchanged, with licence and notice beside them."""
    path = real_data / "attack/ics-attack-18.1.json.gz"
    original = {one["id"]: one for one in json.loads(gzip.decompress(path.read_bytes()))["objects"]}
    shipped = json.loads(data_path("attack", "ics-18.1", "objects.json").read_text("utf-8"))
    assert all(original[one["id"]] == one for one in shipped)
    wanted = {key for key, one in original.items() if one["type"] == "attack-pattern"}
    assert {one["id"] for one in shipped} == wanted | {MITRE, MITRE_STATEMENT}
    assert published_attack(MITRE) == original[MITRE]
    assert {one["id"] for one in companions()} == {MITRE, MITRE_STATEMENT}
    notice = "This work is reproduced and distributed with the permission of The MITRE Corporation"
    for name in ("LICENSE.txt", "README.md"):
        assert notice in data_path("attack", name).read_text("utf-8")


def test_every_object_of_attack_is_valid_for_partners() -> None:
    for one in json.loads(data_path("attack", "ics-18.1", "objects.json").read_text("utf-8")):
        assert [str(problem) for problem in check_object(one, now=NOW)] == []
        assert validate_instance(one, ValidationOptions(version="2.1")).is_valid, one["id"]


def test_attack_is_read_only_when_asked_for() -> None:
    """A worker that meets no technique never parses the file."""
    code = (
        "import cirt.incidents.object_store, cirt.stix.wire, cirt.stix.attack as attack\n"
        "from cirt.incidents.object_store import published_object\n"
        "published_object('indicator--1'); published_object('identity--1')\n"
        "assert attack._objects.cache_info().currsize == 0\n"
        "assert published_object(attack.MITRE)['name'] == 'The MITRE Corporation'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
