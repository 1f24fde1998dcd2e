"""Pages of policy cards: what every administration does with what it receives."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, i18n
from cirt.access import require
from cirt.accounts.models import Administration
from cirt.errors import DomainError
from cirt.incidents import policy_cards
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_models import Onward
from cirt.incidents.circle_words import onward_name, retention_name
from cirt.incidents.policy_card_forms import CardForm
from cirt.incidents.policy_cards import CardDetails
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

blueprint = flask.Blueprint("cards", __name__, url_prefix="/circles/policy-cards")


@blueprint.get("/")
@opens("card.list")
def index() -> Any:
    """The cards of all administrations, the own one first."""
    require(db_session(), actor(), "card.list")
    query = access.visible(actor(), Administration, "card.read").order_by(Administration.code)
    rows = sorted(
        db_session().scalars(query).unique(), key=lambda row: row.id != actor().administration_id
    )
    return flask.render_template(
        "circles/cards.html",
        administrations=rows,
        cards=policy_cards.cards_of(db_session(), [row.id for row in rows]),
        own_id=actor().administration_id,
        language=i18n.current_language(),
        onward_name=onward_name,
        retention_name=retention_name,
        tlp_of=TLP,
    )


@blueprint.get("/<uuid:administration_id>")
@opens("card.read")
def detail(administration_id: uuid.UUID) -> Any:
    """One card, and how its figures changed."""
    administration = _administration(administration_id)
    card = policy_cards.card_of(db_session(), administration.id)
    changes = audit.acts_on(db_session(), card, ["card.change"], most=50) if card else []
    return flask.render_template(
        "circles/card.html",
        administration=administration,
        card=card,
        changes=changes,
        writes=access.role_allows(actor(), "card.write")
        and access.allowed(db_session(), actor(), "card.write", administration),
        language=i18n.current_language(),
        onward_name=onward_name,
        retention_name=retention_name,
        tlp_of=TLP,
    )


@blueprint.route("/<uuid:administration_id>/edit", methods=["GET", "POST"])
@opens("card.write")
def edit(administration_id: uuid.UUID) -> Any:
    """Write the card of the own administration; of a remote one, as administrator."""
    administration = _administration(administration_id)
    require(db_session(), actor(), "card.write", administration)
    form = CardForm(obj=policy_cards.card_of(db_session(), administration.id))
    if form.validate_on_submit():
        details = CardDetails(
            retention_days=form.retention_days.data,
            onward=Onward(form.onward.data),
            accepts=TLP(form.accepts.data),
            contact=form.contact.data or "",
            statement=form.statement.data or "",
        )
        try:
            policy_cards.change_card(db_session(), actor(), administration, details)
        except DomainError as error:
            refuse(form, error, "statement")
        else:
            flask.flash(_("The policy card was saved."), "success")
            return flask.redirect(
                flask.url_for("cards.detail", administration_id=administration.id)
            )
    page = flask.render_template(
        "circles/card_edit.html",
        form=form,
        administration=administration,
        language=i18n.current_language(),
    )
    return page, 422 if form.errors else 200


def _administration(administration_id: uuid.UUID) -> Administration:
    return access.load(
        db_session(), actor(), Administration, administration_id, seen_by="card.read"
    )
