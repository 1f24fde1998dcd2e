"""Forms of the design annex; most are made from the lists of services, assumptions and fields."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from cirt import i18n
from cirt.assessments.design.assumptions import (
    COVERAGE,
    COVERAGE_LABELS,
    COVERAGE_REASONS,
    LOADED,
    NUMBERS,
    ON_CALL_LABELS,
    Assumption,
    workload_field,
)
from cirt.assessments.design.budget import LINES, MAX_AMOUNT, MAX_CURRENCY, SALARIES, YEARS
from cirt.assessments.design.checklists import CHECK_NAMES
from cirt.assessments.design.description import FIELDS, MAX_FIELD
from cirt.assessments.design.models import MAX_NOTE, MAX_OWNER
from cirt.assessments.design.numbers import amount
from cirt.assessments.design.services import LEVEL_NAMES, PERIOD_NAMES, Period, services
from cirt.errors import N_, InvalidInputError
from cirt.forms import AtMost, ChoiceField, Form
from cirt.stix.marking import TLP

NUMBER = {"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"}


class Read:
    """A validator: what was typed can be read. read: raises InvalidInputError with a sentence."""

    def __init__(self, read: Callable[[str], object]) -> None:
        self.read = read

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise ValidationError with the sentence."""
        try:
            self.read(field.data or "")
        except InvalidInputError as error:
            raise ValidationError(i18n.sentence(error)) from None


def _form(name: str, fields: Mapping[str, Any]) -> type[Form]:
    """Return a form class with these fields and a revision."""
    return type(name, (Form,), {"__doc__": name, **fields, "revision": HiddenField()})


def service_field(service_id: str, period: Period) -> str:
    """Return the name of the field of a service in a period."""
    return f"s{service_id.removeprefix('FIRST-').replace('.', '_')}_{period.value}"


@cache
def services_form() -> type[Form]:
    """Return the form of the services: one choice of level for each of them and each period."""
    return _form(
        "ServicesForm",
        {
            service_field(one.id, period): ChoiceField(
                PERIOD_NAMES[period],
                choices=lambda: [(level.value, name) for level, name in LEVEL_NAMES.items()],
                default="",
                validate_choice=False,
            )
            for one in services()
            for period in Period
        },
    )


class ProposalsForm(Form):
    """The proposals to take over; the page draws their boxes."""

    keys = HiddenField()
    revision = HiddenField()


@cache
def staffing_form() -> type[Form]:
    """Return the form of the assumptions on posts and hours."""
    fields: dict[str, Any] = {}
    for period in Period:
        fields[f"coverage_{period.value}"] = ChoiceField(
            COVERAGE_LABELS[period],
            choices=COVERAGE.items,
            description=COVERAGE_REASONS[period],
            validate_choice=False,
        )
        fields[f"on_call_{period.value}"] = BooleanField(ON_CALL_LABELS[period])
    for one in NUMBERS:
        fields[one.id] = _number(one.label, Read(one.read), description=one.reason)
    return _form("StaffingForm", fields)


def with_defaults(form: Form) -> Form:
    """Return the form of the assumptions with each default and unit in the hint."""
    for one in NUMBERS:
        form[one.id].description = _hint(one)
    return form


def _hint(one: Assumption) -> str:
    reason, unit = gettext(one.reason), gettext(one.unit)
    if not one.default:
        return gettext("In %(unit)s. %(reason)s", unit=unit, reason=reason)
    return gettext(
        "In %(unit)s; default %(default)s. %(reason)s",
        unit=unit,
        default=one.default,
        reason=reason,
    )


def _number(label: str, *validators: Any, **kwargs: Any) -> StringField:
    return StringField(label, [AtMost(40), *validators], render_kw=NUMBER, **kwargs)


def _amount(most: int, places: int = 0) -> Read:
    return Read(
        lambda text: amount(text, field="", most=most, places=places) if text.strip() else None
    )


@cache
def workload_form() -> type[Form]:
    """Return the form of the hours a week that each service takes."""
    return _form(
        "WorkloadForm",
        {
            workload_field(one.id, level): _number(LEVEL_NAMES[level], _amount(2_000, 1))
            for one in services()
            for level in LOADED
        },
    )


LOW, HIGH = N_("from"), N_("to")


@cache
def budget_form() -> type[Form]:
    """Return the form of the budget: ranges of salaries, of each line and year."""
    fields: dict[str, Any] = {
        "currency": StringField(
            N_("Currency"),
            [AtMost(MAX_CURRENCY)],
            description=N_("Such as a three-letter code; all sums are in it, whole units."),
        )
    }
    for key in [*SALARIES, *(f"{line}_{year}" for line in LINES for year in YEARS)]:
        fields[f"{key}_low"] = _number(LOW, _amount(MAX_AMOUNT))
        fields[f"{key}_high"] = _number(HIGH, _amount(MAX_AMOUNT))
    fields["with_plan"] = BooleanField(
        N_("Count the actions of the plan as a line of their own"),
        description=N_(
            "Their cost bands are in US dollars and hold no salaries. Leave this out where the"
            " lines above hold the same costs already."
        ),
    )
    fields["rate"] = _number(
        N_("Units of the currency for one US dollar"),
        _amount(10**9, 4),
        description=N_(
            "Needed to count the actions of the plan; 1 where the currency is the US dollar."
        ),
    )
    return _form("BudgetForm", fields)


@cache
def description_form() -> type[Form]:
    """Return the form of the description of the team, one text for each field of the template."""
    fields: dict[str, Any] = {}
    for one in FIELDS:
        kind = StringField if one.rows == 1 else TextAreaField
        look = {} if one.rows == 1 else {"rows": one.rows}
        fields[one.key] = kind(one.title, [AtMost(MAX_FIELD)], description=one.hint, render_kw=look)
    return _form("DescriptionForm", fields)


class ExportForm(Form):
    """How the description of the team leaves the installation."""

    marking = ChoiceField(
        N_("Marking"),
        choices=lambda: [(one.value, one.label) for one in TLP],
        default=TLP.CLEAR.value,
        description=N_("TLP:CLEAR means that it may be published; that is what it is made for."),
    )
    kind = RadioField(N_("File"), default="pdf")
    read_through = BooleanField(
        N_(
            "I have read it through; nothing in it is confidential, and it may be passed on so marked"
        )
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [("pdf", gettext("PDF")), ("text", gettext("Plain text (UTF-8)"))]

    def validate_read_through(self, field: Any) -> None:
        """Refuse to export what nobody has read through."""
        if not field.data:
            raise ValidationError(gettext("Read the document through first, and confirm it here."))


class CheckForm(Form):
    """How far an item of a preparation list is."""

    state = RadioField(N_("How far"), default="open", validate_choice=False)
    owner = StringField(
        N_("Who sees to it"), [AtMost(MAX_OWNER)], description=N_("A post rather than a person.")
    )
    note = TextAreaField(N_("Note"), [AtMost(MAX_NOTE)], render_kw={"rows": 4})
    revision = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [(value, gettext(name)) for value, name in CHECK_NAMES.items()]
