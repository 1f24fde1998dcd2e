"""Forms of the observables of a case."""

from typing import Any

from flask_babel import gettext
from wtforms import HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required, UtcTimeField
from cirt.incidents.case_details import MAX_COMMENT
from cirt.incidents.case_words import OBSERVABLE_NAMES, ROLE_NAMES
from cirt.incidents.observable_rules import Seen


def _roles() -> list[tuple[str, str]]:
    return [(role, gettext(name)) for role, name in ROLE_NAMES.items()]


class RoleForm(Form):
    """What observables are in the case."""

    role = RadioField(N_("What it is in this incident"), choices=_roles, default="detection")


class PasteForm(RoleForm):
    """A text that speaks of observables."""

    text = TextAreaField(
        N_("Text"),
        description=N_(
            "A mail, a log, a report. Harmless forms such as hxxp:// and [.] are understood."
        ),
        render_kw={"rows": 14, "spellcheck": "false"},
    )


class ChangeObservableForm(RoleForm):
    """What is said about an observable."""

    stamp = HiddenField()
    first_observed = UtcTimeField(N_("First seen (UTC)"), validators=[Optional()])
    last_observed = UtcTimeField(N_("Last seen (UTC)"), validators=[Optional()])
    count = IntegerField(
        N_("How many times it was seen"),
        description=N_("Between these two times. Partners get it as a counted sighting."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric", "min": "1"},
    )
    comment = TextAreaField(
        N_("Comment"), validators=[Optional(), AtMost(MAX_COMMENT)], render_kw={"rows": 3}
    )

    def seen(self) -> Seen:
        """Return when and how often it was seen."""
        return Seen(
            first=self.first_observed.data, last=self.last_observed.data, count=self.count.data
        )


class ObservableForm(ChangeObservableForm):
    """One observable, typed in."""

    type = ChoiceField(N_("Kind"), choices=lambda: OBSERVABLE_NAMES.items())
    value: Any = StringField(
        N_("Value"),
        description=N_("As it is, or in a harmless form such as 192.0.2[.]7."),
        validators=[Required(N_("Type a value."))],
        render_kw={"dir": "ltr", "class": "code", "autocapitalize": "none", "spellcheck": "false"},
    )
