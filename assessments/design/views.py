"""The first page of the design annex; imports the others for what they register."""

import uuid
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.design import (
    annex,
    budget_views,
    description_views,
    list_views,
    service_views,
    staffing_views,
)
from cirt.assessments.design.budget_views import shown_range
from cirt.assessments.design.checklist_document import list_title
from cirt.assessments.design.content import DesignContent
from cirt.assessments.design.description import FIELDS
from cirt.assessments.design.pages import address, design_page, seen
from cirt.assessments.design.queries import design_of
from cirt.assessments.design.services import PERIOD_NAMES, Period
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint
from cirt.routing import opens
from cirt.web import db_session

_others = (service_views, staffing_views, budget_views, description_views, list_views)


@blueprint.get("/<uuid:assessment_id>/design")
@opens("assessment.read")
def design(assessment_id: uuid.UUID) -> Any:
    """What the design annex holds, and how far each part is."""
    assessment = seen(assessment_id)
    content = design_of(db_session(), assessment, i18n.current_language())
    return design_page(
        "design.html",
        assessment,
        content=content,
        tasks=_tasks(assessment, content),
        periods=[
            (
                _(PERIOD_NAMES[period]),
                len(content.choices.offered(period)),
                content.assumptions.coverage[period],
                content.needs[period].shown,
            )
            for period in Period
        ],
        years=[
            (year.year, shown_range(year.total), len(year.left_out))
            for year in content.budget.years
        ],
    )


def _tasks(assessment: Assessment, content: DesignContent) -> list[dict[str, Any]]:
    parts = [
        (
            _("Services"),
            "design_services",
            annex.SERVICES,
            _("Which of the FIRST services the team offers now, in a year and in three."),
        ),
        (
            _("Posts and hours of coverage"),
            "design_staffing",
            annex.STAFFING,
            _("How many people that takes, from assumptions that stand on the page."),
        ),
        (
            _("Budget bands"),
            "design_budget",
            annex.BUDGET,
            _("What three years cost, as ranges in the country's currency."),
        ),
    ]
    tasks = [
        {
            "title": title,
            "hint": hint,
            "url": address(assessment, endpoint),
            **_standing(bool(content.saved_part(part).revision)),
        }
        for title, endpoint, part, hint in parts
    ]
    for language in i18n.LANGUAGES:
        found = content.descriptions.get(language.code)
        if found is not None:
            complete = found.saved.revision > 0 and not found.missing
            tasks.append(
                {
                    "title": _(
                        "Description of the team (RFC 2350), %(language)s",
                        language=f"\u2068{language.name}\u2069",
                    ),
                    "hint": _(
                        "To be published: who the team is, whom it serves, how it is reached."
                    ),
                    "url": address(assessment, "description", language=language.code),
                    "done": found.written,
                    "total": len(FIELDS),
                    "progress_label": _(
                        "%(done)s of %(total)s fields written",
                        done=found.written,
                        total=len(FIELDS),
                    ),
                    **_standing(found.saved.revision > 0, complete),
                }
            )
    for key, prepared in content.preparations.items():
        done, total = prepared.count("done"), len(prepared.items)
        tasks.append(
            {
                "title": list_title(prepared, i18n.current_language(), gettext),
                "hint": _("What to get ready, who sees to it, how far it is."),
                "url": address(assessment, "design_list", list_id=key),
                "done": done,
                "total": total,
                "progress_label": _("%(done)s of %(total)s done", done=done, total=total),
                **_standing(any(one.revision for one in prepared.items), done == total),
            }
        )
    return tasks


def _standing(begun: bool, complete: bool = True) -> dict[str, str]:
    if not begun:
        return {"status": "todo", "status_label": _("Not started")}
    if not complete:
        return {"status": "progress", "status_label": _("In progress")}
    return {"status": "done", "status_label": _("Filled in")}
