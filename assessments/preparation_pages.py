"""What the pages of the preparation share: who may change it, one form's page, removing a row."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import flask
from flask_babel import gettext as _
from wtforms import Field

from cirt import i18n
from cirt.assessments import preparation
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import check_possible, render, status_of, the_assessment
from cirt.assessments.preparation import ChangedMeanwhileError
from cirt.assessments.preparation_models import Participant, RequestedDocument
from cirt.errors import InvalidInputError, NotFoundError
from cirt.forms import Form
from cirt.web import actor, db_session


def opened(assessment_id: uuid.UUID) -> Assessment:
    """Return an assessment whose preparation the person may change now; else raise, saying why."""
    assessment = the_assessment(assessment_id, "assessment.prepare")
    check_possible(assessment, Act.PREPARE)
    return assessment


def preparation_page(template: str, assessment: Assessment, **context: Any) -> str:
    """Return a page of the tab Prepare."""
    return render(
        template,
        assessment,
        "prepare",
        act=Act.PREPARE,
        action="assessment.prepare",
        **context,
    )


def back_to(assessment: Assessment, part: str) -> Any:
    """Lead to a part of the page of the preparation."""
    return flask.redirect(flask.url_for(".prepare", assessment_id=assessment.id, _anchor=part))


def edited(
    assessment: Assessment,
    form: Form,
    names: tuple[str, ...],
    title: str,
    save: Callable[[], Any],
    part: str,
    data_of: Callable[[Any], Mapping[str, Any]] | None = None,
    remove_url: str = "",
) -> Any:
    """Return the page of one form of the preparation, or save it and lead back.

    names: its fields in their order. data_of: what the form shows of a row, to set beside what
    was typed where somebody else was faster (status 409, nothing typed is lost).
    """
    theirs: list[tuple[str, str]] = []
    status = 200
    if form.validate_on_submit():
        try:
            save()
        except (InvalidInputError, NotFoundError) as error:
            form.refuse(error, names[0])
        except ChangedMeanwhileError as error:
            assert data_of is not None  # noqa: S101 - only forms of rows have revisions
            now_there = data_of(error.theirs)
            theirs = [
                (form[name].label.text, _as_shown(form[name], now_there[name]))
                for name in names
                if (form[name].data or "") != (now_there[name] or "")
            ]
            form.revision.data, form.revision.raw_data = now_there["revision"], None
            flask.g.failed = True
            status = 409
            flask.flash(i18n.sentence(error), "warning")
        else:
            flask.flash(_("The preparation was changed."), "success")
            return back_to(assessment, part)
    page = preparation_page(
        "prepare_form.html",
        assessment,
        form=form,
        fields=[form[name] for name in names],
        title=title,
        theirs=theirs,
        part=part,
        remove_url=remove_url,
    )
    return page, status_of(form) if form.errors else status


def removed(assessment_id: uuid.UUID, model: type[Any], row_id: uuid.UUID, question: str) -> Any:
    """Ask whether a row of the preparation is to go, or let it go."""
    assessment = opened(assessment_id)
    row = preparation.prepared_row(db_session(), assessment, model, row_id)
    part = {Participant: "participants", RequestedDocument: "documents"}.get(model, "agenda")
    if flask.request.method == "POST":
        preparation.remove_row(db_session(), actor(), assessment, model, row_id)
        flask.flash(_("The preparation was changed."), "success")
        return back_to(assessment, part)
    name = row.name if model is Participant else row.title
    return preparation_page(
        "prepare_remove.html", assessment, sentence=question, name=name, part=part
    )


def day_of(text: str) -> date | None:
    """Return an ISO date as it was stored; None for ""."""
    return date.fromisoformat(text) if text else None


def _as_shown(field: Field, value: Any) -> str:
    """Return a value as the form's reader knows it."""
    names = {str(key): str(label) for key, label in getattr(field, "choices", None) or ()}
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return ", ".join(names.get(str(one), str(one)) for one in values if one not in (None, ""))
