"""House rules that a reader would otherwise have to remember."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()
CODE = [ROOT / line for line in TRACKED if line.endswith(".py") and not line.startswith("tests/")]
TEMPLATES = [ROOT / line for line in TRACKED if line.startswith("templates/")]

# word or call -> where it may stand, and why
ONLY_IN = {
    r"\bdatetime\.now\(": ("cirt/clock.py", "one clock, in UTC"),
    r"\bjson\.loads\(": (
        "cirt/strictjson.py|cirt/limited.py|cirt/cli/|cirt/documents/|docs/examples/|stix/(ids|misp|schema_validators).py",
        "what comes from outside goes through the strict reader; these read the program's own",
    ),
    r"\b(pickle|marshal|shelve)\b": ("", "never"),
    r"\byaml\.load\b": ("", "never"),
    r"\bMarkup\(": (
        "cirt/charts.py|cirt/accounts/views.py|assessments/answer_words.py",
        "only our own drawings and elements are markup; their parts are escaped",
    ),
    r"\brender_template_string\b": ("", "never"),
    r"\.commit\(\)": (
        "cirt/web.py|cirt/db.py|cirt/migrations/__init__.py",
        "one transaction a request",
    ),
    r"reportlab\.platypus import .*\bParagraph\b": ("", "its markup parser reads files"),
}


@pytest.mark.parametrize("pattern", ONLY_IN)
def test_word_stands_only_where_it_may(pattern: str) -> None:
    allowed, reason = ONLY_IN[pattern]
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in CODE
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
        and not (allowed and re.match(allowed, str(path.relative_to(ROOT))))
        and not line.lstrip().startswith("#")
    ]
    assert wrong == [], reason


@pytest.mark.parametrize(
    "pattern",
    [
        r"\|\s*safe\b",
        r"<\w[^>{]*\sstyle=",
        r"<style",
        r"<\w[^>{]*\son\w+=",
        r"javascript:",
        r"<script(?![^>]*src=)",
    ],
)
def test_templates_hold_no_hole_in_the_policy(pattern: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert wrong == []


def test_templates_are_escaped_whatever_their_name() -> None:
    assert all(path.suffix == ".html" for path in TEMPLATES), "only .html is escaped by default"


def test_files_stay_one_room() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in CODE
        if "migrations/versions" not in str(path)
        and (count := len(path.read_text().splitlines())) > 330
    }
    assert long == {}


def test_no_other_host_is_named_in_pages_and_scripts() -> None:
    files = [
        *TEMPLATES,
        *(
            ROOT / line
            for line in TRACKED
            if line.startswith("cirt/static/") and line.endswith((".css", ".js"))
        ),
    ]
    for path in files:
        for url in re.findall(r"https?://[\w.]+", path.read_text()):
            assert url in ("http://www.w3.org", "https://", "http://"), (
                f"{path.relative_to(ROOT)}: {url}"
            )
