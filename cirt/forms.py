"""Form fields that several parts share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import flask
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, Field, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from cirt import i18n
from cirt.errors import DomainError


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose messages and labels follow the language of the request."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Labels are message ids, translated when the form is made."""

        locales = ("en",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            if field.name != "csrf_token":
                field.label.text = gettext(field.label.text) if field.label.text else ""
                field.description = gettext(field.description) if field.description else ""

    def refuse(self, error: DomainError, otherwise: str) -> None:
        """Show a refused rule at the field it is about, or at the field named `otherwise`.

        Nothing of the request is saved then, also not what came before the refusal.
        """
        flask.g.failed = True
        field: Field = self._fields.get(error.field) or self._fields[otherwise]
        field.errors = [*field.errors, i18n.sentence(error)]


class QuestionForm(Form):
    """A question without fields: only the token that shows that the page was seen."""


class UtcTimeField(DateTimeLocalField):  # type: ignore[misc]
    """A date and time typed and shown in UTC; the label says so."""

    data: datetime | None

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed as a time in UTC."""
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=UTC)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return (
            self.data.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
            if isinstance(self.data, datetime)
            else ""
        )


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


class ChoiceField(SelectField):  # type: ignore[misc]
    """A selection whose choices are (value, message id), translated when shown."""

    def __init__(
        self, label: str, *, choices: Callable[[], Iterable[tuple[str, str]]], **kwargs: Any
    ) -> None:
        super().__init__(
            label, choices=lambda: [(value, gettext(text)) for value, text in choices()], **kwargs
        )


class CheckboxList(SelectMultipleField):  # type: ignore[misc]
    """A choice of several, as check boxes; `choices` are set by the view."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **kwargs)


class Required:
    """A validator: the field may not stay empty. `message` is a message id."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it from the class

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: Any, field: Field) -> None:
        """Stop the validation chain with the sentence when nothing was given."""
        from wtforms.validators import StopValidation

        data = field.data
        if data is None or (isinstance(data, str) and not data.strip()) or data == []:
            field.errors = []
            raise StopValidation(gettext(self.message))


class AtMost:
    """A validator: no longer than so many characters."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, _form: Any, field: Field) -> None:
        """Raise ValidationError with the numbers when the text is longer."""
        from wtforms.validators import ValidationError

        if field.data is not None and len(field.data) > self.most:
            raise ValidationError(
                gettext(
                    "Shorten this to %(most)s characters; it has %(length)s.",
                    most=self.most,
                    length=len(field.data),
                )
            )
