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
    from cirt.assessments import (
        access_views,
        agenda_views,
        document_views,
        evidence_views,
        history_views,
        life_views,
        participant_views,
        preparation_views,
        question_views,
        remark_views,
        results_views,
        rights,
        table_views,
        views,
    )
    from cirt.assessments.api import operations as api_operations
    from cirt.assessments.design import views as design_views
    from cirt.assessments.findings import views as finding_views
    from cirt.assessments.home import capability_questions, home_part
    from cirt.assessments.instruments import provision_views, upgrade_views
    from cirt.assessments.instruments.views import blueprint as instrument_pages
    from cirt.assessments.pages import blueprint
    from cirt.assessments.plan import views as plan_views
    from cirt.assessments.report import text_views as report_text_views
    from cirt.assessments.report import views as report_views
    from cirt.assessments.rounds import carry_over_views, workbook_views
    from cirt.assessments.rounds import views as round_views

    life = (views, life_views, access_views)
    answering = (evidence_views, history_views, question_views, remark_views, table_views)
    preparing = (preparation_views, participant_views, document_views, agenda_views)
    assert rights and life and answering and preparing and results_views  # noqa: S101 - imported for what they register
    assert design_views and finding_views and plan_views  # noqa: S101 - imported for what they register
    assert report_views and report_text_views  # noqa: S101 - imported for what they register
    assert round_views and carry_over_views and workbook_views  # noqa: S101 - imported for what they register
    assert api_operations  # noqa: S101 - imported for what they register
    assert provision_views and upgrade_views  # noqa: S101 - imported for what they register
    app.register_blueprint(blueprint)
    app.register_blueprint(instrument_pages)
    app.extensions["cirt_capability_questions"] = capability_questions
    home.append(home_part)
