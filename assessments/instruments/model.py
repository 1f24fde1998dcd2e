"""What an instrument is: dimensions, questions, observable levels, steps between them. Plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from cirt.errors import N_, NotFoundError
from cirt.localtext import Sentence

LEVELS = (0, 1, 2, 3, 4)  # the longest scale; an instrument may have fewer


class Applies(StrEnum):
    """When a question is asked: always, or only before or after a national CIRT exists."""

    ALWAYS = "always"
    BEFORE = "before"
    AFTER = "after"

    def asked(self, cirt_exists: bool | None) -> bool:
        """Whether the question is asked; None for cirt_exists: the stage is left open."""
        if self is Applies.ALWAYS or cirt_exists is None:
            return True
        return cirt_exists is (self is Applies.AFTER)


class Effort(StrEnum):
    """How much work a step is, in days of one person."""

    SMALL = "small"  # up to 10
    MEDIUM = "medium"  # up to 60
    LARGE = "large"  # more


class Cost(StrEnum):
    """What a step costs beyond salaries, in US dollars."""

    NONE = "none"
    LOW = "low"  # up to 10,000
    MEDIUM = "medium"  # up to 100,000
    HIGH = "high"  # more


class Phase(StrEnum):
    """The phases of ITU's programme for national CIRTs."""

    ASSESS = "assess"
    DESIGN = "design"
    ESTABLISH = "establish"
    ENHANCE = "enhance"


EFFORT_NAMES: Mapping[Effort, str] = MappingProxyType(
    {
        Effort.SMALL: N_("Small: up to 10 person-days"),
        Effort.MEDIUM: N_("Medium: up to 60 person-days"),
        Effort.LARGE: N_("Large: more than 60 person-days"),
    }
)
COST_NAMES: Mapping[Cost, str] = MappingProxyType(
    {
        Cost.NONE: N_("Working time only"),
        Cost.LOW: N_("Low: up to 10,000 US dollars"),
        Cost.MEDIUM: N_("Medium: up to 100,000 US dollars"),
        Cost.HIGH: N_("High: more than 100,000 US dollars"),
    }
)
PHASE_NAMES: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.ASSESS: N_("Assess"),
        Phase.DESIGN: N_("Design"),
        Phase.ESTABLISH: N_("Establish"),
        Phase.ENHANCE: N_("Enhance"),
    }
)


class Rung(NamedTuple):
    """A level of a question."""

    question_id: str
    level: int


@dataclass(frozen=True, slots=True)
class Step:
    """How a country gets from the level below to this one.

    text: None where the instrument has no advice of its own; the text of the level stands in.
    needs: levels of other questions that must be reached before the step makes sense; the level
    below in the same question is always needed and never listed.
    """

    level: int
    text: Sentence | None
    effort: Effort | None
    cost: Cost | None
    phase: Phase
    needs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a service may consist of; an answer says which of them are offered."""

    id: str
    name: Sentence


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Where a question or dimension stands in other texts: ids of the reference registry."""

    provisions: tuple[str, ...] = ()
    un_64_211: tuple[str, ...] = ()
    sim3: tuple[str, ...] = ()
    gci: tuple[str, ...] = ()
    cmm: tuple[str, ...] = ()
    first_services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the text of each level of the instrument's scale.

    levels: what an assessor can see at that level; levels[3].english is level 3's.
    evidence: what to ask to be shown. weight: whole number, 1 and more. pillar_id: None in an
    instrument without pillars. steps: one for each level from 1 on. asked_of: ids of the groups
    of stakeholders who can answer; empty where the instrument does not say.
    """

    id: str
    dimension_id: str
    text: Sentence
    why: Sentence
    levels: tuple[Sentence, ...]
    evidence: tuple[Sentence, ...]
    weight: int
    capabilities: tuple[str, ...]
    crosswalk: Crosswalk
    applies: Applies
    pillar_id: str | None = None
    steps: tuple[Step, ...] = ()
    asked_of: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.levels) - 1

    def step_to(self, level: int) -> Step:
        """Return the step that leads to this level, 1 to top."""
        return self.steps[level - 1]

    def sentences(self) -> Iterator[Sentence]:
        """Yield every sentence to translate, in reading order."""
        yield self.text
        yield self.why
        yield from self.levels
        yield from self.evidence
        yield from (step.text for step in self.steps if step.text is not None)
        yield from (function.name for function in self.functions)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A group of questions on one subject.

    pillar_id: of the Global Cybersecurity Agenda; None in an instrument without pillars.
    """

    id: str
    title: Sentence
    description: Sentence
    pillar_id: str | None
    crosswalk: Crosswalk
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Pillar:
    """A pillar of the Global Cybersecurity Agenda."""

    id: str
    title: Sentence


@dataclass(frozen=True)
class Instrument:
    """A versioned questionnaire.

    scale: the general names of the levels from 0 on, two to five. notice: what must stand wherever
    its results are printed, such as whose model it is; None for nothing. languages: codes with a
    translation file, English first. warnings: sentences about translations of an English text
    that has changed since.
    digest: SHA-256 of the file with the structure and the English, as hexadecimal.
    """

    id: str
    version: str
    title: Sentence
    description: Sentence
    scale: tuple[Sentence, ...]
    pillars: tuple[Pillar, ...]
    dimensions: tuple[Dimension, ...]
    languages: tuple[str, ...] = ("en",)
    warnings: tuple[str, ...] = ()
    digest: str = ""
    notice: Sentence | None = None

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.scale) - 1

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in the order of the questionnaire."""
        return tuple(question for dimension in self.dimensions for question in dimension.questions)

    @cached_property
    def _questions_by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    def has_question(self, question_id: str) -> bool:
        """Whether the instrument asks this question."""
        return question_id in self._questions_by_id

    def question(self, question_id: str) -> Question:
        """Return the question with this id. NotFoundError where there is none."""
        try:
            return self._questions_by_id[question_id]
        except KeyError:
            raise NotFoundError(
                N_("The instrument has no question %(id)s."), id=question_id
            ) from None

    def dimension(self, dimension_id: str) -> Dimension:
        """Return the dimension with this id. NotFoundError where there is none."""
        for dimension in self.dimensions:
            if dimension.id == dimension_id:
                return dimension
        raise NotFoundError(N_("The instrument has no dimension %(id)s."), id=dimension_id)

    def pillar(self, pillar_id: str) -> Pillar:
        """Return the pillar with this id. NotFoundError where there is none."""
        for pillar in self.pillars:
            if pillar.id == pillar_id:
                return pillar
        raise NotFoundError(N_("The instrument has no pillar %(id)s."), id=pillar_id)

    def sentences(self) -> Iterator[Sentence]:
        """Yield every sentence to translate, in reading order."""
        yield self.title
        yield self.description
        if self.notice is not None:
            yield self.notice
        yield from self.scale
        for pillar in self.pillars:
            yield pillar.title
        for dimension in self.dimensions:
            yield dimension.title
            yield dimension.description
            for question in dimension.questions:
                yield from question.sentences()
