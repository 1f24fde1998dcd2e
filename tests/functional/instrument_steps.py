"""What the tests of instruments do often: install a changed version, ask for a page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.instruments.installing import install_folder
from cirt.assessments.instruments.writing import write_folder

ID = "cirt-readiness"


def changed_version(number: str = "1.1.0") -> Instrument:
    """Version 1.0.0 with another text of D1-Q1, without D1-Q2, with a new D2-Q9."""
    one = load_instrument(ID, "1.0.0")
    dimensions = []
    for dimension in one.dimensions:
        questions: list[Any] = []
        for question in dimension.questions:
            if question.id == "D1-Q1":
                text = replace(question.text, english="On what does the mandate rest today?")
                questions.append(replace(question, text=text))
            elif question.id == "D2-Q1":
                new = replace(question, id="D2-Q9")
                questions += [question, _renamed(new)]
            elif question.id != "D1-Q2":
                questions.append(question)
        dimensions.append(replace(dimension, questions=tuple(questions)))
    return replace(one, version=number, dimensions=tuple(dimensions))


def _renamed(question: Any) -> Any:
    """The sentences of a question take its id."""

    def named(sentence: Any) -> Any:
        return replace(sentence, id=f"{question.id}.{sentence.id.split('.', 1)[1]}")

    return replace(
        question,
        text=named(question.text),
        why=named(question.why),
        levels=tuple(map(named, question.levels)),
        evidence=tuple(map(named, question.evidence)),
    )


def installed(data_dir: Path, instrument: Instrument, source: Path) -> Path:
    """Install an instrument in a data folder and return the folder of its source."""
    write_folder(instrument, source)
    install_folder(source, data_dir / "instruments" / instrument.id / instrument.version)
    return source
