"""Reads an instrument's folder: model.yml (structure and English) and a file per language."""

import hashlib
import re
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

from cirt.assessments.instrument_model import (
    LEVELS,
    Applies,
    Crosswalk,
    Dimension,
    Instrument,
    Pillar,
    Question,
)
from cirt.assessments.instrument_translations import Translations, read_translations
from cirt.assessments.references import MODELS, provisions, reference_models
from cirt.capabilities import capabilities
from cirt.datafiles import DataMap, line_of, read_map
from cirt.errors import N_, DataFileError
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE, Sentence

MAX_WEIGHT = 10

_INSTRUMENT_KEYS = (
    "id", "version", "title", "description", "scale", "pillars", "dimensions",
)  # fmt: skip
_DIMENSION_KEYS = ("id", "title", "description", "pillar", "crosswalk", "questions")
_QUESTION_KEYS = (
    "id", "text", "why", "levels", "evidence", "weight", "capabilities", "crosswalk", "applies",
)  # fmt: skip
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_DIMENSION_ID = re.compile(r"D[1-9][0-9]?")


def read_instrument_folder(folder: Path) -> Instrument:
    """Return the instrument that a folder holds.

    Raises DataFileError, naming file, line and question, for whatever is missing, unknown or
    there twice. A translation of an English text that has changed since is a warning.
    """
    path = folder / "model.yml"
    model = _read_model(path)
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

    translated = _map_sentences(model, localised)
    return replace(translated, languages=(SOURCE_LANGUAGE, *by_language), warnings=tuple(warnings))


def _read_model(path: Path) -> Instrument:
    file = read_map(path)
    file.only(_INSTRUMENT_KEYS)
    if not _ID.fullmatch(file.text("id")):
        raise file.fault("id", N_("The id must be lower-case words joined by hyphens."))
    if not _VERSION.fullmatch(file.text("version")):
        raise file.fault("version", N_("The version must be three numbers, such as 1.0.0."))
    pillars = tuple(_pillar(row) for row in file.sections("pillars"))
    pillar_ids = frozenset(pillar.id for pillar in pillars)
    seen: set[str] = set()
    return Instrument(
        id=file.text("id"),
        version=file.text("version"),
        title=Sentence("title", file.text("title")),
        description=Sentence("description", file.text("description")),
        scale=_levels(file, "scale", "scale"),
        pillars=pillars,
        dimensions=tuple(_dimension(row, pillar_ids, seen) for row in file.sections("dimensions")),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _pillar(row: DataMap) -> Pillar:
    row.only(("id", "title"))
    return Pillar(row.text("id"), Sentence(f"pillar.{row.text('id')}", row.text("title")))


def _dimension(row: DataMap, pillar_ids: frozenset[str], seen: set[str]) -> Dimension:
    row.only(_DIMENSION_KEYS)
    dimension_id = row.text("id")
    if not _DIMENSION_ID.fullmatch(dimension_id):
        raise row.fault("id", N_("The id of a dimension must look like D1."))
    _once(row, dimension_id, seen)
    if row.text("pillar") not in pillar_ids:
        raise row.fault("pillar", N_("The pillar %(id)s is unknown."), id=row["pillar"])
    return Dimension(
        id=dimension_id,
        title=Sentence(f"{dimension_id}.title", row.text("title")),
        description=Sentence(f"{dimension_id}.description", row.text("description")),
        pillar_id=row.text("pillar"),
        crosswalk=_crosswalk(row, dimension_id),
        questions=tuple(
            _question(question, dimension_id, seen) for question in row.sections("questions")
        ),
    )


def _question(row: DataMap, dimension_id: str, seen: set[str]) -> Question:
    question_id = row.text("id")
    if not re.fullmatch(re.escape(dimension_id) + r"-Q[1-9][0-9]?", question_id):
        raise row.fault(
            "id", N_("The id %(id)s must look like %(example)s here."),
            id=question_id, example=f"{dimension_id}-Q1",
        )  # fmt: skip
    _once(row, question_id, seen)
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
        raise row.fault("capabilities", N_("Question %(id)s names no capability."), id=question_id)
    _known(row, "capabilities", named, capabilities(), question_id)
    evidence = row.texts("evidence")
    if not evidence:
        raise row.fault("evidence", N_("Question %(id)s names no evidence."), id=question_id)
    return Question(
        id=question_id,
        dimension_id=dimension_id,
        text=Sentence(f"{question_id}.text", row.text("text")),
        why=Sentence(f"{question_id}.why", row.text("why")),
        levels=_levels(row, "levels", f"{question_id}.level"),
        evidence=tuple(
            Sentence(f"{question_id}.evidence.{number}", text)
            for number, text in enumerate(evidence, start=1)
        ),
        weight=row.integer("weight", 1, MAX_WEIGHT),
        capabilities=named,
        crosswalk=_crosswalk(row, question_id),
        applies=applies,
    )


def _levels(row: DataMap, key: str, prefix: str) -> tuple[Sentence, ...]:
    texts = row.section(key)
    expected = tuple(str(level) for level in LEVELS)
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


def _once(row: DataMap, each: str, seen: set[str]) -> None:
    if each in seen:
        raise row.fault("id", N_("The id %(id)s stands twice in this instrument."), id=each)
    seen.add(each)


def _map_sentences(model: Instrument, change: Callable[[Sentence], Sentence]) -> Instrument:
    """Return the instrument with every sentence changed, in reading order."""
    return replace(
        model,
        title=change(model.title),
        description=change(model.description),
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
                    )
                    for question in dimension.questions
                ),
            )
            for dimension in model.dimensions
        ),
    )
