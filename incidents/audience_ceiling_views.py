"""The page on which an administration sets how far each of its roles may share."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access
from cirt.access import Role, require
from cirt.errors import DomainError
from cirt.incidents import audience_ceilings
from cirt.incidents.case_pages import refuse
from cirt.incidents.policy_card_forms import CeilingForm
from cirt.routing import opens
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

blueprint = flask.Blueprint("ceilings", __name__, url_prefix="/circles")

FIELDS: tuple[tuple[Role, str, str], ...] = (
    (Role.ANALYST, "analyst_most", "analyst_strictest"),
    (Role.RELEASING_OFFICER, "officer_most", "officer_strictest"),
)


@blueprint.route("/ceilings", methods=["GET", "POST"])
@opens("ceiling.see")
def edit() -> Any:
    """How far analysts and releasing officers may share in one release."""
    require(db_session(), actor(), "ceiling.see")
    rows = audience_ceilings.ceilings(db_session(), actor().administration_id)
    given: dict[str, Any] = {}
    for role, most, strictest in FIELDS:
        row = rows.get(role)
        given[most] = row.most_recipients if row else None
        given[strictest] = row.strictest if row else TLP.AMBER_STRICT.value
    form = CeilingForm(data=given)
    if form.validate_on_submit():
        require(db_session(), actor(), "ceiling.set")
        # of a refusal, nothing is kept, so each role may be set in turn
        for role, most, strictest in FIELDS:
            try:
                audience_ceilings.set_ceiling(
                    db_session(),
                    actor(),
                    role,
                    most_recipients=form[most].data,
                    strictest=TLP(form[strictest].data),
                )
            except DomainError as error:
                refuse(form, error, strictest if error.field == "strictest" else most)
        if not form.errors:
            flask.flash(_("The ceilings were saved."), "success")
            return flask.redirect(flask.url_for("ceilings.edit"))
    page = flask.render_template(
        "circles/ceilings.html",
        form=form,
        sets=access.role_allows(actor(), "ceiling.set"),
        given=given,
        tlp_of=TLP,
    )
    return page, 422 if form.errors else 200
