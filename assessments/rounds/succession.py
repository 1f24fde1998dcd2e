"""Starting the next round from the last one."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record, start_assessment
from cirt.assessments.instruments import InstalledInstrument, instruments, load_instrument
from cirt.assessments.instruments.profiles import profile_or_problem
from cirt.assessments.lifecycle import LOCKED, State
from cirt.assessments.models import Assessment
from cirt.assessments.preparation import participants_of
from cirt.assessments.preparation_models import Participant
from cirt.errors import N_, ConflictError, ForbiddenError

NOT_LOCKED = N_(
    "The next round starts from an agreed or closed one, so that there is something to compare"
    " with. Agree to this assessment first."
)
ALREADY = N_("The next round was started from this one already.")


def versions_for(assessment: Assessment) -> Sequence[InstalledInstrument]:
    """Return the installed versions of its instrument that are not older, the newest first."""
    same = [each for each in instruments() if each.id == assessment.instrument_id]
    versions = [each.version for each in same]
    if assessment.instrument_version in versions:
        same = same[versions.index(assessment.instrument_version) :]
    return same[::-1]


def refusal_of_next(session: Session, assessment: Assessment) -> ForbiddenError | None:
    """Return why no next round can be started from this one; None where one can."""
    if State(assessment.state) not in LOCKED:
        return ForbiddenError(NOT_LOCKED)
    return ForbiddenError(ALREADY) if _has_following(session, assessment) else None


def start_next_round(
    session: Session,
    actor: Actor,
    last: Assessment,
    *,
    title: str,
    instrument_version: str,
    language: str,
    cirt_exists: bool | None,
    copy_scope: bool,
    copy_participants: bool,
) -> Assessment:
    """Start the round after an agreed or closed one, of the same country and instrument.

    The profile goes with it where it fits the chosen version. Answers do not: they are proposed
    (see carry_over). Raises ForbiddenError for a round that is not locked, ConflictError where
    the next one exists, and what start_assessment raises.
    """
    lock(session, last)
    refused = refusal_of_next(session, last)
    if refused is not None:
        kind = ConflictError if refused.message == ALREADY else ForbiddenError
        raise kind(refused.message)
    following = start_assessment(
        session,
        actor,
        administration_id=last.administration_id,
        title=title,
        instrument_id=last.instrument_id,
        instrument_version=instrument_version,
        language=language,
        cirt_exists=cirt_exists,
    )
    following.previous_id, following.round = last.id, last.round + 1
    instrument = load_instrument(following.instrument_id, following.instrument_version)
    profile, _problem = profile_or_problem(instrument, last.profile)
    following.profile = profile.id if profile else ""
    if copy_scope:
        following.scope = last.scope
    copied = _copy_participants(session, last, following) if copy_participants else 0
    session.flush()
    record(
        session,
        actor,
        "assessment.next-round",
        following,
        previous=str(last.id),
        round=following.round,
        participants=copied,
    )
    return following


def _copy_participants(session: Session, last: Assessment, following: Assessment) -> int:
    rows = participants_of(session, last)
    for row in rows:
        session.add(
            Participant(
                assessment_id=following.id,
                name=row.name,
                organization=row.organization,
                function=row.function,
                group=row.group,
            )
        )
    return len(rows)


def _has_following(session: Session, assessment: Assessment) -> bool:
    query = sa.exists().where(Assessment.previous_id == assessment.id)
    return bool(session.scalar(sa.select(query)))
