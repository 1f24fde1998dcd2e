"""Writes an instrument's folder as files.read_instrument_folder reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from cirt.assessments.instruments.model import Crosswalk, Dimension, Instrument, Question, Step
from cirt.assessments.instruments.translations import quoted, translation_file
from cirt.localtext import SOURCE_LANGUAGE


def write_folder(instrument: Instrument, folder: Path) -> None:
    """Write model.yml and a file a language into an empty or absent folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in instrument_files(instrument).items():
        (folder / name).write_text(text, encoding="utf-8")


def instrument_files(instrument: Instrument) -> dict[str, str]:
    """Return the text of each file by its name."""
    files = {"model.yml": model_file(instrument)}
    for language in instrument.languages:
        if language != SOURCE_LANGUAGE:
            files[f"{language}.yml"] = translation_file(instrument, language)
    return files


def model_file(instrument: Instrument) -> str:
    """Return the file with the structure and the English texts."""
    return "\n".join(_instrument(instrument)) + "\n"


def _instrument(one: Instrument) -> Iterator[str]:
    yield f"id: {quoted(one.id)}"
    yield f"version: {quoted(one.version)}"
    yield f"title: {quoted(one.title.english)}"
    yield f"description: {quoted(one.description.english)}"
    if one.notice is not None:
        yield f"notice: {quoted(one.notice.english)}"
    yield "scale:"
    yield from (f'  "{n}": {quoted(each.english)}' for n, each in enumerate(one.scale))
    if one.pillars:
        yield "pillars:"
        for pillar in one.pillars:
            yield f"  - {{id: {quoted(pillar.id)}, title: {quoted(pillar.title.english)}}}"
    yield "dimensions:"
    for dimension in one.dimensions:
        yield from _dimension(dimension)


def _dimension(one: Dimension) -> Iterator[str]:
    yield ""
    yield f"  - id: {one.id}"
    yield f"    title: {quoted(one.title.english)}"
    yield f"    description: {quoted(one.description.english)}"
    if one.pillar_id is not None:
        yield f"    pillar: {quoted(one.pillar_id)}"
    yield from _crosswalk(one.crosswalk, "    ")
    yield "    questions:"
    for question in one.questions:
        yield from _question(question, one)


def _question(one: Question, dimension: Dimension) -> Iterator[str]:
    yield f"      - id: {one.id}"
    pad = " " * 8
    yield f"{pad}text: {quoted(one.text.english)}"
    yield f"{pad}why: {quoted(one.why.english)}"
    yield f"{pad}levels:"
    yield from (f'{pad}  "{n}": {quoted(each.english)}' for n, each in enumerate(one.levels))
    yield f"{pad}evidence:"
    yield from (f"{pad}  - {quoted(each.english)}" for each in one.evidence)
    if one.functions:
        yield f"{pad}functions:"
        for each in one.functions:
            yield f"{pad}  {quoted(each.id)}: {quoted(each.name.english)}"
    if any(step.text is not None for step in one.steps):
        yield f"{pad}steps:"
        for step in one.steps:
            yield from _step(step, pad + "  ")
    if one.asked_of:
        yield f"{pad}asked_of: {_list(one.asked_of)}"
    yield f"{pad}weight: {one.weight}"
    if one.pillar_id is not None and one.pillar_id != dimension.pillar_id:
        yield f"{pad}pillar: {quoted(one.pillar_id)}"
    yield f"{pad}capabilities: {_list(one.capabilities)}"
    yield from _crosswalk(one.crosswalk, pad)
    yield f"{pad}applies: {one.applies.value}"


def _step(one: Step, pad: str) -> Iterator[str]:
    yield f'{pad}"{one.level}":'
    yield f"{pad}  text: {quoted(one.text.english if one.text else '')}"
    yield f"{pad}  effort: {one.effort}"
    yield f"{pad}  cost: {one.cost}"
    yield f"{pad}  phase: {one.phase.value}"
    if one.needs:
        needs = ", ".join(f"{need.question_id}={need.level}" for need in one.needs)
        yield f"{pad}  needs: [{needs}]"


def _crosswalk(walk: Crosswalk, pad: str) -> Iterator[str]:
    yield f"{pad}crosswalk:"
    for each in fields(Crosswalk):
        yield f"{pad}  {each.name}: {_list(getattr(walk, each.name))}"


def _list(ids: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, ids))}]"
