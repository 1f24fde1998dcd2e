"""`cirt instrument` as an operator types it, and installed instruments in a backup."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cirt import cli, migrations
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.writing import write_folder
from cirt.assessments.models import Assessment
from cirt.cli import checking
from cirt.db import Database, open_database
from cirt.settings import Settings, read_settings
from tests.backups import restore_archive, write_archive
from tests.conftest import Cast
from tests.functional.assessment_steps import answered, present, started
from tests.functional.instrument_steps import ID, changed_version

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cirt(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
    database: Database,
) -> Run:
    """Run a command in the installation of the test: exit code, what it printed, its sentence."""
    with database.engine.begin() as connection:
        migrations.stamp(connection)  # a command asks whether the tables are of this version
    monkeypatch.setenv("CIRT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CIRT_DATABASE_URL", settings.database_url)

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(["instrument", *(str(each) for each in arguments)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return run


def test_list_show_and_compare_say_what_is_installed(cirt: Run) -> None:
    code, out, _err = cirt("list")
    assert code == 0 and f"{ID:20} 2.0.0" in out
    code, out, _err = cirt("show", ID)
    assert code == 0 and "D1-Q1" in out and "45 of 45" in out
    code, out, _err = cirt("compare", ID, "1.0.0", "2.0.0")
    assert code == 0 and "D16-Q3: new" in out and "0 gone" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "none"), "not installed"),
        (("show", ID, "7.7.7"), "not installed"),
        (("compare", ID, "1.0.0", "7.7.7"), "not installed"),
        (("check", "/nowhere"), "no model.yml"),
        (("install", "/nowhere"), "no model.yml"),
        (("import", "/nowhere.xlsx"), "No such file"),
        (("upgrade", "--assessment", uuid.UUID(int=1), "--to", "2.0.0"), "no assessment"),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence(
    cirt: Run, arguments: tuple[object, ...], said: str
) -> None:
    code, _out, err = cirt(*arguments)
    assert code == 1 and said in err


def test_check_names_file_line_and_question(cirt: Run, tmp_path: Path) -> None:
    write_folder(changed_version(), tmp_path / "new")
    assert cirt("check", tmp_path / "new")[0] == 0
    path = tmp_path / "new" / "model.yml"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if line.strip() == "weight: 2")
    lines[number] = lines[number].replace("2", "heavy")
    path.write_text("\n".join(lines))
    question = next(
        line.split(":")[1].strip() for line in reversed(lines[:number]) if "- id: D" in line
    )
    code, _out, err = cirt("check", tmp_path / "new")
    assert code == 1
    assert f"{path}:{number + 1} ({question}): weight must be a whole number" in err


def test_install_keeps_the_first_content(cirt: Run, tmp_path: Path, settings: Settings) -> None:
    write_folder(changed_version(), tmp_path / "new")
    code, out, _err = cirt("install", tmp_path / "new")
    assert code == 0 and "is installed in" in out
    assert (settings.data_dir / "instruments" / ID / "1.1.0" / "ar.yml").is_file()
    assert "installed already" in cirt("install", tmp_path / "new")[1]
    one = changed_version()
    other = replace(one, title=replace(one.title, english="Another"))
    write_folder(other, tmp_path / "other")
    code, _out, err = cirt("install", tmp_path / "other")
    assert code == 1 and "another content" in err
    write_folder(replace(other, version="1.0.0"), tmp_path / "shipped")
    code, _out, err = cirt("install", tmp_path / "shipped")
    assert code == 1 and "cirt-readiness 1.0.0 is installed with another content" in err


def test_workbook_goes_out_and_comes_back_as_a_new_version(
    cirt: Run, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "one.xlsx"
    assert cirt("export", ID, "1.0.0", file)[0] == 0
    assert "already" in cirt("export", ID, "1.0.0", file)[2]
    assert "with the same content" in cirt("import", file)[1]
    book: Any = openpyxl.load_workbook(file)
    book["Instrument"].cell(4, 2).value = "1.0.1"
    book["Questions"].cell(2, 3).value = "Said otherwise?"
    book.save(file)
    assert cirt("import", file, "--to", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "model.yml").is_file()
    assert "not empty" in cirt("import", file, "--to", tmp_path / "out")[2]
    code, out, _err = cirt("import", file)
    assert code == 0 and "1 out of date" in out
    assert load_instrument(ID, "1.0.1").questions[0].text.english == "Said otherwise?"


def test_faulty_workbook_is_refused_whole_with_every_cell(
    cirt: Run, tmp_path: Path, settings: Settings
) -> None:
    file = tmp_path / "one.xlsx"
    cirt("export", ID, "1.0.0", file)
    book: Any = openpyxl.load_workbook(file)
    book["Instrument"].cell(4, 2).value = "1.0.1"
    book["Questions"].cell(2, 3).value = "=1+1"
    book["Dimensions"].merge_cells("B2:B3")
    book.save(file)
    code, _out, err = cirt("import", file)
    assert code == 1
    assert "Questions!C2: A formula" in err and "Dimensions!B2:B3: Cells are merged" in err
    assert not (settings.data_dir / "instruments").exists()


def test_wrong_version_of_a_workbook_is_refused(cirt: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.xlsx"
    cirt("export", ID, "1.0.0", file)
    book: Any = openpyxl.load_workbook(file)
    book["Questions"].cell(2, 3).value = "Said otherwise?"
    book.save(file)
    code, _out, err = cirt("import", file)
    assert code == 1 and "another content" in err and "new version" in err


def test_upgrade_tells_first_and_asks(
    cirt: Run, database: Database, cast: Cast, tmp_path: Path
) -> None:
    assessment_id = started(database, cast)
    write_folder(changed_version(), tmp_path / "new")
    cirt("install", tmp_path / "new")
    for question in ("D1-Q1", "D1-Q2"):
        answered(database, cast, assessment_id, question, "2")
    command = ("upgrade", "--assessment", assessment_id, "--to", "1.1.0")
    code, out, err = cirt(*command)
    assert code == 1 and "(D1-Q2)" in out and "Add --yes" in err
    with database.reading() as session:
        assert session.get_one(Assessment, assessment_id).instrument_version == "1.0.0"
    assert cirt(*command, "--yes")[0] == 0
    with database.reading() as session:
        assert session.get_one(Assessment, assessment_id).instrument_version == "1.1.0"
    row = present(database, assessment_id, "D1-Q1")
    assert row is not None and row.for_review and row.updated_by is None
    assert "already" in cirt(*command, "--yes")[2]


def test_backup_brings_installed_instruments_along(tmp_path: Path) -> None:
    """Answers rest on them: a restored installation without them could not show its own."""
    from cirt import migrations

    first = read_settings({}, data_dir=tmp_path / "one")
    database = open_database(first)
    migrations.upgrade(database)
    folder = first.data_dir / "instruments" / ID / "1.1.0"
    from cirt.assessments.instruments.installing import check_installed, install_folder

    write_folder(changed_version(), tmp_path / "new")
    install_folder(tmp_path / "new", folder)
    (first.data_dir / "profiles").mkdir()
    (first.data_dir / "profiles" / "mine.yml").write_text("id: mine\n")
    content = write_archive(first, database)
    second = read_settings({}, data_dir=tmp_path / "two")
    other = open_database(second)
    restore_archive(content, second, other)
    again = second.data_dir / "instruments" / ID / "1.1.0"
    check_installed(again)
    assert sorted(p.name for p in again.iterdir()) == sorted(p.name for p in folder.iterdir())
    assert (second.data_dir / "profiles" / "mine.yml").read_text() == "id: mine\n"
    database.dispose()
    other.dispose()


def test_check_names_what_is_wrong_with_instruments(
    cirt: Run, database: Database, cast: Cast, tmp_path: Path, settings: Settings
) -> None:
    """A changed file of an installed version, and one that was removed while answers exist."""

    def found() -> str | None:
        return dict(checking.problems(settings, database))["instruments"]

    write_folder(changed_version(), tmp_path / "new")
    cirt("install", tmp_path / "new")
    assessment_id = started(database, cast)
    answered(database, cast, assessment_id, "D1-Q1", "2")
    assert cirt("upgrade", "--assessment", assessment_id, "--to", "1.1.0", "--yes")[0] == 0
    assert found() is None
    folder = settings.data_dir / "instruments" / ID / "1.1.0"
    folder.rename(tmp_path / "away")
    assert "assessments rest on cirt-readiness 1.1.0" in (found() or "")
