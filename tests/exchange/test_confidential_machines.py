"""A member of a confidential circle asks a machine's every question, and learns nothing of others.

Two worlds differ in the other members only: who they are, what they have waiting, what they asked
and were given. Every answer is the same to the byte, and so is the list of SQL statements (T-70).
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import Administration
from cirt.db import Database
from cirt.incidents.circle_models import CircleMember, Collection, MachineWriting, Membership
from cirt.incidents.feed_statements import Asking, Statement
from cirt.incidents.store_models import (
    Delivery,
    FeedEntry,
    ObjectVersion,
    Submission,
    TaxiiPoll,
    TaxiiStatus,
)
from cirt.incidents.taxii_pages import PageServer
from cirt.settings import Settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine

CHANGING = {"X-Request-Id", "Date"}


@dataclass
class Way:
    """The attacker XA, the others, and a circle whose members do not know of each other."""

    app: flask.Flask
    database: Database
    cast: Cast
    circle: uuid.UUID
    machines: dict[str, Machine]

    @property
    def url(self) -> str:
        """Return where the circle's collection is."""
        return f"/exchange/collections/{self.circle}"


@pytest.fixture
def writing() -> MachineWriting:
    """How machines write into the circle, unless a test says otherwise."""
    return MachineWriting.DIRECT


@pytest.fixture
def way(
    writing: MachineWriting,
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
) -> Way:
    """XA to XF are members, with content of XB; XG and XH are not."""
    sharing.add_administrations(database, cast, "XD XE XF XG XH")
    circle = sharing.make_circle(
        database,
        cast,
        "XA XB XC XD XE XF",
        title="Quiet",
        alias="quiet",
        writing=MachineWriting.DIRECT,
        membership=Membership.CONFIDENTIAL,
    )
    for person in ("omar", "boris", "chen"):
        sharing.give_standing_approval(database, cast, circle, person, TLP.AMBER)
    machines = {code: Machine(app, cast.tokens[code]) for code in ("XA", "XB", "XC")}
    for code in ("XD", "XG"):
        with database.writing() as session:
            _row, text = tokens.make_token(
                session,
                None,
                administration=session.get_one(Administration, cast.administrations[code]),
                label="m",
                scopes=sorted(tokens.SCOPES),
                days=9,
                settings=settings,
            )
        machines[code] = Machine(app, text)
    found = Way(app, database, cast, circle, machines)
    for _number in range(3):
        answer = machines["XB"].post(f"{found.url}/objects/", {"objects": [indicator(), address()]})
        assert answer.get_json(force=True)["success_count"] == 2
    answer = machines["XA"].post(f"{found.url}/objects/", {"objects": [indicator()]})
    assert answer.get_json(force=True)["success_count"] == 1
    with database.writing() as session:
        session.get_one(Collection, circle).machine_writing = writing.value
    return found


def address() -> dict[str, Any]:
    """Return an address with an id of its own."""
    return {
        "type": "ipv4-addr",
        "spec_version": "2.1",
        "id": f"ipv4-addr--{uuid.uuid4()}",
        "value": "192.0.2.9",
        "object_marking_refs": [TLP.GREEN.marking_id],
    }


def change_the_others(way: Way) -> None:
    """Make the other world: XG for XB, XH for XC; what XB brought is XG's; questions, deliveries."""
    ids = way.cast.administrations
    with way.database.writing() as session:
        for before, after in (("XB", "XG"), ("XC", "XH")):
            session.execute(
                sa.update(CircleMember)
                .where(
                    CircleMember.collection_id == way.circle,
                    CircleMember.administration_id == ids[before],
                )
                .values(administration_id=ids[after])
            )
        sharing.change_owner(session, ids["XG"], owner_id=ids["XB"])
        session.add(
            CircleMember(collection_id=way.circle, administration_id=ids["XC"], may_read=True)
        )
    for code in ("XG", "XD"):
        for path in ("/objects/", "/manifest/", "/objects/?limit=2", "/objects/?limit=1"):
            assert way.machines[code].get(way.url + path).status_code == 200


@contextmanager
def listening(database: Database) -> Iterator[list[str]]:
    """Give the SQL that is sent, without its values; the page server's own statements, too."""
    sent: list[str] = []
    rows = Asking.rows

    def noted(asking: Asking, statement: Statement, *values: Any, **more: Any) -> Any:
        sent.append(statement.sql)
        return rows(asking, statement, *values, **more)

    def note(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        sent.append(text)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    Asking.rows = noted  # type: ignore[assignment, method-assign]
    yield sent
    Asking.rows = rows  # type: ignore[method-assign]
    sa.event.remove(database.engine, "before_cursor_execute", note)


def forget_own_questions(way: Way) -> None:
    """Take back what the attacker's own earlier questions left behind."""
    server = way.app.wsgi_app
    assert isinstance(server, PageServer)
    server.machines.kept.clear()
    own = way.cast.administrations["XA"]
    for place in [place for place in server.pages.kept if place[2] == own.hex]:
        del server.pages.kept[place]
    with way.database.writing() as session:
        session.execute(sa.delete(TaxiiPoll))
        session.execute(sa.delete(Delivery).where(Delivery.administration_id == own))


Answer = tuple[Any, ...]


def ask(way: Way, method: str, path: str, body: Any = None) -> Answer:
    """Return all that a question of the attacker's machine gives: answer, headers, statements."""
    machine, more = way.machines["XA"], {}
    if body is not None:
        more = {
            "headers": {"Content-Type": "application/taxii+json;version=2.1"},
            "data": json.dumps(body).encode(),
        }
    with listening(way.database) as sent:
        answer = machine.open(method, path, **more)
    headers = sorted((k, v) for k, v in answer.headers if k not in CHANGING)
    number = answer.headers["X-Request-Id"].encode()
    return answer.status_code, headers, answer.get_data().replace(number, b"*"), list(sent)


def reading_questions(way: Way, objects: list[str]) -> list[tuple[str, str]]:
    """Return every question that asks and changes nothing."""
    ids = way.cast.administrations
    names = [f"identity--{ids[code]}" for code in ("XB", "XC", "XD", "XG", "XH")]
    names += [f"identity--{way.circle}", f"indicator--{uuid.UUID(int=7)}", *objects]
    paths = ["/exchange/collections/", way.url + "/", "/exchange/collections/quiet/"]
    for kind in ("objects", "manifest"):
        base = f"{way.url}/{kind}/"
        paths += [base, f"{base}?limit=1", f"{base}?limit=2", f"{base}?match[version]=all"]
        paths += [f"{base}?added_after=2020-01-01T00:00:00Z", f"{base}?next=garbage"]
        paths += [f"{base}?match[type]=identity", f"{base}?match[type]=indicator"]
        paths += [f"{base}?match[id]={name}" for name in names]
    for name in names:
        paths += [f"{way.url}/objects/{name}/", f"{way.url}/objects/{name}/versions/"]
    asked = [("GET", path) for path in paths]
    asked += [(method, way.url + "/objects/") for method in ("DELETE", "PUT", "OPTIONS", "HEAD")]
    # a version that nobody has: what is refused, is refused before anything would go
    none = "?match[version]=2020-01-01T00:00:00Z"
    asked += [("DELETE", f"{way.url}/objects/{name}/{none}") for name in names]
    return [*asked, ("DELETE", f"{way.url}/objects/{names[0]}/")]


def test_reading_tells_nothing_of_the_other_members_T70(way: Way) -> None:
    """T-70: collections, pages, manifests, filters, objects, versions, cursors, headers, errors."""
    first = way.machines["XA"].get(f"{way.url}/objects/").get_json()["objects"]
    questions = reading_questions(way, [one["id"] for one in first])
    worlds: list[list[Answer]] = []
    for world in range(2):
        if world:
            change_the_others(way)
        answers = []
        for method, path in questions:
            forget_own_questions(way)
            answers.append(ask(way, method, path))
        crawl, cursor = [], ""
        while True:
            forget_own_questions(way)
            answer = ask(way, "GET", f"{way.url}/objects/?limit=2{cursor}")
            crawl.append(answer)
            following = json.loads(answer[2]).get("next")
            if following is None:
                break
            cursor = f"&next={following}"
        assert len(crawl) == 4
        worlds.append([*answers, *crawl])
    for question, before, after in zip([*questions, *[("GET", "crawl")] * 4], *worlds, strict=True):
        assert before == after, question
        for name in ("XB", "XC", "XD", "XE", "XF", "XG", "XH"):
            number = str(way.cast.administrations[name]).encode()
            assert number not in before[2] or number in question[1].encode()
    statuses = {answer[0] for answer in worlds[0]}
    assert {200, 400, 403, 404} <= statuses


@pytest.mark.parametrize("writing", [MachineWriting.DIRECT, MachineWriting.MODERATED])
def test_writing_tells_nothing_of_the_other_members_T70(way: Way) -> None:
    """T-69, T-70: in others' names, under taken ids, under ids that wait: the same for all."""
    ids = way.cast.administrations
    with way.database.reading() as session:
        query = sa.select(FeedEntry.stix_id).where(
            FeedEntry.owner_id == ids["XB"], FeedEntry.type == "indicator"
        )
        taken = list(session.scalars(query))
    waiting = [f"indicator--{uuid.uuid4()}" for _number in range(2)]
    elsewhere = sharing.make_circle(way.database, way.cast, "XB XC", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(way.database, way.cast, elsewhere, "boris")
    foreign = indicator()
    answer = way.machines["XB"].post(
        f"/exchange/collections/{elsewhere}/objects/", {"objects": [foreign]}
    )
    assert answer.get_json(force=True)["success_count"] == 1

    def envelopes() -> list[Any]:
        found = [
            *(indicator(created_by_ref=f"identity--{ids[code]}") for code in sorted(ids)),
            *(indicator(description=f"seen by identity--{ids[code]} too") for code in sorted(ids)),
            *(identity(ids[code]) for code in sorted(ids)),
            indicator(created_by_ref=f"identity--{uuid.uuid4()}"),
            indicator(created_by_ref=f"identity--{way.circle}"),
            *(indicator(id=one) for one in taken),
            *(indicator(id=one, modified="2026-03-03T00:00:00.000Z") for one in taken),
            indicator(),
        ]
        return [{"objects": [one]} for one in found]

    url, worlds = f"{way.url}/objects/", []
    for world in range(2):
        if world:
            change_the_others(way)
        answers = []
        for envelope in envelopes():
            forget_own_questions(way)
            answers.append(_without_ids(ask(way, "POST", url, envelope), envelope))
        # absent; waiting for a moderator from somebody else; in a circle that XA is not in
        for stix_id in (f"indicator--{uuid.uuid4()}", waiting[world], foreign["id"]):
            if stix_id in waiting:
                sent_by_another(way, stix_id)
            envelope = {"objects": [indicator(id=stix_id)]}
            answers.append(_without_ids(ask(way, "POST", url, envelope), envelope))
            with way.database.writing() as session:
                _forget_sent(session, stix_id, ids["XA"])
        assert answers[-1] == answers[-2] == answers[-3]
        worlds.append(answers)
    for number, (before, after) in enumerate(zip(*worlds, strict=True)):
        assert before == after, envelopes()[number] if number < len(envelopes()) else number
    codes = [json.loads(one[2]) for one in worlds[0]]
    refused = 3 * len(ids) + 1
    assert all(one["failure_count"] == 1 for one in codes[:refused])
    assert len({json.dumps(one["failures"][0]["message"]) for one in codes[:refused]}) == 1
    assert codes[refused]["failure_count"] == 0  # the circle's own identity is nobody's
    assert all(one["failure_count"] == 1 for one in codes[refused + 1 : refused + 7])
    assert all(one["failure_count"] == 0 for one in codes[refused + 7 :])


def identity(administration_id: uuid.UUID) -> dict[str, Any]:
    """Return an identity under an administration's id."""
    one = indicator(id=f"identity--{administration_id}", type="identity", name="Somebody")
    for name in ("pattern", "pattern_type", "valid_from"):
        del one[name]
    return one


def sent_by_another(way: Way, stix_id: str) -> None:
    """Let an object of another member wait under this id, where a moderator decides."""
    with way.database.reading() as session:
        if session.get_one(Collection, way.circle).machine_writing != MachineWriting.MODERATED:
            return
    answer = way.machines["XC"].post(f"{way.url}/objects/", {"objects": [indicator(id=stix_id)]})
    assert answer.get_json(force=True)["pending_count"] == 1


def _forget_sent(session: Any, stix_id: str, owner: uuid.UUID) -> None:
    """Take an object out again, so that the next question meets the same world."""
    rows = sa.select(ObjectVersion.id).where(
        ObjectVersion.stix_id == stix_id, ObjectVersion.owner_id == owner
    )
    session.execute(sa.delete(FeedEntry).where(FeedEntry.object_version_id.in_(rows)))
    session.execute(sa.delete(Submission).where(Submission.administration_id == owner))
    session.execute(sa.delete(TaxiiStatus).where(TaxiiStatus.administration_id == owner))
    session.execute(
        sa.delete(ObjectVersion).where(
            ObjectVersion.stix_id == stix_id, ObjectVersion.owner_id == owner
        )
    )


def _without_ids(answer: Answer, envelope: Any) -> Answer:
    """Return an answer to writing without what is new in every answer: ids and the time."""
    status, headers, body, sent = answer
    found = json.loads(body)
    found["id"] = found["request_timestamp"] = "*"
    text = json.dumps(found).replace(envelope["objects"][0]["id"], "*").encode()
    return status, [pair for pair in headers if pair[0] != "Content-Length"], text, sent


def test_the_senders_own_ids_do_not_join_two_audiences(way: Way) -> None:
    """What was given to a circle that knows its members, or to it later, keeps an id of its own."""
    open_one = sharing.make_circle(way.database, way.cast, "XA XB", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(way.database, way.cast, open_one, "omar")
    xa, other = way.machines["XA"], f"/exchange/collections/{open_one}/objects/"
    url = f"{way.url}/objects/"

    def post(address: str, *objects: Any) -> dict[str, Any]:
        found: dict[str, Any] = xa.post(address, {"objects": list(objects)}).get_json(force=True)
        return found

    shared = indicator()
    assert post(other, shared)["success_count"] == 1
    [failure] = post(url, shared)["failures"]
    assert "another audience" in failure["message"]
    pointing = indicator(external_references=[{"source_name": "x", "external_id": shared["id"]}])
    assert post(url, pointing)["failure_count"] == 1
    with way.database.reading() as session:
        own = sa.select(FeedEntry.stix_id).where(
            FeedEntry.collection_id == way.circle,
            FeedEntry.owner_id == way.cast.administrations["XA"],
        )
        [quiet] = session.scalars(own)
    [failure] = post(other, indicator(id=quiet, modified="2026-05-05T00:00:00.000Z"))["failures"]
    assert "another audience" in failure["message"]
    # an id that follows from the content says no more than the content (STIX 2.1, section 2.9)
    same = {**address(), "id": f"ipv4-addr--{uuid.uuid5(uuid.NAMESPACE_URL, 'x')}"}
    assert post(other, same)["failure_count"] == 0
    assert post(url, same)["failure_count"] == 0


def test_a_small_circle_and_one_who_only_writes_take_nothing_from_machines(way: Way) -> None:
    """Fewer than four readers: nothing enters; whoever does not read does not write by machine."""
    xa, url = way.machines["XA"], f"{way.url}/objects/"
    sharing.set_member(way.database, way.cast, way.circle, "XA", reads=False, contributes=True)
    assert xa.post(url, {"objects": [indicator()]}).status_code == 403
    sharing.set_member(way.database, way.cast, way.circle, "XA", reads=True, contributes=True)
    assert xa.post(url, {"objects": [indicator()]}).status_code == 202
    with way.database.writing() as session:
        session.execute(
            sa.delete(CircleMember).where(
                CircleMember.collection_id == way.circle,
                CircleMember.administration_id.in_(
                    [way.cast.administrations[code] for code in ("XD", "XE", "XF")]
                ),
            )
        )
    assert xa.post(url, {"objects": [indicator()]}).status_code == 403
