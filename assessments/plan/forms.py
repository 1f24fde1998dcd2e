"""Forms of the plan's pages."""

from flask_babel import gettext
from wtforms import HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.assessments.instruments.model import COST_NAMES, EFFORT_NAMES, PHASE_NAMES
from cirt.assessments.models import MAX_REASON
from cirt.assessments.plan.codes import MAX_CODES
from cirt.assessments.plan.models import (
    ACTION_STATE_NAMES,
    MAX_NOTE,
    MAX_OWNER,
    MAX_TEXT,
)
from cirt.assessments.plan.progress import PROGRESS
from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, DayField, Form, Required

_CODES = {"dir": "ltr", "class": "code", "autocomplete": "off", "spellcheck": "false"}
_UNSAID = ("", N_("Not said"))


class NumberField(IntegerField):  # type: ignore[misc]
    """A whole number; what is none is refused with a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Give a whole number.")) from None


class LeftToTheRule(Optional):  # type: ignore[misc]
    """An empty field is refused by the rule, with its own sentence; it is not marked as optional."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags: dict[str, bool] = {}


class ProposeForm(Form):
    """With which beginning and how much at once a plan is proposed."""

    starts_on = DayField(
        N_("First day of the plan"),
        [LeftToTheRule()],
        description=N_("The proposed dates are counted from it."),
    )
    at_once = NumberField(
        N_("Actions at the same time"),
        [LeftToTheRule()],
        description=N_(
            "How many actions the country can carry forward side by side. Fewer make the plan longer."
        ),
        render_kw={"min": 1, "max": 50},
    )


class ActionForm(Form):
    """An action. Wrong choices are refused by the rules, with a sentence."""

    text = TextAreaField(
        N_("What is to be done"),
        [Required(N_("Say what is to be done.")), AtMost(MAX_TEXT)],
        description=N_("Who does what, with what result."),
        render_kw={"rows": 4},
    )
    indicator = TextAreaField(
        N_("Indicator"),
        [AtMost(MAX_TEXT)],
        description=N_("What can be seen or shown when it is done."),
        render_kw={"rows": 3},
    )
    owner = StringField(
        N_("Owner"),
        [AtMost(MAX_OWNER)],
        description=N_("The body or function that answers for it; a person's name only if needed."),
    )
    starts_on = DayField(N_("First day"), [Optional()])
    target_date = DayField(N_("Target date"), [Optional()])
    phase = ChoiceField(
        N_("Phase"),
        choices=lambda: [(phase.value, name) for phase, name in PHASE_NAMES.items()],
        validate_choice=False,
    )
    effort = ChoiceField(
        N_("Effort"),
        choices=lambda: [_UNSAID, *((band.value, name) for band, name in EFFORT_NAMES.items())],
        validate_choice=False,
    )
    cost = ChoiceField(
        N_("Cost beyond salaries"),
        choices=lambda: [_UNSAID, *((band.value, name) for band, name in COST_NAMES.items())],
        validate_choice=False,
    )
    needs = StringField(
        N_("Needs first"),
        [AtMost(MAX_CODES)],
        description=N_("Codes of the actions that come before it, such as A3, A12."),
        render_kw=_CODES,
    )
    question_id = StringField(
        N_("Question"),
        [AtMost(20)],
        description=N_("The code of the question it is about, such as D1-Q1; may stay empty."),
        render_kw=_CODES,
    )
    revision = HiddenField()


class DropForm(Form):
    """Why an action is dropped."""

    reason = TextAreaField(
        N_("Reason"),
        [Required(N_("Say why the action is dropped.")), AtMost(MAX_REASON)],
        description=N_("It stays with the action and is printed with the plan."),
    )
    revision = HiddenField()


class PlaceForm(Form):
    """To which place of its phase an action is moved."""

    place = NumberField(N_("Place within its phase"), render_kw={"min": 1})


class ProgressForm(Form):
    """How far an action is."""

    state = RadioField(N_("How far is it?"), choices=[], validate_choice=False)
    note = TextAreaField(
        N_("Note"),
        [AtMost(MAX_NOTE)],
        description=N_("What was done, what holds it up. Notes stay on record with name and time."),
        render_kw={"rows": 3},
    )
    seen = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [
            (state.value, gettext(ACTION_STATE_NAMES[state])) for state in PROGRESS
        ]
