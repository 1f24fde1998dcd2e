"""Evidence of an answer: files, documents referred to, interviews, observations."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import MAX_REFERENCE, Assessment, Evidence
from cirt.assessments.wording import written
from cirt.db import after_commit
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.files import FileStore, StoredFile, keep_file
from cirt.stix.marking import TLP

# What only named persons may read has no place in a record that every focal point opens.
MARKINGS = (TLP.AMBER_STRICT, TLP.AMBER, TLP.GREEN, TLP.CLEAR)


class Kind(StrEnum):
    """What kind of thing was shown."""

    FILE = "file"
    DOCUMENT = "document"
    INTERVIEW = "interview"
    OBSERVATION = "observation"


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.FILE: N_("File"),
        Kind.DOCUMENT: N_("Document, not attached"),
        Kind.INTERVIEW: N_("Interview"),
        Kind.OBSERVATION: N_("Observation"),
    }
)


def add_entry(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    question_id: str,
    *,
    kind: Kind,
    reference: str,
    seen_on: date | None = None,
) -> Evidence:
    """Note evidence that is not attached: a document, an interview or an observation.

    reference: title and place, who was spoken to in which function, or what was seen.
    """
    if kind is Kind.FILE:
        raise InvalidInputError(N_("Choose a file."), field="file")
    reference = written(reference, most=MAX_REFERENCE, field="reference")
    if not reference:
        raise InvalidInputError(
            N_("Say what the evidence is, so that somebody else can find it."), field="reference"
        )
    return _add(session, actor, assessment, question_id, kind, reference, seen_on, None)


def add_file(
    session: Session,
    store: FileStore,
    actor: Actor,
    assessment: Assessment,
    question_id: str,
    stream: IO[bytes],
    *,
    name: str,
    tlp: str,
    reference: str = "",
    seen_on: date | None = None,
) -> Evidence:
    """Attach a file; it belongs to the country, as the assessment does.

    Raises what cirt.files.keep_file raises, InvalidInputError for a marking not in MARKINGS.
    """
    if tlp not in [marking.value for marking in MARKINGS]:
        raise InvalidInputError(N_("Choose one of the markings listed."), field="tlp")
    reference = written(reference, most=MAX_REFERENCE, field="reference")
    state_after(assessment.standing, Act.ANSWER)
    file = keep_file(session, store, actor, stream, name=name, tlp=tlp)
    file.administration_id = assessment.administration_id
    return _add(
        session, actor, assessment, question_id, Kind.FILE, reference or file.name, seen_on, file
    )


def _add(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    question_id: str,
    kind: Kind,
    reference: str,
    seen_on: date | None,
    file: StoredFile | None,
) -> Evidence:
    load_instrument(assessment.instrument_id, assessment.instrument_version).question(question_id)
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    row = Evidence(
        assessment_id=assessment.id,
        question_id=question_id,
        kind=kind.value,
        reference=reference,
        seen_on=seen_on.isoformat() if seen_on else "",
        file_id=file.id if file else None,
        file=file,
        added_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "assessment.evidence",
        assessment,
        f"evidence:{row.id}",
        question=question_id,
        kind=kind.value,
    )
    return row


def remove_evidence(
    session: Session, store: FileStore, actor: Actor, assessment: Assessment, row: Evidence
) -> None:
    """Remove a piece of evidence and its file for good; the audit trail keeps digest and kind."""
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    if session.get(Evidence, row.id, populate_existing=True) is None:
        raise NotFoundError  # somebody was faster
    file = row.file
    details: dict[str, Any] = {"question": row.question_id, "kind": row.kind}
    if file is not None:
        details |= {"sha256": file.sha256, "size": file.size}
    record(
        session,
        actor,
        "assessment.evidence-removed",
        assessment,
        f"evidence:{row.id}",
        **details,
    )
    session.delete(row)
    session.flush()
    if file is not None:
        path = store.path_of(file.id)
        session.delete(file)
        after_commit(session, lambda: path.unlink(missing_ok=True))


def evidence_item(session: Session, assessment: Assessment, evidence_id: uuid.UUID) -> Evidence:
    """Return one piece of evidence. Raises NotFoundError for one of another assessment."""
    row = session.get(Evidence, evidence_id)
    if row is None or row.assessment_id != assessment.id:
        raise NotFoundError
    return row


def evidence_of(session: Session, assessment: Assessment) -> dict[str, Sequence[Evidence]]:
    """Return the evidence by question id, in the order in which it was added."""
    rows = session.scalars(
        sa.select(Evidence)
        .where(Evidence.assessment_id == assessment.id)
        .order_by(Evidence.added_at, Evidence.id)
    )
    found: dict[str, list[Evidence]] = {}
    for row in rows:
        found.setdefault(row.question_id, []).append(row)
    return dict(found)
