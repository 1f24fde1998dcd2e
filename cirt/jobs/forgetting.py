"""Old background work is forgotten, by background work."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.errors import N_
from cirt.jobs.models import ENDED, Job
from cirt.jobs.registry import Effect, Task, handles, kinds

KEPT = timedelta(days=30)  # work that ended well
KEPT_FAILED = timedelta(days=90)  # and what was refused or cancelled
KEPT_FREQUENT = timedelta(days=1)  # work that comes by itself several times a day


@handles("jobs.forget", name=N_("Forgetting old background work"), daily=True)
def _forget(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        moment = now()
        often = [
            name for name, kind in kinds.items() if kind.every and kind.every < timedelta(days=1)
        ]
        old = [
            sa.and_(Job.state == "done", Job.ended_at < moment - KEPT),
            sa.and_(Job.state.in_(set(ENDED) - {"done"}), Job.ended_at < moment - KEPT_FAILED),
            sa.and_(
                Job.state == "done",
                Job.ended_at < moment - KEPT_FREQUENT,
                Job.kind.in_(often),
                Job.user_id.is_(None),
            ),
        ]
        gone = session.execute(sa.delete(Job).where(sa.or_(*old)))
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
