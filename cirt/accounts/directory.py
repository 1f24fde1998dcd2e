"""Administrations and users: who is here, with which roles, and the links by which they start."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts import second_factor, signing
from cirt.accounts.models import (
    AccountLink,
    Administration,
    AdministrationKind,
    Place,
    User,
    UserRole,
)
from cirt.accounts.passwords import check_password, hash_password, keyed_hash, new_secret
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.settings import Settings

LINK_HOURS = {"invitation": 7 * 24, "reset": 24}
PERSON_ROLES = tuple(role for role in Role if role is not Role.MACHINE)

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")


def administrations(session: Session) -> Sequence[Administration]:
    """Return every administration, ordered by code."""
    return session.scalars(sa.select(Administration).order_by(Administration.code)).all()


def add_administration(
    session: Session,
    actor: Actor | None,
    *,
    code: str,
    names: Mapping[str, str],
    team_name: str = "",
    kind: AdministrationKind = AdministrationKind.MEMBER_STATE,
    place: Place = Place.LOCAL,
    contact_email: str = "",
    source: str = "",
) -> Administration:
    """Add an administration.

    code: ISO 3166-1 alpha-2 or user-assigned (XA–XZ), with an optional part after a dash for a
    second body of the same country. names: language -> name, at least one.
    """
    code = code.strip().upper()
    if not _CODE.fullmatch(code):
        raise InvalidInputError(
            N_("Give the two-letter country code (ISO 3166-1), such as XA."), field="code"
        )
    if session.scalars(sa.select(Administration.id).where(Administration.code == code)).first():
        raise InvalidInputError(
            N_("An administration with the code %(code)s exists already."), field="code", code=code
        )
    kept = {language: name.strip() for language, name in names.items() if name.strip()}
    if not kept:
        raise InvalidInputError(N_("Give the name in at least one language."), field="name_en")
    row = Administration(
        code=code,
        names=kept,
        team_name=team_name.strip(),
        kind=kind,
        place=place,
        contact_email=contact_email.strip(),
        source=source.strip(),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "administration.add", row, code=code)
    return row


def users(session: Session, administration_id: uuid.UUID | None = None) -> Sequence[User]:
    """Return the users of an administration (None: of all), ordered by user name."""
    query = sa.select(User).order_by(User.username)
    if administration_id is not None:
        query = query.where(User.administration_id == administration_id)
    return session.scalars(query).unique().all()


def add_user(
    session: Session,
    actor: Actor | None,
    *,
    administration: Administration,
    username: str,
    name: str,
    roles: Iterable[Role],
    email: str = "",
    password: str | None = None,
) -> User:
    """Add a person; without a password the account waits for its invitation link."""
    username = username.strip().casefold()
    if not _USERNAME.fullmatch(username):
        raise InvalidInputError(
            N_(
                "Use 3 to 64 small Latin letters, digits, dots, dashes or underscores for the user name."
            ),
            field="username",
        )
    if session.scalars(sa.select(User.id).where(User.username == username)).first():
        raise InvalidInputError(N_("This user name is taken; choose another."), field="username")
    if administration.place != Place.LOCAL:
        raise InvalidInputError(
            N_("Users of a remote administration sign in at their own installation."),
            field="administration",
        )
    chosen = set(roles)
    if not chosen or Role.MACHINE in chosen:
        raise InvalidInputError(N_("Choose at least one role."), field="roles")
    if not name.strip():
        raise InvalidInputError(N_("Give the person's name."), field="name")
    user = User(
        administration_id=administration.id,
        username=username,
        name=name.strip(),
        email=email.strip(),
        role_rows=[UserRole(role=role) for role in sorted(chosen)],
    )
    if password is not None:
        check_password(password, username=username)
        user.password_hash = hash_password(password)
    session.add(user)
    session.flush()
    audit.record(session, actor, "user.add", user, roles=sorted(chosen))
    return user


def change_user(
    session: Session, actor: Actor | None, user: User, *, roles: Iterable[Role], active: bool
) -> None:
    """Set a person's roles and whether the account is active; inactive ends all sessions at once."""
    chosen = set(roles)
    if not chosen or Role.MACHINE in chosen:
        raise InvalidInputError(N_("Choose at least one role."), field="roles")
    loses_it = Role.ADMINISTRATOR in user.roles and not (active and Role.ADMINISTRATOR in chosen)
    if loses_it and actor is not None and actor.user_id == user.id:
        raise InvalidInputError(
            N_(
                "You cannot take the administrator's role from yourself; ask another administrator."
            ),
            field="roles",
        )
    user.role_rows = [row for row in user.role_rows if Role(row.role) in chosen] + [
        UserRole(role=role) for role in sorted(chosen - user.roles)
    ]
    user.active = active
    session.flush()
    if not active:
        signing.end_all_sessions(session, user.id)
    audit.record(session, actor, "user.change", user, roles=sorted(chosen), active=active)


def make_link(session: Session, actor: Actor | None, user: User, *, settings: Settings) -> str:
    """Return a new link, valid once, by which the person chooses a password.

    An account without a password gets an invitation, any other a reset; older links end. A
    reset keeps the second factor (OWASP ASVS 5.0, 6.4.3).
    """
    purpose = "reset" if user.password_hash else "invitation"
    session.execute(
        sa.update(AccountLink)
        .where(AccountLink.user_id == user.id, AccountLink.used_at.is_(None))
        .values(used_at=now())
    )
    token = new_secret()
    link = AccountLink(
        user_id=user.id,
        purpose=purpose,
        token_hash=keyed_hash(settings.secret_key, "link", token),
        created_by=actor.user_id if actor else None,
        expires_at=now() + timedelta(hours=LINK_HOURS[purpose]),
    )
    session.add(link)
    session.flush()
    audit.record(session, actor, f"user.{purpose}", user)
    return f"{settings.url}/welcome/{token}"


def person_of_link(session: Session, token: str, *, settings: Settings) -> User:
    """Return whose link this is. Raises NotFoundError for a used, expired or unknown link."""
    link = _live_link(session, token, settings)
    user = session.get(User, link.user_id)
    if user is None or not user.active:
        raise NotFoundError(LINK_GONE)
    return user


LINK_GONE = N_("This link was used already or has expired. Ask your administrator for a new one.")


def choose_password(session: Session, token: str, password: str, *, settings: Settings) -> User:
    """Set the password by a link and use the link up: of two equal requests one succeeds."""
    user = person_of_link(session, token, settings=settings)
    check_password(password, username=user.username)
    link = _live_link(session, token, settings)
    used = session.execute(
        sa.update(AccountLink)
        .where(AccountLink.id == link.id, AccountLink.used_at.is_(None))
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFoundError(LINK_GONE)
    user.failures, user.locked_until = 0, None
    _set_password(session, user, password)
    return user


def change_password(session: Session, user: User, password: str, *, keep: uuid.UUID | None) -> None:
    """Change the password of a person who confirmed the present one; other sessions end."""
    check_password(password, username=user.username)
    _set_password(session, user, password, keep=keep)


def _set_password(
    session: Session, user: User, password: str, *, keep: uuid.UUID | None = None
) -> None:
    user.password_hash = hash_password(password)
    # a link that was sent before would open the account past the new password
    session.execute(
        sa.update(AccountLink)
        .where(AccountLink.user_id == user.id, AccountLink.used_at.is_(None))
        .values(used_at=now())
    )
    signing.end_all_sessions(session, user.id, but=keep)
    audit.record(session, signing.actor_of(user), "user.password", user)


def remove_second_factor(session: Session, actor: Actor, user: User) -> None:
    """Switch off a person's lost second factor; the person's sessions end."""
    second_factor.disable(session, user)
    signing.end_all_sessions(session, user.id)
    audit.record(session, actor, "user.second-factor-removed", user)


def _live_link(session: Session, token: str, settings: Settings) -> AccountLink:
    link = session.scalars(
        sa.select(AccountLink).where(
            AccountLink.token_hash == keyed_hash(settings.secret_key, "link", token)
        )
    ).one_or_none()
    if link is None or link.used_at is not None or link.expires_at <= now():
        raise NotFoundError(LINK_GONE)
    return link
