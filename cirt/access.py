"""Rights: one table of rows (action, roles, fact), asked by every exit.

`allowed` answers for one thing and `visible` for many, from the same rows and the same SQL,
so the two cannot differ. This module knows no feature: each half registers its facts and rows.
"""

import enum
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.db import Base
from cirt.errors import N_, ForbiddenError, NotFoundError


class Role(enum.StrEnum):
    """What a person or a machine may be trusted with, always within the own administration."""

    ADMINISTRATOR = "administrator"  # accounts and circles of this installation, no content
    ASSESSOR = "assessor"  # assessments that a country granted
    CONTRIBUTOR = "contributor"  # answers in assessments that a country granted
    REVIEWER = "reviewer"  # reads and remarks in assessments that a country granted
    FOCAL_POINT = "focal-point"  # the country's own assessments
    ANALYST = "analyst"  # incidents of the own national CIRT
    RELEASING_OFFICER = "releasing-officer"  # approves what leaves
    MACHINE = "machine"  # an API token, within its scopes


ROLE_NAMES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.ASSESSOR: N_("Assessor"),
    Role.CONTRIBUTOR: N_("Contributor"),
    Role.REVIEWER: N_("Reviewer"),
    Role.FOCAL_POINT: N_("Country focal point"),
    Role.ANALYST: N_("Analyst"),
    Role.RELEASING_OFFICER: N_("Releasing officer"),
    Role.MACHINE: N_("Machine"),
}


@dataclass(frozen=True)
class Actor:
    """Who acts: a person or a machine, for one administration.

    scopes: None for a person (roles decide), else the scopes of the API token.
    """

    administration_id: uuid.UUID
    roles: frozenset[Role]
    user_id: uuid.UUID | None = None
    token_id: uuid.UUID | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class Fact:
    """A relation between an actor and a row, written once as SQL.

    sentence: what it means, for the page that explains a refusal.
    """

    model: type[Base]
    sentence: str
    clause: Callable[[Actor], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Right:
    """One row of the table: these roles may do this when the fact holds.

    fact: None for actions without a subject (creating, listing). scope: what a machine's
    token must hold as well.
    """

    action: str
    roles: frozenset[Role]
    fact: Fact | None = None
    scope: str | None = None


@dataclass(frozen=True)
class Decision:
    """Whether an action is allowed, and the sentence that says why not."""

    allowed: bool
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.allowed


T = TypeVar("T", bound=Base)

_rights: dict[str, list[Right]] = {}


def permit(
    action: str, roles: Iterable[Role], fact: Fact | None = None, *, scope: str | None = None
) -> None:
    """Add a row to the table; several rows of one action are alternatives."""
    right = Right(action, frozenset(roles), fact, scope)
    rows = _rights.setdefault(action, [])
    if right not in rows:
        rows.append(right)


def rights() -> tuple[Right, ...]:
    """Return every row, ordered by action: the table that documentation and tests read."""
    return tuple(row for action in sorted(_rights) for row in _rights[action])


def actions() -> frozenset[str]:
    """Return the names of all actions."""
    return frozenset(_rights)


def _rows_for(actor: Actor, action: str) -> list[Right]:
    if action not in _rights:
        raise KeyError(f"no right is registered for {action!r}")
    return [
        row
        for row in _rights[action]
        if row.roles & actor.roles and (actor.scopes is None or row.scope in actor.scopes)
    ]


def role_allows(actor: Actor, action: str) -> Decision:
    """Return whether the actor's roles open this action at all, whatever the subject."""
    if _rows_for(actor, action):
        return Decision(True)
    if actor.scopes is not None:
        return Decision(False, N_("This token does not have the scope for that."))
    return Decision(False, N_("Your role does not allow this."))


def allowed(session: Session, actor: Actor, action: str, resource: Base | None = None) -> Decision:
    """Return whether the actor may do this to the resource (None: an action without a subject)."""
    decision = role_allows(actor, action)
    if not decision or resource is None:
        if decision and all(row.fact is not None for row in _rows_for(actor, action)):
            raise TypeError(f"{action} needs a resource")
        return decision
    rows = [
        row for row in _rows_for(actor, action) if row.fact and isinstance(resource, row.fact.model)
    ]
    if not rows:
        raise TypeError(f"{action} is not about {type(resource).__name__}")
    key = sa.inspect(resource).identity
    model = type(resource)
    primary = sa.inspect(model).primary_key
    same = sa.and_(*(column == value for column, value in zip(primary, key or (), strict=True)))
    clauses = [row.fact.clause(actor) for row in rows if row.fact]
    if session.scalar(sa.select(sa.literal(1)).where(same, sa.or_(*clauses))) is not None:
        return Decision(True)
    return Decision(False, rows[0].fact.sentence if rows[0].fact else "")


def visible(actor: Actor, model: type[Base], action: str) -> sa.Select[Any]:
    """Return the query for the rows of a model to which the actor may do this."""
    clauses = [
        row.fact.clause(actor)
        for row in _rows_for(actor, action)
        if row.fact and row.fact.model is model
    ]
    return sa.select(model).where(sa.or_(*clauses) if clauses else sa.false())


def load(session: Session, actor: Actor, model: type[T], key: Any, *, seen_by: str) -> T:
    """Return one row that the actor may see by this action.

    Raises NotFoundError alike for an absent row and for one the actor may not know of.
    """
    primary = sa.inspect(model).primary_key[0]
    row: T | None = (
        session.scalars(visible(actor, model, seen_by).where(primary == key)).unique().one_or_none()
    )
    if row is None:
        raise NotFoundError
    return row


def require(session: Session, actor: Actor, action: str, resource: Base | None = None) -> None:
    """Raise ForbiddenError, with the reason, unless the actor may do this."""
    decision = allowed(session, actor, action, resource)
    if not decision:
        raise ForbiddenError(decision.reason, **decision.params)
