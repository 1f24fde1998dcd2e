"""How far the actions of a plan are: noted by whom and when, also after the workshop."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.plan.models import MAX_NOTE, ActionState, PlanAction, PlanProgress
from cirt.assessments.plan.proposing import actions_in
from cirt.assessments.wording import written
from cirt.errors import N_, ConflictError, InvalidInputError

# what can be noted of an action; dropping has an act of its own
PROGRESS = (ActionState.PROPOSED, ActionState.PLANNED, ActionState.RUNNING, ActionState.DONE)


class ActionConflictError(ConflictError):
    """The action was changed since the page was shown. theirs: as it is now."""

    def __init__(self, theirs: PlanAction) -> None:
        super().__init__(
            N_("Somebody else changed this action meanwhile. Nothing was overwritten.")
        )
        self.theirs = theirs


def adopt_proposed(session: Session, actor: Actor, assessment: Assessment) -> int:
    """Take all that is proposed as planned, and return how many these were."""
    lock(session, assessment)
    state_after(assessment.standing, Act.PLAN)
    rows = [
        row
        for row in actions_in(session, assessment)
        if row.needed and row.state == ActionState.PROPOSED
    ]
    for row in rows:
        _note(session, actor, row, ActionState.PLANNED, "")
    record(session, actor, "assessment.plan", assessment, act="adopt", actions=len(rows))
    return len(rows)


def note_progress(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row: PlanAction,
    *,
    state: str,
    note: str,
    seen: int,
) -> None:
    """Note how far an action is; possible after the assessment was closed, too.

    seen: how many notes the person saw. Raises InvalidInputError, and ActionConflictError when
    somebody else noted something meanwhile.
    """
    if state not in PROGRESS:
        raise InvalidInputError(N_("Choose how far the action is."), field="state")
    note = written(note, most=MAX_NOTE, field="note")
    lock(session, assessment)
    state_after(assessment.standing, Act.PROGRESS)
    session.refresh(row)
    last = last_progress(session, row)
    if seen != (last.n if last else 0):
        raise ActionConflictError(row)
    if row.state == ActionState.DROPPED:
        raise ConflictError(
            N_("This action was dropped. Restore it in the plan before you note progress.")
        )
    if state == row.state and not note:
        raise InvalidInputError(
            N_("Nothing has changed: choose another state or write a note."), field="note"
        )
    _note(session, actor, row, ActionState(state), note)
    record(
        session, actor, "assessment.progress", assessment, f"action:{row.id}", state=state,
        note=bool(note),
    )  # fmt: skip


def _note(session: Session, actor: Actor, row: PlanAction, state: ActionState, note: str) -> None:
    last = last_progress(session, row)
    session.add(
        PlanProgress(
            action_id=row.id,
            n=(last.n if last else 0) + 1,
            state=state.value,
            note=note,
            user_id=actor.user_id,
        )
    )
    row.state = state.value
    session.flush()


def last_progress(session: Session, row: PlanAction) -> PlanProgress | None:
    return session.scalars(
        sa.select(PlanProgress)
        .where(PlanProgress.action_id == row.id)
        .order_by(PlanProgress.n.desc())
        .limit(1)
    ).one_or_none()
