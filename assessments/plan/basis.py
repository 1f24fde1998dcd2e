"""What a plan rests on: the answers, the profile, the published incidents; and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from cirt.assessments.answering import answers_of
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.instruments.model import Rung
from cirt.assessments.instruments.profiles import Profile, profile_or_problem
from cirt.assessments.models import Assessment
from cirt.assessments.plan.gaps import Aim, aim_of
from cirt.assessments.plan.recommendations import Recommendation, recommendations
from cirt.assessments.scoring import AnswerValue
from cirt.capability_tally import current_tally
from cirt.errors import DomainError


@dataclass(frozen=True)
class Basis:
    """What the recommendations of an assessment follow from, and these.

    problem: why the chosen profile cannot be used here; the plan then does without one.
    """

    instrument: Instrument
    answers: Mapping[str, AnswerValue]
    cirt_exists: bool | None
    profile: Profile | None
    problem: DomainError | None
    aim: Aim
    recommendations: tuple[Recommendation, ...]

    @property
    def by_rung(self) -> dict[Rung, Recommendation]:
        """The recommendations by the step that each is."""
        return {each.rung: each for each in self.recommendations}


def basis_of(session: Session, assessment: Assessment) -> Basis:
    """Return what an assessment's plan rests on, as the answers stand now.

    Of the country's incidents it knows only the bands that the country has published.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    answers = {key: row.value for key, row in answers_of(session, assessment).items()}
    profile, problem = profile_or_problem(instrument, assessment.profile)
    aim = aim_of(instrument, profile.targets if profile else None)
    published = current_tally(session, assessment.administration_id)
    tally = (
        {each: published.failed_band(each).rank for each in published.failed} if published else {}
    )
    return Basis(
        instrument=instrument,
        answers=answers,
        cirt_exists=assessment.cirt_exists,
        profile=profile,
        problem=problem,
        aim=aim,
        recommendations=recommendations(
            instrument, answers, aim, cirt_exists=assessment.cirt_exists, tally=tally
        ),
    )
