"""What a report says of findings, plan, services and staff: plain values."""

from dataclasses import dataclass, field

from cirt.assessments.report.model_results import EvidenceContent
from cirt.timelines import Timeline


@dataclass(frozen=True)
class FindingContent:
    """A finding. kind: code of findings.models.FindingKind. questions, actions: their codes."""

    code: str
    kind: str
    title: str
    description: str
    root_cause: str
    questions: tuple[str, ...]
    evidence: tuple[EvidenceContent, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class ActionContent:
    """A recommendation, as the plan has it.

    place: in the whole plan, from 1; 0 for one that was dropped or is no longer needed.
    is_advice: text says what to do; else it is the level to reach, or the question to find out.
    from_level, to_level: of its question; to_level 0 is to find out where the country stands.
    effort, cost: bands, "" for not said. why: sentences. provisions: ids in the registry.
    """

    code: str
    place: int
    text: str
    is_advice: bool
    question: str
    from_level: int | None
    to_level: int | None
    phase: str
    owner: str
    starts_on: str
    target_date: str
    indicator: str
    effort: str
    cost: str
    state: str
    dropped_because: str
    overdue: bool
    why: tuple[str, ...]
    needs: tuple[str, ...]
    provisions: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is in the plan and there is still something to do."""
        return self.place > 0 and self.state not in ("done", "dropped")


@dataclass(frozen=True)
class PhaseContent:
    """A phase of the plan. days, dollars: (least, most); most None for no upper bound.

    starts_on, ends_on: of its actions, "" where none has a day.
    """

    phase: str
    actions: tuple[str, ...]
    days: tuple[int, int | None]
    dollars: tuple[int, int | None]
    starts_on: str
    ends_on: str


@dataclass(frozen=True)
class PlanSummary:
    """The plan as a whole.

    unsaid: actions without a band of effort or of cost. timeline: None where no action has a day.
    """

    starts_on: str
    phases: tuple[PhaseContent, ...]
    days: tuple[int, int | None]
    dollars: tuple[int, int | None]
    unsaid: int
    without_owner: int
    timeline: Timeline | None = None
    states: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceContent:
    """A service of the FIRST framework.

    now, year_1, year_3: how far it is offered, code of design.services.Level, "" for not said.
    questions: codes of the questions of this assessment that touch the same matter.
    """

    code: str
    name: str
    now: str
    year_1: str
    year_3: str
    questions: tuple[str, ...]

    @property
    def is_said(self) -> bool:
        """Whether anybody said anything about it."""
        return bool(self.now or self.year_1 or self.year_3)


@dataclass(frozen=True)
class StaffPeriod:
    """Full-time posts in one period, one decimal as text. foreseen: "" where nobody has said.

    period: code of design.services.Period. coverage: hours a week; on_call: beyond them somebody
    can be reached. warnings: sentences.
    """

    period: str
    coverage: int
    on_call: bool
    cover: str
    work: str
    lead: str
    total: str
    foreseen: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class BudgetLine:
    """One kind of spending. label: message id. years: (low, high) of each, None for not given.

    high None: no upper bound is known.
    """

    id: str
    label: str
    years: tuple[tuple[int, int | None] | None, ...]


@dataclass(frozen=True)
class DesignSummary:
    """What the chosen services and hours need, reckoned from assumptions that the design shows.

    periods: empty while nobody has settled hours or services. budget: empty where nothing is
    given; total: as the lines.
    """

    periods: tuple[StaffPeriod, ...] = ()
    currency: str = ""
    budget: tuple[BudgetLine, ...] = ()
    total: tuple[tuple[int, int | None] | None, ...] = ()
