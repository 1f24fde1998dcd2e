"""Forms of signing in, of one's own account, and of the directory."""

from flask_babel import gettext
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cirt.access import ROLE_NAMES
from cirt.accounts.directory import PERSON_ROLES
from cirt.accounts.tokens import MAX_DAYS, SCOPE_GROUPS, SCOPES
from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]
    """Several choices, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SignInForm(Form):
    """User name and password."""

    username = StringField(
        N_("User name"),
        validators=[Required(N_("Type your user name.")), AtMost(64)],
        render_kw={
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "dir": "ltr",
        },
    )
    password = PasswordField(
        N_("Password"),
        validators=[Required(N_("Type your password.")), AtMost(256)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class CodeForm(Form):
    """The second factor."""

    code = StringField(
        N_("Code"),
        description=N_(
            "Six digits from your authenticator, or one of your printed recovery codes."
        ),
        validators=[Required(N_("Type the code.")), AtMost(32)],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "text",
            "dir": "ltr",
            "class": "code",
        },
    )
    next = HiddenField()


class ChoosePasswordForm(Form):
    """A new password, by a link."""

    password = PasswordField(
        N_("New password"),
        description=N_("At least 12 characters; several words are easy to remember."),
        validators=[Required(N_("Type a new password."))],
        render_kw={"autocomplete": "new-password"},
    )
    password_again = PasswordField(
        N_("New password, once more"),
        validators=[Required(N_("Type the new password once more."))],
        render_kw={"autocomplete": "new-password"},
    )

    def validate_password_again(self, field: PasswordField) -> None:
        """Refuse when the two differ."""
        from wtforms.validators import ValidationError

        if field.data != self.password.data:
            raise ValidationError(gettext("The two passwords differ; type them again."))


class ChangePasswordForm(ChoosePasswordForm):
    """A new password, with the present one."""

    present_password = PasswordField(
        N_("Present password"),
        validators=[Required(N_("Type your present password."))],
        render_kw={"autocomplete": "current-password"},
    )


class PresentPasswordForm(Form):
    """A confirmation by password."""

    present_password = PasswordField(
        N_("Present password"),
        validators=[Required(N_("Type your present password."))],
        render_kw={"autocomplete": "current-password"},
    )


class EnableCodeForm(PresentPasswordForm):
    """The first code of a new authenticator, with the password."""

    code = StringField(
        N_("Code from the authenticator"),
        validators=[Required(N_("Type the code."))],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "dir": "ltr",
            "class": "code",
        },
    )


class AdministrationForm(Form):
    """A new administration."""

    code = StringField(
        N_("Country code"),
        description=N_(
            "Two letters (ISO 3166-1), such as XA; a second body of a country adds a part, such as XA-2."
        ),
        validators=[Required(N_("Type the country code."))],
        render_kw={"dir": "ltr", "class": "code"},
    )
    name_en = StringField(N_("Name in English"), validators=[AtMost(200)])
    name_ar = StringField(N_("Name in Arabic"), validators=[AtMost(200)])
    team_name = StringField(N_("Name of the national CIRT"), validators=[Optional(), AtMost(200)])
    contact_email = EmailField(
        N_("Public contact address of the team"),
        description=N_("A team's mailbox, not a person's: it travels with released incidents."),
        validators=[Optional(), AtMost(254)],
    )
    kind = ChoiceField(
        N_("Kind"),
        choices=lambda: [
            ("member-state", N_("Administration of a Member State")),
            ("assessing-body", N_("Body that assesses")),
        ],
    )
    place = ChoiceField(
        N_("Where its users sign in"),
        choices=lambda: [
            ("local", N_("At this installation")),
            ("remote", N_("At another installation")),
        ],
    )
    source = StringField(
        N_("Source of the names"),
        description=N_("A public list, such as the UN terminology database."),
        validators=[Optional(), AtMost(300)],
    )


class UserForm(Form):
    """A new user."""

    administration = SelectField(N_("Administration"))
    username = StringField(
        N_("User name"),
        validators=[Required(N_("Type a user name."))],
        render_kw={"dir": "ltr", "autocapitalize": "none", "spellcheck": "false"},
    )
    name = StringField(
        N_("Name of the person"), validators=[Required(N_("Type the person's name.")), AtMost(200)]
    )
    email = EmailField(N_("E-mail address"), validators=[Optional(), AtMost(254)])
    roles = CheckboxesField(N_("Roles"), choices=lambda: role_choices())


class ChangeUserForm(Form):
    """Roles and state of a user."""

    roles = CheckboxesField(N_("Roles"), choices=lambda: role_choices())
    active = BooleanField(N_("The account is active"))


class TokenForm(Form):
    """A new machine token."""

    administration = SelectField(N_("Administration"))
    label = StringField(
        N_("Machine"),
        description=N_("Which system will use the token, such as: MISP of the national CIRT."),
        validators=[Required(N_("Say which machine will use the token.")), AtMost(200)],
    )
    scopes = CheckboxesField(
        N_("What it may do"),
        choices=lambda: [
            (name, gettext(SCOPES[name])) for _heading, names in SCOPE_GROUPS for name in names
        ],
    )
    days = IntegerField(
        N_("Valid for days"),
        default=365,
        validators=[NumberRange(min=1, max=MAX_DAYS)],
        render_kw={"dir": "ltr"},
    )


def role_choices() -> list[tuple[str, str]]:
    """Return the roles a person may hold, with their names."""
    return [(role.value, gettext(ROLE_NAMES[role])) for role in PERSON_ROLES]
