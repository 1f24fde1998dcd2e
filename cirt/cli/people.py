"""`cirt user` and `cirt token`: people and machines without the web pages."""

import argparse
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Role
from cirt.accounts import directory, tokens
from cirt.accounts.models import Administration, User
from cirt.db import open_database
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.settings import read_settings


def add_commands(commands: Any) -> None:
    """Add the commands to the grammar."""
    user = commands.add_parser(
        "user", help="add people, make links for lost passwords, list people"
    )
    which = user.add_subparsers(dest="which", required=True, metavar="what")
    add = which.add_parser("add", help="add a person and print the invitation link")
    add.add_argument("username")
    add.add_argument("--administration", required=True, help="country code, such as XA")
    add.add_argument("--name", required=True)
    add.add_argument(
        "--roles", required=True, help="separated by commas: " + ", ".join(directory.PERSON_ROLES)
    )
    add.set_defaults(run=_add_user)
    link = which.add_parser("link", help="print a new link to choose a password")
    link.add_argument("username")
    link.set_defaults(run=_link)
    listed = which.add_parser("list", help="list the people")
    listed.set_defaults(run=_list_users)

    token = commands.add_parser("token", help="make, list and end machine tokens")
    which = token.add_subparsers(dest="which", required=True, metavar="what")
    make = which.add_parser(
        "make", help="make a token, and print it once with what it may do and until when"
    )
    make.add_argument("--administration", required=True, help="country code, such as XA")
    make.add_argument("--label", required=True, help="the machine that will use it")
    make.add_argument(
        "--scopes",
        default="taxii.read",
        help="what it may do, separated by commas (without this: %(default)s): "
        + ", ".join(tokens.SCOPES),
    )
    make.add_argument(
        "--days",
        type=int,
        default=365,
        help=f"how long it is valid, 1 to {tokens.MAX_DAYS} (without this: %(default)s)",
    )
    make.set_defaults(run=_make_token)
    end = which.add_parser("end", help="end a token")
    end.add_argument("id", type=uuid.UUID)
    end.set_defaults(run=_end_token)
    listed = which.add_parser(
        "list", help="list the tokens: state, last use, what each may do, and its machine"
    )
    listed.set_defaults(run=_list_tokens)


def _administration(session: Session, code: str) -> Administration:
    row = session.scalars(
        sa.select(Administration).where(Administration.code == code.upper())
    ).one_or_none()
    if row is None:
        raise NotFoundError(N_("There is no administration with the code %(code)s."), code=code)
    return row


def _add_user(options: argparse.Namespace) -> None:
    settings = read_settings()
    try:
        roles = [Role(name.strip()) for name in options.roles.split(",")]
    except ValueError as error:
        raise InvalidInputError(
            N_("Give roles out of this list: %(roles)s."), roles=", ".join(directory.PERSON_ROLES)
        ) from error
    with open_database(settings).writing() as session:
        user = directory.add_user(
            session,
            None,
            administration=_administration(session, options.administration),
            username=options.username,
            name=options.name,
            roles=roles,
        )
        print(directory.make_link(session, None, user, settings=settings))


def _link(options: argparse.Namespace) -> None:
    settings = read_settings()
    with open_database(settings).writing() as session:
        user = session.scalars(
            sa.select(User).where(User.username == options.username)
        ).one_or_none()
        if user is None:
            raise NotFoundError(
                N_("There is no user with the name %(name)s."), name=options.username
            )
        print(directory.make_link(session, None, user, settings=settings))


def _list_users(_options: argparse.Namespace) -> None:
    with open_database(read_settings()).reading() as session:
        for user in directory.users(session):
            state = "active" if user.active else "not active"
            print(
                f"{user.username:20} {user.administration.code:6} {state:10} {', '.join(sorted(user.roles))}"
            )


def _make_token(options: argparse.Namespace) -> None:
    settings = read_settings()
    with open_database(settings).writing() as session:
        row, text = tokens.make_token(
            session,
            None,
            administration=_administration(session, options.administration),
            label=options.label,
            scopes=[scope for scope in map(str.strip, options.scopes.split(",")) if scope],
            days=options.days,
            settings=settings,
        )
    print(
        f"user name: {row.username}\ntoken:     {text}\ndiscovery: {settings.url}/taxii2/\n"
        f"may do:    {', '.join(row.scopes)}\nvalid:     until {row.expires_at:%Y-%m-%d %H:%M} UTC"
    )


def _end_token(options: argparse.Namespace) -> None:
    with open_database(read_settings()).writing() as session:
        tokens.revoke_token(session, None, options.id)
    print("The token has ended.")


def _list_tokens(_options: argparse.Namespace) -> None:
    with open_database(read_settings()).reading() as session:
        for row in tokens.tokens(session):
            state = tokens.state_of(row)
            state = f"until {row.expires_at:%Y-%m-%d}" if state == "valid" else state
            used = f"used {row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never used"
            print(
                f"{row.id} {row.administration.code:6} {row.username:16} {state:16} {used:21} "
                f"{','.join(row.scopes)} {row.label}"
            )
