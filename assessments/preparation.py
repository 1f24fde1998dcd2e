"""Preparing a workshop: what is looked at, with which instrument, and who takes part."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.profiles import profiles_for
from cirt.assessments.lifecycle import Act, State, state_after
from cirt.assessments.models import MAX_SCOPE, MAX_TITLE, Answer, Assessment, Evidence
from cirt.assessments.preparation_models import (
    MAX_NAME,
    AgendaItem,
    Participant,
    RequestedDocument,
)
from cirt.assessments.wording import written
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError
from cirt.taxonomies import stakeholder_groups

Row = TypeVar("Row", Participant, RequestedDocument, AgendaItem)


class ChangedMeanwhileError(ConflictError):
    """The row was changed since the form was shown. theirs: the row as it is now."""

    def __init__(self, theirs: Assessment | Participant | RequestedDocument | AgendaItem) -> None:
        super().__init__(
            N_(
                "Somebody else changed this meanwhile. Nothing was overwritten: what is saved now"
                " stands beside what you typed."
            )
        )
        self.theirs = theirs


def change_frame(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    scope: str,
    profile: str,
    workshop_on: date | None,
    workshop_place: str,
    revision: int,
) -> None:
    """Say what is looked at, against which profile, and when and where people meet.

    profile: id of an installed one for this instrument, "" for none. revision: of the assessment
    that the person saw. Raises InvalidInputError, ChangedMeanwhileError.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    known = {one.id for one in profiles_for(instrument)}
    if profile not in {"", assessment.profile, *known}:
        raise InvalidInputError(N_("Choose one of the profiles listed."), field="profile")
    values = {
        "scope": written(scope, most=MAX_SCOPE, field="scope"),
        "profile": profile,
        "workshop_on": workshop_on.isoformat() if workshop_on else "",
        "workshop_place": written(workshop_place, most=MAX_TITLE, field="workshop_place"),
    }
    if all(getattr(assessment, name) == value for name, value in values.items()):
        return
    if revision != assessment.revision:
        raise ChangedMeanwhileError(assessment)
    for name, value in values.items():
        setattr(assessment, name, value)
    assessment.revision += 1
    record(session, actor, "assessment.prepare", assessment)


def change_instrument(
    session: Session, actor: Actor, assessment: Assessment, *, instrument_id: str, version: str
) -> None:
    """Choose another instrument, as long as nothing rests on the present one.

    A profile that does not fit the new one is let go. With another questionnaire so is what the
    agenda and the documents say about dimensions and questions.
    Raises InvalidInputError, NotFoundError for one that is not installed.
    """
    instrument = load_instrument(instrument_id, version)
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    if assessment.state != State.PREPARING or _rests_on_instrument(session, assessment):
        raise InvalidInputError(
            N_(
                "The instrument can be changed only while the assessment is prepared and nothing"
                " has been answered with it."
            ),
            field="instrument",
        )
    if assessment.profile not in {one.id for one in profiles_for(instrument)}:
        assessment.profile = ""
    if instrument.id != assessment.instrument_id:
        for item in session.scalars(rows_of(AgendaItem, assessment)):
            item.dimensions = []
        for document in session.scalars(rows_of(RequestedDocument, assessment)):
            document.question_id = ""
    assessment.instrument_id, assessment.instrument_version = instrument.id, instrument.version
    assessment.revision += 1
    record(
        session,
        actor,
        "assessment.instrument",
        assessment,
        instrument=instrument.id,
        version=instrument.version,
        digest=instrument.digest,
    )


def save_participant(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    name: str,
    organization: str,
    function: str,
    group: str,
    attended: bool | None,
    row_id: uuid.UUID | None = None,
    revision: int = 0,
) -> Participant:
    """Add somebody to those who take part, or change what is said of them (row_id, revision)."""
    name = written(name, most=MAX_NAME, field="name")
    if not name:
        raise InvalidInputError(
            N_("Give the name, or what the person is called here."), field="name"
        )
    if group not in stakeholder_groups():
        raise InvalidInputError(N_("Choose one of the groups listed."), field="group")
    values = {
        "name": name,
        "organization": written(organization, most=MAX_NAME, field="organization"),
        "function": written(function, most=MAX_NAME, field="function"),
        "group": group,
        "attended": attended,
    }
    return save_row(session, actor, assessment, Participant, values, row_id, revision)


def note_attendance(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row_id: uuid.UUID,
    attended: bool | None,
) -> None:
    """Note whether a participant came; None takes the note back."""
    row = prepared_row(session, assessment, Participant, row_id)
    save_row(session, actor, assessment, Participant, {"attended": attended}, row.id, row.revision)


def save_row(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    model: type[Row],
    values: Mapping[str, Any],
    row_id: uuid.UUID | None,
    revision: int,
) -> Row:
    """Add a row of the preparation, or change one that still is at this revision.

    What says the same as the row changes nothing and conflicts with nothing.
    Raises NotFoundError for a row of another assessment, ChangedMeanwhileError.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    if row_id is None:
        row = model(assessment_id=assessment.id, **values)
        session.add(row)
    else:
        row = prepared_row(session, assessment, model, row_id)
        if all(getattr(row, name) == value for name, value in values.items()):
            return row
        if row.revision != revision:
            raise ChangedMeanwhileError(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.revision += 1
    session.flush()
    record(session, actor, "assessment.prepare", assessment, f"{model.__tablename__}:{row.id}")
    return row


def remove_row(
    session: Session, actor: Actor, assessment: Assessment, model: type[Row], row_id: uuid.UUID
) -> None:
    """Remove a participant, a document asked for or an item of the agenda."""
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    row = prepared_row(session, assessment, model, row_id)
    session.delete(row)
    record(
        session, actor, "assessment.prepare-removed", assessment, f"{model.__tablename__}:{row.id}"
    )


def prepared_row(
    session: Session, assessment: Assessment, model: type[Row], row_id: uuid.UUID
) -> Row:
    """Return one row as it is now. Raises NotFoundError for one of another assessment."""
    row = session.get(model, row_id, populate_existing=True)
    if row is None or row.assessment_id != assessment.id:
        raise NotFoundError
    return row


def participants_of(session: Session, assessment: Assessment) -> Sequence[Participant]:
    """Return who takes part, by stakeholder group and name."""
    order = {group: place for place, group in enumerate(stakeholder_groups())}
    rows = session.scalars(rows_of(Participant, assessment)).all()
    return sorted(rows, key=lambda row: (order.get(row.group, len(order)), row.name.casefold()))


def rows_of(model: type[Row], assessment: Assessment) -> sa.Select[Row]:
    return (
        sa.select(model)
        .where(model.assessment_id == assessment.id)
        .order_by(model.added_at, model.id)
    )


def _rests_on_instrument(session: Session, assessment: Assessment) -> bool:
    found = [
        session.scalar(
            sa.select(sa.literal(1)).where(table.assessment_id == assessment.id).limit(1)
        )
        for table in (Answer, Evidence)
    ]
    return any(found)
