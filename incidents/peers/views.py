"""Pages of peers: the list, one peer with what came of it, connecting, confirming, ending."""

import uuid
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import load, require
from cirt.accounts.models import Administration, AdministrationKind, Place
from cirt.errors import DomainError
from cirt.forms import QuestionForm
from cirt.incidents.case_pages import refuse
from cirt.incidents.inbox.words import seen, shown_refusal
from cirt.incidents.inbox_models import Peer
from cirt.incidents.peers import connecting, polling
from cirt.incidents.peers.connecting import Details
from cirt.incidents.peers.forms import EndForm, PeerForm
from cirt.incidents.recall.seen_identities import seen_in
from cirt.routing import opens
from cirt.stix.signatures import fingerprint, pem_of
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("peers", __name__, url_prefix="/peers")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "state_of": _state,
        "name_of": lambda one: one.name_in(i18n.current_language()),
        "fingerprint": fingerprint,
    }


@blueprint.get("/")
@opens("peer.list")
def index() -> Any:
    """The own peers; to an administrator, those that speak for an administration."""
    require(db_session(), actor(), "peer.list")
    query = access.visible(actor(), Peer, "peer.see").order_by(Peer.title, Peer.id)
    peers = db_session().scalars(query).unique().all()
    owners = sa.select(Administration).where(
        Administration.id.in_({one.administration_id for one in peers})
    )
    return flask.render_template(
        "peers/index.html",
        peers=peers,
        own=actor().administration_id,
        owners={row.id: row for row in db_session().scalars(owners)},
    )


@blueprint.route("/new", methods=["GET", "POST"])
@opens("peer.make")
def make() -> Any:
    """Connect to a collection elsewhere."""
    require(db_session(), actor(), "peer.make")
    form = PeerForm()
    _choices(form)
    if form.validate_on_submit():
        try:
            peer = connecting.make_peer(
                db_session(), actor(), _details(form), installation().settings
            )
        except DomainError as error:
            refuse(form, error, "url")
        else:
            return flask.redirect(flask.url_for(".detail", peer_id=peer.id))
    page = flask.render_template("peers/edit.html", form=form, peer=None)
    return page, 422 if form.errors else 200


@blueprint.get("/<uuid:peer_id>")
@opens("peer.read")
def detail(peer_id: uuid.UUID) -> Any:
    """One peer: when it was read, what came of it, what was refused."""
    peer = _peer(peer_id, "peer.read")
    return flask.render_template(
        "peers/detail.html",
        peer=peer,
        outcome=i18n.kept_sentence(peer.last_outcome, peer.last_params),
        refused=[shown_refusal(one) for one in peer.last_refused],
        waiting=len(polling.waiting_receipts(db_session(), peer)),
        receipts_outcome=seen(i18n.kept_sentence(peer.receipts_outcome, peer.receipts_params)),
        is_read=connecting.is_read(peer),
        identities=[
            {"id": one.stix_id, "name": seen(one.name), "public": one.public}
            for one in seen_in(db_session(), [peer.collection_id])
        ],
    )


@blueprint.route("/<uuid:peer_id>/change", methods=["GET", "POST"])
@opens("peer.change")
def change(peer_id: uuid.UUID) -> Any:
    """Change what is known of a peer."""
    peer = _peer(peer_id, "peer.change")
    form = PeerForm(
        data=None
        if flask.request.method == "POST"
        else {
            "title": peer.title,
            "url": peer.url,
            "username": peer.username,
            "remote": str(peer.remote_administration_id or ""),
            "receipts_url": peer.receipts_url,
            "public": pem_of(peer.public_key) if peer.public_key else "",
            "minutes": peer.minutes,
            "active": peer.active,
        }
    )
    _choices(form)
    if form.validate_on_submit():
        try:
            connecting.change_peer(
                db_session(), actor(), peer, _details(form), installation().settings
            )
        except DomainError as error:
            refuse(form, error, "url")
        else:
            flask.flash(_("Saved."), "success")
            return flask.redirect(flask.url_for(".detail", peer_id=peer.id))
    page = flask.render_template("peers/edit.html", form=form, peer=peer)
    return page, 422 if form.errors else 200


@blueprint.post("/<uuid:peer_id>/poll")
@opens("peer.poll")
def poll(peer_id: uuid.UUID) -> Any:
    """Read a peer now."""
    peer = _peer(peer_id, "peer.poll")
    connecting.poll_now(db_session(), actor(), peer)
    flask.flash(_("It is read as soon as the background work comes to it."), "info")
    return flask.redirect(flask.url_for(".detail", peer_id=peer.id))


@blueprint.route("/<uuid:peer_id>/end", methods=["GET", "POST"])
@opens("peer.change")
def end(peer_id: uuid.UUID) -> Any:
    """End a peer, after a question; what it gave stays or is erased."""
    peer = _peer(peer_id, "peer.change")
    form = EndForm()
    if form.validate_on_submit():
        connecting.end_peer(db_session(), actor(), peer, erase=form.objects.data == "erase")
        flask.flash(_("The peer has ended, and its password is forgotten."), "success")
        return flask.redirect(flask.url_for(".index"))
    page = flask.render_template("peers/end.html", form=form, peer=peer)
    return page, 422 if form.errors else 200


@blueprint.route("/<uuid:peer_id>/vouch", methods=["GET", "POST"])
@opens("peer.vouch")
def vouch(peer_id: uuid.UUID) -> Any:
    """Confirm, after a question, that a peer speaks for an administration."""
    peer = load(db_session(), actor(), Peer, peer_id, seen_by="peer.see")
    require(db_session(), actor(), "peer.vouch", peer)
    form = QuestionForm()
    if form.validate_on_submit():
        connecting.vouch(db_session(), actor(), peer)
        flask.flash(_("Confirmed."), "success")
        return flask.redirect(flask.url_for(".index"))
    owner = db_session().get_one(Administration, peer.administration_id)
    return flask.render_template("peers/vouch.html", form=form, peer=peer, owner=owner)


def _peer(peer_id: uuid.UUID, action: str) -> Peer:
    peer = load(db_session(), actor(), Peer, peer_id, seen_by="peer.read")
    require(db_session(), actor(), action, peer)
    return peer


def _choices(form: PeerForm) -> None:
    query = sa.select(Administration).where(
        Administration.place == Place.REMOTE.value,
        Administration.kind == AdministrationKind.MEMBER_STATE.value,
    )
    language = i18n.current_language()
    form.remote.choices = [("", _("Of several, or not known"))] + [
        (str(row.id), f"{row.code} – {row.name_in(language)}")
        for row in db_session().scalars(query.order_by(Administration.code))
    ]


def _details(form: PeerForm) -> Details:
    return Details(
        title=form.title.data or "",
        url=form.url.data or "",
        receipts_url=form.receipts_url.data or "",
        username=form.username.data or "",
        secret=form.secret.data or "",
        remote_administration_id=uuid.UUID(form.remote.data) if form.remote.data else None,
        public_key=form.public.data or "",
        minutes=form.minutes.data or 0,
        active=bool(form.active.data),
    )


def _state(peer: Peer) -> tuple[str, str]:
    """Return how a peer stands: the kind of its mark, and the words."""
    if not peer.active:
        return "blocked", _("Switched off")
    if not connecting.is_read(peer):
        return "review", _("Waits for the administrator")
    if peer.failures:
        return "failed", _("Did not answer")
    if peer.last_at is None:
        return "todo", _("Not read yet")
    if peer.cursor:
        return "progress", _("Being read")
    return "done", _("Up to date")
