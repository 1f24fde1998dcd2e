"""The readiness half: instruments, scoring, assessments and their reports."""

from typing import TYPE_CHECKING

if __name__ != "cirt.assessments":
    raise ImportError("import this package as cirt.assessments")

if TYPE_CHECKING:
    import flask

    from cirt.homepart import MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach this half's rights, pages and start-page panel to the application."""
