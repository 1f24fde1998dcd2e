"""Pages of recalls: taking back, how far it has come, and what others took back from us."""

import uuid
from collections.abc import Sequence
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, charts, i18n
from cirt.access import require
from cirt.accounts.models import Administration
from cirt.chart_geometry import Bar, BarChart
from cirt.errors import N_, DomainError, InvalidInputError, NotFoundError
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import incident_for, refuse
from cirt.incidents.circle_models import Collection
from cirt.incidents.recall import acts, exposure, progress, receipts
from cirt.incidents.recall.exposure import Audience
from cirt.incidents.recall.forms import KIND_HINTS, AcknowledgeForm, StartForm
from cirt.incidents.recall.holds import is_held
from cirt.incidents.recall.pages import STAND_NAMES, blueprint, safe
from cirt.incidents.recall.progress import Partner, Stand
from cirt.incidents.recall_models import Recall, RecallKind, RecallReceipt
from cirt.routing import opens
from cirt.web import actor, db_session

NEWEST = 200
MOST_DANGLING = 500


@blueprint.route("/incidents/<uuid:incident_id>/recall", methods=["GET", "POST"])
@opens("recall.start")
def start(incident_id: uuid.UUID) -> Any:
    """Choose what is taken back and from whom; a question follows before anything happens."""
    incident = incident_for("recall.start", incident_id, page="recall")
    found = exposure.audiences(db_session(), incident)
    form = StartForm()
    chosen = flask.request.form.getlist("audience")
    if form.validate_on_submit():
        try:
            taken = _chosen(found, chosen, form.kind.data)
            if form.confirmed.data != "yes":
                return _question(incident, form, taken)
            rows = _recall(incident, taken, form)
        except DomainError as error:
            form.confirmed.data = ""
            refuse(form, error, "reason")
        else:
            flask.flash(_("It was recalled. This page shows who acknowledges."), "success")
            if len(rows) == 1:
                return flask.redirect(flask.url_for("recall.detail", recall_id=rows[0].id))
            return flask.redirect(flask.url_for("recall.index"))
    page = flask.render_template(
        "recall/start.html",
        incident=incident,
        tab="sharing",
        form=form,
        audiences=found,
        chosen=chosen,
        hints={kind: _(hint) for kind, hint in KIND_HINTS.items()},
        recalls=_recalls_of(incident),
        is_held=is_held(db_session(), incident.id),
    )
    return page, 422 if form.errors else 200


def _chosen(found: Sequence[Audience], names: Sequence[str], kind: str) -> list[Audience]:
    """Return the chosen audiences; with "no longer valid" also who knows it by the same ids."""
    taken = {one.collection.id: one for one in found if str(one.collection.id) in names}
    if not taken:
        raise InvalidInputError(
            N_("Choose at least one audience that has the incident."), field="reason"
        )
    if kind == RecallKind.NO_LONGER_VALID:
        # `revoked` speaks of the object, to whoever has it
        shared = {other.id for one in taken.values() for other in one.shares_with}
        taken |= {one.collection.id: one for one in found if one.collection.id in shared}
    return [one for one in found if one.collection.id in taken]


def _question(incident: Incident, form: StartForm, taken: Sequence[Audience]) -> Any:
    names = {one.collection.id for one in taken}
    return flask.render_template(
        "recall/question.html",
        incident=incident,
        form=form,
        taken=taken,
        kept_by=[
            other
            for one in taken
            for other in one.shares_with
            if other.id not in names and form.kind.data == RecallKind.NEVER_SENT
        ],
        is_withdrawal=form.kind.data == RecallKind.NEVER_SENT,
        is_held=is_held(db_session(), incident.id),
    )


def _recall(incident: Incident, taken: Sequence[Audience], form: StartForm) -> list[Recall]:
    session, reason, rows = db_session(), form.reason.data or "", []
    for one in taken:
        if form.kind.data == RecallKind.NEVER_SENT:
            rows.append(
                acts.withdraw(
                    session, actor(), incident, one.collection, reason=reason, safe=safe()
                )
            )
        elif not one.is_revoked:
            rows.append(acts.revoke(session, actor(), incident, one.collection, reason=reason))
    if not rows:
        raise InvalidInputError(N_("They know already that it is no longer valid."), field="kind")
    return rows


def _recalls_of(incident: Incident) -> list[Recall]:
    query = (
        access.visible(actor(), Recall, "recall.own")
        .where(Recall.incident_id == incident.id)
        .order_by(Recall.recalled_at.desc())
    )
    return list(db_session().scalars(query).unique())


@blueprint.get("/recalls/")
@opens("recall.list")
def index() -> Any:
    """What we took back, what others took back from us, and what of ours points into the void."""
    require(db_session(), actor(), "recall.list")
    session = db_session()
    own = access.visible(actor(), Recall, "recall.own").order_by(Recall.recalled_at.desc())
    received = (
        access.visible(actor(), Recall, "recall.acknowledge")
        .order_by(Recall.recalled_at.desc())
        .limit(NEWEST)
    )
    rows = list(session.scalars(received).unique())
    return flask.render_template(
        "recall/index.html",
        own=[_summary(row) for row in session.scalars(own.limit(NEWEST)).unique()],
        received=[(row, _own_answer(row)) for row in rows],
        dangling=_dangling(rows),
    )


def _summary(recall: Recall) -> dict[str, Any]:
    complete = recall.kind == RecallKind.NEVER_SENT and progress.is_complete(db_session(), recall)
    return {"recall": recall, "complete": complete}


def _own_answer(recall: Recall) -> RecallReceipt | None:
    return db_session().get(RecallReceipt, (recall.id, actor().administration_id))


def _dangling(rows: Sequence[Recall]) -> list[dict[str, Any]]:
    """Return own objects that refer to what others withdrew; they are not erased."""
    names: dict[uuid.UUID, set[str]] = {}
    for recall in rows:
        names.setdefault(recall.collection_id, set()).update(one["id"] for one in recall.objects)
    found = []
    for collection_id, ids in names.items():
        collection = db_session().get_one(Collection, collection_id)
        own = exposure.dangling(
            db_session(), collection, actor().administration_id, ids, MOST_DANGLING
        )
        found += [{"collection": collection, "object": one} for one in own]
    return found


@blueprint.get("/recalls/<uuid:recall_id>")
@opens("recall.read")
def detail(recall_id: uuid.UUID) -> Any:
    """How far a recall has come, for who made it; what it asks, for who is asked."""
    recall = access.load(db_session(), actor(), Recall, recall_id, seen_by="recall.read")
    is_own = bool(access.allowed(db_session(), actor(), "recall.own", recall))
    member = recall.collection.member(actor().administration_id)
    is_hidden = recall.collection.is_confidential
    judges = is_own or (member is not None and member.may_moderate)
    found = progress.partners(db_session(), recall) if is_own and not is_hidden else []
    return flask.render_template(
        "recall/detail.html",
        recall=recall,
        incident=_own_incident(recall) if is_own else None,
        is_own=is_own,
        is_hidden=is_hidden,
        is_withdrawal=recall.kind == RecallKind.NEVER_SENT,
        complete=progress.is_complete(db_session(), recall) if judges else None,
        partners=found,
        chart=_chart(found) if found else None,
        producer=_producer(recall),
        answer=None if is_own else _own_answer(recall),
    )


def _own_incident(recall: Recall) -> Incident | None:
    return db_session().get(Incident, recall.incident_id) if recall.incident_id else None


def _producer(recall: Recall) -> Any:
    """Return who withdrew; None where members do not know of each other, or nobody was proven."""
    if recall.collection.is_confidential or recall.administration_id is None:
        return None
    if f"identity--{recall.collection_id}".encode() in (recall.body or b""):
        return None  # it was released in the name of the circle
    return db_session().get(Administration, recall.administration_id)


def _chart(found: Sequence[Partner]) -> dict[str, Any]:
    """Return the picture of where the partners stand, with its table."""
    counts = {stand: sum(one.stand is stand for one in found) for stand in Stand}
    caption = _("Where the partners stand")
    shown = tuple(Bar(_(STAND_NAMES[stand]), count, str(count)) for stand, count in counts.items())
    svg = charts.bars_svg(
        BarChart(shown, maximum=max(len(found), 1)),
        title=caption,
        description=", ".join(f"{bar.label}: {bar.reading}" for bar in shown),
        direction="rtl" if i18n.direction_of(i18n.current_language()) == "rtl" else "ltr",
        name="recall-progress",
    )
    table = {
        "headers": [_("Stand"), _("Partners")],
        "rows": [[bar.label, bar.reading] for bar in shown],
    }
    return {"svg": svg, "caption": caption, "table": table}


@blueprint.route("/recalls/<uuid:recall_id>/acknowledge", methods=["GET", "POST"])
@opens("recall.acknowledge")
def acknowledge(recall_id: uuid.UUID) -> Any:
    """Say what became of the copies in the own tools."""
    recall = access.load(db_session(), actor(), Recall, recall_id, seen_by="recall.acknowledge")
    require(db_session(), actor(), "recall.acknowledge", recall)
    form = AcknowledgeForm()
    if form.validate_on_submit():
        try:
            receipts.acknowledge(
                db_session(),
                actor(),
                recall,
                outcome=form.outcome.data,
                reason=form.reason.data or "",
            )
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("Your answer was noted."), "success")
            return flask.redirect(flask.url_for("recall.detail", recall_id=recall.id))
    page = flask.render_template("recall/acknowledge.html", form=form, recall=recall)
    return page, 422 if form.errors else 200


@blueprint.get("/recalls/<uuid:recall_id>/withdrawal.json")
@opens("recall.read")
def withdrawal(recall_id: uuid.UUID) -> Any:
    """The signed withdrawal as a file, for partners who are reached by none."""
    recall = access.load(db_session(), actor(), Recall, recall_id, seen_by="recall.read")
    return _file(recall.body, f"withdrawal-{recall.id}.json")


@blueprint.get("/recalls/<uuid:recall_id>/receipt.json")
@opens("recall.acknowledge")
def receipt(recall_id: uuid.UUID) -> Any:
    """The own signed receipt as a file, for a producer who is reached by none."""
    recall = access.load(db_session(), actor(), Recall, recall_id, seen_by="recall.acknowledge")
    answer = _own_answer(recall)
    return _file(answer.body if answer else None, f"receipt-{recall.id}.json")


def _file(body: bytes | None, name: str) -> flask.Response:
    if body is None:
        raise NotFoundError
    response = flask.Response(body, content_type="application/stix+json;version=2.1")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
