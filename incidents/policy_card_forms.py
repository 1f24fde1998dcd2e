"""Forms of the policy card and of the audience ceilings."""

from typing import Any

from flask_babel import gettext
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form
from cirt.incidents.circle_models import Onward
from cirt.incidents.circles import CEILINGS

ONWARD_NAMES: dict[str, str] = {
    Onward.NOBODY: N_("To nobody outside the administration"),
    Onward.CONSTITUENTS: N_("To its constituents"),
    Onward.PARTNERS: N_("To its constituents and its own partners"),
    Onward.AS_MARKED: N_("As the marking of each allows"),
}


def ceilings() -> list[tuple[str, str]]:
    """Return the markings that a card or a ceiling may name, with their labels."""
    return [(tlp.value, tlp.label) for tlp in CEILINGS]


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number, or nothing; what is none is refused with a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; digits of any script count."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        if not text.isdecimal() or len(text) > 9:
            raise ValueError(gettext("Give a whole number, such as 90."))
        self.data = int(text)


class CardForm(Form):
    """What an administration does with what it receives."""

    retention_days = WholeNumberField(
        N_("It keeps what it receives for how many days?"),
        description=N_("Leave this empty as long as it is not decided."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )
    onward = ChoiceField(
        N_("To whom does it pass on what it receives?"), choices=lambda: list(ONWARD_NAMES.items())
    )
    accepts = SelectField(
        N_("Strictest marking that it can honour"),
        choices=ceilings,
        default=CEILINGS[-1].value,
        render_kw={"dir": "ltr"},
    )
    contact = StringField(
        N_("Contact for questions about this"),
        description=N_("A function and its address rather than a person."),
        validators=[AtMost(254)],
    )
    statement = TextAreaField(
        N_("In your own words"),
        description=N_(
            "Law that applies, who reads it, how it is destroyed. All partners see this."
        ),
        validators=[AtMost(4_000)],
    )


class CeilingForm(Form):
    """How far analysts and releasing officers may share in one release."""

    analyst_most: Any = WholeNumberField(
        N_("Most recipients of one release prepared by an analyst"),
        description=N_("Leave this empty for any number."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )
    analyst_strictest: Any = SelectField(
        N_("Strictest marking that an analyst may share"), choices=ceilings
    )
    officer_most: Any = WholeNumberField(
        N_("Most recipients of one release by a releasing officer"),
        description=N_("Leave this empty for any number."),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )
    officer_strictest: Any = SelectField(
        N_("Strictest marking that a releasing officer may share"), choices=ceilings
    )
