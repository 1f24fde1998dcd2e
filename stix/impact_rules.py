"""What the incident extension suite demands of an impact: closed lists, and rules between fields.

Source: Incident Core Extension 2.1 for STIX 2.1 (OASIS cti-stix-common-objects, draft of
20 February 2024 with the edits of March 2024), sections on impact and task. The names of the words
and the open vocabularies are in `cirt.vocabularies`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cirt.stix.timestamps import moment

RECOVERABILITIES: Final = (
    "not-applicable",
    "regular",
    "supplemented",
    "extended",
    "not-recoverable",
)
"""Closed list recoverability, from nothing to recover to nothing that can be."""

CONFIDENTIALITY_LOSSES: Final = (
    "none",
    "suspected-loss",
    "contained",
    "confirmed-loss",
    "exploited-loss",
)
"""Closed list confidentiality-loss."""

INTEGRITY_ALTERATIONS: Final = (
    "none",
    "potential-modification",
    "partial-modification",
    "full-modification",
    "potential-destruction",
    "partial-destruction",
    "full-destruction",
)
"""Closed list integrity-alteration."""

PHYSICAL_IMPACTS: Final = (
    "none",
    "unknown",
    "damaged-functional",
    "damaged-nonfunctional",
    "destruction",
)
"""Closed list physical-impact ("unknown" stands in the text; the published schema forgot it)."""

TRACEABILITIES: Final = ("provable-accountability", "partial-accountability", "accountability-lost")
"""Closed list traceability."""

TASK_OUTCOMES: Final = ("pending", "ongoing", "successful", "failed", "cancelled", "unknown")
"""Closed list task-outcome, in the order in which a task usually moves."""

IMPACT_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "availability": ("availability_impact",),
    "confidentiality": ("loss_type", "information_type", "record_count", "record_size"),
    "external": ("impact_type",),
    "integrity": ("alteration", "information_type", "record_count", "record_size"),
    "monetary": (
        "variety",
        "min_amount",
        "max_amount",
        "currency",
        "currency_actual",
        "conversion_rate",
        "conversion_time",
    ),
    "physical": ("impact_type", "asset_type"),
    "traceability": ("traceability_impact",),
}
"""Category of an impact -> the properties of its extension."""

_CLOSED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("confidentiality", "loss_type"): CONFIDENTIALITY_LOSSES,
    ("integrity", "alteration"): INTEGRITY_ALTERATIONS,
    ("physical", "impact_type"): PHYSICAL_IMPACTS,
    ("traceability", "traceability_impact"): TRACEABILITIES,
}

REQUIRED: Final[Mapping[str, str]] = {
    "availability": "availability_impact",
    "confidentiality": "loss_type",
    "external": "impact_type",
    "integrity": "alteration",
    "monetary": "variety",
    "physical": "impact_type",
    "traceability": "traceability_impact",
}
"""Category -> the property that it always has."""

UNLESS_NONE: Final[Mapping[str, str]] = {
    "confidentiality": "information_type",
    "integrity": "information_type",
    "physical": "asset_type",
}
"""Category -> the property that it has as well unless the required one is "none"."""

_COUNTS: Final = ("record_count", "record_size")
_LARGEST: Final = 2**53 - 1


def category_of(word: Any) -> str:
    """Return a category as it is compared: "monetary-ext" and "monetary" are the same."""
    return word.removesuffix("-ext") if isinstance(word, str) else ""


def unfit_details(category: str, details: Mapping[str, Any]) -> list[str]:
    """Return the properties of a category's extension that break its rules, each once; [] if none.

    A property that is required and missing is named too. Of a category that the suite does not
    know, nothing is unfit: further categories may come.
    """
    fields = IMPACT_FIELDS.get(category)
    if fields is None:
        return []
    return list(dict.fromkeys(_unfit(category, details, fields)))


def _unfit(category: str, details: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    yield from (name for name in details if name not in fields)
    first = REQUIRED[category]
    if first not in details:
        yield first
    second = UNLESS_NONE.get(category)
    if second and details.get(first) != "none" and second not in details:
        yield second
    for name in fields:
        if name in details and not _fits(category, name, details[name]):
            yield name
    if category == "monetary":
        yield from _unfit_amounts(details)


def _fits(category: str, name: str, value: Any) -> bool:
    if name == "availability_impact":
        return is_whole(value, 100)
    if name in _COUNTS:
        return is_whole(value, _LARGEST)
    if name in ("min_amount", "max_amount"):
        return _is_number(value) and value >= 0
    if name == "conversion_rate":
        return _is_number(value) and value > 0
    if name == "conversion_time":
        return moment(value) is not None
    if words := _CLOSED.get((category, name)):
        return value in words
    return isinstance(value, str) and bool(value.strip())


def _unfit_amounts(details: Mapping[str, Any]) -> Iterator[str]:
    """Both amounts or neither; with a currency; converted with rate and time or not at all."""
    low, high = details.get("min_amount"), details.get("max_amount")
    if low is None or high is None:
        if low is not high:
            yield "min_amount" if low is None else "max_amount"
    elif _is_number(low) and _is_number(high) and high < low:
        yield "max_amount"
    if (low is not None or "currency_actual" in details) and "currency" not in details:
        yield "currency"
    if ("currency_actual" in details) != ("conversion_rate" in details):
        yield "conversion_rate" if "currency_actual" in details else "currency_actual"
    if "conversion_rate" in details and "conversion_time" not in details:
        yield "conversion_time"


def is_whole(value: Any, largest: int) -> bool:
    """Whether a value is a whole number from 0 to `largest`; true and false are none."""
    return type(value) is int and 0 <= value <= largest


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= _LARGEST
