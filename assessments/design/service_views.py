"""Pages of the services: the grid, changing it, taking proposals over."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.design import annex
from cirt.assessments.design.content import DesignContent
from cirt.assessments.design.forms import ProposalsForm, service_field, services_form
from cirt.assessments.design.pages import (
    address,
    design_page,
    edited,
    opened,
    revision_of,
    saved_line,
    seen,
)
from cirt.assessments.design.proposals import Proposal, open_proposals
from cirt.assessments.design.queries import (
    design_of,
    part_of,
    proposals_for,
    service_names,
    services_round,
)
from cirt.assessments.design.services import (
    AREA_NAMES,
    LEVEL_HINTS,
    LEVEL_NAMES,
    PERIOD_NAMES,
    SHORT_SOURCES,
    SOURCE_NAMES,
    Level,
    Period,
    Source,
    chosen,
    services,
)
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint, status_of
from cirt.assessments.shown_choices import number
from cirt.errors import InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session

# the heat table has five grounds; the number and the word stand in the cell
HEAT = {Level.ABSENT: 0, Level.PLANNED: 1, Level.BASIC: 3, Level.ESTABLISHED: 4}


@blueprint.get("/<uuid:assessment_id>/design/services")
@opens("assessment.read")
def design_services(assessment_id: uuid.UUID) -> Any:
    """Which services are offered now, in a year and in three, as a grid and in numbers."""
    assessment = seen(assessment_id)
    content = design_of(db_session(), assessment, i18n.current_language())
    waiting = sum(len(rows) for rows in _waiting(assessment, content).values())
    return design_page(
        "services.html",
        assessment,
        content=content,
        counts={period: content.choices.counts(period) for period in Period},
        heat=HEAT,
        waiting=waiting,
        saved_line=saved_line(content.saved_part(annex.SERVICES)),
        **_words(),
    )


@blueprint.route("/<uuid:assessment_id>/design/services/change", methods=["GET", "POST"])
@opens("assessment.design")
def change_services(assessment_id: uuid.UUID) -> Any:
    """Choose how far each service is offered in each period."""
    assessment = opened(assessment_id)
    row = part_of(db_session(), assessment, annex.SERVICES)
    form = services_form()(data={**_shown(row), "revision": revision_of(row)})
    names = service_names(i18n.current_language())
    labels = {
        service_field(one.id, period): f"{one.number} {names[one.id]}, {_(PERIOD_NAMES[period])}"
        for one in services()
        for period in Period
    }

    def save() -> None:
        annex.save_services(
            db_session(),
            actor(),
            assessment,
            {
                (one.id, period): form[service_field(one.id, period)].data or ""
                for one in services()
                for period in Period
            },
            revision=number(form.revision.data),
        )

    return edited(
        "change_services.html",
        assessment,
        form,
        save,
        address(assessment, "design_services"),
        _shown,
        otherwise=next(iter(labels)),
        labels=labels,
        names=names,
        services=services(),
        service_field=service_field,
        field_labels=labels,
        **_words(),
    )


@blueprint.route("/<uuid:assessment_id>/design/services/proposals", methods=["GET", "POST"])
@opens("assessment.design")
def service_proposals(assessment_id: uuid.UUID) -> Any:
    """Look through what is proposed for the services, with its source, and take it over."""
    assessment = opened(assessment_id)
    row = part_of(db_session(), assessment, annex.SERVICES)
    form = ProposalsForm(data={"revision": revision_of(row)})
    content = design_of(db_session(), assessment, i18n.current_language())
    waiting = _waiting(assessment, content)
    ticked = set(flask.request.form.getlist("key"))
    refused = ""
    if form.validate_on_submit():
        whole = flask.request.form.get("all", "")
        keys = {one.key for one in waiting.get(Source(whole), ())} if _is_source(whole) else ticked
        proposals = [one for rows in waiting.values() for one in rows]
        try:
            taken = annex.accept_proposals(
                db_session(),
                actor(),
                assessment,
                proposals,
                keys,
                revision=number(form.revision.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "keys")
            refused = i18n.sentence(error)
        except annex.DesignConflictError as error:
            form.revision.data, form.revision.raw_data = str(error.theirs.revision), None
            flask.g.failed = True
            flask.flash(i18n.sentence(error), "warning")
            page = _proposals_page(assessment, form, content, waiting, ticked, "")
            return page, 409
        else:
            flask.flash(_("Proposals taken over: %(count)s.", count=taken), "success")
            return flask.redirect(address(assessment, "design_services"))
    return _proposals_page(assessment, form, content, waiting, ticked, refused), status_of(form)


def _proposals_page(
    assessment: Assessment,
    form: ProposalsForm,
    content: DesignContent,
    waiting: dict[Source, tuple[Proposal, ...]],
    ticked: set[str],
    refused: str,
) -> str:
    return design_page(
        "proposals.html",
        assessment,
        form=form,
        content=content,
        waiting=waiting,
        elsewhere=services_round(db_session(), actor(), assessment),
        ticked=ticked,
        refused=refused,
        numbers={one.id: one.number for one in services()},
        **_words(),
    )


def _waiting(assessment: Assessment, content: DesignContent) -> dict[Source, tuple[Proposal, ...]]:
    found = {
        source: open_proposals(content.choices, rows)
        for source, rows in proposals_for(db_session(), actor(), assessment).items()
    }
    return {source: rows for source, rows in found.items() if rows}


def _is_source(text: str) -> bool:
    return text in [one.value for one in Source]


def _shown(row: Any) -> dict[str, str | bool]:
    choices = chosen(row.content if row else None)
    return {
        service_field(one.id, period): choices.level(one.id, period).value
        for one in services()
        for period in Period
    }


def _words() -> dict[str, Any]:
    return {
        "area_names": {key: _(name) for key, name in AREA_NAMES.items()},
        "level_names": {level: _(name) for level, name in LEVEL_NAMES.items()},
        "level_hints": {level: _(hint) for level, hint in LEVEL_HINTS.items()},
        "period_names": {period: _(name) for period, name in PERIOD_NAMES.items()},
        "short_sources": {source: _(name) for source, name in SHORT_SOURCES.items()},
        "source_names": {source: _(name) for source, name in SOURCE_NAMES.items()},
    }
