"""`/metrics`: the figures of the running, for a machine whose token says so."""

from collections.abc import Iterator
from typing import Any

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import access, audit, backups
from cirt.clock import now
from cirt.db import Database
from cirt.jobs import STATES, Job
from cirt.machine_sign_in import machine_of
from cirt.operations import metrics
from cirt.operations.metrics import Figure
from cirt.routing import MACHINE, opens
from cirt.web import csrf, installation

TEXT = "text/plain; version=0.0.4; charset=utf-8"

blueprint = flask.Blueprint("metrics", __name__)
csrf.exempt(blueprint)  # no cookie is looked at

access.permit("operations.read", [access.Role.MACHINE], scope="operations.read")


@blueprint.get("/metrics")
@opens(MACHINE, "operations.read")
def figures() -> Any:
    """Counts, times and states of this installation, in the text format of Prometheus."""
    machine = machine_of(flask.request.headers.get("Authorization", ""))
    if machine is None:
        return _refused(401, "Give an API token, with HTTP Bearer or Basic.\n")
    flask.g.machine = machine
    if not access.role_allows(machine, "operations.read"):
        return _refused(403, "This token does not have the scope operations.read.\n")
    with installation().database.reading() as session:
        present = list(_present(session, installation().database))
    return flask.Response(metrics.exposition(present), content_type=TEXT)


def _refused(status: int, sentence: str) -> flask.Response:
    response = flask.Response(sentence, status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="CIRT"'
    return response


# totals that the halves know of: (name, what it is, query that gives one number)
totals: list[tuple[str, str, sa.Select[Any]]] = []


def add_total(name: str, about: str, query: sa.Select[Any]) -> None:
    """Add a figure of the whole installation that the database knows; never of a part of it."""
    if name not in {known for known, _about, _query in totals}:
        totals.append((name, about, query))


def _present(session: Session, database: Database) -> Iterator[Figure]:
    counts: dict[str, int] = dict(
        session.execute(sa.select(Job.state, sa.func.count()).group_by(Job.state)).all()
    )
    yield (
        "cirt_jobs",
        "Pieces of background work by state.",
        {(("state", state),): float(counts.get(state, 0)) for state in STATES},
    )
    oldest = session.scalar(
        sa.select(sa.func.min(Job.run_at)).where(Job.state == "waiting", Job.run_at <= now())
    )
    age = (now() - oldest).total_seconds() if oldest else 0.0
    yield "cirt_job_oldest_due_seconds", "How long the oldest due work waits.", {(): age}
    yield from _pool(database)
    newest = backups.newest(session)
    if newest is not None:
        age = (now() - newest.at).total_seconds()
        yield (
            "cirt_backup_age_seconds",
            "Age of the newest backup that passed its trial.",
            {(): age},
        )
        yield "cirt_backup_bytes", "Size of that backup.", {(): float(newest.bytes)}
    written = session.scalar(sa.select(sa.func.sum(audit.AuditHead.n))) or 0
    yield "cirt_audit_entries", "Entries of the audit trail.", {(): float(written)}
    for name, about, query in totals:
        yield name, about, {(): float(session.scalar(query) or 0)}


def _pool(database: Database) -> Iterator[Figure]:
    pool: Any = database.engine.pool
    states = {"used": pool.checkedout(), "idle": pool.checkedin()}
    yield (
        "cirt_database_connections",
        "Connections to the database of the process that answers, by state.",
        {(("state", state),): float(count) for state, count in states.items()},
    )


def init_app(app: flask.Flask) -> None:
    """Attach the address to the application."""
    app.register_blueprint(blueprint)
