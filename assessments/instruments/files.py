"""Reads an instrument's folder: model.yml (structure and English) and a file per language."""

import hashlib
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path

from cirt.assessments.instruments.model import (
    LEVELS,
    Applies,
    Crosswalk,
    Dimension,
    Function,
    Instrument,
    Pillar,
    Question,
)
from cirt.assessments.instruments.references import MODELS, provisions, reference_models
from cirt.assessments.instruments.steps import check_needs, steps_of
from cirt.assessments.instruments.translations import Translations, read_translations
from cirt.capabilities import capabilities
from cirt.datafiles import DataMap, line_of, read_map
from cirt.errors import N_, DataFileError
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE, Sentence, Translation
from cirt.taxonomies import stakeholder_groups

MAX_WEIGHT = 10

_INSTRUMENT_KEYS = (
    "id", "version", "title", "description", "notice", "scale", "pillars", "dimensions",
)  # fmt: skip
_DIMENSION_KEYS = ("id", "title", "description", "pillar", "crosswalk", "questions")
_QUESTION_KEYS = (
    "id", "text", "why", "levels", "evidence", "steps", "functions", "asked_of", "weight",
    "pillar", "capabilities", "crosswalk", "applies",
)  # fmt: skip
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_PART_ID = re.compile(r"[A-Z][A-Za-z0-9]*([.-][A-Za-z0-9]+)*")
MAX_ID = 20  # as long as the column that holds a question's id


def read_instrument_folder(folder: Path) -> Instrument:
    """Return the instrument that a folder holds.

    Raises DataFileError, naming file, line and question, for whatever is missing, unknown or
    there twice. A translation of an English text that has changed since is a warning.
    """
    path = folder / "model.yml"
    model = replace(
        instrument_of(read_map(path)), digest=hashlib.sha256(path.read_bytes()).hexdigest()
    )
    ids = tuple(sentence.id for sentence in model.sentences())
    by_language: dict[str, Translations] = {}
    warnings: list[str] = []
    for language in LANGUAGES:
        file = folder / f"{language}.yml"
        if language == SOURCE_LANGUAGE or not file.is_file():
            continue
        by_language[language] = read_translations(file, model.id, model.version, ids)
    if not by_language:
        return model

    def localised(sentence: Sentence) -> Sentence:
        found = {
            language: translations[sentence.id]
            for language, translations in by_language.items()
            if sentence.id in translations
        }
        for language, translation in found.items():
            if translation.src != sentence.src:
                warnings.append(
                    f"{folder / f'{language}.yml'}: the English of {sentence.id} has changed "
                    f"since it was translated (src {translation.src}, now {sentence.src})"
                )
        return replace(sentence, translations=found)

    found = _map_sentences(model, localised)
    return replace(found, languages=(SOURCE_LANGUAGE, *by_language), warnings=tuple(warnings))


def instrument_of(file: DataMap) -> Instrument:
    """Return the instrument, in English, that the content of a model.yml holds."""
    file.only(_INSTRUMENT_KEYS)
    if not _ID.fullmatch(file.text("id")):
        raise file.fault("id", N_("The id must be lower-case words joined by hyphens."))
    if not _VERSION.fullmatch(file.text("version")):
        raise file.fault("version", N_("The version must be three numbers, such as 1.0.0."))
    pillars = tuple(_pillar(row) for row in file.sections("pillars")) if "pillars" in file else ()
    scale = _levels(file, "scale", "scale", None)
    reader = _QuestionReader(frozenset(pillar.id for pillar in pillars), len(scale))
    notice = file.optional_text("notice")
    instrument = Instrument(
        id=file.text("id"),
        version=file.text("version"),
        title=Sentence("title", file.text("title")),
        description=Sentence("description", file.text("description")),
        notice=None if notice is None else Sentence("notice", notice),
        scale=scale,
        pillars=pillars,
        dimensions=tuple(reader.dimension(row) for row in file.sections("dimensions")),
    )
    check_needs(instrument, reader.rows)
    return instrument


def _pillar(row: DataMap) -> Pillar:
    row.only(("id", "title"))
    return Pillar(row.text("id"), Sentence(f"pillar.{row.text('id')}", row.text("title")))


class _QuestionReader:
    """Reads dimensions and questions; rows keeps where each question stands."""

    def __init__(self, pillar_ids: frozenset[str], levels: int) -> None:
        self.pillar_ids = pillar_ids
        self.levels = levels
        self.seen: set[str] = set()
        self.rows: dict[str, DataMap] = {}

    def dimension(self, row: DataMap) -> Dimension:
        row.only(_DIMENSION_KEYS)
        dimension_id = self._new_id(row)
        pillar_id = self._pillar_id(row, None) if self.pillar_ids else None
        return Dimension(
            id=dimension_id,
            title=Sentence(f"{dimension_id}.title", row.text("title")),
            description=Sentence(f"{dimension_id}.description", row.text("description")),
            pillar_id=pillar_id,
            crosswalk=_crosswalk(row, dimension_id),
            questions=tuple(
                self._question(question, dimension_id, pillar_id)
                for question in row.sections("questions")
            ),
        )

    def _question(self, row: DataMap, dimension_id: str, pillar_id: str | None) -> Question:
        question_id = self._new_id(row)
        try:
            return self._named(row, question_id, dimension_id, pillar_id)
        except DataFileError as error:  # whatever it is: its reader looks for the question
            error.params["where"] = f"{error.params['where']} ({question_id})"
            raise

    def _named(
        self, row: DataMap, question_id: str, dimension_id: str, pillar_id: str | None
    ) -> Question:
        self.rows[question_id] = row
        row.only(_QUESTION_KEYS)
        try:
            applies = Applies(row.text("applies"))
        except ValueError:
            raise row.fault(
                "applies", N_("Question %(id)s: applies must be always, before or after."),
                id=question_id,
            ) from None  # fmt: skip
        named = row.texts("capabilities")
        if not named:
            raise row.fault(
                "capabilities", N_("Question %(id)s names no capability."), id=question_id
            )
        _known(row, "capabilities", named, capabilities(), question_id)
        evidence = row.texts("evidence")
        if not evidence:
            raise row.fault("evidence", N_("Question %(id)s names no evidence."), id=question_id)
        asked_of = row.texts("asked_of")
        _known(row, "asked_of", asked_of, stakeholder_groups(), question_id)
        return Question(
            id=question_id,
            dimension_id=dimension_id,
            text=Sentence(f"{question_id}.text", row.text("text")),
            why=Sentence(f"{question_id}.why", row.text("why")),
            levels=_levels(row, "levels", f"{question_id}.level", self.levels),
            evidence=tuple(
                Sentence(f"{question_id}.evidence.{number}", text)
                for number, text in enumerate(evidence, start=1)
            ),
            weight=row.integer("weight", 1, MAX_WEIGHT),
            capabilities=named,
            crosswalk=_crosswalk(row, question_id),
            applies=applies,
            pillar_id=self._pillar_id(row, pillar_id),
            steps=steps_of(row, question_id, self.levels),
            asked_of=asked_of,
            functions=_functions(row, question_id),
        )

    def _new_id(self, row: DataMap) -> str:
        each = row.text("id")
        if len(each) > MAX_ID or not _PART_ID.fullmatch(each):
            raise row.fault(
                "id",
                N_(
                    "The id %(id)s must be letters and digits joined by hyphens or points, such as"
                    " D1-Q1, and no longer than %(most)s."
                ),
                id=each,
                most=MAX_ID,
            )
        if each in self.seen:
            raise row.fault("id", N_("The id %(id)s stands twice in this instrument."), id=each)
        self.seen.add(each)
        return each

    def _pillar_id(self, row: DataMap, inherited: str | None) -> str | None:
        if "pillar" not in row and inherited is not None:
            return inherited
        if not self.pillar_ids and "pillar" not in row:
            return None
        if row.text("pillar") not in self.pillar_ids:
            raise row.fault("pillar", N_("The pillar %(id)s is unknown."), id=row["pillar"])
        return row.text("pillar")


def _levels(row: DataMap, key: str, prefix: str, count: int | None) -> tuple[Sentence, ...]:
    """Read the texts of levels 0 to count - 1; count None: as many as there are, 2 to 5."""
    texts = row.section(key)
    if count is None:
        count = min(max(len(texts), 2), len(LEVELS))
    expected = tuple(str(level) for level in range(count))
    texts.only(expected)
    for level in expected:
        if level not in texts:
            raise texts.fault(
                None, N_("%(place)s: level %(level)s is missing."), place=prefix, level=level
            )
    found = tuple(Sentence(f"{prefix}.{level}", texts.text(level)) for level in expected)
    if len({sentence.src for sentence in found}) != len(found):
        raise texts.fault(None, N_("%(place)s: two levels have the same text."), place=prefix)
    return found


def _functions(row: DataMap, question_id: str) -> tuple[Function, ...]:
    if "functions" not in row:
        return ()
    names = row.section("functions")
    return tuple(
        Function(each, Sentence(f"{question_id}.function.{each}", names.text(each)))
        for each in names
    )


def _crosswalk(row: DataMap, where: str) -> Crosswalk:
    walk = row.section("crosswalk")
    walk.only(("provisions", *MODELS))
    _known(walk, "provisions", walk.texts("provisions"), provisions(), where)
    models = reference_models()
    for model in MODELS:
        _known(walk, model, walk.texts(model), models[model].items, where)
    return Crosswalk(
        provisions=walk.texts("provisions"), **{model: walk.texts(model) for model in MODELS}
    )


def _known(row: DataMap, key: str, ids: tuple[str, ...], known: Container[str], where: str) -> None:
    """Refuse an id of a list that is unknown or stands in it twice."""
    for index, each in enumerate(ids):
        if each in ids[:index]:
            message = N_("%(place)s: the id %(id)s stands twice in %(key)s.")
        elif each not in known:
            message = N_("%(place)s: the id %(id)s is unknown in %(key)s.")
        else:
            continue
        raise DataFileError(
            message, path=row.source, line=line_of(row[key], index), place=where, id=each, key=key
        )


def translated(
    model: Instrument, translations: Callable[[str], Mapping[str, Translation]]
) -> Instrument:
    """Return the instrument with the translations that belong to each sentence's id."""
    return _map_sentences(
        model, lambda sentence: replace(sentence, translations=translations(sentence.id))
    )


def _map_sentences(model: Instrument, change: Callable[[Sentence], Sentence]) -> Instrument:
    """Return the instrument with every sentence changed, in reading order."""
    return replace(
        model,
        title=change(model.title),
        description=change(model.description),
        notice=None if model.notice is None else change(model.notice),
        scale=tuple(map(change, model.scale)),
        pillars=tuple(replace(pillar, title=change(pillar.title)) for pillar in model.pillars),
        dimensions=tuple(
            replace(
                dimension,
                title=change(dimension.title),
                description=change(dimension.description),
                questions=tuple(
                    replace(
                        question,
                        text=change(question.text),
                        why=change(question.why),
                        levels=tuple(map(change, question.levels)),
                        evidence=tuple(map(change, question.evidence)),
                        steps=tuple(
                            step if step.text is None else replace(step, text=change(step.text))
                            for step in question.steps
                        ),
                        functions=tuple(
                            replace(function, name=change(function.name))
                            for function in question.functions
                        ),
                    )
                    for question in dimension.questions
                ),
            )
            for dimension in model.dimensions
        ),
    )
