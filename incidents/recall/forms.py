"""Forms of recalls, legal holds and signing keys."""

from flask_babel import gettext
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField

from cirt.errors import N_
from cirt.forms import AtMost, Form, Required
from cirt.incidents.reasons import MAX_REASON
from cirt.incidents.recall_models import RecallKind

KIND_NAMES: dict[str, str] = {
    RecallKind.NO_LONGER_VALID: N_("It is no longer valid"),
    RecallKind.NEVER_SENT: N_("It should never have been sent"),
}
KIND_HINTS: dict[str, str] = {
    RecallKind.NO_LONGER_VALID: N_(
        "Partners keep it and see that it is revoked. Nothing is erased."
    ),
    RecallKind.NEVER_SENT: N_(
        "It is erased here for everybody in the audience, at once, and partners elsewhere are asked"
        " to erase it and to acknowledge."
    ),
}
OUTCOME_NAMES: dict[str, str] = {
    "erased": N_("Erased"),
    "hidden": N_("Hidden; it remains in our backups or archives"),
    "cannot": N_("It cannot be taken back"),
}


class StartForm(Form):
    """What is taken back, from whom, and why. confirmed: "yes" once the question was answered."""

    kind = RadioField(
        N_("What is wrong with it?"),
        choices=lambda: [(kind, gettext(name)) for kind, name in KIND_NAMES.items()],
        validators=[Required(N_("Choose one of the two."))],
    )
    reason = TextAreaField(
        N_("Reason"),
        description=N_(
            "Write nothing that must not be known: with a withdrawal it goes to everybody who has"
            " the information."
        ),
        validators=[
            Required(N_("Say why, so that the others understand it.")),
            AtMost(MAX_REASON),
        ],
    )
    confirmed = HiddenField()


class AcknowledgeForm(Form):
    """What became of the copies in the own tools."""

    outcome = RadioField(
        N_("What became of the copies in your own systems?"),
        choices=lambda: [(one, gettext(name)) for one, name in OUTCOME_NAMES.items()],
        validators=[Required(N_("Choose what became of the copies."))],
    )
    reason = TextAreaField(N_("Why, if it cannot be taken back"), validators=[AtMost(MAX_REASON)])


class HoldForm(Form):
    """Why an incident is put on legal hold."""

    reason = TextAreaField(
        N_("Reason"),
        description=N_("For instance the order of a court, with its number and date."),
        validators=[
            Required(N_("Say why, so that the others understand it.")),
            AtMost(MAX_REASON),
        ],
    )


class KeyForm(Form):
    """The public key of an administration whose people sign in elsewhere."""

    administration = SelectField(N_("Administration"), choices=[])
    identity = StringField(
        N_("Identity that it signs for"),
        description=N_(
            "“identity--” and a UUID, as its own page Signing keys shows it and its reports bear it."
            " The key counts for what this identity produced, and for nothing else."
        ),
        validators=[Required(N_("Enter the identity.")), AtMost(300)],
        render_kw={"dir": "ltr", "class": "code", "spellcheck": "false", "autocomplete": "off"},
    )
    public = TextAreaField(
        N_("Its public key"),
        description=N_(
            "As PEM, or as 64 hexadecimal digits. Compare the fingerprint with the other team by"
            " telephone before you rely on it."
        ),
        validators=[Required(N_("Paste the key.")), AtMost(1_000)],
        render_kw={"dir": "ltr", "class": "code", "spellcheck": "false"},
    )
