"""Pages of one question: its answer, who said what when, and the way back to earlier words."""

import uuid
from datetime import UTC
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments import queries
from cirt.assessments.answer_words import (
    STATE_HINTS,
    choice_labels,
    function_names,
    joined,
    parts_of,
    told,
)
from cirt.assessments.answering import (
    AnswerConflictError,
    AnswerContent,
    answer_content,
    answers_of,
    content_of,
    save_answer,
)
from cirt.assessments.evidence import KIND_NAMES, evidence_of
from cirt.assessments.forms import AnswerForm
from cirt.assessments.instruments import Question
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    related_parts,
    render,
    status_of,
    the_assessment,
    why_not,
)
from cirt.assessments.question_guide import guidance
from cirt.assessments.selection import SHOW_NAMES
from cirt.assessments.shown_choices import chosen_selection, group_choices, number
from cirt.assessments.strength import STRENGTH_NAMES, STRENGTH_RULE, strength
from cirt.errors import N_, InvalidInputError
from cirt.routing import opens
from cirt.web import actor, db_session, wants_json

RECENT_VERSIONS = 5


@blueprint.get("/<uuid:assessment_id>/questions/<question_id>")
@opens("assessment.read")
def question(assessment_id: uuid.UUID, question_id: str) -> Any:
    """One question with its answer."""
    assessment = the_assessment(assessment_id, "assessment.read")
    asked = question_of(assessment, question_id)
    answer = db_session().get(Answer, (assessment.id, asked.id))
    form = _form(assessment, asked, content_of(answer), answer.revision if answer else 0)
    return _page(assessment, asked, form, answer)


@blueprint.post("/<uuid:assessment_id>/questions/<question_id>")
@opens("assessment.answer")
def answer_question(assessment_id: uuid.UUID, question_id: str) -> Any:
    """Save an answer, from the page or from its autosave."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    asked = question_of(assessment, question_id)
    check_possible(assessment, Act.ANSWER)
    form = _form(assessment, asked)
    try:
        if not form.validate():
            raise InvalidInputError(N_("Some answers need another look"), field="")
        content = _typed(form)
        answer = save_answer(
            db_session(),
            actor(),
            assessment,
            asked.id,
            content,
            revision=number(form.revision.data),
            language=shown_language(asked),
        )
    except InvalidInputError as error:
        return _refused(assessment, asked, form, error)
    except AnswerConflictError as error:
        return _conflict(assessment, asked, content, error)
    return _saved(assessment, asked, answer)


def question_of(assessment: Assessment, question_id: str) -> Question:
    """Return a question of the instrument. Raises NotFoundError for an unknown one."""
    return instrument_of(assessment).question(question_id)


def shown_language(asked: Question) -> str:
    """Return in which language the reader sees the question."""
    return asked.text.in_language(i18n.current_language()).language


def _form_data(content: AnswerContent) -> dict[str, Any]:
    return {
        "choice": content.choice,
        "reason": content.reason,
        "comment": content.comment,
        "confidence": content.confidence.value,
        "for_review": content.for_review,
        "disputed": content.disputed,
        "functions": list(content.functions),
    }


def _form(
    assessment: Assessment,
    asked: Question,
    content: AnswerContent | None = None,
    revision: int | None = None,
) -> AnswerForm:
    form = AnswerForm(data=_form_data(content) if content is not None else {})
    if content is not None:
        form.revision.data = revision
    form.choice.choices = list(choice_labels(instrument_of(assessment)).items())
    form.choice.label.text = told(asked.text.in_language(i18n.current_language()))
    form.functions.choices = list(function_names(asked).items())
    return form


def _typed(form: AnswerForm) -> AnswerContent:
    """Return what the form says. Raises InvalidInputError."""
    return answer_content(
        form.choice.data or "",
        reason=form.reason.data,
        comment=form.comment.data,
        confidence=form.confidence.data or "",
        for_review=form.for_review.data,
        disputed=form.disputed.data,
        functions=form.functions.data or (),
    )


def _page(assessment: Assessment, asked: Question, form: AnswerForm, answer: Answer | None) -> Any:
    language = i18n.current_language()
    instrument = instrument_of(assessment)
    texts = {
        str(level): told(sentence.in_language(language))
        for level, sentence in enumerate(asked.levels)
    }
    evidence = evidence_of(db_session(), assessment).get(asked.id, ())
    selection = chosen_selection()
    strong = strength([piece.kind for piece in evidence])
    related = (part(assessment, asked.id) for part in related_parts)
    page = render(
        "question.html",
        assessment,
        "show",
        question=asked,
        dimension=instrument.dimension(asked.dimension_id),
        form=form,
        texts=texts | {value: _(hint) for value, hint in STATE_HINTS.items()},
        answer=answer,
        around=queries.neighbours(assessment, asked.id, _among(assessment)),
        selection=selection,
        selection_names=[
            *([_(SHOW_NAMES[selection.show])] if selection.show else []),
            *([dict(group_choices())[selection.group]] if selection.group else []),
        ],
        evidence=evidence,
        strength=strong.value,
        strength_name=_(STRENGTH_NAMES[strong]),
        strength_rule=_(STRENGTH_RULE),
        kind_names={kind.value: _(name) for kind, name in KIND_NAMES.items()},
        related=[part for part in related if part is not None],
        remarks=queries.remarks_of(db_session(), assessment, asked.id),
        may_remark=why_not(assessment, Act.REMARK, "assessment.remark") is None,
        versions=queries.versions_of(db_session(), assessment, asked.id, most=RECENT_VERSIONS),
        choice_labels=choice_labels(instrument),
        content_of=content_of,
        autosave_key=f"answer:{actor().user_id}:{assessment.id}:{asked.id}",
        **guidance(db_session(), instrument, asked, answers_of(db_session(), assessment)),
    )
    return page, status_of(form)


def _among(assessment: Assessment) -> frozenset[str] | None:
    """Return through which questions the address steps; None for all."""
    selection = chosen_selection()
    if selection.is_whole:
        return None
    return frozenset(one.id for one in queries.chosen(db_session(), assessment, selection))


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
            flask.url_for(
                ".add_evidence",
                assessment_id=assessment.id,
                question_id=asked.id,
                **chosen_selection().arguments,
            )
        )
    if then == "stay":
        return _redirect(assessment, asked)
    following = queries.neighbours(assessment, asked.id, _among(assessment)).next
    if following is None:
        return flask.redirect(
            flask.url_for(".show", assessment_id=assessment.id, **chosen_selection().arguments)
        )
    return _redirect(assessment, following)


def _redirect(assessment: Assessment, asked: Question) -> Any:
    return flask.redirect(
        flask.url_for(
            ".question",
            assessment_id=assessment.id,
            question_id=asked.id,
            **chosen_selection().arguments,
        )
    )


def _conflict(
    assessment: Assessment, asked: Question, mine: AnswerContent, error: AnswerConflictError
) -> Any:
    instrument = instrument_of(assessment)
    as_text = (lambda text: text.text) if wants_json() else told
    own = parts_of(mine, instrument, asked, as_text)
    others = parts_of(error.content, instrument, asked, as_text)
    if wants_json():
        # only what differs, so that the reader sees what the choice is about
        fields = [
            {"label": label, "text": text}
            for (label, text), part in zip(others, own, strict=True)
            if (label, text) != part
        ]
        body = {"message": i18n.sentence(error), "revision": error.revision, "fields": fields}
        return flask.jsonify(conflict=body), 409
    form = _form(assessment, asked)
    for name, value in joined(mine, error.content).items():
        form[name].data, form[name].raw_data = value, None
    form.revision.data, form.revision.raw_data = error.revision, None
    page = render(
        "conflict.html",
        assessment,
        "show",
        question=asked,
        form=form,
        mine={name: value for name, value in _form_data(mine).items() if value},
        theirs=error.theirs,
        revision=error.revision,
        shown=[
            (label, text, other) for (label, text), (_same, other) in zip(own, others, strict=True)
        ],
        sentence=i18n.sentence(error),
    )
    return page, 409
