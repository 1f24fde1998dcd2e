"""What an instrument is: dimensions, questions, five observable levels for each. Plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from cirt.errors import N_, NotFoundError
from cirt.localtext import Sentence

LEVELS = (0, 1, 2, 3, 4)


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
    """One question with the text of each level, 0 to 4.

    levels: what an assessor can see at that level; levels[3].english is level 3's.
    evidence: what to ask to be shown. weight: whole number, 1 and more.
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

    def sentences(self) -> Iterator[Sentence]:
        """Yield every sentence to translate, in reading order."""
        yield self.text
        yield self.why
        yield from self.levels
        yield from self.evidence


@dataclass(frozen=True, slots=True)
class Dimension:
    """A group of questions on one subject, in one pillar of the Global Cybersecurity Agenda."""

    id: str
    title: Sentence
    description: Sentence
    pillar_id: str
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

    scale: the general names of levels 0 to 4. languages: codes with a translation file, English
    first. warnings: sentences about translations of an English text that has changed since.
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
        yield from self.scale
        for pillar in self.pillars:
            yield pillar.title
        for dimension in self.dimensions:
            yield dimension.title
            yield dimension.description
            for question in dimension.questions:
                yield from question.sentences()
