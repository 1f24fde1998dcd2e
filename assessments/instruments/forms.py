"""Forms of the instrument pages."""

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.assessments.instruments.provisions import (
    MAX_CITATION,
    MAX_NAME,
    MAX_PARAPHRASE,
    MAX_PLACE,
    MAX_REASON,
)
from cirt.assessments.instruments.references import Provision
from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required

KIND_NAMES: dict[str, str] = {
    "paragraph": N_("Paragraph: its place in the text is known"),
    "theme": N_("Theme: what a text is about, without a place in it"),
}


class CorrectionForm(Form):
    """A row of the provision registry, and why it is corrected."""

    kind = ChoiceField(N_("Kind"), choices=lambda: tuple(KIND_NAMES.items()), validate_choice=False)
    citation = StringField(
        N_("Citation"),
        [AtMost(MAX_CITATION)],
        description=N_("As the text can be found in public, with its year."),
    )
    clause = StringField(
        N_("Clause"),
        [AtMost(MAX_PLACE)],
        description=N_("Such as resolves or invites Member States. Empty for a theme."),
        render_kw={"dir": "ltr"},
    )
    paragraph = StringField(
        N_("Paragraph"),
        [AtMost(MAX_PLACE)],
        description=N_("Its number or letter in the adopted text. Empty for a theme."),
        render_kw={"dir": "ltr", "class": "code"},
    )
    paraphrase_en = TextAreaField(
        N_("In our words, English"),
        [AtMost(MAX_PARAPHRASE)],
        description=N_("One or two sentences of your own; never copy the text."),
        render_kw={"dir": "ltr", "lang": "en", "rows": 3},
    )
    paraphrase_ar = TextAreaField(
        N_("In our words, Arabic"),
        [Optional(), AtMost(MAX_PARAPHRASE)],
        render_kw={"dir": "rtl", "lang": "ar", "rows": 3},
    )
    verified = BooleanField(N_("Verified: compared with the adopted text"))
    verified_by = StringField(
        N_("Verified by"),
        [AtMost(MAX_NAME)],
        description=N_("Name and office of who held the adopted text in hand."),
    )
    verified_on = StringField(
        N_("Verified on"),
        [AtMost(30)],
        description=N_("Year-month-day, such as 2026-03-01."),
        render_kw={"dir": "ltr", "inputmode": "numeric"},
    )
    reason = TextAreaField(
        N_("Why this correction"),
        [
            Required(N_("Say why: what you compared the row with, and what was wrong.")),
            AtMost(MAX_REASON),
        ],
        render_kw={"rows": 3},
    )
    revision = HiddenField()

    @property
    def values(self) -> dict[str, object]:
        """What was typed, as the rules take it."""
        keys = (
            "kind", "citation", "clause", "paragraph", "paraphrase_en", "paraphrase_ar",
            "verified", "verified_by", "verified_on",
        )  # fmt: skip
        return {key: self._fields[key].data for key in keys}


class UndoForm(Form):
    """Why a correction is taken back."""

    reason = TextAreaField(
        N_("Why it is taken back"),
        [Required(N_("Say why the correction is taken back.")), AtMost(MAX_REASON)],
        render_kw={"rows": 3},
    )
    revision = HiddenField()


def place_of(provision: Provision) -> str:
    """Return where a provision stands in its text; "" where nobody has checked it there."""
    if not provision.verified:
        return ""
    return " ".join(part for part in (provision.clause, provision.paragraph) if part)
