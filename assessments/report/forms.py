"""Forms of the report: the words of a chapter, the facts about the country."""

from typing import Any

from flask_babel import gettext
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from cirt.assessments.report.facts import FACTS, MAX_SOURCE, MAX_VALUE, TIERS, Fact, FactValue, Form
from cirt.assessments.report.models import MAX_TEXT
from cirt.errors import N_
from cirt.forms import AtMost
from cirt.forms import Form as BaseForm


class TextForm(BaseForm):
    """The words of one chapter."""

    text = TextAreaField(
        N_("Words of the chapter"),
        validators=[AtMost(MAX_TEXT)],
        description=N_(
            "An empty line begins a new paragraph; a line that begins with a hyphen and a space"
            " becomes an item of a list. Nothing else is read as markup."
        ),
        render_kw={"rows": 18},
    )
    revision = HiddenField()


class FactsForm(BaseForm):
    """The facts about the country: value, year and source of each; rows() has them in order."""

    revision = HiddenField()

    def rows(self) -> list[tuple[Fact, Any, Any, Any]]:
        """Return each fact with its three fields."""
        return [
            (fact, self[f"{fact.id}-value"], self[f"{fact.id}-year"], self[f"{fact.id}-source"])
            for fact in FACTS
        ]


def _value_field(fact: Fact) -> Any:
    label = N_("Value")
    match fact.form:
        case Form.TIER:
            return SelectField(
                label,
                choices=lambda: [("", gettext("not known")), *((tier, tier) for tier in TIERS)],
                validate_choice=False,
            )
        case Form.TEXT:
            return StringField(label, validators=[AtMost(MAX_VALUE)])
        case _:
            return StringField(
                label, validators=[AtMost(MAX_VALUE)], render_kw={"dir": "ltr", "inputmode": "decimal"}
                if fact.form is not Form.DOMAIN
                else {"dir": "auto"},
            )  # fmt: skip


for _fact in FACTS:
    setattr(FactsForm, f"{_fact.id}-value", _value_field(_fact))
    setattr(
        FactsForm,
        f"{_fact.id}-year",
        StringField(N_("Year"), render_kw={"dir": "ltr", "inputmode": "numeric", "maxlength": 4}),
    )
    setattr(
        FactsForm, f"{_fact.id}-source", StringField(N_("Source"), validators=[AtMost(MAX_SOURCE)])
    )


def facts_data(values: dict[str, FactValue]) -> dict[str, str]:
    """Return what a form shows of these facts."""
    found: dict[str, str] = {}
    for fact in FACTS:
        value = values.get(fact.id, FactValue())
        found[f"{fact.id}-value"] = value.value
        found[f"{fact.id}-year"] = str(value.year or "")
        found[f"{fact.id}-source"] = value.source
    return found
