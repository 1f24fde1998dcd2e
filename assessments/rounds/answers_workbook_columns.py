"""The sheets, columns and words of a workbook of answers, as writing and reading it both need them.

What is written in one language of the interface is understood in every one of them, so that a
workbook in Arabic can be filled in English and the other way round.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cirt.assessments.answer_words import STATE_LABELS
from cirt.assessments.answering import Confidence
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_

FORMAT = "answers 1"

READ_ME = N_("Read me")
ANSWERS = N_("Answers")
LONG_TEXTS = N_("Long texts")

# stands in a cell for a text that is longer than a cell holds
ELSEWHERE = N_(
    "This text is longer than a cell holds; it stands in the sheet “Long texts”. As long as this"
    " cell stays as it is, the text is kept."
)

YES, NO = N_("Yes"), N_("No")
YES_NO: Mapping[str, bool] = MappingProxyType({YES: True, NO: False})

CONFIDENCE_WORDS: Mapping[str, Confidence] = MappingProxyType(
    {
        N_("Low"): Confidence.LOW,
        N_("Medium"): Confidence.MEDIUM,
        N_("High"): Confidence.HIGH,
    }
)

# word -> the choice it stands for; an empty cell is a question not answered yet
STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {label: state for state, label in STATE_LABELS.items()}
)
LISTED_STATES = (AnswerState.NOT_KNOWN.value, AnswerState.NOT_APPLICABLE.value)

# facts of the first sheet: what the reader looks for, by label
ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "format": N_("Workbook format"),
        "assessment": N_("Assessment"),
        "country": N_("Country"),
        "country_code": N_("Country code"),
        "title": N_("Title"),
        "round": N_("Round"),
        "instrument": N_("Instrument"),
        "version": N_("Version"),
        "digest": N_("Digest of the instrument"),
        "language": N_("Language"),
        "marking": N_("Marking"),
        "state": N_("State"),
        "exported": N_("Exported"),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet of answers.

    filled: people fill it in, and it is read back; the others are there to be read. hint: what
    it takes. with_functions: only where the instrument lists functions.
    """

    key: str
    header: str
    width: int
    filled: bool = False
    hint: str = ""
    with_functions: bool = False


COLUMNS = (
    Column("id", N_("Id"), 10),
    Column("dimension", N_("Dimension"), 18),
    Column("question", N_("Question"), 44),
    Column("levels", N_("Levels"), 64),
    Column(
        "answer",
        N_("Answer"),
        14,
        filled=True,
        hint=N_(
            "the number of a level, or one of the words of the list; empty while the question is"
            " not answered"
        ),
    ),
    Column(
        "reason",
        N_("Why the question does not apply"),
        32,
        filled=True,
        hint=N_("needed with “Not applicable”; it is printed in the report"),
    ),
    Column(
        "comment",
        N_("Comment"),
        50,
        filled=True,
        hint=N_("what was said and shown, so that others can follow the level chosen"),
    ),
    Column(
        "confidence",
        N_("How sure are those who answered?"),
        14,
        filled=True,
        hint=N_("one of the words of the list, or empty; it never changes the level"),
    ),
    Column(
        "for_review",
        N_("For review"),
        10,
        filled=True,
        hint=N_("yes where somebody should look at the answer again"),
    ),
    Column(
        "disputed",
        N_("Disputed"),
        10,
        filled=True,
        hint=N_("yes where those present did not agree; the comment says on what"),
    ),
    Column("listed", N_("Functions listed"), 40, with_functions=True),
    Column(
        "functions",
        N_("Functions offered"),
        24,
        filled=True,
        hint=N_("the ids of those listed that are offered, one a line"),
        with_functions=True,
    ),
    Column("revision", N_("Revision"), 9),
    Column("changed_by", N_("Last changed by"), 22),
    Column("changed_at", N_("Last changed at (UTC)"), 17),
    Column("evidence", N_("Pieces of evidence"), 10),
)
# without these an answer cannot be read back
READ_BACK = frozenset({"id", "revision"}) | {one.key for one in COLUMNS if one.filled}

LONG_TEXT_COLUMNS = (
    ("id", N_("Id"), 10),
    ("column", N_("Column"), 26),
    ("part", N_("Part"), 8),
    ("text", N_("Text"), 110),
)


def columns_for(*, with_functions: bool) -> tuple[Column, ...]:
    """Return the columns of a workbook, for an instrument with or without lists of functions."""
    return tuple(one for one in COLUMNS if with_functions or not one.with_functions)


@dataclass(frozen=True)
class Words:
    """Our words in every language of the interface. languages: code -> translation of a word."""

    languages: Mapping[str, Callable[[str], str]]
    _known: dict[tuple[str, str], str] = field(default_factory=dict, compare=False)

    def put(self, word: str, language: str) -> str:
        """Return a word in a language."""
        key = (word, language)
        if key not in self._known:
            self._known[key] = self.languages[language](word)
        return self._known[key]

    def meant(self, text: str, words: Iterable[str]) -> str | None:
        """Return which of these words a text is, in whatever language; None for another text."""
        plain = _plain(text)
        for word in words:
            if any(plain == _plain(self.put(word, each)) for each in self.languages):
                return word
        return None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
