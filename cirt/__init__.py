"""Readiness assessment of national CIRTs, and incident coordination between them."""

from pathlib import Path as _Path

_checkout = _Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file():  # a checkout, not an installed wheel
    # assessments/, incidents/, stix/, templates/ and config/ lie beside cirt/ there
    __path__.append(str(_checkout))

if __name__ != "cirt":
    raise ImportError("import this package as cirt")
