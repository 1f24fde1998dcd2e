"""The incident half's part of the start page."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import taxonomies
from cirt.access import role_allows
from cirt.homepart import HomePart
from cirt.incidents import case_queries
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import local
from cirt.incidents.impact_models import IncidentTask
from cirt.incidents.impact_words import OUTCOME_KINDS
from cirt.incidents.suite_words import word_of
from cirt.incidents.tasks import open_tasks_of
from cirt.web import actor, db_session


def home_part() -> HomePart | None:
    """Return the figures of the cases that are not closed, and the new ones; None for other roles."""
    if not role_allows(actor(), "incident.list"):
        return None
    counts = case_queries.open_by_severity(db_session(), actor())
    figures: list[tuple[int, str]] = [(sum(counts.values()), _("Incidents not closed"))]
    figures += [
        (counts[each.level], f"{each.level} – {local(each.name)}")
        for each in reversed(taxonomies.severities())
        if counts.get(each.level)
    ]
    if counts.get(None):
        figures.append((counts[None], _("Severity not judged yet")))
    half = {
        "title": _("Incidents"),
        "sentence": _(
            "Record what happened, keep what was seen, and share it with the partners you choose."
        ),
        "url": flask.url_for("incidents.index"),
        "action": _("Go to the incidents"),
        "figures": figures,
    }
    tasks: list[dict[str, Any]] = []
    if role_allows(actor(), "incident.edit"):
        tasks = [
            {
                "title": incident.title,
                "url": flask.url_for("incidents.detail", incident_id=incident.id),
                "status": "todo",
                "status_label": _("New"),
                "hint": _(
                    "New incident %(reference)s: judge it",
                    reference=f"\u2066{incident.reference}\u2069",
                ),
            }
            for incident in case_queries.to_judge(db_session(), actor())
        ]
    tasks += [_own_task(task, incident) for task, incident in open_tasks_of(db_session(), actor())]
    return HomePart(half=half, tasks=tasks)


def _own_task(task: IncidentTask, incident: Incident) -> dict[str, Any]:
    return {
        "title": task.name,
        "url": flask.url_for("incidents.tasks", incident_id=incident.id),
        "status": OUTCOME_KINDS[task.outcome],
        "status_label": word_of(task.outcome, "task-outcome"),
        "hint": _(
            "Your task in incident %(reference)s", reference=f"\u2066{incident.reference}\u2069"
        ),
    }
