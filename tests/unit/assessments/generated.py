"""Small instruments, profiles and answers for property tests, made by hypothesis."""

from hypothesis import strategies as st

from cirt.assessments.instruments.model import (
    Applies,
    Crosswalk,
    Dimension,
    Instrument,
    Phase,
    Question,
    Step,
)
from cirt.assessments.instruments.profiles import Minimum, Profile
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.localtext import Sentence


def sentence(text: str) -> Sentence:
    return Sentence(text, text)


def question(
    question_id: str,
    *,
    levels: int = 5,
    weight: int = 1,
    applies: Applies = Applies.ALWAYS,
    crosswalk: Crosswalk | None = None,
) -> Question:
    return Question(
        id=question_id,
        dimension_id="A",
        text=sentence(f"{question_id}.text"),
        why=sentence("why"),
        levels=tuple(sentence(f"{question_id}.{n}") for n in range(levels)),
        evidence=(sentence("evidence"),),
        weight=weight,
        capabilities=("mandate-and-resources",),
        crosswalk=crosswalk or Crosswalk(),
        applies=applies,
        steps=tuple(Step(n, None, None, None, Phase.DESIGN) for n in range(1, levels)),
    )


def instrument_with(
    *questions: Question, instrument_id: str = "made-up", version: str = "1.0.0", levels: int = 5
) -> Instrument:
    return Instrument(
        id=instrument_id,
        version=version,
        title=sentence("title"),
        description=sentence("description"),
        scale=tuple(sentence(f"scale.{n}") for n in range(levels)),
        pillars=(),
        dimensions=(
            Dimension("A", sentence("A"), sentence("A"), None, Crosswalk(), tuple(questions)),
        ),
    )


def profile_with(
    targets: dict[str, int | None], *, instrument_id: str = "made-up", version: str = "1.0.0"
) -> Profile:
    return Profile(
        id="made-up-profile",
        version="1.0.0",
        name=sentence("name"),
        owner="nobody",
        citation="nowhere",
        verified=False,
        verified_by=None,
        verified_on=None,
        description=sentence("description"),
        instrument_id=instrument_id,
        instrument_version=version,
        minimums=tuple(
            Minimum(key, level, None if level is None else sentence("because"))
            for key, level in targets.items()
        ),
    )


def level(number: int) -> AnswerValue:
    return AnswerValue(AnswerState.LEVEL, number)


NOT_ANSWERED = AnswerValue(AnswerState.NOT_ANSWERED)
NOT_KNOWN = AnswerValue(AnswerState.NOT_KNOWN)
NOT_APPLICABLE = AnswerValue(AnswerState.NOT_APPLICABLE, reason="no such thing here")

stages = st.sampled_from([None, True, False])


@st.composite
def instruments(draw: st.DrawFn, most: int = 6) -> Instrument:
    """An instrument of 2 to 5 levels with some questions of every stage."""
    levels = draw(st.integers(2, 5))
    count = draw(st.integers(1, most))
    return instrument_with(
        *(
            question(
                f"Q{n}",
                levels=levels,
                weight=draw(st.integers(1, 3)),
                applies=draw(st.sampled_from(list(Applies))),
            )
            for n in range(count)
        ),
        levels=levels,
    )


def answers_to(instrument: Instrument) -> st.SearchStrategy[dict[str, AnswerValue]]:
    """Answers to some of the questions."""
    value = st.one_of(
        st.integers(0, instrument.top).map(level),
        st.sampled_from([NOT_ANSWERED, NOT_KNOWN, NOT_APPLICABLE]),
    )
    return st.dictionaries(st.sampled_from([q.id for q in instrument.questions]), value)


def profiles_of(
    instrument: Instrument, *, complete: bool | None = None
) -> st.SearchStrategy[Profile]:
    """Profiles of some of the questions. complete: None for both kinds."""
    known = st.integers(1, instrument.top)
    minimum = known if complete else st.one_of(known, st.none())
    return st.dictionaries(
        st.sampled_from([q.id for q in instrument.questions]), minimum, min_size=1
    ).map(profile_with)
