"""A collection under its short name: the same pages, as fast, counted alike, and no wider open."""

import uuid
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.incidents import taxii_door
from cirt.incidents.circle_models import Collection
from cirt.incidents.taxii_pages import PageServer
from cirt.operations import metrics
from tests import sharing
from tests.conftest import Cast
from tests.sharing import Machine

NAMED = "/exchange/collections/neighbours/objects/"


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB with a short name and something in it."""
    found = sharing.make_circle(database, cast, alias="neighbours")
    sharing.released(database, cast, sharing.make_incident(database, cast), found)
    return found


@pytest.fixture
def server(app: flask.Flask) -> PageServer:
    """The application in front of the application."""
    found = app.wsgi_app
    assert isinstance(found, PageServer)
    return found


def rename(database: Database, circle: uuid.UUID, alias: str | None) -> None:
    """Give a circle another short name."""
    with database.writing() as session:
        session.get_one(Collection, circle).alias = alias


def test_it_is_answered_as_by_id_and_counted(
    server: PageServer, reader: Machine, circle: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_id = reader.get(f"/exchange/collections/{circle}/objects/")
    views = server.application
    monkeypatch.setattr(server, "application", _nobody)
    metrics.pages_out["objects"].count()
    before = metrics.registry.get_sample_value("cirt_taxii_pages_total", {"resource": "objects"})
    assert before is not None
    for _ in range(2):
        assert reader.get(NAMED).get_data() == by_id.get_data()
    metrics.pages_out["objects"].count()
    after = metrics.registry.get_sample_value("cirt_taxii_pages_total", {"resource": "objects"})
    assert after == before + 2
    monkeypatch.setattr(server, "application", views)
    assert reader.get(NAMED.replace("neighbours", "strangers")).status_code == 404


def test_a_name_that_moves_on_is_followed_and_opens_nothing(
    server: PageServer,
    app: flask.Flask,
    circle: uuid.UUID,
    database: Database,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, stranger = (Machine(app, cast.tokens[code]) for code in ("XB", "XC"))
    assert b"report--" in reader.get(NAMED).get_data()
    assert stranger.get(NAMED).status_code == 404
    other = sharing.make_circle(database, cast, title="Others")
    rename(database, circle, None)
    assert reader.get(NAMED).status_code == 404
    rename(database, other, "neighbours")
    assert reader.get(NAMED).get_json(force=True) == {}
    # as another process would: nobody tells this one
    generation = server.database.generation
    rename(database, other, None)
    rename(database, circle, "neighbours")
    server.database.generation = generation
    later = server.door.clock() + 2 * taxii_door.GOOD_FOR
    monkeypatch.setattr(server.door, "clock", lambda: later)
    assert b"report--" in reader.get(NAMED).get_data()


def _nobody(*_arguments: Any) -> Any:
    raise AssertionError("this page should not have been left to the views")
