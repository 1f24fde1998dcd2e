"""The documentation names every setting, command and right; links in it lead somewhere."""

import argparse
import re
from pathlib import Path

import pytest

from cirt import access
from cirt.app import create_app
from cirt.cli import parser
from cirt.setting_rows import ROWS
from cirt.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_setting_is_documented(row: object) -> None:
    assert f"`{vars(row)['name']}`" in (ROOT / "docs" / "operator.md").read_text()


def test_no_documented_setting_is_unknown() -> None:
    known = {row.name for row in ROWS} | {"CIRT_REAL_DATA"}
    for page in PAGES:
        for name in re.findall(r"\bCIRT_[A-Z_]+[A-Z]\b", page.read_text()):
            assert name in known or name.removesuffix("_FILE") in known, f"{page.name}: {name}"


def _commands(top: argparse.ArgumentParser, words: str = "cirt") -> list[str]:
    found = []
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                below = _commands(command, f"{words} {name}")
                found += below or [f"{words} {name}"]
    return found


@pytest.mark.parametrize("command", _commands(parser()))
def test_every_command_is_documented(command: str) -> None:
    assert command in (ROOT / "docs" / "operator.md").read_text()


def test_every_right_is_documented(tmp_path: Path) -> None:
    create_app(read_settings({}, data_dir=tmp_path)).extensions["cirt"].database.dispose()
    text = (ROOT / "docs" / "rights.md").read_text()
    for row in access.rights():
        lines = [line for line in text.splitlines() if f"`{row.action}`" in line]
        assert lines, row.action
        for role in row.roles:
            assert any(role.value in line for line in lines), f"{row.action}: {role}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
