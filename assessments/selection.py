"""Which questions of an assessment somebody wants to see. Plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cirt.assessments.answering import AnswerContent, Confidence
from cirt.assessments.instruments.model import Question
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_


class Show(StrEnum):
    """A filter over the questions; each looks at the newest answer."""

    UNANSWERED = "unanswered"
    DISPUTED = "disputed"
    NO_EVIDENCE = "no-evidence"
    FOR_REVIEW = "for-review"
    LOW_CONFIDENCE = "low-confidence"


SHOW_NAMES: Mapping[Show, str] = MappingProxyType(
    {
        Show.UNANSWERED: N_("Unanswered"),
        Show.DISPUTED: N_("Disputed"),
        Show.NO_EVIDENCE: N_("A level without evidence"),
        Show.FOR_REVIEW: N_("Marked for review"),
        Show.LOW_CONFIDENCE: N_("Low confidence"),
    }
)


@dataclass(frozen=True)
class Selection:
    """What somebody chose to see. show: None for all. group: a stakeholder group, "" for all."""

    show: Show | None = None
    group: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.show is None and not self.group

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of an address that keeps the choice."""
        chosen = {"show": self.show.value if self.show else "", "group": self.group}
        return {name: value for name, value in chosen.items() if value}

    def takes(self, question: Question, content: AnswerContent, pieces: int) -> bool:
        """Whether a question is among those chosen. pieces: of evidence that it has."""
        if self.group and self.group not in question.asked_of:
            return False
        match self.show:
            case Show.UNANSWERED:
                return content.state is AnswerState.NOT_ANSWERED
            case Show.DISPUTED:
                return content.disputed
            case Show.NO_EVIDENCE:
                return content.state is AnswerState.LEVEL and not pieces
            case Show.FOR_REVIEW:
                return content.for_review
            case Show.LOW_CONFIDENCE:
                return content.confidence is Confidence.LOW
            case None:
                return True


def selection_of(arguments: Mapping[str, str], groups: Collection[str]) -> Selection:
    """Return what the arguments of an address choose; what is unknown chooses nothing."""
    show, group = arguments.get("show", ""), arguments.get("group", "")
    return Selection(Show(show) if show in list(Show) else None, group if group in groups else "")
