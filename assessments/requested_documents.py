"""Documents asked for before the workshop, and what becomes of those received."""

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock
from cirt.assessments.evidence import Kind, add_entry
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import Assessment, Evidence
from cirt.assessments.preparation import prepared_row, rows_of, save_row
from cirt.assessments.preparation_models import MAX_NAME, MAX_NOTE, RequestedDocument
from cirt.assessments.wording import written
from cirt.errors import N_, InvalidInputError


def save_document(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    title: str,
    from_whom: str,
    due_on: date | None,
    received_on: date | None,
    note: str,
    question_id: str = "",
    row_id: uuid.UUID | None = None,
    revision: int = 0,
) -> RequestedDocument:
    """Ask for a document, or change what is said of one (row_id, revision)."""
    title = written(title, most=MAX_NAME, field="title")
    if not title:
        raise InvalidInputError(N_("Say which document is asked for."), field="title")
    if question_id:
        instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
        if not instrument.has_question(question_id):
            raise InvalidInputError(N_("Choose one of the questions listed."), field="question_id")
    values = {
        "title": title,
        "from_whom": written(from_whom, most=MAX_NAME, field="from_whom"),
        "due_on": due_on.isoformat() if due_on else "",
        "received_on": received_on.isoformat() if received_on else "",
        "note": written(note, most=MAX_NOTE, field="note"),
        "question_id": question_id,
    }
    return save_row(session, actor, assessment, RequestedDocument, values, row_id, revision)


def document_as_evidence(
    session: Session, actor: Actor, assessment: Assessment, row_id: uuid.UUID
) -> Evidence:
    """Note a received document as evidence of its question; once noted it stays one piece.

    Raises InvalidInputError for one that is not received or belongs to no question.
    """
    lock(session, assessment)
    row = prepared_row(session, assessment, RequestedDocument, row_id)
    if row.evidence_id is not None:
        noted = session.get(Evidence, row.evidence_id)
        if noted is not None:
            return noted
    if not row.received_on or not row.question_id:
        raise InvalidInputError(
            N_("Only a document that was received and belongs to a question becomes evidence.")
        )
    reference = f"{row.title} – {row.from_whom}" if row.from_whom else row.title
    evidence = add_entry(
        session,
        actor,
        assessment,
        row.question_id,
        kind=Kind.DOCUMENT,
        reference=reference,
        seen_on=date.fromisoformat(row.received_on),
    )
    row.evidence_id = evidence.id
    return evidence


def documents_of(session: Session, assessment: Assessment) -> Sequence[RequestedDocument]:
    """Return the documents asked for: first those still due, by day."""
    rows = session.scalars(rows_of(RequestedDocument, assessment)).all()
    return sorted(
        rows, key=lambda row: (bool(row.received_on), row.due_on or "9999", row.title.casefold())
    )
