"""cirt.charts: geometry in both directions, and SVG that is safe and well-formed."""

import re
from xml.etree import ElementTree as ET

import pytest

from cirt.charts import (
    Axis,
    Bar,
    BarChart,
    Radar,
    bars_shape,
    bars_svg,
    radar_shape,
    radar_svg,
)
from cirt.errors import InvalidInputError

HOSTILE = '<script>alert("x")</script> & \x00\x0b ]]> \ud800'
SVG = "{http://www.w3.org/2000/svg}"


def _radar(*values: float | None, label: str = "Incident handling") -> Radar:
    return Radar(tuple(Axis(f"D{n}", label, value, 3.0) for n, value in enumerate(values, 1)))


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def _texts(svg: str) -> list[str]:
    return [each.text or "" for each in _parsed(svg).iter(f"{SVG}text")]


def test_radar_runs_clockwise_in_ltr_and_counter_clockwise_in_rtl():
    shapes = {d: radar_shape(_radar(1, 2, 3, 4), d) for d in ("ltr", "rtl")}
    assert shapes["ltr"].spokes[0].point == shapes["rtl"].spokes[0].point  # both start at the top
    assert shapes["ltr"].spokes[1].end[0] > 180 > shapes["rtl"].spokes[1].end[0]


def test_axis_without_a_value_interrupts_the_line():
    shape = radar_shape(_radar(1, 2, None, 4, 3), "ltr")
    assert shape.spokes[2].point is None
    assert [line.closed for line in shape.values] == [False]
    # D4, D5, D1, D2: the line goes on over the top
    points = [shape.spokes[n].point for n in (3, 4, 0, 1)]
    assert list(shape.values[0].points) == points
    assert shape.areas[0].points[0] == shape.centre


@pytest.mark.parametrize(
    "values", [(), (2,), (2, 3), (None, None, None), (0, 0, 0), (1, None, 1, None)]
)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_odd_radars_are_drawn(values, direction):
    svg = radar_svg(_radar(*values), title="t", description="d", direction=direction)
    assert len(_texts(svg)) == len(values)


@pytest.mark.parametrize("value", [-0.1, 4.1, float("nan"), float("inf")])
def test_values_outside_the_scale_are_refused(value):
    with pytest.raises(InvalidInputError):
        _radar(value)
    with pytest.raises(InvalidInputError):
        BarChart((Bar("x", value),))


def test_bars_grow_from_the_side_where_reading_begins():
    chart = BarChart((Bar("a", 1.0), Bar("b", None), Bar("c", 4.0)))
    heights = [10.0, 10.0, 30.0]
    ltr = bars_shape(chart, "ltr", label_heights=heights, width=400)
    rtl = bars_shape(chart, "rtl", label_heights=heights, width=400)
    assert [row.filled for row in ltr.rows] == [(0.0, 100.0), (0.0, 0.0), (0.0, 400.0)]
    assert [row.filled for row in rtl.rows] == [(300.0, 100.0), (400.0, 0.0), (0.0, 400.0)]
    assert ltr.rows[2].bar_top == ltr.rows[2].label_top + 33


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_svg_is_well_formed_escaped_and_without_styles(direction):
    radar = Radar((Axis(HOSTILE, HOSTILE, 1, shown=HOSTILE),) * 3)
    bars = BarChart((Bar(HOSTILE * 9, 1, shown=HOSTILE),))
    for svg in (
        radar_svg(radar, title=HOSTILE, description=HOSTILE, direction=direction),
        bars_svg(bars, title=HOSTILE, description=HOSTILE, direction=direction),
    ):
        root = _parsed(svg)
        assert root.get("role") == "img"
        title, description = root.get("aria-labelledby", "").split()
        assert root.find(f"{SVG}title").get("id") == title
        assert root.find(f"{SVG}desc").get("id") == description
        assert {each.tag for each in root.iter()}.isdisjoint({f"{SVG}script", f"{SVG}style"})
        assert not re.search(r"\sstyle=|\son\w+=", svg)
        assert "alert" in "".join(root.itertext())


def test_sixteen_long_names_leave_only_codes_on_the_drawing():
    radar = _radar(*[2] * 16, label="A very long name of a dimension that fits no drawing at all")
    svg = radar_svg(radar, title="t", description="d", direction="rtl")
    assert _texts(svg) == [f"D{n}" for n in range(1, 17)]


@pytest.mark.parametrize("label", ["word " * 40, "w" * 200, "准备情况" * 40, ""])
def test_bar_labels_wrap_and_lose_nothing(label):
    svg = bars_svg(BarChart((Bar(label, 2),)), title="t", description="d", direction="ltr")
    lines = _texts(svg)[:-1]
    assert "".join(lines).replace(" ", "") == label.replace(" ", "")
    assert all(len(line) <= 45 for line in lines)
