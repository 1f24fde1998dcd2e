"""Acts on an item: accept, decline, take back, note, merge into a case, make a case of it."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from cirt import access, i18n
from cirt.access import require
from cirt.errors import DomainError, NotFoundError
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import refuse
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.inbox import decisions, merging
from cirt.incidents.inbox.forms import CaseChoice, DeclineForm, NewCaseForm, NoteForm
from cirt.incidents.inbox.pages import (
    address_of,
    blueprint,
    frame,
    item_for,
    parts_for,
    producer_word,
    title_of,
)
from cirt.incidents.inbox.parts import Part, marking_of_parts
from cirt.incidents.inbox.producers import producer_of
from cirt.incidents.inbox.received import Item
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

CASES_OFFERED = 200

_PATH = "/<uuid:collection_id>/<stix_id>"


@blueprint.post(f"{_PATH}/accept")
@opens("inbox.decide")
def accept(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Accept an item in the version that was seen."""
    item = item_for("inbox.decide", collection_id, stix_id)
    return _act(
        item,
        lambda: decisions.accept(db_session(), actor(), item, version=_version()),
        _("Accepted. It is compared with your incidents from now on."),
    )


@blueprint.route(f"{_PATH}/decline", methods=["GET", "POST"])
@opens("inbox.decide")
def decline(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Put an item aside, with a reason."""
    item = item_for("inbox.decide", collection_id, stix_id)
    form = DeclineForm(data={"version": item.version})
    if form.validate_on_submit():
        try:
            decisions.decline(
                db_session(),
                actor(),
                item,
                version=form.version.data or "",
                reason=form.reason.data or "",
            )
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("Declined."), "success")
            return flask.redirect(address_of(item))
    page = flask.render_template("inbox/decline.html", **frame(item, form=form))
    return page, 422 if form.errors else 200


@blueprint.post(f"{_PATH}/take-back")
@opens("inbox.decide")
def take_back(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Let an item be new again."""
    item = item_for("inbox.decide", collection_id, stix_id)
    return _act(
        item,
        lambda: decisions.take_back(db_session(), actor(), item),
        _("The decision was taken back."),
    )


@blueprint.post(f"{_PATH}/notes")
@opens("inbox.decide")
def add_note(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Keep a note beside an item."""
    item = item_for("inbox.decide", collection_id, stix_id)
    form = NoteForm()
    if form.validate_on_submit():
        return _act(
            item,
            lambda: decisions.add_note(db_session(), actor(), item, form.text.data or ""),
            _("The note was kept."),
        )
    page = flask.render_template("inbox/note.html", **frame(item, form=form))
    return page, 422


@blueprint.route(f"{_PATH}/merge", methods=["GET", "POST"])
@opens("inbox.decide")
def merge(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Choose an own incident and which observables it takes over."""
    item, held = _with_parts("merge", collection_id, stix_id)
    require(db_session(), actor(), "inbox.take-over")
    form = CaseChoice(data={"version": item.version, "incident": _asked_case()})
    cases = _own_cases()
    form.incident.choices = [(str(one.id), f"{one.reference} – {one.title}") for one in cases]
    if form.validate_on_submit():
        incident = access.load(
            db_session(), actor(), Incident, uuid.UUID(form.incident.data), seen_by="incident.read"
        )
        require(db_session(), actor(), "incident.edit", incident)
        try:
            merged = merging.merge(
                db_session(),
                actor(),
                item,
                held,
                incident,
                version=form.version.data or "",
                keys=_ticked("take"),
                indicators=_ticked("indicator"),
                provenance=_provenance(item),
            )
        except DomainError as error:
            refuse(form, error, "incident")
        else:
            _tell(merged)
            return flask.redirect(flask.url_for("incidents.observables", incident_id=incident.id))
    page = flask.render_template(
        "inbox/merge.html",
        **frame(item, form=form, cases=cases),
        **_offers(held, _chosen_case(form, cases)),
        least=marking_of_parts(item, held),
        may_go_on=may_leave(marking_of_parts(item, held), Exit.ONWARD),
    )
    return page, 422 if form.errors else 200


@blueprint.route(f"{_PATH}/new-incident", methods=["GET", "POST"])
@opens("inbox.decide")
def new_incident(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Make an incident of an item, with chosen observables."""
    item, held = _with_parts("new-incident", collection_id, stix_id)
    require(db_session(), actor(), "inbox.take-over")
    filled = merging.details_from(item, held)
    form = NewCaseForm(
        data={
            "version": item.version,
            "title": filled.title,
            "rsit": filled.rsit,
            "tlp": filled.tlp.value,
        }
    )
    form.offer_markings(filled.tlp)
    if form.validate_on_submit():
        details = merging.replaced(
            filled,
            title=form.title.data or "",
            description=form.description.data or "",
            language=i18n.current_language(),
            rsit=form.rsit.data,
            tlp=TLP(form.tlp.data),
        )
        try:
            incident = _made(item, held, details, form)
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(_("The incident was recorded."), "success")
            return flask.redirect(flask.url_for("incidents.detail", incident_id=incident.id))
    page = flask.render_template(
        "inbox/new_incident.html",
        **frame(item, form=form),
        **_offers(held, None),
        least=filled.tlp,
        may_go_on=may_leave(filled.tlp, Exit.ONWARD),
    )
    return page, 422 if form.errors else 200


def _made(item: Item, held: list[Part], details: CaseDetails, form: NewCaseForm) -> Incident:
    return merging.new_case(
        db_session(),
        actor(),
        item,
        held,
        details,
        version=form.version.data or "",
        keys=_ticked("take"),
        indicators=_ticked("indicator"),
        provenance=_provenance(item),
    )


def _act(item: Item, act: Any, said: str) -> Any:
    """Do something that asks nothing back, and return to the item."""
    try:
        act()
    except DomainError as error:
        flask.g.failed = True
        flask.flash(i18n.sentence(error), "danger")
    else:
        flask.flash(said, "success")
    return flask.redirect(address_of(item))


def _with_parts(page: str, collection_id: uuid.UUID, stix_id: str) -> tuple[Item, list[Part]]:
    item = item_for("inbox.decide", collection_id, stix_id)
    held = parts_for(item, page)
    if not held:
        raise NotFoundError
    return item, held


def _version() -> str:
    return flask.request.form.get("version", "")


def _ticked(name: str) -> frozenset[str]:
    # a list of tens of thousands of keys is no choice that a person made
    return frozenset(flask.request.form.getlist(name)[:20_000])


def _asked_case() -> str:
    return flask.request.args.get("incident", "")


def _own_cases() -> list[Incident]:
    query = (
        access.visible(actor(), Incident, "incident.edit")
        .order_by(Incident.investigation_status == "closed", Incident.created_at.desc())
        .limit(CASES_OFFERED)
    )
    return list(db_session().scalars(query))


def _chosen_case(form: CaseChoice, cases: list[Incident]) -> Incident | None:
    return next((one for one in cases if str(one.id) == form.incident.data), None)


def _offers(held: list[Part], incident: Incident | None) -> dict[str, Any]:
    found = merging.offers(db_session(), held, incident)
    sent = flask.request.method == "POST"
    take, indicator = _ticked("take"), _ticked("indicator")
    return {
        "offers": found,
        "ticked": lambda offer: offer.key in take if sent else not offer.present,
        "for_detection": lambda offer: offer.key in indicator if sent else offer.found.is_indicator,
    }


def _provenance(item: Item) -> str:
    producer = producer_of(db_session(), item)
    return _(
        "Received from %(producer)s: %(title)s",
        producer=producer.administration.code
        if producer.administration
        else producer_word(producer),
        title=title_of(item),
    )


def _tell(merged: merging.Merged) -> None:
    flask.flash(
        ngettext("%(num)s observable was added.", "%(num)s observables were added.", merged.added),
        "success",
    )
    if merged.linked:
        flask.flash(
            ngettext(
                "%(num)s was held already and stays as it is.",
                "%(num)s were held already and stay as they are.",
                merged.linked,
            ),
            "info",
        )
    if merged.raised_to is not None:
        flask.flash(
            _(
                "The incident is now marked %(marking)s, as what it took over.",
                marking=merged.raised_to.label,
            ),
            "warning",
        )
