"""Forms of the rounds' pages."""

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField

from cirt.assessments.forms import DetailsForm
from cirt.errors import N_
from cirt.forms import Form, Required


class NextRoundForm(DetailsForm):
    """The next round of a country; `instrument_version` gets its choices from the view."""

    instrument_version = SelectField(
        N_("Version of the instrument"),
        choices=[],
        validate_choice=False,
        description=N_(
            "A newer version may ask other questions; the comparison says which ones can be compared."
        ),
    )
    copy_scope = BooleanField(N_("Take over the scope"), default=True)
    copy_participants = BooleanField(N_("Take over the list of participants"), default=True)


class WorkbookForm(Form):
    """A workbook of answers to be read in."""

    file = FileField(
        N_("Workbook"),
        [Required(N_("Choose a file."))],
        description=N_("The file that was exported here, filled in. Its name ends in .xlsx."),
        render_kw={
            "accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        },
    )
