"""What was seen on a network or a machine: one value of a STIX 2.1 kind, checked and canonical."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.addresses import (
    address,
    canonical_domain,
    canonical_email,
    canonical_mac,
    canonical_url,
    plain,
    unfit,
)
from cirt.stix.defanging import refang

HASH_LENGTHS: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_HASH_STRENGTH = ("SHA-512", "SHA3-512", "SHA-256", "SHA3-256", "SHA-1", "MD5", "SSDEEP", "TLSH")
_HEX_HASHES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128} | {
    "SHA3-256": 64,
    "SHA3-512": 128,
}
_CVE = re.compile(r"CVE-(?:19|20)\d{2}-\d{4,19}")
_REGISTRY_ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


@dataclass(frozen=True)
class Observable:
    """One observable.

    type: a STIX 2.1 SCO type, or "vulnerability" (an SDO in STIX, an observable to people).
    properties: those of the SCO without type, id and spec_version.
    """

    type: str
    properties: Mapping[str, Any]

    @property
    def value(self) -> str:
        """The one-line form that people read and type."""
        return _display(self)

    def canonical(self) -> "Observable":
        """Return the form in which two observables of the same thing are equal.

        Raises InvalidInputError if the type is not known here or a property does not fit it.
        """
        try:
            rule = _RULES[self.type]
        except KeyError:
            raise InvalidInputError(
                N_("Observables of the type “%(type)s” are not handled here."),
                field="type",
                type=self.type,
            ) from None
        properties = dict(self.properties)
        for name, rewrite in rule.items():
            if name in properties:
                properties[name] = rewrite(properties[name])
        if not any(name in properties for name in rule):
            raise InvalidInputError(
                N_("An observable of the type “%(type)s” needs one of: %(names)s."),
                type=self.type,
                names=", ".join(rule),
            )
        if self.type == "email-message":
            properties.setdefault("is_multipart", False)  # required by STIX 2.1, section 6.6
        return Observable(self.type, properties)

    def __hash__(self) -> int:
        return hash((self.type, json.dumps(self.properties, sort_keys=True, default=str)))


def observable(type: str, value: str) -> Observable:  # noqa: A002 - the word of the standard
    """Return the canonical observable of one typed-in value, defanged or not.

    A file is a hash (recognised by its length) or else a name; a certificate is a hash.
    Raises InvalidInputError, a sentence that says what would fit.
    """
    text = plain(value.strip())
    if type in _DEFANGED_KINDS:
        text = refang(text)
    if type in ("file", "x509-certificate"):
        algorithm = HASH_LENGTHS.get(len(text))
        if algorithm and re.fullmatch(r"[0-9A-Fa-f]+", text):
            return Observable(type, {"hashes": {algorithm: text}}).canonical()
        if type == "x509-certificate":
            raise InvalidInputError(
                N_("“%(value)s” is no fingerprint; give MD5, SHA-1, SHA-256 or SHA-512 in hex."),
                field="value",
                value=text[:100],
            )
        return Observable(type, {"name": text}).canonical()
    if type == "autonomous-system":
        return Observable(type, {"number": text}).canonical()
    return Observable(type, {_TYPED_PROPERTY.get(type, "value"): text}).canonical()


def _canonical_hashes(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise InvalidInputError(N_("An observable needs a value."), field="hashes")
    hashes: dict[str, str] = {}
    for algorithm, digest in value.items():
        text = plain(digest)
        length = _HEX_HASHES.get(algorithm)
        if length:
            text = text.lower()
            if not re.fullmatch(f"[0-9a-f]{{{length}}}", text):
                raise unfit(text, algorithm)
        elif algorithm not in _HASH_STRENGTH:
            raise unfit(text, "hashes")
        hashes[algorithm] = text
    return dict(sorted(hashes.items()))


def _canonical_number(value: Any) -> int:
    text = re.sub(r"(?i)^asn?\s*", "", str(value).strip())
    if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 2**32:  # RFC 6793
        raise unfit(str(value), "autonomous-system")
    return int(text)


def _canonical_registry_key(value: Any) -> str:
    root, backslash, rest = plain(value).partition("\\")
    root = _REGISTRY_ROOTS.get(root.upper(), root.upper())
    if root not in _REGISTRY_ROOTS.values():
        raise unfit(str(value), "windows-registry-key")
    return root + backslash + rest


def _canonical_cve(value: Any) -> str:
    text = plain(value).upper()
    if not _CVE.fullmatch(text):
        raise unfit(text, "CVE")
    return text


def _canonical_size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise unfit(str(value), "file")
    return value


_RULES: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "ipv4-addr": {"value": address(4)},
    "ipv6-addr": {"value": address(6)},
    "domain-name": {"value": canonical_domain},
    "url": {"value": canonical_url},
    "email-addr": {"value": canonical_email},
    "mac-addr": {"value": canonical_mac},
    "file": {"hashes": _canonical_hashes, "name": plain, "size": _canonical_size},
    "autonomous-system": {"number": _canonical_number},
    "windows-registry-key": {"key": _canonical_registry_key},
    "mutex": {"name": plain},
    "user-account": {"account_login": plain, "user_id": plain, "display_name": plain},
    "process": {"command_line": plain},
    "x509-certificate": {"hashes": _canonical_hashes, "serial_number": plain, "subject": plain},
    "email-message": {"subject": plain, "message_id": plain},
    "vulnerability": {"name": _canonical_cve},
}
TYPES: Final = tuple(_RULES)
"""The kinds that people may enter, in the order of a form."""


def properties_of(type: str) -> tuple[str, ...]:  # noqa: A002 - the word of the standard
    """Return the properties that people and machines may give of a kind; () for an unknown one."""
    return tuple(_RULES.get(type, ()))


_DEFANGED_KINDS = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr"})
_TYPED_PROPERTY = {
    "windows-registry-key": "key",
    "mutex": "name",
    "user-account": "account_login",
    "process": "command_line",
    "email-message": "subject",
    "vulnerability": "name",
}


def strongest_hash(hashes: Mapping[str, str]) -> tuple[str, str]:
    """Return algorithm and digest of the hash that is hardest to forge."""
    for algorithm in _HASH_STRENGTH:
        if algorithm in hashes:
            return algorithm, hashes[algorithm]
    return next(iter(sorted(hashes.items())))


def _display(item: Observable) -> str:
    properties = item.properties
    shown: Any = None
    if item.type == "autonomous-system" and "number" in properties:
        shown = f"AS{properties['number']}"
    elif properties.get("hashes"):
        shown = strongest_hash(properties["hashes"])[1]
        if item.type == "file" and "name" in properties:
            shown = f"{properties['name']} ({shown})"
    else:
        names = ("value", *_RULES.get(item.type, {}))
        shown = next((properties[name] for name in names if name in properties), None)
    text = str(shown) if shown is not None else json.dumps(dict(properties), ensure_ascii=False)
    return " ".join(text.split())
