"""What the answers of an assessment say of an item of a published model, such as SIM3's O-1."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cirt.assessments.instruments.model import Instrument, Question
from cirt.assessments.scoring import NOT_ANSWERED, AnswerState, AnswerValue


@dataclass(frozen=True, slots=True)
class Said:
    """One answer behind an item. level: None unless the answer is one. evidence: pieces noted."""

    question: Question
    state: AnswerState
    level: int | None
    evidence: int

    @property
    def share(self) -> Fraction | None:
        """The level as a share of the question's highest one; None without a level."""
        return None if self.level is None else Fraction(self.level, self.question.top)


def said_of(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    evidence: Mapping[str, Collection[object]],
    model: str,
    item: str,
) -> tuple[Said, ...]:
    """Return what the answers say of an item, question by question.

    model: "sim3" or "first_services", as the crosswalk of a question names it.
    """
    found = []
    for question in instrument.questions:
        if item in getattr(question.crosswalk, model):
            value = answers.get(question.id, NOT_ANSWERED)
            pieces = len(evidence.get(question.id, ()))
            found.append(Said(question, value.state, value.level, pieces))
    return tuple(found)


def lowest(said: Iterable[Said]) -> Fraction | None:
    """Return the lowest share among the answers with a level; None where there is none."""
    shares = [one.share for one in said if one.share is not None]
    return min(shares, default=None)
