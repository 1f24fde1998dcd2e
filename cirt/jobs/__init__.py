"""Background work as leased rows: enqueued in the transaction that needs it, never lost.

A worker takes a row for a time (the lease); if it dies, the next worker takes the row after
the lease. The effect of a job and its end are one transaction that checks the lease's token,
so a job that ran twice has its effect once. Same code on SQLite and PostgreSQL.

How a kind of work is written:

    @jobs.handles("peer.poll", name=N_("Reading a peer"), every=timedelta(minutes=5))
    def poll(task: jobs.Task) -> jobs.Effect:
        for n, page in enumerate(pages):       # the slow part: no transaction is open
            task.progress(n, len(pages))       # shown on the pages; keeps the lease
            ...
        def effect(session):                   # all that is written, in one transaction
            return {"added": 5}                # ids, counts: kept as the job's result
        return effect

- `handles(kind, name=, every=timedelta | None, daily=False, when=, long=False, may_cancel=True,
  cancelled=)`: every and daily enqueue the kind by themselves, once a slot, whatever number of
  workers asks; not while its earlier run still waits or runs.
- `enqueue(session, kind, payload, actor=, key=, run_at=)`: in the caller's transaction.
- `Task.progress(done, of)` (at most once a second in a short transaction of its own, never from
  within an effect) and `Task.check_cancelled()` end the handler, by an exception that is not to
  be caught, when somebody cancelled the job, the server is stopping or the lease was lost.
- `cancel(session, services, actor, job)`: what waits ends at once; what runs ends when its handler
  asks next, or instead of its effect; what failed is put aside. `retry(session, actor, job)`:
  failed and cancelled work.
- A DomainError ends the job with its sentence: as refused where a person asked for the work and it
  is about what that person gave, else as failed. Any other error lets it run again, five times.
- Job.state: waiting, running, done, refused, failed, cancelled.
"""

from cirt.jobs import forgetting
from cirt.jobs.models import ENDED, STATES, Job
from cirt.jobs.queue import (
    ATTEMPTS,
    cancel,
    enqueue,
    enqueue_recurring,
    retry,
    run_next,
    run_pending,
    take,
)
from cirt.jobs.registry import (
    Effect,
    Handler,
    JobCancelledError,
    Kind,
    Task,
    handles,
    kinds,
    name_of,
)
from cirt.jobs.worker import Worker

__all__ = [
    "ATTEMPTS",
    "ENDED",
    "STATES",
    "Effect",
    "Handler",
    "Job",
    "JobCancelledError",
    "Kind",
    "Task",
    "Worker",
    "cancel",
    "enqueue",
    "enqueue_recurring",
    "handles",
    "kinds",
    "name_of",
    "retry",
    "run_next",
    "run_pending",
    "take",
]

assert forgetting  # noqa: S101 - imported for the handler that it registers
