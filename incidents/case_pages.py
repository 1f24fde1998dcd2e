"""What every page of a case shares: its address, loading with a note of who read it, its tabs."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, capabilities, i18n, taxonomies
from cirt.errors import N_, DomainError
from cirt.forms import Form
from cirt.incidents.case_models import Incident
from cirt.incidents.case_words import NOT_JUDGED, STATUS_KINDS, STATUS_NAMES
from cirt.incidents.exits import Exit, require_exit
from cirt.localtext import Sentence
from cirt.stix.marking import TLP
from cirt.web import SAFE_METHODS, actor, db_session, installation

blueprint = flask.Blueprint("incidents", __name__, url_prefix="/incidents")

# from this marking on, every reading of a case is noted
NOTED_FROM = TLP.AMBER_STRICT

TABS: tuple[tuple[str, str, str], ...] = (
    ("summary", "incidents.detail", N_("Summary")),
    ("observables", "incidents.observables", N_("Observables")),
    ("impacts", "incidents.impacts", N_("Impacts")),
    ("tasks", "incidents.tasks", N_("Tasks")),
    ("protection", "protection.findings", N_("Personal data")),
    ("bundle", "incidents.bundle", N_("STIX bundle")),
    ("sharing", "releases.sharing", N_("Sharing")),
    ("related", "related.of_incident", N_("Received")),
    ("history", "incidents.history", N_("History")),
)


def incident_for(action: str, incident_id: uuid.UUID, *, page: str) -> Incident:
    """Return the incident of this address, allowed for the action and noted as read.

    Raises NotFoundError alike for an absent one and one that the actor may not know of,
    ForbiddenError when it may be read and this action is not allowed.
    """
    incident = access.load(db_session(), actor(), Incident, incident_id, seen_by="incident.read")
    access.require(db_session(), actor(), action, incident)
    require_exit(incident.marking, Exit.PAGE)
    note_reading(incident, page)
    return incident


def note_reading(incident: Incident, page: str) -> None:
    """Note in the audit trail that a TLP:AMBER+STRICT or TLP:RED incident is being shown."""
    if incident.marking < NOTED_FROM:
        return
    subject, tlp = audit.subject_of(incident), incident.tlp
    if flask.request.method in SAFE_METHODS:
        # before anything is shown, and in a transaction of its own: a reading one cannot write
        with installation().database.writing() as session:
            audit.record(session, actor(), "incident.view", subject, page=page, tlp=tlp)
    else:
        audit.record(db_session(), actor(), "incident.view", subject, page=page, tlp=tlp)


def refuse(form: Form, error: DomainError, otherwise: str) -> None:
    """Show a refusal at its field, and let nothing of this request be stored."""
    flask.g.failed = True
    form.refuse(error, otherwise)


def removal_page(incident: Incident, tab: str, *, what: str, text: str, question: str) -> str:
    """Return the page that asks before a part of a case is removed. tab: its list, see TABS."""
    return flask.render_template(
        "incidents/remove_part.html",
        incident=incident,
        tab=tab,
        what=what,
        text=text,
        question=question,
        back=flask.url_for(f".{tab}", incident_id=incident.id),
    )


def asks_for_rows() -> bool:
    """Return whether the form was sent only to get more empty rows; nothing is stored then."""
    return flask.request.method == "POST" and "more_rows" in flask.request.form


def incident_tabs(incident: Incident, current: str) -> list[dict[str, Any]]:
    """Return the tabs of a case for marks.tabs."""
    return [
        {
            "label": _(label),
            "url": flask.url_for(endpoint, incident_id=incident.id),
            "current": name == current,
        }
        for name, endpoint, label in TABS
        if endpoint in flask.current_app.view_functions
    ]


def local(sentence: Sentence) -> str:
    """Return a text of a data file in the language of the page."""
    return sentence.in_language(i18n.current_language()).text


def severity_word(level: int | None) -> str:
    """Return level and name of a severity."""
    if level is None:
        return str(_(NOT_JUDGED))
    return f"{level} – {local(taxonomies.severities()[level].name)}"


def type_word(tag: str) -> str:
    """Return the label of an RSIT tag: class and type."""
    kind = taxonomies.incident_types().get(tag)
    if kind is None:
        return tag
    return f"{local(taxonomies.incident_classes()[kind.class_id].label)} – {local(kind.label)}"


def status_word(status: str) -> str:
    """Return the name of an investigation status."""
    return str(_(STATUS_NAMES.get(status, status)))


def sector_word(sector: str) -> str:
    """Return the name of a sector."""
    found = taxonomies.sectors().get(sector)
    return local(found.name) if found else sector


def capability_word(capability: str) -> str:
    """Return the name of a capability."""
    found = capabilities.capabilities().get(capability)
    return local(found.name) if found else capability


def add_words(app: flask.Flask) -> None:
    """Let every template name what a case holds."""
    app.jinja_env.globals.update(
        incident_tabs=incident_tabs,
        severity_word=severity_word,
        type_word=type_word,
        status_word=status_word,
        status_kind=lambda status: STATUS_KINDS.get(status, "todo"),
        sector_word=sector_word,
        capability_word=capability_word,
        tlp_label=lambda value: TLP(value).label,
    )
