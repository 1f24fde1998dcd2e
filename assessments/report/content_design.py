"""Services, staff and budget of the design annex, as a report says them."""

from collections.abc import Sequence

from flask_babel import gettext
from sqlalchemy.orm import Session

from cirt.assessments.design import annex
from cirt.assessments.design.budget import LINE_NAMES, Range, Year
from cirt.assessments.design.content import DesignContent
from cirt.assessments.design.numbers import half_up
from cirt.assessments.design.queries import design_of
from cirt.assessments.design.services import Period
from cirt.assessments.instruments import Question
from cirt.assessments.models import Assessment
from cirt.assessments.report.model_plan import (
    BudgetLine,
    DesignSummary,
    ServiceContent,
    StaffPeriod,
)


def design_content(
    session: Session, assessment: Assessment, asked: Sequence[Question], language: str
) -> tuple[tuple[ServiceContent, ...], DesignSummary]:
    """Return the services of the framework with their levels, and the needs that follow."""
    design = design_of(session, assessment, language)
    services = tuple(
        ServiceContent(
            code=row.service.number,
            name=row.name.text,
            now=row.levels[Period.NOW].value,
            year_1=row.levels[Period.YEAR_1].value,
            year_3=row.levels[Period.YEAR_3].value,
            questions=tuple(
                each.id for each in asked if row.service.id in each.crosswalk.first_services
            ),
        )
        for row in design.rows
    )
    return services, _summary(design)


def _summary(design: DesignContent) -> DesignSummary:
    settled = (
        design.saved_part(annex.STAFFING).revision or design.saved_part(annex.WORKLOAD).revision
    )
    years = design.budget.years
    given = any(each is not None for year in years for each in year.lines.values())
    if not design.saved_part(annex.BUDGET).revision or not given:
        years = ()
    return DesignSummary(
        periods=tuple(_period(design, period) for period in Period) if settled else (),
        currency=design.budget.currency,
        budget=tuple(_line(key, years) for key in (years[0].lines if years else ())),
        total=tuple(_range(year.total) for year in years),
    )


def _period(design: DesignContent, period: Period) -> StaffPeriod:
    need = design.needs[period]
    return StaffPeriod(
        period=period.value,
        coverage=design.assumptions.coverage[period],
        on_call=design.assumptions.on_call[period],
        cover=half_up(need.cover),
        work=half_up(need.work),
        lead=half_up(need.lead + need.administration),
        total=need.shown,
        foreseen="" if need.foreseen is None else half_up(need.foreseen),
        warnings=tuple(gettext(each.message) % each.values for each in need.warnings),
    )


def _line(key: str, years: Sequence[Year]) -> BudgetLine:
    return BudgetLine(key, LINE_NAMES[key], tuple(_range(year.lines.get(key)) for year in years))


def _range(found: Range | None) -> tuple[int, int | None] | None:
    return None if found is None else (found.low, found.high)
