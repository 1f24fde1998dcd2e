"""What the reckoning of posts rests on: each assumption with its default, unit, bounds and reason.

The defaults are ours and stand on the page; a country replaces them by its own numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from cirt.assessments.design.numbers import amount, kept
from cirt.assessments.design.services import Level, Period, services
from cirt.errors import N_, InvalidInputError

WEEKS = 52
WORKING_DAYS = 5  # a week


@dataclass(frozen=True, slots=True)
class Assumption:
    """One number. label, unit, reason: message ids. places: decimals that it may have.

    default "": nothing is assumed, and the field may stay empty.
    """

    id: str
    label: str
    default: str
    unit: str
    reason: str
    least: int = 0
    most: int = 100
    places: int = 0

    def read(self, typed: str) -> str:
        """Return a typed value as it is kept; the default for nothing typed.

        Raises InvalidInputError with the id as its field.
        """
        if not typed.strip():
            return self.default
        return kept(
            amount(typed, field=self.id, least=self.least, most=self.most, places=self.places)
        )


_DAYS = N_("days a year")
_POSTS = N_("posts")

GENERAL: tuple[Assumption, ...] = (
    Assumption(
        "present", N_("Persons on duty at the same time"), "1", N_("persons"),
        N_("One person takes and sorts reports; a second is needed once they come side by side."),
        1, 20,
    ),
    Assumption(
        "contract_hours", N_("Working time in the contract"), "40", N_("hours a week"),
        N_("Usual in public service; take the country's own."), 20, 60, 2,
    ),
    Assumption(
        "leave_days", N_("Annual leave"), "25", _DAYS,
        N_("In working days; take what the law or the contract gives."), 0, 80, 1,
    ),
    Assumption(
        "holidays", N_("Public holidays"), "12", _DAYS,
        N_("Those that fall on working days."), 0, 40, 1,
    ),
    Assumption(
        "sick_days", N_("Sickness"), "8", _DAYS,
        N_("A cautious mean; take the host organization's own figure."), 0, 60, 1,
    ),
    Assumption(
        "training_days", N_("Training"), "10", _DAYS,
        N_("Two weeks keep an incident handler up to date; with less the skills go stale."),
        0, 60, 1,
    ),
    Assumption(
        "overhead", N_("Meetings and the host's administration"), "10", N_("per cent of working time"),
        N_("Half a day in five; more where the host asks for many reports."), 0, 60,
    ),
    Assumption(
        "usable", N_("Time on duty that is free for other work"), "50", N_("per cent of time on duty"),
        N_("Who waits for reports can do other work, but is interrupted; with 0 nothing counts."),
        0, 100,
    ),
    Assumption(
        "incident_hours", N_("Work on one incident"), "6", N_("hours"),
        N_("Many reports take minutes and few take weeks; count your own of the last year."),
        0, 500, 1,
    ),
    Assumption(
        "lead", N_("Head of the team"), "1", _POSTS,
        N_("Leading, reporting and representing the country fill a post."), 0, 5, 2,
    ),
    Assumption(
        "deputy", N_("Deputy, for leading alone"), "0.5", _POSTS,
        N_("The deputy spends the other half on incidents, which is counted there."), 0, 5, 2,
    ),
    Assumption(
        "administration", N_("Administrative support"), "0.5", _POSTS,
        N_("Travel, purchases and files; often shared with the host organization."), 0, 20, 2,
    ),
    Assumption(
        "rota", N_("People needed to be on call by turns"), "4", N_("people"),
        N_("Each is on call one week in four at most; more often wears people out."), 2, 20,
    ),
)  # fmt: skip

_INCIDENTS = {
    Period.NOW: ("incidents_now", N_("Incidents a month now"), "10"),
    Period.YEAR_1: ("incidents_year_1", N_("Incidents a month in year 1"), "10"),
    Period.YEAR_3: ("incidents_year_3", N_("Incidents a month in year 3"), "20"),
}
INCIDENTS: Mapping[Period, Assumption] = MappingProxyType(
    {
        period: Assumption(
            key, label, default, N_("incidents"),
            N_("Ours, for want of a count: reports grow once a team is known."), 0, 100_000,
        )
        for period, (key, label, default) in _INCIDENTS.items()
    }
)  # fmt: skip

_FORESEEN = {
    Period.NOW: ("posts_now", N_("Posts filled today")),
    Period.YEAR_1: ("posts_year_1", N_("Posts foreseen for year 1")),
    Period.YEAR_3: ("posts_year_3", N_("Posts foreseen for year 3")),
}
FORESEEN: Mapping[Period, Assumption] = MappingProxyType(
    {
        period: Assumption(
            key, label, "", _POSTS,
            N_("To compare with what is needed; leave it empty where nothing is decided."),
            0, 10_000, 2,
        )
        for period, (key, label) in _FORESEEN.items()
    }
)  # fmt: skip

NUMBERS: tuple[Assumption, ...] = (*GENERAL, *INCIDENTS.values(), *FORESEEN.values())

# hours a week during which somebody is on duty
COVERAGE: Mapping[str, str] = MappingProxyType(
    {
        "0": N_("Nobody on duty"),
        "40": N_("8 hours on 5 days: 40 hours a week"),
        "60": N_("12 hours on 5 days: 60 hours a week"),
        "84": N_("12 hours on 7 days: 84 hours a week"),
        "168": N_("Round the clock: 168 hours a week"),
    }
)
ROUND_THE_CLOCK = 168
COVERAGE_LABELS: Mapping[Period, str] = MappingProxyType(
    {
        Period.NOW: N_("Hours of coverage now"),
        Period.YEAR_1: N_("Hours of coverage in year 1"),
        Period.YEAR_3: N_("Hours of coverage in year 3"),
    }
)
COVERAGE_REASONS: Mapping[Period, str] = MappingProxyType(
    {
        Period.NOW: N_("Choose what is so today."),
        Period.YEAR_1: N_("A new team starts in working hours; on-call covers the rest."),
        Period.YEAR_3: N_("Round the clock takes five to six posts for each person on duty."),
    }
)
COVERAGE_DEFAULTS: Mapping[Period, str] = MappingProxyType(
    {Period.NOW: "0", Period.YEAR_1: "40", Period.YEAR_3: "40"}
)
ON_CALL_LABELS: Mapping[Period, str] = MappingProxyType(
    {
        Period.NOW: N_("Somebody is on call outside these hours now"),
        Period.YEAR_1: N_("Somebody is on call outside these hours in year 1"),
        Period.YEAR_3: N_("Somebody is on call outside these hours in year 3"),
    }
)

# hours a week of standing work: (basic, established); work on single incidents is counted apart
WORKLOAD_DEFAULTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "FIRST-5.1": ("10", "40"),
        "FIRST-5.2": ("8", "30"),
        "FIRST-6.1": ("4", "10"),
        "FIRST-6.2": ("4", "12"),
        "FIRST-6.3": ("8", "40"),
        "FIRST-6.4": ("4", "16"),
        "FIRST-6.5": ("6", "16"),
        "FIRST-6.6": ("2", "8"),
        "FIRST-7.1": ("6", "30"),
        "FIRST-7.2": ("3", "8"),
        "FIRST-7.3": ("4", "16"),
        "FIRST-7.4": ("4", "12"),
        "FIRST-7.5": ("3", "8"),
        "FIRST-7.6": ("6", "20"),
        "FIRST-8.1": ("6", "20"),
        "FIRST-8.2": ("6", "24"),
        "FIRST-8.3": ("4", "12"),
        "FIRST-9.1": ("6", "16"),
        "FIRST-9.2": ("6", "20"),
        "FIRST-9.3": ("3", "10"),
        "FIRST-9.4": ("4", "16"),
    }
)
LOADED = (Level.BASIC, Level.ESTABLISHED)
_ANY = ("0", "0")  # a service that the framework gains later


def workload_field(service_id: str, level: Level) -> str:
    """Return the id of the number of hours that a service takes at a level."""
    return f"hours_{service_id.removeprefix('FIRST-').replace('.', '_')}_{level.value}"


def workload_default(service_id: str, level: Level) -> str:
    """Return the default of the hours a week."""
    return WORKLOAD_DEFAULTS.get(service_id, _ANY)[LOADED.index(level)]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Every number as it is used. values: by id; hours: a week, by service and level."""

    values: Mapping[str, str]
    coverage: Mapping[Period, int]
    on_call: Mapping[Period, bool]
    hours: Mapping[tuple[str, Level], Fraction]

    def number(self, key: str) -> Fraction:
        """Return a number that has a default."""
        return Fraction(self.values[key])

    def foreseen(self, period: Period) -> Fraction | None:
        """Return the posts filled or foreseen; None where nobody has said."""
        text = self.values[FORESEEN[period].id]
        return Fraction(text) if text else None


def read_staffing(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says as it is kept, every number with its value.

    Raises InvalidInputError, with the field, for the first that cannot be used.
    """
    found = {one.id: one.read(typed.get(one.id, "")) for one in NUMBERS}
    for period in Period:
        key = f"coverage_{period.value}"
        found[key] = typed.get(key, COVERAGE_DEFAULTS[period])
        if found[key] not in COVERAGE:
            raise InvalidInputError(N_("Choose one of the hours listed."), field=key)
        key = f"on_call_{period.value}"
        found[key] = "yes" if typed.get(key) else ""
    return found


def read_workload(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the hours a week of each service and level as they are kept.

    Raises InvalidInputError for a number that cannot be used, and where an established service
    takes less than a basic one.
    """
    found = {}
    for one in services():
        read = []
        for level in LOADED:
            key = workload_field(one.id, level)
            text = typed.get(key, "").strip()
            value = (
                amount(text, field=key, most=2_000, places=1)
                if text
                else Fraction(workload_default(one.id, level))
            )
            read.append(value)
            found[key] = kept(value)
        if read[1] < read[0]:
            raise InvalidInputError(
                N_("An established service takes at least the hours of a basic one."),
                field=workload_field(one.id, Level.ESTABLISHED),
            )
    return found


def assumed(
    staffing: Mapping[str, str] | None = None, workload: Mapping[str, str] | None = None
) -> Assumptions:
    """Return the assumptions as stored; the defaults for what was never saved."""
    values = {**read_staffing({}), **(staffing or {})}
    hours = {**read_workload({}), **(workload or {})}
    return Assumptions(
        values=MappingProxyType(values),
        coverage={period: int(values[f"coverage_{period.value}"]) for period in Period},
        on_call={period: values[f"on_call_{period.value}"] == "yes" for period in Period},
        hours={
            (one.id, level): Fraction(hours[workload_field(one.id, level)])
            for one in services()
            for level in LOADED
        },
    )
