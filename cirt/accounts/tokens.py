"""Machine tokens: made by an administrator, shown once, scoped, expiring, revocable."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts.models import Administration, ApiToken
from cirt.accounts.passwords import keyed_hash, new_api_token
from cirt.clock import now
from cirt.db import Database
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.settings import Settings

SCOPES: dict[str, str] = {
    "taxii.read": N_("Read collections by TAXII"),
    "taxii.write": N_("Add objects to collections by TAXII"),
    "incidents.read": N_("Read the own incidents, their observables, impacts and tasks"),
    "incidents.write": N_("Record and change the own incidents"),
    "releases.read": N_("Read what was released, and to whom"),
    "releases.write": N_("Prepare releases, which people approve"),
    "circles.read": N_("Read circles, and what arrived from them"),
    "directory.read": N_("Read the directory of administrations"),
    "assessments.read": N_("Read the own assessments, their results and plans"),
    "webhooks.manage": N_("Set where this installation reports events to"),
    "operations.read": N_("Read figures about the running of this installation"),
}
SCOPE_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("TAXII"), ("taxii.read", "taxii.write")),
    (
        N_("REST API: incidents and sharing"),
        (
            "incidents.read",
            "incidents.write",
            "circles.read",
            "releases.read",
            "releases.write",
            "webhooks.manage",
        ),
    ),
    (N_("REST API: assessments and directory"), ("assessments.read", "directory.read")),
    (N_("This installation"), ("operations.read",)),
)
"""Scopes as the form offers them: heading, then those below it."""

MAX_DAYS = 730

USE_NOTED_EVERY = timedelta(minutes=10)
"""How exactly the last use of a token is known."""


def make_token(
    session: Session,
    actor: Actor | None,
    *,
    administration: Administration,
    label: str,
    scopes: Iterable[str],
    days: int,
    settings: Settings,
) -> tuple[ApiToken, str]:
    """Return a new token's row and its text, which is shown only now.

    days: how long it holds, 1 to 730. scopes: names out of SCOPES, at least one.
    """
    chosen = sorted(set(scopes))
    unknown = [name for name in chosen if name not in SCOPES]
    if unknown:
        raise InvalidInputError(
            N_("There is no scope %(unknown)s. Choose out of these: %(known)s."),
            field="scopes",
            unknown=", ".join(unknown),
            known=", ".join(SCOPES),
        )
    if not chosen:
        raise InvalidInputError(
            N_("Choose at least one thing that the token may do."), field="scopes"
        )
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInputError(
            N_("Choose a number of days from 1 to %(most)s."), field="days", most=MAX_DAYS
        )
    if not label.strip():
        raise InvalidInputError(N_("Say which machine will use the token."), field="label")
    text = new_api_token()
    row = ApiToken(
        administration_id=administration.id,
        username=f"{administration.code.lower()}-machine",
        label=label.strip(),
        token_hash=keyed_hash(settings.secret_key, "token", text),
        scopes=chosen,
        created_by=actor.user_id if actor else None,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "token.make", row, scopes=chosen, days=days)
    return row, text


def tokens(session: Session) -> Sequence[ApiToken]:
    """Return every token, newest first."""
    return session.scalars(sa.select(ApiToken).order_by(ApiToken.created_at.desc())).unique().all()


def state_of(row: ApiToken) -> str:
    """Return how a token stands: "valid", "expired", or "ended" by a person."""
    if row.revoked_at is not None:
        return "ended"
    return "expired" if row.expires_at <= now() else "valid"


def token_of_id(session: Session, token_id: uuid.UUID) -> ApiToken:
    """Return a token's row."""
    row = session.get(ApiToken, token_id)
    if row is None:
        raise NotFoundError
    return row


def revoke_token(session: Session, actor: Actor | None, token_id: uuid.UUID) -> ApiToken:
    """End a token at once; ending it twice is no error."""
    row = token_of_id(session, token_id)
    if row.revoked_at is None:
        row.revoked_at = now()
        audit.record(session, actor, "token.revoke", row)
    return row


def actor_of_token(
    session: Session, text: str, username: str | None, *, settings: Settings
) -> Actor | None:
    """Return the machine that holds this token, or None.

    username: the one given with HTTP Basic, which must be the token's; None with Bearer.
    """
    if not text.startswith("cirt_") or len(text) > 200:
        return None
    row = session.scalars(
        sa.select(ApiToken).where(
            ApiToken.token_hash == keyed_hash(settings.secret_key, "token", text)
        )
    ).one_or_none()
    if row is None or state_of(row) != "valid":
        return None
    if username is not None and username != row.username:
        return None
    return Actor(
        administration_id=row.administration_id,
        roles=frozenset({Role.MACHINE}),
        token_id=row.id,
        scopes=frozenset(row.scopes),
    )


def is_use_to_note(session: Session, actor: Actor) -> bool:
    """Whether the last use that is kept of a machine's token is too old, or there is none.

    session: the one in which the token was found; it is not asked for again.
    """
    row = session.get(ApiToken, actor.token_id)
    return row is not None and (row.used_at is None or row.used_at <= now() - USE_NOTED_EVERY)


def note_use(database: Database, actor: Actor) -> None:
    """Note that a machine's token is used now, in a short transaction of its own."""
    database.note("the use of a token", lambda session: session.execute(use_noted(actor)))


def use_noted(actor: Actor) -> sa.Update:
    """Return the statement that notes the use of a token now, unless that was just noted."""
    moment = now()
    return (
        sa.update(ApiToken)
        .where(
            ApiToken.id == actor.token_id,
            sa.or_(ApiToken.used_at.is_(None), ApiToken.used_at <= moment - USE_NOTED_EVERY),
        )
        .values(used_at=moment)
        .execution_options(synchronize_session=False)
    )
