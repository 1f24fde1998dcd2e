"""What an action says to its reader: what nobody changed, in the reader's language."""

from dataclasses import dataclass

from flask_babel import gettext as _

from cirt.assessments.instruments import Instrument
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.plan.sentences import ltr
from cirt.localtext import Sentence

_MOST = 120


@dataclass(frozen=True)
class ActionText:
    """The words of an action and their language (BCP 47).

    is_own: somebody wrote them; False while they are still those of the instrument, also where
    somebody has given the action an owner or a date.
    """

    text: str
    indicator: str
    language: str
    is_own: bool


def text_of(row: PlanAction, instrument: Instrument, language: str | None) -> ActionText:
    """Return what an action says.

    language: of the reader; None for the words as they are stored. Only where nobody changed the
    words and the instrument has them in that language do these take their place.
    """
    said = _of_instrument(row, instrument)
    if said is None:
        return ActionText(row.text, row.indicator, row.language, row.edited)
    text, signs = said
    if row.edited and row.text != text.in_language(row.language).text:
        return ActionText(row.text, row.indicator, row.language, is_own=True)
    stored = ActionText(row.text, row.indicator, row.language, is_own=False)
    if language is None or language == row.language:
        return stored
    local = text.in_language(language)
    if not local.translated:
        return stored
    indicator = row.indicator
    if not row.edited or indicator == _lines(signs, row.language):
        indicator = _lines(signs, language)
    return ActionText(local.text, indicator, language, is_own=False)


def _of_instrument(
    row: PlanAction, instrument: Instrument
) -> tuple[Sentence, tuple[Sentence, ...]] | None:
    """Return text and indicator as the instrument has them; None for an action of one's own."""
    rung = row.rung
    if rung is None or not instrument.has_question(rung.question_id):
        return None
    question = instrument.question(rung.question_id)
    if rung.level > question.top:
        return None
    if rung.level == 0:
        return question.text, question.evidence
    advice = question.step_to(rung.level).text
    if advice is None:
        return question.levels[rung.level], question.evidence
    return advice, (question.levels[rung.level],)


def _lines(signs: tuple[Sentence, ...], language: str) -> str:
    return "\n".join(one.in_language(language).text for one in signs)


def short_text(row: PlanAction, instrument: Instrument, language: str) -> str:
    """Return code and text of an action on one line, cut short where it is long."""
    said = text_of(row, instrument, language)
    text = " ".join(said.text.split())
    text = f"\u2068{text if len(text) <= _MOST else text[: _MOST - 1] + '…'}\u2069"
    if row.to_level == 0 and not said.is_own:
        text = _("Find out: %(question)s", question=text)
    return f"{ltr(row.code)} {text}"
