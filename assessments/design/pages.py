"""What the pages of the design annex share: who may change it, one form's page, saving it."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed
from cirt.assessments.design.annex import DesignConflictError
from cirt.assessments.design.content import Saved
from cirt.assessments.design.models import DesignCheck, DesignPart
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import check_possible, render, status_of, the_assessment
from cirt.errors import InvalidInputError
from cirt.forms import Form
from cirt.web import actor, db_session

Shown = Mapping[str, str | bool]


def seen(assessment_id: uuid.UUID) -> Assessment:
    """Return an assessment whose design the person may see."""
    return the_assessment(assessment_id, "assessment.read")


def opened(assessment_id: uuid.UUID) -> Assessment:
    """Return an assessment whose design the person may change now; else raise, saying why."""
    assessment = the_assessment(assessment_id, "assessment.design")
    check_possible(assessment, Act.DESIGN)
    return assessment


def design_page(template: str, assessment: Assessment, **context: Any) -> str:
    """Return a page of the tab Design. may_export: whether the person may take files away."""
    return render(
        f"design/{template}",
        assessment,
        "design",
        act=Act.DESIGN,
        action="assessment.design",
        may_export=bool(allowed(db_session(), actor(), "assessment.export", assessment)),
        **context,
    )


def address(assessment: Assessment, endpoint: str, **values: Any) -> str:
    """Return the address of a page of the design."""
    return flask.url_for(f"assessments.{endpoint}", assessment_id=assessment.id, **values)


def saved_line(saved: Saved) -> str:
    """Return when a part was saved last, as a sentence; "" while it was not."""
    if saved.at is None:
        return ""
    return _(
        "Saved last on %(date)s by %(name)s.",
        date=f"\u2066{saved.at:%Y-%m-%d %H:%M} UTC\u2069",
        name=f"\u2068{saved.by or _('the installation')}\u2069",
    )


def revision_of(row: DesignPart | DesignCheck | None) -> int:
    """Return the revision that a form carries; 0 while nothing is saved."""
    return row.revision if row else 0


def edited(
    template: str,
    assessment: Assessment,
    form: Form,
    save: Callable[[], Any],
    back: str,
    shown: Callable[[Any], Shown],
    *,
    otherwise: str,
    labels: Mapping[str, str] | None = None,
    **context: Any,
) -> Any:
    """Return the page of a form of the design, or save it and lead back.

    shown: what the form shows of a saved row, to set beside what was typed where somebody else was
    faster (status 409, nothing typed is lost). labels: by field, where its label is not enough.
    """
    theirs: list[tuple[str, str]] = []
    status = 200
    if form.validate_on_submit():
        try:
            save()
        except InvalidInputError as error:
            form.refuse(error, otherwise)
        except DesignConflictError as error:
            theirs = _beside(form, shown(error.theirs), labels or {})
            form.revision.data, form.revision.raw_data = str(error.theirs.revision), None
            flask.g.failed = True
            status = 409
            flask.flash(i18n.sentence(error), "warning")
        else:
            flask.flash(_("The design was changed."), "success")
            return flask.redirect(back)
    page = design_page(template, assessment, form=form, theirs=theirs, back=back, **context)
    return page, status_of(form) if form.errors else status


def _beside(form: Form, theirs: Shown, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is saved now, field by field, where it differs from what was typed."""
    found = []
    for field in form:
        if field.name in theirs and (field.data or "") != (theirs[field.name] or ""):
            value = theirs[field.name]
            names = {str(key): str(name) for key, name in getattr(field, "choices", None) or ()}
            text = (
                (_("yes") if value else _("no"))
                if isinstance(value, bool)
                else names.get(value, value)
            )
            found.append((labels.get(field.name, field.label.text), text))
    return found
