"""Tables of administrations, users, sign-in and machine tokens."""

import enum
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.access import Role
from cirt.clock import now
from cirt.db import Base, new_id


class Place(enum.StrEnum):
    """Where an administration's users sign in."""

    LOCAL = "local"  # here
    REMOTE = "remote"  # at another installation, reached through a peer


class AdministrationKind(enum.StrEnum):
    """What an administration is to the others."""

    MEMBER_STATE = "member-state"
    ASSESSING_BODY = "assessing-body"


class Administration(Base):
    """A Member State's administration, or a body that assesses with its agreement.

    code: ISO 3166-1 alpha-2, or a user-assigned code (XA–XZ) in demonstrations and tests.
    names: language -> name; `source` says where the names come from.
    """

    __tablename__ = "administration"

    id: Mapped[uuid.UUID] = new_id()
    code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    names: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    team_name: Mapped[str] = mapped_column(sa.String(200), default="")
    kind: Mapped[str] = mapped_column(sa.String(20), default=AdministrationKind.MEMBER_STATE)
    place: Mapped[str] = mapped_column(sa.String(10), default=Place.LOCAL)
    contact_email: Mapped[str] = mapped_column(sa.String(254), default="")
    source: Mapped[str] = mapped_column(sa.String(300), default="")
    verified: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)

    def name_in(self, language: str) -> str:
        """Return the name in this language, in English where it is missing, else the code."""
        return str(self.names.get(language) or self.names.get("en") or self.code)


class User(Base):
    """A person who signs in here."""

    __tablename__ = "user_account"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(sa.String(8), default="")
    theme: Mapped[str] = mapped_column(sa.String(8), default="auto")
    totp_secret: Mapped[str | None] = mapped_column(sa.String(300))
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    signed_in_at: Mapped[datetime | None]

    administration: Mapped[Administration] = relationship(lazy="joined")
    role_rows: Mapped[list["UserRole"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="UserRole.role"
    )

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles of this person in the own administration."""
        return frozenset(Role(row.role) for row in self.role_rows)


class UserRole(Base):
    """One role of one person."""

    __tablename__ = "user_role"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(sa.String(32), primary_key=True)


class RecoveryCode(Base):
    """A printed code that replaces the authenticator once."""

    __tablename__ = "recovery_code"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None]


class AccountLink(Base):
    """A link, valid once, by which a person chooses a password."""

    __tablename__ = "account_link"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(sa.String(12))  # invitation | reset
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LoginSession(Base):
    """One signed-in browser; the cookie holds only an opaque token whose hash is kept here."""

    __tablename__ = "login_session"

    id: Mapped[uuid.UUID] = new_id()
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    agent: Mapped[str] = mapped_column(sa.String(200), default="")

    user: Mapped[User] = relationship(lazy="joined")


class SignInLimit(Base):
    """Failed attempts from one network address within the running window."""

    __tablename__ = "sign_in_limit"

    address: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    since: Mapped[datetime]
    failures: Mapped[int]


class ApiToken(Base):
    """A machine's right to act for an administration, within scopes and until a date.

    Only a keyed hash is kept; `username` is the name to give with HTTP Basic.
    """

    __tablename__ = "api_token"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    username: Mapped[str] = mapped_column(sa.String(64))
    label: Mapped[str] = mapped_column(sa.String(200))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(sa.JSON)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    administration: Mapped[Administration] = relationship(lazy="joined")
