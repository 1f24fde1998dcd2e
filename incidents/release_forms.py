"""Forms of releases: the plan, the approval of frozen bytes, the end of a preparation."""

from collections.abc import Iterator

from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, CheckboxList, Form, Required
from cirt.incidents.case_pages import local
from cirt.incidents.legal_bases import legal_bases


def _bases() -> Iterator[tuple[str, str]]:
    from flask_babel import gettext as _

    yield "", _("None: nothing personal leaves")
    for basis, name in legal_bases().items():
        yield basis, local(name)


class PlanForm(Form):
    """What holds for all audiences of one preparation; the sections are in a table of their own."""

    legal_basis = SelectField(
        N_("Legal basis"),
        description=N_("Needed where something about a person is kept."),
        choices=lambda: list(_bases()),
        default="",
    )
    retention_days = IntegerField(
        N_("How long recipients may keep it, in days"),
        description=N_("Leave it empty to ask nothing. Here the bytes are erased after that time."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )


class ApproveForm(Form):
    """The approval of frozen bytes; the hash is of those that the page showed."""

    sha256 = StringField(N_("SHA-256"))
    acknowledged = BooleanField(N_("I saw what the recipients' policies have against it."))
    reason = TextAreaField(
        N_("Why this cannot wait for a second person"), validators=[AtMost(2_000)]
    )


class ApproveBatchForm(Form):
    """The approval of several at once; each value is a release and the hash that the page showed."""

    releases = CheckboxList(N_("Release to"))
    acknowledged = BooleanField(N_("I saw what the recipients' policies have against it."))
    reason = TextAreaField(
        N_("Why this cannot wait for a second person"), validators=[AtMost(2_000)]
    )


class EndForm(Form):
    """The end of a preparation without a release."""

    reason = TextAreaField(
        N_("Reason"),
        validators=[Required(N_("Say why, so that the others learn it.")), AtMost(2_000)],
    )
