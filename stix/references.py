"""Which objects an object refers to, and whether a set of objects is closed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cirt.stix.iep import IEP_EXTENSION
from cirt.stix.marking import PAP_EXTENSION, TLP_EXTENSION

# The definitions of these belong to constants of standards, and nobody publishes who made them
# in a form that could travel along.
_NOT_CARRIED: Final = frozenset({TLP_EXTENSION, PAP_EXTENSION, IEP_EXTENSION})


def references_of(stix_object: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids that an object refers to at any depth, its extensions' definitions included."""
    # the objects inside a deprecated observed-data refer to each other by local names
    local = "objects" if stix_object.get("type") == "observed-data" else None
    waiting: list[Any] = [{k: v for k, v in stix_object.items() if k != local}]
    while waiting:  # no recursion: the depth is not ours
        value = waiting.pop()
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if name.endswith("_ref") and isinstance(inner, str):
                    yield inner
                elif name.endswith("_refs") and isinstance(inner, list):
                    yield from (one for one in inner if isinstance(one, str))
                elif name.startswith("extension-definition--") and name not in _NOT_CARRIED:
                    yield name
                waiting.append(inner)
        elif isinstance(value, list | tuple):
            waiting += value


def closure(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids that some objects refer to and that are not among them, sorted; [] if closed."""
    held: set[str] = set()
    wanted: set[str] = set()
    for one in objects:
        held.add(str(one.get("id")))
        wanted.update(references_of(one))
    return sorted(wanted - held)
