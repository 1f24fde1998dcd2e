"""What an action says to its reader: what nobody changed, in the reader's language."""

from dataclasses import dataclass

from flask_babel import gettext as _

from cirt.assessments.instruments import Instrument
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.plan.sentences import ltr

_MOST = 120


@dataclass(frozen=True)
class ActionText:
    """The words of an action and their language (BCP 47)."""

    text: str
    indicator: str
    language: str


def text_of(row: PlanAction, instrument: Instrument, language: str | None) -> ActionText:
    """Return what an action says.

    language: of the reader; None for the words as they are stored. Only where nobody changed the
    action and the instrument has its text in that language do these take their place.
    """
    stored = ActionText(row.text, row.indicator, row.language)
    rung = row.rung
    if row.edited or language is None or language == row.language or rung is None:
        return stored
    if not instrument.has_question(rung.question_id):
        return stored
    question = instrument.question(rung.question_id)
    if rung.level > question.top:
        return stored
    if rung.level == 0:
        said, shown = question.text, question.evidence
    else:
        advice = question.step_to(rung.level).text
        said = advice or question.levels[rung.level]
        shown = (question.levels[rung.level],) if advice else question.evidence
    local = said.in_language(language)
    if not local.translated:
        return stored
    indicator = "\n".join(one.in_language(language).text for one in shown)
    return ActionText(local.text, indicator, language)


def short_text(row: PlanAction, instrument: Instrument, language: str) -> str:
    """Return code and text of an action on one line, cut short where it is long."""
    text = " ".join(text_of(row, instrument, language).text.split())
    text = f"\u2068{text if len(text) <= _MOST else text[: _MOST - 1] + '…'}\u2069"
    if row.to_level == 0 and not row.edited:
        text = _("Find out: %(question)s", question=text)
    return f"{ltr(row.code)} {text}"
