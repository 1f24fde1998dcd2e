"""What pages and reports ask about plans. Reads only."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, Role, visible
from cirt.assessments.instruments.model import Phase, Rung
from cirt.assessments.models import Assessment
from cirt.assessments.plan import order
from cirt.assessments.plan.basis import Basis, basis_of
from cirt.assessments.plan.content import PlanContent, PlannedAction, PlannedPhase
from cirt.assessments.plan.models import ActionState, Plan, PlanAction, PlanProgress
from cirt.assessments.plan.proposing import actions_in, needs_in
from cirt.assessments.plan.schedule import AT_ONCE
from cirt.assessments.plan.texts import text_of
from cirt.assessments.plan.totals import totals
from cirt.clock import now

SOON = timedelta(days=30)


@dataclass(frozen=True)
class DueAction:
    """An action of the country whose day has passed, or comes within SOON."""

    action: PlanAction
    assessment: Assessment
    overdue: bool


def plan_of(
    session: Session,
    assessment: Assessment,
    basis: Basis | None = None,
    *,
    language: str | None = None,
) -> PlanContent:
    """Return the plan of an assessment; without actions where there is none yet.

    basis: what it rests on, if the caller has it. language: in which to say what nobody changed;
    None for the words as they are stored.
    """
    basis = basis or basis_of(session, assessment)
    plan = session.get(Plan, assessment.id)
    rows = actions_in(session, assessment)
    actions = _planned(rows, needs_in(session, assessment), basis, language)
    in_place = [one for one in actions if one.place]
    wanted = basis.by_rung
    present = {row.rung for row in rows}
    return PlanContent(
        starts_on=plan.starts_on if plan else None,
        at_once=plan.at_once if plan else AT_ONCE,
        proposed_at=plan.proposed_at if plan else None,
        by_hand=bool(plan and plan.by_hand),
        phases=tuple(
            PlannedPhase(
                phase,
                tuple(one for one in in_place if one.phase is phase),
                totals((one.effort, one.cost) for one in in_place if one.phase is phase),
            )
            for phase in Phase
        ),
        dropped=tuple(one for one in actions if one.state is ActionState.DROPPED),
        no_longer_needed=tuple(
            one for one in actions if not one.needed and one.state is not ActionState.DROPPED
        ),
        totals=totals((one.effort, one.cost) for one in in_place),
        unknown=sum(1 for each in basis.recommendations if each.finds_out),
        missing=sum(1 for rung in wanted if rung not in present),
        surplus=sum(
            1 for row in rows if row.rung is not None and row.needed and row.rung not in wanted
        ),
        codes={row.rung: row.code for row in rows if row.rung is not None},
    )


def _planned(
    rows: Sequence[PlanAction],
    needs: Mapping[uuid.UUID, Iterable[uuid.UUID]],
    basis: Basis,
    language: str | None,
) -> list[PlannedAction]:
    today = now().date()
    by_id = {row.id: row for row in rows}
    sequence = {row.id: n for n, row in enumerate(rows)}
    needed_by: dict[uuid.UUID, list[uuid.UUID]] = {}
    for action_id, each in needs.items():
        for one in each:
            needed_by.setdefault(one, []).append(action_id)
    wanted = basis.by_rung
    places: dict[uuid.UUID, int] = {}
    counts: dict[str, int] = {}
    for row in rows:
        if order.shown(row):
            counts[row.phase] = places[row.id] = counts.get(row.phase, 0) + 1

    def codes(ids: Iterable[uuid.UUID]) -> tuple[str, ...]:
        return tuple(by_id[one].code for one in sorted(ids, key=sequence.__getitem__))

    found = []
    for row in rows:
        recommended = wanted.get(row.rung) if row.rung else None
        own = needs.get(row.id, ())
        said = text_of(row, basis.instrument, language)
        found.append(
            PlannedAction(
                id=row.id,
                code=row.code,
                place=places.get(row.id, 0),
                question_id=row.question_id,
                from_level=row.from_level,
                to_level=row.to_level,
                text=said.text,
                language=said.language,
                is_advice=said.is_own or _is_advice(row.rung, basis),
                owner=row.owner,
                starts_on=row.starts_on,
                target_date=row.target_date,
                indicator=said.indicator,
                effort=row.effort_band,
                cost=row.cost_band,
                phase=Phase(row.phase),
                state=ActionState(row.state),
                dropped_because=row.reason,
                needed=row.needed,
                edited=row.edited,
                own_words=said.is_own,
                overdue=row.overdue(today),
                why=recommended.reasons if recommended else (),
                needs=codes(own),
                needed_by=codes(needed_by.get(row.id, ())),
                before_its_needs=codes(
                    one
                    for one in own
                    if row.id in places and one in places and sequence[one] > sequence[row.id]
                ),
                revision=row.revision,
            )
        )
    return found


def _is_advice(rung: Rung | None, basis: Basis) -> bool:
    if rung is None:
        return True
    if rung.level == 0 or not basis.instrument.has_question(rung.question_id):
        return False
    question = basis.instrument.question(rung.question_id)
    return rung.level <= question.top and question.step_to(rung.level).text is not None


def progress_of(session: Session, action: PlanAction) -> Sequence[PlanProgress]:
    """Return what was noted about an action, the oldest first."""
    return session.scalars(
        sa.select(PlanProgress).where(PlanProgress.action_id == action.id).order_by(PlanProgress.n)
    ).all()


def newest_notes(session: Session, assessment: Assessment) -> dict[uuid.UUID, PlanProgress]:
    """Return the newest note of each action that has one."""
    query = (
        sa.select(PlanProgress)
        .join(PlanAction, PlanAction.id == PlanProgress.action_id)
        .where(PlanAction.assessment_id == assessment.id)
        .order_by(PlanProgress.n)
    )
    return {row.action_id: row for row in session.scalars(query)}


def actions_of_question(
    session: Session, assessment: Assessment, question_id: str
) -> list[PlanAction]:
    """Return the actions that are about a question, in the order of the plan."""
    return [row for row in actions_in(session, assessment) if row.question_id == question_id]


def due_actions(session: Session, actor: Actor) -> list[DueAction]:
    """Return what is overdue or due soon in the country of a focal point, the oldest day first."""
    if Role.FOCAL_POINT not in actor.roles:
        return []
    today: date = now().date()
    query = (
        visible(actor, Assessment, "assessment.progress")
        .add_columns(PlanAction)
        .join(PlanAction, PlanAction.assessment_id == Assessment.id)
        .where(
            Assessment.administration_id == actor.administration_id,
            PlanAction.target_date <= today + SOON,
            PlanAction.needed.is_(True),
            PlanAction.state.not_in([ActionState.DONE.value, ActionState.DROPPED.value]),
        )
        .order_by(PlanAction.target_date, PlanAction.number)
    )
    return [
        DueAction(action, assessment, action.overdue(today))
        for assessment, action in session.execute(query).unique()
    ]
