"""Who plays in the tests."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cirt.access import Actor, Role
from cirt.accounts import directory, signing, tokens
from cirt.accounts.models import Administration, AdministrationKind, User
from cirt.app import create_app
from cirt.db import Database
from cirt.settings import Settings, read_settings

PASSWORD = "orange-tractor-mirrors-38"


@dataclass
class Cast:
    """Who plays in the tests: three administrations and an assessing body, all user-assigned codes.

    XA and XB share circles, XC never does. People are found by user name.
    """

    administrations: dict[str, uuid.UUID] = field(default_factory=dict)
    users: dict[str, uuid.UUID] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


PEOPLE: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("root", "XZ", (Role.ADMINISTRATOR,)),
    ("amina", "XZ", (Role.ASSESSOR,)),
    ("carla", "XA", (Role.CONTRIBUTOR,)),
    ("rene", "XZ", (Role.REVIEWER,)),
    ("farid", "XA", (Role.FOCAL_POINT,)),
    ("nadia", "XA", (Role.ANALYST,)),
    ("omar", "XA", (Role.RELEASING_OFFICER,)),
    ("boris", "XB", (Role.ANALYST, Role.RELEASING_OFFICER)),
    ("bela", "XB", (Role.FOCAL_POINT,)),
    ("chen", "XC", (Role.ANALYST, Role.RELEASING_OFFICER, Role.FOCAL_POINT)),
)


def store_cast(database: Database, settings: Settings) -> Cast:
    """Store the cast in a database of a test's own, and return it."""
    found = Cast()
    with database.writing() as session:
        for code, kind in (
            ("XA", AdministrationKind.MEMBER_STATE),
            ("XB", AdministrationKind.MEMBER_STATE),
            ("XC", AdministrationKind.MEMBER_STATE),
            ("XZ", AdministrationKind.ASSESSING_BODY),
        ):
            row = directory.add_administration(
                session,
                None,
                code=code,
                names={"en": f"Administration {code}", "ar": f"الإدارة {code}"},
                team_name=f"CIRT {code}",
                kind=kind,
            )
            found.administrations[code] = row.id
        for username, code, roles in PEOPLE:
            user = directory.add_user(
                session,
                None,
                administration=session.get_one(Administration, found.administrations[code]),
                username=username,
                name=username.title(),
                roles=roles,
                password=PASSWORD,
            )
            found.users[username] = user.id
            found.actors[username] = signing.actor_of(user)
        for code in ("XA", "XB", "XC"):
            _row, text = tokens.make_token(
                session,
                None,
                administration=session.get_one(Administration, found.administrations[code]),
                label=f"machine of {code}",
                scopes=sorted(tokens.SCOPES),
                days=30,
                settings=settings,
            )
            found.tokens[code] = text
    return found


def token_with(database: Database, settings: Settings, cast: Cast, code: str, *scopes: str) -> str:
    """Return a new token of an administration with these scopes."""
    with database.writing() as session:
        _row, text = tokens.make_token(
            session,
            None,
            administration=session.get_one(Administration, cast.administrations[code]),
            label=f"machine of {code} with {len(scopes)} scopes",
            scopes=scopes,
            days=30,
            settings=settings,
        )
    return text


def user_of(session: Any, cast: Cast, username: str) -> User:
    """Return the row of a person of the cast."""
    user: User = session.get_one(User, cast.users[username])
    return user


@dataclass(frozen=True)
class KeptCast:
    """A database with the cast and nothing else, and the key that its tokens were made with."""

    template: Any  # a file, or the name of a database
    secret_key: str
    cast: Cast


def keep_cast(database: Database, template: Any, folder: Path) -> KeptCast:
    """Store the cast in a database, and return what it takes to use copies of it."""
    settings = read_settings({}, data_dir=folder)
    create_app(settings)  # loads both halves, with what they add to a new administration
    return KeptCast(template, settings.secret_key, store_cast(database, settings))
