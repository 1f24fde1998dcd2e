"""Forms of the inbox."""

from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from cirt.errors import N_
from cirt.forms import AtMost, Form, Required, UtcTimeField
from cirt.incidents.case_details import MAX_TEXT, MAX_TITLE
from cirt.incidents.case_forms import LocalChoiceField, rsit_choices
from cirt.incidents.case_words import FIELD_NAMES
from cirt.incidents.inbox.decisions import MAX_NOTE
from cirt.incidents.inbox.feedback import MAX_PROPOSAL, MOST_SEEN
from cirt.incidents.reasons import MAX_REASON
from cirt.stix.marking import TLP


class DeclineForm(Form):
    """Why an item is put aside."""

    version = HiddenField()
    reason = TextAreaField(
        N_("Why it is declined"),
        description=N_("It stays with your team; the producer does not learn of it."),
        validators=[
            Required(N_("Say why, so that the others of your team learn it.")),
            AtMost(MAX_REASON),
        ],
        render_kw={"rows": 4},
    )


class NoteForm(Form):
    """A local note."""

    text = TextAreaField(
        N_("New note"),
        description=N_("It never leaves, and no newer version overwrites it."),
        validators=[Required(N_("Write the note first.")), AtMost(MAX_NOTE)],
        render_kw={"rows": 3},
    )


class CaseChoice(Form):
    """Into which own case."""

    version = HiddenField()
    incident = SelectField(N_("Incident"), validators=[Required(N_("Choose an incident."))])


class NewCaseForm(Form):
    """A case made of what was received."""

    version = HiddenField()
    title = StringField(
        FIELD_NAMES["title"],
        validators=[Required(N_("Give the incident a title.")), AtMost(MAX_TITLE)],
    )
    description = TextAreaField(
        FIELD_NAMES["description"],
        description=N_(
            "In your own words. The text that was received stays with what was received; repeated"
            " here, it could not be released where its marking forbids that."
        ),
        validators=[Optional(), AtMost(MAX_TEXT)],
        render_kw={"rows": 5},
    )
    rsit = LocalChoiceField(FIELD_NAMES["rsit"], choices=rsit_choices)
    tlp = RadioField(FIELD_NAMES["tlp"], description=N_("At least as strict as what was received."))

    def offer_markings(self, least: TLP) -> None:
        """Offer the markings that are no weaker than the least one."""
        # isolated: the label keeps its order in a right-to-left page
        self.tlp.choices = [(one.value, f"\u2066{one.label}\u2069") for one in TLP if one >= least]


class IntakeForm(Form):
    """A file to take in."""

    file = FileField(
        N_("STIX 2.1 file"),
        description=N_("A bundle, an envelope or a single object, as JSON."),
        validators=[Required(N_("Choose a file."))],
        render_kw={"accept": ".json,application/json"},
    )


class SightingForm(Form):
    """That something was seen here too."""

    of = SelectField(N_("What was seen"), validators=[Required(N_("Choose what was seen."))])
    first_seen = UtcTimeField(
        N_("First seen (UTC)"), validators=[Required(N_("Say when it was seen first."))]
    )
    last_seen = UtcTimeField(
        N_("Last seen (UTC)"), validators=[Required(N_("Say when it was seen last."))]
    )
    count = IntegerField(
        N_("How often"),
        default=1,
        validators=[
            NumberRange(min=1, max=MOST_SEEN),
        ],
    )


class ProposalForm(Form):
    """What the producer should change."""

    about = SelectField(
        N_("What it is about"), validators=[Required(N_("Choose what should change."))]
    )
    text = TextAreaField(
        N_("What should change, and why"),
        description=N_("It goes to the producer, after approval: name no private person."),
        validators=[Required(N_("Say what should change, and why.")), AtMost(MAX_PROPOSAL)],
        render_kw={"rows": 6},
    )
