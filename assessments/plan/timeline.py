"""The plan along time: the picture that pages and documents draw, and its table."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from cirt.assessments.plan.content import PlanContent, PlannedAction
from cirt.assessments.plan.models import ACTION_STATE_NAMES, ActionState
from cirt.assessments.plan.sentences import ltr, phase_name
from cirt.clock import now
from cirt.timelines import Lane, Stretch, Tick, Timeline

MOST_TICKS = 6


def timeline_of(plan: PlanContent) -> Timeline | None:
    """Return the plan as a timeline, labels in the language of the page; None without dates."""
    dated = [one for one in plan.actions if _dated(one)]
    days = [day for one in dated for day in (one.starts_on, one.target_date) if day is not None]
    if not days:
        return None
    first, last = min(days), max(days) + timedelta(days=1)
    length = float(max((last - first).days, 1))
    today = (now().date() - first).days
    lanes = [
        Lane(
            phase_name(phase.phase),
            tuple(_stretch(one, first) for one in phase.actions if _dated(one)),
        )
        for phase in plan.phases
    ]
    return Timeline(
        lanes=tuple(lane for lane in lanes if lane.stretches),
        length=length,
        ticks=tuple(_ticks(first, last)),
        today=float(today) if 0 <= today <= length else None,
    )


def _dated(action: PlannedAction) -> bool:
    return action.target_date is not None


def _stretch(action: PlannedAction, first: date) -> Stretch:
    ends = action.target_date
    assert ends is not None  # noqa: S101 - only dated actions come here
    begins = action.starts_on or ends
    state = _(ACTION_STATE_NAMES[action.state])
    if action.overdue:
        state = _("Overdue")
    return Stretch(
        code=action.code,
        label=" ".join(action.text.split()),
        start=float((min(begins, ends) - first).days),
        end=float((ends - first).days + 1),
        shown=f"{ltr(begins.isoformat())} – {ltr(ends.isoformat())}, {state}",
        progress=(
            "late" if action.overdue else "done" if action.state is ActionState.DONE else "open"
        ),
    )


def _ticks(first: date, last: date) -> Iterable[Tick]:
    """The beginnings of months, as far apart as there is room for their names."""
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next(
        each for each in (1, 2, 3, 6, 12, 24, 60, 120, 1200, 12000) if months / each <= MOST_TICKS
    )
    month = first.year * 12 + first.month - 1
    month -= month % step
    while (year := month // 12) <= min(last.year, 9999):
        day = date(year, month % 12 + 1, 1)
        if first <= day <= last:
            label = str(year) if step >= 12 else f"{day:%Y-%m}"
            yield Tick(float((day - first).days), label)
        month += step


def dates_table(plan: PlanContent) -> dict[str, Any]:
    """Return the same as a table, as the macro charts.figure takes it."""
    rows = []
    for one in plan.actions:
        if _dated(one):
            state = _("Overdue") if one.overdue else _(ACTION_STATE_NAMES[one.state])
            rows.append(
                [
                    f"{ltr(one.code)} \u2068{' '.join(one.text.split())}\u2069",
                    ltr(str(one.starts_on or "–")),
                    ltr(str(one.target_date)),
                    state,
                ]
            )
    return {"headers": [_("Action"), _("First day"), _("Target date"), _("State")], "rows": rows}
