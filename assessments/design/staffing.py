"""From services, hours of coverage and visible assumptions to full-time posts. Pure.

posts = cover + work beyond cover + head, deputy, administration
cover = hours a week × 52 × persons on duty / net hours of one post a year
work beyond cover = what is left of the work a year after the free part of the time on duty

Everything is exact until it is shown; shown numbers have one decimal, half up.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from cirt.assessments.design.assumptions import (
    LOADED,
    ROUND_THE_CLOCK,
    WEEKS,
    WORKING_DAYS,
    Assumptions,
)
from cirt.assessments.design.numbers import brief, half_up
from cirt.assessments.design.services import RESPONSE_AREA, Choices, Period
from cirt.errors import N_

MONTHS = 12


@dataclass(frozen=True, slots=True)
class FormulaLine:
    """One step of the reckoning. label, unit: message ids; formula, result: numbers and signs."""

    label: str
    formula: str
    result: str
    unit: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit together. message: a message id with its values."""

    message: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """The posts of one period, exact.

    total is 0 where there is neither coverage nor a service. least_people: heads that the chosen
    arrangement needs in any case. foreseen: None where nobody has said.
    """

    period: Period
    cover: Fraction
    work: Fraction
    lead: Fraction
    administration: Fraction
    least_people: int
    foreseen: Fraction | None
    lines: tuple[FormulaLine, ...]
    warnings: tuple[Misfit, ...]

    @property
    def specialists(self) -> Fraction:
        """Posts of those who are on duty and handle incidents."""
        return self.cover + self.work

    @property
    def total(self) -> Fraction:
        """Posts altogether."""
        return self.specialists + self.lead + self.administration

    @property
    def shown(self) -> str:
        """The total with one decimal."""
        return half_up(self.total)


def net_hours(assumed: Assumptions) -> Fraction:
    """Return the hours a year that one full-time post is really there for the team's work."""
    away = sum(
        (assumed.number(key) for key in ("leave_days", "holidays", "sick_days", "training_days")),
        Fraction(0),
    )
    days = WEEKS * WORKING_DAYS - away
    present = days * assumed.number("contract_hours") / WORKING_DAYS
    return present * (100 - assumed.number("overhead")) / 100


def net_hours_line(assumed: Assumptions) -> FormulaLine:
    """Return how the net hours come about."""
    values = {
        key: brief(Fraction(text)) for key, text in assumed.values.items() if _is_number(text)
    }
    return FormulaLine(
        N_("Net working time of one post a year"),
        f"({WEEKS} × {WORKING_DAYS} − {values['leave_days']} − {values['holidays']}"
        f" − {values['sick_days']} − {values['training_days']}) × {values['contract_hours']}"
        f" ÷ {WORKING_DAYS} × (100 − {values['overhead']}) ÷ 100",
        brief(net_hours(assumed)),
        N_("hours a year"),
    )


def need(choices: Choices, assumed: Assumptions, period: Period) -> Need:
    """Return the posts that the chosen services and hours need in a period."""
    net = net_hours(assumed)
    weekly = Fraction(assumed.coverage[period])
    present = assumed.number("present")
    duty = weekly * WEEKS * present
    offered = choices.offered(period)
    standing = sum(
        (
            assumed.hours[one.id, choices.level(one.id, period)]
            for one in offered
            if choices.level(one.id, period) in LOADED
        ),
        Fraction(0),
    )
    handles = any(one.area == RESPONSE_AREA for one in offered)
    incidents = assumed.number(f"incidents_{period.value}") if handles else Fraction(0)
    each = assumed.number("incident_hours")
    work = MONTHS * incidents * each + WEEKS * standing
    during = min(work, duty * assumed.number("usable") / 100)
    has_team = bool(weekly) or bool(offered)
    lead = assumed.number("lead") + assumed.number("deputy") if has_team else Fraction(0)
    administration = assumed.number("administration") if has_team else Fraction(0)
    cover, beyond = duty / net, (work - during) / net
    total = cover + beyond + lead + administration
    heads = N_("posts")
    lines = (
        FormulaLine(
            N_("Posts for the hours of coverage"),
            f"{brief(weekly)} × {WEEKS} × {brief(present)} ÷ {brief(net)}",
            half_up(cover),
            heads,
        ),
        FormulaLine(
            N_("Work on incidents and services a year"),
            f"{MONTHS} × {brief(incidents)} × {brief(each)} + {WEEKS} × {brief(standing)}",
            brief(work),
            N_("hours a year"),
        ),
        FormulaLine(
            N_("Of it done while on duty"),
            f"min({brief(work)}; {brief(duty)} × {brief(assumed.number('usable'))} ÷ 100)",
            brief(during),
            N_("hours a year"),
        ),
        FormulaLine(
            N_("Posts for the work beyond that"),
            f"({brief(work)} − {brief(during)}) ÷ {brief(net)}",
            half_up(beyond),
            heads,
        ),
        FormulaLine(
            N_("Head, deputy and administration"),
            f"{_places(lead)} + {_places(administration)}",
            half_up(lead + administration),
            heads,
        ),
        FormulaLine(
            N_("Full-time posts altogether"),
            f"{half_up(cover)} + {half_up(beyond)} + {half_up(lead + administration)}",
            half_up(total),
            heads,
        ),
    )
    return Need(
        period=period,
        cover=cover,
        work=beyond,
        lead=lead,
        administration=administration,
        least_people=_least_people(assumed, period, cover) if has_team else 0,
        foreseen=assumed.foreseen(period),
        lines=lines,
        warnings=tuple(_warnings(assumed, period, cover, total)) if has_team else (),
    )


def needs(choices: Choices, assumed: Assumptions) -> dict[Period, Need]:
    """Return the posts of every period."""
    return {period: need(choices, assumed, period) for period in Period}


def _least_people(assumed: Assumptions, period: Period, cover: Fraction) -> int:
    """Heads without which the hours cannot be kept: the posts for cover, and the turns on call."""
    people = ceil(cover)
    if assumed.on_call[period] and assumed.coverage[period] < ROUND_THE_CLOCK:
        people = max(people, int(assumed.number("rota")))
    return people


def _warnings(
    assumed: Assumptions, period: Period, cover: Fraction, total: Fraction
) -> list[Misfit]:
    found = []
    foreseen = assumed.foreseen(period)
    clock = assumed.coverage[period] == ROUND_THE_CLOCK
    if foreseen is not None and clock and foreseen < cover:
        found.append(
            Misfit(
                N_(
                    "Round the clock needs %(cover)s posts for the hours of coverage alone;"
                    " %(foreseen)s are there or foreseen. Take fewer hours with somebody on call,"
                    " or more posts."
                ),
                {"cover": half_up(cover), "foreseen": half_up(foreseen)},
            )
        )
    elif foreseen is not None and foreseen < total:
        found.append(
            Misfit(
                N_("%(total)s posts are needed; %(foreseen)s are there or foreseen."),
                {"total": half_up(total), "foreseen": half_up(foreseen)},
            )
        )
    people = ceil(total if foreseen is None else foreseen)
    rota = int(assumed.number("rota"))
    if assumed.on_call[period] and not clock and people < rota:
        found.append(
            Misfit(
                N_(
                    "Being on call by turns needs at least %(rota)s people; the posts here are"
                    " for %(people)s."
                ),
                {"rota": str(rota), "people": str(people)},
            )
        )
    return found


def _places(value: Fraction) -> str:
    return brief(value) if (value * 10).denominator == 1 else half_up(value, 2)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
