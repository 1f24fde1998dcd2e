"""Takes an instrument back from its workbook: every fault by sheet and cell, or all of it."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cirt.assessments.instruments.columns import (
    CROSSWALK_COLUMNS,
    DIMENSIONS,
    FORMAT,
    INSTRUMENT,
    QUESTIONS,
    READ_ME,
    STEPS,
    TRANSLATIONS,
)
from cirt.assessments.instruments.files import instrument_of, read_instrument_folder, translated
from cirt.assessments.instruments.grid import Grid, grids
from cirt.assessments.instruments.model import (
    LEVELS,
    Applies,
    Cost,
    Effort,
    Instrument,
    Phase,
)
from cirt.assessments.instruments.references import MODELS, provisions, reference_models
from cirt.assessments.instruments.workbook_cells import CellReader, Mark, translation_of
from cirt.assessments.instruments.writing import write_folder
from cirt.capabilities import capabilities
from cirt.datafiles import DataList, DataMap
from cirt.errors import N_, DataFileError
from cirt.localtext import SOURCE_LANGUAGE, Translation
from cirt.sheet_tables import Problem, Row, WorkbookError
from cirt.sheets import read_sheets
from cirt.taxonomies import stakeholder_groups

_SHEETS = (INSTRUMENT, DIMENSIONS, QUESTIONS, STEPS, TRANSLATIONS)


def read_workbook(data: bytes) -> Instrument:
    """Return the instrument that an XLSX file holds, with its translations.

    Raises WorkbookError with every fault found, InvalidInputError for a file that is no plain
    workbook. The instrument is then written to a folder and read again as any other, so that
    what comes back is what installing it will give.
    """
    found = grids(read_sheets(data), _SHEETS, READ_ME)
    instrument = _Reader(found).instrument()
    with tempfile.TemporaryDirectory(prefix="cirt-") as folder:
        write_folder(instrument, Path(folder))
        try:
            again = read_instrument_folder(Path(folder))
        except DataFileError as error:  # such as a file over the limit, a sign that no YAML holds
            raise WorkbookError(
                [Problem(INSTRUMENT, "", error.message, dict(error.params))]
            ) from error
    return replace(again, warnings=())


class _Reader(CellReader):
    def __init__(self, found: Mapping[str, Grid]) -> None:
        super().__init__(found)
        self.levels = 0
        self.missing_items = False

    def instrument(self) -> Instrument:
        items = self._items()
        self.levels = sum(1 for n in LEVELS if f"Level {n}" in items)
        headers = len(self.problems)
        for name, grid in self.grids.items():
            grid.check_columns(name, self.levels, self.languages)
            self.problems += grid.header_problems
        if len(self.problems) > headers or self.missing_items:
            self.stop_at_problems()  # without its columns and rows nothing else can be said
        root = self._root(items)
        marks = self.marks()
        self.stop_at_problems()
        try:
            plain = instrument_of(root)
        except DataFileError as error:
            raise WorkbookError([self.problem_of(error)]) from error
        return self._with_translations(plain, marks)

    def _items(self) -> dict[str, Row]:
        items: dict[str, Row] = {}
        for row in self.grids[INSTRUMENT].rows:
            item = row.text("Item")
            if item in items:
                self.refuse(row, "Item", N_("%(item)s stands here a second time."), item=item)
            items[item] = row
        for item in (
            "Workbook format",
            "Id",
            "Version",
            "Title",
            "Description",
            "Level 0",
            "Level 1",
        ):
            if item not in items:
                self.missing_items = True
                self.problems.append(
                    Problem(INSTRUMENT, "", N_("The row %(item)s is missing."), {"item": item})
                )
        known = {"Workbook format", "Id", "Version", "Title", "Description", "Notice"}
        known |= {f"Level {n}" for n in LEVELS}
        for item, row in items.items():
            if item not in known and not item.startswith("Pillar "):
                self.refuse(row, "Item", N_("%(item)s is no row of this sheet."), item=item or "–")
        if "Workbook format" in items and items["Workbook format"].text("Value") != FORMAT:
            self.refuse(
                items["Workbook format"],
                "Value",
                N_(
                    "This workbook was made by another version of the program. Export the"
                    " instrument anew and make your changes there."
                ),
            )
        return items

    def _root(self, items: Mapping[str, Row]) -> DataMap:
        root = self.map_at(items["Id"], "Item")
        pillars = [item for item in items if item.startswith("Pillar ")]
        for item, key in (("Id", "id"), ("Version", "version")):
            self.put(root, key, items[item], "Value", self.required(items[item], "Value"))
        for item, key in (("Title", "title"), ("Description", "description")):
            self.sentence(root, key, items[item], "Value", key)
        if "Notice" in items and items["Notice"].text("Value"):
            self.sentence(root, "notice", items["Notice"], "Value", "notice")
        scale = self.child(root, "scale", items["Level 0"], "Item")
        for n in range(self.levels):
            row = items.get(f"Level {n}")
            if row is not None:
                self.sentence(scale, str(n), row, "Value", f"scale.{n}")
        if pillars:
            listed = self.child_list(root, "pillars", items[pillars[0]], "Item")
            for item in pillars:
                each = self.entry(listed, items[item], "Item")
                pillar_id = item.removeprefix("Pillar ").strip()
                self.put(each, "id", items[item], "Item", pillar_id)
                self.sentence(each, "title", items[item], "Value", f"pillar.{pillar_id}")
        ids = [item.removeprefix("Pillar ").strip() for item in pillars]
        dimensions = self.child_list(root, "dimensions", items["Id"], "Item")
        questions = self._questions_by_dimension()
        for row in self.grids[DIMENSIONS].rows:
            self._dimension(dimensions, row, ids, questions)
        known = {row.text("Id") for row in self.grids[QUESTIONS].rows}
        for row in self.grids[STEPS].rows:
            if self.required(row, "Question") not in known:
                self.refuse(
                    row, "Question", N_("There is no question %(id)s."), id=row.text("Question")
                )
        if not self.grids[DIMENSIONS].rows:
            self.problems.append(Problem(DIMENSIONS, "A2", N_("There is no dimension here."), {}))
        return root

    def _questions_by_dimension(self) -> dict[str, list[Row]]:
        known = {row.text("Id") for row in self.grids[DIMENSIONS].rows}
        found: dict[str, list[Row]] = {}
        for row in self.grids[QUESTIONS].rows:
            dimension = self.required(row, "Dimension")
            if dimension and dimension not in known:
                self.refuse(row, "Dimension", N_("There is no dimension %(id)s."), id=dimension)
            found.setdefault(dimension, []).append(row)
        return found

    def _dimension(
        self,
        listed: DataList,
        row: Row,
        pillars: Sequence[str],
        questions: Mapping[str, Sequence[Row]],
    ) -> None:
        each = self.entry(listed, row, "Id")
        dimension_id = self.own_id(each, row, DIMENSIONS)
        self.sentence(each, "title", row, "Title", f"{dimension_id}.title")
        self.sentence(each, "description", row, "Description", f"{dimension_id}.description")
        self._pillar(each, row, pillars, required=bool(pillars))
        self._crosswalk(each, row)
        own = self.child_list(each, "questions", row, "Id")
        for question in questions.get(dimension_id, ()):
            self._question(self.entry(own, question, "Id"), question, pillars)
        if dimension_id and not questions.get(dimension_id):
            self.refuse(row, "Id", N_("The dimension %(id)s has no question."), id=dimension_id)

    def _question(self, each: DataMap, row: Row, pillars: Sequence[str]) -> None:
        question_id = self.own_id(each, row, QUESTIONS)
        self.sentence(each, "text", row, "Text", f"{question_id}.text")
        self.sentence(each, "why", row, "Why", f"{question_id}.why")
        levels = self.child(each, "levels", row, "Level 0")
        for n in range(self.levels):
            self.sentence(levels, str(n), row, f"Level {n}", f"{question_id}.level.{n}")
        self._evidence(each, row, question_id)
        self._functions(each, row, question_id)
        weight = self.required(row, "Weight")
        if weight and not (weight.isascii() and weight.isdecimal() and len(weight) < 4):
            self.refuse(row, "Weight", N_("The weight must be a whole number, 1 or more."))
        else:
            self.put(each, "weight", row, "Weight", int(weight or 1))
        self.word(each, "applies", row, "Applies", list(Applies))
        self._pillar(each, row, pillars, required=False)
        self.ids(each, "capabilities", row, "Capabilities", capabilities(), required=True)
        self.ids(each, "asked_of", row, "Asked of", stakeholder_groups())
        self._crosswalk(each, row)
        steps = [one for one in self.grids[STEPS].rows if one.text("Question") == question_id]
        if steps and question_id:
            self._steps(each, row, steps, question_id)

    def _steps(self, each: DataMap, row: Row, steps: Sequence[Row], question_id: str) -> None:
        wanted = [str(n) for n in range(1, self.levels)]
        child = self.child(each, "steps", steps[0], "Question")
        for one in steps:
            level = one.text("Level")
            if level not in wanted:
                self.refuse(
                    one, "Level", N_("The level of a step is one of: %(allowed)s."),
                    allowed=", ".join(wanted),
                )  # fmt: skip
                continue
            if level in child:
                self.refuse(one, "Level", N_("%(item)s stands here a second time."), item=level)
                continue
            step = self.child(child, level, one, "Level")
            self.sentence(step, "text", one, "Text", f"{question_id}.step.{level}")
            self.word(step, "effort", one, "Effort", list(Effort))
            self.word(step, "cost", one, "Cost", list(Cost))
            if one.text("Phase"):
                self.word(step, "phase", one, "Phase", list(Phase))
            needs = self.child_list(step, "needs", one, "Needs")
            for need in one.listed("Needs"):
                self.append(needs, one, "Needs", need)
        for level in wanted:
            if level not in child and not any(one.text("Level") == level for one in steps):
                self.refuse(
                    row, "Id", N_("%(id)s: the step to level %(level)s is missing."),
                    id=question_id, level=level,
                )  # fmt: skip

    def _evidence(self, each: DataMap, row: Row, question_id: str) -> None:
        child = self.child_list(each, "evidence", row, "Evidence")
        lines = row.lines("Evidence")
        self.required(row, "Evidence")
        kept = [n for n, line in enumerate(lines) if line]
        for n in kept:
            self.append(child, row, "Evidence", lines[n])
        self._line_translations(row, "Evidence", lines, kept, f"{question_id}.evidence", None)

    def _functions(self, each: DataMap, row: Row, question_id: str) -> None:
        lines = row.lines("Functions")
        kept = [n for n, line in enumerate(lines) if line]
        if not kept:
            return
        child = self.child(each, "functions", row, "Functions")
        names: list[str] = []
        for n in kept:
            function_id, colon, name = (part.strip() for part in lines[n].partition(":"))
            if not (function_id and colon and name):
                self.refuse(
                    row, "Functions", N_("Write each function as id: name, one a line (%(line)s)."),
                    line=lines[n][:60],
                )  # fmt: skip
            elif function_id in child:
                self.refuse(
                    row, "Functions", N_("%(item)s stands here a second time."), item=function_id
                )
            else:
                self.put(child, function_id, row, "Functions", name)
            names.append(function_id)
        self._line_translations(row, "Functions", lines, kept, f"{question_id}.function", names)

    def _line_translations(
        self,
        row: Row,
        header: str,
        lines: Sequence[str],
        kept: Sequence[int],
        prefix: str,
        names: Sequence[str] | None,
    ) -> None:
        for language in self.languages:
            translated_lines = row.lines(header, language)
            extra = [n for n, line in enumerate(translated_lines) if line and n not in kept]
            if extra:
                self.refuse(
                    row, header,
                    N_("The translation has a line that the English does not have (line %(n)s)."),
                    language=language, n=extra[0] + 1,
                )  # fmt: skip
            for place, n in enumerate(kept):
                if n < len(translated_lines) and translated_lines[n]:
                    key = names[place] if names is not None else str(place + 1)
                    self.texts.setdefault(f"{prefix}.{key}", {})[language] = translated_lines[n]

    def _pillar(self, each: DataMap, row: Row, pillars: Sequence[str], *, required: bool) -> None:
        if row.text("Pillar") or required:
            if pillars:
                self.word(each, "pillar", row, "Pillar", pillars)
            else:
                self.refuse(row, "Pillar", N_("The sheet Instrument lists no pillars."))

    def _crosswalk(self, each: DataMap, row: Row) -> None:
        walk = self.child(each, "crosswalk", row, "Provisions")
        models = reference_models()
        for header, key in CROSSWALK_COLUMNS.items():
            known = models[key].items if key in MODELS else provisions()
            self.ids(walk, key, row, header, known)

    def _with_translations(
        self, plain: Instrument, marks: Mapping[tuple[str, str], Mark]
    ) -> Instrument:
        english = {sentence.id: sentence.src for sentence in plain.sentences()}

        def of(sentence_id: str) -> dict[str, Translation]:
            return {
                language: translation_of(
                    text, english[sentence_id], marks.get((sentence_id, language))
                )
                for language, text in self.texts.get(sentence_id, {}).items()
            }

        make: Callable[[str], Mapping[str, Translation]] = of
        return replace(translated(plain, make), languages=(SOURCE_LANGUAGE, *self.languages))
