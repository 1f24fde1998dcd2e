"""Answers: saved by revision so that nobody's words are overwritten, every version kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import Question, load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import (
    MAX_COMMENT,
    MAX_REASON,
    Answer,
    AnswerVersion,
    Assessment,
)
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError

CHOICES = (
    "0",
    "1",
    "2",
    "3",
    "4",
    AnswerState.NOT_KNOWN.value,
    AnswerState.NOT_APPLICABLE.value,
    AnswerState.NOT_ANSWERED.value,
)


WRONG_CHOICE = N_("Choose one of the answers listed.")


class Confidence(StrEnum):
    """How sure those who answered are; shown beside the level, never part of it."""

    NOT_SAID = ""
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


CONFIDENCE_NAMES: Mapping[Confidence, str] = MappingProxyType(
    {
        Confidence.NOT_SAID: N_("Not said"),
        Confidence.LOW: N_("Low: it may well turn out otherwise"),
        Confidence.MEDIUM: N_("Medium"),
        Confidence.HIGH: N_("High: those present know it first-hand"),
    }
)


@dataclass(frozen=True)
class AnswerContent:
    """What an answer says, compared word for word to tell a change from a repetition.

    The fields are those of models.Answer; functions: ids, sorted.
    """

    state: AnswerState = AnswerState.NOT_ANSWERED
    level: int | None = None
    reason: str = ""
    comment: str = ""
    confidence: Confidence = Confidence.NOT_SAID
    for_review: bool = False
    disputed: bool = False
    functions: tuple[str, ...] = ()
    carried_from: str = ""

    @property
    def choice(self) -> str:
        """The value of the radio button: a level's digit, or the state."""
        return str(self.level) if self.state is AnswerState.LEVEL else self.state.value

    def after(self, earlier: "AnswerContent") -> "AnswerContent":
        """Return this content as somebody typed it over an earlier one.

        An answer that was carried over stays one as long as its level or state stays.
        """
        kept = earlier.carried_from if self.choice == earlier.choice else ""
        return replace(self, carried_from=self.carried_from or kept)


UNTOUCHED = AnswerContent()


class AnswerConflictError(ConflictError):
    """The answer was changed since the page was shown. theirs: what it says now."""

    def __init__(self, theirs: Answer | None) -> None:
        super().__init__(
            N_("Somebody else changed this answer meanwhile. Nothing was overwritten.")
        )
        self.theirs = theirs

    @property
    def revision(self) -> int:
        """The revision that the answer has now."""
        return self.theirs.revision if self.theirs else 0

    @property
    def content(self) -> AnswerContent:
        """What the answer says now."""
        return content_of(self.theirs)


def answer_content(
    choice: str,
    *,
    reason: str = "",
    comment: str = "",
    confidence: str = "",
    for_review: bool = False,
    disputed: bool = False,
    functions: Collection[str] = (),
    carried_from: str = "",
) -> AnswerContent:
    """Return what somebody chose and wrote. choice: one of CHOICES.

    Raises InvalidInputError, naming the field (choice, reason, comment or confidence).
    """
    if choice not in CHOICES:
        raise InvalidInputError(WRONG_CHOICE, field="choice")
    if confidence not in list(Confidence):
        raise InvalidInputError(N_("Choose one of the confidences listed."), field="confidence")
    level = int(choice) if choice.isdecimal() else None
    content = AnswerContent(
        state=AnswerState.LEVEL if level is not None else AnswerState(choice),
        level=level,
        reason=written(reason, most=MAX_REASON, field="reason"),
        comment=written(comment, most=MAX_COMMENT, field="comment"),
        confidence=Confidence(confidence),
        for_review=for_review,
        disputed=disputed,
        functions=tuple(sorted(set(functions))),
        carried_from=carried_from,
    )
    AnswerValue(content.state, content.level, content.reason)  # refuses what does not fit together
    return content


def check_fits(question: Question, content: AnswerContent) -> None:
    """Raise InvalidInputError where the question has no such level or lists no such function."""
    if content.level is not None and content.level > question.top:
        raise InvalidInputError(WRONG_CHOICE, field="choice")
    if not set(content.functions) <= {function.id for function in question.functions}:
        raise InvalidInputError(N_("Choose among the functions listed."), field="functions")


def content_of(row: Answer | AnswerVersion | None) -> AnswerContent:
    """Return what an answer or a version of it says; an absent answer is untouched."""
    if row is None:
        return UNTOUCHED
    return AnswerContent(
        state=AnswerState(row.state),
        level=row.level,
        reason=row.reason,
        comment=row.comment,
        confidence=Confidence(row.confidence),
        for_review=row.for_review,
        disputed=row.disputed,
        functions=tuple(sorted(row.functions)),
        carried_from=row.carried_from,
    )


def save_answer(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    question_id: str,
    content: AnswerContent,
    *,
    revision: int,
    language: str,
    restored_from: int | None = None,
) -> Answer | None:
    """Save an answer and return it; None where an untouched question stays untouched.

    revision: of the answer that the person saw, 0 for none. language: in which the question was
    shown. What says the same as the present answer changes nothing and conflicts with nothing.
    Raises ForbiddenError where nothing is answered now, NotFoundError for an unknown question,
    InvalidInputError for a level or function that the question does not have,
    AnswerConflictError when somebody else was faster.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    question = instrument.question(question_id)
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    check_fits(question, content)
    answer = session.get(Answer, (assessment.id, question_id), populate_existing=True)
    if restored_from is None:
        content = content.after(content_of(answer))
    if content == content_of(answer):
        return answer
    if revision != (answer.revision if answer else 0):
        raise AnswerConflictError(answer)
    if answer is None:
        answer = Answer(assessment_id=assessment.id, question_id=question_id, revision=0)
        session.add(answer)
    said: dict[str, Any] = {
        "state": content.state.value,
        "level": content.level,
        "reason": content.reason,
        "comment": content.comment,
        "confidence": content.confidence.value,
        "for_review": content.for_review,
        "disputed": content.disputed,
        "functions": list(content.functions),
        "carried_from": content.carried_from,
        "language": language,
        "instrument_version": instrument.version,
    }
    for name, value in said.items():
        setattr(answer, name, value)
    answer.revision += 1
    answer.updated_by, answer.updated_at = actor.user_id, now()
    assessment.answered_at = answer.updated_at
    session.add(
        AnswerVersion(
            assessment_id=assessment.id,
            question_id=question_id,
            revision=answer.revision,
            restored_from=restored_from,
            user_id=actor.user_id,
            at=answer.updated_at,
            **said,
        )
    )
    session.flush()
    record(
        session,
        actor,
        "assessment.answer",
        assessment,
        f"answer:{assessment.id}/{question_id}",
        revision=answer.revision,
    )
    return answer


def restore_answer(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    question_id: str,
    *,
    version: int,
    revision: int,
    language: str,
) -> Answer | None:
    """Let an answer say again what it said at an earlier revision; the history grows by one.

    version: the earlier revision; 0 is the question before anybody touched it. revision: of the
    answer that the person saw. Raises as save_answer does, and NotFoundError for no such version.
    """
    earlier = session.get(AnswerVersion, (assessment.id, question_id, version))
    if earlier is None and version != 0:
        raise NotFoundError
    return save_answer(
        session,
        actor,
        assessment,
        question_id,
        content_of(earlier),
        revision=revision,
        language=language,
        restored_from=version,
    )


def answers_of(session: Session, assessment: Assessment) -> dict[str, Answer]:
    """Return the answers that count, by question id; untouched questions are absent.

    An answer to a question that the instrument no longer asks, since it was upgraded, is not
    among them; every_answer_of has those too.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    found = every_answer_of(session, assessment)
    return {key: row for key, row in found.items() if instrument.has_question(key)}


def every_answer_of(session: Session, assessment: Assessment) -> dict[str, Answer]:
    """Return every answer on record by question id, counted or not."""
    rows = session.scalars(sa.select(Answer).where(Answer.assessment_id == assessment.id))
    return {row.question_id: row for row in rows}
