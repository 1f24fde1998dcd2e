"""Pages of posts and hours of coverage: the reckoning, its assumptions, the hours of each service."""

import uuid
from typing import Any

from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.design import annex
from cirt.assessments.design.assumptions import (
    COVERAGE,
    FORESEEN,
    GENERAL,
    INCIDENTS,
    LOADED,
    NUMBERS,
    assumed,
    read_staffing,
    read_workload,
    workload_default,
    workload_field,
)
from cirt.assessments.design.forms import staffing_form, with_defaults, workload_form
from cirt.assessments.design.pages import (
    address,
    design_page,
    edited,
    opened,
    revision_of,
    saved_line,
    seen,
)
from cirt.assessments.design.queries import design_of, part_of, service_names
from cirt.assessments.design.services import (
    AREA_NAMES,
    LEVEL_NAMES,
    PERIOD_NAMES,
    Level,
    Period,
    services,
)
from cirt.assessments.design.staffing import net_hours_line
from cirt.assessments.pages import blueprint
from cirt.assessments.shown_choices import number
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/design/staffing")
@opens("assessment.read")
def design_staffing(assessment_id: uuid.UUID) -> Any:
    """How many posts the services and hours need, with every assumption and step."""
    assessment = seen(assessment_id)
    content = design_of(db_session(), assessment, i18n.current_language())
    return design_page(
        "staffing.html",
        assessment,
        content=content,
        net=net_hours_line(content.assumptions),
        numbers=NUMBERS,
        coverage_names={
            period: _(COVERAGE[str(content.assumptions.coverage[period])]) for period in Period
        },
        period_names={period: _(name) for period, name in PERIOD_NAMES.items()},
        saved_line=saved_line(content.saved_part(annex.STAFFING)),
        sentence=lambda one: _(one.message) % one.values,
    )


@blueprint.route("/<uuid:assessment_id>/design/staffing/change", methods=["GET", "POST"])
@opens("assessment.design")
def change_staffing(assessment_id: uuid.UUID) -> Any:
    """Change the assumptions on posts and hours."""
    assessment = opened(assessment_id)
    row = part_of(db_session(), assessment, annex.STAFFING)
    form = staffing_form()(data={**_shown(row), "revision": revision_of(row)})
    with_defaults(form)

    def save() -> None:
        typed = {field.name: _text(field.data) for field in form}
        annex.save_staffing(
            db_session(), actor(), assessment, typed, revision=number(form.revision.data)
        )

    return edited(
        "change_staffing.html",
        assessment,
        form,
        save,
        address(assessment, "design_staffing"),
        _shown,
        otherwise="coverage_now",
        general=[one.id for one in GENERAL],
        incidents=[one.id for one in INCIDENTS.values()],
        foreseen=[one.id for one in FORESEEN.values()],
        periods=[period.value for period in Period],
    )


@blueprint.route("/<uuid:assessment_id>/design/staffing/services", methods=["GET", "POST"])
@opens("assessment.design")
def change_workload(assessment_id: uuid.UUID) -> Any:
    """Change the hours a week that each service takes."""
    assessment = opened(assessment_id)
    row = part_of(db_session(), assessment, annex.WORKLOAD)
    form = workload_form()(data={**_shown_workload(row), "revision": revision_of(row)})
    names = service_names(i18n.current_language())
    labels = {
        workload_field(one.id, level): f"{one.number} {names[one.id]}, {_(LEVEL_NAMES[level])}"
        for one in services()
        for level in LOADED
    }

    def save() -> None:
        typed = {field.name: _text(field.data) for field in form}
        annex.save_workload(
            db_session(), actor(), assessment, typed, revision=number(form.revision.data)
        )

    return edited(
        "change_workload.html",
        assessment,
        form,
        save,
        address(assessment, "design_staffing"),
        _shown_workload,
        otherwise=next(iter(labels)),
        labels=labels,
        field_labels=labels,
        names=names,
        services=services(),
        loaded=LOADED,
        workload_field=workload_field,
        workload_default=workload_default,
        area_names={key: _(name) for key, name in AREA_NAMES.items()},
        level_names={level: _(LEVEL_NAMES[level]) for level in Level},
    )


def _text(data: Any) -> str:
    if isinstance(data, bool):
        return "yes" if data else ""
    return data or ""


def _shown(row: Any) -> dict[str, str | bool]:
    values = assumed(row.content if row else read_staffing({})).values
    return {
        key: value == "yes" if key.startswith("on_call_") else value
        for key, value in values.items()
    }


def _shown_workload(row: Any) -> dict[str, str | bool]:
    return {**read_workload({}), **(row.content if row else {})}
