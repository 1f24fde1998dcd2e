"""Pages that look ahead: what if these actions are done, and when each runs."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.instruments import Instrument
from cirt.assessments.instruments.model import Phase
from cirt.assessments.pages import blueprint, the_assessment
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.content import PlanContent, PlannedAction
from cirt.assessments.plan.pages import show
from cirt.assessments.plan.queries import plan_of
from cirt.assessments.plan.schedule import WEEKS
from cirt.assessments.plan.sentences import ltr
from cirt.assessments.plan.timeline import dates_table, timeline_of
from cirt.assessments.plan.what_if import Outlook, outlook
from cirt.assessments.scoring import Results
from cirt.assessments.verdict import OUTCOME_NAMES, Outcome
from cirt.chart_geometry import Direction
from cirt.charts import Axis, Radar, radar_svg, timeline_svg
from cirt.routing import opens
from cirt.web import db_session

OUTCOME_KINDS = {
    Outcome.MET: "done",
    Outcome.NOT_MET: "failed",
    Outcome.OPEN: "review",
    Outcome.INCOMPLETE: "blocked",
}


@blueprint.get("/<uuid:assessment_id>/plan/what-if")
@opens("assessment.read")
def plan_what_if(assessment_id: uuid.UUID) -> Any:
    """What the verdict and the figures would be if the chosen actions were done."""
    assessment = the_assessment(assessment_id, "assessment.read")
    basis = basis_of(db_session(), assessment)
    plan = plan_of(db_session(), assessment, basis, language=i18n.current_language())
    offered = [one for one in plan.actions if one.rung is not None and not one.finds_out]
    chosen = _chosen(offered)
    now_, then = (
        outlook(
            basis.instrument,
            basis.profile,
            basis.answers,
            cirt_exists=basis.cirt_exists,
            done=[one.rung for one in rows if one.rung is not None],
        )
        for rows in ([], chosen)
    )
    codes = {one.code for one in chosen}
    return show(
        "what_if.html",
        assessment,
        plan=plan,
        basis=basis,
        offered=[
            (phase, [one for one in offered if one.phase is phase])
            for phase in Phase
            if any(one.phase is phase for one in offered)
        ],
        chosen=codes,
        missing=_missing(chosen, plan),
        verdicts=_verdicts(now_, then),
        changed=_changed(now_, then),
        drawing=_radar(basis.instrument, now_.results, then.results),
        unknown=plan.unknown,
    )


@blueprint.get("/<uuid:assessment_id>/plan/timeline")
@opens("assessment.read")
def plan_timeline(assessment_id: uuid.UUID) -> Any:
    """When each action runs, as a picture and a table."""
    assessment = the_assessment(assessment_id, "assessment.read")
    plan = plan_of(db_session(), assessment, language=i18n.current_language())
    chart = timeline_of(plan)
    drawing = None
    if chart is not None:
        title = _("When each action runs")
        drawing = {
            "svg": timeline_svg(
                chart,
                title=title,
                description=_(
                    "A bar for each action, phase by phase, along time. An outlined bar is done, a"
                    " dashed edge means overdue, the dashed line is today. The table has the dates."
                ),
                direction=_direction(),
            ),
            "caption": title,
            "table": dates_table(plan),
        }
    return show(
        "timeline.html",
        assessment,
        plan=plan,
        drawing=drawing,
        undated=[one for one in plan.actions if one.target_date is None],
        weeks=WEEKS,
    )


def _chosen(offered: list[PlannedAction]) -> list[PlannedAction]:
    """The actions that were ticked, and all of the phases up to one that was chosen."""
    ticked = set(flask.request.args.getlist("done"))
    until = flask.request.args.get("until", "")
    phases = list(Phase)
    last = phases.index(Phase(until)) if until in phases else -1
    return [one for one in offered if one.code in ticked or phases.index(one.phase) <= last]


def _missing(chosen: list[PlannedAction], plan: PlanContent) -> list[str]:
    """What the chosen actions need, near and far, that is neither chosen nor done."""
    by_code = {one.code: one for one in plan.everything}
    codes = {one.code for one in chosen}
    found: dict[str, None] = {}
    waiting = [need for one in chosen for need in one.needs]
    while waiting:
        code = waiting.pop()
        action = by_code[code]
        if code in codes or code in found or not action.open:
            continue
        found[code] = None
        waiting += action.needs
    return sorted(found, key=lambda code: int(code[1:]))


def _verdicts(today: Outlook, then: Outlook) -> list[dict[str, Any]]:
    shown = []
    for label, one in ((_("Today"), today), (_("If these are done"), then)):
        if one.verdict is not None:
            outcome = one.verdict.outcome
            shown.append(
                {
                    "label": label,
                    "name": _(OUTCOME_NAMES[outcome]),
                    "kind": OUTCOME_KINDS[outcome],
                    "met": sum(1 for line in one.verdict.lines if line.standing == "met"),
                    "total": len(one.verdict.lines),
                }
            )
    return shown


def _changed(today: Outlook, then: Outlook) -> list[tuple[str, int | None, int | None]]:
    """The questions whose level would change: id, level today, level then."""
    return [
        (key, today.answers[key].level, answer.level)
        for key, answer in then.answers.items()
        if answer.level != today.answers[key].level
    ]


def _radar(instrument: Instrument, today: Results, then: Results) -> dict[str, Any] | None:
    """The figures today and then; None for fewer than three dimensions, which make no shape."""
    language = i18n.current_language()
    asked = [
        dimension
        for dimension in instrument.dimensions
        if today.dimensions[dimension.id].coverage.applicable
    ]
    rows = [
        [
            f"{ltr(dimension.id)} {dimension.title.in_language(language).text}",
            _figure(today, dimension.id),
            _figure(then, dimension.id),
        ]
        for dimension in asked
    ]
    overall = [_("Overall"), str(today.overall.rounded or "–"), str(then.overall.rounded or "–")]
    title = _("Figures today, and if these are done")
    table = {
        "headers": [_("Dimension"), _("Today"), _("If these are done")],
        "rows": [overall, *rows],
    }
    if len(asked) < 3:
        return {"svg": None, "caption": title, "table": table}
    axes = []
    for dimension in asked:
        value, aim = (each.dimensions[dimension.id].value for each in (today, then))
        axes.append(
            Axis(
                code=dimension.id,
                label=dimension.title.in_language(language).text,
                value=None if value is None else float(value),
                target=None if aim is None else float(aim),
                shown=_figure(today, dimension.id),
            )
        )
    svg = radar_svg(
        Radar(tuple(axes), maximum=float(instrument.top)),
        title=title,
        description=_(
            "One axis for each dimension, from 0 at the centre. The filled shape is today, the dashed"
            " line what would result. The table has the figures."
        ),
        direction=_direction(),
    )
    return {"svg": svg, "caption": title, "table": table}


def _figure(results: Results, dimension_id: str) -> str:
    value = results.dimensions[dimension_id].rounded
    return "–" if value is None else str(value)


def _direction() -> Direction:
    return "rtl" if i18n.direction_of(i18n.current_language()) == "rtl" else "ltr"
