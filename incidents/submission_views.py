"""Pages of what machines sent: what waits for a moderator, and the door for what comes directly."""

import uuid
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, audit, i18n
from cirt.access import require
from cirt.accounts.models import Administration
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import moderation, standing_approvals, submissions
from cirt.incidents.approval_forms import is_given
from cirt.incidents.case_pages import refuse as refuse_form
from cirt.incidents.circle_forms import ApprovalForm
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.exits import Exit, require_exit
from cirt.incidents.inbox.words import object_kind, seen
from cirt.incidents.object_store import published_object
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_words import Line, lines_of_objects
from cirt.incidents.store_models import ObjectVersion, Submission
from cirt.incidents.submission_forms import AdmitForm, DirectForm, RefuseForm
from cirt.routing import opens
from cirt.stix.ids import readable
from cirt.stix.marking import TLP
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("submissions", __name__, url_prefix="/submissions")

SHOWN_CHARACTERS = 200_000
SHOWN_OF_PATTERN = 500
SHOWN = 500
"""Most objects that a page shows; of a larger envelope all are admitted together, or none."""


@blueprint.get("/")
@opens("submission.list")
def index() -> Any:
    """What waits for the actor's decision, oldest first."""
    require(db_session(), actor(), "submission.list")
    query = (
        access.visible(actor(), Submission, "submission.decide")
        .where(Submission.state == submissions.WAITING)
        .order_by(Submission.received_at, Submission.id)
    )
    waiting = [
        {"row": row, "collection": _collection(row), "sender": _sender(row)}
        for row in db_session().scalars(query)
    ]
    return flask.render_template("submissions/index.html", waiting=waiting)


@blueprint.get("/<uuid:submission_id>")
@opens("submission.decide")
def detail(submission_id: uuid.UUID) -> Any:
    """What one envelope says."""
    row = _submission(submission_id)
    # before it is shown, and in a transaction of its own: a reading one cannot write
    with installation().database.writing() as session:
        audit.record(session, actor(), "submission.view", row)
    shown, total = _lines(row)
    versions = [one for one in submissions.versions_of(db_session(), row) if one.body is not None]
    label = max((TLP(version.tlp) for version in versions), default=TLP.CLEAR)
    require_exit(label, Exit.PAGE)
    raw = readable(b"[%s]" % b",".join(version.body or b"" for version in versions))
    return flask.render_template(
        "submissions/detail.html",
        marking=label.label,
        raw=raw[:SHOWN_CHARACTERS],
        is_cut=len(raw) > SHOWN_CHARACTERS,
        submission=row,
        circle=_collection(row),
        sender=_sender(row),
        lines=[line for _key, line in shown],
        total=total,
    )


@blueprint.route("/<uuid:submission_id>/admit", methods=["GET", "POST"])
@opens("submission.decide")
def admit(submission_id: uuid.UUID) -> Any:
    """Admit all of it, or some objects."""
    row = _submission(submission_id)
    require(db_session(), actor(), "submission.decide", row)
    shown, total = _lines(row)
    form = AdmitForm()
    form.chosen.choices = [(str(key), _named(line)) for key, line in shown]
    if form.validate_on_submit():
        try:
            chosen = _chosen(row, form, is_whole=total > len(shown))
            moderation.admit(db_session(), actor(), row, chosen, reason=form.reason.data or "")
        except DomainError as error:
            refuse_form(form, error, "chosen")
        else:
            flask.flash(_("The objects were decided; the sender's status says so."), "success")
            return flask.redirect(flask.url_for("submissions.index"))
    elif not form.is_submitted():
        form.chosen.data = [str(key) for key, _line in shown]
    page = flask.render_template(
        "submissions/admit.html",
        form=form,
        submission=row,
        circle=_collection(row),
        total=total,
        is_whole=total > len(shown),
        patterns={str(key): line.pattern[:SHOWN_OF_PATTERN] for key, line in shown},
    )
    return page, 422 if form.errors else 200


@blueprint.route("/<uuid:submission_id>/refuse", methods=["GET", "POST"])
@opens("submission.decide")
def refuse(submission_id: uuid.UUID) -> Any:
    """Refuse all of it."""
    row = _submission(submission_id)
    require(db_session(), actor(), "submission.decide", row)
    form = RefuseForm()
    if form.validate_on_submit():
        try:
            moderation.refuse(db_session(), actor(), row, reason=form.reason.data or "")
        except DomainError as error:
            refuse_form(form, error, "reason")
        else:
            flask.flash(_("Refused; nothing of it was kept."), "success")
            return flask.redirect(flask.url_for("submissions.index"))
    page = flask.render_template(
        "submissions/refuse.html", form=form, submission=row, circle=_collection(row)
    )
    return page, 422 if form.errors else 200


@blueprint.route("/direct", methods=["GET", "POST"])
@opens("direct.machines")
def direct() -> Any:
    """Whether machines of others may write to us, and to whom ours may."""
    own = _own_direct()
    require(db_session(), actor(), "direct.machines", own)
    form = DirectForm(obj=own)
    if form.validate_on_submit():
        own.machine_writing = MachineWriting(form.machine_writing.data).value
        audit.record(
            db_session(), actor(), "direct.machines", own, machine_writing=own.machine_writing
        )
        flask.flash(_("Saved."), "success")
        return flask.redirect(flask.url_for("submissions.direct"))
    query = access.visible(actor(), Collection, "direct.approve").order_by(Collection.title)
    partners = [
        {
            "collection": row,
            "administration": db_session().get(Administration, row.administration_id),
            "approval": standing_approvals.approval_for(
                db_session(), row.id, actor().administration_id
            ),
        }
        for row in db_session().scalars(query).unique()
    ]
    page = flask.render_template(
        "submissions/direct.html",
        form=form,
        own=own,
        partners=partners,
        language=i18n.current_language(),
    )
    return page, 422 if form.errors else 200


@blueprint.route("/direct/<uuid:direct_id>/standing-approval", methods=["GET", "POST"])
@opens("direct.approve")
def approve_direct(direct_id: uuid.UUID) -> Any:
    """Let the own machines write to one other administration."""
    found = access.load(db_session(), actor(), Collection, direct_id, seen_by="direct.approve")
    require(db_session(), actor(), "direct.approve", found)
    form = ApprovalForm()
    if is_given(form, found):
        return flask.redirect(flask.url_for("submissions.direct"))
    page = flask.render_template(
        "submissions/approve_direct.html",
        form=form,
        name=_name_of(found.administration_id),
    )
    return page, 422 if form.errors else 200


@blueprint.post("/direct/standing-approvals/<uuid:approval_id>/end")
@opens("approval.end")
def end_direct_approval(approval_id: uuid.UUID) -> Any:
    """End a standing approval at once."""
    row = access.load(db_session(), actor(), StandingApproval, approval_id, seen_by="approval.end")
    require(db_session(), actor(), "approval.end", row)
    standing_approvals.end_approval(db_session(), actor(), row)
    flask.flash(_("The standing approval was ended."), "success")
    return flask.redirect(flask.url_for("submissions.direct"))


def waiting_tasks() -> list[dict[str, Any]]:
    """Return what waits for the actor's decision, a task for each audience."""
    query = (
        access.visible(actor(), Submission, "submission.decide")
        .where(Submission.state == submissions.WAITING)
        .with_only_columns(Submission.collection_id, sa.func.count())
        .group_by(Submission.collection_id)
    )
    return [
        {
            "title": db_session().get_one(Collection, collection_id).title,
            "url": flask.url_for("submissions.index"),
            "status": "review",
            "status_label": _("To decide"),
            "hint": _("Sent by machines: %(count)s", count=count),
        }
        for collection_id, count in db_session().execute(query)
    ]


def _submission(submission_id: uuid.UUID) -> Submission:
    return access.load(
        db_session(), actor(), Submission, submission_id, seen_by="submission.decide"
    )


def _collection(row: Submission) -> Collection:
    return db_session().get_one(Collection, row.collection_id)


def _sender(row: Submission) -> str:
    """Return who sent it, "" where nobody may know."""
    if _collection(row).is_confidential:
        return ""
    return _name_of(row.administration_id)


def _name_of(administration_id: uuid.UUID | None) -> str:
    found = db_session().get_one(Administration, administration_id)
    return str(found.name_in(i18n.current_language()))


def _own_direct() -> Collection:
    query = access.visible(actor(), Collection, "direct.machines")
    found: Collection | None = db_session().scalars(query).unique().one_or_none()
    if found is None:  # only administrations of Member States have one
        raise NotFoundError
    return found


def _lines(row: Submission) -> tuple[list[tuple[uuid.UUID, Line]], int]:
    """Return the first objects, each with its row, and how many there are in all."""
    versions = [
        version
        for version in submissions.versions_of(db_session(), row)
        if version.body is not None and not published_object(version.stix_id)
    ]
    lines = lines_of_objects(submissions.objects_of(versions[:SHOWN]))
    return [(version.id, line) for version, line in zip(versions, lines, strict=False)], len(
        versions
    )


def _named(line: Line) -> str:
    return f"{object_kind(line.type) or line.type}: \u2068{seen(line.text[:200])}\u2069"


def _chosen(row: Submission, form: AdmitForm, *, is_whole: bool) -> set[uuid.UUID]:
    """Return what the form chooses; published constants come along with anything else."""
    versions = submissions.versions_of(db_session(), row)
    wanted = set(form.chosen.data or ())

    def is_chosen(version: ObjectVersion) -> bool:
        constant = published_object(version.stix_id) is not None
        return is_whole or str(version.id) in wanted or (constant and bool(wanted))

    return {version.id for version in versions if is_chosen(version)}
