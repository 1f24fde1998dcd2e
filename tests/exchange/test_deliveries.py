"""Who was given what: how far by TAXII, by the views and by the pages in front of them alike."""

import uuid

import flask
import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import deliveries
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.store_models import Delivery
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which XA's machine writes."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar")
    return found


def served(database: Database, circle: uuid.UUID) -> dict[uuid.UUID, int]:
    """Return how far each administration was served."""
    with database.reading() as session:
        found = deliveries.served(session, circle)
        return {key: row.served_to for key, row in found.items()}


@pytest.mark.parametrize("front", [True, False], ids=["pages", "views"])
def test_what_was_served_is_noted_and_never_goes_back(
    app: flask.Flask,
    writer: Machine,
    reader: Machine,
    url: str,
    circle: uuid.UUID,
    database: Database,
    cast: Cast,
    front: bool,
) -> None:
    """The first page and the last one are noted at once; the manifest gives no objects."""
    if not front:
        app.wsgi_app = app.wsgi_app.application  # type: ignore[method-assign, attr-defined]
    xb = cast.administrations["XB"]
    assert reader.get(url).get_json() == {}
    assert served(database, circle) == {}
    objects = [indicator() for _number in range(5)]
    assert writer.post(url, {"objects": objects}).status_code == 202
    reader.get(url.replace("objects", "manifest"))
    assert served(database, circle) == {}
    page = reader.get(f"{url}?limit=2").get_json()
    assert served(database, circle) == {xb: 2}
    # a crawl within a minute: what lies between is noted with its last page
    page = reader.get(f"{url}?limit=2&next={page['next']}").get_json()
    assert served(database, circle) == {xb: 2}
    reader.get(f"{url}?limit=2&next={page['next']}")
    assert served(database, circle) == {xb: 5}
    reader.get(f"{url}?limit=1")
    reader.get(url)
    assert served(database, circle) == {xb: 5}
    writer.post(url, {"objects": [indicator()]})
    reader.get(url)
    assert served(database, circle) == {xb: 6}
    writer.get(url)
    assert served(database, circle) == {xb: 6, cast.administrations["XA"]: 6}


def test_the_same_page_again_costs_no_statement(
    writer: Machine, reader: Machine, url: str, database: Database
) -> None:
    """Whoever polls and has everything causes no writing."""
    writer.post(url, {"objects": [indicator()]})
    reader.get(url)
    sent: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        sent.append(text)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    for _number in range(3):
        reader.get(url)
    sa.event.remove(database.engine, "before_cursor_execute", note)
    assert not [text for text in sent if "delivery" in text]


def test_deliveries_do_not_go_back_and_readings_count_once(
    database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """Another process may have served further; a report is opened first only once."""
    xb = cast.administrations["XB"]
    for seq in (7, 3, 9):
        with database.reading() as session:
            assert deliveries.note_served(session, database, xb, circle, seq, more=False)
    assert served(database, circle) == {xb: 9}
    with database.writing() as session:
        session.execute(sa.update(Delivery).values(served_to=20))
    with database.reading() as session:
        deliveries.note_served(session, database, xb, circle, 10, more=False)
    assert served(database, circle) == {xb: 20}
    for code in ("XB", "XA", "XB"):
        with database.writing() as session:
            deliveries.note_reading(session, cast.administrations[code], circle, "report--x")
    with database.reading() as session:
        found = deliveries.readings(session, circle, "report--x")
        assert [row.administration_id for row in found] == [xb, cast.administrations["XA"]]
