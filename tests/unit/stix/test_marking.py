"""Markings against the published objects (TLP 2.0, TLP 1, PAP)."""

import itertools
import json
from pathlib import Path

import pytest

from cirt.stix.marking import (
    PAP_IDS,
    RESERVED_IDS,
    TLP,
    marking_definition,
    published_marking,
    strictest,
    tlp_of,
)

TLP_1_WHITE = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
TLP_1_AMBER = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
FOREIGN = "marking-definition--3a65884d-005a-4290-8335-cb2d778a83ce"


def published_objects(path: Path) -> list[dict[str, object]]:
    return json.loads(path.read_text(encoding="utf-8"))["objects"]


def test_constants_equal_the_published_tlp_2_objects(real_data: Path) -> None:
    """TLP-2.0, OASIS cti-stix-common-objects: five fixed objects, never others."""
    path = real_data / "stix/extensions/tlp-2.0/tlp-2.0-marking-definitions.json"
    assert [marking_definition(tlp) for tlp in TLP] == published_objects(path)


def test_constants_equal_the_published_pap_objects(real_data: Path) -> None:
    objects = published_objects(real_data / "stix/extensions/pap/pap-marking-definitions.json")
    assert {o["id"] for o in objects} == PAP_IDS
    assert [published_marking(str(o["id"])) for o in objects] == objects


def test_reserved_ids_are_those_of_tlp_1_tlp_2_and_pap() -> None:
    assert len(RESERVED_IDS) == 4 + 5 + 5
    assert published_marking(FOREIGN) is None


def test_constants_cannot_be_changed_through_a_copy() -> None:
    marking_definition(TLP.RED)["extensions"].clear()
    assert marking_definition(TLP.RED)["extensions"]


def test_labels_compare_by_strictness() -> None:
    """TLP-2.0: CLEAR < GREEN < AMBER < AMBER+STRICT < RED."""
    for weaker, stronger in itertools.combinations(TLP, 2):
        assert weaker < stronger
        assert weaker <= stronger
        assert stronger > weaker
        assert stronger >= weaker
        assert not stronger < weaker
    assert sorted([TLP.RED, TLP.AMBER_STRICT, TLP.CLEAR, TLP.AMBER, TLP.GREEN]) == list(TLP)
    assert TLP.AMBER_STRICT.label == "TLP:AMBER+STRICT"
    assert TLP("amber+strict") is TLP.AMBER_STRICT


def test_strictest_of_nothing_is_the_default() -> None:
    """TLP-2.0: no mark counts as AMBER+STRICT."""
    assert strictest([]) is TLP.AMBER_STRICT
    assert strictest([], default=TLP.RED) is TLP.RED
    assert strictest([TLP.GREEN, TLP.RED, TLP.CLEAR]) is TLP.RED


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (None, TLP.AMBER_STRICT),
        ([], TLP.AMBER_STRICT),
        ([TLP_1_WHITE], TLP.CLEAR),
        ([TLP_1_AMBER], TLP.AMBER),
        ([TLP.GREEN.marking_id, TLP_1_AMBER], TLP.AMBER),
        ([sorted(PAP_IDS)[0]], TLP.AMBER_STRICT),
        ([sorted(PAP_IDS)[0], TLP.CLEAR.marking_id], TLP.CLEAR),
        ([FOREIGN], None),
        ([TLP.CLEAR.marking_id, FOREIGN], None),
        ([TLP.CLEAR.marking_id.upper()], None),
    ],
)
def test_tlp_of_references_is_the_strictest_or_none(
    references: list[str] | None, expected: TLP | None
) -> None:
    """T-68: an unknown mark is a restriction that nobody here can read."""
    assert tlp_of(references) is expected


def test_every_label_is_read_back_from_its_id() -> None:
    for tlp in TLP:
        assert tlp_of([tlp.marking_id]) is tlp
