"""Everything that pages and files of results say of one assessment, read from the record at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.orm import Session

from cirt.assessments.answering import answers_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.heat import HeatTable, heat_table
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.instruments.profiles import Profile, profile_or_problem
from cirt.assessments.models import Answer, Assessment, Evidence
from cirt.assessments.results import Beside, ShownResults, shown_results
from cirt.assessments.strength import strength
from cirt.assessments.targets import targets_of
from cirt.assessments.verdict import Verdict, verdict
from cirt.errors import DomainError


@dataclass(frozen=True)
class Reading:
    """One assessment with its figures and its verdict.

    profile: the chosen one; None for none, or where problem says why it cannot be used.
    verdict: None exactly where profile is. targets: by dimension id, for pictures.
    """

    assessment: Assessment
    instrument: Instrument
    answers: Mapping[str, Answer]
    evidence: Mapping[str, Sequence[Evidence]]
    results: ShownResults
    heat: HeatTable
    profile: Profile | None
    problem: DomainError | None
    verdict: Verdict | None
    targets: Mapping[str, Fraction]


def reading_of(session: Session, assessment: Assessment) -> Reading:
    """Return the figures of an assessment as it stands, with the verdict against its profile.

    Raises NotFoundError where its instrument is not installed.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    answers = answers_of(session, assessment)
    evidence = evidence_of(session, assessment)
    values = {key: row.value for key, row in answers.items() if instrument.has_question(key)}
    results = shown_results(
        instrument,
        values,
        cirt_exists=assessment.cirt_exists,
        evidence=evidence,
        beside=_beside(instrument, answers, evidence),
    )
    profile, problem = profile_or_problem(instrument, assessment.profile)
    found = None
    if profile is not None:
        found = verdict(
            instrument,
            profile,
            values,
            cirt_exists=assessment.cirt_exists,
            with_evidence=evidence.keys(),
        )
    return Reading(
        assessment=assessment,
        instrument=instrument,
        answers=answers,
        evidence=evidence,
        results=results,
        heat=heat_table(instrument, results),
        profile=profile,
        problem=problem,
        verdict=found,
        targets=targets_of(instrument, profile, cirt_exists=assessment.cirt_exists),
    )


def _beside(
    instrument: Instrument,
    answers: Mapping[str, Answer],
    evidence: Mapping[str, Sequence[Evidence]],
) -> dict[str, Beside]:
    found = {}
    for question in instrument.questions:
        row = answers.get(question.id)
        offered = set(row.functions) if row else set()
        found[question.id] = Beside(
            strength=strength([piece.kind for piece in evidence.get(question.id, ())]),
            stated=row.confidence if row else "",
            functions=tuple(each for each in question.functions if each.id in offered),
        )
    return found
