"""What was seen on a network or a machine: one value of a STIX 2.1 kind, checked and canonical."""

import ipaddress
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from cirt.errors import N_, InvalidInputError
from cirt.stix.defanging import refang

MAX_VALUE: Final = 4_000
"""Characters of one value; leaves room for escapes in a pattern of 10,000."""

HASH_LENGTHS: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_HASH_STRENGTH = ("SHA-512", "SHA3-512", "SHA-256", "SHA3-256", "SHA-1", "MD5", "SSDEEP", "TLSH")
_HEX_HASHES = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128} | {
    "SHA3-256": 64,
    "SHA3-512": 128,
}
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{1,62}")
_CVE = re.compile(r"CVE-(?:19|20)\d{2}-\d{4,19}")
_MAC = re.compile(r"[0-9a-f]{12}")
_REGISTRY_ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
URL_SCHEMES: Final = frozenset({"http", "https", "ftp"})


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
    text = _plain(value.strip())
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


def _plain(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(N_("An observable needs a value."), field="value")
    if len(value) > MAX_VALUE:
        raise InvalidInputError(
            N_("The value is longer than %(limit)s characters."), field="value", limit=MAX_VALUE
        )
    if any(unicodedata.category(c) in _CONTROL or c in _DIRECTION for c in value):
        raise InvalidInputError(
            N_("The value holds a control character or a direction mark; take it out."),
            field="value",
        )
    return value


def _address(version: int) -> Callable[[Any], str]:
    def canonical_address(value: Any) -> str:
        text = _plain(value)
        try:
            if "%" in text:
                raise ValueError("a zone means something on one machine only")
            network = ipaddress.ip_network(text, strict=False)
            if network.version != version:
                raise ValueError("the other IP version")
        except ValueError:
            raise _unfit(text, f"IPv{version}") from None
        whole = network.prefixlen == network.max_prefixlen
        return str(network.network_address if whole else network)

    return canonical_address


def _unfit(value: str, kind: str) -> InvalidInputError:
    return InvalidInputError(
        N_("“%(value)s” does not fit the kind %(kind)s."),
        field="value",
        value=value[:100],
        kind=kind,
    )


def canonical_domain(value: Any) -> str:
    """Return a domain name in lower case, in the script it was given in, without the last dot.

    Raises InvalidInputError if it is no name under a top-level domain (RFC 1035, section 2.3.4;
    RFC 5890 for names in other scripts; leading underscores as in RFC 8552).
    """
    text = unicodedata.normalize("NFC", _plain(value)).lower().removesuffix(".")
    labels = text.split(".")
    if (
        len(labels) < 2
        or labels[-1].isdigit()
        or len(text) > 253
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise _unfit(text, "domain-name")
    if not text.isascii():
        # "¹.example" is another spelling of "1.example"
        if unicodedata.normalize("NFKC", text) != text:
            raise _unfit(text, "domain-name")
        try:
            if len(text.encode("idna")) > 253:
                raise _unfit(text, "domain-name")
        except UnicodeError:
            raise _unfit(text, "domain-name") from None
    return text


_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=-]+)(?::\d*)?")
_URI_CHARACTERS = "!$&'()*+,;=:@/?%"


def _canonical_url(value: Any) -> str:
    """Return a URL as given, but for characters that RFC 3986, which STIX asks for, has not.

    Those are written as RFC 3987, section 3.1, maps them: percent signs, and xn-- in the host.
    """
    text = _plain(value)
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise _unfit(text, "url") from None
    if parts.scheme not in URL_SCHEMES or not host or re.search(r"[\s<>\"\\]", text):
        raise _unfit(text, "url")
    authority = re.match(r"[A-Za-z]+://([^/?#]*)", text)
    if authority is None:
        raise _unfit(text, "url")
    user, at, place = authority[1].rpartition("@")
    if not place.isascii():
        name, colon, port = place.partition(":")
        place = canonical_domain(name).encode("idna").decode("ascii") + colon + port
    if not _HOST.fullmatch(place):
        raise _unfit(text, "url")
    address, hash_sign, fragment = text[authority.end() :].partition("#")
    return (
        text[: authority.start(1)]
        + _as_uri(user)
        + at
        + place
        + _as_uri(address)
        + hash_sign
        + _as_uri(fragment)
    )


def _as_uri(text: str) -> str:
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=_URI_CHARACTERS))


def _canonical_email(value: Any) -> str:
    text = _plain(value)
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        raise _unfit(text, "email-addr")
    # STIX asks for an address of RFC 5322, which has no other letters
    return f"{local}@{canonical_domain(domain).encode('idna').decode('ascii')}"


def _canonical_mac(value: Any) -> str:
    digits = re.sub(r"[:.\-]", "", _plain(value)).lower()
    if not _MAC.fullmatch(digits):
        raise _unfit(str(value), "mac-addr")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _canonical_hashes(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise InvalidInputError(N_("An observable needs a value."), field="hashes")
    hashes: dict[str, str] = {}
    for algorithm, digest in value.items():
        text = _plain(digest)
        length = _HEX_HASHES.get(algorithm)
        if length:
            text = text.lower()
            if not re.fullmatch(f"[0-9a-f]{{{length}}}", text):
                raise _unfit(text, algorithm)
        elif algorithm not in _HASH_STRENGTH:
            raise _unfit(text, "hashes")
        hashes[algorithm] = text
    return dict(sorted(hashes.items()))


def _canonical_number(value: Any) -> int:
    text = re.sub(r"(?i)^asn?\s*", "", str(value).strip())
    if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 2**32:  # RFC 6793
        raise _unfit(str(value), "autonomous-system")
    return int(text)


def _canonical_registry_key(value: Any) -> str:
    root, backslash, rest = _plain(value).partition("\\")
    root = _REGISTRY_ROOTS.get(root.upper(), root.upper())
    if root not in _REGISTRY_ROOTS.values():
        raise _unfit(str(value), "windows-registry-key")
    return root + backslash + rest


def _canonical_cve(value: Any) -> str:
    text = _plain(value).upper()
    if not _CVE.fullmatch(text):
        raise _unfit(text, "CVE")
    return text


def _canonical_size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _unfit(str(value), "file")
    return value


_RULES: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "ipv4-addr": {"value": _address(4)},
    "ipv6-addr": {"value": _address(6)},
    "domain-name": {"value": canonical_domain},
    "url": {"value": _canonical_url},
    "email-addr": {"value": _canonical_email},
    "mac-addr": {"value": _canonical_mac},
    "file": {"hashes": _canonical_hashes, "name": _plain, "size": _canonical_size},
    "autonomous-system": {"number": _canonical_number},
    "windows-registry-key": {"key": _canonical_registry_key},
    "mutex": {"name": _plain},
    "user-account": {"account_login": _plain, "user_id": _plain, "display_name": _plain},
    "process": {"command_line": _plain},
    "x509-certificate": {"hashes": _canonical_hashes, "serial_number": _plain, "subject": _plain},
    "email-message": {"subject": _plain, "message_id": _plain},
    "vulnerability": {"name": _canonical_cve},
}
TYPES: Final = tuple(_RULES)
"""The kinds that people may enter, in the order of a form."""

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
