"""Every page in English on the dark ground: accessible, no wider than a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.crawl import faults_everywhere, routes


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_every_page_is_accessible_in_english_on_the_dark_ground(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    _found, wrong = faults_everywhere(visit, routes(tmp_path), "en", "dark")
    assert not wrong, "\n".join(wrong)
