"""Pages of a case's impacts: the list with its picture, recording, changing, superseding, removing."""

import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.charts import Bar, BarChart, bars_svg
from cirt.clock import now
from cirt.errors import ConflictError, DomainError
from cirt.incidents import impacts
from cirt.incidents.case_changes import Difference, differences, shown
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import asks_for_rows, blueprint, incident_for, refuse, removal_page
from cirt.incidents.case_parts import changes_between, stamp_of
from cirt.incidents.count_fields import counts_in_words
from cirt.incidents.impact_forms import ImpactForm, form_of, form_values
from cirt.incidents.impact_models import IncidentImpact
from cirt.incidents.impact_rules import PARTS, ImpactDetails, checked_impact
from cirt.incidents.impact_words import CATEGORY_HINTS, IMPACT_FIELDS
from cirt.incidents.suite_words import word_choices, word_of
from cirt.routing import opens
from cirt.web import actor, db_session


def category_word(category: str) -> str:
    """Return the name of a category."""
    return word_of(category, "impact-category")


@blueprint.get("/<uuid:incident_id>/impacts", endpoint="impacts")
@opens("incident.read")
def impacts_table(incident_id: uuid.UUID) -> Any:
    """The impacts of a case; those that a later one superseded stand last."""
    incident = incident_for("incident.read", incident_id, page="impacts")
    rows = sorted(incident.impacts, key=lambda row: row.superseded_by is not None)
    return flask.render_template(
        "incidents/impacts.html",
        incident=incident,
        tab="impacts",
        rows=rows,
        particulars=particulars,
        category_word=category_word,
        shown=shown,
        counts_in_words=counts_in_words,
        drawing=_drawing([row for row in rows if row.superseded_by is None]),
    )


def particulars(impact: IncidentImpact) -> list[tuple[str, str]]:
    """Return the properties of an impact's category, in words."""
    names = [part.name for part in PARTS.get(impact.category, ())]
    names += sorted(set(impact.details) - set(names))
    return [
        (_(IMPACT_FIELDS.get(name, name)), shown(name, impact.details[name]))
        for name in names
        if name in impact.details
    ]


def _drawing(rows: Sequence[IncidentImpact]) -> dict[str, Any] | None:
    judged = [(row, row.criticality) for row in rows if row.criticality is not None]
    if not judged:
        return None
    caption = _("Criticality of what holds now, 0 to 100")
    bars = [Bar(_bar_label(row), float(value), str(value)) for row, value in judged]
    return {
        "svg": bars_svg(
            BarChart(tuple(bars), maximum=100.0),
            title=caption,
            description=_("One bar for each impact that was judged and not superseded."),
            direction="rtl" if i18n.direction_of(i18n.current_language()) == "rtl" else "ltr",
            name="criticality",
        ),
        "caption": caption,
        "table": {
            "headers": [_("Impact"), _("Criticality")],
            "rows": [[_bar_label(row), shown("criticality", value)] for row, value in judged],
        },
    }


def _bar_label(impact: IncidentImpact) -> str:
    first = (particulars(impact) or [("", "")])[0][1]
    return (
        f"{category_word(impact.category)} – {first}" if first else category_word(impact.category)
    )


@blueprint.route("/<uuid:incident_id>/impacts/new", methods=["GET", "POST"])
@opens("incident.edit")
def add_impact(incident_id: uuid.UUID) -> Any:
    """Choose a category, then record an impact of it."""
    incident = incident_for("incident.edit", incident_id, page="impact")
    category = flask.request.args.get("category", "")
    if category not in PARTS:
        return flask.render_template(
            "incidents/choose_impact.html",
            incident=incident,
            tab="impacts",
            categories=[
                (value, name, _(CATEGORY_HINTS[value]))
                for value, name in word_choices("impact-category")
            ],
        )
    form = form_of(category)()
    if not asks_for_rows() and form.validate_on_submit():
        try:
            impacts.add_impact(db_session(), actor(), incident, form.details(category))
        except DomainError as error:
            refuse(form, error, "description")
        else:
            flask.flash(_("The impact was recorded."), "success")
            return flask.redirect(flask.url_for(".impacts", incident_id=incident.id))
    return _form_page(incident, form, category, _("Record an impact"))


@blueprint.route("/<uuid:incident_id>/impacts/<uuid:impact_id>", methods=["GET", "POST"])
@opens("incident.edit")
def change_impact(incident_id: uuid.UUID, impact_id: uuid.UUID) -> Any:
    """Change an impact; a change of somebody else meanwhile is shown beside one's own."""
    incident = incident_for("incident.edit", incident_id, page="impact")
    impact = impacts.impact_of(db_session(), incident, impact_id)
    category = impact.category
    present = impacts.values_of(impact)
    form = form_of(category)(
        data=form_values(impacts.details_of(impact)) | {"stamp": stamp_of(present)}
    )
    found: list[Difference] = []
    if not asks_for_rows() and form.validate_on_submit():
        mine = form.details(category)
        try:
            changed = impacts.change_impact(
                db_session(), actor(), impact, mine, stamp=form.stamp.data or ""
            )
        except ConflictError as error:
            found = _conflict(form, error, impacts.values_of(impact), mine)
        except DomainError as error:
            refuse(form, error, "description")
        else:
            sentence = _("The impact was changed.") if changed else _("Nothing was changed.")
            flask.flash(sentence, "success")
            return flask.redirect(flask.url_for(".impacts", incident_id=incident.id))
    return _form_page(incident, form, category, _("Change an impact"), found)


def _conflict(
    form: ImpactForm, error: ConflictError, present: dict[str, Any], mine: ImpactDetails
) -> list[Difference]:
    flask.g.failed = True
    form.form_errors = [i18n.sentence(error)]
    # who saves again has seen both
    form.stamp.raw_data, form.stamp.data = None, stamp_of(present)
    with contextlib.suppress(DomainError):  # shown as typed when it does not fit
        mine = checked_impact(mine, now=now())
    ours = impacts.flat(mine) | {"superseded_by": present["superseded_by"]}
    return differences(changes_between(present, ours), IMPACT_FIELDS)


@blueprint.route("/<uuid:incident_id>/impacts/<uuid:impact_id>/supersede", methods=["GET", "POST"])
@opens("incident.edit")
def supersede_impact(incident_id: uuid.UUID, impact_id: uuid.UUID) -> Any:
    """Record what an impact turned into: a later one of the same category."""
    incident = incident_for("incident.edit", incident_id, page="impact")
    earlier = impacts.impact_of(db_session(), incident, impact_id)
    category = earlier.category
    present = form_values(impacts.details_of(earlier))
    start = {**present, "started_at": earlier.ended_at, "ended_at": None, "description": ""}
    form = form_of(category, superseding=True)(data=start | {"earlier_ended_at": earlier.ended_at})
    if not asks_for_rows() and form.validate_on_submit():
        try:
            impacts.supersede_impact(
                db_session(),
                actor(),
                earlier,
                form.details(category),
                ended_at=form["earlier_ended_at"].data,
            )
        except DomainError as error:
            refuse(form, error, "description")
        else:
            flask.flash(_("The later impact was recorded."), "success")
            return flask.redirect(flask.url_for(".impacts", incident_id=incident.id))
    return _form_page(incident, form, category, _("Record what it turned into"), earlier=earlier)


@blueprint.route("/<uuid:incident_id>/impacts/<uuid:impact_id>/remove", methods=["GET", "POST"])
@opens("incident.edit")
def remove_impact(incident_id: uuid.UUID, impact_id: uuid.UUID) -> Any:
    """Ask before an impact is removed, and remove it."""
    incident = incident_for("incident.edit", incident_id, page="impact")
    impact = impacts.impact_of(db_session(), incident, impact_id)
    if flask.request.method == "POST":
        impacts.remove_impact(db_session(), actor(), impact)
        flask.flash(_("The impact was removed."), "success")
        return flask.redirect(flask.url_for(".impacts", incident_id=incident.id))
    return removal_page(
        incident,
        "impacts",
        what=category_word(impact.category),
        text=impact.description,
        question=_("Remove this impact from the incident?"),
    )


def _form_page(
    incident: Incident,
    form: ImpactForm,
    category: str,
    heading: str,
    found: Sequence[Difference] = (),
    earlier: IncidentImpact | None = None,
) -> Any:
    page = flask.render_template(
        "incidents/impact_form.html",
        incident=incident,
        tab="impacts",
        form=form,
        heading=heading,
        category=category_word(category),
        category_hint=_(CATEGORY_HINTS[category]),
        differences=found,
        earlier=earlier,
    )
    return page, 409 if form.form_errors else 422 if form.errors else 200
