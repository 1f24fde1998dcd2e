"""Pages of the tally: what it would say, publishing it, taking it back."""

import uuid
from datetime import date, timedelta
from typing import Any

import flask
from flask_babel import gettext as _
from wtforms import HiddenField

from cirt import navigation
from cirt.access import require
from cirt.capability_tally import BAND_NAMES, CapabilityTally
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError
from cirt.forms import DayField, Form, Required
from cirt.incidents import tally
from cirt.incidents.case_pages import blueprint
from cirt.routing import opens
from cirt.web import actor, db_session

YEAR = timedelta(days=364)

navigation.add_entry(
    "incidents.tallies", N_("Tally by capability"), action="tally.publish", order=25
)


class PeriodForm(Form):
    """The days to count."""

    since = DayField(N_("First day"), [Required(N_("Choose the first day."))])
    until = DayField(N_("Last day"), [Required(N_("Choose the last day."))])


class PublishForm(PeriodForm):
    """What was shown is what is published."""

    sha256 = HiddenField()


@blueprint.get("/tally")
@opens("tally.publish")
def tallies() -> Any:
    """What a tally of a period would say, and what has been published."""
    require(db_session(), actor(), "tally.publish")
    today = now().date()
    form = PeriodForm(
        flask.request.args if "since" in flask.request.args else None,
        data={"since": today - YEAR, "until": today},
        meta={"csrf": False},
    )
    if flask.request.args and not form.validate():
        return _page(form, None), 422
    try:
        draft = _draft(form)
    except InvalidInputError as error:
        form.refuse(error, "until")
        return _page(form, None), 422
    return _page(form, draft)


@blueprint.post("/tally")
@opens("tally.publish")
def publish_tally() -> Any:
    """Publish the bands that were shown."""
    require(db_session(), actor(), "tally.publish")
    form = PublishForm()
    if not form.validate():
        return _page(form, None), 422
    try:
        tally.publish_tally(
            db_session(),
            actor(),
            since=_day(form.since),
            until=_day(form.until),
            sha256=form.sha256.data or "",
        )
    except InvalidInputError as error:
        form.refuse(error, "until")
        return _page(form, None), 422
    except ConflictError as error:
        form.refuse(error, "until")
        return _page(form, _draft(form)), 409
    flask.flash(
        _("The tally is published. Assessments of your country use it from now on."), "success"
    )
    return flask.redirect(flask.url_for(".tallies"))


@blueprint.post("/tally/<uuid:tally_id>/withdraw")
@opens("tally.publish")
def withdraw_tally(tally_id: uuid.UUID) -> Any:
    """Take a published tally back."""
    require(db_session(), actor(), "tally.publish")
    tally.withdraw_tally(db_session(), actor(), tally_id)
    flask.flash(_("The tally is withdrawn. No assessment uses it any more."), "success")
    return flask.redirect(flask.url_for(".tallies"))


def _day(field: DayField) -> date:
    day: date = field.data
    return day


def _draft(form: PeriodForm) -> tally.TallyDraft:
    return tally.draft_tally(db_session(), actor(), since=_day(form.since), until=_day(form.until))


def _page(form: PeriodForm, draft: tally.TallyDraft | None) -> str:
    published = tally.tallies_of(db_session(), actor())
    return flask.render_template(
        "incidents/tally.html",
        form=form,
        draft=draft,
        published=published,
        current=next((row for row in published if row.withdrawn_at is None), None),
        band_names={band.value: _(name) for band, name in BAND_NAMES.items()},
        lines_of=_lines_of,
    )


def _lines_of(row: CapabilityTally) -> list[tuple[str, str, str]]:
    """Capability with the bands in which it failed and held, of those published."""
    return [
        (each, row.failed_band(each).value, row.held_band(each).value)
        for each in sorted({*row.failed, *row.held})
    ]
