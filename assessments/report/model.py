"""What a report says, as plain values: nothing of how it is worded or set."""

from dataclasses import dataclass
from datetime import datetime

from cirt.assessments.results import ShownFigure, ShownResults
from cirt.assessments.scoring import AnswerState
from cirt.chart_geometry import Direction


@dataclass(frozen=True)
class EvidenceContent:
    """One piece of evidence. seen_on: ISO date, "" if not given. file_name, marking: "" for none."""

    kind: str
    reference: str
    seen_on: str = ""
    file_name: str = ""
    marking: str = ""


@dataclass(frozen=True)
class QuestionContent:
    """One question and its answer. level, its name and its text only with state LEVEL."""

    code: str
    text: str
    state: AnswerState
    level: int | None = None
    level_name: str = ""
    level_text: str = ""
    reason: str = ""
    comment: str = ""
    evidence: tuple[EvidenceContent, ...] = ()


@dataclass(frozen=True)
class DimensionContent:
    """One dimension with its figure."""

    code: str
    title: str
    description: str
    figure: ShownFigure
    questions: tuple[QuestionContent, ...]


@dataclass(frozen=True)
class ProvisionContent:
    """A provision that questions serve. place: within the text, "" unless checked there."""

    citation: str
    place: str
    paraphrase: str
    verified: bool
    questions: tuple[str, ...]


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says; texts of the instrument are in the report's language already."""

    language: str
    direction: Direction
    title: str
    country: str
    country_code: str
    marking: str
    generated_at: datetime
    closed_at: datetime | None
    is_closed: bool
    cirt_exists: bool | None
    instrument_title: str
    instrument_version: str
    scale: tuple[str, ...]
    results: ShownResults
    dimensions: tuple[DimensionContent, ...]
    provisions: tuple[ProvisionContent, ...] = ()
