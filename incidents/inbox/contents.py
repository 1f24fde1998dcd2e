"""Which observables received objects speak of, and which objects they hold together. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cirt.errors import DomainError
from cirt.stix.observables import TYPES, Observable, observable
from cirt.stix.references import references_of

StixObject = Mapping[str, Any]

COLLECTING: Final = ("report", "grouping")
"""Objects that hold others together and are always items by themselves."""

SPEAKING: Final[Mapping[str, tuple[str, ...]]] = {
    "sighting": ("sighting_of_ref",),
    "note": ("object_refs",),
    "opinion": ("object_refs",),
}
"""Objects about other objects, and where they name them."""

NEVER_ITEMS: Final = frozenset(
    (
        *("marking-definition", "extension-definition", "identity", "relationship"),
        # recalls have pages of their own
        *("language-content", "withdrawal", "withdrawal-receipt"),
    )
)
"""Types that are shown with what they belong to, and never by themselves."""

TELLING: Final = frozenset(
    (*COLLECTING, *SPEAKING, *TYPES, "observed-data", "incident", "indicator", "vulnerability")
)
"""Types whose objects may hold others, speak of them, or name an observable."""

_HELD_BY_INCIDENTS: Final = ("event--", "impact--", "task--")
_MAX_COMPARISONS: Final = 300

# what makes an observable what it is; the rest (references, times) is not compared
_IDENTIFYING: Final[Mapping[str, tuple[str, ...]]] = {
    "file": ("hashes", "name"),
    "autonomous-system": ("number",),
    "windows-registry-key": ("key",),
    "mutex": ("name",),
    "user-account": ("account_login", "user_id", "display_name"),
    "process": ("command_line",),
    "x509-certificate": ("hashes", "serial_number", "subject"),
    "email-message": ("subject", "message_id"),
}

_COMPARISON = re.compile(
    r"(?P<type>[a-z0-9-]+):(?P<path>[A-Za-z_]+(?:\.(?:'[^']*'|[A-Za-z0-9_-]+))?)"
    r" ?(?:=| ISSUBSET) ?'(?P<value>(?:[^'\\]|\\.)*)'"
)
_OTHER_OPERATOR = re.compile(
    r"!=|<|>|\b(?:NOT|IN|LIKE|MATCHES|ISSUPERSET|EXISTS|FOLLOWEDBY|REPEATS|WITHIN)\b"
)
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")


@dataclass(frozen=True)
class Found:
    """An observable that some objects speak of.

    stix_ids: the objects that name it. is_indicator: whether one of them is a valid indicator.
    """

    observable: Observable
    stix_ids: tuple[str, ...]
    is_indicator: bool


def held_by(one: StixObject) -> list[str]:
    """Return the ids that an object holds together: of a report everything it refers to."""
    kind = one.get("type")
    if kind in COLLECTING:
        return _ids(one.get("object_refs"))
    if kind == "observed-data":
        return _ids(one.get("object_refs"))
    if kind == "incident":
        return [ref for ref in references_of(one) if ref.startswith(_HELD_BY_INCIDENTS)]
    return []


def spoken_of(one: StixObject) -> list[str]:
    """Return the ids that a sighting, a note or an opinion is about."""
    found: list[str] = []
    for name in SPEAKING.get(str(one.get("type")), ()):
        value = one.get(name)
        found += [value] if isinstance(value, str) else _ids(value)
    return found


def _ids(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def observables_in(objects: Iterable[StixObject]) -> list[Found]:
    """Return the observables that objects speak of, each once, in the order of the objects.

    Of a pattern only plain comparisons are read; what is not handled here is left out.
    """
    objects = list(objects)
    # how to reach a team is nothing that was seen
    contacts = {
        ref for one in objects if one.get("type") == "identity" for ref in references_of(one)
    }
    gathered: dict[Observable, tuple[list[str], bool]] = {}
    for one in objects:
        if one.get("id") in contacts:
            continue
        is_indicator = one.get("type") == "indicator" and not one.get("revoked")
        for item in observables_of(one):
            ids, before = gathered.get(item, ([], False))
            gathered[item] = ([*ids, str(one.get("id"))], before or is_indicator)
    return [Found(item, tuple(ids), is_one) for item, (ids, is_one) in gathered.items()]


def observables_of(one: StixObject) -> list[Observable]:
    """Return the observables that one object speaks of, in their canonical form."""
    kind = str(one.get("type"))
    if kind == "indicator":
        stix = one.get("pattern_type") == "stix"
        return _of_pattern(str(one.get("pattern", ""))) if stix else []
    if kind == "vulnerability":
        references = one.get("external_references", ())
        names = [one.get("name"), *(each.get("external_id") for each in references)]
        found = [_canonical("vulnerability", {"name": name}) for name in names if name]
        return [each for each in dict.fromkeys(found) if each][:1]
    if kind not in TYPES:
        return []
    names_of = _IDENTIFYING.get(kind, ("value",))
    item = _canonical(kind, {name: one[name] for name in names_of if name in one})
    return [item] if item else []


def alike(item: Observable) -> list[Observable]:
    """Return the forms by which others may know an observable: itself, and each hash alone."""
    hashes = item.properties.get("hashes")
    if not hashes:
        return [item]
    single = [Observable(item.type, {"hashes": {name: digest}}) for name, digest in hashes.items()]
    return list(dict.fromkeys([item, Observable(item.type, {"hashes": dict(hashes)}), *single]))


def _canonical(kind: str, properties: Mapping[str, Any]) -> Observable | None:
    if not properties:
        return None
    try:
        return Observable(kind, dict(properties)).canonical()
    except DomainError:
        return None


def _of_pattern(pattern: str) -> list[Observable]:
    plain = _TEXT.sub("''", pattern)
    if _OTHER_OPERATOR.search(plain) or plain.count("''") > _MAX_COMPARISONS:
        return []
    found: list[Observable] = []
    for each in _COMPARISON.finditer(pattern):
        item = _compared(each["type"], each["path"], re.sub(r"\\(.)", r"\1", each["value"]))
        if item is not None and item not in found:
            found.append(item)
    return found


def _compared(kind: str, path: str, value: str) -> Observable | None:
    if kind not in TYPES or kind == "vulnerability":
        return None
    name, _dot, inner = path.partition(".")
    if name == "hashes" and kind in ("file", "x509-certificate"):
        return _canonical(kind, {"hashes": {inner.strip("'"): value}})
    if name not in _IDENTIFYING.get(kind, ("value",)) or inner:
        return None
    if kind == "autonomous-system":
        try:
            return observable(kind, value)
        except DomainError:
            return None
    return _canonical(kind, {name: value})
