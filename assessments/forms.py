"""Forms of the assessment pages."""

from flask_babel import gettext
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from cirt.assessments.evidence import KIND_NAMES, MARKINGS
from cirt.assessments.models import MAX_COMMENT, MAX_REASON, MAX_REFERENCE, MAX_TITLE
from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required
from cirt.stix.marking import TLP

WORKSHOP_LANGUAGES: tuple[tuple[str, str], ...] = (
    ("ar", N_("Arabic")),
    ("zh", N_("Chinese")),
    ("en", N_("English")),
    ("fr", N_("French")),
    ("ru", N_("Russian")),
    ("es", N_("Spanish")),
)

STAGES: tuple[tuple[str, str], ...] = (
    ("yes", N_("Yes")),
    ("no", N_("No")),
    ("open", N_("To be found out: ask the questions for both cases")),
)
STAGE_VALUES: dict[str, bool | None] = {"yes": True, "no": False, "open": None}


def stage_of(value: bool | None) -> str:
    """Return the form's word for whether a national CIRT exists."""
    return next(word for word, meaning in STAGE_VALUES.items() if meaning is value)


class DayField(DateField):  # type: ignore[misc]
    """A day; what cannot be read as one is refused with a sentence that says how to write it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed or picked."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(
                gettext("Give the date as year-month-day, such as 2026-03-01.")
            ) from None


class DetailsForm(Form):
    """What describes an assessment. Wrong choices are refused by the rules, with a sentence."""

    title = StringField(
        N_("Title"),
        [Required(N_("Give the assessment a title.")), AtMost(MAX_TITLE)],
        description=N_("Such as the round and the year. It stands on the cover of the report."),
    )
    language = ChoiceField(
        N_("Language of the workshop"), choices=lambda: WORKSHOP_LANGUAGES, validate_choice=False
    )
    stage = RadioField(
        N_("Does the country have a national CIRT today?"),
        choices=[],
        default="open",
        validate_choice=False,
        description=N_(
            "It decides which questions are asked. You can change this while the assessment is open."
        ),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.stage.choices = [(value, gettext(label)) for value, label in STAGES]

    @property
    def cirt_exists(self) -> bool | None:
        """Whether a national CIRT exists; None: nobody has said so."""
        return STAGE_VALUES.get(self.stage.data)


class StartForm(DetailsForm):
    """A new assessment."""

    country = SelectField(N_("Country (administration)"), choices=[], validate_choice=False)
    instrument = SelectField(N_("Instrument"), choices=[], validate_choice=False)


class AnswerForm(Form):
    """The answer to one question; `choices` are set by the view, with the instrument's words."""

    choice = RadioField(N_("Answer"), choices=[], validate_choice=False)
    reason = TextAreaField(
        N_("Why the question does not apply"),
        [AtMost(MAX_REASON)],
        description=N_("Needed with “Not applicable”; it is printed in the report."),
        render_kw={"rows": 2},
    )
    comment = TextAreaField(
        N_("Comment"),
        [AtMost(MAX_COMMENT)],
        description=N_("What was said and shown, so that others can follow the level chosen."),
    )
    revision = HiddenField()


class EvidenceForm(Form):
    """A piece of evidence of any kind."""

    kind = RadioField(N_("What is it?"), choices=[], default="file", validate_choice=False)
    file = FileField(N_("File"), description=N_("Only for an attached file."))
    tlp = ChoiceField(
        N_("Marking of the file"),
        choices=lambda: [(marking.value, marking.label) for marking in MARKINGS],
        default=TLP.AMBER_STRICT.value,
        validate_choice=False,
        description=N_(
            "Who may read it (TLP 2.0). Do not attach what only named persons may read."
        ),
        render_kw={"dir": "ltr"},
    )
    reference = TextAreaField(
        N_("Reference"),
        [AtMost(MAX_REFERENCE)],
        description=N_(
            "A document: title, number and place. An interview: function of the person."
            " An observation: what was seen. May stay empty for a file."
        ),
        render_kw={"rows": 3},
    )
    seen_on = DayField(N_("Date"), [Optional()])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind.value, gettext(name)) for kind, name in KIND_NAMES.items()]


class ReopenForm(Form):
    """Why a closed assessment is opened again."""

    reason = TextAreaField(
        N_("Reason"), [Required(N_("Say why the assessment is reopened.")), AtMost(MAX_REASON)]
    )


class GrantForm(Form):
    """Access of an assessor until a day."""

    username = StringField(
        N_("User name of the assessor"),
        [Required(N_("Give the user name of the assessor."))],
        render_kw={"dir": "ltr", "class": "code", "autocomplete": "off", "spellcheck": "false"},
    )
    until = DayField(N_("Last day of access"))
