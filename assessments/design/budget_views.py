"""Pages of the budget bands."""

import uuid
from typing import Any

from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.design import annex
from cirt.assessments.design.budget import (
    LINE_NAMES,
    LINES,
    PLAN_LINE,
    SALARIES,
    SALARY_NAMES,
    YEARS,
    Range,
    read_budget,
)
from cirt.assessments.design.forms import budget_form
from cirt.assessments.design.pages import (
    address,
    design_page,
    edited,
    opened,
    revision_of,
    saved_line,
    seen,
)
from cirt.assessments.design.queries import design_of, part_of
from cirt.assessments.pages import blueprint
from cirt.assessments.shown_choices import number
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/design/budget")
@opens("assessment.read")
def design_budget(assessment_id: uuid.UUID) -> Any:
    """Ranges of cost for three years, with what each total leaves out."""
    assessment = seen(assessment_id)
    content = design_of(db_session(), assessment, i18n.current_language())
    lines = [*SALARY_NAMES, *LINES, *([PLAN_LINE] if content.budget.counts_plan else [])]
    return design_page(
        "budget.html",
        assessment,
        content=content,
        lines=lines,
        line_names={key: _(name) for key, name in LINE_NAMES.items()},
        shown_range=shown_range,
        saved_line=saved_line(content.saved_part(annex.BUDGET)),
    )


@blueprint.route("/<uuid:assessment_id>/design/budget/change", methods=["GET", "POST"])
@opens("assessment.design")
def change_budget(assessment_id: uuid.UUID) -> Any:
    """Type the ranges."""
    assessment = opened(assessment_id)
    row = part_of(db_session(), assessment, annex.BUDGET)
    form = budget_form()(data={**_shown(row), "revision": revision_of(row)})
    names = {
        **{key: _(name) for key, name in SALARIES.items()},
        **{
            f"{line}_{year}": _("%(line)s, year %(year)s", line=_(name), year=year)
            for line, name in LINES.items()
            for year in YEARS
        },
    }
    labels = {
        f"{key}_{end}": _("%(what)s: %(end)s", what=name, end=form[f"{key}_{end}"].label.text)
        for key, name in names.items()
        for end in ("low", "high")
    }

    def save() -> None:
        typed = {
            field.name: "yes" if field.data is True else str(field.data or "")
            for field in form
            if field.name not in ("csrf_token", "revision")
        }
        annex.save_budget(
            db_session(), actor(), assessment, typed, revision=number(form.revision.data)
        )

    return edited(
        "change_budget.html",
        assessment,
        form,
        save,
        address(assessment, "design_budget"),
        _shown,
        otherwise="currency",
        labels=labels,
        field_labels=labels,
        salaries={key: _(name) for key, name in SALARIES.items()},
        lines={key: _(name) for key, name in LINES.items()},
        years=YEARS,
    )


def shown_range(each: Range | None) -> str:
    """Return a range as digits, "" for none: "1,000 – 2,500", "from 1,000"."""
    if each is None:
        return ""
    if each.high is None:
        return _("from %(low)s, no upper bound", low=f"\u2066{each.low:,}\u2069")
    if each.high == each.low:
        return f"\u2066{each.low:,}\u2069"
    return f"\u2066{each.low:,} – {each.high:,}\u2069"


def _shown(row: Any) -> dict[str, str | bool]:
    values = {**read_budget({}), **(row.content if row else {})}
    return {key: value == "yes" if key == "with_plan" else value for key, value in values.items()}
