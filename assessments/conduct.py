"""What is done to an assessment as a whole: start, details, each step of its life."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts.models import Administration, AdministrationKind
from cirt.assessments import grants
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import REOPEN_TO, Act, GrantRole, State, state_after
from cirt.assessments.models import MAX_REASON, MAX_TITLE, Assessment, AssessmentStep
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, InvalidInputError
from cirt.localtext import LANGUAGES

# The steps that change nothing but the state; agreeing, closing and reopening do more.
ADVANCES = (Act.BEGIN, Act.WORKSHOP, Act.REVIEW, Act.BACK)


def countries_for(session: Session, actor: Actor) -> Sequence[Administration]:
    """Return the administrations for which the actor may start an assessment, ordered by code.

    A focal point: the own one. An assessor of an assessing body: every Member State's.
    """
    query = sa.select(Administration).where(Administration.kind == AdministrationKind.MEMBER_STATE)
    own = session.get_one(Administration, actor.administration_id)
    anywhere = Role.ASSESSOR in actor.roles and own.kind == AdministrationKind.ASSESSING_BODY
    if not anywhere:
        mine = own.id if Role.FOCAL_POINT in actor.roles else None
        query = query.where(Administration.id == mine)
    return session.scalars(query.order_by(Administration.code)).all()


def start_assessment(
    session: Session,
    actor: Actor,
    *,
    administration_id: uuid.UUID | None,
    title: str,
    instrument_id: str,
    instrument_version: str,
    language: str,
    cirt_exists: bool | None,
) -> Assessment:
    """Start an assessment of a country; it belongs to the country from then on.

    It is prepared first: nothing is answered before somebody begins the collecting of answers.
    An assessor who starts one gets access to it for grants.DEFAULT_DAYS days.
    Raises InvalidInputError, NotFoundError for an instrument that is not installed.
    """
    country = next(
        (row for row in countries_for(session, actor) if row.id == administration_id), None
    )
    if country is None:
        raise InvalidInputError(
            N_("Choose a country for which you may start an assessment."), field="country"
        )
    instrument = load_instrument(instrument_id, instrument_version)
    assessment = Assessment(
        administration_id=country.id,
        administration=country,
        title=_title(title),
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        language=_language(language),
        cirt_exists=cirt_exists,
        state=State.PREPARING,
        created_by=actor.user_id,
    )
    session.add(assessment)
    session.flush()
    _note_step(session, actor, assessment, "")
    record(
        session,
        actor,
        "assessment.start",
        assessment,
        instrument=instrument.id,
        version=instrument.version,
        digest=instrument.digest,
    )
    if actor.administration_id != country.id and actor.user_id is not None:
        grants.give_grant(
            session,
            actor,
            assessment,
            user_id=actor.user_id,
            until=grants.default_until(),
            role=GrantRole.LEAD,
        )
    return assessment


def change_details(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    title: str,
    language: str,
    cirt_exists: bool | None,
) -> None:
    """Change what describes an assessment that is not locked; answers stay as they are."""
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    assessment.title = _title(title)
    assessment.language = _language(language)
    assessment.cirt_exists = cirt_exists
    record(session, actor, "assessment.details", assessment)


def advance(session: Session, actor: Actor, assessment: Assessment, act: Act) -> None:
    """Take an assessment one step on or back, as the state machine allows: one of ADVANCES."""
    if act not in ADVANCES:
        raise ValueError(f"{act} is no step on or back")
    lock(session, assessment)
    assessment.state = state_after(assessment.standing, act)
    _note_step(session, actor, assessment, "")
    record(session, actor, "assessment.advance", assessment, state=assessment.state)


def agree_assessment(session: Session, actor: Actor, assessment: Assessment) -> None:
    """Lock an assessment because the country stands by its answers."""
    lock(session, assessment)
    assessment.state = state_after(assessment.standing, Act.AGREE)
    assessment.agreed_at = now()
    _note_step(session, actor, assessment, "")
    record(session, actor, "assessment.agree", assessment)


def close_assessment(session: Session, actor: Actor, assessment: Assessment) -> None:
    """End the round: from now on only the progress of the plan's actions changes."""
    lock(session, assessment)
    assessment.state = state_after(assessment.standing, Act.CLOSE)
    assessment.closed_at = now()
    _note_step(session, actor, assessment, "")
    record(session, actor, "assessment.close", assessment)


def reopen_assessment(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    reason: str,
    to: State = REOPEN_TO[0],
) -> None:
    """Unlock an agreed or closed assessment for a reason that stays on its record.

    to: where it is taken up again, one of lifecycle.REOPEN_TO.
    """
    lock(session, assessment)
    reason = written(reason, most=MAX_REASON, field="reason")
    assessment.state = state_after(assessment.standing, Act.REOPEN, reason=reason, to=to)
    assessment.agreed_at = assessment.closed_at = None
    _note_step(session, actor, assessment, reason)
    record(session, actor, "assessment.reopen", assessment, state=assessment.state)


def lock(session: Session, assessment: Assessment) -> None:
    """Make other changes of this assessment wait until this transaction ends, and read it anew.

    Whoever answers a question holds it too, so that no answer slips in while it is closed and
    two first answers to one question cannot meet.
    """
    session.flush()
    session.scalars(
        sa.select(Assessment)
        .where(Assessment.id == assessment.id)
        .with_for_update(of=Assessment)
        .execution_options(populate_existing=True)
    ).one()


def record(
    session: Session,
    actor: Actor,
    action: str,
    assessment: Assessment,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Note an act on the chain of the country that owns the assessment."""
    audit.record(
        session,
        actor,
        action,
        subject or assessment,
        chain_id=assessment.administration_id,
        **details,
    )


def _title(title: str) -> str:
    title = " ".join(written(title, most=MAX_TITLE, field="title").split())
    if not title:
        raise InvalidInputError(N_("Give the assessment a title."), field="title")
    return title


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise InvalidInputError(N_("Choose one of the languages listed."), field="language")
    return language


def _note_step(session: Session, actor: Actor, assessment: Assessment, reason: str) -> None:
    last = session.scalar(
        sa.select(sa.func.max(AssessmentStep.n)).where(
            AssessmentStep.assessment_id == assessment.id
        )
    )
    session.add(
        AssessmentStep(
            assessment_id=assessment.id,
            n=(last or 0) + 1,
            state=assessment.state,
            reason=reason,
            user_id=actor.user_id,
        )
    )
