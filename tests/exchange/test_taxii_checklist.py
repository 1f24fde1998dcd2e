"""Each requirement of TAXII 2.1 on a server has a test that names its section."""

import ast
import csv
import re

from tests.conftest import ROOT

TABLE = ROOT / "tests" / "exchange" / "taxii_checklist.csv"
SECTIONS = (
    *("2", "3.1", "3.2", "3.3", "3.4", "3.4.1", "3.5", "3.6.1", "3.7"),
    *("4.1", "4.2", "4.3", "5.1", "5.2.1", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8"),
    *("7.1", "8.2.1", "8.2.2"),
)
"""The sections of the standard that say what a server must do."""


def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _tests() -> dict[str, str]:
    """Return every test, "file::name" -> its name and what it says of itself."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = f"{node.name} {ast.get_docstring(node) or ''}"
                found[f"{path.name}::{node.name}"] = words
    return found


def test_every_section_has_a_row() -> None:
    sections = [row["section"] for row in _rows()]
    assert set(SECTIONS) == {one for one in sections if one[0].isdigit()}
    assert sections == sorted(sections, key=sections.index), "those of a section stand together"
    assert {one for one in sections if not one[0].isdigit()} == {"peers", "clients"}


def test_every_row_names_tests_that_exist_and_know_their_section() -> None:
    tests, missing, silent = _tests(), [], []
    for row in _rows():
        names = row["tests"].split()
        assert names, row["requirement"]
        missing += [name for name in names if name not in tests]
        number = rf"(?<![\d.]){re.escape(row['section'])}(?![\d.]*\d)"
        spelled = f"test_{row['section'].replace('.', '_')}_"
        if row["section"][0].isdigit() and not any(
            spelled in tests.get(name, "") or re.search(number, tests.get(name, ""))
            for name in names
        ):
            silent.append((row["section"], row["requirement"]))
    assert missing == []
    assert silent == []
