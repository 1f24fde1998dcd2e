"""Which observables are worth comparing between what was received and the own cases. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from cirt.datafiles import data_path, read_map
from cirt.incidents.inbox.contents import alike
from cirt.incidents.observables import canonical_key
from cirt.stix.detection import note_of
from cirt.stix.observables import Observable


@dataclass(frozen=True)
class Correlation:
    """The rules of comparing, as config/correlation says them."""

    types: frozenset[str]
    excluded_notes: frozenset[str]
    most_items: int
    common_hosts: frozenset[str]
    common_hashes: frozenset[str]


@cache
def rules() -> Correlation:
    """Return the rules of comparing."""
    found = read_map(data_path("correlation", "correlation.yml"))
    found.only(("types", "excluded_notes", "most_items", "common_hosts", "common_hashes"))
    return Correlation(
        types=frozenset(found.texts("types")),
        excluded_notes=frozenset(found.texts("excluded_notes")),
        most_items=found.integer("most_items", 1, 10_000),
        common_hosts=frozenset(found.texts("common_hosts")),
        common_hashes=frozenset(found.texts("common_hashes")),
    )


def is_useful(item: Observable) -> bool:
    """Return whether two networks that both saw this have something particular in common."""
    known = rules()
    if item.type not in known.types or note_of(item) in known.excluded_notes:
        return False
    value = str(item.properties.get("value", ""))
    host = value
    if item.type == "url":
        parts = urlsplit(value)
        # the front page of a common host is as common as its name
        host = "" if parts.path.strip("/") or parts.query else parts.hostname or ""
    if host in known.common_hosts:
        return False
    hashes = item.properties.get("hashes") or {}
    return not (set(hashes.values()) & known.common_hashes)


def keys_of(items: Iterable[Observable]) -> set[str]:
    """Return the keys by which useful observables in their canonical form are compared.

    See `observables.key_of`.
    """
    return {canonical_key(form) for item in items if is_useful(item) for form in alike(item)}
