"""Detection lists of a circle: a page that offers them, files for people, addresses for sensors."""

import hashlib
import uuid
from collections import Counter
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit
from cirt.errors import NotFoundError
from cirt.incidents import deliveries
from cirt.incidents.circle_models import Collection
from cirt.incidents.detection_exports import Watchlist, detection_list, watchlist
from cirt.incidents.detection_words import FORM_NAMES, FORM_USES
from cirt.incidents.taxii_sign_in import endpoint, gives_files
from cirt.routing import MACHINE, opens
from cirt.stix.detection_lists import DetectionList, ListForm
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("detection", __name__, url_prefix="/circles")


@blueprint.get("/<uuid:circle_id>/detection")
@opens("circle.read")
def offered(circle_id: uuid.UUID) -> Any:
    """Which lists there are, how fresh, how they are marked, and what they leave out."""
    circle = _circle(circle_id)
    found = _watchlist(circle)
    lists = []
    for form in ListForm:
        made = detection_list(found, form)
        lists.append(
            {
                "form": form.value,
                "name": _(FORM_NAMES[form]),
                "use": _(FORM_USES[form]),
                "lines": made.lines,
                "left": _reasons(made),
                "address": flask.url_for(
                    "taxii.detection_file", collection_id=circle.id, form=form.value, _external=True
                ),
            }
        )
    return flask.render_template(
        "circles/detection.html",
        circle=circle,
        lists=lists,
        tlp=found.tlp,
        count=len(found.entries),
        not_valid=_counted([one.reason for one in found.left_out]),
        accepted_only=_accepted_only(),
    )


@blueprint.get("/<uuid:circle_id>/detection/<form>")
@opens("circle.read")
def file(circle_id: uuid.UUID, form: str) -> Any:
    """One list as a file, for a person."""
    circle = _circle(circle_id)
    return _answer(circle, form)


@endpoint("/exchange/collections/<collection_id>/detection/<form>", "GET")
@opens(MACHINE, "taxii.read")
@gives_files
def detection_file(collection_id: str, form: str) -> flask.Response:
    """One list as a file, for a sensor with a token."""
    collection = access.load(
        db_session(), actor(), Collection, _uuid(collection_id), seen_by="taxii.read"
    )
    return _answer(collection, form)


def _circle(circle_id: uuid.UUID) -> Collection:
    return access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.read")


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _accepted_only() -> bool:
    return flask.request.args.get("only") == "accepted"


def _watchlist(circle: Collection) -> Watchlist:
    return watchlist(
        db_session(), circle, actor().administration_id, accepted_only=_accepted_only()
    )


def _answer(circle: Collection, form: str) -> flask.Response:
    try:
        wanted = ListForm(form)
    except ValueError:
        raise NotFoundError from None
    found = _watchlist(circle)
    made = detection_list(found, wanted)
    # noted in a transaction of its own, before a byte leaves
    with installation().database.writing() as session:
        audit.record(
            session,
            actor(),
            "circle.detection",
            audit.subject_of(circle),
            form=form,
            tlp=found.tlp.value,
            lines=made.lines,
            sha256=hashlib.sha256(made.body).hexdigest(),
        )
    deliveries.note_served(
        db_session(),
        installation().database,
        actor().administration_id,
        circle.id,
        found.seq,
        more=False,
    )
    response = flask.Response(made.body, content_type=made.media_type)
    name = f"{circle.alias or circle.id}.{made.ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Marking"] = found.tlp.label
    response.headers["X-Not-Carried"] = str(len(made.left_out))
    return response


def _reasons(made: DetectionList) -> list[tuple[str, int]]:
    return _counted([one.reason for one in made.left_out])


def _counted(reasons: list[str]) -> list[tuple[str, int]]:
    return [(_(reason), count) for reason, count in sorted(Counter(reasons).items())]
