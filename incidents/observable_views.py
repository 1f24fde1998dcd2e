"""Pages of a case's observables: the table, pasting a text, adding one, changing, removing."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from cirt import i18n
from cirt.errors import N_, ConflictError, DomainError, InvalidInputError
from cirt.incidents import case_queries, observables
from cirt.incidents.case_changes import Difference, differences
from cirt.incidents.case_models import IncidentObservable
from cirt.incidents.case_pages import blueprint, incident_for, refuse
from cirt.incidents.case_parts import changes_between, json_values, stamp_of
from cirt.incidents.case_queries import ObservableFilter
from cirt.incidents.case_views import page_asked
from cirt.incidents.case_words import NOTE_SENTENCES, OBSERVABLE_NAMES, ROLE_WORDS
from cirt.incidents.impact_words import OBSERVABLE_FIELDS
from cirt.incidents.observable_forms import ChangeObservableForm, ObservableForm, PasteForm
from cirt.incidents.observable_rules import role_of
from cirt.incidents.observables import NewObservable
from cirt.routing import opens
from cirt.stix.defanging import defang
from cirt.stix.observables import Observable, observable
from cirt.web import actor, db_session


def kind_word(type_name: str) -> str:
    """Return the name of a kind of observable."""
    return str(_(OBSERVABLE_NAMES.get(type_name, type_name)))


def harmless(item: Observable) -> str:
    """Return an observable's value so that no program makes a link of it."""
    return defang(item.value) if item.type in _CLICKABLE else item.value


_CLICKABLE = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr"})


@blueprint.get("/<uuid:incident_id>/observables", endpoint="observables")
@opens("incident.read")
def observables_table(incident_id: uuid.UUID) -> Any:
    """The observables and detection rules of a case."""
    incident = incident_for("incident.read", incident_id, page="observables")
    asked = flask.request.args
    narrowed = ObservableFilter(
        role=asked.get("role", ""), type=asked.get("type", ""), text=asked.get("text", "")
    )
    kept: dict[str, Any] = {name: value for name, value in vars(narrowed).items() if value}
    rows, total, page, pages = case_queries.observables_page(
        db_session(), incident, page_asked(), narrowed
    )
    return flask.render_template(
        "incidents/observables.html",
        incident=incident,
        tab="observables",
        rows=rows,
        rules=[rule for rule in incident.rules if rule.withdrawn_at is None],
        total=total,
        page=page,
        pages=pages,
        narrowed=narrowed,
        is_narrowed=bool(kept),
        roles=[(role, _(name)) for role, name in ROLE_WORDS.items()],
        types=[(each, kind_word(each)) for each in case_queries.types_held(db_session(), incident)],
        previous_url=_page_url(incident_id, page - 1, kept) if page > 1 else None,
        next_url=_page_url(incident_id, page + 1, kept) if page < pages else None,
        harmless=harmless,
        kind_word=kind_word,
        role_word=role_word,
    )


def _page_url(incident_id: uuid.UUID, number: int, kept: dict[str, Any]) -> str:
    return flask.url_for(".observables", incident_id=incident_id, page=number, **kept)


def role_word(row: IncidentObservable) -> str:
    """Return what an observable is in its case."""
    role = role_of(is_indicator=row.is_indicator, is_victim=row.is_victim)
    return str(_(ROLE_WORDS[role]))


@blueprint.route("/<uuid:incident_id>/observables/paste", methods=["GET", "POST"])
@opens("incident.edit")
def paste(incident_id: uuid.UUID) -> Any:
    """Paste a text and see which observables it speaks of."""
    incident = incident_for("incident.edit", incident_id, page="paste")
    form = PasteForm()
    if form.validate_on_submit():
        try:
            found = observables.candidates(db_session(), incident, form.text.data or "")
        except DomainError as error:
            refuse(form, error, "text")
        else:
            return flask.render_template(
                "incidents/choose_observables.html",
                incident=incident,
                tab="observables",
                found=found,
                role=form.role.data,
                harmless=harmless,
                kind_word=kind_word,
                note_word=lambda note: _(NOTE_SENTENCES.get(note, note)),
            )
    page = flask.render_template(
        "incidents/paste.html", incident=incident, tab="observables", form=form
    )
    return page, 422 if form.errors else 200


@blueprint.post("/<uuid:incident_id>/observables/take")
@opens("incident.edit")
def take(incident_id: uuid.UUID) -> Any:
    """Add the observables that were chosen from a pasted text."""
    incident = incident_for("incident.edit", incident_id, page="paste")
    for_detection = set(flask.request.form.getlist("indicator"))
    of_victim = set(flask.request.form.getlist("victim"))
    entries = flask.request.form.getlist("take")
    chosen = [_chosen(entry, for_detection, of_victim) for entry in entries]
    added = observables.add_observables(db_session(), actor(), incident, chosen)
    flask.flash(
        ngettext("%(num)s observable was added.", "%(num)s observables were added.", added),
        "success" if added else "info",
    )
    return flask.redirect(flask.url_for(".observables", incident_id=incident.id))


def _chosen(entry: str, for_detection: set[str], of_victim: set[str]) -> NewObservable:
    # "12 ipv4-addr 192.0.2.7": the number joins it with its other boxes
    parts = entry.split(" ", 2)
    if len(parts) != 3:
        raise InvalidInputError(N_("This list is damaged; paste the text again."))
    return NewObservable(
        observable=observable(parts[1], parts[2]),
        is_indicator=parts[0] in for_detection,
        is_victim=parts[0] in of_victim,
    )


@blueprint.route("/<uuid:incident_id>/observables/new", methods=["GET", "POST"])
@opens("incident.edit")
def add_observable(incident_id: uuid.UUID) -> Any:
    """Add one observable by its kind and value."""
    incident = incident_for("incident.edit", incident_id, page="add-observable")
    form = ObservableForm()
    if form.validate_on_submit():
        try:
            new = NewObservable(
                observable=observable(form.type.data, form.value.data),
                is_indicator=form.role.data == "detection",
                is_victim=form.role.data == "victim",
                comment=form.comment.data or "",
                first_observed=form.first_observed.data,
                last_observed=form.last_observed.data,
                count=form.count.data,
            )
            observables.add_observable(db_session(), actor(), incident, new)
        except DomainError as error:
            refuse(form, error, "value")
        else:
            flask.flash(_("The observable was added."), "success")
            return flask.redirect(flask.url_for(".observables", incident_id=incident.id))
    page = flask.render_template(
        "incidents/add_observable.html", incident=incident, tab="observables", form=form
    )
    return page, 422 if form.errors else 200


@blueprint.route("/<uuid:incident_id>/observables/<uuid:observable_id>", methods=["GET", "POST"])
@opens("incident.edit")
def change_observable(incident_id: uuid.UUID, observable_id: uuid.UUID) -> Any:
    """Change what is said about an observable."""
    incident = incident_for("incident.edit", incident_id, page="observable")
    row = observables.observable_of(db_session(), incident, observable_id)
    present = observables.values_of(row)
    form = ChangeObservableForm(obj=row, data={"role": present["role"], "stamp": stamp_of(present)})
    found: list[Difference] = []
    if form.validate_on_submit():
        said = {"comment": form.comment.data or "", "role": form.role.data, "seen": form.seen()}
        try:
            observables.change_observable(
                db_session(), actor(), row, **said, stamp=form.stamp.data or ""
            )
        except ConflictError as error:
            flask.g.failed = True
            form.form_errors = [i18n.sentence(error)]
            # who saves again has seen both
            present = observables.values_of(row)
            form.stamp.raw_data, form.stamp.data = None, stamp_of(present)
            mine = {name: form[name].data for name in present}
            found = differences(changes_between(present, json_values(mine)), OBSERVABLE_FIELDS)
        except DomainError as error:
            refuse(form, error, "comment")
        else:
            flask.flash(_("The observable was changed."), "success")
            return flask.redirect(flask.url_for(".observables", incident_id=incident.id))
    page = flask.render_template(
        "incidents/change_observable.html",
        incident=incident,
        tab="observables",
        form=form,
        row=row,
        kind=kind_word(row.type),
        differences=found,
    )
    return page, 409 if form.form_errors else 422 if form.errors else 200


@blueprint.route(
    "/<uuid:incident_id>/observables/<uuid:observable_id>/remove", methods=["GET", "POST"]
)
@opens("incident.edit")
def remove_observable(incident_id: uuid.UUID, observable_id: uuid.UUID) -> Any:
    """Ask before an observable is removed, and remove it."""
    incident = incident_for("incident.edit", incident_id, page="observable")
    row = observables.observable_of(db_session(), incident, observable_id)
    if flask.request.method == "POST":
        observables.remove_observable(db_session(), actor(), row)
        flask.flash(_("The observable was removed."), "success")
        return flask.redirect(flask.url_for(".observables", incident_id=incident.id))
    return flask.render_template(
        "incidents/remove_observable.html",
        incident=incident,
        tab="observables",
        value=harmless(row.observable),
        released=observables.was_released(incident, row),
    )


@blueprint.route("/<uuid:incident_id>/rules/<uuid:rule_id>/remove", methods=["GET", "POST"])
@opens("incident.edit")
def remove_rule(incident_id: uuid.UUID, rule_id: uuid.UUID) -> Any:
    """Ask before a detection rule is removed, and remove it."""
    incident = incident_for("incident.edit", incident_id, page="rule")
    rule = observables.rule_of(db_session(), incident, rule_id)
    if flask.request.method == "POST":
        observables.remove_rule(db_session(), actor(), rule)
        flask.flash(_("The rule was removed."), "success")
        return flask.redirect(flask.url_for(".observables", incident_id=incident.id))
    return flask.render_template(
        "incidents/remove_observable.html",
        incident=incident,
        tab="observables",
        value=rule.name,
        released=incident.released_at is not None,
    )
