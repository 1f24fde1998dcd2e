"""Whether a country reaches a profile: every minimum met, never an average.

The rule. A minimum is met by an answer at its level or above it, and falls away where the
question does not apply for a reason given, or belongs to the time before a national CIRT where
there is one. One answer below its minimum is enough for "not met". Without any, a minimum whose
question is not answered, not known, or asked only once a national CIRT exists, keeps the verdict
open; so does a profile of which no minimum is left to be met. A profile with a minimum that is
not known here gives no conclusion at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cirt.assessments.instruments.model import Applies, Instrument
from cirt.assessments.instruments.profiles import Minimum, Profile
from cirt.assessments.results import Confidence, confidence
from cirt.assessments.scoring import (
    NOT_ANSWERED,
    AnswerState,
    AnswerValue,
    Coverage,
    figure,
    question_result,
)
from cirt.errors import N_


class Outcome(StrEnum):
    """What can be concluded; from not-met over open to met it only gets better."""

    MET = "met"
    NOT_MET = "not-met"
    OPEN = "open"  # answers are missing, and none is below its minimum
    INCOMPLETE = "incomplete"  # the profile has minimums that are not known here


class Standing(StrEnum):
    """Where one question stands against its minimum."""

    MET = "met"
    BELOW = "below"
    OPEN = "open"  # not answered, or not known
    NOT_APPLICABLE = "not-applicable"
    NOT_ASKED = "not-asked"  # at this stage; whether it holds the verdict open: Line.holds_open
    UNKNOWN = "unknown"  # the minimum is not known


OUTCOME_NAMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.MET: N_("Every minimum is met"),
        Outcome.NOT_MET: N_("Not every minimum is met"),
        Outcome.OPEN: N_("Open: answers are missing"),
        Outcome.INCOMPLETE: N_("The profile is incomplete: no conclusion"),
    }
)

STANDING_NAMES: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.MET: N_("Met"),
        Standing.BELOW: N_("Below the minimum"),
        Standing.OPEN: N_("Open"),
        Standing.NOT_APPLICABLE: N_("Does not apply"),
        Standing.NOT_ASKED: N_("Not asked now"),
        Standing.UNKNOWN: N_("Minimum not known"),
    }
)

VERDICT_RULE = N_(
    "A profile is reached when every one of its minimums is met; no mean makes up for one that is"
    " not. A question that does not apply for a reason given does not stand in the way. A question"
    " that is not answered, not known, or asked only once a national CIRT exists keeps the verdict"
    " open."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One minimum. minimum: None where it is not known. level: None with any state but LEVEL.

    holds_open: whether "met" cannot be said before this line changes.
    """

    question_id: str
    minimum: int | None
    level: int | None
    standing: Standing
    state: AnswerState = AnswerState.NOT_ANSWERED
    holds_open: bool = False


@dataclass(frozen=True)
class Verdict:
    """What can be concluded, with every minimum and what it rests on.

    coverage: of the questions with a minimum. confidence: by the rule of the figures, over the
    same questions.
    """

    outcome: Outcome
    lines: tuple[Line, ...]
    coverage: Coverage
    confidence: Confidence

    def count(self, standing: Standing | str) -> int:
        """Return how many lines stand so. standing: also its text, as templates have it."""
        return sum(1 for line in self.lines if line.standing == standing)


def verdict(
    instrument: Instrument,
    profile: Profile,
    answers: Mapping[str, AnswerValue],
    *,
    cirt_exists: bool | None,
    with_evidence: Collection[str] = (),
) -> Verdict:
    """Return whether these answers reach the profile.

    answers: question id -> answer; an absent question is not answered. cirt_exists: None where
    nobody has said; then the questions of both stages are asked. with_evidence: ids of the
    questions with evidence, for the confidence. The profile must fit the instrument.
    """
    lines = tuple(
        _line(instrument, each, answers.get(each.question_id, NOT_ANSWERED), cirt_exists)
        for each in profile.minimums
    )
    asked = figure(
        question_result(
            instrument.question(each.question_id),
            answers.get(each.question_id, NOT_ANSWERED),
            cirt_exists,
        )
        for each in profile.minimums
    )
    supported = sum(
        1 for line in lines if line.level is not None and line.question_id in with_evidence
    )
    return Verdict(
        outcome=_outcome(profile, lines),
        lines=lines,
        coverage=asked.coverage,
        confidence=confidence(asked, supported),
    )


def _line(
    instrument: Instrument, minimum: Minimum, answer: AnswerValue, cirt_exists: bool | None
) -> Line:
    question = instrument.question(minimum.question_id)
    level, state = answer.level, answer.state
    if not question.applies.asked(cirt_exists):
        standing, level = Standing.NOT_ASKED, None
    elif state is AnswerState.NOT_APPLICABLE:
        standing = Standing.NOT_APPLICABLE
    elif minimum.level is None:
        standing = Standing.UNKNOWN
    elif level is None:
        standing = Standing.OPEN
    else:
        standing = Standing.MET if level >= minimum.level else Standing.BELOW
    # what only a team can show is still to come where there is none
    later = standing is Standing.NOT_ASKED and question.applies is Applies.AFTER
    return Line(
        question_id=question.id,
        minimum=minimum.level,
        level=level,
        standing=standing,
        state=state,
        holds_open=later or standing is Standing.OPEN,
    )


def _outcome(profile: Profile, lines: tuple[Line, ...]) -> Outcome:
    if not profile.complete:
        return Outcome.INCOMPLETE
    if any(line.standing is Standing.BELOW for line in lines):
        return Outcome.NOT_MET
    # where every minimum falls away, nothing was shown that could be a verdict
    if any(line.holds_open for line in lines) or not any(
        line.standing is Standing.MET for line in lines
    ):
        return Outcome.OPEN
    return Outcome.MET
