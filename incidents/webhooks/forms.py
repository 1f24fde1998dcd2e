"""Form of a webhook: its name, its address, of what it is told."""

from flask_babel import gettext
from wtforms import SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from cirt.errors import N_
from cirt.forms import AtMost, Form, Required
from cirt.incidents.peers.rules import MAX_URL
from cirt.incidents.webhooks.kinds import KIND_NAMES, Kind


class WebhookForm(Form):
    """What is known of a webhook."""

    title = StringField(
        N_("Name"),
        description=N_("As your team calls the machine that listens."),
        validators=[Required(N_("Give it a name.")), AtMost(200)],
    )
    url = StringField(
        N_("Address of the receiver"),
        description=N_(
            "By https, such as https://siem.example/hooks/cirt. For a receiver in a network of your"
            " own the operator names that network first (CIRT_PEER_NETWORKS)."
        ),
        validators=[Required(N_("Enter the address.")), AtMost(MAX_URL)],
        render_kw={"dir": "ltr", "class": "code", "spellcheck": "false", "inputmode": "url"},
    )
    kinds = SelectMultipleField(
        N_("Of what it is told"),
        choices=lambda: [(kind.value, gettext(KIND_NAMES[kind])) for kind in Kind],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Required(N_("Choose at least one."))],
    )
