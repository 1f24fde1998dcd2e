"""Which instruments are installed, and one of them by id and version."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cirt.assessments.instruments.files import read_instrument_folder
from cirt.assessments.instruments.installing import check_installed, is_installed
from cirt.assessments.instruments.model import (
    LEVELS,
    Applies,
    Crosswalk,
    Dimension,
    Instrument,
    Pillar,
    Question,
)
from cirt.assessments.instruments.places import data_folder, folders
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
    """An instrument that can be loaded. version: three numbers, such as 1.0.0.

    folder: where its files are. shipped: it came with the product, not with `cirt instrument
    install`.
    """

    id: str
    version: str
    folder: Path = field(default=Path(), compare=False)
    shipped: bool = field(default=True, compare=False)


def instruments() -> tuple[InstalledInstrument, ...]:
    """Return the installed instruments, by id and then from the oldest version to the newest."""
    found: dict[tuple[str, str], InstalledInstrument] = {}
    for root in folders("instruments"):
        shipped = root == data_path("instruments")
        for model in root.glob("*/*/model.yml"):
            folder = model.parent
            key = (folder.parent.name, folder.name)
            # what the product brings cannot be replaced, and a folder without its digests was
            # copied there by hand, perhaps half
            if key not in found and (shipped or is_installed(folder)):
                found[key] = InstalledInstrument(*key, folder, shipped)
    return tuple(sorted(found.values(), key=lambda each: (each.id, _numbers(each.version))))


_loaded: dict[tuple[Path | None, str, str], Instrument] = {}


def load_instrument(instrument_id: str, version: str) -> Instrument:
    """Return an installed instrument; read once, then the same object again.

    Raises NotFoundError where it is not installed, DataFileError where its files are wrong or
    are no longer those that were installed.
    """
    key = (data_folder(), instrument_id, version)
    if key not in _loaded:
        _loaded[key] = _read(instrument_id, version)
    return _loaded[key]


def _read(instrument_id: str, version: str) -> Instrument:
    for each in instruments():
        if (each.id, each.version) == (instrument_id, version):
            break
    else:
        raise NotFoundError(
            N_("The instrument %(id)s %(version)s is not installed here."),
            id=instrument_id,
            version=version,
        )
    if each.shipped:
        return _shipped(each.folder)
    check_installed(each.folder)
    return _checked(each.folder)


@cache
def _shipped(folder: Path) -> Instrument:
    """Read what the product brings once, however many installations are open."""
    return _checked(folder)


def _checked(folder: Path) -> Instrument:
    instrument = read_instrument_folder(folder)
    if (instrument.id, instrument.version) != (folder.parent.name, folder.name):
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
