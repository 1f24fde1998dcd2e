"""What people do to the actions of a plan: add, edit, move, drop, restore."""

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.model import Cost, Effort, Phase
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import MAX_REASON, Assessment
from cirt.assessments.plan import order
from cirt.assessments.plan.models import (
    MAX_OWNER,
    MAX_TEXT,
    ActionState,
    Plan,
    PlanAction,
    PlanDependency,
)
from cirt.assessments.plan.progress import ActionConflictError, last_progress
from cirt.assessments.plan.proposing import actions_in, circle_in, needs_in, next_number
from cirt.assessments.plan.schedule import AT_ONCE
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, NotFoundError

Band = TypeVar("Band", bound=StrEnum)


@dataclass(frozen=True)
class ActionContent:
    """What an action says. effort, cost: bands, "" for not said. needs: codes such as A3."""

    text: str
    owner: str = ""
    starts_on: date | None = None
    target_date: date | None = None
    indicator: str = ""
    effort: str = ""
    cost: str = ""
    phase: str = Phase.DESIGN.value
    question_id: str = ""
    needs: tuple[str, ...] = ()


def action_of(session: Session, assessment: Assessment, action_id: uuid.UUID) -> PlanAction:
    """Return an action. Raises NotFoundError for one of another assessment."""
    row = session.get(PlanAction, action_id)
    if row is None or row.assessment_id != assessment.id:
        raise NotFoundError
    return row


def add_action(
    session: Session, actor: Actor, assessment: Assessment, content: ActionContent
) -> PlanAction:
    """Add an action of one's own at the end of its phase. Raises InvalidInputError."""
    said = _checked(assessment, content)
    _begin(session, assessment)
    rows = actions_in(session, assessment)
    if session.get(Plan, assessment.id) is None:
        session.add(
            Plan(
                assessment_id=assessment.id, starts_on=now().date(), at_once=AT_ONCE, by_hand=False
            )
        )
    row = PlanAction(
        assessment_id=assessment.id,
        number=next_number(rows),
        position=len(rows) + 1,
        question_id=content.question_id or None,
        language=assessment.language,
        state=ActionState.PLANNED,
        reason="",
        needed=True,
        edited=True,
        revision=1,
        updated_by=actor.user_id,
        updated_at=now(),
        **said,
    )
    session.add(row)
    session.flush()
    _set_needs(session, assessment, row, [*rows, row], content.needs)
    order.renumber([*rows, row])
    _record(session, actor, assessment, row, "add")
    return row


def edit_action(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row: PlanAction,
    content: ActionContent,
    *,
    revision: int,
) -> None:
    """Change an action; a new proposal leaves it alone from then on.

    The question of a proposed action stays. Raises InvalidInputError, ActionConflictError.
    """
    said = _checked(assessment, content)
    _begin(session, assessment, row, revision)
    rows = actions_in(session, assessment)
    if row.to_level is None:
        said["question_id"] = content.question_id or None
    needs_changed = _set_needs(session, assessment, row, rows, content.needs)
    if not needs_changed and all(getattr(row, name) == value for name, value in said.items()):
        return
    moved = row.phase != said["phase"]
    for name, value in said.items():
        setattr(row, name, value)
    if moved:
        row.position = len(rows) + 1
        order.renumber(rows)
    row.edited = True
    _changed(row, actor)
    _record(session, actor, assessment, row, "edit")


def move_action(
    session: Session, actor: Actor, assessment: Assessment, row: PlanAction, place: int
) -> None:
    """Move an action to a place in its phase, from 1; a new proposal keeps the order from then on."""
    _begin(session, assessment)
    rows = actions_in(session, assessment)
    if order.move(rows, row, place):
        plan = session.get_one(Plan, assessment.id)
        plan.by_hand = True
        _record(session, actor, assessment, row, "move")


def shift_action(
    session: Session, actor: Actor, assessment: Assessment, row: PlanAction, by: int
) -> None:
    """Move an action by so many places within its phase; -1 is one up."""
    _begin(session, assessment)
    place = order.place_of(actions_in(session, assessment), row)
    if place:
        move_action(session, actor, assessment, row, place + by)


def drop_action(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row: PlanAction,
    *,
    reason: str,
    revision: int,
) -> None:
    """Take an action out of the plan for a reason; it stays on record. Raises InvalidInputError."""
    reason = written(reason, most=MAX_REASON, field="reason")
    if not reason:
        raise InvalidInputError(N_("Say why the action is dropped."), field="reason")
    _begin(session, assessment, row, revision)
    row.state, row.reason = ActionState.DROPPED, reason
    _changed(row, actor)
    order.renumber(actions_in(session, assessment))
    _record(session, actor, assessment, row, "drop")


def restore_action(
    session: Session, actor: Actor, assessment: Assessment, row: PlanAction, *, revision: int
) -> None:
    """Take a dropped action into the plan again, where it stood; the reason goes."""
    _begin(session, assessment, row, revision)
    if row.state != ActionState.DROPPED:
        return
    last = last_progress(session, row)
    row.state, row.reason = last.state if last else ActionState.PROPOSED.value, ""
    _changed(row, actor)
    order.renumber(actions_in(session, assessment))
    _record(session, actor, assessment, row, "restore")


def _begin(
    session: Session,
    assessment: Assessment,
    row: PlanAction | None = None,
    revision: int | None = None,
) -> None:
    lock(session, assessment)
    state_after(assessment.standing, Act.PLAN)
    if row is not None:
        session.refresh(row)
        if row.revision != revision:
            raise ActionConflictError(row)


def _changed(row: PlanAction, actor: Actor) -> None:
    row.revision += 1
    row.updated_by, row.updated_at = actor.user_id, now()


def _record(
    session: Session, actor: Actor, assessment: Assessment, row: PlanAction, act: str
) -> None:
    session.flush()
    record(
        session, actor, "assessment.plan", assessment, f"action:{row.id}", act=act,
        revision=row.revision,
    )  # fmt: skip


def _checked(assessment: Assessment, content: ActionContent) -> dict[str, object]:
    """Return what an action says as it is stored. Raises InvalidInputError."""
    text = written(content.text, most=MAX_TEXT, field="text")
    if not text:
        raise InvalidInputError(N_("Say what is to be done."), field="text")
    begins, ends = content.starts_on, content.target_date
    if begins is not None and ends is not None and ends < begins:
        raise InvalidInputError(
            N_("The target date lies before the first day."), field="target_date"
        )
    if content.question_id:
        instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
        if not instrument.has_question(content.question_id):
            raise InvalidInputError(
                N_("The instrument has no question %(id)s."),
                field="question_id",
                id=content.question_id,
            )
    return {
        "text": text,
        "owner": " ".join(written(content.owner, most=MAX_OWNER, field="owner").split()),
        "starts_on": begins,
        "target_date": ends,
        "indicator": written(content.indicator, most=MAX_TEXT, field="indicator"),
        "effort": _band(content.effort, Effort, "effort"),
        "cost": _band(content.cost, Cost, "cost"),
        "phase": _band(content.phase, Phase, "phase"),
    }


def _band(value: str, kind: type[Band], field: str) -> str:
    if value in [each.value for each in kind] or (not value and kind is not Phase):
        return value
    raise InvalidInputError(N_("Choose one of those listed."), field=field)


def _set_needs(
    session: Session,
    assessment: Assessment,
    row: PlanAction,
    rows: list[PlanAction],
    codes: tuple[str, ...],
) -> bool:
    """Let an action need others; return whether anything changed. Raises InvalidInputError."""
    by_code = {one.code: one.id for one in rows}
    unknown = next((code for code in codes if code not in by_code), None)
    if unknown is not None:
        raise InvalidInputError(
            N_("“%(code)s” is not known here. Write the codes as the page shows them."),
            field="needs",
            code=unknown,
        )
    wanted = {by_code[code] for code in codes}
    needs = needs_in(session, assessment)
    had = needs.get(row.id, set())
    circle = circle_in({**needs, row.id: wanted})
    if circle is not None:
        named = {one.id: one.code for one in rows}
        raise InvalidInputError(
            N_("These actions would need each other in a circle: %(codes)s."),
            field="needs",
            codes=", ".join(f"\u2066{named[one]}\u2069" for one, _need in circle),
        )
    for needs_id in had - wanted:
        gone = session.get(PlanDependency, (row.id, needs_id))
        if gone is not None:
            session.delete(gone)
    session.add_all(PlanDependency(action_id=row.id, needs_id=one) for one in wanted - had)
    session.flush()
    return wanted != had
