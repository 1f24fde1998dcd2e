"""Fast entry: many answers typed on one page; the good ones are saved, the others keep their words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.answering import (
    UNTOUCHED,
    AnswerConflictError,
    AnswerContent,
    answer_content,
    content_of,
    save_answer,
)
from cirt.assessments.conduct import lock
from cirt.assessments.instruments import Question
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Answer, AnswerVersion, Assessment
from cirt.errors import ConflictError, DomainError, InvalidInputError


@dataclass(frozen=True)
class TypedRow:
    """What somebody left in one row. revision: of the answer that the row showed, 0 for none."""

    question: Question
    choice: str
    reason: str
    comment: str
    revision: int


@dataclass(frozen=True)
class RowProblem:
    """Why a row was not saved. theirs: what stands there now, None unless somebody was faster."""

    row: TypedRow
    error: DomainError
    theirs: Answer | None = None

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else changed the answer meanwhile."""
        return isinstance(self.error, ConflictError)


@dataclass(frozen=True)
class SavedTable:
    """How a page of rows ended. saved: ids of the questions whose answer changed."""

    saved: tuple[str, ...]
    problems: tuple[RowProblem, ...]


def save_table(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    rows: Sequence[TypedRow],
    *,
    language_of: Callable[[Question], str],
) -> SavedTable:
    """Save the rows that somebody changed; what an answer says besides stays as it is.

    language_of: in which language a question was shown. A row that cannot be saved holds up no
    other one. Raises ForbiddenError where nothing is answered now.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    saved, problems = [], []
    for row in rows:
        answer = session.get(Answer, (assessment.id, row.question.id), populate_existing=True)
        present = content_of(answer)
        shown = _shown(session, assessment, row, answer)
        try:
            if shown is not None and _says_the_same(row, shown):
                continue
            typed = answer_content(row.choice, reason=row.reason, comment=row.comment)
            changed = save_answer(
                session,
                actor,
                assessment,
                row.question.id,
                replace(
                    present,
                    state=typed.state,
                    level=typed.level,
                    reason=typed.reason,
                    comment=typed.comment,
                    carried_from="",
                ),
                revision=row.revision,
                language=language_of(row.question),
            )
        except AnswerConflictError as error:
            problems.append(RowProblem(row, error, error.theirs))
        except InvalidInputError as error:
            problems.append(RowProblem(row, error))
        else:
            if changed is not None and content_of(changed) != present:
                saved.append(row.question.id)
    return SavedTable(tuple(saved), tuple(problems))


def _shown(
    session: Session, assessment: Assessment, row: TypedRow, answer: Answer | None
) -> AnswerContent | None:
    """Return what the row showed before somebody typed; None for a revision that never was."""
    if row.revision == (answer.revision if answer else 0):
        return content_of(answer)
    if row.revision == 0:
        return UNTOUCHED
    version = session.get(AnswerVersion, (assessment.id, row.question.id, row.revision))
    return content_of(version) if version is not None else None


def _says_the_same(row: TypedRow, shown: AnswerContent) -> bool:
    return (row.choice, _plain(row.reason), _plain(row.comment)) == (
        shown.choice,
        shown.reason,
        shown.comment,
    )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
