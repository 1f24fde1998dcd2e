"""Who plays in the demonstration: administrations, people with new passwords, machines."""

import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cirt.access import Actor, Role
from cirt.accounts import directory, signing, tokens
from cirt.accounts.models import Administration, AdministrationKind, Place
from cirt.accounts.passwords import check_password
from cirt.datafiles import DataMap, data_path, read_map
from cirt.errors import InvalidInputError
from cirt.web import Installation

# by this an administration of the demonstration is known in the database
SOURCE = "Demonstration, no real State"

# words of consonant, vowel, consonant, vowel, consonant: 16 bits each, readable in any language
CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aiou"
WORDS = 4


@dataclass
class Stage:
    """Where the demonstration is loaded, and what its parts know of each other.

    administrations: code -> id. actors: user name -> who acts. circles: alias -> id. incidents:
    key in the data file -> id. assessments: the same.
    """

    installation: Installation
    administrations: dict[str, uuid.UUID] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    circles: dict[str, uuid.UUID] = field(default_factory=dict)
    incidents: dict[str, uuid.UUID] = field(default_factory=dict)
    assessments: dict[str, uuid.UUID] = field(default_factory=dict)


def load(stage: Stage) -> dict[str, Any]:
    """Add everybody in one transaction and return who may sign in.

    The answer is {"url", "users": [{"username", "password", "roles", "administration"}],
    "taxii": [{"administration", "username", "token", "scopes", "discovery_url"}], "api": [{the same,
    and "api_url" for "discovery_url"}]}: a token for each use, which may do that and no more.
    """
    data, url = read_map(seed("people.yml")), stage.installation.settings.url
    with stage.installation.database.writing() as session:
        _add_administrations(session, stage, data)
        users = _add_people(session, stage, data)
        machines = data.section("machines")
        return {
            "url": url,
            "users": users,
            "taxii": _add_machines(session, stage, machines, "taxii", taxii_address(url)),
            "api": _add_machines(session, stage, machines, "api", api_address(url)),
        }


def taxii_address(url: str) -> dict[str, str]:
    """Return where a TAXII client begins. url: of the installation."""
    return {"discovery_url": f"{url}/taxii2/"}


def api_address(url: str) -> dict[str, str]:
    """Return where a client of the REST API begins. url: of the installation."""
    return {"api_url": f"{url}/api/v1/"}


def seed(name: str) -> Path:
    """Return the path of a data file of the demonstration."""
    return data_path("seed", "demonstration", name)


def pass_phrase(username: str) -> str:
    """Return a new password of four readable words, 64 random bits, such as lusab-mogit-dufan-zorik."""
    while True:
        words = (
            "".join(
                secrets.choice(letters)
                for letters in (CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS)
            )
            for _ in range(WORDS)
        )
        password = "-".join(words)
        try:
            check_password(password, username=username)
        except InvalidInputError:  # one in a great many holds the user name
            continue
        return password


def _add_administrations(session: Session, stage: Stage, data: DataMap) -> None:
    for one in data.sections("administrations"):
        names = one.section("names")
        row = directory.add_administration(
            session,
            None,
            code=one.text("code"),
            names={language: names.text(language) for language in names},
            team_name=one.get("team", ""),
            kind=AdministrationKind(one.text("kind")),
            contact_email=one.text("contact"),
            place=Place(one.get("place", Place.LOCAL.value)),
            source=SOURCE,
        )
        stage.administrations[row.code] = row.id


def _add_people(session: Session, stage: Stage, data: DataMap) -> list[dict[str, Any]]:
    users = []
    for one in data.sections("people"):
        username, code = one.text("username"), one.text("administration")
        password = pass_phrase(username)
        user = directory.add_user(
            session,
            None,
            administration=session.get_one(Administration, stage.administrations[code]),
            username=username,
            name=one.text("name"),
            roles=[Role(role) for role in one.texts("roles")],
            password=password,
        )
        user.language = one.text("language")
        stage.actors[username] = signing.actor_of(user)
        users.append(
            {
                "username": username,
                "password": password,
                "roles": sorted(user.roles),
                "administration": code,
            }
        )
    return users


def _add_machines(
    session: Session, stage: Stage, machines: DataMap, use: str, address: dict[str, str]
) -> list[dict[str, Any]]:
    """Make a token for one use in each administration. address: where the machine begins."""
    settings, given = stage.installation.settings, machines.section(use)
    found = []
    for code in machines.texts("administrations"):
        row, text = tokens.make_token(
            session,
            None,
            administration=session.get_one(Administration, stage.administrations[code]),
            label=given.text("label"),
            scopes=given.texts("scopes"),
            days=machines.integer("days", 1, tokens.MAX_DAYS),
            settings=settings,
        )
        found.append(
            {
                "administration": code,
                "username": row.username,
                "token": text,
                "scopes": row.scopes,
                **address,
            }
        )
    return found
