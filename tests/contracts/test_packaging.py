"""The arrangement of the folders: our `stix` never hides PyPI's, and nothing is missing from the wheel."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_stix_folder_stays_no_package() -> None:
    assert not (ROOT / "stix" / "__init__.py").exists()


def test_misp_stix_imports_from_the_root_with_pypi_s_stix() -> None:
    code = "import misp_stix_converter, stix; print(stix.__file__)"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in found.stdout


@pytest.mark.parametrize("name", ["assessments", "incidents"])
def test_halves_refuse_a_second_name(name: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"import {name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"import this package as cirt.{name}" in found.stderr


def test_packages_are_the_folders() -> None:
    listed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    folders = {"cirt.stix", "cirt.templates", "cirt.config"}
    for base, name in (
        ("cirt", "cirt"),
        ("assessments", "cirt.assessments"),
        ("incidents", "cirt.incidents"),
    ):
        for path in (ROOT / base).rglob("__init__.py"):
            inside = path.parent.relative_to(ROOT / base).parts
            folders.add(".".join((name, *inside)))
    assert listed == folders
    assert not list((ROOT / "stix").rglob("__init__.py"))
    assert {path.name for path in (ROOT / "stix").iterdir() if path.is_dir()} <= {
        "schemas",
        "data",
        "__pycache__",
    }


def test_top_level_folders_are_the_agreed_ones() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    folders = {line.split("/")[0] for line in tracked if "/" in line and not line.startswith(".")}
    agreed = {"cirt", "assessments", "incidents", "stix", "templates", "config", "tests", "docs"}
    assert folders <= agreed


def test_requirements_are_exact_and_hashed() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in line for line in pinned), name
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text


def test_floors_of_versions_with_known_holes_hold() -> None:
    """Versions below these have published vulnerabilities that touch this product."""
    from importlib.metadata import version

    from cirt import sqlite_engine

    floors = {
        "flask": (3, 1, 3),
        "werkzeug": (3, 1, 4),
        "misp-stix": (2026, 9, 8),
        "reportlab": (5, 1),
    }
    for name, floor in floors.items():
        found = tuple(int(part) for part in version(name).split(".")[: len(floor)])
        assert found >= floor, name
    assert sqlite_engine.version() >= sqlite_engine.FLOOR
