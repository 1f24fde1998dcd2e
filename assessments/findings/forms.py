"""Forms of the findings' pages."""

from flask_babel import gettext
from wtforms import HiddenField, RadioField, StringField, TextAreaField

from cirt.assessments.findings.models import (
    FINDING_KIND_NAMES,
    MAX_CAUSE,
    MAX_DESCRIPTION,
    FindingKind,
)
from cirt.assessments.models import MAX_TITLE
from cirt.assessments.plan.codes import MAX_CODES
from cirt.errors import N_
from cirt.forms import AtMost, CheckboxList, Form, Required

_CODES = {"dir": "ltr", "class": "code", "autocomplete": "off", "spellcheck": "false"}


class FindingForm(Form):
    """A finding; the choices of evidence are set by the view."""

    kind = RadioField(
        N_("Kind of finding"), choices=[], default=FindingKind.GAP.value, validate_choice=False
    )
    title = StringField(
        N_("Title"), [Required(N_("Say in a few words what was found.")), AtMost(MAX_TITLE)]
    )
    description = TextAreaField(
        N_("Description"),
        [AtMost(MAX_DESCRIPTION)],
        description=N_("What was seen or heard, and what follows from it."),
    )
    root_cause = TextAreaField(
        N_("Root cause"),
        [AtMost(MAX_CAUSE)],
        description=N_("Why it is so. An action that leaves the cause in place does not last."),
        render_kw={"rows": 3},
    )
    questions = StringField(
        N_("Questions"),
        [AtMost(MAX_CODES)],
        description=N_("Their codes, such as D1-Q1, D4-Q2."),
        render_kw=_CODES,
    )
    actions = StringField(
        N_("Actions of the plan"),
        [AtMost(MAX_CODES)],
        description=N_("Their codes in the plan, such as A3, A12."),
        render_kw=_CODES,
    )
    evidence = CheckboxList(N_("Evidence it rests on"))
    revision = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [
            (kind.value, gettext(name)) for kind, name in FINDING_KIND_NAMES.items()
        ]
