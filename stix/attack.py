"""The techniques of MITRE ATT&CK for ICS as MITRE published them.

They leave as those very objects, under their own ids, so that every tool joins them with what it
knows already. Other techniques are only named: `config/attack` holds ATT&CK for ICS 18.1.

© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of
The MITRE Corporation.
"""

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from cirt import strictjson
from cirt.datafiles import data_path
from cirt.stix.marking import MITRE_STATEMENT

MITRE: Final = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"
_FILE: Final = ("attack", "ics-18.1", "objects.json")


def technique_object(technique: str) -> dict[str, Any] | None:
    """Return the published attack-pattern of a technique such as "T0803", None if not held here."""
    found = _by_technique().get(technique)
    return copy.deepcopy(found) if found else None


def companions() -> list[dict[str, Any]]:
    """Return what every technique refers to: the identity of MITRE and its copyright statement."""
    return [copy.deepcopy(_objects()[identifier]) for identifier in (MITRE, MITRE_STATEMENT)]


def published_attack(stix_id: str) -> Mapping[str, Any] | None:
    """Return the object that MITRE published under this id, None for any other id."""
    if stix_id.startswith("attack-pattern--") or stix_id in (MITRE, MITRE_STATEMENT):
        return _objects().get(stix_id)
    return None  # without reading the file, which most processes never need


@cache
def _objects() -> dict[str, dict[str, Any]]:
    rows = strictjson.loads(data_path(*_FILE).read_bytes())
    return {row["id"]: row for row in rows}


@cache
def _by_technique() -> dict[str, dict[str, Any]]:
    """Return technique id -> object, without what MITRE deprecated."""
    found: dict[str, dict[str, Any]] = {}
    for row in _objects().values():
        if row["type"] != "attack-pattern" or row.get("revoked") or row.get("x_mitre_deprecated"):
            continue
        for reference in row["external_references"]:
            if reference["source_name"] == "mitre-attack":
                found[reference["external_id"]] = row
    return found
