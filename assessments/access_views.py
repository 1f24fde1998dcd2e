"""Pages of who takes part in an assessment, as what, and until when; the country decides."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.assessments import grants
from cirt.assessments.forms import GrantForm
from cirt.assessments.grants import GRANT_ROLE_HINTS, GRANT_ROLE_NAMES
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.pages import blueprint, render, status_of, the_assessment
from cirt.errors import N_, InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.route("/<uuid:assessment_id>/access", methods=["GET", "POST"])
@opens("assessment.grant")
def access(assessment_id: uuid.UUID) -> Any:
    """Who has which part until when; the country gives and ends it."""
    assessment = the_assessment(assessment_id, "assessment.grant", needs_instrument=False)
    form = GrantForm(
        data={"until": grants.default_until().date(), "role": GrantRole.ASSESSOR.value}
    )
    if form.validate_on_submit():
        try:
            if form.until.data is None:
                raise InvalidInputError(N_("Choose the last day of access."), field="until")
            role = grants.grant_role(form.role.data)
            grants.give_grant(
                db_session(),
                actor(),
                assessment,
                user_id=grants.person_named(db_session(), form.username.data, role),
                until=grants.end_of(form.until.data),
                role=role,
            )
        except InvalidInputError as error:
            form.refuse(error, "username")
        else:
            flask.flash(_("The access was given."), "success")
            return flask.redirect(flask.url_for(".access", assessment_id=assessment.id))
    page = render(
        "access.html",
        assessment,
        "access",
        form=form,
        grants=grants.grants_of(db_session(), assessment),
        role_names={role.value: _(name) for role, name in GRANT_ROLE_NAMES.items()},
        role_hints={role.value: _(hint) for role, hint in GRANT_ROLE_HINTS.items()},
    )
    return page, status_of(form)


@blueprint.post("/<uuid:assessment_id>/access/<uuid:grant_id>/end")
@opens("assessment.grant")
def end_access(assessment_id: uuid.UUID, grant_id: uuid.UUID) -> Any:
    """End somebody's access at once."""
    assessment = the_assessment(assessment_id, "assessment.grant", needs_instrument=False)
    grants.end_grant(db_session(), actor(), assessment, grant_id)
    flask.flash(_("The access has ended."), "success")
    return flask.redirect(flask.url_for(".access", assessment_id=assessment.id))
