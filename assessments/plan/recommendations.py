"""From gaps to recommendations: one for each step to climb, with what it needs and why it is there.

A step is named by the rung it leads to. Rung(question, 0) is the step before all others of a
question that nobody could answer: to find out where the country stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from cirt.assessments.instruments.model import (
    Cost,
    Effort,
    Instrument,
    Phase,
    Question,
    Rung,
)
from cirt.assessments.plan.gaps import Aim, gaps, standing
from cirt.assessments.plan.ordering import Task, ordered
from cirt.assessments.scoring import AnswerValue
from cirt.localtext import Sentence


class Because(StrEnum):
    """Why a recommendation is in the plan, or stands where it stands."""

    UNKNOWN = "unknown"  # nobody can say where the country stands
    CLOSES = "closes"  # it reaches the aim of its question, `level`
    TOWARDS = "towards"  # it is on the way to the aim of its question, `level`
    NEEDED_BY = "needed-by"  # the steps `rungs` of other questions need it; no aim of its own does
    UNBLOCKS = "unblocks"  # the steps `rungs` of other questions cannot be taken before it
    LIFTED = "lifted"  # what it needs, `rungs`, stands in a later phase than its own, `phase`
    INCIDENTS = "incidents"  # the country published incidents of band `rank` for `capability`


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; which of the values are set depends on `because`."""

    because: Because
    level: int | None = None
    rungs: tuple[Rung, ...] = ()
    phase: Phase | None = None
    capability: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One step.

    from_level: the rung below; None where it is to be found out. text: the instrument's advice;
    without any (has_advice is False) the text of the level to reach, or of the question where it
    is to be found out. indicator: what can be seen or shown when it is done. needs: the steps of
    this plan that come before it. phase: never before that of a step it needs.
    """

    rung: Rung
    from_level: int | None
    text: Sentence
    has_advice: bool
    indicator: tuple[Sentence, ...]
    effort: Effort | None
    cost: Cost | None
    phase: Phase
    needs: tuple[Rung, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def finds_out(self) -> bool:
        """Whether it is to find out where the country stands."""
        return self.rung.level == 0


PHASES = tuple(Phase)
_NO_TALLY: Mapping[str, int] = MappingProxyType({})


def recommendations(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    aim: Aim,
    *,
    cirt_exists: bool | None = None,
    tally: Mapping[str, int] = _NO_TALLY,
) -> tuple[Recommendation, ...]:
    """Return what to do, in the order in which to do it: phase by phase, needs first.

    tally: the country's published incidents, capability -> rank of the band (0 for none);
    a capability that is absent has no influence.
    """
    steps = _steps(instrument, answers, aim, cirt_exists)
    phases = _phases(steps)
    places = {question.id: n for n, question in enumerate(instrument.questions)}
    tasks = [
        Task(
            rung=rung,
            needs=step.needs,
            group=PHASES.index(phases[rung]),
            closes=_weight_closed(instrument, rung, aim),
            effort=step.effort,
            tally=_worst(instrument.question(rung.question_id), tally)[1],
            place=places[rung.question_id],
        )
        for rung, step in steps.items()
    ]
    order = ordered(tasks)
    return tuple(
        replace(
            steps[one.rung],
            phase=phases[one.rung],
            reasons=_reasons(instrument, steps, one.rung, one.unblocks, phases, aim, tally),
        )
        for one in order
    )


def _weight_closed(instrument: Instrument, rung: Rung, aim: Aim) -> int:
    """The weight of the aim that this step reaches, 0 for none; finding out opens its question's."""
    target = aim.levels.get(rung.question_id)
    reaches = target is not None and rung.level in (0, target)
    return instrument.question(rung.question_id).weight if reaches else 0


def _steps(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    aim: Aim,
    cirt_exists: bool | None,
) -> dict[Rung, Recommendation]:
    """Every step to climb, then what these need of other questions, and so on."""
    found: dict[Rung, Recommendation] = {}
    waiting: list[Rung] = []

    def climb(question: Question, to: int | None) -> Rung | None:
        """Add the steps to a level, or the finding out; return the last, None for reached."""
        answer = standing(question, answers, cirt_exists=cirt_exists)
        if answer is None:
            return None
        if answer.level is None:
            rung = Rung(question.id, 0)
            found.setdefault(rung, _finding_out(question))
            return rung
        to = min(to or 0, question.top)
        for level in range(answer.level + 1, to + 1):
            rung = Rung(question.id, level)
            if rung not in found:
                found[rung] = _climbing(question, level)
                waiting.append(rung)
        return Rung(question.id, to) if to > answer.level else None

    for gap in gaps(instrument, answers, aim, cirt_exists=cirt_exists):
        climb(gap.question, gap.target)
    while waiting:
        rung = waiting.pop()
        below = Rung(rung.question_id, rung.level - 1)
        needs = [below] if below in found else []
        for need in instrument.question(rung.question_id).step_to(rung.level).needs:
            needed = climb(instrument.question(need.question_id), need.level)
            if needed is not None:
                needs.append(needed)
        found[rung] = replace(found[rung], needs=tuple(dict.fromkeys(needs)))
    return found


def _finding_out(question: Question) -> Recommendation:
    return Recommendation(
        rung=Rung(question.id, 0),
        from_level=None,
        text=question.text,
        has_advice=False,
        indicator=question.evidence,
        effort=Effort.SMALL,
        cost=Cost.NONE,
        phase=Phase.ASSESS,
        needs=(),
    )


def _climbing(question: Question, level: int) -> Recommendation:
    step = question.step_to(level)
    return Recommendation(
        rung=Rung(question.id, level),
        from_level=level - 1,
        text=step.text or question.levels[level],
        has_advice=step.text is not None,
        indicator=(question.levels[level],) if step.text else question.evidence,
        effort=step.effort,
        cost=step.cost,
        phase=step.phase,
        needs=(),
    )


def _phases(steps: Mapping[Rung, Recommendation]) -> dict[Rung, Phase]:
    """The phase of each step, lifted to the latest of those that it needs."""
    found: dict[Rung, Phase] = {}

    def phase(rung: Rung) -> Phase:
        if rung not in found:
            step = steps[rung]
            found[rung] = max((step.phase, *map(phase, step.needs)), key=PHASES.index)
        return found[rung]

    for rung in steps:
        phase(rung)
    return found


def _worst(question: Question, tally: Mapping[str, int]) -> tuple[str, int]:
    """The capability of the question with the most incidents, and the rank of its band."""
    ranked = [(capability, tally.get(capability, 0)) for capability in question.capabilities]
    return max(ranked, key=lambda one: one[1], default=("", 0))


def _reasons(
    instrument: Instrument,
    steps: Mapping[Rung, Recommendation],
    rung: Rung,
    unblocks: Iterable[Rung],
    phases: Mapping[Rung, Phase],
    aim: Aim,
    tally: Mapping[str, int],
) -> tuple[Reason, ...]:
    target = aim.levels.get(rung.question_id)
    others = tuple(one for one in unblocks if one.question_id != rung.question_id)
    found = []
    if rung.level == 0:
        found.append(Reason(Because.UNKNOWN))
    elif target == rung.level:
        found.append(Reason(Because.CLOSES, level=target))
    elif target is not None and rung.level < target:
        found.append(Reason(Because.TOWARDS, level=target))
    else:
        asking = tuple(
            one
            for one in others
            if any(
                need.question_id == rung.question_id and need.level >= rung.level
                for need in steps[one].needs
            )
        )
        found.append(Reason(Because.NEEDED_BY, rungs=asking))
    if others and found[0].because is not Because.NEEDED_BY:
        found.append(Reason(Because.UNBLOCKS, rungs=others))
    own, now = steps[rung].phase, phases[rung]
    if now is not own:
        late = tuple(need for need in steps[rung].needs if phases[need] is now)
        found.append(Reason(Because.LIFTED, rungs=late, phase=own))
    capability, rank = _worst(instrument.question(rung.question_id), tally)
    if rank > 0:
        found.append(Reason(Because.INCIDENTS, capability=capability, rank=rank))
    return tuple(found)
