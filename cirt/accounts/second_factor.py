"""The second factor: time-based one-time codes (RFC 6238) and printed recovery codes."""

import hmac
import secrets
import uuid

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import RecoveryCode, User
from cirt.accounts.passwords import keyed_hash
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError
from cirt.sealing import seal, unseal

STEP_SECONDS = 30
CODES = 10
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"  # no vowels, no look-alikes


def new_totp_secret() -> str:
    """Return a new shared secret for an authenticator app."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, user: User, issuer: str) -> str:
    """Return the otpauth address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=issuer)


def _step_of(secret: str, code: str, moment: float) -> int | None:
    """Return the time step whose code this is, one step of clock drift either way, or None."""
    current = int(moment) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code):
            return step
    return None


def enable(session: Session, user: User, secret: str, code: str, *, secret_key: str) -> list[str]:
    """Switch the second factor on and return the recovery codes to print, shown only now.

    Raises InvalidInputError when the code does not belong to the secret.
    """
    step = _step_of(secret, _digits(code), now().timestamp())
    if step is None:
        raise InvalidInputError(
            N_("This code does not fit. Check the clock of your phone and type the newest code."),
            field="code",
        )
    user.totp_secret = seal(secret_key, "totp", secret.encode()).decode()
    user.totp_last_step = step
    return renew_recovery_codes(session, user, secret_key=secret_key)


def renew_recovery_codes(session: Session, user: User, *, secret_key: str) -> list[str]:
    """Replace all recovery codes and return the new ones, shown only now."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = []
    for _ in range(CODES):
        text = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        codes.append(f"{text[:5]}-{text[5:]}")
        session.add(RecoveryCode(user_id=user.id, code_hash=_code_hash(secret_key, user.id, text)))
    return codes


def disable(session: Session, user: User) -> None:
    """Switch the second factor off and forget its codes."""
    user.totp_secret = None
    user.totp_last_step = 0
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def accept_code(session: Session, user: User, code: str, *, secret_key: str) -> bool:
    """Return whether the code is valid now, and use it up: of two equal requests one succeeds.

    code: six digits of the authenticator, or a recovery code with or without its dash.
    """
    if user.totp_secret is None:
        return False
    digits = _digits(code)
    if len(digits) == 6 and code.strip().replace(" ", "").isdigit():
        try:
            secret = unseal(secret_key, "totp", user.totp_secret.encode()).decode()
        except ConflictError:
            return False
        step = _step_of(secret, digits, now().timestamp())
        if step is None:
            return False
        used = session.execute(
            sa.update(User)
            .where(User.id == user.id, User.totp_last_step < step)
            .values(totp_last_step=step)
            .execution_options(synchronize_session=False)
        )
        return bool(used.rowcount == 1)  # type: ignore[attr-defined]
    text = code.strip().upper().replace("-", "").replace(" ", "")
    used = session.execute(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _code_hash(secret_key, user.id, text),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def _digits(code: str) -> str:
    return "".join(character for character in code if character.isdigit())


def _code_hash(secret_key: str, user_id: uuid.UUID, text: str) -> str:
    return keyed_hash(secret_key, f"recovery:{user_id}", text)
