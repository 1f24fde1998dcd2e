"""The steps between levels in an instrument's file, and what each needs before it."""

import re
from collections.abc import Mapping
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from cirt.assessments.instruments.model import (
    Applies,
    Cost,
    Effort,
    Instrument,
    Phase,
    Rung,
    Step,
)
from cirt.datafiles import DataMap, line_of
from cirt.errors import N_, DataFileError
from cirt.localtext import Sentence

_NEED = re.compile(r"(?P<id>[A-Za-z0-9.-]+)=(?P<level>[0-9])")
# what is written first is decided and laid down, then it works, then it is checked and improved
_USUAL_PHASES = {1: Phase.DESIGN, 2: Phase.DESIGN, 3: Phase.ESTABLISH, 4: Phase.ENHANCE}
# the question of a step must be asked whenever the step's own question is
_ALSO_ASKED = {
    Applies.ALWAYS: {Applies.ALWAYS},
    Applies.BEFORE: {Applies.ALWAYS, Applies.BEFORE},
    Applies.AFTER: {Applies.ALWAYS, Applies.AFTER},
}

Kind = TypeVar("Kind", bound=StrEnum)


def steps_of(row: DataMap, question_id: str, levels: int) -> tuple[Step, ...]:
    """Return the steps to levels 1 and on; without `steps` in the file, steps without advice."""
    wanted = range(1, levels)
    if "steps" not in row:
        return tuple(Step(n, None, None, None, _USUAL_PHASES[n]) for n in wanted)
    texts = row.section("steps")
    texts.only(tuple(map(str, wanted)))
    for level in map(str, wanted):
        if level not in texts:
            raise texts.fault(
                None, N_("%(id)s: the step to level %(level)s is missing."),
                id=question_id, level=level,
            )  # fmt: skip
    return tuple(_step(texts.section(str(n)), question_id, n) for n in wanted)


def _step(row: DataMap, question_id: str, level: int) -> Step:
    row.only(("text", "effort", "cost", "phase", "needs"))
    return Step(
        level=level,
        text=Sentence(f"{question_id}.step.{level}", row.text("text")),
        effort=_one_of(row, "effort", Effort),
        cost=_one_of(row, "cost", Cost),
        phase=_one_of(row, "phase", Phase) if "phase" in row else _USUAL_PHASES[level],
        needs=tuple(_rung(row, index, text) for index, text in enumerate(row.texts("needs"))),
    )


def _rung(row: DataMap, index: int, text: str) -> Rung:
    found = _NEED.fullmatch(text)
    if found is None:
        raise DataFileError(
            N_("%(text)s must be a question and a level, such as D1-Q1=3."),
            path=row.source, line=line_of(row["needs"], index), text=text,
        )  # fmt: skip
    return Rung(found["id"], int(found["level"]))


def _one_of(row: DataMap, key: str, kind: type[Kind]) -> Kind:
    try:
        return kind(row.text(key))
    except ValueError:
        raise row.fault(
            key, N_("%(key)s must be one of: %(allowed)s."), key=key, allowed=", ".join(kind)
        ) from None


def check_needs(instrument: Instrument, rows: Mapping[str, DataMap]) -> None:
    """Refuse a step that needs an unknown level, one of a question not asked with it, or a circle."""
    order: TopologicalSorter[Rung] = TopologicalSorter()
    for question in instrument.questions:
        for step in question.steps:
            order.add(Rung(question.id, step.level), Rung(question.id, step.level - 1))
            for index, need in enumerate(step.needs):
                _check_need(instrument, rows[question.id], question.id, step, index)
                order.add(Rung(question.id, step.level), need)
    try:
        order.prepare()
    except CycleError as error:
        circle: list[Rung] = error.args[1]
        raise rows[circle[0].question_id].fault(
            "steps",
            N_("These steps need each other in a circle: %(steps)s."),
            steps=", ".join(f"{rung.question_id}={rung.level}" for rung in circle),
        ) from None


def _check_need(
    instrument: Instrument, row: DataMap, question_id: str, step: Step, index: int
) -> None:
    need = step.needs[index]
    if not instrument.has_question(need.question_id):
        message = N_("%(id)s: the step to level %(level)s needs %(need)s, an unknown question.")
    elif need.question_id == question_id or not 1 <= need.level <= instrument.top:
        message = N_(
            "%(id)s: the step to level %(level)s needs %(need)s, which is no level of another"
            " question."
        )
    elif (
        instrument.question(need.question_id).applies
        not in _ALSO_ASKED[instrument.question(question_id).applies]
    ):
        message = N_(
            "%(id)s: the step to level %(level)s needs %(need)s, a question that is not always"
            " asked with it."
        )
    else:
        return
    needs = row["steps"][str(step.level)]["needs"]
    raise DataFileError(
        message, path=row.source, line=line_of(needs, index), id=question_id, level=step.level,
        need=f"{need.question_id}={need.level}",
    )  # fmt: skip
