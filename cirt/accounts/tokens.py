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
    if not chosen or not set(chosen) <= set(SCOPES):
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


def revoke_token(session: Session, actor: Actor | None, token_id: uuid.UUID) -> ApiToken:
    """End a token at once; ending it twice is no error."""
    row = session.get(ApiToken, token_id)
    if row is None:
        raise NotFoundError
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
    if row is None or row.revoked_at is not None or row.expires_at <= now():
        return None
    if username is not None and username != row.username:
        return None
    return Actor(
        administration_id=row.administration_id,
        roles=frozenset({Role.MACHINE}),
        token_id=row.id,
        scopes=frozenset(row.scopes),
    )
