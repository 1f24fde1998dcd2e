"""What the door said is good for a moment: changes of this process count at once, others' after it.

TAXII-2.1-3.5: whatever is kept, who asks page after page loses nothing.
"""

import json
import uuid
from datetime import timedelta

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import ApiToken
from cirt.clock import now
from cirt.db import Database
from cirt.incidents import feed, taxii_door, taxii_machines
from cirt.incidents.circle_models import CircleMember, MachineWriting
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.incidents.taxii_pages import PageServer
from cirt.settings import Settings
from tests import sharing
from tests.conftest import Cast
from tests.exchange.door_clock import Clock
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which XA's machine writes."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar")
    return found


@pytest.fixture
def server(app: flask.Flask) -> PageServer:
    """The application in front of the application, by a clock of the tests."""
    found = app.wsgi_app
    assert isinstance(found, PageServer)
    found.door.clock = Clock()
    return found


@pytest.fixture
def other_process(database_url: str) -> Database:
    """The same database as another worker has it open."""
    return Database(database_url)


def pass_time(server: PageServer, seconds: float) -> None:
    """Let the door's clock go on."""
    server.door.clock.seconds += seconds  # type: ignore[attr-defined]


def questions(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every statement of the page server's own."""
    asked: list[str] = []
    rows = server.door.asking.rows

    def note(statement: object, *arguments: object, **more: object) -> object:
        asked.append("door" if statement is server.door.statement else "page")
        return rows(statement, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(server.door.asking, "rows", note)
    return asked


def ids(answer: object) -> list[str]:
    """Return the ids of a page."""
    return [one["id"] for one in json.loads(answer.get_data()).get("objects", [])]  # type: ignore[attr-defined]


def test_generation_rises_with_commits_and_with_nothing_else(database: Database) -> None:
    before = database.generation
    with database.reading() as session:
        session.execute(sa.select(ApiToken))
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        session.execute(sa.update(ApiToken).values(label="x"))
        raise ZeroDivisionError
    assert database.generation == before
    with database.writing() as session:
        session.execute(sa.update(ApiToken).values(label="x"))
        assert database.generation == before
    assert database.generation == before + 1


def test_door_is_asked_once_in_a_moment(
    reader: Machine,
    writer: Machine,
    url: str,
    server: PageServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One statement a moment for each machine and collection; none for a page in memory."""
    writer.post(url, {"objects": [indicator() for _number in range(3)]})
    reader.get(url)
    pass_time(server, 1)
    asked = questions(server, monkeypatch)
    for _number in range(5):
        assert len(ids(reader.get(url))) == 3
    assert asked == ["door"]
    pass_time(server, taxii_door.GOOD_FOR - 0.001)
    reader.get(url)
    assert asked == ["door"]
    pass_time(server, 0.002)
    reader.get(url)
    assert asked == ["door", "door"]
    reader.get(f"{url}?limit=1")
    assert asked == ["door", "door", "page"]
    # the clock of the day plays no part: neither forward nor back
    assert server.door.clock() == pytest.approx(1_001.101)  # type: ignore[no-untyped-call]


def test_changes_of_this_process_are_seen_at_once(
    reader: Machine, writer: Machine, url: str, circle: uuid.UUID, database: Database, cast: Cast
) -> None:
    """Added, withdrawn, erased, left, come back, revoked: the very next question knows."""
    objects = [indicator() for _number in range(3)]
    assert ids(reader.get(url)) == []
    for count, one in enumerate(objects, start=1):
        writer.post(url, {"objects": [one]})
        assert len(ids(reader.get(url))) == count
    with database.writing() as session:
        feed.withdraw(session, circle, [_version(session, objects[0]["id"]).id])
    assert ids(reader.get(url)) == [one["id"] for one in objects[1:]]
    with database.writing() as session:
        feed.erase(session, [_version(session, objects[1]["id"])])
    assert ids(reader.get(url)) == [objects[2]["id"]]
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    assert reader.get(url).status_code == 403
    sharing.set_member(database, cast, circle, "XB", reads=True, contributes=True)
    assert ids(reader.get(url)) == [objects[2]["id"]]
    with database.writing() as session:
        token_id = session.scalars(
            sa.select(ApiToken.id).where(ApiToken.administration_id == cast.administrations["XB"])
        ).one()
        tokens.revoke_token(session, cast.actors["root"], token_id)
    assert reader.get(url).status_code == 401


def _version(session: object, stix_id: str) -> ObjectVersion:
    query = sa.select(ObjectVersion).where(ObjectVersion.stix_id == stix_id)
    found: ObjectVersion = session.scalars(query).one()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("change", ["revoke", "leave", "erase"])
def test_changes_of_another_process_are_seen_after_the_moment(
    reader: Machine,
    writer: Machine,
    url: str,
    server: PageServer,
    other_process: Database,
    change: str,
) -> None:
    """And a refusal is never kept: who is let in again is let in at once."""
    writer.post(url, {"objects": [indicator()]})
    before = reader.get(url)
    assert len(ids(before)) == 1
    pass_time(server, 1)
    reader.get(url)
    with other_process.writing() as session:
        if change == "revoke":
            session.execute(sa.update(ApiToken).values(revoked_at=now()))
        elif change == "leave":
            session.execute(sa.update(CircleMember).values(may_read=False))
        else:
            [version] = session.scalars(
                sa.select(ObjectVersion).join(
                    FeedEntry, FeedEntry.object_version_id == ObjectVersion.id
                )
            ).unique()
            feed.erase(session, [version])
    pass_time(server, taxii_door.GOOD_FOR + 0.001)
    after = reader.get(url)
    expected = {"revoke": 401, "leave": 403, "erase": 200}[change]
    assert (after.status_code, ids(after)) == (expected, [])
    if change == "leave":
        with other_process.writing() as session:
            session.execute(sa.update(CircleMember).values(may_read=True))
        assert len(ids(reader.get(url))) == 1
    other_process.dispose()


def test_pollers_of_two_workers_in_turn_miss_nothing(
    app: flask.Flask,
    reader: Machine,
    writer: Machine,
    url: str,
    server: PageServer,
    settings: Settings,
    cast: Cast,
) -> None:
    """A cursor from the other worker may lie beyond what this one knows: an empty page, no hole."""
    from cirt.app import create_app

    other = create_app(settings)
    elsewhere = Machine(other, cast.tokens["XA"])
    writer.post(url, {"objects": [indicator() for _number in range(2)]})
    first = reader.get(url)
    path = f"{url}?limit=2&added_after={first.headers['X-TAXII-Date-Added-Last']}"
    pass_time(server, 1)
    other_reader = Machine(other, cast.tokens["XB"])
    seen: list[str] = []
    brought: list[str] = []
    for round_ in range(4):
        reader.get(f"{url}?limit=1")  # so that this worker's door has said something
        objects = [indicator() for _number in range(3)]
        brought += [one["id"] for one in objects]
        assert elsewhere.post(url, {"objects": objects}).status_code == 202
        # one page from the worker that knows, the next from the one that does not yet
        for machine in (other_reader, reader, reader):
            last = machine.get(path)
            seen += ids(last)
            date = last.headers.get("X-TAXII-Date-Added-Last")
            if date is not None:
                path = f"{url}?limit=2&added_after={date}"
        if round_ % 2:
            pass_time(server, 1)
    pass_time(server, 1)
    while found := reader.get(path):
        seen += ids(found)
        if not ids(found):
            break
        path = f"{url}?limit=2&added_after={found.headers['X-TAXII-Date-Added-Last']}"
    assert seen == brought
    other.extensions["cirt"].database.dispose()


def test_token_is_good_no_longer_than_it_holds(
    reader: Machine,
    url: str,
    server: PageServer,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the door says ends with the token, if that is sooner than the moment."""
    monkeypatch.setattr(taxii_door, "GOOD_FOR", 3_600)
    with database.writing() as session:
        session.execute(sa.update(ApiToken).values(expires_at=now() + timedelta(seconds=60)))
    for _twice in range(2):  # noting the first poll is a commit of its own
        assert reader.get(url).status_code == 200
    [machine] = server.machines.kept.values()
    assert machine.said is not None
    assert 1_000 < machine.said.until <= 1_060


def test_machines_remembered_are_bounded_and_refusals_are_none_of_them(
    reader: Machine,
    url: str,
    server: PageServer,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    cast: Cast,
) -> None:
    monkeypatch.setattr(taxii_machines, "KEPT", 3)
    for _number in range(6):
        circle = sharing.make_circle(database, cast)
        assert reader.get(f"/exchange/collections/{circle}/objects/").status_code == 200
        assert reader.get(f"/exchange/collections/{uuid.uuid4()}/objects/").status_code == 404
    assert len(server.machines.kept) == 3
    assert all(machine.said is not None for machine in server.machines.kept.values())
