"""Small instruments for the tests of the plan: by hand, and made up by hypothesis."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from cirt.assessments.instruments.model import (
    Applies,
    Cost,
    Crosswalk,
    Dimension,
    Effort,
    Instrument,
    Phase,
    Question,
    Rung,
    Step,
)
from cirt.assessments.plan.gaps import Aim, aim_of
from cirt.assessments.plan.recommendations import Recommendation, recommendations
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.localtext import Sentence

NOT_KNOWN = AnswerValue(AnswerState.NOT_KNOWN)
NOT_APPLICABLE = AnswerValue(AnswerState.NOT_APPLICABLE, reason="no such sector here")
UNANSWERED = AnswerValue(AnswerState.NOT_ANSWERED)
_PHASES = {1: Phase.DESIGN, 2: Phase.DESIGN, 3: Phase.ESTABLISH, 4: Phase.ENHANCE}


def level(number: int) -> AnswerValue:
    """An answer with a level."""
    return AnswerValue(AnswerState.LEVEL, number)


def sentence(text: str) -> Sentence:
    """A sentence with its own English as id."""
    return Sentence(text, text)


def question(
    name: str,
    needs: Mapping[int, Sequence[Rung]] | None = None,
    *,
    top: int = 4,
    weight: int = 1,
    effort: Effort | None = Effort.SMALL,
    efforts: Mapping[int, Effort | None] | None = None,
    phases: Mapping[int, Phase] | None = None,
    capabilities: tuple[str, ...] = (),
    applies: Applies = Applies.ALWAYS,
    advice: bool = True,
) -> Question:
    """A question whose steps need these rungs."""
    return Question(
        id=name,
        dimension_id="D1",
        text=sentence(f"{name}?"),
        why=sentence("why"),
        levels=tuple(sentence(f"{name} at {n}") for n in range(top + 1)),
        evidence=(sentence("a paper"), sentence("a page")),
        weight=weight,
        capabilities=capabilities,
        crosswalk=Crosswalk(),
        applies=applies,
        steps=tuple(
            Step(
                n,
                sentence(f"do {name} {n}") if advice else None,
                (efforts or {}).get(n, effort),
                Cost.NONE,
                (phases or _PHASES)[n],
                tuple((needs or {}).get(n, ())),
            )
            for n in range(1, top + 1)
        ),
    )


def instrument(*questions: Question, top: int = 4) -> Instrument:
    """An instrument of one dimension."""
    return Instrument(
        id="small",
        version="1.0.0",
        title=sentence("Small"),
        description=sentence("Small"),
        scale=tuple(sentence(str(n)) for n in range(top + 1)),
        pillars=(),
        dimensions=(
            Dimension("D1", sentence("One"), sentence("One"), None, Crosswalk(), questions),
        ),
    )


def plan(
    small: Instrument, answers: Mapping[str, AnswerValue], aim: Aim | None = None, **more: object
) -> tuple[Recommendation, ...]:
    """The recommendations, by default without a profile."""
    return recommendations(small, answers, aim or aim_of(small), **more)  # type: ignore[arg-type]


def rungs(found: Sequence[Recommendation]) -> list[tuple[str, int]]:
    """The rungs of recommendations as plain pairs."""
    return [tuple(one.rung) for one in found]


@st.composite
def small_instruments(draw: st.DrawFn) -> Instrument:
    """Instruments of two to six questions with 2 to 5 levels and needs that never form a circle.

    A step may need rungs of any question at a lower height: heights make circles impossible.
    """
    top = draw(st.integers(1, 4))
    count = draw(st.integers(2, 6))
    names = [f"Q{n}" for n in range(count)]
    heights = {name: sorted(draw(st.permutations(range(20)))[:top]) for name in names}
    return instrument(
        *(
            question(
                name,
                {
                    n + 1: draw(
                        st.lists(
                            st.sampled_from(
                                [
                                    Rung(other, m + 1)
                                    for other in names
                                    for m in range(top)
                                    if other != name and heights[other][m] < heights[name][n]
                                ]
                                or [None]
                            ),
                            max_size=2,
                        ).map(lambda found: [one for one in found if one])
                    )
                    for n in range(top)
                },
                top=top,
                weight=draw(st.integers(1, 3)),
                efforts={n: draw(st.sampled_from([*Effort, None])) for n in range(1, top + 1)},
                phases={n: draw(st.sampled_from(list(Phase))) for n in range(1, top + 1)},
                capabilities=draw(st.sampled_from([(), ("watch",), ("watch", "answer")])),
                applies=Applies.ALWAYS,
            )
            for name in names
        ),
        top=top,
    )


def answers_for(small: Instrument) -> st.SearchStrategy[dict[str, AnswerValue]]:
    """Sets of answers to an instrument, with all kinds of answer."""
    value = st.one_of(
        st.integers(0, small.top).map(level),
        st.integers(0, small.top).map(level),
        st.sampled_from([NOT_KNOWN, NOT_APPLICABLE, UNANSWERED]),
    )
    return st.dictionaries(st.sampled_from([each.id for each in small.questions]), value)


def aims_for(small: Instrument) -> st.SearchStrategy[Aim]:
    """Aims of an instrument: none of a profile, or some minimums."""
    minimums = st.dictionaries(
        st.sampled_from([each.id for each in small.questions]), st.integers(1, small.top)
    )
    return minimums.map(lambda found: aim_of(small, found))
