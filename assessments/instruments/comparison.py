"""What differs between two versions of an instrument, question by question. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from cirt.assessments.instruments.model import Crosswalk, Dimension, Instrument, Question, Step
from cirt.errors import N_, InvalidInputError
from cirt.localtext import Sentence


class Fate(StrEnum):
    """What becomes of a question or dimension from one version to the next."""

    KEPT = "kept"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


class Part(StrEnum):
    """A part of a question or dimension; PART_NAMES has the words, %(detail)s which one it is."""

    TEXT = "text"
    LEVEL = "level"
    FUNCTIONS = "functions"
    WHY = "why"
    EVIDENCE = "evidence"
    STEP = "step"
    WEIGHT = "weight"
    APPLIES = "applies"
    DIMENSION = "dimension"
    PILLAR = "pillar"
    ASKED_OF = "asked_of"
    CAPABILITIES = "capabilities"
    CROSSWALK = "crosswalk"
    TITLE = "title"
    DESCRIPTION = "description"
    TRANSLATION = "translation"


PART_NAMES: dict[Part, str] = {
    Part.TEXT: N_("the question"),
    Part.LEVEL: N_("level %(detail)s"),
    Part.FUNCTIONS: N_("function %(detail)s"),
    Part.WHY: N_("why it matters"),
    Part.EVIDENCE: N_("evidence %(detail)s"),
    Part.STEP: N_("step to level %(detail)s"),
    Part.WEIGHT: N_("the weight"),
    Part.APPLIES: N_("when it is asked"),
    Part.DIMENSION: N_("its dimension"),
    Part.PILLAR: N_("the pillar"),
    Part.ASKED_OF: N_("who can answer"),
    Part.CAPABILITIES: N_("the capabilities"),
    Part.CROSSWALK: N_("place in other texts (%(detail)s)"),
    Part.TITLE: N_("the title"),
    Part.DESCRIPTION: N_("the description"),
    Part.TRANSLATION: N_("translation (%(detail)s)"),
}

# an answer says: this level of this question; other words there make it another answer
_MEANING = frozenset({Part.TEXT, Part.LEVEL, Part.FUNCTIONS})


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that differs.

    detail: which one of several: a level's number, a step's, a language's code, the id of a
    reference model; "" where there is one. before, after: "" where it is absent on that side.
    """

    part: Part
    detail: str
    before: str
    after: str

    @property
    def touches_meaning(self) -> bool:
        """Whether an answer given before may mean something else now."""
        return self.part in _MEANING


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one question or dimension. before, after: None where it is absent there."""

    id: str
    fate: Fate
    before: Question | Dimension | None
    after: Question | Dimension | None
    differences: tuple[Difference, ...] = ()

    @property
    def touches_meaning(self) -> bool:
        """Whether an answer given before may mean something else now."""
        return any(each.touches_meaning for each in self.differences)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of an instrument, in the order of the later one, what is gone at the end."""

    before: Instrument
    after: Instrument
    general: tuple[Difference, ...]
    dimensions: tuple[Change, ...]
    questions: tuple[Change, ...]

    def of(self, fate: Fate) -> tuple[Change, ...]:
        """Return the questions of one fate."""
        return tuple(each for each in self.questions if each.fate is fate)

    def question(self, question_id: str) -> Change | None:
        """Return what became of a question; None where neither version has it."""
        return next((each for each in self.questions if each.id == question_id), None)


def compare(before: Instrument, after: Instrument) -> Comparison:
    """Return what differs between two versions of one instrument.

    Raises InvalidInputError for two instruments.
    """
    if before.id != after.id:
        raise InvalidInputError(
            N_("%(one)s and %(other)s are two instruments, not two versions of one."),
            one=before.id,
            other=after.id,
        )
    old_dimensions = {each.id: each for each in before.dimensions}
    new_dimensions = {each.id: each for each in after.dimensions}
    old_questions = {each.id: each for each in before.questions}
    new_questions = {each.id: each for each in after.questions}
    return Comparison(
        before=before,
        after=after,
        general=tuple(_general(before, after)),
        dimensions=tuple(
            _change(each, old_dimensions.get(each), new_dimensions.get(each))
            for each in dict.fromkeys([*new_dimensions, *old_dimensions])
        ),
        questions=tuple(
            _change(each, old_questions.get(each), new_questions.get(each))
            for each in dict.fromkeys([*new_questions, *old_questions])
        ),
    )


def compare_question(before: Question, after: Question) -> Change:
    """Return what became of one question."""
    return _change(after.id, before, after)


def _change(
    each: str, before: Question | Dimension | None, after: Question | Dimension | None
) -> Change:
    if before is None:
        return Change(each, Fate.NEW, None, after)
    if after is None:
        return Change(each, Fate.GONE, before, None)
    if isinstance(before, Question) and isinstance(after, Question):
        found = tuple(_question(before, after))
    elif isinstance(before, Dimension) and isinstance(after, Dimension):
        found = tuple(_dimension(before, after))
    else:  # an id that was a dimension's and is a question's now
        return Change(each, Fate.NEW, None, after)
    return Change(each, Fate.CHANGED if found else Fate.KEPT, before, after, found)


def _general(before: Instrument, after: Instrument) -> Iterator[Difference]:
    yield from _sentence(Part.TITLE, "", before.title, after.title)
    yield from _sentence(Part.DESCRIPTION, "", before.description, after.description)
    yield from _sentences(Part.LEVEL, before.scale, after.scale, 0)
    yield from _plain(
        Part.PILLAR,
        ", ".join(pillar.id for pillar in before.pillars),
        ", ".join(pillar.id for pillar in after.pillars),
    )


def _dimension(before: Dimension, after: Dimension) -> Iterator[Difference]:
    yield from _sentence(Part.TITLE, "", before.title, after.title)
    yield from _sentence(Part.DESCRIPTION, "", before.description, after.description)
    yield from _plain(Part.PILLAR, before.pillar_id or "", after.pillar_id or "")
    yield from _crosswalk(before.crosswalk, after.crosswalk)


def _question(before: Question, after: Question) -> Iterator[Difference]:
    yield from _sentence(Part.TEXT, "", before.text, after.text)
    yield from _sentences(Part.LEVEL, before.levels, after.levels, 0)
    yield from _functions(before, after)
    yield from _sentence(Part.WHY, "", before.why, after.why)
    yield from _sentences(Part.EVIDENCE, before.evidence, after.evidence, 1)
    for n in range(1, max(before.top, after.top) + 1):
        yield from _step(n, _advised(before, n), _advised(after, n))
    yield from _plain(Part.WEIGHT, str(before.weight), str(after.weight))
    yield from _plain(Part.APPLIES, before.applies.value, after.applies.value)
    yield from _plain(Part.DIMENSION, before.dimension_id, after.dimension_id)
    yield from _plain(Part.PILLAR, before.pillar_id or "", after.pillar_id or "")
    yield from _ids(Part.ASKED_OF, "", before.asked_of, after.asked_of)
    yield from _ids(Part.CAPABILITIES, "", before.capabilities, after.capabilities)
    yield from _crosswalk(before.crosswalk, after.crosswalk)


def _functions(before: Question, after: Question) -> Iterator[Difference]:
    old = {each.id: each.name for each in before.functions}
    new = {each.id: each.name for each in after.functions}
    for each in dict.fromkeys([*new, *old]):
        yield from _sentence(Part.FUNCTIONS, each, old.get(each), new.get(each))


def _advised(question: Question, level: int) -> Step | None:
    """Return a step that the instrument has advice for; the others are no part of its words."""
    step = question.step_to(level) if level <= question.top else None
    return step if step is not None and step.text is not None else None


def _step(n: int, before: Step | None, after: Step | None) -> Iterator[Difference]:
    yield from _sentence(
        Part.STEP, str(n), before.text if before else None, after.text if after else None
    )
    yield from _plain(Part.STEP, _terms(before), _terms(after), str(n))


def _terms(step: Step | None) -> str:
    if step is None:
        return ""
    needs = ", ".join(f"{need.question_id}={need.level}" for need in step.needs)
    parts = (step.phase.value, step.effort or "", step.cost or "", needs)
    return " · ".join(part for part in parts if part)


def _crosswalk(before: Crosswalk, after: Crosswalk) -> Iterator[Difference]:
    for each in fields(Crosswalk):
        yield from _ids(
            Part.CROSSWALK, each.name, getattr(before, each.name), getattr(after, each.name)
        )


def _ids(
    part: Part, detail: str, before: tuple[str, ...], after: tuple[str, ...]
) -> Iterator[Difference]:
    yield from _plain(part, ", ".join(before), ", ".join(after), detail)


def _plain(part: Part, before: str, after: str, detail: str = "") -> Iterator[Difference]:
    if before != after:
        yield Difference(part, detail, before, after)


def _sentences(
    part: Part, before: tuple[Sentence, ...], after: tuple[Sentence, ...], first: int
) -> Iterator[Difference]:
    for n in range(max(len(before), len(after))):
        yield from _sentence(
            part,
            str(first + n),
            before[n] if n < len(before) else None,
            after[n] if n < len(after) else None,
        )


def _sentence(
    part: Part, detail: str, before: Sentence | None, after: Sentence | None
) -> Iterator[Difference]:
    """Other words are a change; other spaces and line breaks are none."""
    if before is None or after is None:
        if before is not after:
            yield Difference(part, detail, str(before or ""), str(after or ""))
        return
    if before.src != after.src:
        yield Difference(part, detail, before.english, after.english)
    for language in sorted(before.translations.keys() | after.translations.keys()):
        old, new = before.translations.get(language), after.translations.get(language)
        if (old.text if old else "") != (new.text if new else ""):
            yield Difference(
                Part.TRANSLATION, language, old.text if old else "", new.text if new else ""
            )
