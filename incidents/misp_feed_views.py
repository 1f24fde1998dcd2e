"""The MISP feed of a circle: a page that explains it, files for people, addresses for machines."""

import hashlib
import io
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import flask

from cirt import access, audit, i18n
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import deliveries
from cirt.incidents.circle_models import Collection
from cirt.incidents.export_views import loss_row
from cirt.incidents.misp_feed import FeedEvent, MispFeed, feed_of, manifest
from cirt.incidents.misp_feed_events import Made, hashes, made_events
from cirt.incidents.taxii_sign_in import endpoint, gives_files
from cirt.routing import MACHINE, opens
from cirt.stix.misp_content import Loss
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("misp_feed", __name__, url_prefix="/circles")

JSON: Final = "application/json"
MAX_SHOWN: Final = 500
# the same content gives the same archive
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


@blueprint.get("/<uuid:circle_id>/misp")
@opens("circle.read")
def offered(circle_id: uuid.UUID) -> Any:
    """Which events the feed offers, how they are marked, and where a MISP finds it."""
    circle = _circle(circle_id)
    return flask.render_template(
        "circles/misp_feed.html",
        circle=circle,
        feed=feed_of(db_session(), circle),
        address=flask.url_for(
            "taxii.misp_manifest", collection_id=circle.id, _external=True
        ).removesuffix("/manifest.json"),
        event=None,
    )


@blueprint.get("/<uuid:circle_id>/misp/<uuid:event_id>")
@opens("circle.read")
def event(circle_id: uuid.UUID, event_id: uuid.UUID) -> Any:
    """What one event does not hold of its report."""
    circle = _circle(circle_id)
    found = _event(feed := feed_of(db_session(), circle), event_id)
    losses: tuple[Loss, ...] = ()
    problem = ""
    try:
        losses = made_events(db_session(), circle, feed, [found])[found.uuid].losses
    except DomainError as error:
        problem = i18n.sentence(error)
    return flask.render_template(
        "circles/misp_feed.html",
        circle=circle,
        feed=feed,
        event=found,
        problem=problem,
        count=len(losses),
        losses=[
            loss_row(each.kind, each.what, each.message, dict(each.params))
            for each in losses[:MAX_SHOWN]
        ],
    )


@blueprint.get("/<uuid:circle_id>/misp/<uuid:event_id>/event.json")
@opens("circle.read")
def event_file(circle_id: uuid.UUID, event_id: uuid.UUID) -> Any:
    """One event as a file, for a person."""
    circle = _circle(circle_id)
    found = _event(feed := feed_of(db_session(), circle), event_id)
    made = made_events(db_session(), circle, feed, [found])[found.uuid]
    _note(circle, found.seq, "event", made.body, tlp=found.tlp.value, event=str(found.uuid))
    return _file(made.body, JSON, found.tlp.label, _lost(made), f"{found.uuid}.json")


@blueprint.get("/<uuid:circle_id>/misp/feed.zip")
@opens("circle.read")
def archive(circle_id: uuid.UUID) -> Any:
    """The whole feed as a folder in a ZIP file, for a person."""
    circle = _circle(circle_id)
    feed = feed_of(db_session(), circle)
    made = made_events(db_session(), circle, feed, feed.events)
    body = _zipped(
        {
            "manifest.json": manifest(feed),
            "hashes.csv": hashes(made),
            **{f"{key}.json": one.body for key, one in made.items()},
        }
    )
    _note(circle, feed.seq, "folder", body, tlp=feed.tlp.value, count=len(made))
    lost = feed.left_out + sum(map(_lost, made.values()))
    name = f"{circle.alias or circle.id}.misp-feed.zip"
    return _file(body, "application/zip", feed.tlp.label, lost, name)


@endpoint("/exchange/collections/<collection_id>/misp/manifest.json", "GET")
@opens(MACHINE, "taxii.read")
@gives_files
def misp_manifest(collection_id: str) -> flask.Response:
    """Which events there are, as MISP asks first."""
    feed = feed_of(db_session(), _collection(collection_id))
    return _file(manifest(feed), JSON, feed.tlp.label, feed.left_out)


@endpoint("/exchange/collections/<collection_id>/misp/hashes.csv", "GET")
@opens(MACHINE, "taxii.read")
@gives_files
def misp_hashes(collection_id: str) -> flask.Response:
    """The digests of all values, by which MISP finds what it holds already."""
    collection = _collection(collection_id)
    feed = feed_of(db_session(), collection)
    made = made_events(db_session(), collection, feed, feed.events)
    _served(collection, feed.seq)
    return _file(hashes(made), "text/csv; charset=utf-8", feed.tlp.label, feed.left_out)


@endpoint("/exchange/collections/<collection_id>/misp/<event_id>.json", "GET")
@opens(MACHINE, "taxii.read")
@gives_files
def misp_event(collection_id: str, event_id: str) -> flask.Response:
    """One event."""
    collection = _collection(collection_id)
    found = _event(feed := feed_of(db_session(), collection), _uuid(event_id))
    made = made_events(db_session(), collection, feed, [found])[found.uuid]
    _served(collection, found.seq)
    return _file(made.body, JSON, found.tlp.label, _lost(made))


def _circle(circle_id: uuid.UUID) -> Collection:
    return access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.read")


def _collection(collection_id: str) -> Collection:
    return access.load(
        db_session(), actor(), Collection, _uuid(collection_id), seen_by="taxii.read"
    )


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _event(feed: MispFeed, event_id: uuid.UUID) -> FeedEvent:
    found = feed.event(event_id)
    if found is None:
        raise NotFoundError
    return found


def _lost(made: Made) -> int:
    return len(made.losses)


def _note(circle: Collection, seq: int, form: str, body: bytes, **more: Any) -> None:
    """Note what a person takes, in a transaction of its own, before a byte leaves."""
    with installation().database.writing() as session:
        audit.record(
            session,
            actor(),
            "circle.misp",
            audit.subject_of(circle),
            form=form,
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            **more,
        )
    _served(circle, seq)


def _served(collection: Collection, seq: int) -> None:
    deliveries.note_served(
        db_session(),
        installation().database,
        actor().administration_id,
        collection.id,
        seq,
        more=False,
    )


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, body in files.items():
            folder.writestr(zipfile.ZipInfo(name, _NO_TIME), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _file(
    body: bytes, media_type: str, marking: str, lost: int, name: str | None = None
) -> flask.Response:
    response = flask.Response(body, content_type=media_type)
    if name:
        response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Marking"] = marking
    response.headers["X-Not-Carried"] = str(lost)
    return response
