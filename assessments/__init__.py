"""The readiness half: instruments, scoring, assessments and their reports."""

from typing import TYPE_CHECKING

if __name__ != "cirt.assessments":
    raise ImportError("import this package as cirt.assessments")

if TYPE_CHECKING:
    import flask

    from cirt.homepart import MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach this half's rights, pages and start-page panel to the application."""
    # the views need the web and the tables; pure rules of this half must stay importable without
    from cirt.assessments import evidence_views, question_views, results_views, rights, views
    from cirt.assessments.home import capability_questions, home_part
    from cirt.assessments.pages import blueprint

    assert rights and views and question_views and evidence_views and results_views  # noqa: S101 - imported for what they register
    app.register_blueprint(blueprint)
    app.extensions["cirt_capability_questions"] = capability_questions
    home.append(home_part)
