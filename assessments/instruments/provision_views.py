"""Pages of the provision registry: every row with its citation, and corrections with history."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import require
from cirt.assessments.instruments import instruments, latest_instrument
from cirt.assessments.instruments.forms import (
    KIND_NAMES,
    CorrectionForm,
    UndoForm,
    place_of,
)
from cirt.assessments.instruments.provisions import (
    ProvisionConflictError,
    correct_provision,
    correction_counts,
    corrections_of,
    merged_provisions,
    provision_now,
    undo_correction,
    values_of,
)
from cirt.assessments.instruments.references import Provision, provisions
from cirt.assessments.instruments.views import blueprint
from cirt.errors import N_, DataFileError, InvalidInputError, NotFoundError
from cirt.forms import Form
from cirt.routing import opens
from cirt.web import actor, db_session

FIELD_NAMES = {
    "kind": N_("Kind"),
    "citation": N_("Citation"),
    "clause": N_("Clause"),
    "paragraph": N_("Paragraph"),
    "paraphrase_en": N_("In our words, English"),
    "paraphrase_ar": N_("In our words, Arabic"),
    "verified": N_("Verified"),
    "verified_by": N_("Verified by"),
    "verified_on": N_("Verified on"),
}
SHOWS = {
    "verified": N_("Verified"),
    "unverified": N_("Place known, not verified"),
    "theme": N_("Themes"),
    "corrected": N_("Corrected here"),
}


@blueprint.get("/provisions")
@opens("instrument.read")
def provision_list() -> Any:
    """Every provision, by resolution, with its citation and whether it was verified."""
    require(db_session(), actor(), "instrument.read")
    corrected = correction_counts(db_session())
    registry = merged_provisions(db_session())
    shown = flask.request.args.get("show", "")
    chosen = [row for row in registry.values() if _is_shown(row, shown, corrected)]
    groups: dict[str, list[Provision]] = {}
    for row in chosen:
        groups.setdefault(f"{row.resolution}, {row.revision}", []).append(row)
    counts = {key: sum(_is_shown(r, key, corrected) for r in registry.values()) for key in SHOWS}
    return flask.render_template(
        "instruments/provisions.html",
        groups=list(groups.items()),
        total=len(registry),
        chosen=len(chosen),
        counts=counts,
        shown=shown if shown in SHOWS else "",
        shows=[(key, _(name)) for key, name in SHOWS.items()],
        corrected=corrected,
        questions=_questions(),
        place_of=place_of,
        language=i18n.current_language(),
    )


@blueprint.get("/provisions/<provision_id>")
@opens("instrument.read")
def provision(provision_id: str) -> Any:
    """One provision: what it says, which questions serve it, what was corrected."""
    require(db_session(), actor(), "instrument.read")
    return _page(provision_id)


@blueprint.route("/provisions/<provision_id>/correct", methods=["GET", "POST"])
@opens("provision.correct")
def correct(provision_id: str) -> Any:
    """Correct a row, or see what somebody else corrected meanwhile."""
    require(db_session(), actor(), "provision.correct")
    row = provision_now(db_session(), provision_id)
    count = len(corrections_of(db_session(), provision_id))
    form = CorrectionForm(data=values_of(row) | {"revision": count})
    theirs: Provision | None = None
    if form.validate_on_submit():
        try:
            correct_provision(
                db_session(),
                actor(),
                provision_id,
                form.values,
                reason=form.reason.data or "",
                revision=_number(form.revision.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "reason")
        except ProvisionConflictError as error:
            theirs, row = error.theirs, error.theirs
            flask.g.failed = True
            form.revision.data, form.revision.raw_data = error.revision, None
        else:
            flask.flash(_("The provision was corrected."), "success")
            return flask.redirect(flask.url_for(".provision", provision_id=provision_id))
    page = flask.render_template(
        "instruments/correct.html",
        form=form,
        provision=row,
        theirs=_shown(values_of(theirs)) if theirs else (),
        language=i18n.current_language(),
    )
    return page, 409 if theirs else _status(form)


@blueprint.route("/provisions/<provision_id>/undo/<int:n>", methods=["GET", "POST"])
@opens("provision.correct")
def undo(provision_id: str, n: int) -> Any:
    """Take back a correction: the row says again what it said before."""
    require(db_session(), actor(), "provision.correct")
    row = provision_now(db_session(), provision_id)
    corrections = corrections_of(db_session(), provision_id)
    taken_back = next((each for each in corrections if each.n == n), None)
    if taken_back is None:
        raise NotFoundError
    form = UndoForm(data={"revision": len(corrections)})
    if form.validate_on_submit():
        try:
            undo_correction(
                db_session(),
                actor(),
                provision_id,
                n,
                reason=form.reason.data or "",
                revision=_number(form.revision.data),
            )
        except (InvalidInputError, ProvisionConflictError) as error:
            form.refuse(error, "reason")
        else:
            flask.flash(_("The correction was taken back."), "success")
            return flask.redirect(flask.url_for(".provision", provision_id=provision_id))
    page = flask.render_template(
        "instruments/undo.html",
        form=form,
        provision=row,
        correction=taken_back,
        now=_shown(values_of(row)),
        then=dict(_shown(taken_back.before)),
        language=i18n.current_language(),
    )
    return page, _status(form)


def _page(provision_id: str) -> str:
    row = provision_now(db_session(), provision_id)
    original = provisions()[provision_id]
    corrections = corrections_of(db_session(), provision_id)
    return flask.render_template(
        "instruments/provision.html",
        provision=row,
        place=place_of(row),
        kind_name=_(KIND_NAMES[row.kind]),
        original=dict(_shown(values_of(original))) if corrections else {},
        history=[(each, _changes(each.before, each.after)) for each in corrections],
        questions=_questions().get(provision_id, ()),
        language=i18n.current_language(),
    )


def _is_shown(row: Provision, shown: str, corrected: Any) -> bool:
    if shown == "verified":
        return row.verified
    if shown == "unverified":
        return not row.verified and row.kind == "paragraph"
    if shown == "theme":
        return row.kind == "theme"
    return row.id in corrected if shown == "corrected" else True


def _questions() -> dict[str, list[tuple[str, str, str]]]:
    """Return, by provision, the questions that serve it in the newest version of each instrument."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for instrument_id in dict.fromkeys(each.id for each in instruments()):
        try:
            one = latest_instrument(instrument_id)
        except DataFileError:  # its own page says what is wrong with it
            continue
        for question in one.questions:
            for each in question.crosswalk.provisions:
                found.setdefault(each, []).append((one.id, one.version, question.id))
    return found


def _changes(before: Any, after: Any) -> list[tuple[str, str, str]]:
    old, new = dict(_shown(before)), dict(_shown(after))
    return [(name, old[name], new[name]) for name in new if old[name] != new[name]]


def _shown(values: Any) -> list[tuple[str, str]]:
    """Return the values of a row as (name, text) for a page."""

    def text(key: str) -> str:
        value = values[key]
        if key == "kind":
            return _(KIND_NAMES[value])
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return value or "–"

    return [(_(name), text(key)) for key, name in FIELD_NAMES.items()]


def _number(text: Any) -> int:
    """Return a revision as a whole number; -1, which fits nothing, for anything else."""
    text = str(text or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _status(form: Form) -> int:
    return 422 if form.errors else 200
