"""Signing in and out: password, lock-out, second factor, and the sessions that follow."""

import ipaddress
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts import second_factor
from cirt.accounts.models import LoginSession, SignInLimit, User
from cirt.accounts.passwords import keyed_hash, new_secret, password_matches
from cirt.clock import now
from cirt.db import Database, insert_for
from cirt.errors import N_, InvalidInputError
from cirt.operations import metrics
from cirt.settings import Settings

FAILURES_BEFORE_LOCK = 5
LOCK_MINUTES = 15  # a lock always ends by itself, so it cannot shut a person out for good
FAILURES_PER_ADDRESS = 50
ADDRESS_WINDOW_MINUTES = 15
SEEN_EVERY_SECONDS = 60
PASSWORD_HOLDS_MINUTES = 10  # between the password and the code

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


def try_password(
    database: Database, username: object, password: object, *, address: str
) -> Attempt:
    """Check a user name and password; failures are counted, whatever the reason.

    The sentence is the same for a wrong password, an unknown, a disabled and a locked account.
    The slow comparison holds no transaction, so attempts cannot keep others from saving.
    """
    name = username.strip().casefold() if isinstance(username, str) else ""
    with database.reading() as session:
        if _address_is_blocked(session, address):
            return Attempt(None, TOO_MANY)
        user = _user_named(session, name)
    matches = password_matches(user.password_hash if user else None, password)
    with database.reading() as session:  # others may have failed meanwhile
        user = _user_named(session, name)
    if user is not None and matches and user.active and not _is_locked(user):
        return Attempt(user)
    with database.writing() as session:
        _count_failure(session, user, address)
    return Attempt(None, WRONG)


def password_given(user: User, *, settings: Settings) -> list[str]:
    """Return what the browser keeps while it is asked for the code: whose password was right, when."""
    return [str(user.id), now().isoformat(), _password_mark(user, settings)]


def user_who_gave(session: Session, given: object, *, settings: Settings) -> User | None:
    """Return whose password was right a short time ago, unless it was changed since."""
    if not isinstance(given, list) or len(given) != 3:
        return None
    moment = datetime.fromisoformat(given[1])
    user = session.get(User, uuid.UUID(given[0]))
    if user is None or moment + timedelta(minutes=PASSWORD_HOLDS_MINUTES) <= now():
        return None
    return user if given[2] == _password_mark(user, settings) else None


def _password_mark(user: User, settings: Settings) -> str:
    return keyed_hash(settings.secret_key, "password-given", user.password_hash or "")


def _user_named(session: Session, name: str) -> User | None:
    return session.scalars(sa.select(User).where(User.username == name)).one_or_none()


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


def sessions_of(
    session: Session, user_id: uuid.UUID, *, settings: Settings
) -> Sequence[LoginSession]:
    """Return the running sessions of a person, newest first."""
    return session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now(),
            LoginSession.seen_at > now() - timedelta(minutes=settings.idle_minutes),
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


def confirm_password(database: Database, user: User, password: object, *, address: str) -> None:
    """Raise InvalidInputError unless this is the person's present password; failures are counted."""
    if password_matches(user.password_hash, password) and not _is_locked(user):
        return
    with database.writing() as session:
        _count_failure(session, user, address)
    raise InvalidInputError(
        N_("This is not your present password. After five failures the account waits 15 minutes."),
        field="present_password",
    )


def _session_hash(settings: Settings, token: str) -> str:
    return keyed_hash(settings.secret_key, "session", token)


def _is_locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > now()


def _count_failure(session: Session, user: User | None, address: str) -> None:
    """Count in the database itself: attempts at the same moment all count."""
    metrics.failed_people.inc()
    moment = now()
    if user is not None:
        failures = session.scalar(
            sa.update(User)
            .where(
                User.id == user.id,
                sa.or_(User.locked_until.is_(None), User.locked_until <= moment),
            )
            .values(failures=User.failures + 1)
            .returning(User.failures)
            .execution_options(synchronize_session=False)
        )
        if failures is not None and failures >= FAILURES_BEFORE_LOCK:
            session.execute(
                sa.update(User)
                .where(User.id == user.id)
                .values(failures=0, locked_until=moment + timedelta(minutes=LOCK_MINUTES))
                .execution_options(synchronize_session=False)
            )
            audit.record(
                session,
                actor_of(user),
                "account.lock",
                f"user_account:{user.id}",
                outcome="refused",
            )
    window = SignInLimit.since <= moment - timedelta(minutes=ADDRESS_WINDOW_MINUTES)
    count = insert_for(session, SignInLimit).values(
        address=network_of(address), since=moment, failures=1
    )
    session.execute(
        count.on_conflict_do_update(
            index_elements=[SignInLimit.address],
            set_={
                "failures": sa.case((window, 1), else_=SignInLimit.failures + 1),
                "since": sa.case((window, moment), else_=SignInLimit.since),
            },
        )
    )


def network_of(address: str) -> str:
    """Return whom the failures of an address are counted for: IPv6 hands out networks of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _address_is_blocked(session: Session, address: str) -> bool:
    row = session.get(SignInLimit, network_of(address))
    return (
        row is not None
        and row.failures >= FAILURES_PER_ADDRESS
        and row.since + timedelta(minutes=ADDRESS_WINDOW_MINUTES) > now()
    )
