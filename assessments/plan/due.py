"""What of the plan waits on the start page of a country's focal point."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.instruments import load_instrument
from cirt.assessments.plan.queries import DueAction, due_actions
from cirt.assessments.plan.sentences import ltr
from cirt.assessments.plan.texts import short_text
from cirt.errors import DomainError
from cirt.web import actor, db_session

SHOWN_AT_HOME = 5


def due_tasks() -> list[dict[str, Any]]:
    """Return what is overdue or due soon in the focal point's country, for the start page."""
    due = due_actions(db_session(), actor())
    tasks = []
    for one in due[:SHOWN_AT_HOME]:
        tasks.append(
            {
                "title": _title(one),
                "hint": _(
                    "%(assessment)s · due on %(date)s",
                    assessment=f"\u2068{one.assessment.title}\u2069",
                    date=f"\u2066{one.action.target_date}\u2069",
                ),
                "url": flask.url_for(
                    "assessments.plan_action",
                    assessment_id=one.assessment.id,
                    action_id=one.action.id,
                ),
                "status": "failed" if one.overdue else "review",
                "status_label": _("Overdue") if one.overdue else _("Due soon"),
            }
        )
    # one line for what is not listed, so that nothing overdue is out of sight
    for assessment in {one.assessment.id: one.assessment for one in due[SHOWN_AT_HOME:]}.values():
        rest = [one for one in due[SHOWN_AT_HOME:] if one.assessment.id == assessment.id]
        late = sum(1 for one in rest if one.overdue)
        tasks.append(
            {
                "title": _("More actions of the plan"),
                "hint": _(
                    "%(assessment)s · overdue: %(late)s, due soon: %(soon)s",
                    assessment=f"\u2068{assessment.title}\u2069",
                    late=late,
                    soon=len(rest) - late,
                ),
                "url": flask.url_for("assessments.plan_progress", assessment_id=assessment.id),
                "status": "failed" if late else "review",
                "status_label": _("Overdue") if late else _("Due soon"),
            }
        )
    return tasks


def _title(one: DueAction) -> str:
    language = i18n.current_language()
    try:
        instrument = load_instrument(
            one.assessment.instrument_id, one.assessment.instrument_version
        )
    except DomainError:  # its instrument is not installed here: the start page goes on
        return f"{ltr(one.action.code)} \u2068{one.action.text[:120]}\u2069"
    return short_text(one.action, instrument, language)
