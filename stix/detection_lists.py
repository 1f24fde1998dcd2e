"""Lists and rules for sensors, made of indicators: CSV, hosts, RPZ, Suricata, Sigma, STIX patterns.

Only what one value alone decides can become a line of a list: `[a = 'x']`, also several joined by
OR. What combines conditions stays a STIX pattern, and every list says what it leaves out. Each
list bears its marking and the time when it was made.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cirt.errors import N_
from cirt.stix.marking import TLP
from cirt.stix.timestamps import moment


class ListForm(StrEnum):
    """The forms of a list."""

    CSV = "csv"
    HOSTS = "hosts"
    RPZ = "rpz"
    SURICATA = "suricata"
    SIGMA = "sigma"
    STIX = "stix"


@dataclass(frozen=True, slots=True)
class Watched:
    """One value that is looked for. kind: "domain", "ipv4", "ipv6", "network4", "network6", "url",
    "email", "md5", "sha1", "sha256", "sha512", "file-name"."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator that holds now. watched: () when its pattern combines conditions."""

    id: str
    name: str
    tlp: TLP
    pattern: str
    pattern_type: str
    valid_from: datetime
    valid_until: datetime | None
    watched: tuple[Watched, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An indicator that a list does not hold, and why, as a sentence to translate."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands at the top of a list. title: of the circle; made: when."""

    title: str
    tlp: TLP
    made: datetime


@dataclass(frozen=True, slots=True)
class DetectionList:
    """A list as a file. lines: how many values or rules it holds."""

    body: bytes
    media_type: str
    ending: str
    lines: int
    left_out: tuple[LeftOut, ...] = field(default=())


REVOKED: Final = N_("It was revoked by its producer.")
EXPIRED: Final = N_("It is not valid any more.")
NOT_YET: Final = N_("It is not valid yet.")
COMBINED: Final = N_("Its pattern combines several conditions; take the STIX patterns.")
OTHER_LANGUAGE: Final = N_("It is a rule in another language than this list.")
OTHER_KIND: Final = N_("This form has no place for what it looks for.")

_TERM = (
    r"(?P<path>[a-z][a-z0-9-]*:[A-Za-z0-9_.'\-]+?) ?(?P<operator>=|ISSUBSET) ?"
    r"'(?P<value>(?:[^'\\]|\\['\\])*+)'"
)
_TERMS = re.compile(_TERM)
_GROUP = rf"\[ ?{_TERM} ?(?: OR {_TERM} ?)*+\]"
_ALTERNATIVES = re.compile(
    re.sub(r"\?P<\w+>", "?:", rf"{_GROUP}(?: OR {_GROUP})*+")  # names are for one term alone
)
_KINDS: Final = {
    "domain-name:value": "domain",
    "url:value": "url",
    "email-addr:value": "email",
    "ipv4-addr:value": "ipv4",
    "ipv6-addr:value": "ipv6",
    "file:hashes.MD5": "md5",
    "file:hashes.'MD5'": "md5",
    "file:hashes.'SHA-1'": "sha1",
    "file:hashes.'SHA-256'": "sha256",
    "file:hashes.'SHA-512'": "sha512",
    "file:name": "file-name",
}


def entries(
    indicators: Iterable[tuple[Mapping[str, Any], TLP]], *, now: datetime
) -> tuple[list[Entry], list[LeftOut]]:
    """Return the indicators that hold now, by id, and why the others are left out.

    indicators: newest versions of checked objects, each with its marking.
    """
    found: list[Entry] = []
    left: list[LeftOut] = []
    for one, tlp in sorted(indicators, key=lambda pair: str(pair[0]["id"])):
        start = _second(one["valid_from"])
        end = _second(one["valid_until"]) if "valid_until" in one else None
        reason = (
            REVOKED
            if one.get("revoked")
            else EXPIRED
            if end is not None and end <= now
            else NOT_YET
            if start > now
            else None
        )
        if reason is not None:
            left.append(LeftOut(one["id"], reason))
            continue
        kind = str(one.get("pattern_type", "stix"))
        pattern = str(one["pattern"])
        found.append(
            Entry(
                id=one["id"],
                name=str(one.get("name", "")),
                tlp=tlp,
                pattern=pattern,
                pattern_type=kind,
                valid_from=start,
                valid_until=end,
                watched=watched_by(pattern) if kind == "stix" else (),
            )
        )
    return found, left


def _second(text: str) -> datetime:
    found = moment(text)
    if found is None:
        raise ValueError("a checked object holds no such time")
    return found[0]


def watched_by(pattern: str) -> tuple[Watched, ...]:
    """Return the values of which any one alone satisfies a STIX pattern; () for any other."""
    if not _ALTERNATIVES.fullmatch(pattern):
        return ()
    found: dict[Watched, None] = {}
    for term in _TERMS.finditer(pattern):
        kind = _KINDS.get(term["path"])
        value = re.sub(r"\\(.)", r"\1", term["value"])
        if kind is None:
            return ()  # one alternative without a place would make the list say less than all
        if kind in ("ipv4", "ipv6") and "/" in value:
            kind = kind.replace("ipv", "network")
        elif term["operator"] != "=":
            return ()
        found[Watched(kind, value)] = None
    return tuple(found)


def split(
    found: Sequence[Entry], kinds: Iterable[str]
) -> tuple[list[tuple[Entry, Watched]], list[LeftOut]]:
    """Return the values of these kinds with their indicators, and what has no place in the list."""
    wanted = frozenset(kinds)
    taken: list[tuple[Entry, Watched]] = []
    left: list[LeftOut] = []
    for entry in found:
        if not entry.watched:
            reason = COMBINED if entry.pattern_type == "stix" else OTHER_LANGUAGE
            left.append(LeftOut(entry.id, reason))
        elif not any(one.kind in wanted for one in entry.watched):
            left.append(LeftOut(entry.id, OTHER_KIND))
        taken += [(entry, one) for one in entry.watched if one.kind in wanted]
    return taken, left
