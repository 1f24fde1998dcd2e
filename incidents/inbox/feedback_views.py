"""Pages of answering a producer: it was seen here too, and a change that is proposed."""

import uuid
from collections.abc import Callable
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.clock import now
from cirt.errors import DomainError, NotFoundError
from cirt.incidents.case_pages import refuse
from cirt.incidents.inbox import feedback
from cirt.incidents.inbox.forms import ProposalForm, SightingForm
from cirt.incidents.inbox.pages import address_of, blueprint, frame, item_for, parts_for
from cirt.incidents.inbox.parts import Part
from cirt.incidents.inbox.producers import producer_of
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox.words import object_kind, seen
from cirt.incidents.release_models import Release
from cirt.routing import opens
from cirt.web import actor, db_session

_PATH = "/<uuid:collection_id>/<stix_id>"
OFFERED = 500


@blueprint.route(f"{_PATH}/sighting", methods=["GET", "POST"])
@opens("inbox.answer")
def sighting(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Tell the producer that something was seen here too."""
    item, held = _answerable(collection_id, stix_id, "sighting")
    form = SightingForm()
    form.of.choices = _choices([part for part in held if part.one["type"] in feedback.SIGHTED])

    def prepare() -> Release:
        return feedback.prepare_sighting(
            db_session(),
            actor(),
            item,
            held,
            of=form.of.data,
            first_seen=form.first_seen.data or now(),
            last_seen=form.last_seen.data or now(),
            count=form.count.data or 0,
        )

    return _page(item, form, prepare, "inbox/sighting.html", "of")


@blueprint.route(f"{_PATH}/proposal", methods=["GET", "POST"])
@opens("inbox.answer")
def proposal(collection_id: uuid.UUID, stix_id: str) -> Any:
    """Propose a change to the producer."""
    item, held = _answerable(collection_id, stix_id, "proposal")
    form = ProposalForm()
    form.about.choices = _choices([part for part in held if _is_speakable(part)])

    def prepare() -> Release:
        return feedback.prepare_proposal(
            db_session(),
            actor(),
            item,
            held,
            about=form.about.data,
            text=form.text.data or "",
        )

    return _page(item, form, prepare, "inbox/proposal.html", "text")


def _answerable(collection_id: uuid.UUID, stix_id: str, page: str) -> tuple[Item, list[Part]]:
    item = item_for("inbox.answer", collection_id, stix_id)
    held = parts_for(item, page)
    if not held or item.state is State.OWN:
        raise NotFoundError
    return item, held


def _page(
    item: Item, form: Any, prepare: Callable[[], Release], template: str, otherwise: str
) -> Any:
    producer = producer_of(db_session(), item)
    if form.validate_on_submit():
        try:
            row = prepare()
        except DomainError as error:
            refuse(form, error, otherwise)
        else:
            flask.flash(_("Prepared. It leaves after it was approved."), "success")
            return flask.redirect(flask.url_for("releases.detail", release_id=row.id))
    page = flask.render_template(
        template, **frame(item, form=form, producer=producer, back=address_of(item))
    )
    return page, 422 if form.errors else 200


def _is_speakable(part: Part) -> bool:
    """Return whether a person can tell by the list what it is; connections have no names."""
    kind = part.one["type"]
    return "created" in part.one and kind not in ("identity", "relationship", "observed-data")


def _choices(held: list[Part]) -> list[tuple[str, str]]:
    return [(part.stix_id, _named(part)) for part in held[:OFFERED]]


def _named(part: Part) -> str:
    kind = part.one["type"]
    word = object_kind(kind) or kind
    name = part.one.get("name") or part.one.get("pattern") or part.stix_id
    return f"{word}: {seen(str(name)[:150])}"
