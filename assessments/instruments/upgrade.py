"""What another version of its instrument does to the answers of an assessment. Pure.

An answer is compared with the question as it stood in the version under which it was given, not
with the version the assessment is at: an answer whose question was gone for one version and comes
back counts again, and is marked for review only if the words have changed since it was given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cirt.assessments.instruments.comparison import Change, Comparison, compare, compare_question
from cirt.assessments.instruments.model import Instrument, Question
from cirt.errors import N_


class AnswerFate(StrEnum):
    """What becomes of an answer; ANSWER_FATES has the sentence for each."""

    KEPT = "kept"
    REVIEW = "review"
    OPENED = "opened"
    GONE = "gone"


ANSWER_FATES: dict[AnswerFate, str] = {
    AnswerFate.KEPT: N_("Kept as it is: the question and its levels say the same."),
    AnswerFate.REVIEW: N_(
        "Carried over and marked for review: the question, its levels or its functions read"
        " otherwise than when the answer was given."
    ),
    AnswerFate.OPENED: N_(
        "Open again and marked for review: the question no longer has the level that was chosen."
    ),
    AnswerFate.GONE: N_(
        "No longer counted: the question is not asked any more. The answer stays on record with"
        " its history, and counts again in a version that asks the question."
    ),
}


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as far as an upgrade asks about it.

    said: whether somebody answered; False for a question that was only opened or commented.
    level: None without one. version: of the instrument under which it was given.
    """

    said: bool
    level: int | None
    version: str


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """What becomes of one answer. change: what the question became; None where unknown or gone."""

    question_id: str
    fate: AnswerFate
    change: Change | None


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What a change of version would do. unanswered: questions of the new version without answer."""

    comparison: Comparison
    answers: tuple[AnswerChange, ...]
    unanswered: tuple[Question, ...]

    def of(self, fate: AnswerFate) -> tuple[AnswerChange, ...]:
        """Return the answers of one fate."""
        return tuple(each for each in self.answers if each.fate is fate)

    @property
    def new(self) -> tuple[Question, ...]:
        """The questions that this version asks and the present one does not, without an answer."""
        return tuple(
            each for each in self.unanswered if not self.comparison.before.has_question(each.id)
        )


def upgrade(
    before: Instrument,
    after: Instrument,
    answers: Mapping[str, Given],
    version: Callable[[str], Instrument | None],
) -> Upgrade:
    """Return what becomes of each answer when an assessment moves from one version to another.

    version: the instrument in a version, None where that is not installed any more; an answer
    given under it is marked for review, since nobody can say whether the words are the same.
    Raises InvalidInputError for two instruments.
    """
    comparison = compare(before, after)
    order = {question.id: n for n, question in enumerate(after.questions)}
    changes = [_answer(key, given, after, version) for key, given in answers.items()]
    changes.sort(key=lambda each: (order.get(each.question_id, len(order)), each.question_id))
    return Upgrade(
        comparison=comparison,
        answers=tuple(changes),
        unanswered=tuple(
            each for each in after.questions if each.id not in answers or not answers[each.id].said
        ),
    )


def _answer(
    question_id: str, given: Given, after: Instrument, version: Callable[[str], Instrument | None]
) -> AnswerChange:
    if not after.has_question(question_id):
        return AnswerChange(question_id, AnswerFate.GONE, None)
    question = after.question(question_id)
    origin = version(given.version)
    change = None
    if origin is not None and origin.has_question(question_id):
        change = compare_question(origin.question(question_id), question)
    if given.level is not None and given.level > question.top:
        return AnswerChange(question_id, AnswerFate.OPENED, change)
    if given.said and (change is None or change.touches_meaning):
        return AnswerChange(question_id, AnswerFate.REVIEW, change)
    return AnswerChange(question_id, AnswerFate.KEPT, change)
