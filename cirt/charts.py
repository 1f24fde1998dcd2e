"""Charts as SVG: radar, horizontal bars, timeline.

The SVG has no styles or scripts of its own (a strict content security policy allows none). It uses
these CSS classes: chart, chart-grid, chart-axis, chart-area, chart-line, chart-point, chart-target,
chart-code, chart-label, chart-value, chart-track, chart-bar, chart-none (an axis without a value).
Beside every chart the page shows its figures as a table; a radar's codes stand there in full.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

from cirt.chart_geometry import (
    BAR_HEIGHT,
    BARS_WIDTH,
    Axis,
    Bar,
    BarChart,
    BarRow,
    BarsShape,
    Direction,
    Outline,
    Point,
    Radar,
    RadarShape,
    Spoke,
    bars_shape,
    radar_shape,
)
from cirt.timelines import (
    STRETCH_HEIGHT,
    TIMELINE_WIDTH,
    Lane,
    LaneShape,
    Stretch,
    StretchRow,
    Tick,
    Timeline,
    TimelineShape,
    timeline_shape,
)

__all__ = [
    "Axis", "Bar", "BarChart", "BarRow", "BarsShape", "Direction", "Lane", "Outline", "Point",
    "Radar", "RadarShape", "Spoke", "Stretch", "Tick", "Timeline", "TimelineShape", "bars_shape",
    "bars_svg", "radar_shape", "radar_svg", "timeline_shape", "timeline_svg",
]  # fmt: skip

_LABEL_SIZE = 13.0
_LABEL_LEADING = 17.0
_VALUE_ROOM = 64.0
_UNFILLED = Markup(' fill="none" stroke="currentColor"')


def radar_svg(
    radar: Radar, *, title: str, description: str, direction: Direction, name: str = "radar"
) -> Markup:
    """Return a radar as an SVG element. name: the element's id, unique in its page."""
    shape = radar_shape(radar, direction)
    parts = [_line("chart-grid", ring) for ring in shape.rings]
    for spoke in shape.spokes:
        css = "chart-axis" if spoke.point else "chart-axis chart-none"
        parts.append(_line(css, Outline((shape.centre, spoke.end), False)))
    parts += [_line("chart-area", area, filled=True) for area in shape.areas]
    parts += [_line("chart-target", line) for line in shape.targets]
    parts += [_line("chart-line", line) for line in shape.values]
    for spoke in shape.spokes:
        tip = Markup("<title>{} {}: {}</title>").format(
            *map(_printable, (spoke.axis.code, spoke.axis.label, spoke.axis.reading))
        )
        dot = Markup("")
        if spoke.point:
            dot = Markup('<circle class="chart-point" cx="{:g}" cy="{:g}" r="4"/>').format(
                *spoke.point
            )
        css = "chart-code" if spoke.point else "chart-code chart-none"
        parts.append(
            Markup(
                '<g>{}{}<text class="{}" x="{:g}" y="{:g}" dy="0.35em" font-size="13" '
                'text-anchor="middle" direction="ltr">{}</text></g>'
            ).format(tip, dot, css, *spoke.label, _printable(spoke.axis.code))
        )
    return _svg(shape.size, shape.size, parts, title, description, name)


def bars_svg(
    chart: BarChart, *, title: str, description: str, direction: Direction, name: str = "bars"
) -> Markup:
    """Return horizontal bars as an SVG element. name: the element's id, unique in its page."""
    labels = [_wrapped(bar.label, BARS_WIDTH - _VALUE_ROOM) for bar in chart.bars]
    heights = [len(lines) * _LABEL_LEADING for lines in labels]
    shape = bars_shape(chart, direction, label_heights=heights)
    rect = Markup('<rect class="{}" x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="2"/>')
    parts = []
    for row, lines in zip(shape.rows, labels, strict=True):
        for number, line in enumerate(lines):
            baseline = row.label_top + number * _LABEL_LEADING + _LABEL_SIZE
            parts.append(_text("chart-label", shape.start_x, baseline, line, direction, "start"))
        css = "chart-value" if row.bar.value is not None else "chart-value chart-none"
        # a value reads left to right; its end edge is the left one in rtl
        anchor = "start" if direction == "rtl" else "end"
        parts.append(
            _text(css, shape.end_x, row.label_top + _LABEL_SIZE, row.bar.reading, "ltr", anchor)
        )
        parts.append(
            rect.format("chart-track", row.track[0], row.bar_top, row.track[1], BAR_HEIGHT)
        )
        if row.filled[1]:
            parts.append(
                rect.format("chart-bar", row.filled[0], row.bar_top, row.filled[1], BAR_HEIGHT)
            )
    return _svg(shape.width, shape.height, parts, title, description, name)


def timeline_svg(
    timeline: Timeline,
    *,
    title: str,
    description: str,
    direction: Direction,
    name: str = "timeline",
) -> Markup:
    """Return a timeline as an SVG element. name: the element's id, unique in its page.

    A label too long for its line is cut short; its bar's title and the table have it whole.
    """
    bars = [one for lane in timeline.lanes for one in lane.stretches]
    heights = [_LABEL_LEADING] * len(bars)
    shape = timeline_shape(timeline, direction, label_heights=heights)
    parts: list[Markup] = []
    for lane in shape.lanes:
        parts += _lane_parts(shape, lane, direction)
        for row in lane.rows:
            parts += _stretch_parts(row, shape, direction)
    return _svg(shape.width, shape.height, parts, title, description, name)


def _lane_parts(shape: TimelineShape, lane: LaneShape, direction: Direction) -> list[Markup]:
    baseline = lane.label_top + _LABEL_SIZE
    parts = [_text("chart-value", shape.start_x, baseline, lane.lane.label, direction, "start")]
    for tick, x in shape.ticks:
        # the label stands after its line, in the direction of time
        at = x - 3 if direction == "rtl" else x + 3
        anchor = "end" if direction == "rtl" else "start"
        baseline = lane.ticks_top + _LABEL_SIZE
        parts.append(_text("chart-value chart-none", at, baseline, tick.label, "ltr", anchor))
    return parts


def _stretch_parts(row: StretchRow, shape: TimelineShape, direction: Direction) -> list[Markup]:
    one = row.stretch
    tip = Markup("<title>{} {}: {}</title>").format(
        *map(_printable, (one.code, one.label, one.shown))
    )
    code_room = len(one.code) * 8.0 + 6
    # the rough measure is a careful one: a sixth more fits the line
    label = _wrapped(one.label, (TIMELINE_WIDTH - code_room) * 7 / 6)
    # isolated (UAX #9), so that the sign of the cut stands where its own text ends
    text = f"\u2068{label[0]}{'…' if len(label) > 1 else ''}\u2069"
    baseline = row.label_top + _LABEL_SIZE
    text_x = shape.start_x - code_room if direction == "rtl" else shape.start_x + code_room
    # what is done is an outline, what is late has a dashed edge: told apart without colours
    css = {"open": "chart-bar", "late": "chart-bar", "done": "chart-area"}[one.progress]
    rect = Markup('<rect class="{}"{} x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="2"/>')
    box = (row.bar[0], row.bar_top, row.bar[1], STRETCH_HEIGHT)
    paint = Markup(' fill-opacity="0.2"') if one.progress == "done" else Markup("")
    drawn = [rect.format(css, paint, *box)]
    if one.progress != "open":
        edge = "chart-line" if one.progress == "done" else "chart-target"
        drawn.append(rect.format(edge, _UNFILLED, *box))
    code_anchor = "end" if direction == "rtl" else "start"
    # beside the bar only: a line through the words would make them hard to read
    lines = [
        _line(line, Outline(((x, row.bar_top - 2), (x, row.bar_top + STRETCH_HEIGHT + 4)), False))
        for line, x in [
            *(("chart-grid", x) for _tick, x in shape.ticks),
            *([("chart-target", shape.today)] if shape.today is not None else []),
        ]
    ]
    return [
        Markup("<g>{}{}{}{}{}</g>").format(
            tip,
            Markup("").join(lines),
            _text("chart-code", shape.start_x, baseline, one.code, "ltr", code_anchor),
            _text("chart-label", text_x, baseline, text, direction, "start"),
            Markup("").join(drawn),
        )
    ]


def _svg(
    width: float, height: float, parts: Sequence[Markup], title: str, description: str, name: str
) -> Markup:
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart" id="{0}" role="img" '
        'viewBox="0 0 {1:g} {2:g}" aria-labelledby="{0}-title {0}-description">'
        '<title id="{0}-title">{3}</title><desc id="{0}-description">{4}</desc>'
    ).format(name, width, height, _printable(title), _printable(description))
    return head + Markup("").join(parts) + Markup("</svg>")


def _line(css: str, outline: Outline, *, filled: bool = False) -> Markup:
    points = " ".join(f"{x:g},{y:g}" for x, y in outline.points)
    element = Markup("polygon") if outline.closed else Markup("polyline")
    # what it looks like before a stylesheet says more
    paint = Markup(' fill-opacity="0.2"') if filled else _UNFILLED
    return Markup('<{} class="{}"{} points="{}"/>').format(element, css, paint, points)


def _text(css: str, x: float, y: float, text: str, direction: Direction, anchor: str) -> Markup:
    return Markup(
        '<text class="{}" x="{:g}" y="{:g}" font-size="13" '
        'text-anchor="{}" direction="{}">{}</text>'
    ).format(css, x, y, anchor, direction, _printable(text))


def _printable(text: str) -> Markup:
    """Escape, without the characters that XML 1.0 (section 2.2) forbids."""
    return escape("".join(each for each in text if each in "\t\n\r" or _in_xml(ord(each))))


def _in_xml(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000


def _wrapped(label: str, width: float) -> list[str]:
    """Break a label into lines by a rough measure; the browser's font is not known here."""
    lines, room = [""], width
    for word in _pieces(label):
        needed = sum(_rough_width(each) for each in word)
        if lines[-1] and needed > room:
            lines.append("")
            room = width
        lines[-1] += word if lines[-1] else word.lstrip()
        room -= needed
    return [line.rstrip() for line in lines]


def _pieces(label: str) -> list[str]:
    """Words with the space after them; Chinese characters one by one; nothing over 20 letters."""
    pieces = [""]
    for character in label:
        if len(pieces[-1]) >= 20 or _is_wide(character) or pieces[-1].endswith(" "):
            pieces.append("")
        pieces[-1] += " " if character.isspace() else character
        if _is_wide(character):
            pieces.append("")
    return [piece for piece in pieces if piece]


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef"


def _rough_width(character: str) -> float:
    return _LABEL_SIZE * (1.0 if _is_wide(character) else 0.56)
