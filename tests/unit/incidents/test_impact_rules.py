"""Rules of impacts, category by category; of tasks; of counted sightings."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cirt.errors import InvalidInputError
from cirt.incidents.impact_rules import (
    PARTS,
    ImpactDetails,
    check_succession,
    checked_impact,
)
from cirt.incidents.impact_words import CATEGORY_HINTS, IMPACT_FIELDS, OUTCOME_KINDS
from cirt.incidents.observable_rules import Seen, check_seen, role_of
from cirt.incidents.task_rules import TaskDetails, checked_task
from cirt.stix import impact_rules as exchange
from cirt.vocabularies import word_lists

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=3), NOW - timedelta(days=1)
RATE = {"currency_actual": "btc", "conversion_rate": Decimal("0.0000346"), "conversion_time": LATER}
MONEY = {"variety": "ransom-payment", "min_amount": 10, "max_amount": 20, "currency": "usd"}

LEAST: dict[str, dict[str, Any]] = {
    "availability": {"availability_impact": 75},
    "confidentiality": {"loss_type": "confirmed-loss", "information_type": "pii"},
    "integrity": {"alteration": "partial-modification", "information_type": "financial"},
    "monetary": {"variety": "operating-costs"},
    "physical": {"impact_type": "destruction", "asset_type": "ics-plc"},
    "external": {"impact_type": "public-health"},
    "traceability": {"traceability_impact": "accountability-lost"},
}


def test_every_category_and_property_has_a_name() -> None:
    assert set(PARTS) == set(CATEGORY_HINTS) == set(word_lists()["impact-category"].words)
    assert {part.name for parts in PARTS.values() for part in parts} <= set(IMPACT_FIELDS)
    fields = {category: tuple(part.name for part in parts) for category, parts in PARTS.items()}
    assert fields == dict(exchange.IMPACT_FIELDS)
    assert set(OUTCOME_KINDS) == set(word_lists()["task-outcome"].words)


@pytest.mark.parametrize("category", LEAST)
def test_what_a_category_requires_is_enough(category: str) -> None:
    """Incident Core Extension 2.1, impact category extensions."""
    found = checked_impact(ImpactDetails(category=category, details=LEAST[category]), now=NOW)
    assert found.details == LEAST[category]
    assert exchange.unfit_details(category, found.details) == []


@pytest.mark.parametrize("category", LEAST)
def test_each_required_property_is_missed(category: str) -> None:
    """Incident Core Extension 2.1: availability_impact, loss_type and information_type, …"""
    for name in LEAST[category]:
        rest = {key: value for key, value in LEAST[category].items() if key != name}
        for empty in (rest, rest | {name: ""}, rest | {name: None}):
            with pytest.raises(InvalidInputError) as caught:
                checked_impact(ImpactDetails(category=category, details=empty), now=NOW)
            assert caught.value.field == name


@pytest.mark.parametrize(
    ("category", "details", "field"),
    [
        ("availability", {"availability_impact": 101}, "availability_impact"),
        ("availability", {"availability_impact": True}, "availability_impact"),
        ("confidentiality", {"loss_type": "rumour"}, "loss_type"),
        ("confidentiality", {**LEAST["confidentiality"], "record_count": -1}, "record_count"),
        ("confidentiality", {**LEAST["confidentiality"], "record_size": 1.5}, "record_size"),
        ("confidentiality", {**LEAST["confidentiality"], "alteration": "none"}, "category"),
        ("integrity", {"alteration": "partial-loss"}, "alteration"),
        ("integrity", {**LEAST["integrity"], "information_type": "No Word"}, "information_type"),
        ("physical", {"impact_type": "unknown"}, "asset_type"),
        ("external", {"impact_type": "a" * 61}, "impact_type"),
        ("traceability", {"traceability_impact": "other"}, "traceability_impact"),
        ("monetary", {**MONEY, "min_amount": None}, "min_amount"),
        ("monetary", {**MONEY, "max_amount": None}, "max_amount"),
        ("monetary", {**MONEY, "max_amount": 9}, "max_amount"),
        ("monetary", {**MONEY, "min_amount": -1}, "min_amount"),
        ("monetary", {**MONEY, "max_amount": Decimal("NaN")}, "max_amount"),
        ("monetary", {**MONEY, "max_amount": float("inf")}, "max_amount"),
        ("monetary", {**MONEY, "currency": ""}, "currency"),
        ("monetary", {**MONEY, "currency": "US dollars"}, "currency"),
        ("monetary", {"variety": "ransom-payment", **RATE}, "currency"),
        ("monetary", {**MONEY, **RATE, "conversion_rate": None}, "conversion_rate"),
        ("monetary", {**MONEY, **RATE, "conversion_rate": 0}, "conversion_rate"),
        ("monetary", {**MONEY, **RATE, "conversion_time": None}, "conversion_time"),
        ("monetary", {**MONEY, **RATE, "currency_actual": ""}, "currency_actual"),
        ("monetary", {**MONEY, **RATE, "conversion_time": "soon"}, "conversion_time"),
        ("monetary", {**MONEY, "variety": "ransom-demand"}, "min_amount"),
        ("weather", {}, "category"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    category: str, details: dict[str, Any], field: str
) -> None:
    """Incident Core Extension 2.1, impact category extensions."""
    with pytest.raises(InvalidInputError) as caught:
        checked_impact(ImpactDetails(category=category, details=details), now=NOW)
    assert caught.value.field == field


def test_nothing_lost_needs_no_kind_of_thing() -> None:
    """Incident Core Extension 2.1: information_type and asset_type unless the effect is `none`."""
    for category, name in (
        ("confidentiality", "loss_type"),
        ("integrity", "alteration"),
        ("physical", "impact_type"),
    ):
        checked_impact(ImpactDetails(category=category, details={name: "none"}), now=NOW)


def test_money_gets_one_spelling() -> None:
    details = {**MONEY, **RATE, "max_amount": Decimal("20.50"), "min_amount": Decimal("10.00")}
    found = checked_impact(ImpactDetails(category="monetary", details=details), now=NOW).details
    assert found == {
        "variety": "ransom-payment",
        "min_amount": 10,
        "max_amount": 20.5,
        "currency": "USD",
        "currency_actual": "BTC",
        "conversion_rate": 0.0000346,
        "conversion_time": "2026-04-30T12:00:00.000Z",
    }
    assert exchange.unfit_details("monetary", found) == []
    again = checked_impact(ImpactDetails(category="monetary", details=found), now=NOW)
    assert again.details == found
    demand = {"variety": "ransom-demand", "max_amount": 5, "currency": "USD"}
    found = checked_impact(ImpactDetails(category="monetary", details=demand), now=NOW).details
    assert found["min_amount"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"criticality": 101}, "criticality"),
        ({"recoverability": "soon"}, "recoverability"),
        ({"started_at": LATER, "ended_at": EARLIER}, "ended_at"),
        ({"started_at": NOW + timedelta(days=1)}, "started_at"),
        ({"description": "a\x07"}, "description"),
        ({"counts": {"individual": -1}}, "counts"),
        ({"counts": {"Individual persons": 1}}, "counts"),
        ({"counts": {"individual": True}}, "counts"),
    ],
)
def test_what_all_impacts_share_is_checked(change: dict[str, Any], field: str) -> None:
    impact = ImpactDetails(category="external", details=LEAST["external"], **change)
    with pytest.raises(InvalidInputError) as caught:
        checked_impact(impact, now=NOW)
    assert caught.value.field == field


def test_open_words_of_others_are_kept() -> None:
    """Incident Core Extension 2.1: values of an open vocabulary should, not must, be of the list."""
    details = {"loss_type": "contained", "information_type": "biometric-data"}
    impact = ImpactDetails(category="confidentiality", details=details, counts={"satellite": 2})
    found = checked_impact(impact, now=NOW)
    assert (found.details, found.counts) == (details, {"satellite": 2})


def test_succession_needs_an_end_and_the_same_category() -> None:
    """Incident Core Extension 2.1, superseded_by_ref: same category, and then end_time."""

    def impact(category: str = "external", **times: datetime) -> ImpactDetails:
        return ImpactDetails(category=category, details=LEAST[category], **times)  # type: ignore[arg-type]

    check_succession(impact(started_at=EARLIER, ended_at=LATER), impact(started_at=LATER))
    for earlier, later, field in (
        (impact(ended_at=LATER), impact("traceability"), "category"),
        (impact(), impact(), "earlier_ended_at"),
        (impact(started_at=LATER, ended_at=EARLIER), impact(), "earlier_ended_at"),
        (impact(started_at=LATER, ended_at=LATER), impact(started_at=EARLIER), "started_at"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            check_succession(earlier, later)
        assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"outcome": "won"}, "outcome"),
        ({"priority": 101}, "priority"),
        ({"task_types": ("No Word",)}, "task_types"),
        ({"outcome": "pending", "ended_at": EARLIER}, "ended_at"),
        ({"outcome": "ongoing", "started_at": NOW + timedelta(days=1)}, "started_at"),
        ({"outcome": "successful", "started_at": LATER, "ended_at": EARLIER}, "ended_at"),
        ({"outcome": "failed", "ended_at": NOW + timedelta(days=1)}, "ended_at"),
    ],
)
def test_tasks_that_do_not_fit_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_task(TaskDetails(**{"name": "Block it", **change}), now=NOW)
    assert caught.value.field == field


def test_planned_tasks_may_lie_ahead_and_words_get_one_order() -> None:
    task = TaskDetails(
        name="  Ask \n the bank ",
        task_types=("own-word", "recovery", "containment", "recovery"),
        started_at=NOW + timedelta(days=1),
    )
    found = checked_task(task, now=NOW)
    assert found.name == "Ask the bank"
    assert found.task_types == ("containment", "recovery", "own-word")


@pytest.mark.parametrize(
    ("seen", "field"),
    [
        (Seen(first=LATER, last=EARLIER), "last_observed"),
        (Seen(first=NOW + timedelta(days=1)), "first_observed"),
        (Seen(first=EARLIER, last=LATER, count=0), "count"),
        (Seen(first=EARLIER, last=LATER, count=10**9), "count"),
        (Seen(last=LATER, count=2), "first_observed"),
        (Seen(first=EARLIER, count=2), "last_observed"),
    ],
)
def test_sightings_that_do_not_fit_are_refused(seen: Seen, field: str) -> None:
    """STIX 2.1, section 4.14: number_observed is 1 to 999,999,999, between two times."""
    with pytest.raises(InvalidInputError) as caught:
        check_seen(seen, now=NOW)
    assert caught.value.field == field


def test_what_is_the_victims_is_never_for_detection() -> None:
    assert role_of(is_indicator=True, is_victim=True) == "victim"
    assert role_of(is_indicator=True, is_victim=False) == "detection"
    assert role_of(is_indicator=False, is_victim=False) == "context"
