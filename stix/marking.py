"""Which traffic light and which permitted-action marking an object bears, and which is stricter.

Source: TLP 2.0 (FIRST, August 2022); its constant STIX objects and those of PAP (OASIS
cti-stix-common-objects); the four TLP 1 objects of STIX 2.1, section 7.2.1.4.
"""

import copy
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from cirt.stix.timestamps import moment

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
PAP_EXTENSION: Final = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"


class TLP(StrEnum):
    """A TLP 2.0 label; compares by strictness: `TLP.CLEAR < TLP.RED`."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def label(self) -> str:
        """The label as the standard writes it, never translated."""
        return f"TLP:{self.value.upper()}"

    @property
    def marking_id(self) -> str:
        """The id of the published marking-definition object."""
        return f"marking-definition--{_TLP_2_IDS[self]}"

    @property
    def strictness(self) -> int:
        """0 for CLEAR up to 4 for RED."""
        return _STRICTNESS[self]

    # str orders by letters, which would put AMBER before CLEAR
    def __lt__(self, other: object) -> bool:
        return self.strictness < other.strictness if isinstance(other, TLP) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.strictness <= other.strictness if isinstance(other, TLP) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.strictness > other.strictness if isinstance(other, TLP) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.strictness >= other.strictness if isinstance(other, TLP) else NotImplemented


_STRICTNESS = {tlp: step for step, tlp in enumerate(TLP)}
_TLP_2_IDS = {
    TLP.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    TLP.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    TLP.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    TLP.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    TLP.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_TLP_1_IDS = {
    "white": "613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
_PAP_IDS = {
    "clear": "ad15a0cd-55b6-4588-a14c-a66105329b92",
    "white": "a3bea94c-b469-41dc-9cfe-d6e7daba7730",
    "green": "c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    "amber": "60f8932b-e51e-4458-b265-a2e8be9a80ab",
    "red": "740d36e5-7714-4c30-961a-3ae632ceee0e",
}


def _extension_marking(
    identifier: str, name: str, extension: str, key: str, value: str
) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{identifier}",
        "created": "2022-10-01T00:00:00.000Z",
        "name": name,
        "extensions": {extension: {"extension_type": "property-extension", key: value}},
    }


def _tlp_1_marking(value: str, identifier: str) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{identifier}",
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{value.upper()}",
        "definition": {"tlp": value},
    }


_TLP_2_OBJECTS = {
    tlp: _extension_marking(identifier, tlp.label, TLP_EXTENSION, "tlp_2_0", tlp.value)
    for tlp, identifier in _TLP_2_IDS.items()
}
_CONSTANTS: dict[str, dict[str, Any]] = {
    marking["id"]: marking
    for marking in (
        *_TLP_2_OBJECTS.values(),
        *(_tlp_1_marking(value, identifier) for value, identifier in _TLP_1_IDS.items()),
        *(
            _extension_marking(identifier, f"PAP:{value.upper()}", PAP_EXTENSION, "pap", value)
            for value, identifier in _PAP_IDS.items()
        ),
    )
}
RESERVED_IDS: Final = frozenset(_CONSTANTS)
"""Ids of the published TLP 1, TLP 2.0 and PAP objects: nobody may give them another meaning."""

_TLP_BY_ID: dict[str, TLP] = {tlp.marking_id: tlp for tlp in TLP} | {
    f"marking-definition--{identifier}": TLP("clear" if value == "white" else value)
    for value, identifier in _TLP_1_IDS.items()
}
PAP_IDS: Final = frozenset(f"marking-definition--{identifier}" for identifier in _PAP_IDS.values())
MITRE_STATEMENT: Final = "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"
"""The copyright statement on every object of ATT&CK; it restricts nothing about passing on."""

PAP_WORDS: Final = ("clear", "green", "amber", "red")
"""What a recipient may do, from anything to reading only."""
_PAP_BY_ID: Final = {
    f"marking-definition--{identifier}": "clear" if word == "white" else word
    for word, identifier in _PAP_IDS.items()
}
SILENT_IDS: Final = PAP_IDS | {MITRE_STATEMENT}
"""Markings that are known and say nothing about who may see it."""


def marking_definition(tlp: TLP) -> dict[str, Any]:
    """Return the published marking-definition object of a label, as a fresh copy."""
    return copy.deepcopy(_TLP_2_OBJECTS[tlp])


def published_marking(marking_id: str) -> dict[str, Any] | None:
    """Return the published object of a reserved marking id; None for any other id."""
    constant = _CONSTANTS.get(marking_id)
    return copy.deepcopy(constant) if constant else None


def pap_id(value: str) -> str:
    """Return the id of the published marking-definition of a PAP word."""
    return f"marking-definition--{_PAP_IDS[value]}"


def pap_marking(value: str) -> dict[str, Any]:
    """Return the published marking-definition of a PAP word, as a fresh copy."""
    return copy.deepcopy(_CONSTANTS[pap_id(value)])


def pap_of(object_marking_refs: Iterable[str] | None) -> str:
    """Return the strictest PAP word among some marking ids ("white" is "clear"); "" for none."""
    words = {_PAP_BY_ID[one] for one in object_marking_refs or () if one in _PAP_BY_ID}
    return max(words, key=PAP_WORDS.index, default="")


def tlp_of(
    object_marking_refs: Iterable[str] | None, policies: Mapping[str, TLP] | None = None
) -> TLP | None:
    """Return the label that a list of marking ids amounts to; None means: do not pass it on.

    No TLP among the ids counts as AMBER+STRICT, several as the strictest. TLP 1 ids are read
    (WHITE as CLEAR), PAP ids and MITRE's statement are known and say nothing about passing on.
    policies: marking id -> TLP of the IEP policies at hand (`iep.iep_labels`); an object that
    bears only a policy is not looser than AMBER+STRICT. Any other id is a restriction that this
    installation cannot read, hence None.
    """
    if isinstance(object_marking_refs, list) and len(object_marking_refs) == 1:
        only = _TLP_BY_ID.get(object_marking_refs[0])
        if only is not None:
            return only
    labels: list[TLP] = []
    asked: list[TLP] = []
    for marking_id in object_marking_refs or ():
        if marking_id in SILENT_IDS:
            continue
        if marking_id in _TLP_BY_ID:
            labels.append(_TLP_BY_ID[marking_id])
        elif policies and marking_id in policies:
            asked.append(policies[marking_id])
        else:
            return None
    return max([strictest(labels), *asked])


def strictest(labels: Iterable[TLP], default: TLP = TLP.AMBER_STRICT) -> TLP:
    """Return the strictest of some labels; `default` when there is none."""
    return max(labels, default=default)


def is_same_marking(obj: dict[str, Any], published: dict[str, Any]) -> bool:
    """Return whether it is the published one but for the digits of `created` and a name left out.

    Older tools do both.
    """
    given = {"name": published["name"], **obj}
    same_time = moment(given.get("created")) == moment(published["created"])
    return same_time and given | {"created": published["created"]} == published
