"""Pages of one question: its answer, who said what when, and the way back to earlier words."""

import uuid
from collections.abc import Callable
from datetime import UTC
from typing import Any

import flask
from flask_babel import gettext as _
from markupsafe import Markup

from cirt import i18n
from cirt.assessments import queries
from cirt.assessments.answering import (
    AnswerConflictError,
    AnswerContent,
    answer_content,
    content_of,
    restore_answer,
    save_answer,
)
from cirt.assessments.evidence import KIND_NAMES, evidence_of
from cirt.assessments.forms import AnswerForm
from cirt.assessments.instruments import Instrument, LocalText, Question
from cirt.assessments.lifecycle import Act, refusal
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.pages import (
    blueprint,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_, InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session, wants_json

STATE_LABELS = {
    AnswerState.NOT_KNOWN.value: N_("Not known"),
    AnswerState.NOT_APPLICABLE.value: N_("Not applicable"),
    AnswerState.NOT_ANSWERED.value: N_("Not answered yet"),
}
STATE_HINTS = {
    AnswerState.NOT_KNOWN.value: N_("Nobody here can say; it stays open and counts as such."),
    AnswerState.NOT_APPLICABLE.value: N_("The question does not fit this country. Say why below."),
    AnswerState.NOT_ANSWERED.value: N_("The question still waits for an answer."),
}
RECENT_VERSIONS = 5


@blueprint.get("/<uuid:assessment_id>/questions/<question_id>")
@opens("assessment.read")
def question(assessment_id: uuid.UUID, question_id: str) -> Any:
    """One question with its answer."""
    assessment = the_assessment(assessment_id, "assessment.read")
    asked = _question(assessment, question_id)
    answer = db_session().get(Answer, (assessment.id, asked.id))
    form = _form(assessment, asked, content_of(answer), answer.revision if answer else 0)
    return _page(assessment, asked, form, answer)


@blueprint.post("/<uuid:assessment_id>/questions/<question_id>")
@opens("assessment.answer")
def answer_question(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Save an answer, from the page or from its autosave."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    asked = _question(assessment, question_id)
    refused = refusal(assessment.standing, Act.CHANGE)
    if refused is not None:
        raise refused
    form = _form(assessment, asked)
    try:
        if not form.validate():
            raise InvalidInputError(N_("Some answers need another look"), field="")
        content = answer_content(
            form.choice.data or "", reason=form.reason.data, comment=form.comment.data
        )
        answer = save_answer(
            db_session(),
            actor(),
            assessment,
            asked.id,
            content,
            revision=_number(form.revision.data),
            language=_shown_language(asked),
        )
    except InvalidInputError as error:
        return _refused(assessment, asked, form, error)
    except AnswerConflictError as error:
        return _conflict(assessment, asked, content, error)
    return _saved(assessment, asked, answer)


@blueprint.get("/<uuid:assessment_id>/questions/<question_id>/history")
@opens("assessment.read")
def history(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Every version of an answer."""
    assessment = the_assessment(assessment_id, "assessment.read")
    asked = _question(assessment, question_id)
    answer = db_session().get(Answer, (assessment.id, asked.id))
    return render(
        "history.html",
        assessment,
        "show",
        question=asked,
        answer=answer,
        versions=queries.versions_of(db_session(), assessment, asked.id),
        choice_labels=_choice_labels(instrument_of(assessment)),
        content_of=content_of,
    )


@blueprint.post("/<uuid:assessment_id>/questions/<question_id>/restore")
@opens("assessment.answer")
def restore(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Let an answer say again what an earlier version said."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    asked = _question(assessment, question_id)
    restore_answer(
        db_session(),
        actor(),
        assessment,
        asked.id,
        version=_number(flask.request.form.get("version")),
        revision=_number(flask.request.form.get("revision")),
        language=_shown_language(asked),
    )
    flask.flash(
        _("The earlier answer was restored; the one before it stays in the history."), "success"
    )
    return _redirect(assessment, asked)


def _question(assessment: Assessment, question_id: str) -> Question:
    """Return a question of the instrument. Raises NotFoundError for an unknown one."""
    return instrument_of(assessment).question(question_id)


def _number(text: str | None) -> int:
    """Return a revision as a whole number; -1, which fits nothing, for anything else."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _shown_language(asked: Question) -> str:
    return asked.text.in_language(i18n.current_language()).language


def told(text: LocalText) -> str:
    """Return a text of the instrument for a page; English that stands in says that it is English."""
    if text.translated:
        return text.text
    return Markup('<bdi lang="{}" dir="ltr">{}</bdi>').format(text.language, text.text)


def _choice_labels(
    instrument: Instrument, as_text: Callable[[LocalText], str] = told
) -> dict[str, str]:
    language = i18n.current_language()
    levels = {
        str(level): as_text(sentence.in_language(language))
        for level, sentence in enumerate(instrument.scale)
    }
    return levels | {value: _(label) for value, label in STATE_LABELS.items()}


def _form(
    assessment: Assessment,
    asked: Question,
    content: AnswerContent | None = None,
    revision: int | None = None,
) -> AnswerForm:
    data = {}
    if content is not None:
        data = {"choice": content.choice, "reason": content.reason, "comment": content.comment}
    form = AnswerForm(data=data)
    if content is not None:
        form.revision.data = revision
    form.choice.choices = list(_choice_labels(instrument_of(assessment)).items())
    form.choice.label.text = told(asked.text.in_language(i18n.current_language()))
    return form


def _page(assessment: Assessment, asked: Question, form: AnswerForm, answer: Answer | None) -> Any:
    language = i18n.current_language()
    texts = {
        str(level): told(sentence.in_language(language))
        for level, sentence in enumerate(asked.levels)
    }
    evidence = evidence_of(db_session(), assessment).get(asked.id, ())
    versions = queries.versions_of(db_session(), assessment, asked.id, most=RECENT_VERSIONS)
    page = render(
        "question.html",
        assessment,
        "show",
        question=asked,
        dimension=instrument_of(assessment).dimension(asked.dimension_id),
        form=form,
        texts=texts | {value: _(hint) for value, hint in STATE_HINTS.items()},
        answer=answer,
        around=queries.neighbours(assessment, asked.id),
        evidence=evidence,
        kind_names={kind.value: _(name) for kind, name in KIND_NAMES.items()},
        versions=versions,
        choice_labels=_choice_labels(instrument_of(assessment)),
        content_of=content_of,
        autosave_key=f"answer:{actor().user_id}:{assessment.id}:{asked.id}",
    )
    return page, status_of(form)


def _refused(
    assessment: Assessment, asked: Question, form: AnswerForm, error: InvalidInputError
) -> Any:
    if error.field:
        form.refuse(error, "choice")
    if wants_json():
        sentences = [sentence for field in form for sentence in field.errors]
        return flask.jsonify(message=" ".join(sentences), errors=form.errors), 422
    answer = db_session().get(Answer, (assessment.id, asked.id))
    return _page(assessment, asked, form, answer)


def _saved(assessment: Assessment, asked: Question, answer: Answer | None) -> Any:
    if wants_json():
        saved_at = answer.updated_at.astimezone(UTC).isoformat() if answer else None
        return flask.jsonify(
            saved=True, revision=answer.revision if answer else 0, saved_at=saved_at
        )
    flask.flash(_("Question %(id)s was saved.", id=asked.id), "success")
    then = flask.request.form.get("then")
    if then == "evidence":
        return flask.redirect(
            flask.url_for(".add_evidence", assessment_id=assessment.id, question_id=asked.id)
        )
    following = queries.neighbours(assessment, asked.id).next
    if then == "stay":
        return _redirect(assessment, asked)
    if following is None:
        return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))
    return _redirect(assessment, following)


def _redirect(assessment: Assessment, asked: Question) -> Any:
    return flask.redirect(
        flask.url_for(".question", assessment_id=assessment.id, question_id=asked.id)
    )


def _conflict(
    assessment: Assessment, asked: Question, mine: AnswerContent, error: AnswerConflictError
) -> Any:
    labels = _choice_labels(instrument_of(assessment), str if wants_json() else told)
    theirs = error.content
    shown = [
        (_("Answer"), labels[mine.choice], labels[theirs.choice]),
        (_("Why the question does not apply"), mine.reason, theirs.reason),
        (_("Comment"), mine.comment, theirs.comment),
    ]
    if wants_json():
        # only what differs, so that the reader sees what the choice is about
        fields = [{"label": label, "text": other} for label, own, other in shown if own != other]
        body = {"message": i18n.sentence(error), "revision": error.revision, "fields": fields}
        return flask.jsonify(conflict=body), 409
    merged = AnswerContent(
        mine.state,
        mine.level,
        _joined(theirs.reason, mine.reason),
        _joined(theirs.comment, mine.comment),
    )
    form = _form(assessment, asked)
    form.choice.data, form.reason.data, form.comment.data = (
        merged.choice,
        merged.reason,
        merged.comment,
    )
    form.revision.data = error.revision
    for field in (form.reason, form.comment, form.revision):
        field.raw_data = None
    page = render(
        "conflict.html",
        assessment,
        "show",
        question=asked,
        form=form,
        mine=mine,
        theirs=error.theirs,
        revision=error.revision,
        shown=shown,
        sentence=i18n.sentence(error),
    )
    return page, 409


def _joined(theirs: str, mine: str) -> str:
    if not theirs or theirs in mine:
        return mine
    return f"{theirs}\n\n{mine}" if mine and mine not in theirs else theirs
