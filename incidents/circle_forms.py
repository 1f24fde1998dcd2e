"""Forms of circles, their members and standing approvals."""

from wtforms import RadioField, SelectField, StringField, TextAreaField

from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required, UtcTimeField
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.circles import CEILINGS

ACCESS: dict[str, tuple[bool, bool]] = {
    "both": (True, True),
    "read": (True, False),
    "contribute": (False, True),
}
"""What a member may do, by the value of the form: read, contribute."""

ACCESS_NAMES: dict[str, str] = {
    "both": N_("Read and contribute"),
    "read": N_("Read only"),
    "contribute": N_("Contribute only"),
}
WRITING_NAMES: dict[str, str] = {
    MachineWriting.OFF: N_("No; people release, one by one"),
    MachineWriting.DIRECT: N_("Yes, under a standing approval of a releasing officer"),
}


def _ceilings() -> list[tuple[str, str]]:
    return [(tlp.value, tlp.label) for tlp in CEILINGS]


class CircleForm(Form):
    """The frame of a circle."""

    title = StringField(
        N_("Title"), validators=[Required(N_("Give the circle a title.")), AtMost(200)]
    )
    description = TextAreaField(
        N_("What it is for"), description=N_("All members see this."), validators=[AtMost(4_000)]
    )
    alias = StringField(
        N_("Short name for machines"),
        description=N_("Lower-case letters, digits and dashes. Leave it empty to have none."),
        validators=[AtMost(63)],
        render_kw={"dir": "ltr", "class": "code", "autocapitalize": "none", "spellcheck": "false"},
    )
    ceiling = SelectField(
        N_("Strictest marking that may enter"),
        choices=_ceilings,
        default=CEILINGS[-1].value,
        render_kw={"dir": "ltr"},
    )
    machine_writing = ChoiceField(
        N_("May machines add objects?"), choices=lambda: list(WRITING_NAMES.items())
    )


class MemberForm(Form):
    """One administration in a circle."""

    administration = SelectField(N_("Administration"), choices=[])
    access = ChoiceField(N_("It may"), choices=lambda: list(ACCESS_NAMES.items()))


class ApprovalForm(Form):
    """A standing approval."""

    ceiling = RadioField(
        N_("Up to which marking"),
        choices=_ceilings,
        validators=[Required(N_("Choose a marking."))],
    )
    until = UtcTimeField(
        N_("Until (UTC)"),
        description=N_("At most a year from now."),
        validators=[Required(N_("Give date and time."))],
    )
    reason = TextAreaField(
        N_("Why machines may add here"),
        validators=[Required(N_("Say why machines may add here.")), AtMost(2_000)],
    )


class ApproveForm(Form):
    """The approval of frozen bytes; the hash is of those that the page showed."""

    sha256 = StringField(N_("SHA-256"))
    reason = TextAreaField(
        N_("Why this cannot wait for a second person"), validators=[AtMost(2_000)]
    )


class EndForm(Form):
    """The end of a preparation without a release."""

    reason = TextAreaField(
        N_("Reason"),
        validators=[Required(N_("Say why, so that the others learn it.")), AtMost(2_000)],
    )
