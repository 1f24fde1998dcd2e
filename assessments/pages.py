"""What every page of an assessment shares: the blueprint, the record, the tabs."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed, load, require
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.lifecycle import STATE_NAMES, Act, State, refusal
from cirt.assessments.models import Assessment
from cirt.forms import Form
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

blueprint = flask.Blueprint("assessments", __name__, url_prefix="/assessments")

MARKING = TLP.AMBER_STRICT


def the_assessment(assessment_id: uuid.UUID, action: str) -> Assessment:
    """Return an assessment that the person may see, for an action that they are allowed.

    Raises NotFoundError where they may not know of it, ForbiddenError where they may only see it.
    """
    row = load(db_session(), actor(), Assessment, assessment_id, seen_by="assessment.read")
    require(db_session(), actor(), action, row)
    return row


def instrument_of(assessment: Assessment) -> Instrument:
    """Return the instrument of an assessment, in the version it was started with."""
    return load_instrument(assessment.instrument_id, assessment.instrument_version)


def why_locked(assessment: Assessment) -> str | None:
    """Return the sentence that says why nothing can be changed; None where it can."""
    refused = refusal(assessment.standing, Act.CHANGE)
    if refused is None:
        decision = allowed(db_session(), actor(), "assessment.answer", assessment)
        return None if decision else _(decision.reason)
    return i18n.sentence(refused)


def render(template: str, assessment: Assessment, tab: str, **context: Any) -> str:
    """Return a page of an assessment with its tabs, its marking and why it may be locked."""
    language = i18n.current_language()
    return flask.render_template(
        f"assessments/{template}",
        assessment=assessment,
        country=assessment.administration.name_in(language),
        country_code=assessment.administration.code,
        state_name=_(STATE_NAMES[State(assessment.state)]),
        language=language,
        locked=why_locked(assessment),
        marking=MARKING,
        tabs=_tabs(assessment, tab),
        **context,
    )


def status_of(form: Form) -> int:
    """Return 422 for a form that needs another look, else 200."""
    return 422 if form.errors else 200


def _tabs(assessment: Assessment, current: str) -> list[dict[str, Any]]:
    tabs = [("show", _("Questions")), ("results", _("Results"))]
    if allowed(db_session(), actor(), "assessment.grant", assessment):
        tabs.append(("access", _("Access")))
    tabs.append(("details", _("Details")))
    return [
        {
            "url": flask.url_for(f"assessments.{name}", assessment_id=assessment.id),
            "label": label,
            "current": name == current,
        }
        for name, label in tabs
    ]
