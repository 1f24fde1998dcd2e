"""Forms of the assessment pages."""

from flask_babel import gettext
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from cirt.assessments.answering import CONFIDENCE_NAMES
from cirt.assessments.evidence import KIND_NAMES, MARKINGS
from cirt.assessments.grants import GRANT_ROLE_NAMES
from cirt.assessments.lifecycle import REOPEN_TO
from cirt.assessments.models import (
    MAX_COMMENT,
    MAX_REASON,
    MAX_REFERENCE,
    MAX_REMARK,
    MAX_TITLE,
)
from cirt.errors import N_
from cirt.forms import AtMost, CheckboxList, ChoiceField, DayField, Form, Required
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
            "It decides which questions are asked. You can change this until the assessment is agreed."
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
    functions = CheckboxList(N_("Functions offered"))
    comment = TextAreaField(
        N_("Comment"),
        [AtMost(MAX_COMMENT)],
        description=N_("What was said and shown, so that others can follow the level chosen."),
    )
    confidence = RadioField(
        N_("How sure are those who answered?"),
        choices=[],
        default="",
        validate_choice=False,
        description=N_("It stands beside the level and never changes it."),
    )
    for_review = BooleanField(N_("Mark for review: somebody should look at this again"))
    disputed = BooleanField(N_("Disputed: those present did not agree; the comment says on what"))
    revision = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.confidence.choices = [
            (one.value, gettext(name)) for one, name in CONFIDENCE_NAMES.items()
        ]


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
    """Why an agreed or closed assessment is taken up again, and at which step."""

    to = RadioField(
        N_("Where is it taken up again?"),
        choices=[],
        default=REOPEN_TO[0].value,
        validate_choice=False,
    )
    reason = TextAreaField(
        N_("Reason"), [Required(N_("Say why the assessment is reopened.")), AtMost(MAX_REASON)]
    )


class RemarkForm(Form):
    """What somebody writes to the others about a question."""

    text = TextAreaField(
        N_("Remark"),
        [Required(N_("Write the remark first.")), AtMost(MAX_REMARK)],
        description=N_(
            "Everybody with access to the assessment reads it. It cannot be changed later."
        ),
    )


class GrantForm(Form):
    """A part in the assessment until a day."""

    username = StringField(
        N_("User name"),
        [Required(N_("Give the user name."))],
        render_kw={"dir": "ltr", "class": "code", "autocomplete": "off", "spellcheck": "false"},
    )
    role = RadioField(N_("Part"), choices=[], validate_choice=False)
    until = DayField(N_("Last day of access"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(role.value, gettext(name)) for role, name in GRANT_ROLE_NAMES.items()]
