"""Pages of the inbox: the list, the search, one item with its versions and its exact bytes."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, taxonomies
from cirt.access import require
from cirt.errors import NotFoundError
from cirt.homepart import HomePart
from cirt.incidents.case_pages import incident_for, sector_word, type_word
from cirt.incidents.case_views import page_asked
from cirt.incidents.case_words import DETERMINATION_NAMES
from cirt.incidents.exits import Exit, may_leave, require_exit
from cirt.incidents.inbox import correlation, decisions, feedback, items, parts, producers, search
from cirt.incidents.inbox.contents import observables_in
from cirt.incidents.inbox.forms import NoteForm
from cirt.incidents.inbox.items import Narrowed
from cirt.incidents.inbox.pages import (
    address_of,
    blueprint,
    frame,
    item_for,
    parts_for,
    title_of,
    words,
)
from cirt.incidents.inbox.parts import Part
from cirt.incidents.inbox.reading import Reading, read
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox.words import KIND_NAMES, STATE_NAMES
from cirt.incidents.release_words import beginnings, lines_of_objects
from cirt.incidents.strangers import strangers_versions
from cirt.routing import opens
from cirt.stix.ids import readable
from cirt.web import actor, db_session

# the page of an incident that the inbox adds to it
of_incidents = flask.Blueprint("related", __name__, url_prefix="/incidents")

SHOWN_CHARACTERS = 200_000
SHOWN_LINES = 500


@blueprint.get("/")
@opens("inbox.list")
def index() -> Any:
    """Everything that reached the administration, the newest first."""
    require(db_session(), actor(), "inbox.list")
    narrowed = _narrowed(flask.request.args)
    listing = items.listing(db_session(), actor(), narrowed, page_asked())
    kept: dict[str, Any] = {name: value for name, value in vars(narrowed).items() if value}
    return flask.render_template(
        "inbox/index.html",
        listing=listing,
        most_counted=items.MOST_COUNTED,
        is_narrowed=bool(kept),
        previous_url=flask.url_for(".index", page=listing.page - 1, **kept)
        if listing.page > 1
        else None,
        next_url=flask.url_for(".index", page=listing.page + 1, **kept)
        if listing.page < listing.pages
        else None,
        **_list(list(listing.rows), narrowed, text=""),
    )


@blueprint.post("/search")
@opens("inbox.list")
def find() -> Any:
    """Search in what reached the administration; by POST, so that no log holds the words."""
    require(db_session(), actor(), "inbox.list")
    narrowed = _narrowed(flask.request.form)
    text = flask.request.form.get("text", "").replace("\0", "").strip()[:500]
    if not text:
        kept = {name: value for name, value in vars(narrowed).items() if value}
        return flask.redirect(flask.url_for(".index", **kept))
    found = search.search(db_session(), actor(), narrowed, text)
    return flask.render_template(
        "inbox/index.html", listing=None, is_narrowed=True, **_list(found, narrowed, text=text)
    )


def _narrowed(asked: Any) -> Narrowed:
    return Narrowed(
        state=asked.get("state", ""),
        collection=asked.get("collection", ""),
        tlp=asked.get("tlp", ""),
        kind=asked.get("kind", ""),
    )


def _list(rows: list[Item], narrowed: Narrowed, *, text: str) -> dict[str, Any]:
    collections = items.collections_of(db_session(), actor())
    known = words()
    return {
        **known,
        "rows": rows,
        "narrowed": narrowed,
        "text": text,
        "matches": correlation.match_counts(db_session(), actor(), rows),
        "producers": producers.producers_of(db_session(), rows),
        "states": [(state, _(STATE_NAMES[state])) for state in State],
        "collections": [(str(one.id), known["place_word"](one)) for one in collections],
        "markings": [
            (each.id, f"\u2066{each.label}\u2069") for each in taxonomies.tlp_labels().values()
        ],
        "kinds": [(kind, _(name)) for kind, name in KIND_NAMES.items()],
    }


@blueprint.get("/<uuid:collection_id>/<stix_id>")
@opens("inbox.read")
def detail(collection_id: uuid.UUID, stix_id: str) -> Any:
    """What an item says, what is known about it here, and what can be done with it."""
    item = item_for("inbox.read", collection_id, stix_id)
    versions = parts.versions_of(db_session(), item)
    asked = flask.request.args.get("version") or None
    if asked is not None and asked not in {one.version for one in versions if not one.is_erased}:
        raise NotFoundError
    shown = parts_for(item, "detail", asked)
    return flask.render_template("inbox/detail.html", **_detail(item, shown, versions, asked))


def _detail(
    item: Item, shown: list[Part], versions: list[parts.Version], asked: str | None
) -> dict[str, Any]:
    session = db_session()
    objects = [part.one for part in shown]
    found = observables_in(objects)
    raw = readable(shown[0].body) if shown else ""
    lines = lines_of_objects(dict(one) for one in objects[1:])
    content: Reading | None = read(shown) if shown else None
    return {
        **frame(item),
        "asked": asked,
        "content": content,
        "kind_of_incident": type_word(content.rsit_tag) if content and content.rsit_tag else "",
        "sectors": [sector_word(each) for each in content.content.sectors] if content else [],
        "determination": _determination(content),
        "lines": beginnings(lines),
        "line_count": len(lines),
        "observables": found[:SHOWN_LINES],
        "observable_count": len(found),
        "tlp": parts.marking_of_parts(item, shown),
        "may_be_taken": may_leave(parts.marking_of_parts(item, shown), Exit.STIX_FILE),
        "raw": raw[:SHOWN_CHARACTERS],
        "is_cut": len(raw) > SHOWN_CHARACTERS,
        "versions": versions,
        "producer": producers.producer_of(session, item),
        "own_cases": correlation.own_cases(session, actor(), [one.observable for one in found]),
        "incident": feedback.incident_of(session, actor(), item),
        "merged_into": _merged_into(item),
        "strangers": _strangers(item),
        "difference": _difference(item, shown) if asked is None else None,
        "notes": decisions.notes_of(session, item),
        "note_form": NoteForm(),
        "acts": _acts(item),
        "act_names": decisions.ACTS,
        "names": audit.names_of_actors(session, _acts(item)),
    }


@blueprint.get("/<uuid:collection_id>/<stix_id>/bundle.json")
@opens("inbox.read")
def bundle(collection_id: uuid.UUID, stix_id: str) -> Any:
    """The exact bytes of an item and what it holds, as a bundle."""
    item = item_for("inbox.read", collection_id, stix_id)
    shown = parts_for(item, "bundle")
    if not shown:
        raise NotFoundError
    require_exit(parts.marking_of_parts(item, shown), Exit.STIX_FILE)
    response = flask.Response(
        parts.bundle_of_parts(shown), content_type="application/stix+json;version=2.1"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{item.stix_id}.json"'
    return response


@of_incidents.get("/<uuid:incident_id>/received")
@opens("incident.read")
def of_incident(incident_id: uuid.UUID) -> Any:
    """What was received about the observables of a case, and what partners say about it."""
    incident = incident_for("incident.read", incident_id, page="received")
    require(db_session(), actor(), "inbox.list")
    also, common = correlation.also_seen(db_session(), actor(), incident)
    answers = feedback.of_incident(db_session(), actor(), incident)
    return flask.render_template(
        "inbox/related.html",
        incident=incident,
        tab="related",
        also=also,
        common=common,
        answers=answers,
        producers=producers.producers_of(db_session(), [*(one.item for one in also), *answers]),
        **words(),
    )


def _determination(content: Reading | None) -> str:
    word = content.content.determination if content else ""
    return _(DETERMINATION_NAMES[word]) if word in DETERMINATION_NAMES else word


def _merged_into(item: Item) -> Any:
    from cirt.incidents.case_models import Incident

    if item.decision is None or item.decision.incident_id is None:
        return None
    query = access.visible(actor(), Incident, "incident.read").where(
        Incident.id == item.decision.incident_id
    )
    return db_session().scalars(query).one_or_none()


def _strangers(item: Item) -> list[dict[str, Any]]:
    """Return the versions that others brought under the same id, as far as that may be said."""
    if item.collection.is_confidential:
        return []
    # whether an owner there is another one would tell who it is not
    reachable = {
        one.id: one
        for one in items.collections_of(db_session(), actor())
        if not one.is_confidential
    }
    found = strangers_versions(db_session(), [item.stix_id], item.owner_id, among=sorted(reachable))
    return [
        {
            "place": words()["place_word"](reachable[one.collection_id]),
            "version": one.version,
            "collection_id": one.collection_id,
        }
        for one in found
    ]


def _difference(item: Item, shown: list[Part]) -> dict[str, Any] | None:
    if item.state is not State.UPDATE or item.decision is None or not shown:
        return None
    before = parts.parts_of(db_session(), item, item.decision.version)
    found = parts.difference(before, shown)
    return {
        "has_before": bool(before),
        "any": bool(found),
        "new": beginnings(lines_of_objects(dict(one) for one in found.new)),
        "changed": beginnings(lines_of_objects(dict(one) for one in found.changed)),
        "gone": beginnings(lines_of_objects(dict(one) for one in found.gone)),
        "root_changed": found.root_changed,
    }


def _acts(item: Item) -> Any:
    if item.decision is None:
        return []
    return audit.acts_on(db_session(), item.decision, tuple(decisions.ACTS))


def home_part() -> HomePart | None:
    """Return how much is new in the inbox, and the newest of it."""
    if not access.role_allows(actor(), "inbox.list"):
        return None
    count = items.count_new(db_session(), actor())
    newest = items.newest(db_session(), actor(), State.NEW)
    figures: list[tuple[Any, str]] = [(count, _("New in the inbox"))]
    half = {
        "title": _("Inbox"),
        "sentence": _("What partners released to you, and what you took in from files and peers."),
        "url": flask.url_for("inbox.index"),
        "action": _("Go to the inbox"),
        "figures": figures,
    }
    tasks = [
        {
            "title": title_of(item),
            "url": address_of(item),
            "status": "todo",
            "status_label": _("New"),
            "hint": _("Received: decide about it"),
        }
        for item in newest
    ]
    return HomePart(half=half, tasks=tasks)
