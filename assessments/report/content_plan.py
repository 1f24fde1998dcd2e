"""Findings and plan of an assessment, as a report says them."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.orm import Session

from cirt.assessments.findings.queries import TiedEvidence, findings_of
from cirt.assessments.instruments import Instrument
from cirt.assessments.models import Assessment
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.content import PlanContent, PlannedAction, PlannedPhase
from cirt.assessments.plan.models import ActionState
from cirt.assessments.plan.queries import plan_of
from cirt.assessments.plan.sentences import sentence_of
from cirt.assessments.plan.timeline import timeline_of
from cirt.assessments.report.model_plan import (
    ActionContent,
    FindingContent,
    PhaseContent,
    PlanSummary,
)
from cirt.assessments.report.model_results import EvidenceContent


def findings_content(session: Session, assessment: Assessment) -> tuple[FindingContent, ...]:
    """Return the findings by number."""
    return tuple(
        FindingContent(
            code=each.code,
            kind=each.kind.value,
            title=each.title,
            description=each.description,
            root_cause=each.root_cause,
            questions=each.questions,
            evidence=tuple(map(_evidence, each.evidence)),
            actions=tuple(action.code for action in each.actions),
        )
        for each in findings_of(session, assessment)
    )


def _evidence(piece: TiedEvidence) -> EvidenceContent:
    return EvidenceContent(piece.kind, piece.reference, piece.seen_on, piece.file_name)


def plan_content(
    session: Session, assessment: Assessment, language: str
) -> tuple[tuple[ActionContent, ...], PlanSummary | None]:
    """Return the actions in their order, those listed apart at the end, and the whole; None without a plan."""
    basis = basis_of(session, assessment)
    plan = plan_of(session, assessment, basis, language=language)
    if not plan.everything:
        return (), None
    places = {each.code: place for place, each in enumerate(plan.actions, start=1)}
    from_profile = basis.aim.from_profile
    actions = []
    for each in plan.everything:
        why = tuple(
            sentence_of(reason, plan.codes, from_profile=from_profile) for reason in each.why
        )
        actions.append(_action(each, places, basis.instrument, why))
    return tuple(actions), _summary(plan)


def _action(
    each: PlannedAction,
    places: Mapping[str, int],
    instrument: Instrument,
    why: tuple[str, ...],
) -> ActionContent:
    provisions: tuple[str, ...] = ()
    if each.question_id and instrument.has_question(each.question_id):
        provisions = instrument.question(each.question_id).crosswalk.provisions
    return ActionContent(
        code=each.code,
        place=places.get(each.code, 0),
        text=each.text,
        is_advice=each.is_advice,
        question=each.question_id or "",
        from_level=each.from_level,
        to_level=each.to_level,
        phase=each.phase.value,
        owner=each.owner,
        starts_on=_day(each.starts_on),
        target_date=_day(each.target_date),
        indicator=each.indicator,
        effort=each.effort.value if each.effort else "",
        cost=each.cost.value if each.cost else "",
        state=each.state.value,
        dropped_because=each.dropped_because,
        overdue=each.overdue,
        why=why,
        needs=each.needs,
        provisions=provisions,
    )


def _summary(plan: PlanContent) -> PlanSummary:
    return PlanSummary(
        starts_on=_day(plan.starts_on),
        phases=tuple(map(_phase, plan.phases)),
        days=(plan.totals.days.least, plan.totals.days.most),
        dollars=(plan.totals.dollars.least, plan.totals.dollars.most),
        unsaid=sum(1 for each in plan.actions if each.effort is None or each.cost is None),
        without_owner=plan.without_owner,
        timeline=timeline_of(plan),
        states={each.value: plan.count(each) for each in ActionState},
    )


def _phase(each: PlannedPhase) -> PhaseContent:
    starts = [one.starts_on for one in each.actions if one.starts_on]
    ends = [one.target_date for one in each.actions if one.target_date]
    return PhaseContent(
        phase=each.phase.value,
        actions=tuple(one.code for one in each.actions),
        days=(each.totals.days.least, each.totals.days.most),
        dollars=(each.totals.dollars.least, each.totals.dollars.most),
        starts_on=_day(min(starts, default=None)),
        ends_on=_day(max(ends, default=None)),
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
