"""When actions can begin and end: by what they need, how large they are and how many run at once."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from cirt.assessments.instruments.model import Effort

Key = TypeVar("Key", bound=Hashable)

# from the first day to the last: other work goes on beside it, and others must be waited for
WEEKS: Mapping[Effort, int] = MappingProxyType(
    {Effort.SMALL: 4, Effort.MEDIUM: 12, Effort.LARGE: 26}
)
WEEKS_UNSAID = WEEKS[Effort.MEDIUM]
AT_ONCE = 5
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Work(Generic[Key]):
    """An action as the schedule takes it; needs that are not in the schedule are done."""

    key: Key
    effort: Effort | None
    needs: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """From the beginning of week `start` to the end of week `end` - 1, counted from 0."""

    start: int
    end: int

    def first_day(self, beginning: date) -> date:
        """The first day of the action."""
        return beginning + timedelta(weeks=self.start)

    def last_day(self, beginning: date) -> date:
        """The last day of the action."""
        return beginning + timedelta(weeks=self.end, days=-1)


def weeks_of(effort: Effort | None) -> int:
    """Return how many weeks an action takes from its first day to its last."""
    return WEEKS_UNSAID if effort is None else WEEKS[effort]


def schedule(work: Sequence[Work[Key]], *, at_once: int = AT_ONCE) -> dict[Key, Slot]:
    """Return when each action can run, without regard to holidays or to who does it.

    work: in the plan's order, which decides who goes first where fewer can run than are ready.
    at_once: how many run at the same time, 1 and more. An action whose needs form a circle is
    begun when nothing else is left.
    """
    in_plan = {one.key for one in work}
    waiting = list(work)
    ends: dict[Key, int] = {}
    slots: dict[Key, Slot] = {}
    week = 0
    while waiting:
        room = at_once - sum(1 for end in ends.values() if end > week)
        ready = [
            one
            for one in waiting
            if all(ends.get(need, week + 1) <= week for need in one.needs if need in in_plan)
        ]
        running = [end for end in ends.values() if end > week]
        if not ready and not running:
            ready = waiting[:1]
        for one in ready[: max(room, 0)]:
            slots[one.key] = Slot(week, week + weeks_of(one.effort))
            ends[one.key] = slots[one.key].end
            waiting.remove(one)
        week = min((end for end in ends.values() if end > week), default=week)
    return slots
