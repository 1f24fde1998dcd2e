"""Forms of peers: what is known of one, and what becomes of its objects when it ends."""

from flask_babel import gettext
from wtforms import (
    BooleanField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, Form, Required
from cirt.incidents.peers.rules import MAX_MINUTES, MAX_URL, MIN_MINUTES

_ADDRESS = {"dir": "ltr", "class": "code", "spellcheck": "false", "inputmode": "url"}


class PeerForm(Form):
    """What is known of a peer."""

    title = StringField(
        N_("Name"),
        description=N_("As your team calls it; the inbox shows it beside what came by it."),
        validators=[Required(N_("Give it a name.")), AtMost(200)],
    )
    url = StringField(
        N_("Address of the collection"),
        description=N_(
            "TAXII 2.1, by https, such as https://hub.example/exchange/collections/ and the"
            " collection's identifier."
        ),
        validators=[Required(N_("Enter the address of the collection.")), AtMost(MAX_URL)],
        render_kw=_ADDRESS,
    )
    username = StringField(
        N_("User name"),
        description=N_("Leave it empty if the peer gave you a token alone."),
        validators=[Optional(), AtMost(200)],
        render_kw={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"},
    )
    secret = PasswordField(
        N_("Password or token"),
        description=N_(
            "It is stored sealed and sent to this host alone. Empty: what is stored stays."
        ),
        validators=[Optional(), AtMost(2_000)],
        render_kw={"autocomplete": "off"},
    )
    remote = SelectField(
        N_("Whose objects these are"),
        description=N_(
            "Choose an administration only if the collection is its own and nobody else writes into"
            " it. The administrator of this installation confirms that before anything is read."
        ),
        choices=[],
    )
    receipts_url = StringField(
        N_("Address for receipts"),
        description=N_(
            "Where the producer takes acknowledgements of recalls: its direct collection at the"
            " peer. Empty: none are sent."
        ),
        validators=[Optional(), AtMost(MAX_URL)],
        render_kw=_ADDRESS,
    )
    public = TextAreaField(
        N_("Public key of its recalls"),
        description=N_(
            "As PEM, or as 64 hexadecimal digits, compared by telephone. Without it, recalls count"
            " only if their author's key is known here."
        ),
        validators=[Optional(), AtMost(1_000)],
        render_kw={"dir": "ltr", "class": "code", "spellcheck": "false", "rows": 3},
    )
    minutes = IntegerField(
        N_("Ask every … minutes"),
        description=N_("From 5 minutes to 10080, a week."),
        default=15,
        validators=[Required(N_("Say how often, in minutes."))],
        render_kw={"min": MIN_MINUTES, "max": MAX_MINUTES},
    )
    active = BooleanField(N_("Read from it"), default=True)


class EndForm(Form):
    """What becomes of the objects."""

    objects = RadioField(
        N_("What becomes of what it gave?"),
        choices=lambda: [
            ("keep", gettext("It stays in the inbox")),
            ("erase", gettext("It is erased here")),
        ],
        validators=[Required(N_("Choose what becomes of it."))],
    )
