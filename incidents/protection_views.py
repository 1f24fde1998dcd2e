"""Page of the data-protection pass: every finding of an incident, and what happens to it."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from cirt import access, i18n
from cirt.errors import DomainError, InvalidInputError
from cirt.incidents import protection
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import incident_for
from cirt.incidents.circle_models import Collection
from cirt.incidents.protection import INDICATOR, Action, Decision, Finding, Kind
from cirt.incidents.protection_words import (
    ACTION_NAMES,
    DONE_NAMES,
    KIND_NAMES,
    PLACE_NAMES,
    REASON_SENTENCES,
)
from cirt.incidents.wire_content import content_of
from cirt.routing import opens
from cirt.web import actor, db_session

blueprint = flask.Blueprint("protection", __name__, url_prefix="/incidents")

ROWS = 50
SPOTS = 5
"""Places of one finding that the page shows in words; the others are counted."""


@dataclass
class Row:
    """One finding on the page, with what is chosen for it.

    sent: whether the form spoke of it. typed: whether what is shown comes from a form that was not
    accepted. errors: field -> sentence.
    """

    finding: Finding
    decision: Decision
    own: bool = False
    sent: bool = False
    typed: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The reason as it stands in its field."""
        return "" if self.decision.reason == INDICATOR else self.decision.reason


@blueprint.get("/<uuid:incident_id>/protection")
@opens("incident.read")
def findings(incident_id: uuid.UUID) -> Any:
    """What a machine found, where it stands, and what happens to it for an audience."""
    incident = incident_for("incident.read", incident_id, page="protection")
    audience = _audience()
    return _page(incident, audience, _rows(incident, audience))


@blueprint.post("/<uuid:incident_id>/protection")
@opens("incident.edit")
def decide(incident_id: uuid.UUID) -> Any:
    """Store what was chosen for the findings of the page, all of it or nothing."""
    incident = incident_for("incident.edit", incident_id, page="protection")
    audience = _audience()
    rows = _rows(incident, audience)
    keys = set(flask.request.form.getlist("finding"))
    changed = 0
    for row in rows:
        if row.finding.key in keys:
            row.sent = True
            changed += _store(incident, audience, row)
    refused = [
        (sentence, f"{name}-{row.finding.key}")
        for row in rows
        for name, sentence in row.errors.items()
    ]
    if refused:
        flask.g.failed = True
        return _page(incident, audience, rows, refused), 422
    flask.flash(
        ngettext("%(num)s decision was stored.", "%(num)s decisions were stored.", changed)
        if changed
        else _("Nothing was changed."),
        "success" if changed else "info",
    )
    return flask.redirect(_url(incident, audience, page=_page_asked()))


@blueprint.post("/<uuid:incident_id>/protection/words")
@opens("incident.edit")
def mark(incident_id: uuid.UUID) -> Any:
    """Mark words that no machine found; they are masked wherever they stand."""
    incident = incident_for("incident.edit", incident_id, page="protection")
    audience = _audience()
    try:
        protection.mark(
            db_session(), actor(), incident, audience, flask.request.form.get("words", "")
        )
    except DomainError as error:
        flask.g.failed = True
        refused = [(i18n.sentence(error), "words")]
        return _page(incident, audience, _rows(incident, audience), refused), 422
    flask.flash(_("The words were marked; they are masked wherever they stand."), "success")
    return flask.redirect(_url(incident, audience))


def _audience() -> Collection | None:
    """Return the audience of the address, None for all; absent and not one's own are alike."""
    asked = flask.request.args.get("audience", "")
    if not asked:
        return None
    try:
        key = uuid.UUID(asked)
    except ValueError:
        key = uuid.UUID(int=0)
    return access.load(db_session(), actor(), Collection, key, seen_by="circle.contribute")


def _rows(incident: Incident, audience: Collection | None) -> list[Row]:
    session = db_session()
    collection_id = audience.id if audience else None
    decisions = protection.decisions_for(session, incident.id, collection_id)
    common = protection.decisions_for(session, incident.id, None)
    found = protection.find(
        content_of(session, incident),
        known_names=protection.known_names(session, incident),
        marked=sorted({one.literal for one in decisions.values() if one.literal}),
    )
    return [
        Row(
            one,
            decisions.get(one.key, one.default),
            own=audience is not None
            and one.key in decisions
            and decisions[one.key] != common.get(one.key),
        )
        for one in found
    ]


def _store(incident: Incident, audience: Collection | None, row: Row) -> bool:
    """Store what the form says of a finding; return whether that is anything new."""
    key = row.finding.key
    form = flask.request.form
    try:
        action = Action(form.get("all") or form.get(f"action-{key}", row.decision.action))
    except ValueError:
        row.errors["action"] = _("Choose one of the entries of the list.")
        return False
    reason = form.get(f"reason-{key}", "").strip()
    if form.get("all") and not reason:
        reason = form.get("all_reason", "").strip()
    replacement = form.get(f"replacement-{key}", "").strip()
    present, before = row.decision, row.reason
    if action is not Action.GENERALISE:
        replacement = ""
    if (action, reason, replacement) == (present.action, before, present.replacement):
        return False
    # shown again if anything on the page is refused
    row.typed = True
    row.decision = Decision(action=action, reason=reason, replacement=replacement)
    try:
        protection.decide(
            db_session(),
            actor(),
            incident,
            audience,
            key,
            action,
            reason,
            replacement,
            literal=row.finding.value if row.finding.kind is Kind.MARKED else "",
        )
    except InvalidInputError as error:
        row.errors[str(error.params.get("field", "reason"))] = i18n.sentence(error)
        return False
    return True


def _page(
    incident: Incident,
    audience: Collection | None,
    rows: list[Row],
    refused: list[tuple[str, str]] | None = None,
) -> str:
    kind = flask.request.args.get("kind", "")
    shown = [row for row in rows if row.finding.kind == kind] if kind in KIND_NAMES else rows
    pages = max(1, -(-len(shown) // ROWS))
    page = min(_page_asked(), pages)
    # what was sent is shown again as it was typed
    listed = [row for row in rows if row.sent] or shown[(page - 1) * ROWS : page * ROWS]
    counts = Counter(row.finding.kind for row in rows)
    return flask.render_template(
        "protection/findings.html",
        incident=incident,
        tab="protection",
        audience=audience,
        audiences=_audiences(),
        rows=listed,
        refused=refused or [],
        total=len(rows),
        shown=len(shown),
        kind=kind if kind in KIND_NAMES else "",
        kinds=[(name, _(KIND_NAMES[name]), counts[name]) for name in Kind if counts[name]],
        actions=[(name, _(ACTION_NAMES[name])) for name in Action],
        page=page,
        pages=pages,
        address=lambda number=page: _url(incident, audience, kind=kind, page=number),
        words_typed=flask.request.form.get("words", "") if refused else "",
        all_typed=flask.request.form.get("all", "") if refused else "",
        all_reason_typed=flask.request.form.get("all_reason", "") if refused else "",
        kept=sum(row.decision.action is Action.KEEP for row in rows),
        most_spots=SPOTS,
        indicator=INDICATOR,
    )


def _audiences() -> list[Collection]:
    query = access.visible(actor(), Collection, "circle.contribute").order_by(Collection.title)
    return list(db_session().scalars(query).unique())


def _page_asked() -> int:
    asked = flask.request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def _url(
    incident: Incident, audience: Collection | None, *, kind: str | None = None, page: int = 1
) -> str:
    kind = flask.request.args.get("kind", "") if kind is None else kind
    return flask.url_for(
        "protection.findings",
        incident_id=incident.id,
        audience=audience.id if audience else None,
        kind=kind or None,
        page=page if page > 1 else None,
    )


def kind_word(kind: str) -> str:
    """Return the name of a kind of personal data."""
    return str(_(KIND_NAMES.get(kind, kind)))


def place_word(place: str) -> str:
    """Return the name of a field."""
    return str(_(PLACE_NAMES.get(place, place)))


def done_word(action: str) -> str:
    """Return what was done, in words."""
    return str(_(DONE_NAMES.get(action, action)))


def protection_reason(reason: str) -> str:
    """Return a reason as people read it: the tool's own ones are translated."""
    return str(_(REASON_SENTENCES[reason])) if reason in REASON_SENTENCES else reason


def add_words(app: flask.Flask) -> None:
    """Let every template name what the pass found and did."""
    app.jinja_env.globals.update(
        protection_kind=kind_word,
        protection_place=place_word,
        protection_done=done_word,
        protection_reason=protection_reason,
    )
