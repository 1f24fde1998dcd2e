"""Health: whether the process lives and is ready, for machines; and in words for administrators."""

import re
import shutil
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import backups, migrations
from cirt.access import require
from cirt.jobs import Job, Worker
from cirt.operations import blueprint, points
from cirt.operations.job_queries import STATE_MARKS, STATE_NAMES
from cirt.routing import PUBLIC, opens
from cirt.version import version
from cirt.web import actor, db_session, installation

FULL_BYTES = 32 * 1024 * 1024  # less than that, and the next requests fail


_CODE = re.compile(r"`([^`]+)`|\b(CIRT_[A-Z_]+)\b")


@blueprint.get("/health/live")
@opens(PUBLIC)
def live() -> Any:
    """Whether the process answers."""
    return flask.jsonify(status="live")


@blueprint.get("/health/ready")
@opens(PUBLIC)
def ready() -> Any:
    """Whether requests can be answered: short names, no details, since everybody may ask."""
    checks = {
        "database": _holds(lambda: (migrations.revision_of(installation().database), True)[1]),
        "tables": _holds(lambda: migrations.is_current(installation().database)),
        "disk": _holds(
            lambda: shutil.disk_usage(installation().settings.data_dir).free > FULL_BYTES
        ),
        "background work": _works(),
    }
    fine = all(checks.values())
    answer = flask.jsonify(
        status="ready" if fine else "not ready",
        checks={name: "ok" if holds else "failed" for name, holds in checks.items()},
    )
    return answer, 200 if fine else 503


def _holds(check: Any) -> bool:
    try:
        return bool(check())
    except (OSError, sa.exc.SQLAlchemyError):
        return False


def _works() -> bool:
    worker: Worker | None = flask.current_app.extensions.get("cirt_worker")
    return worker is None or worker.is_alive()  # None: this process has none


def pieces(sentence: str) -> list[tuple[str, bool]]:
    """Return a sentence in pieces, each with whether it is to be typed: a command or a setting."""
    found, end = [], 0
    for match in _CODE.finditer(sentence):
        found += [(sentence[end : match.start()], False), (match[1] or match[2], True)]
        end = match.end()
    return [piece for piece in (*found, (sentence[end:], False)) if piece[0]]


@blueprint.get("/health")
@opens("jobs.manage")
def health() -> Any:
    """What is in order and what is not, in words, with the remedy."""
    require(db_session(), actor(), "jobs.manage")
    settings, database = installation().settings, installation().database
    found = [
        (_(name), _(problem.message) % problem.params if problem else "")
        for name, problem in points.found_at(points.QUICK, settings, database)
    ]
    states = dict(
        db_session().execute(sa.select(Job.state, sa.func.count()).group_by(Job.state)).all()
    )
    return flask.render_template(
        "operations/health.html",
        points=found,
        problems=sum(1 for _name, problem in found if problem),
        backup=backups.newest(db_session()),
        backup_planned=settings.backup_dir is not None,
        keep=settings.backup_keep,
        version=version(),
        revision=migrations.newest(),
        engine="SQLite" if database.is_sqlite else "PostgreSQL",
        states=[
            (STATE_MARKS[state], _(name), states.get(state, 0), state)
            for state, name in STATE_NAMES.items()
        ],
        works=_works(),
        pieces=pieces,
    )
