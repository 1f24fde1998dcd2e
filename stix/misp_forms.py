"""The MISP attributes that an observable or a rule has when misp-stix gives it none.

Types and categories: MISP's describeTypes (MISP core format, section "type").
"""

from collections.abc import Iterator
from typing import Any, Final

from cirt.stix.observables import Observable

CATEGORIES: Final = {
    **dict.fromkeys(("domain", "ip-dst", "url", "email-dst", "AS"), "Network activity"),
    **dict.fromkeys(("mac-address", "snort", "zeek"), "Network activity"),
    **dict.fromkeys(
        ("md5", "sha1", "sha256", "sha512", "sha3-256", "sha3-512"), "Payload delivery"
    ),
    **dict.fromkeys(("ssdeep", "tlsh", "filename", "email-src"), "Payload delivery"),
    **dict.fromkeys(("email-subject", "email-message-id"), "Payload delivery"),
    **dict.fromkeys(("yara", "sigma", "stix2-pattern"), "Payload installation"),
    **dict.fromkeys(
        ("x509-fingerprint-md5", "x509-fingerprint-sha1", "x509-fingerprint-sha256"),
        "Network activity",
    ),
    "mutex": "Artifacts dropped",
    "regkey": "Persistence mechanism",
    "regkey|value": "Persistence mechanism",
    "vulnerability": "External analysis",
    "text": "Other",
    "other": "Other",
    "comment": "Other",
    "link": "External analysis",
}
_HASHES: Final = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "SHA3-256": "sha3-256",
    "SHA3-512": "sha3-512",
    "SSDEEP": "ssdeep",
    "TLSH": "tlsh",
}
_BY_PROPERTY: Final = {
    ("ipv4-addr", "value"): "ip-dst",
    ("ipv6-addr", "value"): "ip-dst",
    ("domain-name", "value"): "domain",
    ("url", "value"): "url",
    ("email-addr", "value"): "email-src",
    ("mac-addr", "value"): "mac-address",
    ("autonomous-system", "number"): "AS",
    ("mutex", "name"): "mutex",
    ("windows-registry-key", "key"): "regkey",
    ("vulnerability", "name"): "vulnerability",
    ("email-message", "subject"): "email-subject",
    ("email-message", "message_id"): "email-message-id",
    ("file", "name"): "filename",
}
RULES: Final = {
    "yara": "yara",
    "sigma": "sigma",
    "snort": "snort",
    "suricata": "snort",
    "zeek": "zeek",
    "stix": "stix2-pattern",
}
"""Pattern type -> MISP attribute type; Suricata reads Snort's rules and MISP has one type."""
# Types that name a thing loosely: alone they would raise false alarms
_WEAK_TYPES: Final = frozenset({"filename", "text", "size-in-bytes", "mime-type", "counter"})


def attributes_of(item: Observable) -> Iterator[tuple[str, str]]:
    """Yield (type, value) for every property that MISP has an attribute type for."""
    for name, value in item.properties.items():
        if name == "hashes":
            for algorithm, digest in value.items():
                known = _HASHES.get(algorithm)
                if item.type == "x509-certificate" and known in ("md5", "sha1", "sha256"):
                    yield f"x509-fingerprint-{known}", digest
                elif item.type == "file" and known:
                    yield known, digest
        elif kind := _BY_PROPERTY.get((item.type, name)):
            yield kind, f"AS{value}" if kind == "AS" else str(value)


def values_of(item: Observable) -> list[tuple[str, str]]:
    """Return (name, value) of everything an observable holds, as MISP writes values."""
    found: list[tuple[str, str]] = []
    for name, value in item.properties.items():
        if name == "is_multipart":
            continue
        if (item.type, name) == ("autonomous-system", "number"):
            found.append((name, f"AS{value}"))
        else:
            found += [(name, str(leaf)) for leaf in _leaves(value)]
    return found


def _leaves(value: Any) -> Iterator[Any]:
    entries = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list, tuple)):
        for entry in entries:
            yield from _leaves(entry)
    else:
        yield value


def is_weak(kind: str, item: Observable) -> bool:
    """Say whether an attribute type alone is no ground for an alarm (a name of a hashed file)."""
    return kind in _WEAK_TYPES and not (kind == "filename" and "hashes" not in item.properties)
