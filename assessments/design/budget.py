"""Budget bands: every line a range that somebody typed or that follows from such; totals as ranges.

There are no default amounts. What is not given stays so, and each total says what it leaves out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType

from cirt.assessments.design.numbers import amount, kept, outwards
from cirt.assessments.design.services import Period
from cirt.assessments.design.staffing import Need
from cirt.assessments.instruments.model import Cost
from cirt.assessments.plan.totals import DOLLARS
from cirt.errors import N_, InvalidInputError

YEARS = (1, 2, 3)
MAX_CURRENCY = 20
MAX_AMOUNT = 10**13

SALARIES: Mapping[str, str] = MappingProxyType(
    {
        "salary_lead": N_("Head and deputy"),
        "salary_specialist": N_("People on duty and incident handlers"),
        "salary_administration": N_("Administrative support"),
    }
)
LINES: Mapping[str, str] = MappingProxyType(
    {
        "tools": N_("Tools and licences"),
        "premises": N_("Premises"),
        "training": N_("Training"),
        "connectivity": N_("Connectivity"),
        "membership": N_("Memberships"),
        "travel": N_("Travel and hosting"),
    }
)
PLAN_LINE = "plan"
PLAN_NAME = N_("Actions of the plan, beyond salaries")
SALARY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "salary_lead": N_("Salaries: head and deputy"),
        "salary_specialist": N_("Salaries: people on duty and incident handlers"),
        "salary_administration": N_("Salaries: administrative support"),
    }
)
LINE_NAMES: Mapping[str, str] = MappingProxyType({**SALARY_NAMES, **LINES, PLAN_LINE: PLAN_NAME})


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, in whole units of the currency; high None: no upper bound known."""

    low: int
    high: int | None

    def plus(self, other: "Range") -> "Range":
        """Return the sum of both."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Range(self.low + other.low, high)


@dataclass(frozen=True, slots=True)
class PlannedCost:
    """An action of the plan: its band, None for none, and its target date, None for none."""

    band: Cost | None
    target: date | None


@dataclass(frozen=True, slots=True)
class Year:
    """One year's lines, None for what is not given. total: of what is given, rounded outwards."""

    year: int
    lines: Mapping[str, Range | None]
    total: Range | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """The years, and what of the plan they do not hold.

    unrated: the plan is to be counted, but no rate was given. undated, unbanded, beyond: its
    actions without a date, without a cost band, or due outside the three years.
    """

    currency: str
    years: tuple[Year, ...]
    counts_plan: bool
    unrated: bool
    undated: int
    unbanded: int
    beyond: int


def read_budget(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says as it is kept; "" for what is not given.

    Raises InvalidInputError, with the field, for a number that is none, half a range, or a range
    from more to less.
    """
    currency = " ".join(typed.get("currency", "").split())
    if len(currency) > MAX_CURRENCY:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters; it has %(length)s."),
            field="currency",
            most=MAX_CURRENCY,
            length=len(currency),
        )
    found = {"currency": currency, "with_plan": "yes" if typed.get("with_plan") else ""}
    rate = typed.get("rate", "").strip()
    if rate:
        value = amount(rate, field="rate", most=10**9, places=4)
        if not value:
            raise InvalidInputError(N_("The rate must be more than 0."), field="rate")
        rate = kept(value)
    found["rate"] = rate
    for key in pairs():
        found |= _read_pair(typed, key)
    return found


def pairs() -> tuple[str, ...]:
    """Return the ids of the ranges that a country may give."""
    return (*SALARIES, *(f"{line}_{year}" for line in LINES for year in YEARS))


def _read_pair(typed: Mapping[str, str], key: str) -> dict[str, str]:
    low, high = f"{key}_low", f"{key}_high"
    texts = [typed.get(each, "").strip() for each in (low, high)]
    if not any(texts):
        return {low: "", high: ""}
    for field, text in zip((low, high), texts, strict=True):
        if not text:
            raise InvalidInputError(
                N_("Give both ends of the range, or neither; twice the same for a fixed sum."),
                field=field,
            )
    first = amount(texts[0], field=low, most=MAX_AMOUNT)
    last = amount(texts[1], field=high, most=MAX_AMOUNT)
    if last < first:
        raise InvalidInputError(N_("The upper end lies below the lower one."), field=high)
    return {low: str(int(first)), high: str(int(last))}


def budget(
    content: Mapping[str, str] | None,
    needs: Mapping[Period, Need],
    actions: Iterable[PlannedCost] = (),
    starts_on: date | None = None,
) -> Budget:
    """Return the budget of three years.

    content: as read_budget keeps it, None for nothing. actions: those of the plan that are still
    to be done; starts_on: its first day. Year 2 lies between the posts of year 1 and of year 3.
    """
    said = content or {}
    rows = tuple(actions)
    rate = Fraction(said["rate"]) if said.get("rate") else None
    counts = said.get("with_plan") == "yes"
    due = {year: [one for one in rows if _year_of(one.target, starts_on) == year] for year in YEARS}
    years = []
    for year in YEARS:
        lines: dict[str, Range | None] = {
            key: _salary(_given(said, key), _posts(needs, year, key)) for key in SALARIES
        }
        lines |= {line: _given(said, f"{line}_{year}") for line in LINES}
        if counts:
            lines[PLAN_LINE] = _planned(due[year], rate)
        years.append(_year(year, lines))
    dated = sum(len(one) for one in due.values())
    undated = sum(1 for one in rows if one.target is None)
    return Budget(
        currency=said.get("currency", ""),
        years=tuple(years),
        counts_plan=counts,
        unrated=counts and rate is None,
        undated=undated,
        unbanded=sum(1 for one in rows if one.band is None),
        beyond=len(rows) - dated - undated,
    )


def _year(year: int, lines: Mapping[str, Range | None]) -> Year:
    total: Range | None = None
    for each in lines.values():
        if each is not None:
            total = each if total is None else total.plus(each)
    if total is not None:
        total = Range(*outwards(total.low, total.high))
    return Year(year, lines, total, tuple(key for key, each in lines.items() if each is None))


def _given(said: Mapping[str, str], key: str) -> Range | None:
    low, high = said.get(f"{key}_low", ""), said.get(f"{key}_high", "")
    return Range(int(low), int(high)) if low and high else None


def _posts(needs: Mapping[Period, Need], year: int, key: str) -> tuple[Fraction, Fraction]:
    """Return the fewest and the most posts of a kind in a year."""
    shares = []
    for period in (Period.YEAR_1, Period.YEAR_3):
        one = needs[period]
        shares.append(
            {
                "salary_lead": one.lead,
                "salary_specialist": one.specialists,
                "salary_administration": one.administration,
            }[key]
        )
    if year == 1:
        return shares[0], shares[0]
    if year == 3:
        return shares[1], shares[1]
    return min(shares), max(shares)


def _salary(each: Range | None, posts: tuple[Fraction, Fraction]) -> Range | None:
    """Return what so many posts cost; nothing where there are none, not given where no sum is."""
    fewest, most = posts
    if not most:
        return Range(0, 0)
    if each is None or each.high is None:
        return None
    return Range(floor(each.low * fewest), ceil(each.high * most))


def _planned(actions: Iterable[PlannedCost], rate: Fraction | None) -> Range | None:
    if rate is None:
        return None
    total = Range(0, 0)
    for one in actions:
        if one.band is not None:
            low, high = DOLLARS[one.band]
            total = total.plus(
                Range(floor(low * rate), None if high is None else ceil(high * rate))
            )
    return total


def _year_of(target: date | None, starts_on: date | None) -> int | None:
    """Return in which year from its first day something is due; None outside of the three."""
    if target is None or starts_on is None:
        return None
    years = target.year - starts_on.year
    if (target.month, target.day) < (starts_on.month, starts_on.day):
        years -= 1
    return max(years, 0) + 1 if years < len(YEARS) else None
