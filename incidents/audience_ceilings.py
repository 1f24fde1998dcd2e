"""Audience ceilings: how far each role of an administration may share in one release."""

import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.errors import N_, ForbiddenError, InvalidInputError
from cirt.incidents.circle_models import AudienceCeiling
from cirt.stix.marking import TLP

ROLES: tuple[Role, ...] = (Role.ANALYST, Role.RELEASING_OFFICER)
"""Who prepares and approves releases; an administration sets a ceiling for each."""

MOST_RECIPIENTS = 10_000

TOO_MANY = N_(
    "Your administration lets your role share with at most %(most)s recipients at once,"
    " and this would reach %(recipients)s. Ask a releasing officer."
)
TOO_STRICT = N_(
    "Your administration lets your role share at most %(strictest)s, and this is %(marking)s."
    " Ask a releasing officer."
)


def ceilings(session: Session, administration_id: uuid.UUID) -> dict[Role, AudienceCeiling]:
    """Return the ceilings that an administration set, by role; a role that is absent has none."""
    query = sa.select(AudienceCeiling).where(AudienceCeiling.administration_id == administration_id)
    return {Role(row.role): row for row in session.scalars(query)}


def check_ceiling(
    session: Session,
    administration_id: uuid.UUID,
    roles: Iterable[Role],
    *,
    recipients: int,
    tlp: TLP,
) -> None:
    """Raise ForbiddenError, with the reason, when none of the roles may share so far.

    recipients: how many would read it; of a confidential circle `circles.Audience.counted`, never
    the exact number. A role without a ceiling may share with any audience. A machine shares no further than an analyst.
    """
    given = set(roles)
    if Role.MACHINE in given:
        given = {Role.ANALYST}
    held = [role for role in ROLES if role in given]
    rows = ceilings(session, administration_id)
    refusal: ForbiddenError | None = None
    for role in held:
        refusal = _refusal(rows.get(role), recipients, tlp)
        if refusal is None:
            return
    if refusal is not None:
        raise refusal


def _refusal(ceiling: AudienceCeiling | None, recipients: int, tlp: TLP) -> ForbiddenError | None:
    if ceiling is None:
        return None
    if tlp > TLP(ceiling.strictest):
        return ForbiddenError(TOO_STRICT, strictest=TLP(ceiling.strictest).label, marking=tlp.label)
    if ceiling.most_recipients is not None and recipients > ceiling.most_recipients:
        return ForbiddenError(TOO_MANY, most=ceiling.most_recipients, recipients=recipients)
    return None


def set_ceiling(
    session: Session, actor: Actor, role: Role, *, most_recipients: int | None, strictest: TLP
) -> None:
    """Set how far a role of the actor's administration may share.

    most_recipients: None for any number. Raises InvalidInputError, naming the field.
    """
    if role not in ROLES:
        raise InvalidInputError(N_("This role shares nothing."), field="role")
    if strictest is TLP.RED:
        raise InvalidInputError(
            N_("TLP:RED never enters a circle; choose a weaker marking."), field="strictest"
        )
    if most_recipients is not None and not 0 <= most_recipients <= MOST_RECIPIENTS:
        raise InvalidInputError(
            N_("Give a number from 0 to %(most)s, or leave this empty."),
            field="most_recipients",
            most=MOST_RECIPIENTS,
        )
    key = (actor.administration_id, role.value)
    row = session.get(AudienceCeiling, key)
    if row is None:
        row = AudienceCeiling(administration_id=key[0], role=key[1])
        session.add(row)
    row.most_recipients, row.strictest = most_recipients, strictest.value
    session.flush()
    audit.record(
        session,
        actor,
        "ceiling.set",
        row,
        most_recipients=most_recipients,
        strictest=row.strictest,
    )
