"""Facts about a country that a report prints with their sources: which there are, and their form."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType

from cirt.assessments.wording import written
from cirt.errors import N_, InvalidInputError

MAX_VALUE = 500
MAX_SOURCE = 500
FIRST_YEAR, LAST_YEAR = 1990, 2100
TIERS = ("T1", "T2", "T3", "T4", "T5")  # GCI, 5th edition, 2024


class Form(StrEnum):
    """What kind of value a fact has."""

    NUMBER = "number"  # 0 and more
    SHARE = "share"  # per cent, 0 to 100
    TEXT = "text"
    TIER = "tier"  # of the Global Cybersecurity Index, one of TIERS
    DOMAIN = "domain"  # a country-code top-level domain, such as .xa


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. label: message id, with the unit."""

    id: str
    label: str
    form: Form


FACTS: tuple[Fact, ...] = (
    Fact("population", N_("Population"), Form.NUMBER),
    Fact("gdp-per-person", N_("Gross domestic product per person, in US dollars"), Form.NUMBER),
    Fact("internet-users", N_("People using the Internet, per cent"), Form.SHARE),
    Fact("households", N_("Households with Internet access, per cent"), Form.SHARE),
    Fact(
        "mobile-broadband",
        N_("Mobile-broadband subscriptions for each 100 inhabitants"),
        Form.NUMBER,
    ),
    Fact(
        "fixed-broadband", N_("Fixed-broadband subscriptions for each 100 inhabitants"), Form.NUMBER
    ),
    Fact("providers", N_("Internet service providers"), Form.NUMBER),
    Fact("mobile-operators", N_("Mobile operators"), Form.NUMBER),
    Fact("exchange-points", N_("Internet exchange points"), Form.NUMBER),
    Fact("international-links", N_("International links and who runs them"), Form.TEXT),
    Fact("domain", N_("Country-code top-level domain"), Form.DOMAIN),
    Fact("domain-registry", N_("Registry of the domain"), Form.TEXT),
    Fact("data-centres", N_("Data centres open to others"), Form.NUMBER),
    Fact("critical-sectors", N_("Critical sectors, as the country names them"), Form.TEXT),
    Fact("gci-tier", N_("Tier in the Global Cybersecurity Index"), Form.TIER),
)
BY_ID: Mapping[str, Fact] = MappingProxyType({each.id: each for each in FACTS})

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_DOMAIN = re.compile(r"\.[^\s.]{2,60}")
# the Arabic signs for thousands and decimals, and spaces that group digits
_GROUPING = str.maketrans(
    {"٬": "", "٫": ".", "\u00a0": "", "\u202f": "", " ": "", "_": "", "'": "", "’": ""}
)


@dataclass(frozen=True, slots=True)
class FactValue:
    """What is known of one fact. value: in its form, "" for not known. year: None for not said."""

    value: str = ""
    year: int | None = None
    source: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is known."""
        return not (self.value or self.source or self.year)


def fact_value(fact: Fact, value: str | None, year: str | None, source: str | None) -> FactValue:
    """Return what somebody typed, in its form.

    Digits of other scripts are read, and 1,234,567 as 1234567. Raises InvalidInputError with
    field "<id>-value", "<id>-year" or "<id>-source".
    """
    known = written(value, most=MAX_VALUE, field=f"{fact.id}-value")
    if known:
        known = _checked(fact, known)
    found = FactValue(
        known,
        _year(year, f"{fact.id}-year"),
        written(source, most=MAX_SOURCE, field=f"{fact.id}-source"),
    )
    if found.value and not found.source:
        raise InvalidInputError(
            N_("Say where this is from: the report prints every figure with its source."),
            field=f"{fact.id}-source",
        )
    return found


def _checked(fact: Fact, text: str) -> str:
    field = f"{fact.id}-value"
    if fact.form is Form.TEXT:
        return text
    if fact.form is Form.TIER:
        tier = _digits(text).upper().removeprefix("TIER").strip()
        tier = tier if tier.startswith("T") else f"T{tier}"
        if tier not in TIERS:
            raise InvalidInputError(N_("Give a tier from T1 to T5."), field=field)
        return tier
    if fact.form is Form.DOMAIN:
        domain = text if text.startswith(".") else f".{text}"
        if not _DOMAIN.fullmatch(domain):
            raise InvalidInputError(
                N_("Give the domain as it is written, such as .xa."), field=field
            )
        return domain
    return _number(_digits(text), share=fact.form is Form.SHARE, field=field)


def _number(text: str, *, share: bool, field: str) -> str:
    text = text.removesuffix("%").removesuffix("٪").strip() if share else text
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(,|\.|$))", "", text.translate(_GROUPING))
    if not _NUMBER.fullmatch(text):
        raise InvalidInputError(
            N_("Give a number, with a point before decimals, such as 1234567 or 61.5."), field=field
        )
    try:
        number = Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern leaves only numbers
        raise InvalidInputError(N_("Give a number."), field=field) from None
    if share and number > 100:
        raise InvalidInputError(N_("A share lies between 0 and 100 per cent."), field=field)
    return format(number.normalize(), "f")


def _year(text: str | None, field: str) -> int | None:
    plain = _digits((text or "").strip())
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and FIRST_YEAR <= int(plain[:9]) <= LAST_YEAR):
        raise InvalidInputError(N_("Give the year with four digits, such as 2024."), field=field)
    return int(plain)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
