"""Languages: direction, plurals, complete catalogues, isolated codes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from babel.support import Translations

from tests import strings
from tests.conftest import Browser


def test_catalogues_are_complete_and_compiled() -> None:
    assert strings.problems() == []


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (10, 3),
        (11, 4),
        (27, 4),
        (99, 4),
        (100, 5),
        (102, 5),
        (111, 4),
    ],
)
def test_arabic_plural_forms_are_the_usual_ones(number: int, form: int) -> None:
    folder = Path(strings.FOLDER)
    catalogue = Translations.load(str(folder), ["ar"])
    assert catalogue.plural(number) == form  # type: ignore[attr-defined]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_page_direction_follows_the_language(
    browser: Callable[[str | None], Browser], language: str, direction: str
) -> None:
    page = browser(None).get(f"/help?lang={language}").get_data(as_text=True)
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert f"app.{direction}.css" in page


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("ar-EG,ar;q=0.9", "ar"), ("de,*;q=0.1", "en"), ("fr", "en"), ("", "en"), ("zh-CN", "en")],
)
def test_browser_s_language_is_followed_where_it_is_offered(
    browser: Callable[[str | None], Browser], accepted: str, language: str
) -> None:
    page = browser(None).client.get("/help", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in page.get_data(as_text=True)


def test_tlp_labels_are_never_translated(browser: Callable[[str | None], Browser]) -> None:
    page = browser(None).get("/help?lang=ar").get_data(as_text=True)
    for label in ("TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"):
        assert label in page
