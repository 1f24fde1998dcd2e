"""Pages of signing keys: the own one, and those of administrations elsewhere."""

import uuid
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import require
from cirt.accounts.models import Administration, AdministrationKind, Place
from cirt.errors import DomainError, NotFoundError
from cirt.forms import QuestionForm
from cirt.incidents.case_pages import refuse
from cirt.incidents.inbox.words import seen
from cirt.incidents.recall import honour_waiting, keys, seen_identities
from cirt.incidents.recall.forms import KeyForm
from cirt.incidents.recall.pages import blueprint, safe
from cirt.incidents.recall_models import SigningKey
from cirt.routing import opens
from cirt.stix.ids import is_stix_id
from cirt.stix.signatures import fingerprint, pem_of
from cirt.stix.withdrawal import author_of
from cirt.web import actor, db_session, installation


@blueprint.get("/signing-keys")
@opens("key.see")
def signing_keys() -> Any:
    """The public key of the own administration, and those that count for others.

    Its argument `identity` fills the form, as the page of a peer links to it.
    """
    require(db_session(), actor(), "key.see")
    form = _key_form()
    asked = flask.request.args.get("identity", "")
    if is_stix_id(asked, "identity"):
        form.identity.data = asked
    return _page(form)


@blueprint.post("/signing-keys")
@opens("key.trust")
def trust_key() -> Any:
    """Enter the public key of an administration whose people sign in elsewhere."""
    require(db_session(), actor(), "key.trust")
    form = _key_form()
    if form.validate_on_submit():
        administration = db_session().get(Administration, uuid.UUID(form.administration.data))
        if administration is None:
            raise NotFoundError
        try:
            row = keys.trust_key(
                db_session(),
                actor(),
                administration,
                form.public.data or "",
                identity=form.identity.data or "",
            )
        except DomainError as error:
            refuse(form, error, "public")
        else:
            honour_waiting(db_session(), safe(), keys.identity_of(row))
            flask.flash(_("The key counts from now on."), "success")
            return flask.redirect(flask.url_for("recall.signing_keys"))
    return _page(form), 422 if form.errors else 200


def _key_form() -> KeyForm:
    form = KeyForm()
    form.administration.choices = [
        (str(row.id), f"{row.code} – {row.name_in(i18n.current_language())}") for row in _remote()
    ]
    return form


def _remote() -> list[Administration]:
    query = sa.select(Administration).where(
        Administration.place == Place.REMOTE.value,
        Administration.kind == AdministrationKind.MEMBER_STATE.value,
    )
    return list(db_session().scalars(query.order_by(Administration.code)))


def _page(form: KeyForm) -> Any:
    own = keys.present_key(db_session(), actor().administration_id)
    may_trust = bool(access.role_allows(actor(), "key.trust"))
    return flask.render_template(
        "recall/keys.html",
        form=form,
        own=own,
        retired=[
            row
            for row in keys.keys_of(db_session(), actor().administration_id)
            if row.retired_at is not None
        ],
        may_rotate=bool(access.role_allows(actor(), "key.rotate")),
        may_trust=may_trust,
        others=[(row, keys.keys_of(db_session(), row.id)) for row in _remote()]
        if may_trust
        else [],
        identities=[
            (one.stix_id, seen(one.name))
            for one in seen_identities.seen_by(db_session(), actor())
            if one.public is None
        ]
        if may_trust
        else [],
        own_identity=author_of(actor().administration_id),
        identity_of=keys.identity_of,
        fingerprint=fingerprint,
        pem=pem_of,
    )


@blueprint.route("/signing-keys/rotate", methods=["GET", "POST"])
@opens("key.rotate")
def rotate_key() -> Any:
    """Make a new key, after a question; the first one, too, can be made here."""
    require(db_session(), actor(), "key.rotate")
    form = QuestionForm()
    if form.validate_on_submit():
        keys.rotate(db_session(), actor(), installation().settings.secret_key)
        flask.flash(_("The new key is in use. Tell it to your partners."), "success")
        return flask.redirect(flask.url_for("recall.signing_keys"))
    own = keys.present_key(db_session(), actor().administration_id)
    return flask.render_template("recall/rotate.html", form=form, own=own)


@blueprint.get("/signing-keys/public.pem")
@opens("key.see")
def public_key() -> Any:
    """The own public key as a file."""
    require(db_session(), actor(), "key.see")
    own = keys.present_key(db_session(), actor().administration_id)
    if own is None:
        raise NotFoundError
    response = flask.Response(pem_of(own.public), content_type="application/x-pem-file")
    response.headers["Content-Disposition"] = 'attachment; filename="signing-key.pem"'
    return response


@blueprint.route("/signing-keys/<uuid:key_id>/forget", methods=["GET", "POST"])
@opens("key.trust")
def forget_key(key_id: uuid.UUID) -> Any:
    """Trust a key of another installation no more, after a question."""
    require(db_session(), actor(), "key.trust")
    row = db_session().get(SigningKey, key_id)
    if row is None or row.sealed is not None:
        raise NotFoundError
    form = QuestionForm()
    if form.validate_on_submit():
        keys.forget_key(db_session(), actor(), row)
        flask.flash(_("The key counts for nothing any more."), "success")
        return flask.redirect(flask.url_for("recall.signing_keys"))
    administration = db_session().get_one(Administration, row.administration_id)
    return flask.render_template(
        "recall/forget_key.html",
        form=form,
        row=row,
        administration=administration,
        identity=keys.identity_of(row),
        fingerprint=fingerprint,
    )
