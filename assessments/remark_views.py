"""The page of a question's remarks: what was written so far, and a form for one more."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.assessments import queries, remarks
from cirt.assessments.forms import RemarkForm
from cirt.assessments.lifecycle import Act
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.shown_choices import chosen_selection
from cirt.errors import InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.route("/<uuid:assessment_id>/questions/<question_id>/remarks", methods=["GET", "POST"])
@opens("assessment.remark")
def question_remarks(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Read the remarks on a question, and add one."""
    assessment = the_assessment(assessment_id, "assessment.remark")
    question = instrument_of(assessment).question(question_id)
    form = RemarkForm()
    if flask.request.method == "POST":
        check_possible(assessment, Act.REMARK)
    if form.validate_on_submit():
        try:
            remarks.add_remark(db_session(), actor(), assessment, question.id, form.text.data)
        except InvalidInputError as error:
            form.refuse(error, "text")
        else:
            flask.flash(_("The remark was added."), "success")
            return flask.redirect(
                flask.url_for(
                    ".question",
                    assessment_id=assessment.id,
                    question_id=question.id,
                    **chosen_selection().arguments,
                )
            )
    page = render(
        "remarks.html",
        assessment,
        "show",
        act=Act.REMARK,
        action="assessment.remark",
        question=question,
        form=form,
        remarks=queries.remarks_of(db_session(), assessment, question.id),
        selection=chosen_selection(),
    )
    return page, status_of(form)
