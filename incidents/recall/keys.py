"""Signing keys: by which an administration, or a circle for its members, signs recalls and receipts."""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import Administration, Place
from cirt.clock import now
from cirt.errors import N_, InvalidInputError
from cirt.incidents.circle_models import Collection
from cirt.incidents.recall_models import SigningKey
from cirt.sealing import seal, unseal
from cirt.stix import signatures
from cirt.stix.ids import is_stix_id
from cirt.stix.timestamps import moment
from cirt.stix.withdrawal import author_of

PURPOSE = "signing"


def private_key(session: Session, administration_id: uuid.UUID, secret_key: str) -> bytes:
    """Return the present private key of an administration of this installation.

    It is made when it is needed first. secret_key: of the installation.
    """
    # two first uses at once: the second waits here, and finds the key
    session.execute(
        sa.select(Administration.id)
        .where(Administration.id == administration_id)
        .with_for_update(key_share=True)
    )
    row = present_key(session, administration_id)
    if row is None or row.sealed is None:
        return _new_key(session, administration_id, secret_key)
    return unseal(secret_key, PURPOSE, row.sealed)


def circle_key(collection: Collection) -> bytes:
    """Return the private key by which a circle speaks for whichever member produced something."""
    return hmac.new(collection.secret, b"signing key", hashlib.sha256).digest()


def present_key(session: Session, administration_id: uuid.UUID) -> SigningKey | None:
    """Return the key that an administration signs with now, None if it has none yet."""
    query = (
        sa.select(SigningKey)
        .where(SigningKey.administration_id == administration_id, SigningKey.retired_at.is_(None))
        .order_by(SigningKey.created_at.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def keys_of(session: Session, administration_id: uuid.UUID) -> Sequence[SigningKey]:
    """Return all keys of an administration, the newest first."""
    query = sa.select(SigningKey).where(SigningKey.administration_id == administration_id)
    return session.scalars(query.order_by(SigningKey.created_at.desc())).all()


def identity_of(row: SigningKey) -> str:
    """Return the STIX identity for which a key signs."""
    return row.identity or author_of(row.administration_id)


def keys_for(session: Session, identity: str) -> Sequence[SigningKey]:
    """Return all keys that are known here to be an identity's: its own, or entered for it."""
    follows = sa.and_(
        SigningKey.identity.is_(None), SigningKey.administration_id == uuid_of(identity)
    )
    return session.scalars(
        sa.select(SigningKey).where(sa.or_(SigningKey.identity == identity, follows))
    ).all()


def uuid_of(identity: str) -> uuid.UUID:
    """Return the UUID in the id of an identity."""
    return uuid.UUID(identity.removeprefix("identity--"))


def valid_at(keys: Sequence[SigningKey], moment: datetime) -> list[bytes]:
    """Return the public keys that could have signed at a moment: a retired one not afterwards."""
    return [row.public for row in keys if row.retired_at is None or moment <= row.retired_at]


def written_at(stix_time: str) -> datetime:
    """Return when an object says that it was signed; the end of time if it does not say so."""
    found = moment(stix_time)
    if found is None:
        return datetime.max.replace(tzinfo=UTC)
    second, digits = found
    return second + timedelta(microseconds=int(digits.lstrip("~")[:6].ljust(6, "0")))


def rotate(session: Session, actor: Actor, secret_key: str) -> SigningKey:
    """Retire the present key of the actor's administration, and make a new one."""
    before = present_key(session, actor.administration_id)
    if before is not None:
        before.retired_at = now()
    _new_key(session, actor.administration_id, secret_key)
    row = present_key(session, actor.administration_id)
    assert row is not None  # noqa: S101 - it was just made
    audit.record(session, actor, "key.rotate", row, public=row.public.hex())
    return row


def trust_key(
    session: Session, actor: Actor, administration: Administration, text: str, *, identity: str = ""
) -> SigningKey:
    """Take a remote administration's public key, as somebody read it out of its page.

    identity: the STIX identity that it signs for at its own installation; "": the one that it has
    here. The key before it is retired. Raises InvalidInputError, naming the field.
    """
    if administration.place != Place.REMOTE:
        raise InvalidInputError(
            N_("The keys of administrations of this installation are made here, not entered."),
            field="administration",
        )
    public = signatures.read_public_key(text)
    if session.scalar(sa.select(SigningKey.id).where(SigningKey.public == public)) is not None:
        raise InvalidInputError(N_("This key is known already."), field="public")
    elsewhere = _identity_elsewhere(session, administration, identity.strip())
    for row in keys_for(session, elsewhere or author_of(administration.id)):
        row.retired_at = row.retired_at or now()
    session.flush()
    row = SigningKey(
        administration_id=administration.id, public=public, sealed=None, identity=elsewhere
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "key.trust",
        row,
        administration=str(administration.id),
        identity=identity_of(row),
        public=public.hex(),
    )
    return row


def _identity_elsewhere(
    session: Session, administration: Administration, identity: str
) -> str | None:
    """Return the identity for which a key is entered, None if it is the administration's one here."""
    if identity in ("", author_of(administration.id)):
        return None
    if not is_stix_id(identity, "identity"):
        raise InvalidInputError(
            N_("This is no id of an identity: “identity--” and a UUID in lower case."),
            field="identity",
        )
    here = session.get(Administration, uuid_of(identity)) or session.get(
        Collection, uuid_of(identity)
    )
    if here is not None:
        raise InvalidInputError(
            N_("This is the identity of somebody else on this installation."), field="identity"
        )
    if any(row.administration_id != administration.id for row in keys_for(session, identity)):
        raise InvalidInputError(
            N_("A key was entered for this identity as another administration's."),
            field="identity",
        )
    return identity


def forget_key(session: Session, actor: Actor, row: SigningKey) -> None:
    """Trust a remote administration's key no more, not even for what it signed before."""
    audit.record(session, actor, "key.forget", row, public=row.public.hex())
    session.delete(row)
    session.flush()


def _new_key(session: Session, administration_id: uuid.UUID, secret_key: str) -> bytes:
    private = signatures.new_private_key()
    row = SigningKey(
        administration_id=administration_id,
        public=signatures.public_key(private),
        sealed=seal(secret_key, PURPOSE, private),
    )
    session.add(row)
    session.flush()
    return private
