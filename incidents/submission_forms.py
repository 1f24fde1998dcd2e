"""Forms of what machines sent: the decision, and the own door for machines of others."""

from flask_babel import gettext
from wtforms import RadioField, TextAreaField

from cirt.errors import N_
from cirt.forms import AtMost, CheckboxList, Form, Required
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.reasons import MAX_REASON

DIRECT_WRITING_NAMES: dict[str, str] = {
    MachineWriting.OFF: N_("No"),
    MachineWriting.MODERATED: N_(
        "Yes, and what they send waits until your releasing officer admits it"
    ),
    MachineWriting.DIRECT: N_("Yes, into our inbox at once"),
}


class AdmitForm(Form):
    """Which of the objects are admitted, and why the others are not."""

    chosen = CheckboxList(N_("Objects to admit"))
    reason = TextAreaField(
        N_("Why the others are refused"),
        description=N_("Whoever sent them reads this. Leave it empty when you admit all."),
        validators=[AtMost(MAX_REASON)],
    )


class RefuseForm(Form):
    """Why all of it is refused."""

    reason = TextAreaField(
        N_("Reason"),
        description=N_("Whoever sent it reads this."),
        validators=[Required(N_("Say why it is refused.")), AtMost(MAX_REASON)],
    )


class DirectForm(Form):
    """Whether machines of other administrations may write to the own one."""

    machine_writing = RadioField(
        N_("May machines of other administrations write to us?"),
        choices=lambda: [(each, gettext(name)) for each, name in DIRECT_WRITING_NAMES.items()],
    )
