"""Which observables misp-stix made of an attribute or object, and which attributes they hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cirt.errors import InvalidInputError
from cirt.stix.misp_event import ForeignAttribute, moment
from cirt.stix.observables import Observable, observable

# What an observable of a type keeps: values of its own, no references, secrets or people's names
_KEPT: Final = {
    "file": ("hashes", "name", "size", "mime_type"),
    "windows-registry-key": ("key", "values", "modified_time"),
    "email-message": ("subject", "message_id", "date"),
    "user-account": ("account_login", "user_id", "account_type"),
    "process": ("command_line", "cwd"),
    "x509-certificate": (
        *("hashes", "serial_number", "subject", "issuer"),
        *("validity_not_before", "validity_not_after"),
    ),
    "autonomous-system": ("number", "name"),
    "mutex": ("name",),
    "vulnerability": ("name",),
    **dict.fromkeys(
        ("ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr"), ("value",)
    ),
}
_ADDRESSES: Final = frozenset({"ipv4-addr", "ipv6-addr", "domain-name"})
# Types that mean one value wherever they stand, even in an object that STIX has no form for
_PLAIN_TYPES: Final = {
    "ip": "ip",
    "ip-src": "ip",
    "ip-dst": "ip",
    "domain": "domain-name",
    "hostname": "domain-name",
    "url": "url",
    "email": "email-addr",
    "email-src": "email-addr",
    "email-dst": "email-addr",
    "email-reply-to": "email-addr",
    "whois-registrant-email": "email-addr",
    "vulnerability": "vulnerability",
    "mac-address": "mac-addr",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An observable and the values it holds, folded for comparison.

    refusal: set instead of an observable, when it has a form that is not handled here.
    """

    observable: Observable | None
    values: frozenset[str]
    remark: str = ""
    refusal: InvalidInputError | None = None


def observables_of(scos: Sequence[Mapping[str, Any]]) -> list[Found]:
    """Return what stands on its own among the STIX objects of one attribute or object.

    References between them fall away; the ports of a connection become a remark of its addresses.
    """
    ports = sorted(set(_ports(scos)))
    remark = ", ".join(f"{end} port {number}" for end, number in ports)
    numbers = frozenset(str(number) for _, number in ports)
    found = []
    for sco in scos:
        kind = sco["type"]
        properties = {name: sco[name] for name in _KEPT.get(kind, ()) if name in sco}
        if not properties:
            continue
        values = frozenset(_folded(leaf) for leaf in _leaves(properties))
        if kind == "url":
            # as every browser sends it; MISP keeps what was pasted
            properties["value"] = properties["value"].strip().replace(" ", "%20")
        try:
            item = Observable(kind, properties).canonical()
        except InvalidInputError as error:
            found.append(Found(None, values, refusal=error))
            continue
        if kind in _ADDRESSES:
            found.append(Found(item, values | numbers, remark))
        else:
            found.append(Found(item, values))
    return found


def _ports(scos: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for sco in scos:
        if sco["type"] == "network-traffic":
            for end, key in (("source", "src_port"), ("destination", "dst_port")):
                if isinstance(sco.get(key), int):
                    yield end, sco[key]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for entry in value.values():
            yield from _leaves(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _leaves(entry)
    else:
        yield value


def _folded(value: Any) -> str:
    """Return a value as it compares: "True" and true, a time in any notation, any case."""
    text = str(value).strip().casefold()
    time = moment(value) if len(text) > 9 and "-" in text else None
    return time.isoformat() if time else text


def parts(attribute: ForeignAttribute) -> list[str]:
    """Return the values of an attribute, folded for comparison: two for types like domain|ip."""
    composite = "|" in attribute.type or attribute.type == "malware-sample"
    values = attribute.value.split("|") if composite else [attribute.value]
    return [folded for value in values if (folded := _folded(value))]


def plain_observable(attribute: ForeignAttribute) -> Observable | None:
    """Return the observable that a plain type names by itself; None for other types.

    Raises InvalidInputError if the value does not fit.
    """
    kind = _PLAIN_TYPES.get(attribute.type)
    if kind == "url" and "/" not in attribute.value:
        kind = "domain-name"  # some write the bare host as a URL
    if kind == "ip":
        kind = "ipv6-addr" if ":" in attribute.value else "ipv4-addr"
    return observable(kind, attribute.value) if kind else None
