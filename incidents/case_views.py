"""Pages of cases: list, record, read, change, history."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import audit, i18n, taxonomies, vocabularies
from cirt.access import require
from cirt.accounts.models import User
from cirt.errors import ConflictError, DomainError
from cirt.incidents import case_queries, cases
from cirt.incidents.case_changes import (
    Difference,
    differences,
    names_for,
    shown,
    subject_word,
)
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_forms import CaseForm, form_values
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import (
    asks_for_rows,
    blueprint,
    capability_word,
    incident_for,
    local,
    refuse,
    sector_word,
)
from cirt.incidents.case_parts import changes_between
from cirt.incidents.case_queries import Filter
from cirt.incidents.case_words import (
    CHANGE_NAMES,
    DETERMINATION_NAMES,
    FIELD_NAMES,
    LANGUAGE_NAMES,
    NOT_JUDGED,
    READING_NAMES,
    STATUS_NAMES,
)
from cirt.incidents.count_fields import counts_in_words
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/")
@opens("incident.list")
def index() -> Any:
    """The list of cases, narrowed by status, severity, class and words."""
    require(db_session(), actor(), "incident.list")
    asked = flask.request.args
    narrowed = Filter(
        status=asked.get("status", ""),
        severity=asked.get("severity", ""),
        class_id=asked.get("class", ""),
        text=asked.get("text", ""),
    )
    page = case_queries.listing(db_session(), actor(), narrowed, page_asked())
    kept: dict[str, Any] = {
        name: value
        for name, value in asked.items()
        if name in ("status", "severity", "class", "text") and value
    }
    return flask.render_template(
        "incidents/index.html",
        listing=page,
        narrowed=narrowed,
        is_narrowed=bool(kept),
        statuses=[
            ("unfinished", _("Not closed")),
            *((key, _(name)) for key, name in STATUS_NAMES.items()),
        ],
        severities=[
            ("none", _(NOT_JUDGED)),
            *(
                (str(each.level), f"{each.level} – {local(each.name)}")
                for each in taxonomies.severities()
            ),
        ],
        classes=[(each.id, local(each.label)) for each in taxonomies.incident_classes().values()],
        previous_url=flask.url_for(".index", page=page.page - 1, **kept) if page.page > 1 else None,
        next_url=flask.url_for(".index", page=page.page + 1, **kept)
        if page.page < page.pages
        else None,
    )


def page_asked() -> int:
    """Return the page that the address asks for, 1 when it asks for none."""
    text = flask.request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@blueprint.route("/new", methods=["GET", "POST"])
@opens("incident.create")
def add() -> Any:
    """Record an incident."""
    require(db_session(), actor(), "incident.create")
    form = CaseForm(
        data={} if flask.request.method == "POST" else {"language": i18n.current_language()}
    )
    form.name_readers(_others())
    if not asks_for_rows() and form.validate_on_submit():
        try:
            incident = cases.create_incident(db_session(), actor(), form.details())
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(
                _("The incident was recorded as %(reference)s.", reference=incident.reference),
                "success",
            )
            return flask.redirect(flask.url_for(".detail", incident_id=incident.id))
    page = flask.render_template("incidents/add.html", form=form, more_rows=asks_for_rows())
    return page, 422 if form.errors else 200


def _others() -> list[User]:
    return cases.possible_readers(db_session(), actor().administration_id)


@blueprint.get("/<uuid:incident_id>")
@opens("incident.read")
def detail(incident_id: uuid.UUID) -> Any:
    """The summary of a case."""
    incident = incident_for("incident.read", incident_id, page="detail")
    counted = case_queries.observables_page(db_session(), incident, 1)[1]
    return flask.render_template(
        "incidents/detail.html",
        incident=incident,
        tab="summary",
        observable_count=counted,
        sectors=[sector_word(sector) for sector in incident.sectors],
        failed=[
            capability_word(row.capability)
            for row in incident.capabilities
            if row.outcome == "failed"
        ],
        held=[
            capability_word(row.capability)
            for row in incident.capabilities
            if row.outcome == "held"
        ],
        determination=_(DETERMINATION_NAMES[incident.determination]),
        local=local,
        pap=vocabularies.pap_labels().get(incident.pap),
        methods=[shown("detection_methods", each) for each in incident.detection_methods],
        counts=counts_in_words(incident.entity_counts),
        language_name=LANGUAGE_NAMES.get(incident.language, incident.language),
    )


@blueprint.route("/<uuid:incident_id>/edit", methods=["GET", "POST"])
@opens("incident.edit")
def edit(incident_id: uuid.UUID) -> Any:
    """Change a case; a change of somebody else meanwhile is shown beside one's own."""
    incident = incident_for("incident.edit", incident_id, page="edit")
    form = CaseForm(
        data=form_values(cases.details_of(incident)) | {"revision": incident.form_revision}
    )
    form.name_readers(_others())
    found: list[Difference] = []
    status = 200
    if not asks_for_rows() and form.validate_on_submit():
        revision = int(form.revision.data) if str(form.revision.data).isdecimal() else 0
        mine = form.details()
        try:
            changed = cases.edit_incident(
                db_session(),
                actor(),
                incident,
                mine,
                revision=revision,
                reason=form.reason.data or "",
            )
        except ConflictError as error:
            flask.g.failed = True
            found, status = _differences(incident, mine), 409
            form.form_errors = [i18n.sentence(error)]
            # who saves again has seen both
            form.revision.raw_data = None
            form.revision.data = incident.form_revision
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(
                _("The incident was saved.") if changed else _("Nothing was changed."), "success"
            )
            return flask.redirect(flask.url_for(".detail", incident_id=incident.id))
    if form.errors and status == 200:
        status = 422
    page = flask.render_template(
        "incidents/edit.html",
        incident=incident,
        tab="summary",
        form=form,
        differences=found,
        more_rows=asks_for_rows(),
    )
    return page, status


def _differences(incident: Incident, mine: CaseDetails) -> list[Difference]:
    theirs, ours = cases.values_of(incident), cases.json_values(mine)
    return differences(changes_between(theirs, ours), FIELD_NAMES)


@blueprint.get("/<uuid:incident_id>/history")
@opens("incident.read")
def history(incident_id: uuid.UUID) -> Any:
    """Who changed what, and when."""
    incident = incident_for("incident.read", incident_id, page="history")
    acts = [
        {
            "at": change.at,
            "who": change.user.name if change.user else _("a machine"),
            "kind": _(CHANGE_NAMES.get(change.kind, change.kind)),
            "reason": change.reason,
            "differences": differences(
                change.fields if change.kind == "edited" else change.fields.get("changes", {}),
                names_for(change.kind),
            ),
            "subject": subject_word(change.kind, change.fields.get("subject", ""))
            if change.kind != "edited"
            else "",
            "count": change.fields.get("count"),
            "values": change.fields.get("values", []) if change.kind != "edited" else [],
        }
        for change in case_queries.changes(db_session(), incident.id)
    ]
    readings = audit.acts_on(db_session(), incident, tuple(READING_NAMES))
    return flask.render_template(
        "incidents/history.html",
        incident=incident,
        tab="history",
        acts=acts,
        readings=readings,
        names=audit.names_of_actors(db_session(), readings),
        reading_names=READING_NAMES,
    )
