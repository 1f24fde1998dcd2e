"""What the pages of background work show: rows by state, kind and age, without content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import User
from cirt.clock import now
from cirt.errors import N_
from cirt.jobs import STATES, Job

PAGE: Final = 50
AGES: Final[dict[str, tuple[str, timedelta]]] = {
    "hour": (N_("The last hour"), timedelta(hours=1)),
    "day": (N_("The last day"), timedelta(days=1)),
    "week": (N_("The last week"), timedelta(days=7)),
}
ASKERS: Final[dict[str, str]] = {
    "others": N_("People and machines"),
    "installation": N_("The installation itself"),
}
STATE_NAMES: Final[dict[str, str]] = {
    "waiting": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Done"),
    "refused": N_("Refused"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
STATE_MARKS: Final[dict[str, str]] = {
    "waiting": "todo",
    "running": "progress",
    "done": "done",
    "refused": "blocked",
    "failed": "failed",
    "cancelled": "blocked",
}


@dataclass(frozen=True)
class Narrowed:
    """What the list was narrowed to; "" where it was not."""

    state: str = ""
    kind: str = ""
    age: str = ""
    by: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything was chosen."""
        return bool(self.state or self.kind or self.age or self.by)


@dataclass(frozen=True)
class Listing:
    """One page of background work, the newest first. total: of what fits the choices."""

    rows: Sequence[Job]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return max(1, -(-self.total // PAGE))


def listing(session: Session, narrowed: Narrowed, page: int) -> Listing:
    """Return one page; a page behind the last is the last."""
    fits: list[Any] = []
    if narrowed.state in STATES:
        fits.append(Job.state == narrowed.state)
    if narrowed.kind:
        fits.append(Job.kind == narrowed.kind)
    if narrowed.age in AGES:
        fits.append(Job.created_at >= now() - AGES[narrowed.age][1])
    if narrowed.by in ASKERS:
        itself = sa.and_(Job.user_id.is_(None), Job.administration_id.is_(None))
        fits.append(itself if narrowed.by == "installation" else ~itself)
    total = session.scalar(sa.select(sa.func.count()).select_from(Job).where(*fits)) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    query = sa.select(Job).where(*fits).order_by(Job.created_at.desc(), Job.id)
    rows = session.scalars(query.offset((page - 1) * PAGE).limit(PAGE)).all()
    return Listing(rows, total, page)


def kinds_present(session: Session) -> list[str]:
    """Return the kinds of which there is any work."""
    return sorted(session.scalars(sa.select(Job.kind).distinct()))


def asker_of(session: Session, job: Job) -> str | None:
    """Return the name of the person who asked for it; None: the installation itself."""
    user = session.get(User, job.user_id) if job.user_id else None
    return user.name if user else None


def params_without_words(job: Job) -> dict[str, Any]:
    """Return the parameters of a job's message; of people's work without what they typed."""
    if job.user_id is None and job.administration_id is None:
        return dict(job.message_params)
    return {
        name: value if isinstance(value, int | float) else "…"
        for name, value in job.message_params.items()
    }
