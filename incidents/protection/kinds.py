"""The words of the data-protection pass: kinds of personal data, actions, findings, decisions."""

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final


class Kind(enum.StrEnum):
    """What a piece of personal data is."""

    PERSON = "person"
    EMAIL = "e-mail"
    PHONE = "phone"
    ACCOUNT = "account"
    VICTIM_HOST = "victim-host"
    VICTIM_ADDRESS = "victim-address"
    BANK_ACCOUNT = "bank-account"  # or the number of a card
    NATIONAL_ID = "national-id"
    POSTAL_ADDRESS = "postal-address"
    COORDINATES = "coordinates"
    URL_USERINFO = "url-userinfo"  # name and password in a URL
    MARKED = "marked"  # words that a person marked by hand


class Action(enum.StrEnum):
    """What happens to it before an audience gets the content."""

    MASK = "mask"
    GENERALISE = "generalise"
    PSEUDONYM = "pseudonym"
    KEEP = "keep"


INDICATOR: Final = "indicator"
"""The reason of the default that keeps attack infrastructure which partners are to look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happens to one finding.

    reason: why it is kept (never empty then, `INDICATOR` for the default). replacement: the words
    of a generalisation, "" for the ones of the tool. literal: the words themselves, if a person
    marked them by hand. decided_at: None for a default.
    """

    action: Action
    reason: str = ""
    replacement: str = ""
    literal: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where a finding stands.

    place: the path of the field, such as "description" or "observables.comment". item: the
    position in its list, None for a field of the incident itself. start, end: in that text; the
    words around it are for the page.
    """

    place: str
    item: int | None
    start: int
    end: int
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A piece of personal data, once for all the places where it stands.

    key: see `key_of`. value: as it was written first. canonical: the form in which two spellings of
    it are equal. default: what happens if nobody decides otherwise.
    """

    key: str
    kind: Kind
    value: str
    canonical: str
    spots: tuple[Spot, ...]
    default: Decision
    actions: tuple[Action, ...] = tuple(Action)


def key_of(kind: Kind, canonical: str) -> str:
    """Return the key of a finding: the same value has the same key wherever it stands.

    A value is masked everywhere or nowhere, so the key does not hold the place.
    """
    return hashlib.sha256(f"{kind.value}\0{canonical}".encode()).hexdigest()[:32]
