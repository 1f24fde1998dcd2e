"""Pages of webhooks: the list, one with its last messages, making, changing, trying, deleting."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import load, require
from cirt.errors import N_, DomainError
from cirt.forms import QuestionForm
from cirt.incidents.case_pages import refuse
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery
from cirt.incidents.webhooks import managing, queue
from cirt.incidents.webhooks.forms import WebhookForm
from cirt.incidents.webhooks.kinds import KIND_NAMES
from cirt.incidents.webhooks.managing import Details
from cirt.incidents.webhooks.messages import name_of
from cirt.routing import opens
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("webhooks", __name__, url_prefix="/webhooks")

SHOWN: Final = 50

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    DeliveryState.WAITING: ("progress", N_("Waits")),
    DeliveryState.DELIVERED: ("done", N_("Taken")),
    DeliveryState.GIVEN_UP: ("failed", N_("Given up")),
    DeliveryState.DROPPED: ("blocked", N_("Not sent: no longer for your administration")),
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "state_of": _state,
        "message_state": _message_state,
        "kind_name": lambda kind: _(KIND_NAMES[kind]),
        "message_name": name_of,
        "sentence_of": i18n.kept_sentence,
    }


@blueprint.get("/")
@opens("webhook.list")
def index() -> Any:
    """The webhooks of the administration."""
    require(db_session(), actor(), "webhook.list")
    query = access.visible(actor(), Webhook, "webhook.see").order_by(Webhook.title, Webhook.id)
    return flask.render_template("webhooks/index.html", webhooks=db_session().scalars(query).all())


@blueprint.route("/new", methods=["GET", "POST"])
@opens("webhook.make")
def make() -> Any:
    """Make a webhook, and show its secret once."""
    require(db_session(), actor(), "webhook.make")
    form = WebhookForm()
    if form.validate_on_submit():
        try:
            webhook, secret = managing.make_webhook(
                db_session(), actor(), _details(form), installation().settings
            )
        except DomainError as error:
            refuse(form, error, "url")
        else:
            return flask.render_template("webhooks/secret.html", webhook=webhook, secret=secret)
    page = flask.render_template("webhooks/edit.html", form=form, webhook=None)
    return page, 422 if form.errors else 200


@blueprint.get("/<uuid:webhook_id>")
@opens("webhook.see")
def detail(webhook_id: uuid.UUID) -> Any:
    """One webhook: how it stands, and its last messages."""
    webhook = _webhook(webhook_id, "webhook.see")
    query = (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id)
        .order_by(WebhookDelivery.number.desc())
        .limit(SHOWN)
    )
    return flask.render_template(
        "webhooks/detail.html",
        webhook=webhook,
        messages=db_session().scalars(query).all(),
        waiting=queue.count_waiting(db_session(), webhook),
    )


@blueprint.route("/<uuid:webhook_id>/change", methods=["GET", "POST"])
@opens("webhook.change")
def change(webhook_id: uuid.UUID) -> Any:
    """Change what is known of a webhook."""
    webhook = _webhook(webhook_id, "webhook.change")
    form = WebhookForm(obj=webhook)
    if form.validate_on_submit():
        try:
            managing.change_webhook(
                db_session(), actor(), webhook, _details(form), installation().settings
            )
        except DomainError as error:
            refuse(form, error, "url")
        else:
            flask.flash(_("Saved."), "success")
            return flask.redirect(flask.url_for(".detail", webhook_id=webhook.id))
    page = flask.render_template("webhooks/edit.html", form=form, webhook=webhook)
    return page, 422 if form.errors else 200


@blueprint.post("/<uuid:webhook_id>/try")
@opens("webhook.change")
def try_it(webhook_id: uuid.UUID) -> Any:
    """Send a trial."""
    webhook = _webhook(webhook_id, "webhook.change")
    managing.try_it(db_session(), actor(), webhook)
    flask.flash(_("It is sent as soon as the background work comes to it."), "info")
    return flask.redirect(flask.url_for(".detail", webhook_id=webhook.id))


@blueprint.post("/<uuid:webhook_id>/switch")
@opens("webhook.change")
def switch(webhook_id: uuid.UUID) -> Any:
    """Switch a webhook on or off."""
    webhook = _webhook(webhook_id, "webhook.change")
    on = flask.request.form.get("on") == "yes"
    managing.switch(db_session(), actor(), webhook, on=on)
    flask.flash(_("Switched on.") if on else _("Switched off."), "success")
    return flask.redirect(flask.url_for(".detail", webhook_id=webhook.id))


@blueprint.route("/<uuid:webhook_id>/secret", methods=["GET", "POST"])
@opens("webhook.change")
def change_secret(webhook_id: uuid.UUID) -> Any:
    """Change the secret, after a question, and show the new one once."""
    webhook = _webhook(webhook_id, "webhook.change")
    form = QuestionForm()
    if form.validate_on_submit():
        secret = managing.change_secret(db_session(), actor(), webhook, installation().settings)
        return flask.render_template("webhooks/secret.html", webhook=webhook, secret=secret)
    return flask.render_template("webhooks/change_secret.html", form=form, webhook=webhook)


@blueprint.route("/<uuid:webhook_id>/delete", methods=["GET", "POST"])
@opens("webhook.change")
def delete(webhook_id: uuid.UUID) -> Any:
    """Delete a webhook, after a question."""
    webhook = _webhook(webhook_id, "webhook.change")
    form = QuestionForm()
    if form.validate_on_submit():
        managing.delete_webhook(db_session(), actor(), webhook)
        flask.flash(_("The webhook is deleted, and its secret forgotten."), "success")
        return flask.redirect(flask.url_for(".index"))
    return flask.render_template("webhooks/delete.html", form=form, webhook=webhook)


@blueprint.post("/messages/<uuid:delivery_id>/send")
@opens("webhook.send")
def send_again(delivery_id: uuid.UUID) -> Any:
    """Send a message once more."""
    row = load(db_session(), actor(), WebhookDelivery, delivery_id, seen_by="webhook.send")
    require(db_session(), actor(), "webhook.send", row)
    webhook = managing.send_again(db_session(), actor(), row)
    flask.flash(_("It is sent as soon as the background work comes to it."), "info")
    return flask.redirect(flask.url_for(".detail", webhook_id=webhook.id))


def _webhook(webhook_id: uuid.UUID, action: str) -> Webhook:
    webhook = load(db_session(), actor(), Webhook, webhook_id, seen_by="webhook.see")
    require(db_session(), actor(), action, webhook)
    return webhook


def _details(form: WebhookForm) -> Details:
    return Details(form.title.data or "", form.url.data or "", tuple(form.kinds.data or ()))


def _state(webhook: Webhook) -> tuple[str, str]:
    """Return how a webhook stands: the kind of its mark, and the words."""
    if not webhook.active:
        return "blocked", _("Switched off")
    if webhook.failing_since is not None:
        return "failed", _("Does not take messages")
    if webhook.last_success_at is None:
        return "todo", _("Nothing sent yet")
    return "done", _("Takes messages")


def _message_state(row: WebhookDelivery) -> tuple[str, str]:
    kind, words = _STATES[DeliveryState(row.state)]
    return kind, _(words)
