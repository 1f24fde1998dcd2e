"""What may be said of an impact, category by category. Knows no web and no database.

Source: Incident Core Extension 2.1 for STIX 2.1 (OASIS, draft of 2024), impact and its category
extensions.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from cirt import vocabularies
from cirt.errors import N_, InvalidInputError
from cirt.incidents.case_details import MAX_TEXT, check_moment, plain_text
from cirt.incidents.entity_counts import checked_counts
from cirt.stix.impact_rules import IMPACT_FIELDS, REQUIRED, UNLESS_NONE

MOST_RECORDS = 10**15
MOST_MONEY = 10**15

_WORD = re.compile(r"[a-z0-9&]+(?:-[a-z0-9&]+)*")
_CURRENCY = re.compile(r"[A-Z0-9]{2,12}")
_STAMP = "%Y-%m-%dT%H:%M:%S.000Z"


Kind = Literal["word", "step", "whole", "money", "rate", "currency", "time"]


@dataclass(frozen=True, slots=True)
class Part:
    """One property of a category: its name in the standard and what it holds.

    words: the list of a word, or the scale of a step. required: whatever the rest says.
    """

    name: str
    kind: Kind
    words: str = ""
    required: bool = False


# property -> what it holds, and of which list
_KINDS: Mapping[str, tuple[Kind, str]] = {
    "availability_impact": ("step", "availability"),
    "loss_type": ("word", "confidentiality-loss"),
    "information_type": ("word", "information-type"),
    "record_count": ("whole", ""),
    "record_size": ("whole", ""),
    "alteration": ("word", "integrity-alteration"),
    "variety": ("word", "monetary-impact-type"),
    "min_amount": ("money", ""),
    "max_amount": ("money", ""),
    "currency": ("currency", ""),
    "currency_actual": ("currency", ""),
    "conversion_rate": ("rate", ""),
    "conversion_time": ("time", ""),
    "asset_type": ("word", "asset-type"),
    "traceability_impact": ("word", "traceability"),
}


def _parts(category: str) -> tuple[Part, ...]:
    # "impact_type" is the one property whose list depends on the category
    kinds = {**_KINDS, "impact_type": ("word", f"{category}-impact")}
    return tuple(
        Part(name, *kinds[name], required=name == REQUIRED[category])
        for name in IMPACT_FIELDS[category]
    )


_CATEGORIES = (
    *("availability", "confidentiality", "integrity", "monetary"),
    *("physical", "external", "traceability"),
)
PARTS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {category: _parts(category) for category in _CATEGORIES}
)
"""The properties of each category's extension, in the order of the form."""


@dataclass(frozen=True, kw_only=True)
class ImpactDetails:
    """An impact as a person describes it.

    criticality: 0 to 100, None if not judged. details: property of the category -> value, as in
    PARTS; a time is a datetime going in and ISO 8601 coming out. counts: entity type -> number.
    """

    category: str
    criticality: int | None = None
    description: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    recoverability: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def checked_impact(impact: ImpactDetails, *, now: datetime) -> ImpactDetails:
    """Return the impact in its stored form: empty properties left out, numbers as JSON has them.

    Raises InvalidInputError, naming the field (for a property of the category, its name).
    """
    if impact.category not in PARTS:
        raise InvalidInputError(N_("Choose one of the entries of the list."), field="category")
    if impact.criticality is not None and not 0 <= impact.criticality <= 100:
        raise InvalidInputError(N_("Choose one of the entries of the list."), field="criticality")
    if impact.recoverability:
        _word(impact.recoverability, Part("recoverability", "word", "recoverability"))
    check_span(impact.started_at, impact.ended_at, now)
    return replace(
        impact,
        description=plain_text(impact.description, "description", MAX_TEXT),
        details=_details(impact.category, impact.details, now),
        counts=checked_counts(impact.counts, "counts"),
    )


def check_span(started: datetime | None, ended: datetime | None, now: datetime) -> None:
    """Raise InvalidInputError unless both times have passed and the end does not precede the start."""
    check_moment("started_at", started, now)
    check_moment("ended_at", ended, now)
    if started and ended and ended < started:
        raise InvalidInputError(
            N_("It cannot have ended before it started; correct one of the two."), field="ended_at"
        )


def check_succession(earlier: ImpactDetails, later: ImpactDetails) -> None:
    """Raise InvalidInputError unless the later impact may take the place of the earlier one.

    A superseded impact has an end, and its successor the same category.
    """
    if later.category != earlier.category:
        raise InvalidInputError(
            N_("An impact is superseded only by one of the same category."), field="category"
        )
    if earlier.ended_at is None:
        raise InvalidInputError(
            N_("Say when the earlier impact ended; from then on the new one holds."),
            field="earlier_ended_at",
        )
    if earlier.started_at and earlier.ended_at < earlier.started_at:
        raise InvalidInputError(
            N_("It cannot have ended before it started; correct one of the two."),
            field="earlier_ended_at",
        )
    if earlier.started_at and later.started_at and later.started_at < earlier.started_at:
        raise InvalidInputError(
            N_("What supersedes an impact cannot have started before it."), field="started_at"
        )


def _details(category: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    unknown = set(given) - {part.name for part in PARTS[category]}
    if unknown:
        raise InvalidInputError(
            N_("“%(name)s” does not belong to this category."),
            field="category",
            name=sorted(unknown)[0][:40],
        )
    found: dict[str, Any] = {}
    for part in PARTS[category]:
        value = given.get(part.name)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if part.required:
                raise InvalidInputError(N_("Choose one of the entries."), field=part.name)
            continue
        found[part.name] = _value(value, part, now)
    second = UNLESS_NONE.get(category)
    if second and found[REQUIRED[category]] != "none" and second not in found:
        raise InvalidInputError(_MISSING[second], field=second)
    if category == "monetary":
        _check_money(found)
    return found


_MISSING = {
    "information_type": N_("Say what kind of information it was."),
    "asset_type": N_("Say what was damaged."),
}


def _value(value: Any, part: Part, now: datetime) -> Any:
    match part.kind:
        case "word":
            return _word(value, part)
        case "step":
            return _whole(value, part.name, 100)
        case "whole":
            return _whole(value, part.name, MOST_RECORDS)
        case "money" | "rate":
            return _number(value, part)
        case "currency":
            code = str(value).upper()
            if not _CURRENCY.fullmatch(code):
                raise InvalidInputError(
                    N_("Write the code of the currency, such as USD."), field=part.name
                )
            return code
        case "time":
            return _moment(value, part.name, now)


def _word(value: Any, part: Part) -> str:
    words = vocabularies.word_lists()[part.words]
    fits = value in words.words if words.closed else len(value) <= 60 and _WORD.fullmatch(value)
    if not fits:
        raise InvalidInputError(N_("Choose one of the entries of the list."), field=part.name)
    return str(value)


def _whole(value: Any, name: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidInputError(
            N_("Give a whole number from 0 to %(most)s."), field=name, most=most
        )
    return value


def _number(value: Any, part: Part) -> int | float:
    usable = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not usable or not math.isfinite(value) or not 0 <= value <= MOST_MONEY:
        raise InvalidInputError(
            N_("Give a number from 0 to %(most)s."), field=part.name, most=MOST_MONEY
        )
    if part.kind == "rate" and float(value) <= 0:
        raise InvalidInputError(N_("A rate is greater than 0."), field=part.name)
    return int(value) if value == int(value) else float(value)


def _moment(value: Any, name: str, now: datetime) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidInputError(N_("Give a date and a time."), field=name)
    check_moment(name, value, now)
    return value.astimezone(UTC).strftime(_STAMP)


def _check_money(found: dict[str, Any]) -> None:
    is_demand = found["variety"] == "ransom-demand"
    if is_demand and "max_amount" in found and found.setdefault("min_amount", 0) != 0:
        raise InvalidInputError(
            N_("Of a ransom demanded, the smallest amount is 0 and the largest is the demand."),
            field="min_amount",
        )
    for one, other in (("min_amount", "max_amount"), ("max_amount", "min_amount")):
        if one in found and other not in found:
            raise InvalidInputError(
                N_("Give the smallest and the largest amount, or neither."), field=other
            )
    if "max_amount" in found and found["max_amount"] < found["min_amount"]:
        raise InvalidInputError(
            N_("The largest amount cannot be less than the smallest."), field="max_amount"
        )
    if "currency" not in found and {"max_amount", "currency_actual"} & found.keys():
        raise InvalidInputError(
            N_("Write the code of the currency, such as USD."), field="currency"
        )
    for one, other in (
        ("currency_actual", "conversion_rate"),
        ("conversion_rate", "currency_actual"),
        ("conversion_rate", "conversion_time"),
        ("conversion_time", "conversion_rate"),
    ):
        if one in found and other not in found:
            raise InvalidInputError(
                N_("A conversion needs the original currency, the rate and the time of the rate."),
                field=other,
            )
