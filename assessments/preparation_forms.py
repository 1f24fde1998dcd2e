"""Forms of the preparation: frame, participants, documents, agenda."""

from flask_babel import gettext
from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from cirt.assessments.models import MAX_SCOPE, MAX_TITLE
from cirt.assessments.preparation_models import MAX_DAY, MAX_NAME, MAX_NOTE
from cirt.errors import N_
from cirt.forms import AtMost, CheckboxList, ChoiceField, DayField, Form, Required

ATTENDED: tuple[tuple[str, str], ...] = (
    ("", N_("Not noted yet")),
    ("yes", N_("Came")),
    ("no", N_("Did not come")),
)
ATTENDED_VALUES: dict[str, bool | None] = {"": None, "yes": True, "no": False}


def attended_word(value: bool | None) -> str:
    """Return the form's word for whether somebody came."""
    return next(word for word, meaning in ATTENDED_VALUES.items() if meaning is value)


class FrameForm(Form):
    """What is looked at, against which profile, when and where people meet."""

    scope = TextAreaField(
        N_("Scope"),
        [AtMost(MAX_SCOPE)],
        description=N_(
            "What is looked at and what is not: which part of government, which sectors, since when."
            " It stands in the report."
        ),
        render_kw={"rows": 6},
    )
    profile = SelectField(
        N_("Target profile"),
        choices=[],
        validate_choice=False,
        description=N_("The minimums against which the answers are held."),
    )
    workshop_on = DayField(N_("First day of the workshop"), [Optional()])
    workshop_place = StringField(N_("Place of the workshop"), [AtMost(MAX_TITLE)])
    revision = HiddenField()


class InstrumentForm(Form):
    """Another instrument, while nothing rests on the present one."""

    instrument = SelectField(N_("Instrument"), choices=[], validate_choice=False)


class ParticipantForm(Form):
    """Somebody who takes part in the workshop."""

    name = StringField(
        N_("Name"),
        [Required(N_("Give the name, or what the person is called here.")), AtMost(MAX_NAME)],
    )
    organization = StringField(N_("Organization"), [AtMost(MAX_NAME)])
    function = StringField(
        N_("Function"),
        [AtMost(MAX_NAME)],
        description=N_("Post or task, such as head of network operations."),
    )
    group = SelectField(N_("Stakeholder group"), choices=[], validate_choice=False)
    attended = RadioField(N_("Did they come?"), choices=[], default="", validate_choice=False)
    revision = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.attended.choices = [(value, gettext(label)) for value, label in ATTENDED]


class DocumentForm(Form):
    """A document asked for."""

    title = StringField(
        N_("Document"),
        [Required(N_("Say which document is asked for.")), AtMost(MAX_NAME)],
        description=N_("Title, number and year, or what it should contain."),
    )
    from_whom = StringField(N_("Asked of"), [AtMost(MAX_NAME)])
    due_on = DayField(N_("Due on"), [Optional()])
    received_on = DayField(N_("Received on"), [Optional()])
    question_id = SelectField(
        N_("Evidence for the question"),
        choices=[],
        validate_choice=False,
        description=N_("Once received, it can be noted there as evidence with one button."),
    )
    note = TextAreaField(N_("Note"), [AtMost(MAX_NOTE)], render_kw={"rows": 3})
    revision = HiddenField()


class AgendaItemForm(Form):
    """One item of the agenda."""

    day = ChoiceField(
        N_("Day"),
        choices=lambda: [(str(day), str(day)) for day in range(1, MAX_DAY + 1)],
        validate_choice=False,
    )
    starts = StringField(
        N_("From"), description=N_("Such as 09:30."), render_kw={"dir": "ltr", "class": "code"}
    )
    ends = StringField(N_("To"), render_kw={"dir": "ltr", "class": "code"})
    title = StringField(N_("Item"), [Required(N_("Say what the item is about.")), AtMost(MAX_NAME)])
    note = TextAreaField(N_("Note"), [AtMost(MAX_NOTE)], render_kw={"rows": 3})
    dimensions = CheckboxList(N_("Dimensions answered in it"))
    groups = CheckboxList(
        N_("Groups invited"), description=N_("With none ticked everybody is invited.")
    )
    revision = HiddenField()


class FillForm(Form):
    """How long the workshop is, to start from a usual agenda."""

    days = ChoiceField(
        N_("Length of the workshop"),
        choices=lambda: [
            ("3", N_("Three days")),
            ("4", N_("Four days")),
            ("5", N_("Five days")),
        ],
        default="4",
        validate_choice=False,
    )
