"""The incident half: cases, observables, circles, release, the object store and TAXII."""

from typing import TYPE_CHECKING

if __name__ != "cirt.incidents":
    raise ImportError("import this package as cirt.incidents")

if TYPE_CHECKING:
    import flask

    from cirt.homepart import MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach this half's rights, pages and start-page panel to the application."""
