"""The TAXII 2.1 server: discovery, API root, collections, pages of stored bytes.

Source: TAXII Version 2.1, OASIS Standard, 10 June 2021. The API root lies outside /taxii2/,
because a client in wide use drops that part of a nested address.
"""

from typing import Final
from urllib.parse import urlsplit

import flask

from cirt import access, large_bodies
from cirt.errors import NotFoundError
from cirt.incidents import (
    deliveries,
    feed,
    recall,
    taxii_bodies,
    taxii_deleting,
    taxii_polls,
    taxii_writing,
)
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed import Page
from cirt.incidents.store_models import TaxiiStatus
from cirt.incidents.taxii_collections import (
    approval_to_write,
    collection_of,
    readable_collection,
    refuse_unknown,
    resources,
    uuid_of,
)
from cirt.incidents.taxii_sign_in import answer, blueprint, endpoint, leaves
from cirt.operations.metrics import pages_out
from cirt.routing import MACHINE, opens
from cirt.stix import taxii_filters
from cirt.stix.taxii_filters import Filters, read_filters, write_cursor
from cirt.stix.taxii_protocol import (
    MAX_CONTENT_LENGTH,
    MEDIA_TYPE,
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
    """Where the API root is (section 4.1).

    Absolute for whoever came by the installation's own address: a client in use joins it to
    nothing. By any other address, and so whatever a request claims, it is relative.
    """
    address = installation().settings.url
    came_by_it = flask.request.host == urlsplit(address).netloc
    root = f"{address}{API_ROOT}" if came_by_it else API_ROOT
    return answer(
        resource(
            {
                "title": "CIRT exchange",
                "description": "Sharing of incidents between administrations, in circles.",
                "default": root,
                "api_roots": [root],
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
        db_session(), actor(), TaxiiStatus, uuid_of(status_id), seen_by="taxii.status"
    )
    return answer(resource(taxii_writing.status_resource(found)))


@endpoint("/exchange/collections/", "GET")
@opens(MACHINE, "taxii.see")
def collections() -> flask.Response:
    """The collections that this machine may know of, by id (section 5.1)."""
    query = access.visible(actor(), Collection, "taxii.see").order_by(Collection.id)
    found = db_session().scalars(query).unique().all()
    return answer(resource({"collections": resources(found)}))


@endpoint("/exchange/collections/<name>/", "GET")
@opens(MACHINE, "taxii.see")
def collection(name: str) -> flask.Response:
    """One collection, by id or alias (section 5.2)."""
    [found] = resources([collection_of(name)])
    return answer(resource(found))


@endpoint("/exchange/collections/<name>/manifest/", "GET")
@opens(MACHINE, "taxii.read")
def manifest(name: str) -> flask.Response:
    """What is in a collection, without the objects (section 5.3); `next` is given here too."""
    found = readable_collection(name)
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
    found = readable_collection(name)
    filters = _filters(found, taxii_filters.OBJECTS)
    page = feed.page(db_session(), found.id, filters)
    return _page(found, filters, page, _bodies(page))


@endpoint("/exchange/collections/<name>/objects/", "POST")
@opens(MACHINE, "taxii.write")
def add_objects(name: str) -> flask.Response:
    """Take an envelope and answer with its status (section 5.5)."""
    # before the first statement, which takes SQLite's write lock: a slow line holds up nobody else
    body = taxii_bodies.body_of(flask.request)
    large_bodies.take_turn(flask.request.environ, len(body))
    found = collection_of(name)
    access.require(db_session(), actor(), "taxii.write", found)
    approval = approval_to_write(found)
    safe = recall.safe_of(installation().settings)
    row = taxii_writing.receive(db_session(), actor(), found, approval, body, safe=safe)
    return answer(resource(taxii_writing.status_resource(row)), 202)


@endpoint("/exchange/collections/<name>/objects/<stix_id>/", "GET")
@leaves("DELETE")
@opens(MACHINE, "taxii.read")
def one_object(name: str, stix_id: str) -> flask.Response:
    """One object, by default in its latest version (section 5.6)."""
    found = readable_collection(name)
    filters = _filters(found, taxii_filters.OBJECT)
    refuse_unknown(found, stix_id)
    page = feed.page(db_session(), found.id, filters, stix_id=stix_id)
    return _page(found, filters, page, _bodies(page))


@endpoint("/exchange/collections/<name>/objects/<stix_id>/", "DELETE")
@opens(MACHINE, "taxii.see")
def delete_object(name: str, stix_id: str) -> flask.Response:
    """Take an object of one's own, or versions of it, out of the collection (section 5.7)."""
    found = collection_of(name)
    taxii_deleting.check_rights(db_session(), actor(), found)
    approval = approval_to_write(found)
    filters = taxii_deleting.read_versions(
        flask.request.args.items(multi=True), key=_cursor_key(), collection=found.id
    )
    refuse_unknown(found, stix_id)
    safe = recall.safe_of(installation().settings)
    taxii_deleting.delete(db_session(), actor(), found, approval, stix_id, filters, safe=safe)
    return answer(b"{}")


@endpoint("/exchange/collections/<name>/objects/<stix_id>/versions/", "GET")
@opens(MACHINE, "taxii.read")
def versions(name: str, stix_id: str) -> flask.Response:
    """Which versions of an object are here (section 5.8)."""
    found = readable_collection(name)
    asked = _filters(found, taxii_filters.VERSIONS)
    filters = taxii_filters.all_versions(asked)
    refuse_unknown(found, stix_id)
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
    if items == "objects" and flask.request.method == "GET":
        pages_out["objects" if with_bodies else "manifest"].add(len(texts))
    return answer(envelope(texts, next_page=next_page, items=items), headers=headers)
