"""Peers: two installations that exchange over the network, and peers that do not behave."""

import json
import math
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.accounts.models import Administration, Place
from cirt.app import create_app
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ConflictError, InvalidInputError
from cirt.incidents import recall as honouring
from cirt.incidents.circle_models import Collection, CollectionKind, MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import decisions, intake
from cirt.incidents.inbox.items import Item, Narrowed, State, listing
from cirt.incidents.inbox_models import Peer
from cirt.incidents.peers import connecting, rules
from cirt.incidents.peers.connecting import POLL, Details
from cirt.incidents.recall import keys, progress
from cirt.incidents.recall.progress import Stand
from cirt.incidents.recall_models import Recall, RecallReceipt
from cirt.incidents.release_models import Release
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.jobs import Job
from cirt.settings import Settings, read_settings
from cirt.stix import signatures, withdrawal
from cirt.stix.marking import TLP
from cirt.web import Installation
from tests import sharing
from tests.conftest import Cast, store_cast
from tests.exchange import recall_steps
from tests.exchange.canned_peer import LAST, CannedPeer, Handler, answering
from tests.functional.inbox_steps import indicator, report

SECRET = "the-peers-password"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The node's settings: its peers are on this machine."""
    return read_settings(
        {"CIRT_PEER_LOOPBACK": "yes"}, data_dir=tmp_path / "data", database_url=database_url
    )


@dataclass
class Node:
    """The installation of XB, whose releasing officer is boris."""

    app: flask.Flask
    database: Database
    installation: Installation
    cast: Cast

    def connect(self, url: str, **more: Any) -> uuid.UUID:
        """Connect XB to a collection, which is then waiting to be read."""
        with self.database.writing() as session:
            peer = connecting.make_peer(
                session,
                self.cast.actors["boris"],
                Details(**{"title": "The hub", "url": url, "secret": SECRET, **more}),
                self.installation.settings,
            )
            if peer.remote_administration_id is not None:
                connecting.vouch(session, self.cast.actors["root"], peer)
            return peer.id

    def poll(self, peer_id: uuid.UUID) -> Peer:
        """Read a peer now, to the end, and return how it stands."""
        with self.database.writing() as session:
            connecting.poll_now(session, self.cast.actors["boris"], session.get_one(Peer, peer_id))
        return self.work(peer_id)

    def work(self, peer_id: uuid.UUID) -> Peer:
        """Let the background work do what is due."""
        jobs.run_pending(self.database, self.installation)
        with self.database.reading() as session:
            assert not session.scalars(sa.select(Job).where(Job.state == "failed")).all()
            return session.get_one(Peer, peer_id)

    def inbox(self, state: str = "") -> list[Item]:
        """Return what boris sees in the inbox."""
        with self.database.reading() as session:
            actor = self.cast.actors["boris"]
            return list(listing(session, actor, Narrowed(state=state), 1).rows)

    def feed(self, peer_id: uuid.UUID) -> list[tuple[str, str]]:
        """Return what is in the peer's intake, (id, version) in the order of arrival."""
        with self.database.reading() as session:
            collection_id = session.get_one(Peer, peer_id).collection_id
            query = sa.select(FeedEntry.stix_id, FeedEntry.version).where(
                FeedEntry.collection_id == collection_id, FeedEntry.withdrawn_at.is_(None)
            )
            return [tuple(row) for row in session.execute(query.order_by(FeedEntry.seq))]


@pytest.fixture
def node(app: flask.Flask, database: Database, installation: Installation, cast: Cast) -> Node:
    return Node(app, database, installation, cast)


@dataclass
class Hub:
    """Another installation, where XA is at home and XB is not, with its own database."""

    app: flask.Flask
    database: Database
    settings: Settings
    cast: Cast
    url: str


@pytest.fixture
def hub(sqlite_template: Path, tmp_path: Path, _cheap_passwords: None) -> Iterator[Hub]:
    path = tmp_path / "hub.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    settings = read_settings({}, data_dir=tmp_path / "hub", database_url=f"sqlite:///{path}")
    app = create_app(settings)
    database = app.extensions["cirt"].database
    cast = store_cast(database, settings)
    _move_away(database, cast, "XB")
    with sharing.serving(app) as url:
        yield Hub(app, database, settings, cast, url)
    database.dispose()


def _move_away(database: Database, cast: Cast, code: str) -> None:
    with database.writing() as session:
        session.get_one(Administration, cast.administrations[code]).place = Place.REMOTE.value


def _exchange_keys(hub: Hub, node: Node) -> str:
    """Let the hub know XB's public key, and return XA's."""
    with node.database.writing() as session:
        own = keys.private_key(
            session, node.cast.administrations["XB"], node.installation.settings.secret_key
        )
    with hub.database.writing() as session:
        partner = session.get_one(Administration, hub.cast.administrations["XB"])
        pem = signatures.pem_of(signatures.public_key(own))
        identity = withdrawal.author_of(node.cast.administrations["XB"])
        keys.trust_key(session, hub.cast.actors["root"], partner, pem, identity=identity)
        private = keys.private_key(session, hub.cast.administrations["XA"], hub.settings.secret_key)
        direct = direct_collection_of(session, hub.cast.administrations["XA"])
        direct.machine_writing = MachineWriting.DIRECT.value
    return signatures.pem_of(signatures.public_key(private))


def test_two_installations_release_accept_withdraw_and_acknowledge(hub: Hub, node: Node) -> None:
    """XA releases at the hub; XB accepts at its node; XA withdraws; XB erases, and XA sees it."""
    their_key = _exchange_keys(hub, node)
    _move_away(node.database, node.cast, "XA")
    circle = sharing.make_circle(hub.database, hub.cast)
    incident = sharing.make_incident(hub.database, hub.cast)
    released = sharing.released(hub.database, hub.cast, incident, circle)
    assert released.bundle is not None
    with hub.database.reading() as session:
        direct = direct_collection_of(session, hub.cast.administrations["XA"]).id
    peer_id = node.connect(
        f"{hub.url}/exchange/collections/{circle}",
        secret=hub.cast.tokens["XB"],
        username="xb-machine",
        remote_administration_id=node.cast.administrations["XA"],
        public_key=their_key,
        receipts_url=f"{hub.url}/exchange/collections/{direct}/",
    )
    peer = node.work(peer_id)
    expected = json.loads(released.bundle)["objects"]
    assert (peer.last_outcome, peer.last_refused, peer.failures) == ("", [], 0)
    assert peer.tally == {"read": len(expected), "kept": len(expected), "known": 0, "refused": 0}
    assert [stix_id for stix_id, _ in node.feed(peer_id)] == [one["id"] for one in expected]
    with node.database.reading() as session:  # the very bytes that were approved
        bodies = set(session.scalars(sa.select(ObjectVersion.body)))
        assert all(body in released.bundle for body in bodies)
    [item] = node.inbox()
    assert (item.state, item.via) == (State.NEW, "peer")
    with node.database.writing() as session:
        decisions.accept(session, node.cast.actors["boris"], item, version=item.version)
    assert [one.state for one in node.inbox()] == [State.ACCEPTED]
    _does_not_leave(node, peer_id)

    recall_steps.withdraw(hub.database, hub.settings, hub.cast, incident, circle)
    peer = node.poll(peer_id)
    assert (peer.last_outcome, peer.receipts_outcome) == ("", "")
    # what is left for tools that know no withdrawals is no news
    assert [(one.type, one.state) for one in node.inbox()] == [("report", State.WITHDRAWN)]
    assert any(item.startswith("indicator--") for item, _ in node.feed(peer_id))
    with node.database.reading() as session:
        query = sa.select(ObjectVersion.body).where(ObjectVersion.body.is_not(None))
        kept = b"\n".join(body for body in session.scalars(query) if body)
        for secret in recall_steps.SECRETS:
            assert secret.encode() not in kept, secret
        assert len(peer.receipts_sent) == 1
    with hub.database.reading() as session:
        recall = session.scalars(sa.select(Recall)).unique().one()
        [partner] = progress.partners(session, recall)
        assert (partner.administration.code, partner.stand) == ("XB", Stand.WITHDREW)


def test_each_producer_of_a_hubs_circle_withdraws_its_own(
    hub: Hub, node: Node, browser: Any
) -> None:
    """T-56, T-67: through one peer; honoured once the key of its identity is entered, not before."""
    _exchange_keys(hub, node)
    for code in ("XA", "XC"):
        _move_away(node.database, node.cast, code)
    people, kept = {"XA": "omar", "XC": "chen"}, {}
    circle = sharing.make_circle(hub.database, hub.cast, "XA XB XC", writing=MachineWriting.DIRECT)
    for code, who in people.items():
        recorder = "nadia" if who == "omar" else who
        kept[code] = sharing.make_incident(hub.database, hub.cast, recorder)
        release_id = sharing.prepare(hub.database, hub.cast, kept[code], circle, who)
        sharing.approve(hub.database, hub.cast, release_id, who, delay=timedelta(0), reason="x")
    url = f"{hub.url}/exchange/collections/{circle}/"
    peer_id = node.connect(url, secret=hub.cast.tokens["XB"], receipts_url=url)
    node.work(peer_id)
    ids = {code: withdrawal.author_of(hub.cast.administrations[code]) for code in people}
    reports = {one.one["created_by_ref"]: one for one in node.inbox()}
    assert set(reports) == set(ids.values())
    with node.database.writing() as session:
        item = reports[ids["XA"]]
        decisions.accept(session, node.cast.actors["boris"], item, version=item.version)
    page = browser("boris").get(f"/peers/{peer_id}").get_data(as_text=True)
    assert all(one in page for one in ids.values()) and "none is known" in page

    signed = {
        code: recall_steps.withdraw(
            hub.database, hub.settings, hub.cast, kept[code], circle, people[code]
        )
        for code in people
    }
    with hub.database.reading() as session:
        private = {
            code: keys.private_key(session, hub.cast.administrations[code], hub.settings.secret_key)
            for code in people
        }
    _bring(node, peer_id, _said_by(ids["XC"], signed["XA"], private["XC"]))  # a stranger's
    _bring(node, peer_id, _said_by(ids["XA"], signed["XC"], private["XC"]))  # in another's name
    node.poll(peer_id)
    assert _outcomes(node) == ["ignored"] * 4
    shown = {one.stix_id: one.state for one in node.inbox()}
    both = [reports[ids[code]].stix_id for code in ("XA", "XC")]
    assert [shown[stix_id] for stix_id in both] == [State.UPDATE, State.NEW]

    for code, left in (("XC", [State.UPDATE]), ("XA", [State.WITHDRAWN])):
        page = browser("root").get(f"/signing-keys?identity={ids[code]}").get_data(as_text=True)
        assert f'value="{ids[code]}"' in page
        filled = {
            "administration": str(node.cast.administrations[code]),
            "identity": ids[code],
            "public": signatures.pem_of(signatures.public_key(private[code])),
        }
        assert browser("root").post("/signing-keys", filled).status_code == 302
        assert [one.state for one in node.inbox() if one.type == "report"] == left
    assert len(node.inbox()) == 1
    assert _outcomes(node) == ["erased"] * 2 + ["ignored"] * 2
    assert browser("root").post("/signing-keys", filled).status_code == 422, "known already"
    peer = node.poll(peer_id)
    assert (len(peer.receipts_sent), peer.receipts_outcome) == (2, "")
    with hub.database.reading() as session:
        for recall in session.scalars(sa.select(Recall)).unique():
            stands = {
                one.administration.code: one.stand for one in progress.partners(session, recall)
            }
            assert stands["XB"] is Stand.WITHDREW


def _said_by(author: str, about: Recall, private: bytes) -> dict[str, Any]:
    """Return a withdrawal of what another withdrawal names, by whoever has this key."""
    named = [withdrawal.Named(one["id"], one["modified"], one["sha256"]) for one in about.objects]
    return withdrawal.withdrawal(
        author, named, reason="Not mine.", tlp=TLP.GREEN, at=now(), private=private
    )


def _bring(node: Node, peer_id: uuid.UUID, said: dict[str, Any]) -> None:
    """Let a withdrawal come by the peer, as polling takes it in."""
    with node.database.writing() as session:
        peer = session.get_one(Peer, peer_id)
        taken = intake.take_in(
            session,
            peer.administration_id,
            peer.collection,
            [said],
            owner_id=rules.owner_of(peer.id, None),
            via="peer",
        )
        safe = honouring.safe_of(node.installation.settings)
        honouring.honour_at_commit(session, safe, peer.collection, intake.objects_of(taken))


def _outcomes(node: Node) -> list[str]:
    with node.database.reading() as session:
        return sorted(session.scalars(sa.select(RecallReceipt.outcome)))


def _does_not_leave(node: Node, peer_id: uuid.UUID) -> None:
    """No machine of anybody at the node is given what came by a peer."""
    with node.database.reading() as session:
        collection_id = session.get_one(Peer, peer_id).collection_id
    for code in ("XA", "XB", "XC"):
        machine = sharing.Machine(node.app, node.cast.tokens[code])
        listed = machine.get("/exchange/collections/").get_data(as_text=True)
        assert str(collection_id) not in listed
        for path in ("", "objects/", "manifest/"):
            answer = machine.get(f"/exchange/collections/{collection_id}/{path}")
            assert answer.status_code == 404


def test_a_receipt_is_kept_until_it_is_taken(hub: Hub, node: Node) -> None:
    """The producer does not take it at first; the withdrawal is honoured all the same."""
    their_key = _exchange_keys(hub, node)
    _move_away(node.database, node.cast, "XA")
    circle = sharing.make_circle(hub.database, hub.cast)
    incident = sharing.make_incident(hub.database, hub.cast)
    sharing.released(hub.database, hub.cast, incident, circle)
    with hub.database.writing() as session:
        direct = direct_collection_of(session, hub.cast.administrations["XA"])
        direct.machine_writing = MachineWriting.OFF.value
        receipts_url = f"{hub.url}/exchange/collections/{direct.id}/"
    peer_id = node.connect(
        f"{hub.url}/exchange/collections/{circle}/",
        secret=hub.cast.tokens["XB"],
        remote_administration_id=node.cast.administrations["XA"],
        public_key=their_key,
        receipts_url=receipts_url,
    )
    node.work(peer_id)
    recall_steps.withdraw(hub.database, hub.settings, hub.cast, incident, circle)
    peer = node.poll(peer_id)
    assert (peer.last_outcome, peer.receipts_sent) == ("", [])
    assert peer.receipts_params["status"] in ("403", "404")
    with hub.database.writing() as session:
        direct = direct_collection_of(session, hub.cast.administrations["XA"])
        direct.machine_writing = MachineWriting.DIRECT.value
    peer = node.poll(peer_id)
    [taken] = peer.receipts_sent
    assert taken.startswith("withdrawal-receipt--") and peer.receipts_outcome == ""
    with hub.database.reading() as session:
        recall = session.scalars(sa.select(Recall)).unique().one()
        assert [one.stand for one in progress.partners(session, recall)] == [Stand.WITHDREW]


def test_own_objects_that_come_back_are_recognised(hub: Hub, node: Node) -> None:
    """What XB released itself and a peer relays unchanged is its own, and no news."""
    circle = sharing.make_circle(node.database, node.cast)
    incident = sharing.make_incident(node.database, node.cast, "boris")
    release_id = sharing.prepare(node.database, node.cast, incident, circle, "boris")
    sharing.approve(node.database, node.cast, release_id, "boris", delay=timedelta(0), reason="x")
    with node.database.reading() as session:
        bundle = json.loads(session.get_one(Release, release_id).bundle or b"")["objects"]
    with answering(lambda to: to.answer({"objects": bundle})) as peer:
        peer_id = node.connect(peer.url)
        node.work(peer_id)
    assert node.inbox() == []
    assert {one.state for one in node.inbox("own")} == {State.OWN}


@contextmanager
def paging(objects: list[Any], size: int = 3) -> Iterator[CannedPeer]:
    """Serve objects in pages; `next` is the position, `added_after` the date of a position."""

    def date(position: int) -> str:
        return f"2026-01-01T00:00:00.{position:06d}Z"

    def script(to: Handler) -> None:
        query = flask.Request.from_values(to.path).args
        begin = int(query["added_after"][-7:-1]) if "added_after" in query else 0
        begin = int(query.get("next", begin))
        page = objects[begin : begin + size]
        end = begin + len(page)
        body: dict[str, Any] = {"objects": page} if page else {}
        if end < len(objects):
            body |= {"more": True, "next": str(end)}
        to.answer(body, **({LAST: date(end)} if page else {}))

    with answering(script) as peer:
        yield peer


def test_bad_objects_are_refused_and_the_rest_is_kept(node: Node) -> None:
    """T-53, T-30: in = kept + known + refused with a reason; the order is the peer's."""
    good = [indicator(number, f"192.0.2.{number}") for number in range(1, 7)]
    bad = [
        {**indicator(7, "192.0.2.7"), "modified": "yesterday"},
        {"no": "type"},
        17,
        {**indicator(8, "192.0.2.8"), "description": "long " * 300_000},
        {**indicator(9, "192.0.2.9"), "object_marking_refs": "none"},
        {**indicator(10, "192.0.2.10"), "x_score": math.nan},  # no JSON, by itself
    ]
    mixed = [one for pair in zip(good, bad, strict=True) for one in pair] + [good[0]]
    with paging(mixed) as served:
        peer_id = node.connect(served.url)
        peer = node.work(peer_id)
        assert len(served.log) == 5
        assert (
            peer.tally["read"] == 13 == sum(peer.tally[one] for one in ("kept", "known", "refused"))
        )
        assert peer.tally["refused"] == len(peer.last_refused) == len(bad)
        assert all(one["message"] for one in peer.last_refused)
        assert [stix_id for stix_id, _ in node.feed(peer_id)] == [one["id"] for one in good]
        assert peer.added_after == "2026-01-01T00:00:00.000013Z"
        node.poll(peer_id)  # nothing new: one question, from the last date
    assert len(served.log) == 6 and "added_after=2026" in served.log[-1][0]
    assert all(headers["Authorization"] == f"Bearer {SECRET}" for _, headers in served.log)


def test_T55_any_order_of_versions_gives_one_state(node: Node) -> None:
    """T-55: an older version that arrives late stays older; a stranger's version changes nothing."""
    versions = [
        indicator(1, f"192.0.2.{day}", modified=f"2026-01-{day:02d}T00:00:00.000Z")
        for day in range(2, 8)
    ]
    random.Random(4).shuffle(versions)
    stranger = indicator(
        1, "198.51.100.1", modified="2026-02-01T00:00:00.000Z", author=f"identity--{uuid.uuid4()}"
    )
    with paging([*versions, stranger], size=1) as served:
        peer_id = node.connect(served.url)
        peer = node.work(peer_id)
    assert peer.tally["kept"] == len(versions)
    assert [one["id"] for one in peer.last_refused] == [stranger["id"]]
    [item] = node.inbox()
    assert item.written_version == "2026-01-07T00:00:00.000Z"
    assert "192.0.2.7" in item.one["pattern"]


def test_two_peers_do_not_touch_each_other(node: Node) -> None:
    """The same id from two peers that speak for nobody: kept apart, each as it came."""
    one = indicator(1, "192.0.2.1")
    other = {**one, "pattern": "[ipv4-addr:value = '198.51.100.7']"}
    with paging([one]) as first, paging([other]) as second:
        ids = [node.connect(first.url), node.connect(second.url, title="Another")]
        for peer_id in ids:
            assert node.work(peer_id).tally["kept"] == 1
    patterns = {item.one["pattern"] for item in node.inbox()}
    assert patterns == {one["pattern"], other["pattern"]}


def test_a_crawl_goes_on_after_a_kill_between_pages(node: Node) -> None:
    """Killed before the effect, after it, and with a place that the peer has forgotten."""
    objects = [indicator(number, f"192.0.2.{number}") for number in range(1, 11)]
    with paging(objects, size=2) as served:
        peer_id = node.connect(served.url)
        assert jobs.run_next(node.database, node.installation)  # page 1
        taken = jobs.take(node.database)
        assert taken is not None
        job, _token = taken
        task = jobs.Task(job.id, job.payload, None, None, node.installation)
        jobs.kinds[POLL].handler(task)  # page 2 was fetched; the process dies before it is written
        with node.database.writing() as session:
            session.execute(sa.update(Job).values(lease_until=now() - timedelta(seconds=1)))
        assert jobs.run_next(node.database, node.installation)
        assert [stix_id for stix_id, _ in node.feed(peer_id)] == [one["id"] for one in objects[:4]]
        with node.database.reading() as session:
            assert session.get_one(Peer, peer_id).cursor == "4"
        peer = node.work(peer_id)
    assert [stix_id for stix_id, _ in node.feed(peer_id)] == [one["id"] for one in objects]
    assert (peer.cursor, peer.tally["kept"], peer.tally["known"]) == ("", 10, 0)


def test_a_page_asked_for_twice_counts_once(node: Node) -> None:
    """A person asks again while a page is on its way: the earlier job's page is dropped."""
    with paging([indicator(1, "192.0.2.1")]) as served:
        peer_id = node.connect(served.url)
        with node.database.reading() as session:
            [job] = session.scalars(sa.select(Job).where(Job.kind == POLL))
        task = jobs.Task(job.id, job.payload, None, None, node.installation)
        effect = jobs.kinds[POLL].handler(task)
        peer = node.poll(peer_id)
        with node.database.writing() as session:
            assert effect(session) == {"dropped": True}
    assert (peer.tally["kept"], len(node.feed(peer_id))) == (1, 1)


def test_T54_a_peer_that_fails_is_left_longer_each_time(node: Node) -> None:
    """T-54: nothing of a wrong answer is used; pauses grow, and a success ends them."""
    answers: list[dict[str, Any]] = [
        {"status": 500},
        {"type_": "text/html"},
        {"status": 301},
    ]
    body = {"objects": [indicator(1, "192.0.2.1")]}

    def script(to: Handler) -> None:
        to.answer(body, **(answers.pop(0) if answers else {}))

    with answering(script) as served:
        peer_id = node.connect(served.url)
        waits = []
        for failures in (1, 2, 3):
            peer = node.work(peer_id) if failures == 1 else node.poll(peer_id)
            assert (peer.failures, node.feed(peer_id)) == (failures, [])
            assert peer.last_outcome and peer.next_at is not None
            waits.append(peer.next_at - now())
            assert len(served.log) == failures  # not at once again
        for failures, wait in enumerate(waits, 1):
            most = timedelta(minutes=15 * 2 ** (failures - 1))
            assert most / 2 - timedelta(minutes=1) < wait <= most
        peer = node.poll(peer_id)
    assert (peer.failures, peer.last_outcome, len(node.feed(peer_id))) == (0, "", 1)


def test_a_place_that_the_peer_forgot_is_given_up(node: Node) -> None:
    objects = [indicator(number, f"192.0.2.{number}") for number in range(1, 5)]
    forgets = [True]

    def script(to: Handler) -> None:
        if "next=" in to.path and forgets:
            forgets.clear()
            to.answer({"title": "no such place"}, status=400)
        elif "next=" in to.path:
            to.answer({"objects": objects[2:]})
        else:
            to.answer({"objects": objects[:2], "more": True, "next": "x"})

    with answering(script) as served:
        peer_id = node.connect(served.url)
        peer = node.work(peer_id)
        assert (peer.cursor, peer.failures, len(node.feed(peer_id))) == ("", 1, 2)
        peer = node.poll(peer_id)
    assert len(node.feed(peer_id)) == 4
    assert peer.tally == {"read": 4, "kept": 2, "known": 2, "refused": 0}


def test_nothing_is_read_in_anothers_name_before_the_administrator_confirms(node: Node) -> None:
    _move_away(node.database, node.cast, "XA")
    with paging([report(1, [])]) as served:
        with node.database.writing() as session:
            details = Details(
                "XA", served.url, remote_administration_id=node.cast.administrations["XA"]
            )
            peer_id = connecting.make_peer(
                session,
                node.cast.actors["boris"],
                details,
                node.installation.settings,
            ).id
        node.work(peer_id)
        with node.database.writing() as session, pytest.raises(ConflictError):
            peer = session.get_one(Peer, peer_id)
            connecting.poll_now(session, node.cast.actors["boris"], peer)
        assert served.log == []
        with node.database.writing() as session:
            connecting.vouch(session, node.cast.actors["root"], session.get_one(Peer, peer_id))
        node.work(peer_id)
        assert len(served.log) == 1


def test_T37_a_password_stays_with_its_host(node: Node) -> None:
    """Another host needs its own; stored bytes moved to another host do not open."""
    peer_id = node.connect("http://127.0.0.1:9/c/")
    key = node.installation.settings.secret_key
    with node.database.reading() as session:
        peer = session.get_one(Peer, peer_id)
        assert SECRET.encode() not in (peer.sealed or b"")
        assert connecting.secret_of(peer, key) == SECRET
    for url, receipts_url, fault in (
        ("https://other.example/c/", "", "secret"),
        ("http://127.0.0.1:9/c/", "https://other.example/c/", "receipts_url"),
    ):
        with node.database.writing() as session, pytest.raises(InvalidInputError) as refused:
            connecting.change_peer(
                session,
                node.cast.actors["boris"],
                session.get_one(Peer, peer_id),
                Details("x", url, receipts_url),
                node.installation.settings,
            )
        assert refused.value.field == fault
    with node.database.writing() as session:
        peer = session.get_one(Peer, peer_id)
        peer.url = "http://127.0.0.1:10/c/"
        with pytest.raises(ConflictError):
            connecting.secret_of(peer, key)
    peer = node.poll(peer_id)
    assert peer.failures == 1 and "cannot be opened" in peer.last_outcome


@pytest.mark.parametrize("erase", [False, True])
def test_a_peer_ends_and_its_objects_stay_or_go(node: Node, erase: bool) -> None:
    with paging([indicator(1, "192.0.2.1")]) as served:
        peer_id = node.connect(served.url)
        node.work(peer_id)
        with node.database.writing() as session:
            peer = session.get_one(Peer, peer_id)
            connecting.end_peer(session, node.cast.actors["boris"], peer, erase=erase)
        jobs.run_pending(node.database, node.installation)
        assert len(served.log) == 1
    with node.database.reading() as session:
        assert session.get(Peer, peer_id) is None
        bodies = session.scalars(sa.select(ObjectVersion.body)).all()
    assert [body is None for body in bodies] == [erase]
    assert len(node.inbox()) == (0 if erase else 1)


def test_lost_work_is_planned_again(node: Node) -> None:
    with paging([]) as served:
        peer_id = node.connect(served.url)
        node.work(peer_id)
        with node.database.writing() as session:
            session.execute(sa.delete(Job))
            session.get_one(Peer, peer_id).next_at = now() - timedelta(hours=7)
            jobs.enqueue(session, "peer.wake", {})
        peer = node.work(peer_id)
    assert len(served.log) == 2 and peer.next_at is not None and peer.next_at > now()
    with node.database.reading() as session:
        intakes = sa.select(Collection).where(Collection.kind == CollectionKind.INTAKE.value)
        [collection] = session.scalars(intakes).unique()
        assert collection.title == "The hub"
        assert rules.owner_of(peer_id, None) != collection.id
