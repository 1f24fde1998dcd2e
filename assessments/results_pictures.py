"""The pictures of results with their tables, in the language of the request."""

from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.results import radar
from cirt.assessments.results_reading import Reading
from cirt.assessments.rounds.comparison import Comparison
from cirt.assessments.scoring import Figure, rounded
from cirt.chart_geometry import Axis, Bar, BarChart, Direction, Radar
from cirt.charts import bars_svg, radar_svg

NO_FIGURE = "–"


def results_picture(reading: Reading, language: str) -> dict[str, Any] | None:
    """Return the radar against the profile; None for fewer than three dimensions, no shape."""
    shown = reading.results
    if len(shown.dimensions) < 3:
        return None
    name = reading.profile.name.in_language(language).text if reading.profile else ""
    title = _("Figures by dimension")
    if reading.targets:
        caption = _("Figures by dimension (solid line) against %(profile)s (dashed)", profile=name)
    else:
        caption = title
    headers = [_("Dimension"), _("Figure"), _("Questions with a level")]
    if reading.targets:
        headers.insert(2, _("Target"))
    rows = []
    for dimension, figure in shown.dimensions:
        row = [
            f"{dimension.id} {dimension.title.in_language(language).text}",
            figure.value or NO_FIGURE,
            _("%(done)s of %(total)s", done=figure.done, total=figure.total),
        ]
        if reading.targets:
            target = reading.targets.get(dimension.id)
            row.insert(2, NO_FIGURE if target is None else str(rounded(target)))
        rows.append(row)
    return {
        "svg": radar_svg(
            radar(shown, language, value_label=title, targets=reading.targets, target_label=name),
            title=caption,
            description=_described(shown.top),
            direction=_direction(language),
        ),
        "caption": caption,
        "table": {"headers": headers, "rows": rows},
    }


def rounds_radar(comparison: Comparison, language: str) -> dict[str, Any] | None:
    """Return the last round over the first, by dimension; None for fewer than three dimensions."""
    if len(comparison.dimensions) < 3:
        return None
    top = max(each.instrument.top for each in comparison.rounds)
    first, last = comparison.rounds[0], comparison.rounds[-1]
    caption = _(
        "Round %(last)s (solid line) and round %(first)s (dashed), by dimension",
        last=last.number,
        first=first.number,
    )
    axes = tuple(
        Axis(
            code=dimension.id,
            label=dimension.title.in_language(language).text,
            value=_as_float(compared.values[-1]),
            target=_as_float(compared.values[0]),
            shown=figure_text(compared.values[-1]),
        )
        for dimension, compared in comparison.dimensions
    )
    return {
        "svg": radar_svg(
            Radar(axes, maximum=float(top)),
            title=caption,
            description=_described(top),
            direction=_direction(language),
            name="rounds",
        ),
        "caption": caption,
        "table": {
            "headers": [_("Dimension"), *_round_names(comparison)],
            "rows": [
                [
                    f"{dimension.id} {dimension.title.in_language(language).text}",
                    *(figure_text(value) for value in compared.values),
                ]
                for dimension, compared in comparison.dimensions
            ],
        },
    }


def rounds_bars(comparison: Comparison, language: str) -> dict[str, Any]:
    """Return the whole figure of each round as bars."""
    top = max(each.instrument.top for each in comparison.rounds)
    caption = _("The whole, round by round")
    names = _round_names(comparison)
    values = comparison.overall.values
    shared = comparison.shared.values
    return {
        "svg": bars_svg(
            BarChart(
                tuple(
                    Bar(name, _as_float(value), figure_text(value))
                    for name, value in zip(names, values, strict=True)
                ),
                maximum=float(top),
            ),
            title=caption,
            description=_("One bar for each round, from 0 to %(top)s.", top=top),
            direction=_direction(language),
            name="whole",
        ),
        "caption": caption,
        "table": {
            "headers": ["", *names],
            "rows": [
                [_("Overall"), *(figure_text(value) for value in values)],
                [
                    _("Over the questions that can be compared"),
                    *(figure_text(value) for value in shared),
                ],
            ],
        },
    }


def change_of(change: Fraction | None) -> dict[str, str]:
    """Return a change as words, sign and number: kind is up, down, same or none."""
    if change is None:
        return {"kind": "none", "words": _("cannot be compared"), "number": ""}
    amount = rounded(abs(change))
    if not amount:
        return {"kind": "same", "words": _("unchanged"), "number": "0.0"}
    if change > 0:
        return {"kind": "up", "words": _("higher"), "number": f"+{amount}"}
    return {"kind": "down", "words": _("lower"), "number": f"\u2212{amount}"}


def figure_text(value: Figure | None) -> str:
    """Return a figure with one decimal; a dash where there is none."""
    return NO_FIGURE if value is None or value.rounded is None else str(value.rounded)


def _round_names(comparison: Comparison) -> list[str]:
    return [_("Round %(number)s", number=each.number) for each in comparison.rounds]


def _described(top: int) -> str:
    return _(
        "One axis for each dimension, from 0 at the centre to %(top)s. The table has the figures.",
        top=top,
    )


def _direction(language: str) -> Direction:
    return "rtl" if i18n.direction_of(language) == "rtl" else "ltr"


def _as_float(value: Figure | None) -> float | None:
    return None if value is None or value.value is None else float(value.value)
