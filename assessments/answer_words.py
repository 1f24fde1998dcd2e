"""An answer in the words of its instrument and of the reader's language."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from cirt import i18n
from cirt.assessments.answering import CONFIDENCE_NAMES, AnswerContent
from cirt.assessments.instruments import Instrument, LocalText, Question
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_

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


def told(text: LocalText) -> str:
    """Return a text of the instrument for a page; English that stands in says that it is English."""
    if text.translated:
        return text.text
    return Markup('<bdi lang="{}" dir="ltr">{}</bdi>').format(text.language, text.text)


def choice_labels(
    instrument: Instrument, as_text: Callable[[LocalText], str] = told
) -> dict[str, str]:
    """Return what each choice of an answer is called: the levels of the scale, then the states."""
    language = i18n.current_language()
    levels = {
        str(level): as_text(sentence.in_language(language))
        for level, sentence in enumerate(instrument.scale)
    }
    return levels | {value: _(label) for value, label in STATE_LABELS.items()}


def function_names(
    question: Question, as_text: Callable[[LocalText], str] = told
) -> dict[str, str]:
    """Return the functions that a question lists, by id."""
    language = i18n.current_language()
    return {one.id: as_text(one.name.in_language(language)) for one in question.functions}


def parts_of(
    content: AnswerContent,
    instrument: Instrument,
    question: Question,
    as_text: Callable[[LocalText], str] = told,
) -> list[tuple[str, str]]:
    """Return every part of an answer as (label, text), always the same parts; "" for nothing."""
    yes = _("Yes")
    names = function_names(question, lambda text: text.text)
    parts = [
        (_("Answer"), choice_labels(instrument, as_text)[content.choice]),
        (_("Why the question does not apply"), content.reason),
        (_("Comment"), content.comment),
        (
            _("How sure are those who answered?"),
            _(CONFIDENCE_NAMES[content.confidence]) if content.confidence else "",
        ),
        (_("Marked for review"), yes if content.for_review else ""),
        (_("Disputed"), yes if content.disputed else ""),
    ]
    if question.functions:
        offered = " · ".join(names.get(each, each) for each in content.functions)
        parts.append((_("Functions offered"), offered))
    return parts


def joined(mine: AnswerContent, theirs: AnswerContent) -> dict[str, Any]:
    """Return what a form shows that joins two answers: my choice, the words and marks of both."""
    return {
        "choice": mine.choice,
        "reason": _both(theirs.reason, mine.reason),
        "comment": _both(theirs.comment, mine.comment),
        "confidence": (mine.confidence or theirs.confidence).value,
        "for_review": mine.for_review or theirs.for_review,
        "disputed": mine.disputed or theirs.disputed,
        "functions": sorted({*theirs.functions, *mine.functions}),
    }


def _both(theirs: str, mine: str) -> str:
    if not theirs or theirs in mine:
        return mine
    return f"{theirs}\n\n{mine}" if mine and mine not in theirs else theirs
