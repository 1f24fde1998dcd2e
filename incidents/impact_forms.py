"""The form of an impact: what all impacts have, and the properties of its category."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from flask_babel import gettext
from wtforms import DecimalField, Field, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, Form, UtcTimeField
from cirt.incidents.case_details import MAX_TEXT
from cirt.incidents.case_forms import LocalChoiceField
from cirt.incidents.count_fields import EntityCountsField
from cirt.incidents.impact_rules import PARTS, ImpactDetails, Part
from cirt.incidents.impact_words import IMPACT_FIELDS, PART_HINTS
from cirt.incidents.suite_words import Choices, step_choices, word_choices

_CODE = {"dir": "ltr", "class": "code", "autocapitalize": "characters", "spellcheck": "false"}
_DIGITS = {"inputmode": "decimal", "step": "any"}

CHOOSE = N_("Choose")
NOT_SAID = N_("Not said")


def or_none(text: str, choices: Callable[[], Choices]) -> Callable[[], Choices]:
    """Return choices that begin with an empty one of this name."""
    return lambda: [("", gettext(text)), *choices()]


class ImpactForm(Form):
    """What an impact of any category has; `form_of` adds the properties of one."""

    parts: tuple[Part, ...] = ()

    stamp = HiddenField()
    description = TextAreaField(
        IMPACT_FIELDS["description"],
        description=N_("It may leave with a release: name no private person."),
        validators=[Optional(), AtMost(MAX_TEXT)],
        render_kw={"rows": 4},
    )
    criticality = LocalChoiceField(
        IMPACT_FIELDS["criticality"],
        choices=or_none(N_("Not judged yet"), lambda: step_choices("criticality")),
        default="",
    )
    recoverability = LocalChoiceField(
        IMPACT_FIELDS["recoverability"],
        choices=or_none(NOT_SAID, lambda: word_choices("recoverability")),
        default="",
    )
    started_at = UtcTimeField(IMPACT_FIELDS["started_at"], validators=[Optional()])
    ended_at = UtcTimeField(
        IMPACT_FIELDS["ended_at"],
        description=N_("Empty while it lasts."),
        validators=[Optional()],
    )
    counts = EntityCountsField(
        IMPACT_FIELDS["counts"],
        description=N_(
            "Numbers only, never names. 0 says that there were none; leave out what was not counted."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # what came with a word or a number of somebody else's stays to be chosen
        for name, scale in _STEPS.items():
            if name in self._fields and self[name].object_data:
                self[name].choices = [
                    *self[name].choices[:1],
                    *step_choices(scale, int(self[name].object_data)),
                ]
        for part in self.parts:
            if part.kind == "word" and self[part.name].object_data:
                self[part.name].choices = [
                    *self[part.name].choices[:1],
                    *word_choices(part.words, self[part.name].object_data),
                ]

    def own_fields(self) -> list[Field]:
        """Return the fields of the category."""
        return [self[part.name] for part in self.parts]

    def details(self, category: str) -> ImpactDetails:
        """Return what was filled in."""
        return ImpactDetails(
            category=category,
            criticality=int(self.criticality.data) if self.criticality.data else None,
            description=self.description.data or "",
            started_at=self.started_at.data,
            ended_at=self.ended_at.data,
            recoverability=self.recoverability.data or "",
            details={part.name: _given(part, self[part.name].data) for part in self.parts},
            counts=self.counts.data,
        )


_STEPS = {"criticality": "criticality", "availability_impact": "availability"}


@cache
def form_of(category: str, *, superseding: bool = False) -> type[ImpactForm]:
    """Return the form for impacts of a category, with the earlier one's end when superseding."""
    fields: dict[str, Any] = {part.name: _field(part) for part in PARTS[category]}
    if superseding:
        fields["earlier_ended_at"] = UtcTimeField(
            N_("When the earlier impact ended (UTC)"),
            description=N_("Empty: when the new one starts."),
            validators=[Optional()],
        )
    return type(f"{category.title()}Form", (ImpactForm,), {"parts": PARTS[category], **fields})


def form_values(details: ImpactDetails) -> dict[str, Any]:
    """Return what a form shows of an impact."""
    values = {name: value for name, value in vars(details).items() if name != "details"}
    values["criticality"] = "" if details.criticality is None else str(details.criticality)
    for part in PARTS[details.category]:
        value = details.details.get(part.name)
        if part.kind == "step" and value is not None:
            value = str(value)
        elif part.kind == "time" and isinstance(value, str):
            value = datetime.fromisoformat(value)
        values[part.name] = value
    return values


def _field(part: Part) -> Field:
    label, hint = IMPACT_FIELDS[part.name], PART_HINTS.get(part.name, "")
    empty = CHOOSE if part.required else NOT_SAID
    optional = [] if part.required else [Optional()]
    match part.kind:
        case "word":
            words = or_none(empty, lambda: word_choices(part.words))
            return LocalChoiceField(label, choices=words, default="")
        case "step":
            steps = or_none(empty, lambda: step_choices(part.words))
            return LocalChoiceField(label, choices=steps, default="")
        case "whole":
            kw = {"inputmode": "numeric", "min": "0"}
            return IntegerField(label, description=hint, validators=optional, render_kw=kw)
        case "money" | "rate":
            return DecimalField(
                label, description=hint, places=None, validators=optional, render_kw=_DIGITS
            )
        case "currency":
            return StringField(
                label, description=hint, validators=[*optional, AtMost(12)], render_kw=_CODE
            )
        case "time":
            return UtcTimeField(label, description=hint, validators=optional)


def _given(part: Part, data: Any) -> Any:
    return int(data) if part.kind == "step" and data else data
