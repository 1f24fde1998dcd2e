"""Where the answers stand below what a plan aims at, and where nobody can say."""

from collections.abc import Mapping
from dataclasses import dataclass

from cirt.assessments.instruments.model import Instrument, Question
from cirt.assessments.scoring import NOT_ANSWERED, AnswerState, AnswerValue

DEFAULT_TARGET = 3


@dataclass(frozen=True, slots=True)
class Aim:
    """The level that a plan leads each question to.

    levels: question id -> level, 1 and more; a question that is absent is not climbed for its own
    sake. from_profile: whether these are a profile's minimums, and not the level that a plan
    without a profile takes for all.
    """

    levels: Mapping[str, int]
    from_profile: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A question below its aim, or one of which nobody can say where it stands.

    level: None where the answer is missing or not known. target: None where nothing is aimed at.
    """

    question: Question
    level: int | None
    target: int | None


def aim_of(instrument: Instrument, minimums: Mapping[str, int] | None = None) -> Aim:
    """Return what a plan aims at.

    minimums: the known ones of a profile. Without any (no profile, or one of which no minimum is
    known) the aim is DEFAULT_TARGET for every question, or its highest level where that is lower.
    """
    if not minimums:
        return Aim({each.id: min(DEFAULT_TARGET, each.top) for each in instrument.questions})
    known = (each for each in instrument.questions if minimums.get(each.id, 0) > 0)
    return Aim({each.id: min(minimums[each.id], each.top) for each in known}, from_profile=True)


def standing(
    question: Question, answers: Mapping[str, AnswerValue], *, cirt_exists: bool | None
) -> AnswerValue | None:
    """Return the answer to a question; None where it takes no part: not asked, or not applicable."""
    answer = answers.get(question.id, NOT_ANSWERED)
    if not question.applies.asked(cirt_exists) or answer.state is AnswerState.NOT_APPLICABLE:
        return None
    return answer


def gaps(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    aim: Aim,
    *,
    cirt_exists: bool | None = None,
) -> tuple[Gap, ...]:
    """Return the gaps in the order of the questionnaire. answers: as for scoring.score."""
    found = []
    for question in instrument.questions:
        answer = standing(question, answers, cirt_exists=cirt_exists)
        target = aim.levels.get(question.id)
        if answer is None:
            continue
        if answer.level is None or (target is not None and answer.level < target):
            found.append(Gap(question, answer.level, target))
    return tuple(found)
