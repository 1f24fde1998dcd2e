"""Which instruments are installed, and one of them by id and version."""

from dataclasses import dataclass
from functools import cache

from cirt.assessments.instruments.files import read_instrument_folder
from cirt.assessments.instruments.model import (
    LEVELS,
    Applies,
    Crosswalk,
    Dimension,
    Instrument,
    Pillar,
    Question,
)
from cirt.assessments.instruments.translations import (
    LanguageReport,
    translation_file,
    translation_report,
)
from cirt.datafiles import data_path
from cirt.errors import N_, DataFileError, NotFoundError
from cirt.localtext import LocalText, Sentence

__all__ = [
    "LEVELS",
    "Applies",
    "Crosswalk",
    "Dimension",
    "InstalledInstrument",
    "Instrument",
    "LanguageReport",
    "LocalText",
    "Pillar",
    "Question",
    "Sentence",
    "instruments",
    "latest_instrument",
    "load_instrument",
    "read_instrument_folder",
    "translation_file",
    "translation_report",
]


@dataclass(frozen=True, slots=True)
class InstalledInstrument:
    """An instrument that can be loaded. version: three numbers, such as 1.0.0."""

    id: str
    version: str


def instruments() -> tuple[InstalledInstrument, ...]:
    """Return the installed instruments, by id and then from the oldest version to the newest."""
    found = [
        InstalledInstrument(model.parent.parent.name, model.parent.name)
        for model in data_path("instruments").glob("*/*/model.yml")
    ]
    return tuple(sorted(found, key=lambda each: (each.id, _numbers(each.version))))


@cache
def load_instrument(instrument_id: str, version: str) -> Instrument:
    """Return an installed instrument; read once, then the same object again.

    Raises NotFoundError where it is not installed, DataFileError where its files are wrong.
    """
    if InstalledInstrument(instrument_id, version) not in instruments():
        raise NotFoundError(
            N_("The instrument %(id)s %(version)s is not installed here."),
            id=instrument_id,
            version=version,
        )
    folder = data_path("instruments", instrument_id, version)
    instrument = read_instrument_folder(folder)
    if (instrument.id, instrument.version) != (instrument_id, version):
        raise DataFileError(
            N_("The id and version in the file differ from the names of its folders."),
            path=folder / "model.yml",
        )
    return instrument


def latest_instrument(instrument_id: str) -> Instrument:
    """Return the newest installed version of an instrument. NotFoundError where there is none."""
    versions = [each.version for each in instruments() if each.id == instrument_id]
    if not versions:
        raise NotFoundError(N_("The instrument %(id)s is not installed here."), id=instrument_id)
    return load_instrument(instrument_id, versions[-1])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else -1 for part in version.split("."))
