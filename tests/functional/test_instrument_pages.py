"""Pages of the instruments: who may read them, what they show, what they refuse."""

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.workbook_reading import read_workbook
from cirt.settings import Settings
from tests.conftest import Browser
from tests.functional.assessment_steps import page
from tests.functional.instrument_steps import ID, changed_version, installed

TWO = f"/instruments/{ID}/2.0.0"
PAGES = [
    "/instruments/",
    TWO,
    f"{TWO}/questions/D1-Q1",
    f"{TWO}/languages",
    f"{TWO}/coverage",
    f"{TWO}/workbook",
    f"/instruments/{ID}/compare",
    "/instruments/provisions",
    "/instruments/provisions/R45-KGL22-res-1",
]


@pytest.mark.parametrize("url", PAGES)
def test_focal_points_assessors_and_administrators_read_instruments(
    browser: Callable[[str | None], Browser], url: str
) -> None:
    for name in ("farid", "amina", "root"):
        assert browser(name).get(url).status_code == 200
    assert browser("nadia").get(url).status_code == 403
    assert browser(None).get(url).status_code == 302
    assert browser("farid").post(url).status_code == 405


@pytest.mark.parametrize(
    "url",
    [
        f"/instruments/{ID}/9.9.9",
        "/instruments/none/1.0.0",
        f"{TWO}/questions/Z9-Q9",
        f"/instruments/{ID}/9.9.9/coverage",
        f"/instruments/{ID}/9.9.9/workbook",
        "/instruments/none/compare",
        f"/instruments/{ID}/compare?before=0.1.0",
        "/instruments/../../etc/1.0.0",
        "/instruments/provisions/none",
    ],
)
def test_what_is_not_installed_is_not_found(
    browser: Callable[[str | None], Browser], url: str
) -> None:
    assert browser("farid").get(url).status_code == 404


def test_menu_leads_to_the_instruments(browser: Callable[[str | None], Browser]) -> None:
    assert 'href="/instruments/"' in page(browser("farid").get("/"))
    assert 'href="/instruments/"' not in page(browser("nadia").get("/"))


def test_list_shows_each_version_and_where_it_comes_from(
    browser: Callable[[str | None], Browser], settings: Settings, tmp_path: Path
) -> None:
    installed(settings.data_dir, changed_version(), tmp_path / "new")
    shown = page(browser("farid").get("/instruments/"))
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        assert f"/instruments/{ID}/{version}" in shown
    assert "installed here" in shown


def test_broken_installed_version_is_listed_with_its_fault(
    browser: Callable[[str | None], Browser], settings: Settings, tmp_path: Path
) -> None:
    installed(settings.data_dir, changed_version("1.2.0"), tmp_path / "new")
    path = settings.data_dir / "instruments" / ID / "1.2.0" / "model.yml"
    path.write_text(path.read_text() + "# more\n")
    answer = browser("farid").get("/instruments/")
    assert answer.status_code == 200
    assert "not as it was installed" in page(answer)


def test_question_shows_levels_steps_and_where_it_stands(
    browser: Callable[[str | None], Browser],
) -> None:
    question = load_instrument(ID, "2.0.0").question("D1-Q1")
    shown = page(browser("farid").get(f"{TWO}/questions/D1-Q1"))
    for text in (*question.levels, *(step.text for step in question.steps), *question.evidence):
        assert str(text).replace("'", "&#39;").replace('"', "&#34;") in shown
    for item in (*question.crosswalk.sim3, *question.crosswalk.un_64_211):
        assert item in shown
    assert "Theme, not verified" in shown


def test_question_is_shown_in_arabic(browser: Callable[[str | None], Browser]) -> None:
    question = load_instrument(ID, "2.0.0").question("D1-Q1")
    shown = page(browser("farid").get(f"{TWO}/questions/D1-Q1?lang=ar"))
    assert question.text.in_language("ar").text in shown
    assert 'dir="rtl"' in shown


def test_comparison_shows_words_that_were_and_are(
    browser: Callable[[str | None], Browser], settings: Settings, tmp_path: Path
) -> None:
    installed(settings.data_dir, changed_version(), tmp_path / "new")
    shown = page(
        browser("farid").get(
            f"/instruments/{ID}/compare", query_string={"before": "1.0.0", "after": "1.1.0"}
        )
    )
    assert "On what does the mandate rest today?" in shown
    assert "changes the meaning" in shown
    assert "D2-Q9" in shown and "D1-Q2" in shown


def test_coverage_counts_are_shown(browser: Callable[[str | None], Browser]) -> None:
    shown = page(browser("farid").get(f"{TWO}/coverage"))
    assert "18 of 18" in shown and "45 of 45" in shown
    assert "Themes of resolutions, not yet verified" in shown
    assert 'href="questions/D1-Q1"' in shown


def test_workbook_holds_the_instrument_and_runs_from_the_right_in_arabic(
    browser: Callable[[str | None], Browser],
) -> None:
    one = load_instrument(ID, "1.0.0")
    answer = browser("farid").get(f"/instruments/{ID}/1.0.0/workbook?lang=ar")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={ID}-1.0.0.xlsx"
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    assert book["Questions"].freeze_panes == "B2"
    assert read_workbook(answer.data).questions == one.questions
