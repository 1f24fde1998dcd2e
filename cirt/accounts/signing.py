"""Signing in and out: password, lock-out, second factor, and the sessions that follow."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts import second_factor
from cirt.accounts.models import LoginSession, SignInLimit, User
from cirt.accounts.passwords import keyed_hash, new_secret, password_matches
from cirt.clock import now
from cirt.errors import N_, InvalidInputError
from cirt.settings import Settings

FAILURES_BEFORE_LOCK = 5
LOCK_MINUTES = 15  # a lock always ends by itself, so it cannot shut a person out for good
FAILURES_PER_ADDRESS = 50
ADDRESS_WINDOW_MINUTES = 15
SEEN_EVERY_SECONDS = 60

WRONG = N_("User name or password is wrong. After five failures the account waits 15 minutes.")
TOO_MANY = N_("Too many failed attempts from this network. Try again in %(minutes)s minutes.")
WRONG_CODE = N_(
    "This code is wrong or was used already. Type the newest one from your authenticator."
)


@dataclass(frozen=True)
class Attempt:
    """What came of a password: a person, or the sentence to show."""

    user: User | None
    sentence: str = ""

    @property
    def needs_second_factor(self) -> bool:
        """Return whether a code is still to be asked for."""
        return self.user is not None and self.user.totp_secret is not None


def actor_of(user: User) -> Actor:
    """Return the actor that this person is, with the roles of this moment."""
    return Actor(administration_id=user.administration_id, roles=user.roles, user_id=user.id)


def try_password(session: Session, username: object, password: object, *, address: str) -> Attempt:
    """Check a user name and password; failures are counted, whatever the reason.

    The sentence is the same for a wrong password, an unknown, a disabled and a locked account.
    """
    if _address_is_blocked(session, address):
        return Attempt(None, TOO_MANY)
    name = username.strip().casefold() if isinstance(username, str) else ""
    user = (
        session.scalars(sa.select(User).where(User.username == name)).one_or_none()
        if name
        else None
    )
    matches = password_matches(user.password_hash if user else None, password)
    if user is None or not matches or not user.active or _is_locked(user):
        _count_failure(session, user, address)
        return Attempt(None, WRONG)
    return Attempt(user)


def try_code(
    session: Session, user: User, code: str, *, address: str, settings: Settings
) -> Attempt:
    """Check the second factor of a person whose password was right; failures count the same."""
    if _address_is_blocked(session, address):
        return Attempt(None, TOO_MANY)
    if _is_locked(user) or not user.active:
        return Attempt(None, WRONG_CODE)
    if not second_factor.accept_code(session, user, code, secret_key=settings.secret_key):
        _count_failure(session, user, address)
        return Attempt(None, WRONG_CODE)
    return Attempt(user)


def begin_session(
    session: Session, user: User, *, address: str, agent: str, settings: Settings
) -> str:
    """Open a session after the last factor and return its token for the cookie, shown only now."""
    token = new_secret()
    user.failures = 0
    user.locked_until = None
    user.signed_in_at = now()
    row = LoginSession(
        user_id=user.id,
        token_hash=_session_hash(settings, token),
        expires_at=now() + timedelta(hours=settings.session_hours),
        address=address[:64],
        agent=agent[:200],
    )
    session.add(row)
    session.flush()
    audit.record(session, actor_of(user), "session.begin", row)
    return token


def session_of(session: Session, token: str, *, settings: Settings) -> LoginSession | None:
    """Return the running session of a cookie's token: not ended, not idle, not expired, account active."""
    moment = now()
    row = session.scalars(
        sa.select(LoginSession).where(LoginSession.token_hash == _session_hash(settings, token))
    ).one_or_none()
    if row is None or row.ended_at is not None or row.expires_at <= moment or not row.user.active:
        return None
    if row.seen_at + timedelta(minutes=settings.idle_minutes) <= moment:
        return None
    return row


def is_due_for_touch(row: LoginSession) -> bool:
    """Return whether the time of last use is old enough to be written again."""
    return (now() - row.seen_at).total_seconds() >= SEEN_EVERY_SECONDS


def touch(session: Session, session_id: uuid.UUID) -> None:
    """Note that the session is in use."""
    session.execute(
        sa.update(LoginSession).where(LoginSession.id == session_id).values(seen_at=now())
    )


def sessions_of(session: Session, user_id: uuid.UUID) -> Sequence[LoginSession]:
    """Return the running sessions of a person, newest first."""
    return session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now(),
        )
        .order_by(LoginSession.created_at.desc())
    ).all()


def end_session(session: Session, actor: Actor, session_id: uuid.UUID) -> None:
    """End one of the actor's own sessions; an unknown one is no error."""
    ended = session.execute(
        sa.update(LoginSession)
        .where(
            LoginSession.id == session_id,
            LoginSession.user_id == actor.user_id,
            LoginSession.ended_at.is_(None),
        )
        .values(ended_at=now())
    )
    if ended.rowcount:  # type: ignore[attr-defined]
        audit.record(session, actor, "session.end", f"login_session:{session_id}")


def end_all_sessions(session: Session, user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> None:
    """End every session of a person, as after a new password; `but` stays open."""
    query = sa.update(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.ended_at.is_(None)
    )
    if but is not None:
        query = query.where(LoginSession.id != but)
    session.execute(query.values(ended_at=now()))


def confirm_password(user: User, password: object) -> None:
    """Raise InvalidInputError unless this is the person's present password."""
    if not password_matches(user.password_hash, password):
        raise InvalidInputError(N_("This is not your present password."), field="present_password")


def _session_hash(settings: Settings, token: str) -> str:
    return keyed_hash(settings.secret_key, "session", token)


def _is_locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > now()


def _count_failure(session: Session, user: User | None, address: str) -> None:
    if user is not None and not _is_locked(user):
        user.failures += 1
        if user.failures >= FAILURES_BEFORE_LOCK:
            user.failures = 0
            user.locked_until = now() + timedelta(minutes=LOCK_MINUTES)
            audit.record(session, actor_of(user), "account.lock", user, outcome="refused")
    row = session.get(SignInLimit, address[:64], with_for_update=True)
    if row is None:
        session.add(SignInLimit(address=address[:64], since=now(), failures=1))
    elif row.since + timedelta(minutes=ADDRESS_WINDOW_MINUTES) <= now():
        row.since, row.failures = now(), 1
    else:
        row.failures += 1


def _address_is_blocked(session: Session, address: str) -> bool:
    row = session.get(SignInLimit, address[:64])
    return (
        row is not None
        and row.failures >= FAILURES_PER_ADDRESS
        and row.since + timedelta(minutes=ADDRESS_WINDOW_MINUTES) > now()
    )
