"""Pages of background work for administrators: what waits, runs, ended; again, or not at all."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n, jobs
from cirt.access import require
from cirt.errors import NotFoundError
from cirt.jobs.queue import may_cancel
from cirt.operations import blueprint, job_queries
from cirt.operations.job_queries import AGES, ASKERS, STATE_MARKS, STATE_NAMES, Narrowed
from cirt.routing import opens
from cirt.web import actor, db_session, installation


@blueprint.get("/jobs")
@opens("jobs.manage")
def jobs_list() -> Any:
    """Background work by state, kind, age and asker, the newest first."""
    require(db_session(), actor(), "jobs.manage")
    asked = flask.request.args
    narrowed = Narrowed(
        asked.get("state", ""),
        asked.get("kind", "")[:60],
        asked.get("age", ""),
        asked.get("by", ""),
    )
    page = asked.get("page", 1, type=int)
    found = job_queries.listing(db_session(), narrowed, page)
    return flask.render_template(
        "operations/jobs.html",
        listing=found,
        narrowed=narrowed,
        states=[(state, _(name)) for state, name in STATE_NAMES.items()],
        kinds=[(kind, _(jobs.name_of(kind))) for kind in job_queries.kinds_present(db_session())],
        ages=[(age, _(name)) for age, (name, _length) in AGES.items()],
        askers=[(asker, _(name)) for asker, name in ASKERS.items()],
        previous_url=_page(narrowed, found.page - 1) if found.page > 1 else None,
        next_url=_page(narrowed, found.page + 1) if found.page < found.pages else None,
        **_words(),
    )


@blueprint.get("/jobs/<uuid:job_id>")
@opens("jobs.manage")
def job(job_id: uuid.UUID) -> Any:
    """One piece of background work: when, how often, what came of it; no content."""
    row = _job(job_id)
    return flask.render_template(
        "operations/job.html",
        job=row,
        message=i18n.kept_sentence(row.message, job_queries.params_without_words(row)),
        asker=job_queries.asker_of(db_session(), row),
        may_cancel=may_cancel(row.kind),
        **_words(),
    )


@blueprint.post("/jobs/<uuid:job_id>/retry")
@opens("jobs.manage")
def retry_job(job_id: uuid.UUID) -> Any:
    """Let failed or cancelled work run again."""
    if jobs.retry(db_session(), actor(), _job(job_id)):
        flask.flash(_("The work will be tried again."), "success")
    else:
        flask.flash(
            _("This work has not failed and was not cancelled; nothing was changed."), "info"
        )
    return flask.redirect(flask.url_for(".job", job_id=job_id))


@blueprint.route("/jobs/<uuid:job_id>/cancel", methods=["GET", "POST"])
@opens("jobs.manage")
def cancel_job(job_id: uuid.UUID) -> Any:
    """End waiting work at once, ask running work to end without an effect, put failed work aside."""
    row = _job(job_id)
    if flask.request.method == "POST":
        if jobs.cancel(db_session(), installation(), actor(), row):
            flask.flash(_("The work is cancelled."), "success")
        else:
            flask.flash(_("It is too late, or this work has to run; nothing was changed."), "info")
        return flask.redirect(flask.url_for(".job", job_id=job_id))
    return flask.render_template("operations/cancel_job.html", job=row, **_words())


def _job(job_id: uuid.UUID) -> jobs.Job:
    row = db_session().get(jobs.Job, job_id)
    if row is None:
        raise NotFoundError
    require(db_session(), actor(), "jobs.manage")
    return row


def _page(narrowed: Narrowed, page: int) -> str:
    chosen = {name: value for name, value in vars(narrowed).items() if value}
    return flask.url_for(".jobs_list", page=page, **chosen)


def _words() -> dict[str, Any]:
    return {
        "state_mark": STATE_MARKS.__getitem__,
        "state_name": lambda state: _(STATE_NAMES[state]),
        "kind_name": lambda kind: _(jobs.name_of(kind)),
    }
