"""The TAXII 2.1 server: discovery, API root, collections, pages of stored bytes.

Source: TAXII Version 2.1, OASIS Standard, 10 June 2021. The API root lies outside /taxii2/,
because a client in wide use drops that part of a nested address.
"""

import uuid
from typing import Any, Final

import flask

from cirt import access
from cirt.errors import N_, ForbiddenError, NotFoundError
from cirt.incidents import deliveries, feed, recall, taxii_polls, taxii_writing
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed import Page
from cirt.incidents.standing_approvals import (
    approval_for,
    approved_collections,
    needs_approval,
)
from cirt.incidents.store_models import TaxiiStatus
from cirt.incidents.taxii_sign_in import answer, blueprint, endpoint, leaves
from cirt.routing import MACHINE, opens
from cirt.stix import taxii_filters
from cirt.stix.ids import is_stix_id
from cirt.stix.taxii_filters import Filters, read_filters, write_cursor
from cirt.stix.taxii_protocol import (
    MAX_CONTENT_LENGTH,
    MEDIA_TYPE,
    STIX_MEDIA_TYPE,
    date_headers,
    envelope,
    manifest_record,
    resource,
)
from cirt.web import actor, db_session, installation

API_ROOT: Final = "/exchange/"

__all__ = ["blueprint"]


@endpoint("/taxii2/", "GET")
@opens(MACHINE, "taxii.see")
def discovery() -> flask.Response:
    """Where the API root is (section 4.1)."""
    return answer(
        resource(
            {
                "title": "CIRT exchange",
                "description": "Sharing of incidents between administrations, in circles.",
                "default": API_ROOT,
                "api_roots": [API_ROOT],
            }
        )
    )


@endpoint("/exchange/", "GET")
@opens(MACHINE, "taxii.see")
def api_root() -> flask.Response:
    """What the API root speaks and takes (section 4.2)."""
    return answer(
        resource(
            {
                "title": "CIRT exchange",
                "description": "A collection for every circle that your administration is in.",
                "versions": [MEDIA_TYPE],
                "max_content_length": MAX_CONTENT_LENGTH,
            }
        )
    )


@endpoint("/exchange/status/<status_id>/", "GET")
@opens(MACHINE, "taxii.status")
def status(status_id: str) -> flask.Response:
    """What became of an envelope (section 4.3)."""
    found = access.load(
        db_session(), actor(), TaxiiStatus, _uuid(status_id), seen_by="taxii.status"
    )
    return answer(resource(taxii_writing.status_resource(found)))


@endpoint("/exchange/collections/", "GET")
@opens(MACHINE, "taxii.see")
def collections() -> flask.Response:
    """The collections that this machine may know of, by id (section 5.1)."""
    query = access.visible(actor(), Collection, "taxii.see").order_by(Collection.id)
    found = db_session().scalars(query).unique().all()
    readable, writable = _ids("taxii.read"), _writable()
    return answer(resource({"collections": [_resource(row, readable, writable) for row in found]}))


@endpoint("/exchange/collections/<name>/", "GET")
@opens(MACHINE, "taxii.see")
def collection(name: str) -> flask.Response:
    """One collection, by id or alias (section 5.2)."""
    return answer(resource(_resource(_collection(name), _ids("taxii.read"), _writable())))


@endpoint("/exchange/collections/<name>/manifest/", "GET")
@opens(MACHINE, "taxii.read")
def manifest(name: str) -> flask.Response:
    """What is in a collection, without the objects (section 5.3); `next` is given here too."""
    found = _readable_collection(name)
    filters = _filters(found, taxii_filters.OBJECTS)
    page = feed.page(db_session(), found.id, filters, with_bodies=False)
    records = [
        manifest_record(row.stix_id, added_us=row.added_us, version=row.version)
        for row in page.rows
    ]
    return _page(found, filters, page, records, with_bodies=False)


@endpoint("/exchange/collections/<name>/objects/", "GET")
@leaves("POST")
@opens(MACHINE, "taxii.read")
def objects(name: str) -> flask.Response:
    """The objects of a collection (section 5.4)."""
    found = _readable_collection(name)
    filters = _filters(found, taxii_filters.OBJECTS)
    page = feed.page(db_session(), found.id, filters)
    return _page(found, filters, page, _bodies(page))


@endpoint("/exchange/collections/<name>/objects/", "POST")
@opens(MACHINE, "taxii.write")
def add_objects(name: str) -> flask.Response:
    """Take an envelope and answer with its status (section 5.5)."""
    found = _collection(name)
    access.require(db_session(), actor(), "taxii.write", found)
    approval = approval_for(db_session(), found.id, actor().administration_id)
    if approval is None and needs_approval(db_session(), actor().administration_id):
        raise ForbiddenError(
            N_("No standing approval lets machines of your administration add to this collection.")
        )
    body = flask.request.get_data(cache=False)
    safe = recall.safe_of(installation().settings)
    row = taxii_writing.receive(db_session(), actor(), found, approval, body, safe=safe)
    return answer(resource(taxii_writing.status_resource(row)), 202)


@endpoint("/exchange/collections/<name>/objects/<stix_id>/", "GET")
@leaves("DELETE")
@opens(MACHINE, "taxii.read")
def one_object(name: str, stix_id: str) -> flask.Response:
    """One object, by default in its latest version (section 5.6)."""
    found = _readable_collection(name)
    filters = _filters(found, taxii_filters.OBJECT)
    _known(found, stix_id)
    page = feed.page(db_session(), found.id, filters, stix_id=stix_id)
    return _page(found, filters, page, _bodies(page))


@endpoint("/exchange/collections/<name>/objects/<stix_id>/", "DELETE")
@opens(MACHINE, "taxii.see")
def delete_object(name: str, stix_id: str) -> flask.Response:
    """Refuse: what was shared is taken back by a person, so that partners learn of it."""
    _collection(name)
    raise ForbiddenError(
        N_("Machines delete nothing here. Send a new version with “revoked” set instead.")
    )


@endpoint("/exchange/collections/<name>/objects/<stix_id>/versions/", "GET")
@opens(MACHINE, "taxii.read")
def versions(name: str, stix_id: str) -> flask.Response:
    """Which versions of an object are here (section 5.8)."""
    found = _readable_collection(name)
    asked = _filters(found, taxii_filters.VERSIONS)
    filters = taxii_filters.all_versions(asked)
    _known(found, stix_id)
    page = feed.page(db_session(), found.id, filters, stix_id=stix_id, with_bodies=False)
    texts = [b'"%s"' % row.version.encode("ascii") for row in page.rows]
    return _page(found, filters, page, texts, items="versions")


@endpoint("/taxii2/<path:rest>", "GET", "POST", "PUT", "PATCH", "DELETE")
@opens(MACHINE, "taxii.see")
def nothing_here(rest: str) -> flask.Response:
    """Answer an address that TAXII does not know in TAXII's form."""
    raise NotFoundError


@endpoint("/exchange/<path:rest>", "GET", "POST", "PUT", "PATCH", "DELETE")
@opens(MACHINE, "taxii.see")
def nothing_there(rest: str) -> flask.Response:
    """Answer an address that TAXII does not know in TAXII's form."""
    raise NotFoundError


# loading


def _uuid(text: str) -> uuid.UUID:
    try:
        found = uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None
    if str(found) != text.lower():  # other spellings of a UUID are no id here
        raise NotFoundError
    return found


def _collection(name: str) -> Collection:
    """Return a collection that the machine may know of; absent and hidden are one answer."""
    query = access.visible(actor(), Collection, "taxii.see")
    try:
        query = query.where(Collection.id == _uuid(name))
    except NotFoundError:
        if "\0" in name:
            raise
        query = query.where(Collection.alias == name)
    found: Collection | None = db_session().scalars(query).unique().one_or_none()
    if found is None:
        raise NotFoundError
    return found


def _readable_collection(name: str) -> Collection:
    found = _collection(name)
    access.require(db_session(), actor(), "taxii.read", found)
    return found


def _known(found: Collection, stix_id: str) -> None:
    if not is_stix_id(stix_id) or not feed.holds(db_session(), found.id, stix_id):
        raise NotFoundError


def _ids(action: str) -> frozenset[uuid.UUID]:
    if not access.role_allows(actor(), action):
        return frozenset()
    query = access.visible(actor(), Collection, action).with_only_columns(Collection.id)
    return frozenset(db_session().scalars(query))


def _writable() -> frozenset[uuid.UUID]:
    if not needs_approval(db_session(), actor().administration_id):
        return _ids("taxii.write")
    approved = approved_collections(db_session(), actor().administration_id)
    return _ids("taxii.write") & approved


def _resource(
    row: Collection, readable: frozenset[uuid.UUID], writable: frozenset[uuid.UUID]
) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "description": row.description or None,
        "alias": row.alias,
        "can_read": row.id in readable,
        "can_write": row.id in writable,
        "media_types": [STIX_MEDIA_TYPE],
    }


# pages


def _cursor_key() -> bytes:
    return installation().settings.secret_key.encode()


def _filters(found: Collection, known: frozenset[str]) -> Filters:
    pairs = flask.request.args.items(multi=True)
    return read_filters(pairs, known, key=_cursor_key(), collection=found.id)


def _bodies(page: Page) -> list[bytes]:
    return [row.body for row in page.rows if row.body is not None]


def _page(
    found: Collection,
    filters: Filters,
    page: Page,
    texts: list[bytes],
    items: str = "objects",
    *,
    with_bodies: bool = True,
) -> flask.Response:
    next_page = write_cursor(_cursor_key(), found.id, page.last_seq) if page.more else None
    headers = date_headers((row.added_us for row in page.rows), filters.added_after)
    taxii_polls.note_poll(db_session(), installation().database, actor(), found.id, len(texts))
    if items == "objects" and with_bodies:
        deliveries.note_served(
            db_session(),
            installation().database,
            actor().administration_id,
            found.id,
            page.last_seq,
            more=page.more,
        )
    return answer(envelope(texts, next_page=next_page, items=items), headers=headers)
