"""A plan is proposed from the answers, again and again; what people changed is kept."""

import itertools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.plan import order
from cirt.assessments.plan.basis import basis_of
from cirt.assessments.plan.models import ActionState, Plan, PlanAction, PlanDependency
from cirt.assessments.plan.recommendations import Recommendation
from cirt.assessments.plan.schedule import AT_ONCE, MOST_AT_ONCE, Work, schedule
from cirt.clock import now
from cirt.errors import N_, InvalidInputError


@dataclass(frozen=True)
class Proposed:
    """What a proposal did: new actions, those brought up to date, those no longer needed."""

    added: int
    refreshed: int
    kept: int
    no_longer_needed: int


def actions_in(session: Session, assessment: Assessment) -> list[PlanAction]:
    """Return every action of an assessment in the order of the plan."""
    rows = session.scalars(
        sa.select(PlanAction)
        .where(PlanAction.assessment_id == assessment.id)
        .order_by(PlanAction.position, PlanAction.number)
    )
    return order.in_order(rows)


def needs_in(session: Session, assessment: Assessment) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return what each action needs; actions that need nothing are absent."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    query = (
        sa.select(PlanDependency.action_id, PlanDependency.needs_id)
        .join(PlanAction, PlanAction.id == PlanDependency.action_id)
        .where(PlanAction.assessment_id == assessment.id)
    )
    for action_id, needs_id in session.execute(query):
        found.setdefault(action_id, set()).add(needs_id)
    return found


def check_at_once(at_once: int | None) -> int:
    """Return how many actions run at once. Raises InvalidInputError for no sensible number."""
    if at_once is None or not 1 <= at_once <= MOST_AT_ONCE:
        raise InvalidInputError(
            N_("Give a number from 1 to %(most)s."), field="at_once", most=MOST_AT_ONCE
        )
    return at_once


def propose(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    starts_on: date | None,
    at_once: int | None = AT_ONCE,
) -> Proposed:
    """Fill the plan from the answers as they stand.

    New steps are added. What nobody changed by hand takes the present text, bands, phase and
    dates; what somebody changed keeps its own. What the answers no longer ask for is marked so.
    Raises InvalidInputError for missing dates, ForbiddenError where the state does not allow it.
    """
    if starts_on is None:
        raise InvalidInputError(N_("Give the day on which the plan begins."), field="starts_on")
    at_once = check_at_once(at_once)
    lock(session, assessment)
    state_after(assessment.standing, Act.PLAN)
    basis = basis_of(session, assessment)
    rows = actions_in(session, assessment)
    present = {row.rung: row for row in rows if row.rung is not None}
    wanted = basis.by_rung
    new: list[PlanAction] = []
    refreshed = kept = 0
    number = next_number(rows)
    for each in basis.recommendations:
        row = present.get(each.rung)
        if row is None:
            row = PlanAction(
                assessment_id=assessment.id,
                number=number + len(new),
                position=0,
                question_id=each.rung.question_id,
                to_level=each.rung.level,
                revision=1,
                edited=False,
                needed=True,
                state=ActionState.PROPOSED,
                owner="",
                reason="",
            )
            _take(row, each, assessment.language, actor)
            new.append(row)
        elif row.edited or row.state in (ActionState.DONE, ActionState.DROPPED):
            kept += 1
            row.needed = True
        else:
            refreshed += 1
            row.needed = True
            _take(row, each, assessment.language, actor)
    gone = [row for row in present.values() if row.rung not in wanted]
    no_longer = sum(1 for row in gone if row.needed)
    for row in gone:
        row.needed = False
    plan = session.get(Plan, assessment.id)
    if plan is None:
        plan = Plan(assessment_id=assessment.id, by_hand=False)
        session.add(plan)
    plan.starts_on, plan.at_once = starts_on, at_once
    plan.proposed_by, plan.proposed_at = actor.user_id, now()
    session.add_all(new)
    session.flush()
    recommended = [each.rung for each in basis.recommendations]
    if plan.by_hand:
        order.insert(rows, new, recommended, {each.rung: each.needs for each in wanted.values()})
    else:
        order.order_by_rules([*rows, *new], recommended)
    _depend(session, assessment, [*rows, *new], wanted.values())
    _give_dates(session, assessment, plan, [*rows, *new])
    session.flush()
    record(
        session, actor, "assessment.plan", assessment, act="propose", added=len(new),
        refreshed=refreshed, kept=kept, no_longer_needed=no_longer,
    )  # fmt: skip
    return Proposed(len(new), refreshed, kept, no_longer)


def order_anew(session: Session, actor: Actor, assessment: Assessment) -> None:
    """Take the recommended order again; actions of somebody's own end up last in their phase."""
    lock(session, assessment)
    state_after(assessment.standing, Act.PLAN)
    rows = actions_in(session, assessment)
    recommended = [each.rung for each in basis_of(session, assessment).recommendations]
    order.order_by_rules(rows, recommended)
    plan = session.get(Plan, assessment.id)
    if plan is not None:
        plan.by_hand = False
    record(session, actor, "assessment.plan", assessment, act="order")


def next_number(rows: Iterable[PlanAction]) -> int:
    """Return the next number of an action; actions are never deleted, so none comes twice."""
    return max((row.number for row in rows), default=0) + 1


def _take(row: PlanAction, each: Recommendation, language: str, actor: Actor) -> None:
    """Let an action say what the recommendation says, in the language of the workshop."""
    text = each.text.in_language(language)
    said = {
        "from_level": each.from_level,
        "text": text.text,
        "language": text.language,
        "indicator": "\n".join(one.in_language(language).text for one in each.indicator),
        "effort": each.effort.value if each.effort else "",
        "cost": each.cost.value if each.cost else "",
        "phase": each.phase.value,
    }
    if any(getattr(row, name) != value for name, value in said.items()):
        if row.id is not None:
            row.revision += 1
        for name, value in said.items():
            setattr(row, name, value)
        row.updated_by, row.updated_at = actor.user_id, now()


def _depend(
    session: Session,
    assessment: Assessment,
    rows: Sequence[PlanAction],
    wanted: Iterable[Recommendation],
) -> None:
    """Let each action that nobody changed need what its recommendation needs."""
    ids = {row.rung: row.id for row in rows if row.rung is not None}
    edited = {row.id for row in rows if row.edited}
    present = needs_in(session, assessment)
    proposed = {
        ids[each.rung]: {ids[need] for need in each.needs}
        for each in wanted
        if ids[each.rung] not in edited
    }
    after = {**present, **proposed}
    while (circle := circle_in(after)) is not None:
        # what somebody said by hand stands: the proposal gives way
        action_id, needs_id = next((pair for pair in circle if pair[0] in proposed), circle[0])
        after[action_id] = after[action_id] - {needs_id}
    for action_id, needs in after.items():
        had = present.get(action_id, set())
        for needs_id in had - needs:
            row = session.get(PlanDependency, (action_id, needs_id))
            if row is not None:
                session.delete(row)
        session.add_all(PlanDependency(action_id=action_id, needs_id=one) for one in needs - had)


def circle_in(
    needs: dict[uuid.UUID, set[uuid.UUID]],
) -> list[tuple[uuid.UUID, uuid.UUID]] | None:
    """Return a circle of actions that need each other, as (action, what it needs); None: none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle: list[uuid.UUID] = error.args[1]  # each is needed by the next one
        return [(after, before) for before, after in itertools.pairwise(circle)]
    return None


def _give_dates(
    session: Session, assessment: Assessment, plan: Plan, rows: Sequence[PlanAction]
) -> None:
    """Give what is still to do its earliest dates; what somebody edited keeps its own."""
    session.flush()
    needs = needs_in(session, assessment)
    open_rows = [row for row in order.in_order(rows) if row.open]
    slots = schedule(
        [Work(row.id, row.effort_band, tuple(needs.get(row.id, ()))) for row in open_rows],
        at_once=plan.at_once,
    )
    for row in open_rows:
        if not row.edited and row.state != ActionState.RUNNING:
            row.starts_on = slots[row.id].first_day(plan.starts_on)
            row.target_date = slots[row.id].last_day(plan.starts_on)
