"""What the verdict and the figures would be if these steps were done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cirt.assessments.instruments.model import Instrument, Rung
from cirt.assessments.instruments.profiles import Profile
from cirt.assessments.scoring import AnswerState, AnswerValue, Results, score
from cirt.assessments.verdict import Verdict, verdict


@dataclass(frozen=True)
class Outlook:
    """The figures, and the verdict where there is a profile to conclude against."""

    answers: Mapping[str, AnswerValue]
    results: Results
    verdict: Verdict | None


def raised(
    instrument: Instrument, answers: Mapping[str, AnswerValue], done: Iterable[Rung]
) -> dict[str, AnswerValue]:
    """Return the answers as they would be with these steps done; none is ever lowered.

    Only answers with a level rise. What is not known, not answered or not applicable stays so: a
    step that was planned says nothing of where the country stands today.
    """
    found = dict(answers)
    for rung in done:
        if not instrument.has_question(rung.question_id):
            continue
        answer = found.get(rung.question_id)
        level = min(rung.level, instrument.question(rung.question_id).top)
        if answer is not None and answer.level is not None and answer.level < level:
            found[rung.question_id] = AnswerValue(AnswerState.LEVEL, level, answer.reason)
    return found


def outlook(
    instrument: Instrument,
    profile: Profile | None,
    answers: Mapping[str, AnswerValue],
    *,
    cirt_exists: bool | None,
    done: Iterable[Rung] = (),
) -> Outlook:
    """Return where the country stands with these steps done; with none, where it stands today."""
    then = raised(instrument, answers, done)
    return Outlook(
        answers=then,
        results=score(instrument, then, cirt_exists=cirt_exists),
        verdict=(verdict(instrument, profile, then, cirt_exists=cirt_exists) if profile else None),
    )
