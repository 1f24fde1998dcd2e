"""What every page of an assessment shares: the blueprint, the record, the tabs."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import errorpages, i18n
from cirt.access import allowed, load, require
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.lifecycle import STATE_NAMES, Act, State, refusal
from cirt.assessments.models import Assessment
from cirt.errors import N_, ConflictError, DataFileError, NotFoundError
from cirt.forms import Form
from cirt.stix.marking import TLP
from cirt.web import actor, db_session, wants_json

blueprint = flask.Blueprint("assessments", __name__, url_prefix="/assessments")

MARKING = TLP.AMBER_STRICT


class InstrumentMissingError(ConflictError):
    """An assessment's instrument cannot be loaded here. assessment: its row, its answers intact."""

    def __init__(self, assessment: Assessment, fault: DataFileError | None) -> None:
        named = {"id": assessment.instrument_id, "version": assessment.instrument_version}
        if fault is None:
            message = N_(
                "The instrument %(id)s %(version)s, with which this assessment was made, is not"
                " installed here. Its answers, evidence and plan are kept and safe; they can be"
                " read again once the instrument is installed."
            )
        else:
            message = N_(
                "A file of the instrument %(id)s %(version)s, with which this assessment was made,"
                " cannot be read. Its answers, evidence and plan are kept and safe; they can be"
                " read again once the file is corrected."
            )
        super().__init__(message, **named)
        self.assessment = assessment
        self.fault = fault


@dataclass(frozen=True)
class RelatedLink:
    """One thing that belongs to a question. status: (kind, label) as marks.status takes it."""

    title: str
    url: str
    status: tuple[str, str] | None = None


@dataclass(frozen=True)
class RelatedPart:
    """A section beside a question: what belongs to it. add: (label, address) of a link to add one."""

    title: str
    links: Sequence[RelatedLink]
    add: tuple[str, str] | None = None


# Each is asked for a question's page and answers with its section there, or None for no section.
related_parts: list[Callable[[Assessment, str], RelatedPart | None]] = []


def the_assessment(
    assessment_id: uuid.UUID, action: str, *, needs_instrument: bool = True
) -> Assessment:
    """Return an assessment that the person may see, for an action that they are allowed.

    needs_instrument: False for pages that show none of its texts.
    Raises NotFoundError where they may not know of it, ForbiddenError where they may only see it,
    InstrumentMissingError where its instrument cannot be loaded.
    """
    row = load(db_session(), actor(), Assessment, assessment_id, seen_by="assessment.read")
    require(db_session(), actor(), action, row)
    if needs_instrument:
        instrument_of(row)
    return row


def instrument_of(assessment: Assessment) -> Instrument:
    """Return the instrument of an assessment, in the version it was started with.

    Raises InstrumentMissingError where it is not installed any more or cannot be read.
    """
    try:
        return load_instrument(assessment.instrument_id, assessment.instrument_version)
    except NotFoundError:
        raise InstrumentMissingError(assessment, None) from None
    except DataFileError as fault:
        raise InstrumentMissingError(assessment, fault) from fault


@blueprint.errorhandler(InstrumentMissingError)
def instrument_missing(error: InstrumentMissingError) -> Any:
    """The page of an assessment whose instrument was removed: what is missing, what to do."""
    title = _("The instrument of this assessment is missing")
    if wants_json():
        return errorpages.answer(409, i18n.sentence(error), title=title)
    flask.g.failed = True
    assessment = error.assessment
    page = flask.render_template(
        "assessments/instrument_missing.html",
        assessment=assessment,
        country=assessment.administration.name_in(i18n.current_language()),
        state_name=_(STATE_NAMES[State(assessment.state)]),
        sentence=i18n.sentence(error),
        is_absent=error.fault is None,
        marking=MARKING,
    )
    return page, 409


def check_possible(assessment: Assessment, act: Act) -> None:
    """Raise ForbiddenError, saying why, where the assessment's state does not allow the act."""
    refused = refusal(assessment.standing, act)
    if refused is not None:
        raise refused


def why_not(assessment: Assessment, act: Act, action: str) -> str | None:
    """Return the sentence that says why the person cannot do this now; None where they can."""
    refused = refusal(assessment.standing, act)
    if refused is not None:
        return i18n.sentence(refused)
    decision = allowed(db_session(), actor(), action, assessment)
    if decision:
        return None
    if action == "assessment.answer" and allowed(
        db_session(), actor(), "assessment.remark", assessment
    ):
        return _("You read here and write remarks; answering is for those who assess.")
    return _(decision.reason)


def render(
    template: str,
    assessment: Assessment,
    tab: str,
    *,
    act: Act = Act.ANSWER,
    action: str = "assessment.answer",
    **context: Any,
) -> str:
    """Return a page of an assessment with its tabs, its marking and why it may be locked.

    template: in the folder assessments, or with a folder of its own. act, action: what the page
    is there to do; its context holds `locked`, the sentence that says why that is not possible.
    """
    language = i18n.current_language()
    return flask.render_template(
        template if "/" in template else f"assessments/{template}",
        assessment=assessment,
        country=assessment.administration.name_in(language),
        country_code=assessment.administration.code,
        state_name=_(STATE_NAMES[State(assessment.state)]),
        language=language,
        locked=why_not(assessment, act, action),
        marking=MARKING,
        tabs=_tabs(assessment, tab),
        **context,
    )


def status_of(form: Form) -> int:
    """Return 422 for a form that needs another look, else 200."""
    return 422 if form.errors else 200


def _tabs(assessment: Assessment, current: str) -> list[dict[str, Any]]:
    tabs = [
        ("prepare", _("Prepare")),
        ("show", _("Questions")),
        ("results", _("Results")),
        ("findings", _("Findings")),
        ("plan", _("Plan")),
        ("design", _("Design")),
        ("chapters", _("Report")),
    ]
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
