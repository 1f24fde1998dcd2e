"""Each threat that others met has a test here that names it, or a word why sharing has none of it."""

import ast
import csv
import re
from collections import defaultdict

from tests.conftest import ROOT

TABLE = ROOT / "tests" / "contracts" / "threats.csv"
THREATS = [
    f"T-{number:02d}"
    for first, last in ((1, 17), (30, 45), (50, 56), (60, 74))
    for number in range(first, last + 1)
]
ACCOUNTS = {f"T-{number}" for number in range(20, 27)}
"""Of signing in: theirs are the tests of accounts."""

_NAMED = re.compile(r"(?<![A-Za-z0-9-])T-(\d\d)(?!\d)|_T(\d\d)(?=_|\b)|test_T(\d\d)_")


def _rows() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["threat"]: row for row in csv.DictReader(file)}


def _tests() -> dict[str, set[str]]:
    """Return every test, "file::name" -> the threats that its name, its or its module's words name."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        above = _threats(ast.get_docstring(tree) or "")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                own = _threats(f"{node.name}\n{ast.get_docstring(node) or ''}")
                found[f"{path.name}::{node.name}"] = own | above
    return found


def _threats(text: str) -> set[str]:
    return {f"T-{next(filter(None, groups))}" for groups in _NAMED.findall(text)}


def test_every_threat_has_a_row_and_every_row_a_test_or_a_reason() -> None:
    rows = _rows()
    assert list(rows) == THREATS
    for threat, row in rows.items():
        assert (row["sharing"], bool(row["tests"]), bool(row["why"])) in {
            ("yes", True, False),
            ("no", False, True),
        }, threat


def test_the_tests_of_the_table_exist_and_name_their_threat() -> None:
    tests = _tests()
    missing = defaultdict(list)
    for threat, row in _rows().items():
        for name in row["tests"].split():
            if threat not in tests.get(name, set()):
                missing[threat].append(name)
    assert dict(missing) == {}


def test_no_test_names_a_threat_that_nobody_knows() -> None:
    known = {*THREATS, *ACCOUNTS}
    assert {name: sorted(own - known) for name, own in _tests().items() if own - known} == {}
