"""The incident half: cases, observables, circles, release, the object store and TAXII."""

from typing import TYPE_CHECKING

if __name__ != "cirt.incidents":
    raise ImportError("import this package as cirt.incidents")

if TYPE_CHECKING:
    import flask

    from cirt.homepart import MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach this half's rights, pages and start-page panel to the application."""
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import (
        case_pages,
        case_views,
        exchange,
        export_views,
        impact_views,
        import_views,
        misp_import,
        observable_views,
        rights,
        tally_views,
        task_views,
    )
    from cirt.incidents.home import home_part

    # imported for what they register: rows of rights, pages, the handler of a job
    assert rights and misp_import  # noqa: S101 - see above
    assert case_views and observable_views and export_views and import_views and tally_views  # noqa: S101 - the same
    assert impact_views and task_views  # noqa: S101 - the same
    app.register_blueprint(case_pages.blueprint)
    case_pages.add_words(app)
    navigation.add_entry("incidents.index", N_("Incidents"), action="incident.list", order=20)
    home.append(home_part)
    exchange.register(app, home)
