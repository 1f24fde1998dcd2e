"""An instrument as a workbook for subject experts; workbook_reading takes it back. Pure tables.

One row a question, one row a step; beside each column with text one column a language. What a
cell lists (evidence, functions, capabilities, needs) stands one a line. The sheet Translations
keeps, for each translated sentence, its status and which English and which translation that
status belongs to, so that reading the workbook back sees which of the two was rewritten.
"""

from collections.abc import Callable, Iterable, Sequence

from cirt.assessments.instruments.columns import (
    CROSSWALK_COLUMNS,
    DIMENSIONS,
    FORMAT,
    INSTRUMENT,
    QUESTIONS,
    READ_ME,
    STEPS,
    TRANSLATIONS,
    columns,
    header_in,
)
from cirt.assessments.instruments.model import (
    Applies,
    Cost,
    Crosswalk,
    Effort,
    Instrument,
    Phase,
    Question,
    Step,
)
from cirt.errors import N_, InvalidInputError
from cirt.localtext import SOURCE_LANGUAGE, Sentence, fingerprint
from cirt.sheets import NewSheet, Value, write_sheets

GUIDE = (
    N_("This workbook holds one version of an instrument: %(title)s, version %(version)s."),
    N_(
        "Change the texts in the sheets Instrument, Dimensions, Questions and Steps. Columns may be"
        " moved, and rows sorted within a sheet; the order of the rows is the order of the"
        " questionnaire. Do not rename, merge or remove columns, and do not use formulas."
    ),
    N_(
        "Each row of Questions is one question. The id of a question stays with it for good: a new"
        " question gets a new id, and the id of one that was removed is not used again."
    ),
    N_(
        "A level text says what an assessor can be shown, for this question alone, so that two"
        " assessors choose the same level. Each level contains the one below."
    ),
    N_(
        "A cell that lists several things has one a line (Alt+Enter starts a new line): evidence,"
        " functions (id: name), capabilities, who can answer, needs (such as D1-Q1=3) and the"
        " columns of other texts. The lines of a translation follow the lines of the English."
    ),
    N_(
        "Beside each English column stands one for each language, such as Text::Arabic (ar). For a"
        " further language add such a column beside every translated column."
    ),
    N_(
        "Where the English is rewritten, its translations count as out of date until they are"
        " rewritten too; a rewritten translation is a draft until somebody sets its status to"
        " reviewed in the sheet Translations."
    ),
    N_(
        "Give what you changed a new version in the sheet Instrument: three numbers, such as 2.1.0."
        " The last number for corrections of wording, the one before it for new questions, the"
        " first where levels mean something else."
    ),
    N_("Give the file back to the operator, who reads it in with: cirt instrument import FILE"),
)

_IDENTITY: Callable[[str], str] = str


def workbook(
    instrument: Instrument,
    *,
    right_to_left: bool = False,
    translate: Callable[[str], str] = _IDENTITY,
) -> bytes:
    """Return the instrument as an XLSX file.

    right_to_left: columns run from the right, for readers of Arabic. translate: gives the guide
    on the first sheet in the reader's language.
    """
    title = f"{instrument.title.english} {instrument.version}"
    return write_sheets(
        tables(instrument, right_to_left=right_to_left, translate=translate), title=title
    )


def tables(
    instrument: Instrument,
    *,
    right_to_left: bool = False,
    translate: Callable[[str], str] = _IDENTITY,
) -> tuple[NewSheet, ...]:
    """Return the sheets. Raises InvalidInputError for a text that would not come back the same."""
    writer = _Writer(instrument, right_to_left)
    names = {"title": instrument.title.english, "version": instrument.version}
    guide = NewSheet(
        READ_ME,
        [[translate(line) % names] for line in GUIDE],
        [110],
        header=False,
        right_to_left=right_to_left,
        rtl_columns=[0] if right_to_left else [],
    )
    return (
        guide,
        writer.sheet(INSTRUMENT, writer.instrument_rows()),
        writer.sheet(DIMENSIONS, writer.dimension_rows()),
        writer.sheet(QUESTIONS, writer.question_rows()),
        writer.sheet(STEPS, writer.step_rows()),
        writer.sheet(TRANSLATIONS, writer.translation_rows()),
    )


Row = dict[str, Value]


class _Writer:
    def __init__(self, instrument: Instrument, right_to_left: bool) -> None:
        self.instrument = instrument
        self.right_to_left = right_to_left
        self.languages = [each for each in instrument.languages if each != SOURCE_LANGUAGE]

    def sheet(self, name: str, rows: Iterable[Row]) -> NewSheet:
        headers: list[str] = []
        widths: list[int] = []
        rtl: list[int] = []
        for column in columns(name, len(self.instrument.scale)):
            headers.append(column.header)
            widths.append(column.width)
            for language in self.languages if column.translated else ():
                if language == "ar":
                    rtl.append(len(headers))
                headers.append(header_in(column.header, language))
                widths.append(column.width)
        return NewSheet(
            name,
            [headers, *([row.get(header) for header in headers] for row in rows)],
            widths,
            right_to_left=self.right_to_left,
            rtl_columns=rtl,
            choices={
                headers.index(header): values
                for header, values in _choices(name, self.instrument).items()
            },
        )

    def instrument_rows(self) -> Iterable[Row]:
        one = self.instrument
        yield {"Item": "Workbook format", "Value": FORMAT}
        yield {"Item": "Id", "Value": one.id}
        yield {"Item": "Version", "Value": one.version}
        yield {"Item": "Title", **self._text("Value", one.title)}
        yield {"Item": "Description", **self._text("Value", one.description)}
        notice = {} if one.notice is None else self._text("Value", one.notice)
        yield {"Item": "Notice", **notice}
        for n, sentence in enumerate(one.scale):
            yield {"Item": f"Level {n}", **self._text("Value", sentence)}
        for pillar in one.pillars:
            yield {"Item": f"Pillar {pillar.id}", **self._text("Value", pillar.title)}

    def dimension_rows(self) -> Iterable[Row]:
        for one in self.instrument.dimensions:
            yield {
                "Id": one.id,
                **self._text("Title", one.title),
                **self._text("Description", one.description),
                "Pillar": one.pillar_id,
                **_walk(one.crosswalk),
            }

    def question_rows(self) -> Iterable[Row]:
        for one in self.instrument.questions:
            yield {
                "Id": one.id,
                "Dimension": one.dimension_id,
                **self._text("Text", one.text),
                **self._text("Why", one.why),
                **self._levels(one),
                **self._lines("Evidence", one.evidence, [""] * len(one.evidence)),
                **self._lines(
                    "Functions",
                    [each.name for each in one.functions],
                    [f"{each.id}: " for each in one.functions],
                ),
                "Weight": one.weight,
                "Applies": one.applies.value,
                "Pillar": one.pillar_id,
                "Capabilities": "\n".join(one.capabilities),
                "Asked of": "\n".join(one.asked_of),
                **_walk(one.crosswalk),
            }

    def step_rows(self) -> Iterable[Row]:
        for question in self.instrument.questions:
            for step in question.steps:
                if step.text is not None:
                    yield self._step(question, step, step.text)

    def translation_rows(self) -> Iterable[Row]:
        for sentence in self.instrument.sentences():
            for language in self.languages:
                found = sentence.translations.get(language)
                if found is not None:
                    yield {
                        "Sentence": sentence.id,
                        "Language": language,
                        "Status": found.status,
                        "English": found.src,
                        "Translation": fingerprint(found.text),
                    }

    def _step(self, question: Question, step: Step, text: Sentence) -> Row:
        return {
            "Question": question.id,
            "Level": step.level,
            **self._text("Text", text),
            "Effort": step.effort,
            "Cost": step.cost,
            "Phase": step.phase.value,
            "Needs": "\n".join(f"{need.question_id}={need.level}" for need in step.needs),
        }

    def _levels(self, question: Question) -> Row:
        row: Row = {}
        for n, sentence in enumerate(question.levels):
            row |= self._text(f"Level {n}", sentence)
        return row

    def _text(self, header: str, sentence: Sentence) -> Row:
        row: Row = {header: _same(sentence.english, sentence.id)}
        for language in self.languages:
            found = sentence.translations.get(language)
            if found is not None:
                row[header_in(header, language)] = _same(found.text, sentence.id)
        return row

    def _lines(self, header: str, sentences: Sequence[Sentence], marks: Sequence[str]) -> Row:
        """One sentence a line; a translation that is missing leaves its line empty."""
        for sentence in sentences:
            for text in (sentence.english, *(t.text for t in sentence.translations.values())):
                if "\n" in text:
                    raise _refusal(sentence.id)
        row: Row = {
            header: "\n".join(
                mark + _same(one.english, one.id)
                for mark, one in zip(marks, sentences, strict=True)
            )
        }
        for language in self.languages:
            texts = [one.translations.get(language) for one in sentences]
            lines = ["" if one is None else _same(one.text, header) for one in texts]
            if any(lines):
                row[header_in(header, language)] = "\n".join(lines)
        return row


def _walk(crosswalk: Crosswalk) -> Row:
    return {header: "\n".join(getattr(crosswalk, key)) for header, key in CROSSWALK_COLUMNS.items()}


def _choices(sheet: str, instrument: Instrument) -> dict[str, list[str]]:
    pillars = [pillar.id for pillar in instrument.pillars]
    if sheet == QUESTIONS:
        return {"Applies": [each.value for each in Applies]} | (
            {"Pillar": pillars} if pillars else {}
        )
    if sheet == DIMENSIONS:
        return {"Pillar": pillars} if pillars else {}
    if sheet == STEPS:
        return {
            "Effort": [*map(str, Effort)],
            "Cost": [*map(str, Cost)],
            "Phase": [*map(str, Phase)],
        }
    return {"Status": ["draft", "reviewed"]} if sheet == TRANSLATIONS else {}


def _same(text: str, sentence_id: str) -> str:
    """Return a text that reading the workbook gives back letter by letter."""
    if text != text.strip() or "\r" in text:
        raise _refusal(sentence_id)
    return text


def _refusal(sentence_id: str) -> InvalidInputError:
    return InvalidInputError(
        N_(
            "The text %(id)s begins or ends with a space, or has a line break in a list of one a"
            " line; a spreadsheet would not give it back the same. Correct the instrument's files."
        ),
        id=sentence_id,
    )
