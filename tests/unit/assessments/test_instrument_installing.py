"""Instruments of the data folder: installed whole, never overwritten, each installation its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cirt.assessments.instruments import (
    InstalledInstrument,
    Instrument,
    instruments,
    latest_instrument,
    load_instrument,
    places,
    read_instrument_folder,
)
from cirt.assessments.instruments.installing import DIGESTS, install_folder
from cirt.assessments.instruments.writing import instrument_files, write_folder
from cirt.errors import ConflictError, DataFileError, NotFoundError

ID = "cirt-readiness"


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path) -> Iterator[None]:
    kept, asked = list(places._of_process), list(places._questions)
    places._questions[:] = []
    places.use_data_folder(tmp_path)
    yield
    places._of_process[:], places._questions[:] = kept, asked


def version(number: str, title: str = "Another title") -> Instrument:
    one = load_instrument(ID, "1.0.0")
    return replace(one, version=number, title=replace(one.title, english=title))


def source(folder: Path, instrument: Instrument) -> Path:
    write_folder(instrument, folder)
    return folder


def install(data: Path, instrument: Instrument, folder: Path) -> bool:
    target = data / "instruments" / instrument.id / instrument.version
    return install_folder(source(folder, instrument), target)


@pytest.mark.parametrize("each", [e for e in instruments() if e.shipped], ids=str)
def test_written_folder_reads_the_same(each: InstalledInstrument, tmp_path: Path) -> None:
    instrument = load_instrument(each.id, each.version)
    again = read_instrument_folder(source(tmp_path / "new", instrument))
    assert replace(again, digest="", warnings=()) == replace(instrument, digest="", warnings=())
    assert instrument_files(again) == instrument_files(instrument)


def test_installed_version_is_found_beside_those_of_the_product(tmp_path: Path) -> None:
    assert install(tmp_path, version("9.0.0"), tmp_path / "new")
    found = {(each.id, each.version): each.shipped for each in instruments()}
    assert found[ID, "9.0.0"] is False and found[ID, "1.0.0"] is True
    assert latest_instrument(ID).title.english == "Another title"
    assert load_instrument(ID, "9.0.0") is load_instrument(ID, "9.0.0")


def test_same_content_again_is_no_change_and_another_is_refused(tmp_path: Path) -> None:
    install(tmp_path, version("9.0.0"), tmp_path / "new")
    assert not install(tmp_path, version("9.0.0"), tmp_path / "same")
    with pytest.raises(ConflictError, match=r"another content \(model.yml"):
        install(tmp_path, version("9.0.0", "A third title"), tmp_path / "other")
    assert load_instrument(ID, "9.0.0").title.english == "Another title"


def test_folder_without_digests_does_not_count(tmp_path: Path) -> None:
    source(tmp_path / "instruments" / ID / "9.0.0", version("9.0.0"))
    assert (ID, "9.0.0") not in [(each.id, each.version) for each in instruments()]
    with pytest.raises(NotFoundError):
        load_instrument(ID, "9.0.0")
    with pytest.raises(ConflictError, match="not installed by this program"):
        install(tmp_path, version("9.0.0"), tmp_path / "new")


@pytest.mark.parametrize("name", ["model.yml", "ar.yml", "fr.yml", DIGESTS])
def test_changed_file_of_an_installed_version_is_refused_by_name(tmp_path: Path, name: str) -> None:
    install(tmp_path, version("9.0.0"), tmp_path / "new")
    path = tmp_path / "instruments" / ID / "9.0.0" / name
    path.write_text((path.read_text() if path.exists() else "") + "# more\n")
    with pytest.raises(DataFileError) as refusal:
        load_instrument(ID, "9.0.0")
    assert name in str(refusal.value)


def test_version_of_the_product_cannot_be_replaced(tmp_path: Path) -> None:
    install(tmp_path, version("1.0.0"), tmp_path / "new")
    assert load_instrument(ID, "1.0.0").title.english != "Another title"


def test_each_installation_sees_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        install(tmp_path / name, version("9.0.0", f"Title {name}"), tmp_path / f"new-{name}")
    for name in ("one", "two", "one"):
        places.use_data_folder(tmp_path / name)
        assert load_instrument(ID, "9.0.0").title.english == f"Title {name}"
    places.use_data_folder(None)
    with pytest.raises(NotFoundError):
        load_instrument(ID, "9.0.0")
    places.ask_for_data_folder(lambda: tmp_path / "two")
    assert load_instrument(ID, "9.0.0").title.english == "Title two"


def test_removed_version_is_missed_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"cirt-readiness 9\.9\.9"):
        load_instrument(ID, "9.9.9")
