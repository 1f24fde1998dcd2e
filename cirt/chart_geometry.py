"""Where everything of a chart stands: radar and horizontal bars, in either reading direction.

The origin is at the top left and y grows downwards. The SVG (cirt.charts) and the PDF
(cirt.documents) draw from the same geometry.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cirt.errors import N_, InvalidInputError

Direction = Literal["ltr", "rtl"]
Point = tuple[float, float]

RADAR_SIZE = 360.0
BARS_WIDTH = 360.0
BAR_HEIGHT = 12.0
_BAR_GAP = 14.0


def _check_value(value: float | None, maximum: float) -> None:
    if value is not None and not 0 <= value <= maximum:
        raise InvalidInputError(
            N_("A chart's value must lie between 0 and %(maximum)s; %(value)s does not."),
            maximum=maximum,
            value=value,
        )


@dataclass(frozen=True)
class Axis:
    """One axis of a radar.

    code: short, for the drawing ("D1"). label: the full name, for the legend. value, target: 0 to
    the radar's maximum, None for none. shown: the value as people read it; "" for plain digits.
    """

    code: str
    label: str
    value: float | None
    target: float | None = None
    shown: str = ""

    @property
    def reading(self) -> str:
        """The value as text; a dash where there is none."""
        return self.shown or _reading(self.value)


@dataclass(frozen=True)
class Radar:
    """Values on axes that start at one centre. value_label, target_label: the legend's words."""

    axes: tuple[Axis, ...]
    value_label: str = ""
    target_label: str = ""
    maximum: float = 4.0

    def __post_init__(self) -> None:
        for axis in self.axes:
            _check_value(axis.value, self.maximum)
            _check_value(axis.target, self.maximum)


@dataclass(frozen=True)
class Bar:
    """One horizontal bar. value: 0 to the chart's maximum, None for none. shown: as Axis.shown."""

    label: str
    value: float | None
    shown: str = ""

    @property
    def reading(self) -> str:
        """The value as text; a dash where there is none."""
        return self.shown or _reading(self.value)


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars that share one scale from 0 to maximum."""

    bars: tuple[Bar, ...]
    maximum: float = 4.0

    def __post_init__(self) -> None:
        for bar in self.bars:
            _check_value(bar.value, self.maximum)


def _reading(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


@dataclass(frozen=True)
class Outline:
    """A line through points; closed when the last point joins the first."""

    points: tuple[Point, ...]
    closed: bool


@dataclass(frozen=True)
class Spoke:
    """An axis as drawn: its far end, where its code stands (middle), and its value's point."""

    axis: Axis
    end: Point
    label: Point
    point: Point | None


@dataclass(frozen=True)
class RadarShape:
    """A radar's geometry in a square of `size`.

    rings: one outline a whole level, innermost first. areas: what the values enclose, with the
    centre where an axis without a value interrupts. values, targets: lines through neighbours.
    """

    size: float
    centre: Point
    rings: tuple[Outline, ...]
    spokes: tuple[Spoke, ...]
    areas: tuple[Outline, ...]
    values: tuple[Outline, ...]
    targets: tuple[Outline, ...]


def radar_shape(radar: Radar, direction: Direction, size: float = RADAR_SIZE) -> RadarShape:
    """Return where a radar's parts stand: clockwise from the top, counter-clockwise in rtl."""
    centre = (size / 2, size / 2)
    radius = size * 0.40
    turn = -1 if direction == "rtl" else 1
    angles = [turn * 2 * math.pi * index / len(radar.axes) for index in range(len(radar.axes))]

    def at(angle: float, share: float) -> Point:
        return (
            round(centre[0] + radius * share * math.sin(angle), 2),
            round(centre[1] - radius * share * math.cos(angle), 2),
        )

    def place(value: float | None, angle: float) -> Point | None:
        return None if value is None else at(angle, value / radar.maximum)

    # fewer than three axes make no polygon: round rings instead
    corners = angles if len(angles) > 2 else [math.pi * step / 24 for step in range(48)]
    levels = range(1, max(1, math.floor(radar.maximum)) + 1)
    rings = [[at(angle, level / radar.maximum) for angle in corners] for level in levels]
    axes = list(zip(radar.axes, angles, strict=True))
    spokes = tuple(
        Spoke(axis, at(angle, 1), at(angle, 1.13), place(axis.value, angle)) for axis, angle in axes
    )
    values = _outlines([spoke.point for spoke in spokes])
    return RadarShape(
        size=size,
        centre=centre,
        rings=tuple(Outline(tuple(ring), True) for ring in rings),
        spokes=spokes,
        areas=tuple(
            line if line.closed else Outline((centre, *line.points), True)
            for line in values
            if len(line.points) > 1
        ),
        values=values,
        targets=_outlines([place(axis.target, angle) for axis, angle in axes]),
    )


def _outlines(points: Sequence[Point | None]) -> tuple[Outline, ...]:
    """Lines through neighbours that both have a value; the last and the first are neighbours."""
    present = [point for point in points if point is not None]
    if len(present) == len(points):
        return (Outline(tuple(present), True),) if present else ()
    gap = next(index for index, point in enumerate(points) if point is None)
    lines: list[list[Point]] = [[]]
    for point in [*points[gap + 1 :], *points[: gap + 1]]:
        if point is not None:
            lines[-1].append(point)
        elif lines[-1]:
            lines.append([])
    return tuple(Outline(tuple(line), False) for line in lines if line)


@dataclass(frozen=True)
class BarRow:
    """A bar as drawn: left edge and width of the track and of the bar, and tops of its parts."""

    bar: Bar
    label_top: float
    bar_top: float
    track: tuple[float, float]
    filled: tuple[float, float]


@dataclass(frozen=True)
class BarsShape:
    """The geometry of a bar chart; labels start at start_x, values end at end_x."""

    width: float
    height: float
    start_x: float
    end_x: float
    bar_height: float
    rows: tuple[BarRow, ...]


def bars_shape(
    chart: BarChart,
    direction: Direction,
    *,
    label_heights: Sequence[float],
    width: float = BARS_WIDTH,
) -> BarsShape:
    """Return where the bars stand, each under its label; in rtl they grow from the right.

    label_heights: one a bar, because only the caller can measure text.
    """
    rows = []
    top = 0.0
    for bar, label_height in zip(chart.bars, label_heights, strict=True):
        length = round(width * (bar.value or 0) / chart.maximum, 2)
        left = width - length if direction == "rtl" else 0.0
        bar_top = top + label_height + 3
        rows.append(BarRow(bar, top, bar_top, (0.0, width), (round(left, 2), length)))
        top = bar_top + BAR_HEIGHT + _BAR_GAP
    start, end = (width, 0.0) if direction == "rtl" else (0.0, width)
    return BarsShape(width, max(top - _BAR_GAP, 1.0), start, end, BAR_HEIGHT, tuple(rows))
