"""What a report says, as plain values: nothing of how it is worded or set.

Texts of instruments, profiles and lists are in the report's language already; codes of states,
outcomes and bands stay codes. Dates are ISO dates, "" where there is none.
"""

from dataclasses import dataclass
from datetime import datetime

from cirt.assessments.report.model_plan import (
    ActionContent,
    DesignSummary,
    FindingContent,
    PlanSummary,
    ServiceContent,
)
from cirt.assessments.report.model_results import (
    ComparisonContent,
    DimensionContent,
    FigureContent,
    HeatContent,
    ParameterContent,
    QuestionContent,
    VerdictContent,
)
from cirt.chart_geometry import Direction


@dataclass(frozen=True)
class Frame:
    """What stands on the cover, and how the assessment stands.

    state: of the assessment's life; agreed_on, closed_on: "" while it is not. prepared_by: names
    of the administrations whose people led or made the assessment. workshop_on: its first day.
    """

    language: str
    direction: Direction
    title: str
    country: str
    country_code: str
    round: int
    marking: str
    generated_at: datetime
    state: str
    agreed_on: str
    closed_on: str
    scope: str
    cirt_exists: bool | None
    workshop_on: str = ""
    workshop_place: str = ""
    prepared_by: tuple[str, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether the country has not agreed to it."""
        return not self.agreed_on


@dataclass(frozen=True)
class InstrumentContent:
    """The questionnaire. notice: what must stand wherever its results are printed, "" for none."""

    id: str
    version: str
    title: str
    description: str
    notice: str
    scale: tuple[str, ...]
    asked: int

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.scale) - 1


@dataclass(frozen=True)
class NoticeContent:
    """Whose model is referred to, and what its owner wants said."""

    name: str
    owner: str
    text: str


@dataclass(frozen=True)
class FactContent:
    """A fact about the country. label: message id. year: None for not said."""

    id: str
    label: str
    form: str
    value: str
    year: int | None
    source: str


@dataclass(frozen=True)
class TallyContent:
    """What the country published of its incidents. rows: (capability, failed, held), in bands."""

    since: str
    until: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class GroupContent:
    """A stakeholder group: how many were invited, and how many came (None: nobody noted it)."""

    name: str
    invited: int
    attended: int | None


@dataclass(frozen=True)
class ParticipantContent:
    """Somebody who takes part. name: "" unless the report is to hold names."""

    name: str
    function: str
    organization: str
    group: str
    attended: bool | None


@dataclass(frozen=True)
class AgendaContent:
    """One item of the agenda. dimensions: their codes. groups: names; empty for everybody."""

    day: int
    starts: str
    ends: str
    title: str
    note: str
    dimensions: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class DocumentContent:
    """A document that was asked for."""

    title: str
    from_whom: str
    due_on: str
    received_on: str
    question: str


@dataclass(frozen=True)
class ProvisionContent:
    """A provision that questions serve. place: within the text, "" unless checked there."""

    id: str
    resolution: str
    citation: str
    place: str
    paraphrase: str
    verified: bool
    questions: tuple[str, ...]


@dataclass(frozen=True)
class TermContent:
    """A term or an abbreviation; meaning: "" where the name says it all."""

    short: str
    name: str
    meaning: str


@dataclass(frozen=True)
class ChapterText:
    """What people wrote for a chapter.

    text: in the report's language, "" for nothing. elsewhere: the languages in which there are
    words for it instead, by their codes; empty where text is not.
    """

    text: str = ""
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What was chosen for the executive summary, by code; see cirt.assessments.report.choosing."""

    findings: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says.

    texts: by chapter id, one for each that people write. themes: chapter id -> codes of the
    questions that its subject is asked in. verdict: None without a profile that can be used;
    profile_problem then says why, as a sentence, "" where none was chosen. names: whether
    participants are named. sim3_from: title of the SIM3 assessment that chapter 10 rests on, "" for
    this one's own crosswalk.
    """

    frame: Frame
    instrument: InstrumentContent
    notices: tuple[NoticeContent, ...]
    texts: dict[str, ChapterText]
    summary: Summary
    overall: FigureContent
    dimensions: tuple[DimensionContent, ...]
    heat: HeatContent | None
    verdict: VerdictContent | None
    profile_problem: str
    comparison: ComparisonContent | None
    themes: dict[str, tuple[str, ...]]
    facts: tuple[FactContent, ...]
    tally: TallyContent | None
    parameters: tuple[ParameterContent, ...]
    sim3_from: str
    services: tuple[ServiceContent, ...]
    design: DesignSummary
    findings: tuple[FindingContent, ...]
    actions: tuple[ActionContent, ...]
    plan: PlanSummary | None
    groups: tuple[GroupContent, ...]
    participants: tuple[ParticipantContent, ...]
    names: bool
    agenda: tuple[AgendaContent, ...]
    documents: tuple[DocumentContent, ...]
    provisions: tuple[ProvisionContent, ...]
    terms: tuple[TermContent, ...]

    @property
    def questions(self) -> tuple[QuestionContent, ...]:
        """Every question asked, in the order of the questionnaire."""
        return tuple(each for dimension in self.dimensions for each in dimension.questions)
