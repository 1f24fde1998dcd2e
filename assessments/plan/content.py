"""A plan as pages, reports and files show it: plain values, nothing of how they are worded."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cirt.assessments.instruments.model import Cost, Effort, Phase, Rung
from cirt.assessments.plan.models import ActionState
from cirt.assessments.plan.recommendations import Reason
from cirt.assessments.plan.totals import Totals


@dataclass(frozen=True)
class PlannedAction:
    """One action.

    place: in its phase, from 1; 0 for one listed apart. rung: the step that it is, None for an
    action of somebody's own. is_advice: its text is the instrument's advice, or somebody's own;
    else it is the text of the level to reach, or the question to find out about. why: reasons for
    it and for its place, of the present answers; empty for somebody's own. needs, needed_by:
    codes of other actions. before_its_needs: those it needs that stand after it, because somebody
    moved it. dropped_because: "" unless dropped. edited: somebody changed it; own_words: also its
    text.
    """

    id: uuid.UUID
    code: str
    place: int
    question_id: str | None
    from_level: int | None
    to_level: int | None
    text: str
    language: str
    is_advice: bool
    owner: str
    starts_on: date | None
    target_date: date | None
    indicator: str
    effort: Effort | None
    cost: Cost | None
    phase: Phase
    state: ActionState
    dropped_because: str
    needed: bool
    edited: bool
    own_words: bool
    overdue: bool
    why: tuple[Reason, ...]
    needs: tuple[str, ...]
    needed_by: tuple[str, ...]
    before_its_needs: tuple[str, ...]
    revision: int

    @property
    def rung(self) -> Rung | None:
        """The step that it is; None for an action of somebody's own."""
        if self.question_id is None or self.to_level is None:
            return None
        return Rung(self.question_id, self.to_level)

    @property
    def is_own(self) -> bool:
        """Whether somebody added it, instead of the rules."""
        return self.to_level is None

    @property
    def finds_out(self) -> bool:
        """Whether it is to find out where the country stands."""
        return self.to_level == 0

    @property
    def open(self) -> bool:
        """Whether there is still something to do."""
        return self.needed and self.state not in (ActionState.DONE, ActionState.DROPPED)


@dataclass(frozen=True)
class PlannedPhase:
    """A phase with its actions in their order."""

    phase: Phase
    actions: tuple[PlannedAction, ...]
    totals: Totals


@dataclass(frozen=True)
class PlanContent:
    """The whole plan.

    starts_on: None while there is no plan. phases: all four, also empty ones. dropped,
    no_longer_needed: listed apart. unknown: how many questions nobody could answer. missing:
    steps that the answers ask for and the plan does not have; surplus: actions that it has and
    the answers no longer ask for, not yet marked: propose again to take both in.
    codes: of the action that each step is.
    """

    starts_on: date | None
    at_once: int
    proposed_at: datetime | None
    by_hand: bool
    phases: tuple[PlannedPhase, ...]
    dropped: tuple[PlannedAction, ...]
    no_longer_needed: tuple[PlannedAction, ...]
    totals: Totals
    unknown: int
    missing: int
    surplus: int
    codes: Mapping[Rung, str]

    @property
    def actions(self) -> tuple[PlannedAction, ...]:
        """What is to be done, in order; without what was dropped or is no longer needed."""
        return tuple(action for phase in self.phases for action in phase.actions)

    @property
    def everything(self) -> tuple[PlannedAction, ...]:
        """Every action there is or was."""
        return (*self.actions, *self.no_longer_needed, *self.dropped)

    def count(self, state: ActionState) -> int:
        """Return how many of the actions stand so."""
        return sum(1 for action in self.actions if action.state is state)

    @property
    def without_owner(self) -> int:
        """How many open actions nobody owns yet."""
        return sum(1 for action in self.actions if action.open and not action.owner)
