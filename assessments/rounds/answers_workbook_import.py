"""Importing a workbook of answers: kept for its person until they confirm; then all or nothing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.assessments.answering import save_answer
from cirt.assessments.conduct import lock, record
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.rounds.answers_workbook_columns import Words
from cirt.assessments.rounds.answers_workbook_preview import (
    Outcome,
    Preview,
    PreviewRow,
    preview_of,
)
from cirt.assessments.rounds.answers_workbook_reading import AnswersFile
from cirt.clock import now
from cirt.db import after_commit
from cirt.errors import N_, DomainError, NotFoundError, UnsupportedError
from cirt.files import FileStore, StoredFile, clean_name, content_of, keep_file
from cirt.jobs import Effect, Job, Task, enqueue, handles
from cirt.stix.marking import TLP

KEPT_FOR = timedelta(hours=4)
UPLOAD_JOB = "answers.forget-upload"  # its row says whose upload it is, and ends it

_GONE = N_(
    "This upload is not there any more: it was imported, removed, or has expired after some hours."
    " Choose the file again."
)


@dataclass(frozen=True)
class Upload:
    """A workbook between its upload and its import; only its person sees it."""

    id: uuid.UUID
    file: StoredFile
    until: datetime


class Keep(StrEnum):
    """What to keep of an answer that was changed both in the file and here."""

    OURS = "ours"
    FILE = "file"


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a conflict that they were shown; keep: None for nothing yet.

    seen: the revision that stood beside the file's answer.
    """

    keep: Keep | None
    seen: int


class NotImportedError(DomainError):
    """Something is still to be decided; nothing was stored.

    preview: as it stands now. about: the rows that wait for a decision. moved: somebody changed
    an answer since the person looked.
    """

    def __init__(
        self, message: str, preview: Preview, about: Outcome, *, moved: bool = False
    ) -> None:
        super().__init__(message)
        self.preview = preview
        self.about = about
        self.moved = moved


def keep_upload(
    session: Session,
    store: FileStore,
    actor: Actor,
    assessment: Assessment,
    stream: IO[bytes],
    *,
    name: str,
) -> uuid.UUID:
    """Keep a workbook until its person confirms or some hours have passed; return its id."""
    state_after(assessment.standing, Act.ANSWER)
    check_name(name)
    row = keep_file(session, store, actor, stream, name=name, tlp=TLP.AMBER_STRICT.value)
    row.administration_id = assessment.administration_id
    payload = {"file_id": str(row.id), "assessment_id": str(assessment.id)}
    job = enqueue(session, UPLOAD_JOB, payload, actor=actor, run_at=now() + KEPT_FOR)
    return job.id


def check_name(name: str) -> None:
    """Raise UnsupportedError for a file that is not called a workbook."""
    if not clean_name(name).lower().endswith(".xlsx"):
        raise UnsupportedError(
            N_("Choose the workbook that was exported here; its name ends in .xlsx."), field="file"
        )


def upload_of(
    session: Session, actor: Actor, assessment: Assessment, upload_id: uuid.UUID
) -> Upload:
    """Return an upload of this person for this assessment; NotFoundError for any other."""
    query = sa.select(Job).where(
        Job.id == upload_id,
        Job.kind == UPLOAD_JOB,
        Job.state == "waiting",
        Job.run_at > now(),
        Job.user_id == actor.user_id,
    )
    job = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if job is None or job.payload["assessment_id"] != str(assessment.id):
        raise NotFoundError(_GONE)
    file = session.get(StoredFile, uuid.UUID(job.payload["file_id"]), populate_existing=True)
    if file is None:
        raise NotFoundError(_GONE)
    return Upload(job.id, file, job.run_at)


def read_upload(store: FileStore, upload: Upload) -> bytes:
    """Return the bytes of an upload."""
    return content_of(store, upload.file).read_bytes()


def forget_upload(session: Session, store: FileStore, actor: Actor, upload: Upload) -> None:
    """Remove an upload before its time."""
    session.execute(sa.delete(Job).where(Job.id == upload.id, Job.state == "waiting"))
    _erase(session, store, actor, upload.file)


@handles(
    UPLOAD_JOB, name=N_("Removing an uploaded workbook that was not imported"), may_cancel=False
)
def _expire(task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any] | None:
        row = session.get(StoredFile, uuid.UUID(task.payload["file_id"]))
        if row is not None:
            _erase(session, task.services.files, None, row)
        return None

    return effect


def _erase(session: Session, store: FileStore, actor: Actor | None, row: StoredFile) -> None:
    path = store.path_of(row.id)
    audit.record(
        session, actor, "file.erase", row, chain_id=row.administration_id, sha256=row.sha256
    )
    session.delete(row)
    after_commit(session, lambda: path.unlink(missing_ok=True))


def import_answers(
    session: Session,
    store: FileStore,
    actor: Actor,
    assessment: Assessment,
    upload_id: uuid.UUID,
    file: AnswersFile,
    words: Words,
    *,
    decisions: Mapping[str, Decision],
    without_errors: bool,
) -> tuple[str, ...]:
    """Save what a file changes, in one transaction, and return the ids of the answers saved.

    decisions: about conflicts, by question id. without_errors: the person chose to leave out the
    rows with errors. Raises ForbiddenError where nothing is answered now, NotFoundError for an
    upload that is not there any more, NotImportedError where something is still to be decided.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    upload = upload_of(session, actor, assessment, upload_id)
    preview = preview_of(session, assessment, file, words)
    _check_settled(preview, decisions, without_errors=without_errors)
    saved = []
    for row in preview.of(Outcome.NEW, Outcome.CHANGED, Outcome.CONFLICT):
        if row.outcome is Outcome.CONFLICT and decisions[_id(row)].keep is Keep.OURS:
            continue
        assert row.question is not None and row.content is not None  # noqa: S101 - for the type checker
        save_answer(
            session,
            actor,
            assessment,
            row.question.id,
            row.content,
            revision=row.revision,
            language=row.question.text.in_language(file.about.get("language", "")).language,
        )
        saved.append(row.question.id)
    record(
        session,
        actor,
        "assessment.import",
        assessment,
        sha256=upload.file.sha256,
        exported_from=file.about["assessment"][:40],
        rows=len(preview.rows),
        saved=len(saved),
        left_out=preview.count(Outcome.ERROR),
    )
    forget_upload(session, store, actor, upload)
    return tuple(saved)


def _check_settled(
    preview: Preview, decisions: Mapping[str, Decision], *, without_errors: bool
) -> None:
    decided = [(row, decisions.get(_id(row))) for row in preview.of(Outcome.CONFLICT)]
    if any(decision is None or decision.seen != row.revision for row, decision in decided):
        raise NotImportedError(
            N_("Somebody changed an answer while you looked at the file. Nothing was imported."),
            preview,
            Outcome.CONFLICT,
            moved=True,
        )
    if any(decision is None or decision.keep is None for _row, decision in decided):
        raise NotImportedError(
            N_("Choose for each answer that was changed twice which one is kept."),
            preview,
            Outcome.CONFLICT,
        )
    if preview.count(Outcome.ERROR) and not without_errors:
        raise NotImportedError(
            N_("Some rows have errors. Say that they are left out, or correct the file."),
            preview,
            Outcome.ERROR,
        )


def _id(row: PreviewRow) -> str:
    return row.file_row.question_id
