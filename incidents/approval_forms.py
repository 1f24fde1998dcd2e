"""The form of a standing approval, as every page that gives one handles it."""

import flask
from flask_babel import gettext as _

from cirt.clock import now
from cirt.errors import DomainError
from cirt.incidents import standing_approvals
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_forms import ApprovalForm
from cirt.incidents.circle_models import Collection
from cirt.stix.marking import TLP
from cirt.web import actor, db_session


def is_given(form: ApprovalForm, collection: Collection) -> bool:
    """Give the standing approval that a form asks for; whether it was sent and was good."""
    if not form.validate_on_submit():
        return False
    try:
        standing_approvals.give_approval(
            db_session(),
            actor(),
            collection,
            ceiling=TLP(form.ceiling.data),
            reason=form.reason.data or "",
            until=form.until.data or now(),
        )
    except DomainError as error:
        refuse(form, error, "reason")
        return False
    flask.flash(_("The standing approval holds from now on."), "success")
    return True
