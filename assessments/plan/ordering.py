"""In which order steps are taken: what others need first, then what weighs, then what is easy."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from cirt.assessments.instruments.model import Effort, Rung

# a step of which nobody said how large it is counts as a middling one
_EFFORT_RANK = {Effort.SMALL: 0, Effort.MEDIUM: 1, None: 1, Effort.LARGE: 2}


@dataclass(frozen=True, slots=True)
class Task:
    """A step as the order takes it.

    needs: steps of the same plan. group: its phase as a number; never lower than that of a step
    it needs. closes: the weight of the aim that it reaches itself, 0 for none. tally: rank of the
    country's incidents, 0 for none. place: of its question in the questionnaire.
    """

    rung: Rung
    needs: tuple[Rung, ...]
    group: int
    closes: int
    effort: Effort | None
    tally: int
    place: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place, and all that cannot be taken before it, in the plan's order."""

    rung: Rung
    unblocks: tuple[Rung, ...]


def ordered(tasks: Sequence[Task]) -> tuple[Placed, ...]:
    """Return the steps in the order in which to take them.

    Needs come before what needs them. Among the steps that could come next: the earlier phase;
    then the one that reaches, itself or by what it unblocks, more aims; then the heavier aims;
    then the smaller effort; then the more incidents; then the order of the questionnaire.
    """
    by_rung = {task.rung: task for task in tasks}
    after = _after(tasks)
    closes = {
        rung: [by_rung[one].closes for one in (rung, *behind) if by_rung[one].closes]
        for rung, behind in after.items()
    }

    def key(task: Task) -> tuple[int, ...]:
        aims = closes[task.rung]
        return (
            task.group, -len(aims), -sum(aims), _EFFORT_RANK[task.effort], -task.tally,
            task.place, task.rung.level,
        )  # fmt: skip

    waiting = {task.rung: len(task.needs) for task in tasks}
    asking: dict[Rung, list[Rung]] = {task.rung: [] for task in tasks}
    for task in tasks:
        for need in task.needs:
            asking[need].append(task.rung)
    ready = [(key(task), task.rung) for task in tasks if not task.needs]
    heapq.heapify(ready)
    order: list[Rung] = []
    while ready:
        rung = heapq.heappop(ready)[1]
        order.append(rung)
        for one in asking[rung]:
            waiting[one] -= 1
            if not waiting[one]:
                heapq.heappush(ready, (key(by_rung[one]), one))
    places = {rung: n for n, rung in enumerate(order)}
    return tuple(Placed(rung, tuple(sorted(after[rung], key=places.__getitem__))) for rung in order)


def _after(tasks: Iterable[Task]) -> dict[Rung, set[Rung]]:
    """What cannot be taken before each step, near and far."""
    needs = {task.rung: task.needs for task in tasks}
    found: dict[Rung, set[Rung]] = {rung: set() for rung in needs}
    for rung in reversed(tuple(TopologicalSorter(needs).static_order())):
        for need in needs[rung]:
            found[need] |= {rung} | found[rung]
    return found
