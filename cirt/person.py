"""The signed-in person of a request, read once and whole, so that no later page needs the database for it."""

from flask_babel import gettext

from cirt import access
from cirt.access import Actor
from cirt.accounts import signing
from cirt.accounts.models import LoginSession, User


class Person:
    """One running session of one user, as Flask-Login knows them.

    `user` belongs to no database session: it is there to be read, never to be changed.
    """

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, row: LoginSession, token: str) -> None:
        self.session_id = row.id
        self.user: User = row.user
        self.actor: Actor = signing.actor_of(row.user)
        self.is_due_for_touch = signing.is_due_for_touch(row)
        self._token = token

    def get_id(self) -> str:
        """Return the opaque token that the cookie carries."""
        return self._token

    @property
    def language(self) -> str:
        """Return the language this person chose, or an empty text."""
        return self.user.language


class ShownPerson:
    """The signed-in person as the page header shows them."""

    is_authenticated = True

    def __init__(self, person: Person, language: str) -> None:
        self.name = person.user.name
        self.username = person.user.username
        self.administration_name = person.user.administration.name_in(language)
        self.administration_code = person.user.administration.code
        self.roles_text = ", ".join(
            gettext(access.ROLE_NAMES[role]) for role in sorted(person.user.roles)
        )
