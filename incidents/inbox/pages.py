"""What the pages of the inbox share: their address, loading an item, its frame."""

import uuid
from collections.abc import Mapping
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, i18n
from cirt.incidents import deliveries
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.inbox import items
from cirt.incidents.inbox.intake import FILES
from cirt.incidents.inbox.parts import Part, parts_of
from cirt.incidents.inbox.producers import Producer
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox.words import STATE_KINDS, STATE_NAMES, STATE_SENTENCES, object_kind, seen
from cirt.incidents.observable_views import harmless, kind_word
from cirt.web import SAFE_METHODS, actor, db_session, installation

blueprint = flask.Blueprint("inbox", __name__, url_prefix="/inbox")


def item_for(action: str, collection_id: uuid.UUID, stix_id: str) -> Item:
    """Return the item of this address, allowed for the action.

    Raises NotFoundError alike for an absent one and one that the actor may not know of.
    """
    item = items.item_of(db_session(), actor(), collection_id, stix_id)
    access.require(db_session(), actor(), action, item.collection)
    return item


def parts_for(item: Item, page: str, version: str | None = None) -> list[Part]:
    """Return what an item holds, noted as read; [] when there is no content to be shown."""
    if item.is_gone:
        return []
    if flask.request.method in SAFE_METHODS:
        # before anything is shown, and in a transaction of its own: a reading one cannot write
        with installation().database.writing() as session:
            _note_reading(session, item, page)
    else:
        _note_reading(db_session(), item, page)
    return parts_of(db_session(), item, version)


def _note_reading(session: Any, item: Item, page: str) -> None:
    subject = audit.subject_of(item.collection)
    audit.record(session, actor(), "inbox.view", subject, page=page, item=item.stix_id)
    if item.state is not State.OWN:
        deliveries.note_reading(
            session, actor().administration_id, item.collection.id, item.stix_id
        )


def address_of(item: Item, endpoint: str = "inbox.detail", **more: Any) -> str:
    """Return the address of a page of an item."""
    return flask.url_for(endpoint, collection_id=item.collection.id, stix_id=item.stix_id, **more)


def title_of(item: Item) -> str:
    """Return what an item is called on a page."""
    if item.state is State.WITHDRAWN:
        return _("Taken back by its producer")
    if item.is_gone:
        return _("Its content was erased")
    return seen(item.title) or _("Without a title")


def place_word(collection: Collection) -> str:
    """Return by which way things reach the administration in a collection."""
    if collection.kind == CollectionKind.DIRECT:
        return _("Addressed to us alone")
    if collection.kind == CollectionKind.INTAKE and collection.title == FILES:
        return _("Files")
    return seen(collection.title)


def producer_word(producer: Producer) -> str:
    """Return who stands behind an item, as far as it may be known."""
    if producer.circle is not None:
        return _("A member of %(circle)s", circle=seen(producer.circle.title))
    if producer.administration is not None:
        return producer.administration.name_in(i18n.current_language())
    if producer.claimed:
        return _("Says it is from %(name)s", name=seen(producer.claimed))
    return _("Not known")


def type_of(item: Item) -> str:
    """Return what kind of thing an item is."""
    return object_kind(item.type) or item.type


def frame(item: Item, **more: Any) -> Mapping[str, Any]:
    """Return what every page of an item tells its template."""
    return {**words(), "item": item, "title": title_of(item), **more}


def words() -> dict[str, Any]:
    """Return the words that templates of the inbox use."""
    return {
        "address_of": address_of,
        "title_of": title_of,
        "place_word": place_word,
        "producer_word": producer_word,
        "type_of": type_of,
        "seen": seen,
        "harmless": lambda found: seen(harmless(found)),
        "kind_word": kind_word,
        "state_name": lambda item: _(STATE_NAMES[item.state]),
        "state_kind": lambda item: STATE_KINDS[item.state],
        "state_sentence": lambda item: _(STATE_SENTENCES[item.state]),
    }
