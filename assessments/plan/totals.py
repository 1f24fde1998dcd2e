"""How much a plan is: counts by band, and between which bounds the whole lies; never a false sum."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cirt.assessments.instruments.model import Cost, Effort

# from – to, as the bands are defined (instruments.model); None: no upper bound
DAYS: Mapping[Effort, tuple[int, int | None]] = MappingProxyType(
    {Effort.SMALL: (1, 10), Effort.MEDIUM: (11, 60), Effort.LARGE: (61, None)}
)
DOLLARS: Mapping[Cost, tuple[int, int | None]] = MappingProxyType(
    {
        Cost.NONE: (0, 0),
        Cost.LOW: (0, 10_000),
        Cost.MEDIUM: (10_000, 100_000),
        Cost.HIGH: (100_000, None),
    }
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which numbers a whole lies. most: None where a part has no upper bound."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some actions. efforts, costs: how many in each band, None for those without a band.

    days: person-days; dollars: US dollars beyond salaries; both of the actions with a band only.
    """

    count: int
    efforts: Mapping[Effort | None, int]
    costs: Mapping[Cost | None, int]
    days: Bounds
    dollars: Bounds


def totals(actions: Iterable[tuple[Effort | None, Cost | None]]) -> Totals:
    """Return the totals of actions, each with its bands."""
    rows = tuple(actions)
    efforts: dict[Effort | None, int] = {
        band: sum(1 for effort, _cost in rows if effort is band) for band in (*Effort, None)
    }
    costs: dict[Cost | None, int] = {
        band: sum(1 for _effort, cost in rows if cost is band) for band in (*Cost, None)
    }
    return Totals(
        count=len(rows),
        efforts=efforts,
        costs=costs,
        days=_bounds([DAYS[effort] for effort, _cost in rows if effort is not None]),
        dollars=_bounds([DOLLARS[cost] for _effort, cost in rows if cost is not None]),
    )


def _bounds(bands: Iterable[tuple[int, int | None]]) -> Bounds:
    least, most = 0, 0
    open_ended = False
    for low, high in bands:
        least += low
        open_ended = open_ended or high is None
        most += high or 0
    return Bounds(least, None if open_ended else most)
