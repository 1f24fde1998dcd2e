"""Where everything of a timeline stands: lanes of bars along time, in either reading direction.

As in cirt.chart_geometry, the origin is at the top left and y grows downwards; the SVG
(cirt.charts) and the PDF (cirt.documents) draw from the same geometry.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cirt.chart_geometry import Direction
from cirt.errors import N_, InvalidInputError

Progress = Literal["open", "late", "done"]

TIMELINE_WIDTH = 360.0
STRETCH_HEIGHT = 9.0
LANE_LABEL_HEIGHT = 20.0
TICK_LABEL_HEIGHT = 16.0
_LABEL_GAP = 3.0
_ROW_GAP = 9.0
_LANE_GAP = 12.0
_LEAST_WIDTH = 3.0


@dataclass(frozen=True)
class Stretch:
    """One bar. start, end: in the timeline's unit, 0 to its length. shown: the dates in words."""

    code: str
    label: str
    start: float
    end: float
    shown: str = ""
    progress: Progress = "open"


@dataclass(frozen=True)
class Lane:
    """Bars that belong together, under a label of their own."""

    label: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Tick:
    """A point in time with its name."""

    position: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """Lanes along one scale from 0 to length. today: None where it lies outside."""

    lanes: tuple[Lane, ...]
    length: float
    ticks: tuple[Tick, ...] = ()
    today: float | None = None

    def __post_init__(self) -> None:
        bars = [one for lane in self.lanes for one in lane.stretches]
        points = [point for one in bars for point in (one.start, one.end)]
        points += [tick.position for tick in self.ticks]
        points += [] if self.today is None else [self.today]
        ordered = all(one.start <= one.end for one in bars)
        if (
            not 0 < self.length < math.inf
            or not ordered
            or not all(0 <= point <= self.length for point in points)
        ):
            raise InvalidInputError(
                N_("A timeline's bars must lie between 0 and its length, and end after they begin.")
            )


@dataclass(frozen=True)
class StretchRow:
    """A bar as drawn: tops of its label and of itself, its left edge and width."""

    stretch: Stretch
    label_top: float
    bar_top: float
    bar: tuple[float, float]


@dataclass(frozen=True)
class LaneShape:
    """A lane as drawn: tops of its label and of the scale's labels; lines run from top to bottom."""

    lane: Lane
    label_top: float
    ticks_top: float
    top: float
    bottom: float
    rows: tuple[StretchRow, ...]


@dataclass(frozen=True)
class TimelineShape:
    """A timeline's geometry; labels start at start_x. ticks: x of each; today: x, None for none."""

    width: float
    height: float
    start_x: float
    end_x: float
    ticks: tuple[tuple[Tick, float], ...]
    today: float | None
    lanes: tuple[LaneShape, ...]


def timeline_shape(
    timeline: Timeline,
    direction: Direction,
    *,
    label_heights: Sequence[float],
    width: float = TIMELINE_WIDTH,
) -> TimelineShape:
    """Return where the bars stand, each under its label; in rtl time runs from the right.

    label_heights: one a bar, lane after lane, because only the caller can measure text.
    """

    def at(position: float) -> float:
        along = width * position / timeline.length
        return round(width - along if direction == "rtl" else along, 2)

    heights = iter(label_heights)
    lanes = []
    top = 0.0
    for lane in timeline.lanes:
        ticks_top = top + LANE_LABEL_HEIGHT
        first = y = ticks_top + TICK_LABEL_HEIGHT
        rows = []
        for one in lane.stretches:
            bar_top = y + next(heights) + _LABEL_GAP
            left = min(at(one.start), at(one.end))
            length = max(abs(at(one.end) - at(one.start)), _LEAST_WIDTH)
            rows.append(StretchRow(one, y, bar_top, (min(left, width - length), round(length, 2))))
            y = bar_top + STRETCH_HEIGHT + _ROW_GAP
        lanes.append(LaneShape(lane, top, ticks_top, first, y - _ROW_GAP / 2, tuple(rows)))
        top = y + _LANE_GAP
    start, end = (width, 0.0) if direction == "rtl" else (0.0, width)
    return TimelineShape(
        width=width,
        height=max(top - _LANE_GAP, 1.0),
        start_x=start,
        end_x=end,
        ticks=tuple((tick, at(tick.position)) for tick in timeline.ticks),
        today=None if timeline.today is None else at(timeline.today),
        lanes=tuple(lanes),
    )
