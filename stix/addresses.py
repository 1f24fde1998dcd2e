"""Addresses in their canonical form: IP, domain, URL, e-mail, MAC; and what any value may hold."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

import jsonschema_rs

from cirt.errors import N_, InvalidInputError

MAX_VALUE: Final = 4_000
"""Characters of one value; leaves room for escapes in a pattern of 10,000."""

_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{0,61}[^\W_]")
_MAC = re.compile(r"[0-9a-f]{12}")
URL_SCHEMES: Final = frozenset({"http", "https", "ftp"})


def plain(value: Any) -> str:
    """Return a text that is a value: not empty, one line, nothing invisible that turns it round."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(N_("An observable needs a value."), field="value")
    if len(value) > MAX_VALUE:
        raise InvalidInputError(
            N_("The value is longer than %(limit)s characters."), field="value", limit=MAX_VALUE
        )
    is_simple = value.isascii() and value.isprintable()
    if not is_simple and any(unicodedata.category(c) in _CONTROL or c in _DIRECTION for c in value):
        raise InvalidInputError(
            N_("The value holds a control character or a direction mark; take it out."),
            field="value",
        )
    return value


def address(version: int) -> Callable[[Any], str]:
    """Return what makes an address or network of IP version 4 or 6 canonical."""

    def canonical_address(value: Any) -> str:
        text = plain(value)
        try:
            if "%" in text:
                raise ValueError("a zone means something on one machine only")
            if "/" not in text:
                single = ipaddress.ip_address(text)
                if single.version != version:
                    raise ValueError("the other IP version")
                return str(single)
            network = ipaddress.ip_network(text, strict=False)
            if network.version != version:
                raise ValueError("the other IP version")
        except ValueError:
            raise unfit(text, f"IPv{version}") from None
        whole = network.prefixlen == network.max_prefixlen
        return str(network.network_address if whole else network)

    return canonical_address


def unfit(value: str, kind: str) -> InvalidInputError:
    """Return the error for a value that is none of its kind."""
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
    text = unicodedata.normalize("NFC", plain(value)).lower().removesuffix(".")
    labels = text.split(".")
    if (
        len(labels) < 2
        or labels[-1].isdigit()
        or len(text) > 253
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise unfit(text, "domain-name")
    if not text.isascii() or "xn--" in text:
        # "¹.example" is another spelling of "1.example"
        if unicodedata.normalize("NFKC", text) != text:
            raise unfit(text, "domain-name")
        try:
            fits = len(text.encode("idna")) <= 253 and _hostname_validator().is_valid(text)
        except UnicodeError:
            fits = False
        if not fits:
            raise unfit(text, "domain-name")
    return text


@cache
def _hostname_validator() -> Any:
    # The same judge as the schema of domain-name has: RFC 5890, with the bidi rule of RFC 5893.
    return jsonschema_rs.validator_for({"format": "idn-hostname"}, validate_formats=True)


_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=-]+)(?::\d*)?")
_URI_CHARACTERS = "!$&'()*+,;=:@/?%"


def canonical_url(value: Any) -> str:
    """Return a URL as given, but for characters that RFC 3986, which STIX asks for, has not.

    Those are written as RFC 3987, section 3.1, maps them: percent signs, and xn-- in the host.
    """
    text = plain(value)
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise unfit(text, "url") from None
    if parts.scheme not in URL_SCHEMES or not host or re.search(r"[\s<>\"\\]", text):
        raise unfit(text, "url")
    authority = re.match(r"[A-Za-z]+://([^/?#]*)", text)
    if authority is None:
        raise unfit(text, "url")
    user, at, place = authority[1].rpartition("@")
    if not place.isascii():
        name, colon, port = place.partition(":")
        place = canonical_domain(name).encode("idna").decode("ascii") + colon + port
    if not _HOST.fullmatch(place):
        raise unfit(text, "url")
    path, hash_sign, fragment = text[authority.end() :].partition("#")
    scheme = text[: authority.start(1)]
    user = _as_uri(user).replace("@", "%40")
    # measured again: percent signs make it longer
    return plain(scheme + user + at + place + _as_uri(path) + hash_sign + _as_uri(fragment))


def _as_uri(text: str) -> str:
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=_URI_CHARACTERS))


def canonical_email(value: Any) -> str:
    """Return an e-mail address with its domain in lower case (RFC 5322, addr-spec)."""
    text = plain(value)
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or "_" in domain or not _LOCAL_PART.fullmatch(local):
        raise unfit(text, "email-addr")
    # STIX asks for an address of RFC 5322, which has no other letters
    return f"{local}@{canonical_domain(domain).encode('idna').decode('ascii')}"


def canonical_mac(value: Any) -> str:
    """Return a MAC address in lower case with colons (STIX 2.1, section 6.10)."""
    digits = re.sub(r"[:.\-]", "", plain(value)).lower()
    if not _MAC.fullmatch(digits):
        raise unfit(str(value), "mac-addr")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
