"""What standard bodies publish belongs to nobody here, in exactly the published bytes."""

import uuid

import pytest

from cirt.incidents.object_store import STANDARD_BODIES, incoming, marking_of, published_object
from cirt.stix.attack import companions, technique_object
from cirt.stix.extensions import EXTENSION_IDS, published
from cirt.stix.ids import canonical_json
from cirt.stix.iep import iep_labels, iep_marking
from cirt.stix.marking import TLP
from tests.unit.stix.suite_contents import POLICY

OWNER = uuid.UUID("0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001")


@pytest.mark.parametrize(
    "thing",
    [technique_object("T0803"), *companions(), *published(*sorted(EXTENSION_IDS))],
    ids=lambda thing: thing["id"],
)
def test_published_object_is_nobodys_and_clear(thing: dict[str, object]) -> None:
    kept = incoming(thing, OWNER, TLP.AMBER)
    assert (kept.owner_id, kept.tlp) == (STANDARD_BODIES, TLP.CLEAR)
    assert kept.body == canonical_json(published_object(str(thing["id"])))


def test_altered_technique_is_its_senders_and_replaces_nothing() -> None:
    """A stranger's version of MITRE's object under MITRE's id."""
    altered = {**(technique_object("T0803") or {}), "name": "Harmless"}
    kept = incoming(altered, OWNER, TLP.AMBER)
    assert (kept.owner_id, kept.tlp) == (OWNER, TLP.AMBER)
    assert published_object(altered["id"])["name"] == "Block Command Message"  # type: ignore[index]


def test_policy_is_read_when_its_definition_is_at_hand() -> None:
    policy = iep_marking(POLICY, OWNER)
    one = {"type": "x", "object_marking_refs": [TLP.CLEAR.marking_id, policy["id"]]}
    assert marking_of(one) is None
    assert marking_of(one, iep_labels([policy])) is TLP.GREEN
    granular = {**one, "object_marking_refs": [TLP.CLEAR.marking_id]}
    granular["granular_markings"] = [{"marking_ref": policy["id"], "selectors": ["name"]}]
    assert marking_of(granular, iep_labels([policy])) is not None
    assert marking_of(granular) is None
