"""The heat table: one figure for each dimension and pillar, by the rule of every other figure."""

from dataclasses import dataclass
from fractions import Fraction

from cirt.assessments.instruments.model import Dimension, Instrument, Pillar
from cirt.assessments.results import ShownFigure, ShownQuestion, ShownResults
from cirt.assessments.scoring import Figure, figure

SHADES = 4  # heat-0 to heat-4, whatever the length of the scale


@dataclass(frozen=True)
class Cell:
    """One figure. value: one decimal as text, None where nothing is answered.

    shade: 0 (lowest) to 4; None without a value. asked: how many questions stand in it; a cell
    with none is empty.
    """

    value: str | None
    shade: int | None
    asked: int


@dataclass(frozen=True)
class HeatRow:
    """One dimension: a cell for each pillar of the table, and the dimension's own figure."""

    dimension: Dimension
    cells: tuple[Cell, ...]
    whole: Cell


@dataclass(frozen=True)
class HeatTable:
    """Dimensions down, pillars across; totals and whole are the figures of the pillars and of all.

    pillars: those in which a question is asked; none for an instrument without pillars.
    """

    pillars: tuple[Pillar, ...]
    rows: tuple[HeatRow, ...]
    totals: tuple[Cell, ...]
    whole: Cell


def heat_table(instrument: Instrument, results: ShownResults) -> HeatTable:
    """Return the figures by dimension and pillar."""
    every = results.overall.questions
    pillars = tuple(
        pillar
        for pillar in instrument.pillars
        if any(line.question.pillar_id == pillar.id for line in every)
    )
    return HeatTable(
        pillars=pillars,
        rows=tuple(
            HeatRow(
                dimension,
                tuple(_of(pillar, shown.questions, results.top) for pillar in pillars),
                _shown(shown, results.top),
            )
            for dimension, shown in results.dimensions
        ),
        totals=tuple(_of(pillar, every, results.top) for pillar in pillars),
        whole=_shown(results.overall, results.top),
    )


def shade(value: Fraction, top: int) -> int:
    """Return the shade of a figure, 0 to 4: the nearest one, half up."""
    return int(value * SHADES / top + Fraction(1, 2))


def _of(pillar: Pillar, lines: tuple[ShownQuestion, ...], top: int) -> Cell:
    inside = [line.result for line in lines if line.question.pillar_id == pillar.id]
    return _cell(figure(inside), top)


def _shown(shown: ShownFigure, top: int) -> Cell:
    return _cell(shown.figure, top)


def _cell(found: Figure, top: int) -> Cell:
    asked = len(found.questions) - found.coverage.not_asked
    if found.value is None:
        return Cell(None, None, asked)
    return Cell(str(found.rounded), shade(found.value, top), asked)
