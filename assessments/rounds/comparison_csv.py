"""A comparison of rounds as CSV, in the language of the request."""

from decimal import Decimal

from flask_babel import gettext as _

from cirt.assessments.csv_text import Cell, csv_bytes
from cirt.assessments.pages import MARKING
from cirt.assessments.rounds.comparison import MOVEMENT_NAMES, ComparedFigure, Comparison
from cirt.assessments.scoring import rounded
from cirt.assessments.verdict import OUTCOME_NAMES


def comparison_csv(comparison: Comparison, language: str) -> bytes:
    """Return verdicts, figures and questions of every round, and what became of them."""
    names = [_("Round %(number)s", number=each.number) for each in comparison.rounds]
    headers = [_("Part"), _("Code"), _("Title"), *names, _("Change"), _("Marking")]
    rows: list[tuple[Cell, ...]] = [
        (
            _("Verdict"),
            "",
            "",
            *(
                "" if each is None else _(OUTCOME_NAMES[each.outcome])
                for each in comparison.verdicts
            ),
            "",
        ),
        (_("Overall"), "", "", *_figures(comparison.overall)),
        (_("Over the questions that can be compared"), "", "", *_figures(comparison.shared)),
    ]
    for dimension, compared in comparison.dimensions:
        title = dimension.title.in_language(language).text
        rows.append((_("Dimension"), dimension.id, title, *_figures(compared)))
    for one in comparison.questions:
        text = one.question.text.in_language(language).text
        moved = _(MOVEMENT_NAMES[one.movement])
        rows.append((_("Question"), one.question.id, text, *one.levels, moved))
    return csv_bytes(headers, [(*row, MARKING.label) for row in rows])


def _figures(compared: ComparedFigure) -> tuple[Cell, ...]:
    values = (None if each is None else each.rounded for each in compared.values)
    change = compared.change
    shown = None if change is None else rounded(abs(change)) * (1 if change >= 0 else -1)
    return (*values, None if shown is None else Decimal(shown))
