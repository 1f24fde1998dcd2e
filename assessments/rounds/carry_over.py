"""Levels proposed for unanswered questions, from answers that the country has already given. Pure.

The rule, which CARRY_RULE says to people. A question that was answered in the round before is
proposed at that answer. Otherwise the sources are the answers to the questions of other
instruments that stand for the same item of a published model: the questions of the model's own
instrument on one side, questions whose crosswalk names the item on the other. Each source is
mapped to the scale of the question: its share of its own scale, rounded down, and never a higher
number than its own. Proposed is the lowest of them, so that no source is contradicted.

A proposal is never an answer: a person accepts it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cirt.assessments.instruments.comparison import compare_question
from cirt.assessments.instruments.model import Instrument, Question
from cirt.assessments.instruments.references import reference_models
from cirt.errors import N_

# which instrument asks about each item of a published model itself
OWN_INSTRUMENTS: Mapping[str, str] = MappingProxyType(
    {"sim3": "sim3", "unga-64-211": "un_64_211", "first-services": "first_services"}
)

CARRY_RULE = N_(
    "A proposal is the level of the same question in the round before. Where there is none, it is"
    " the lowest level that all related answers in other instruments support: each keeps its"
    " share of its own scale, rounded down, and never becomes a higher number. Nothing is taken"
    " over before a person accepts it."
)


@dataclass(frozen=True)
class Earlier:
    """One assessment of the country with the levels given in it. key: its id as text."""

    key: str
    instrument: Instrument
    levels: Mapping[str, int]


@dataclass(frozen=True)
class Source:
    """One answer that a proposal rests on.

    reworded: the question has another meaning now than when it was answered; only for the same
    question of the round before.
    """

    key: str
    question: Question
    level: int
    same_question: bool
    reworded: bool = False


@dataclass(frozen=True)
class Proposal:
    """A level for one question. related: how many questions could have been sources."""

    question: Question
    level: int
    sources: tuple[Source, ...]
    related: int

    @property
    def carried_from(self) -> str:
        """Return where it comes from, as models.Answer.carried_from has it."""
        return " ".join(f"{each.key}/{each.question.id}" for each in self.sources)


def mapped(level: int, top: int, wanted_top: int) -> int:
    """Return a level of a scale up to `top` on a scale up to `wanted_top`, never too high.

    mapped(3, 4, 3) is 2, mapped(3, 3, 4) is 3: the highest level of a short scale says less than
    that of a long one.
    """
    return min(level, level * wanted_top // top)


def proposals(
    instrument: Instrument,
    open_questions: Collection[str],
    *,
    last: Earlier | None,
    others: Sequence[Earlier],
) -> dict[str, Proposal]:
    """Return the proposals by question id, in the order of the instrument.

    open_questions: ids of those without an answer. last: the round before. others: assessments
    with other instruments, at most one of each.
    """
    found = {}
    for question in instrument.questions:
        if question.id not in open_questions:
            continue
        proposal = _from_last(question, last) or _from_others(instrument, question, others)
        if proposal is not None:
            found[question.id] = proposal
    return found


def _from_last(question: Question, last: Earlier | None) -> Proposal | None:
    if last is None or question.id not in last.levels:
        return None
    before = last.instrument.question(question.id)
    level = last.levels[question.id]
    reworded = before is not question and compare_question(before, question).touches_meaning
    source = Source(last.key, before, level, same_question=True, reworded=reworded)
    return Proposal(question, mapped(level, before.top, question.top), (source,), 1)


def _from_others(
    instrument: Instrument, question: Question, others: Sequence[Earlier]
) -> Proposal | None:
    related = [
        (other, each)
        for other in others
        for each in related_questions(instrument, question, other.instrument)
    ]
    sources = tuple(
        Source(other.key, each, other.levels[each.id], same_question=False)
        for other, each in related
        if each.id in other.levels
    )
    if not sources:
        return None
    level = min(mapped(each.level, each.question.top, question.top) for each in sources)
    return Proposal(question, level, sources, len(related))


def related_questions(
    instrument: Instrument, question: Question, other: Instrument
) -> tuple[Question, ...]:
    """Return the questions of another instrument that stand for the same item of a model."""
    wanted: set[tuple[str, str]] = set()  # model, item
    own, others_own = OWN_INSTRUMENTS.get(instrument.id), OWN_INSTRUMENTS.get(other.id)
    if instrument.id == other.id:
        return ()
    if own:
        wanted |= {(own, item) for item in _items(question, own, is_own=True)}
    if others_own:
        wanted |= {(others_own, item) for item in _items(question, others_own, is_own=False)}
    return tuple(each for each in other.questions if _stands_for(each, others_own, wanted))


def _stands_for(
    question: Question, own_model: str | None, wanted: Iterable[tuple[str, str]]
) -> bool:
    return any(item in _items(question, model, is_own=model == own_model) for model, item in wanted)


def _items(question: Question, model: str, *, is_own: bool) -> tuple[str, ...]:
    """Return the items of a model that a question is about; in the model's own: its one item."""
    if is_own and question.id in reference_models()[model].items:
        return (question.id,)
    items: tuple[str, ...] = getattr(question.crosswalk, model)
    return items
