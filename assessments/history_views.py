"""Pages of what an answer has said, and the way back to earlier words."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.assessments import queries
from cirt.assessments.answer_words import parts_of
from cirt.assessments.answering import content_of, restore_answer
from cirt.assessments.models import Answer
from cirt.assessments.pages import blueprint, instrument_of, render, the_assessment
from cirt.assessments.question_views import shown_language
from cirt.assessments.shown_choices import number
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/<uuid:assessment_id>/questions/<question_id>/history")
@opens("assessment.read")
def history(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Every version of an answer."""
    assessment = the_assessment(assessment_id, "assessment.read")
    asked = instrument_of(assessment).question(question_id)
    answer = db_session().get(Answer, (assessment.id, asked.id))
    instrument = instrument_of(assessment)
    return render(
        "history.html",
        assessment,
        "show",
        question=asked,
        answer=answer,
        versions=[
            (version, parts_of(content_of(version), instrument, asked))
            for version in queries.versions_of(db_session(), assessment, asked.id)
        ],
    )


@blueprint.post("/<uuid:assessment_id>/questions/<question_id>/restore")
@opens("assessment.answer")
def restore(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Let an answer say again what an earlier version said."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    asked = instrument_of(assessment).question(question_id)
    restore_answer(
        db_session(),
        actor(),
        assessment,
        asked.id,
        version=number(flask.request.form.get("version")),
        revision=number(flask.request.form.get("revision")),
        language=shown_language(asked),
    )
    flask.flash(
        _("The earlier answer was restored; the one before it stays in the history."), "success"
    )
    return flask.redirect(
        flask.url_for(".question", assessment_id=assessment.id, question_id=asked.id)
    )
