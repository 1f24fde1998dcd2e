"""Heat table, target line and CSV: what surrounds the figures."""

import csv
import io
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.assessments.csv_text import csv_bytes
from cirt.assessments.heat import heat_table, shade
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.model import Applies
from cirt.assessments.results import Beside, radar, shown_results
from cirt.assessments.scoring import score
from cirt.assessments.strength import Strength
from cirt.assessments.targets import targets_of
from tests.unit.assessments.generated import (
    answers_to,
    instrument_with,
    instruments,
    level,
    profile_with,
    question,
)

SHIPPED = load_instrument("cirt-readiness", "1.0.0")


def shown(instrument, answers, **more):
    return shown_results(instrument, answers, cirt_exists=None, evidence={}, **more)


@pytest.mark.parametrize(
    ("value", "top", "expected"),
    [(0, 4, 0), (4, 4, 4), (Fraction(5, 2), 4, 3), (Fraction(9, 4), 4, 2), (3, 3, 4), (1, 2, 2)],
)
def test_shade_is_the_nearest_of_five_whatever_the_scale(value, top, expected):
    assert shade(Fraction(value), top) == expected


def test_cell_is_the_figure_of_its_dimension_and_pillar():
    answers = {each.id: level(3) for each in SHIPPED.questions}
    answers["D1-Q1"] = level(1)
    table = heat_table(SHIPPED, shown(SHIPPED, answers))
    assert [pillar.id for pillar in table.pillars] == [p.id for p in SHIPPED.pillars]
    row = table.rows[0]
    column = table.pillars.index(SHIPPED.pillar("organizational-structures"))
    assert row.cells[column].value == row.whole.value == "1.8"  # (3*1 + 2*3) / 5
    assert row.cells[column].shade == 2
    assert [cell.asked for cell in row.cells].count(0) == len(table.pillars) - 1
    pillars = score(SHIPPED, answers).pillars
    assert [cell.value for cell in table.totals] == [str(f.rounded) for f in pillars.values()]


def test_instrument_without_pillars_has_a_table_of_dimensions():
    instrument = instrument_with(question("Q1", levels=4), levels=4)
    table = heat_table(instrument, shown(instrument, {"Q1": level(3)}))
    assert table.pillars == () and table.rows[0].cells == ()
    assert (table.whole.value, table.whole.shade) == ("3.0", 4)
    assert heat_table(instrument, shown(instrument, {})).whole.shade is None


def test_radar_ends_at_the_top_of_its_instrument():
    instrument = instrument_with(question("Q1", levels=4), levels=4)
    drawn = radar(shown(instrument, {"Q1": level(3)}), "en", targets={"A": Fraction(2)})
    assert (drawn.maximum, drawn.axes[0].value, drawn.axes[0].target) == (3.0, 3.0, 2.0)


def test_target_is_the_weighted_mean_of_the_minimums_asked():
    instrument = instrument_with(
        question("Q1", weight=3),
        question("Q2"),
        question("Q3", applies=Applies.AFTER),
        question("Q4"),
    )
    profile = profile_with({"Q1": 2, "Q2": 4, "Q3": 4})
    assert targets_of(instrument, profile, cirt_exists=False) == {"A": Fraction(10, 4)}
    assert targets_of(instrument, profile, cirt_exists=True) == {"A": Fraction(14, 5)}
    assert targets_of(instrument, None, cirt_exists=None) == {}
    unknown = profile_with({"Q1": 2, "Q2": None})
    assert targets_of(instrument, unknown, cirt_exists=None) == {}


def test_confidence_and_strength_stand_beside_a_level_and_change_no_figure():
    answers = {"D1-Q1": level(3)}
    beside = {"D1-Q1": Beside(Strength.WEAK, "low")}
    bare, dressed = shown(SHIPPED, answers), shown(SHIPPED, answers, beside=beside)
    line = dressed.overall.questions[0]
    assert (line.strength, line.stated) == (Strength.WEAK, "low")
    assert dressed.overall.figure == bare.overall.figure


@given(data=st.data())
def test_cells_hold_every_question_asked_once(data):
    instrument = data.draw(instruments())
    results = shown(instrument, data.draw(answers_to(instrument)))
    table = heat_table(instrument, results)
    assert sum(row.whole.asked for row in table.rows) == table.whole.asked
    for cell in (table.whole, *(row.whole for row in table.rows)):
        assert (cell.value is None) == (cell.shade is None)
        assert cell.shade is None or 0 <= cell.shade <= 4


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "=cmd|' /C calc'!A0"],
)
def test_text_that_a_spreadsheet_would_run_is_made_harmless(text):
    ((header,), (cell,)) = read_back(csv_bytes(["a"], [[text]]))
    assert cell == f"'{text}" and header == "a"


def test_numbers_stay_numbers_and_text_stays_text():
    data = csv_bytes(["العمود"], [[-1], [Decimal("-0.5")], [None], ['a "b"\nc, d'], ["a\x00b"]])
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    assert read_back(data) == [["العمود"], ["-1"], ["-0.5"], [""], ['a "b"\nc, d'], ["ab"]]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_no_cell_begins_a_formula_and_nothing_else_is_lost(texts):
    (row,) = read_back(csv_bytes(["h"] * len(texts), [texts]))[1:]
    for text, cell in zip(texts, row, strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.removeprefix("'") in (text.replace("\x00", ""), text.removeprefix("'"))
