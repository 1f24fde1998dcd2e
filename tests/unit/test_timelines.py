"""cirt.timelines: geometry in both directions, SVG that is safe, and pages with it."""

import io
import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from cirt.charts import Lane, Stretch, Tick, Timeline, timeline_shape, timeline_svg
from cirt.documents.json_form import from_json, to_json
from cirt.documents.model import Figure
from cirt.documents.pdf import render
from cirt.errors import InvalidInputError
from tests.unit.documents.samples import document

HOSTILE = '<script>alert("x")</script> & \x00\x0b ]]> \ud800'


def _timeline(*spans, **more):
    bars = tuple(Stretch(f"A{n}", "An action", *span) for n, span in enumerate(spans, 1))
    return Timeline((Lane("Design", bars),), 100, (Tick(0, "2026-01"), Tick(50, "2026-07")), **more)


def test_time_runs_from_the_side_where_reading_begins():
    chart = _timeline((0, 25), (50, 100), today=10)
    ltr, rtl = (timeline_shape(chart, d, label_heights=[17, 17]) for d in ("ltr", "rtl"))
    assert [row.bar for row in ltr.lanes[0].rows] == [(0, 90), (180, 180)]
    assert [row.bar for row in rtl.lanes[0].rows] == [(270, 90), (0, 180)]
    assert (ltr.today, rtl.today) == (36, 324)
    assert (ltr.start_x, rtl.start_x) == (0, 360)
    assert [x for _tick, x in rtl.ticks] == [360, 180]


def test_bar_of_no_length_is_still_seen_and_within_the_picture():
    for direction in ("ltr", "rtl"):
        shape = timeline_shape(_timeline((100, 100), (0, 0)), direction, label_heights=[9, 9])
        for row in shape.lanes[0].rows:
            assert row.bar[1] >= 3 and 0 <= row.bar[0] <= 360 - row.bar[1]


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 100)), max_size=4), max_size=4)
)
def test_nothing_overlaps_and_everything_is_inside(lanes):
    chart = Timeline(
        tuple(Lane("L", tuple(Stretch("A", "a", *span) for span in lane)) for lane in lanes), 100
    )
    count = sum(map(len, lanes))
    shape = timeline_shape(chart, "rtl", label_heights=[17] * count)
    tops = [top for lane in shape.lanes for top in (lane.label_top, lane.ticks_top, lane.top)]
    assert tops == sorted(tops)
    rows = [row for lane in shape.lanes for row in lane.rows]
    for before, after in itertools.pairwise(rows):
        assert before.bar_top + 9 < after.label_top
    assert all(lane.bottom <= shape.height for lane in shape.lanes)


@pytest.mark.parametrize("span", [(-1, 5), (5, 101), (9, 5), (float("nan"), 5)])
def test_bars_outside_the_scale_are_refused(span):
    with pytest.raises(InvalidInputError):
        _timeline(span)
    with pytest.raises(InvalidInputError):
        Timeline((), 0)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("progress", ["open", "late", "done"])
def test_svg_is_well_formed_whatever_the_texts_say(direction, progress):
    bar = Stretch(HOSTILE, HOSTILE * 5, 1, 9, HOSTILE, progress)
    chart = Timeline((Lane(HOSTILE, (bar,)),), 10, (Tick(3, HOSTILE),), 5)
    svg = timeline_svg(chart, title=HOSTILE, description=HOSTILE, direction=direction, name="t1")
    root = ET.fromstring(svg)
    assert root.get("role") == "img" and root.get("aria-labelledby") == "t1-title t1-description"
    assert root[0].text == HOSTILE.replace("\x00", "").replace("\x0b", "").replace("\ud800", "")
    assert "<script" not in svg and not re.search(r"\sstyle=|\son\w+=", svg)


def test_long_label_is_cut_on_the_line_and_whole_in_the_title():
    label = (
        "Draft a decision of two pages with the ministry of justice and bring it to the minister"
    )
    chart = Timeline((Lane("Design", (Stretch("A1", label, 0, 5),)),), 10)
    svg = timeline_svg(chart, title="t", description="d", direction="ltr")
    texts = [one.text for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[2].endswith("…\u2069") and label.startswith(texts[2][1:-2].rstrip())
    assert label in svg


@pytest.mark.parametrize("language", ["ar", "en"])
def test_document_with_a_timeline_travels_as_json_and_prints_over_pages(language):
    bars = tuple(
        Stretch(f"A{n}", "صياغة قرار من صفحتين مع وزارة العدل", n, n + 20, "2026-01", state)
        for n, state in enumerate(["open", "late", "done"] * 15)
    )
    chart = Timeline(
        (Lane("التصميم", bars), Lane("Empty", ())),
        100,
        (Tick(0, "2026-01"), Tick(50, "2026-07")),
        10,
    )
    written = document(Figure(chart, "Timeline", "When each action runs"), language=language)
    assert from_json(to_json(written)) == written
    rendered = render(written)
    assert rendered.pdf.startswith(b"%PDF") and not rendered.missing
    pages = PdfReader(io.BytesIO(rendered.pdf)).pages
    assert len(pages) > 1
    codes = re.findall(r"A\d+", " ".join(page.extract_text() for page in pages))
    assert codes == [f"A{n}" for n in range(45)]
    assert render(written).pdf == rendered.pdf
