"""Finding proposals in the record, and taking accepted ones over as answers."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.assessments.answering import AnswerContent, Confidence, content_of, save_answer
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import MAX_COMMENT, Answer, Assessment
from cirt.assessments.rounds.carry_over import Earlier, Proposal, Source, proposals
from cirt.assessments.rounds.reading import round_before
from cirt.assessments.scoring import AnswerState
from cirt.errors import DataFileError, NotFoundError


@dataclass(frozen=True)
class Proposed:
    """The proposals for an assessment, with the rows that their pages show.

    assessments: by id as text. answers: those that proposals rest on, by that id and question.
    """

    proposals: Mapping[str, Proposal]
    assessments: Mapping[str, Assessment]
    answers: Mapping[tuple[str, str], Answer]

    def answer(self, source: Source) -> Answer:
        """Return the answer behind a source."""
        return self.answers[(source.key, source.question.id)]

    def assessment(self, source: Source) -> Assessment:
        """Return the assessment behind a source."""
        return self.assessments[source.key]


@dataclass
class Outcome:
    """What became of the accepted proposals: ids of questions.

    answered: somebody had answered meanwhile; their answer stays. changed: the proposal is
    another one now, or there is none any more.
    """

    saved: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def proposed(session: Session, actor: Actor, assessment: Assessment) -> Proposed:
    """Return what can be proposed from the assessments of this country that the actor may see."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    last = round_before(session, actor, assessment)
    query = (
        visible(actor, Assessment, "assessment.read")
        .where(
            Assessment.administration_id == assessment.administration_id,
            Assessment.instrument_id != assessment.instrument_id,
            Assessment.id != assessment.id,
        )
        .order_by(Assessment.round.desc(), Assessment.created_at.desc(), Assessment.id)
    )
    rows = list(session.scalars(query).unique())
    candidates = [*rows, last] if last is not None else rows
    levels = _levels(session, [assessment, *candidates])
    others: dict[str, Earlier] = {}
    for row in rows:  # of several rounds with an instrument the newest with answers counts
        if row.instrument_id not in others and levels[str(row.id)]:
            earlier = _earlier(row, levels[str(row.id)])
            if earlier is not None:
                others[row.instrument_id] = earlier
    same = last is not None and last.instrument_id == assessment.instrument_id
    found = proposals(
        instrument,
        {
            question.id
            for question in instrument.questions
            if question.applies.asked(assessment.cirt_exists)
            and _is_open(levels[str(assessment.id)].get(question.id))
        },
        last=_earlier(last, levels[str(last.id)]) if last is not None and same else None,
        others=tuple(others.values()),
    )
    return Proposed(
        proposals=found,
        assessments={str(row.id): row for row in candidates},
        answers={
            (str(row.id), question_id): answer
            for row in candidates
            for question_id, answer in levels[str(row.id)].items()
        },
    )


def accept_proposals(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    chosen: Mapping[str, int],
    *,
    note: Callable[[Proposed, Proposal], str],
    language: str,
) -> Outcome:
    """Save accepted proposals as answers with low confidence, saying where they come from.

    chosen: question id -> the level that the person saw proposed. note: the sentence for the
    comment; what stands there already stays above it. Only what is still unanswered is saved, so
    that accepting twice, or while somebody answers, loses nothing.
    Raises ForbiddenError where nothing is answered now.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.ANSWER)
    now_proposed = proposed(session, actor, assessment)
    outcome = Outcome()
    for question_id, level in chosen.items():
        proposal = now_proposed.proposals.get(question_id)
        present = session.get(Answer, (assessment.id, question_id), populate_existing=True)
        if not _is_open(present):
            outcome.answered.append(question_id)
        elif proposal is None or proposal.level != level:
            outcome.changed.append(question_id)
        else:
            said = note(now_proposed, proposal)
            save_answer(
                session,
                actor,
                assessment,
                question_id,
                _content(present, now_proposed, proposal, said),
                revision=present.revision if present else 0,
                language=language,
            )
            outcome.saved.append(question_id)
    if outcome.saved:
        record(session, actor, "assessment.carry-over", assessment, questions=len(outcome.saved))
    return outcome


def origins_of(session: Session, actor: Actor, answer: Answer) -> list[tuple[Assessment, str]]:
    """Return assessment and question id of each answer that this one was carried over from.

    Without those that the actor may not see.
    """
    named = [each.partition("/") for each in answer.carried_from.split()]
    query = visible(actor, Assessment, "assessment.read").where(
        Assessment.id.in_([uuid.UUID(key) for key, _slash, _question in named])
    )
    rows = {str(row.id): row for row in session.scalars(query).unique()}
    return [(rows[key], question_id) for key, _slash, question_id in named if key in rows]


def _content(
    present: Answer | None, now_proposed: Proposed, proposal: Proposal, said: str
) -> AnswerContent:
    before = content_of(present)
    comment = f"{before.comment}\n\n{said}" if before.comment else said
    listed = {each.id for each in proposal.question.functions}
    functions = {
        function
        for source in proposal.sources
        if source.same_question
        for function in now_proposed.answer(source).functions
        if function in listed
    }
    return replace(
        before,
        state=AnswerState.LEVEL,
        level=proposal.level,
        comment=comment if len(comment) <= MAX_COMMENT else before.comment,
        confidence=Confidence.LOW,
        functions=tuple(sorted(functions | set(before.functions))),
        carried_from=proposal.carried_from,
    )


def _levels(session: Session, rows: list[Assessment]) -> dict[str, dict[str, Answer]]:
    found: dict[str, dict[str, Answer]] = {str(row.id): {} for row in rows}
    query = (
        sa.select(Answer)
        .where(Answer.assessment_id.in_([row.id for row in rows]))
        .execution_options(populate_existing=True)
    )
    for answer in session.scalars(query):
        found[str(answer.assessment_id)][answer.question_id] = answer
    return found


def _earlier(row: Assessment, answers: Mapping[str, Answer]) -> Earlier | None:
    try:
        instrument = load_instrument(row.instrument_id, row.instrument_version)
    except (NotFoundError, DataFileError):
        return None
    return Earlier(
        key=str(row.id),
        instrument=instrument,
        levels={
            key: answer.level
            for key, answer in answers.items()
            if answer.level is not None
            and instrument.has_question(key)
            and instrument.question(key).applies.asked(row.cirt_exists)
        },
    )


def _is_open(answer: Answer | None) -> bool:
    return answer is None or answer.state == AnswerState.NOT_ANSWERED
