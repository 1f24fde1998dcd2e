"""An answer of a moment ago is given again as it is, for a moment, and to whom it was given."""

import uuid

import flask
import pytest

from cirt.db import Database
from cirt.incidents import taxii_door, taxii_page_memory, taxii_polls
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.taxii_page_memory import Page, Ready, ReadyAnswers
from cirt.incidents.taxii_pages import PageServer
from cirt.operations import metrics
from tests import sharing
from tests.conftest import Cast
from tests.exchange.door_clock import Clock
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine

MINUTE = taxii_polls.NOTED_EVERY.total_seconds()


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which XA's machine writes."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar")
    return found


@pytest.fixture
def clock(app: flask.Flask) -> Clock:
    """The clock of the door."""
    found = Clock()
    app.wsgi_app.door.clock = found  # type: ignore[attr-defined]
    return found


@pytest.fixture
def looked_up(app: flask.Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that grows with every answer that was not ready."""
    found: list[str] = []
    server = app.wsgi_app
    assert isinstance(server, PageServer)
    look_up = server._looked_up

    def note(asked: tuple[str, ...], *more: object) -> Page | None:
        found.append(asked[1])
        return look_up(asked, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(server, "_looked_up", note)
    return found


def given_out() -> tuple[float, float]:
    """Return how many pages and how many objects were counted."""
    metrics.pages_out["objects"].count()
    pages = metrics.registry.get_sample_value("cirt_taxii_pages_total", {"resource": "objects"})
    objects = metrics.registry.get_sample_value("cirt_objects_total", {"direction": "out"})
    assert pages is not None
    assert objects is not None
    return pages, objects


def test_answer_is_ready_for_a_moment_and_counted_each_time(
    reader: Machine,
    writer: Machine,
    url: str,
    clock: Clock,
    looked_up: list[str],
    database: Database,
) -> None:
    writer.post(url, {"objects": [indicator() for _number in range(3)]})
    reader.get(url)
    reader.get(url)  # noting the first poll was a commit of its own
    del looked_up[:]
    before = given_out()
    numbers = {reader.get(url).headers["X-Request-Id"] for _time in range(4)}
    assert looked_up == []
    assert len(numbers) == 4
    assert tuple(after - earlier for after, earlier in zip(given_out(), before, strict=True)) == (
        4,
        12,
    )
    clock.seconds += taxii_door.GOOD_FOR
    reader.get(url)
    assert len(looked_up) == 1
    with database.writing() as session:  # any commit of this process
        session.connection()
    reader.get(url)
    assert len(looked_up) == 2


def test_ready_answer_is_nobody_elses(
    app: flask.Flask, reader: Machine, url: str, cast: Cast, looked_up: list[str]
) -> None:
    """Neither a stranger's nor that of who asks for another form or part."""
    for _time in range(3):
        assert reader.get(url).status_code == 200
    del looked_up[:]
    assert Machine(app, cast.tokens["XC"]).get(url).status_code == 404
    assert Machine(app, "").get(url).status_code == 401
    assert reader.get(url, headers={"Accept": "text/html"}).status_code == 406
    assert reader.get(f"{url}?limit=0").status_code == 400
    assert looked_up == ["", "", "", "limit=0"]


def test_ready_answer_ends_when_the_poll_is_to_be_noted_again(
    app: flask.Flask, reader: Machine, url: str, clock: Clock, looked_up: list[str]
) -> None:
    for _time in range(2):
        reader.get(url)
    [machine] = app.wsgi_app.machines.kept.values()  # type: ignore[attr-defined]
    clock.seconds += MINUTE - 0.01
    reader.get(url)
    del looked_up[:]
    reader.get(url)
    assert looked_up == []
    clock.seconds += 0.02
    reader.get(url)
    assert len(looked_up) == 1
    assert machine.noted_at == clock.seconds


def test_ready_answers_stay_within_their_bound() -> None:
    """All are forgotten when they are too many; what is large, or asked at length, is never kept."""
    answers = ReadyAnswers(100_000)

    def keep(number: int, body: bytes, query: str = "") -> None:
        page = Page(body, (), metrics.pages_out["objects"], 1, 0, False)
        asked = (f"/{number}", query, "", "", b"")
        answers.keep(asked, Ready(page, 1.0, 1))

    for number in range(200):
        keep(number, b"x" * 1_000)
        keep(number, b"x" * 2_000)  # in the place of the former
        bodies = sum(len(one.page.body) for one in answers.kept.values())
        assert bodies < answers.size <= answers.most
    assert 0 < len(answers.kept) < 200
    before = dict(answers.kept)
    keep(1_000, b"x" * taxii_page_memory._LARGEST_READY)
    keep(1_001, b"x", "q" * 1_000)
    assert answers.kept == before


def test_pages_by_the_short_name_are_counted_too(
    reader: Machine, circle: uuid.UUID, writer: Machine, database: Database
) -> None:
    with database.writing() as session:
        session.get_one(Collection, circle).alias = "neighbours"
    writer.post(f"/exchange/collections/{circle}/objects/", {"objects": [indicator(), indicator()]})
    pages, objects = given_out()
    for _ in range(2):
        assert (
            len(reader.get("/exchange/collections/neighbours/objects/").get_json()["objects"]) == 2
        )
    assert given_out() == (pages + 2, objects + 4)
