"""Webhooks: signed messages to a real receiver, once each or more, in order, to nobody too many.

Source of the form: Standard Webhooks 1.0.0.
"""

import base64
import hashlib
import hmac
import importlib.util
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.access import Actor, Role
from cirt.accounts import directory, signing
from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.db import Database
from cirt.errors import InvalidInputError
from cirt.incidents import circles
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.webhook_models import DeliveryState, Webhook, WebhookDelivery
from cirt.incidents.webhooks import looking, managing, messages, queue, sending
from cirt.incidents.webhooks.kinds import Kind
from cirt.incidents.webhooks.managing import Details
from cirt.jobs import Job
from cirt.settings import Settings, read_settings
from cirt.stix.marking import TLP
from cirt.web import Installation
from tests import sharing
from tests.conftest import PASSWORD, ROOT, Cast
from tests.exchange import recall_steps
from tests.exchange.canned_peer import Handler, answering
from tests.functional.inbox_steps import indicator
from tests.sharing import Machine

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALL = tuple(kind.value for kind in Kind)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Receivers may be on this machine."""
    return read_settings(
        {"CIRT_PEER_LOOPBACK": "yes"}, data_dir=tmp_path / "data", database_url=database_url
    )


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The receiver that the documentation shows."""
    path = ROOT / "docs" / "examples" / "receive_webhook.py"
    spec = importlib.util.spec_from_file_location("receive_webhook", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def listening(example: ModuleType, secret: str, port: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Run the documentation's receiver, and give its address and what it acted on."""
    got: list[Any] = []
    server = example.receiver(secret, port, got.append)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Clock:
    """The time of the webhooks and of background work, moved by a test."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (looking, managing, queue, sending, jobs.queue):
        monkeypatch.setattr(module, "now", made.now)
    return made


@dataclass
class Node:
    """The installation, and XB's webhooks on it."""

    database: Database
    installation: Installation
    cast: Cast

    def make(
        self, url: str, kinds: tuple[str, ...] = ALL, who: str = "boris"
    ) -> tuple[uuid.UUID, str]:
        with self.database.writing() as session:
            row, secret = managing.make_webhook(
                session,
                self.cast.actors[who],
                Details("The SIEM", url, kinds),
                self.installation.settings,
            )
            return row.id, secret

    def move(self, webhook_id: uuid.UUID, url: str) -> None:
        with self.database.writing() as session:
            session.get_one(Webhook, webhook_id).url = url

    def look(self) -> None:
        """Look for news, and let everything be sent that is due."""
        with self.database.writing() as session:
            jobs.enqueue(session, looking.LOOK, {})
        self.work()

    def work(self) -> None:
        jobs.run_pending(self.database, self.installation)
        with self.database.reading() as session:
            assert not session.scalars(sa.select(Job).where(Job.state == "failed")).all()

    def webhook(self, webhook_id: uuid.UUID) -> Webhook:
        with self.database.reading() as session:
            return session.get_one(Webhook, webhook_id)

    def messages(self, webhook_id: uuid.UUID) -> list[WebhookDelivery]:
        with self.database.reading() as session:
            query = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
            return list(session.scalars(query.order_by(WebhookDelivery.number)))

    def try_it(self, webhook_id: uuid.UUID) -> None:
        with self.database.writing() as session:
            managing.try_it(
                session, self.cast.actors["boris"], session.get_one(Webhook, webhook_id)
            )


@pytest.fixture
def node(database: Database, installation: Installation, cast: Cast) -> Node:
    return Node(database, installation, cast)


def second_officer(node: Node) -> Actor:
    """Give XB a second releasing officer."""
    with node.database.writing() as session:
        user = directory.add_user(
            session,
            None,
            administration=session.get_one(Administration, node.cast.administrations["XB"]),
            username="bilal",
            name="Bilal",
            roles=(Role.RELEASING_OFFICER,),
            password=PASSWORD,
        )
        return signing.actor_of(user)


def states(rows: list[WebhookDelivery]) -> list[str]:
    return [str(row.state) for row in rows]


@pytest.mark.parametrize("membership", list(Membership))
def test_a_reader_is_told_of_new_objects_by_counts_alone(
    node: Node, example: ModuleType, membership: Membership
) -> None:
    """The documentation's receiver takes it; nothing of what was released is in it."""
    sharing.add_administrations(node.database, node.cast, "XD XE XF")
    circle = sharing.make_circle(
        node.database, node.cast, "XA XB XC XD XE XF", title="Neighbours", membership=membership
    )
    incident = sharing.make_incident(node.database, node.cast)
    webhook, secret = node.make("http://127.0.0.1:9/hook")
    outsider, _secret = node.make("http://127.0.0.1:9/hook", who="chen")
    sharing.set_member(node.database, node.cast, circle, "XC", reads=False, contributes=True)
    with listening(example, secret) as (url, got):
        node.move(webhook, url)
        node.look()
        assert got == []
        released = sharing.released(node.database, node.cast, incident, circle)
        node.look()
        node.look()
    [message] = got
    assert message["type"] == "collection.new"
    assert message["data"] == {
        "collection_id": str(circle),
        "count": released.object_count,
        "position": released.object_count,
        "more": False,
        "url": f"{node.installation.settings.url}/exchange/collections/{circle}/objects/",
    }
    [row] = node.messages(webhook)
    assert row.state == DeliveryState.DELIVERED and row.attempts == 1
    assert message["id"] == messages.name_of(row.id)
    for word in ("Mail server", "192.0.2.7", "Neighbours", "XA", "Administration"):
        assert word not in row.body
    assert node.messages(outsider) == []  # XC contributes and does not read


def test_the_owner_is_told_of_its_releases_and_not_of_others(
    node: Node, example: ModuleType
) -> None:
    circle = sharing.make_circle(node.database, node.cast)
    incident = sharing.make_incident(node.database, node.cast, "boris")
    webhook, secret = node.make("http://127.0.0.1:9/hook")
    officer = second_officer(node)
    other = sharing.make_incident(node.database, node.cast)
    with listening(example, secret) as (url, got):
        node.move(webhook, url)
        sharing.prepare(node.database, node.cast, other, circle)
        release_id = sharing.prepare(node.database, node.cast, incident, circle, "boris")
        node.look()
        assert [one["type"] for one in got] == ["release.waiting"]
        assert states(node.messages(webhook)) == ["delivered"]  # nothing of XA's was even queued
        assert got[0]["data"]["release_id"] == str(release_id)
        node.cast.actors["bilal"] = officer
        sharing.approve(node.database, node.cast, release_id, "bilal")
        node.look()
    assert [one["type"] for one in got[1:]] == ["collection.new", "release.approved"]
    assert got[2]["data"] == {
        "release_id": str(release_id),
        "collection_id": str(circle),
        "incident_id": str(incident),
        "url": f"{node.installation.settings.url}/releases/{release_id}",
    }


@ONE_ENGINE
def test_a_webhook_is_told_what_comes_from_now_on(node: Node) -> None:
    circle = sharing.make_circle(node.database, node.cast)
    incident = sharing.make_incident(node.database, node.cast)
    sharing.released(node.database, node.cast, incident, circle)
    sharing.change_incident(node.database, node.cast, incident, severity=3)
    sharing.prepare(node.database, node.cast, incident, circle)
    webhook, _secret = node.make("http://127.0.0.1:9/hook", (Kind.COLLECTION_NEW,), who="omar")
    node.look()
    with node.database.writing() as session:
        managing.change_webhook(
            session,
            node.cast.actors["omar"],
            session.get_one(Webhook, webhook),
            Details("The SIEM", "http://127.0.0.1:9/hook", ALL),
            node.installation.settings,
        )
    node.look()
    assert node.messages(webhook) == []


def test_recalls_and_what_machines_sent_are_told_to_whom_they_concern(
    node: Node, example: ModuleType, app: Any
) -> None:
    circle = sharing.make_circle(
        node.database, node.cast, writing=MachineWriting.MODERATED, moderators="XB"
    )
    sharing.give_standing_approval(node.database, node.cast, circle)
    incident = sharing.make_incident(node.database, node.cast)
    kinds = (Kind.RECALL_ARRIVED, Kind.RECALL_COMPLETED, Kind.SUBMISSION_WAITING)
    webhook, secret = node.make("http://127.0.0.1:9/hook", kinds)
    producer, _secret = node.make("http://127.0.0.1:9/hook", kinds, who="omar")
    sharing.released(node.database, node.cast, incident, circle)
    with listening(example, secret) as (url, got):
        node.move(webhook, url)
        row = recall_steps.withdraw(
            node.database, node.installation.settings, node.cast, incident, circle
        )
        sent = {"objects": [indicator(7, "192.0.2.9")]}
        machine = Machine(app, node.cast.tokens["XA"])
        answer = machine.post(f"/exchange/collections/{circle}/objects/", sent)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        node.look()
    assert [one["type"] for one in got] == ["recall.arrived", "submission.waiting"]
    assert got[0]["data"]["recall_id"] == str(row.id)
    assert got[1]["data"]["collection_id"] == str(circle) and got[1]["data"]["count"] >= 1
    # XB is on this installation and its machines fetched nothing, so the act itself is the receipt
    assert [one.kind for one in node.messages(producer)] == ["recall.completed"]


def test_membership_is_asked_again_when_a_message_leaves(node: Node, clock: Clock) -> None:
    circle = sharing.make_circle(node.database, node.cast)
    incident = sharing.make_incident(node.database, node.cast)
    webhook, _secret = node.make("http://127.0.0.1:1/hook", (Kind.COLLECTION_NEW,))
    sharing.released(node.database, node.cast, incident, circle)
    node.look()
    assert states(node.messages(webhook)) == ["waiting"]
    with node.database.writing() as session:
        circles.remove_member(
            session,
            node.cast.actors["root"],
            session.get_one(Collection, circle),
            node.cast.administrations["XB"],
        )
    clock.ahead = timedelta(minutes=2)
    with answering(lambda to: to.answer({})) as served:
        node.move(webhook, served.url)
        node.look()
        assert served.log == []
    assert states(node.messages(webhook)) == ["dropped"]
    sharing.change_incident(node.database, node.cast, incident, title="Changed")
    with node.database.reading() as session:
        assert session.get_one(Webhook, webhook).next_at is None


def test_nothing_red_is_told_not_even_by_count(node: Node) -> None:
    circle = sharing.make_circle(node.database, node.cast)
    incident = sharing.make_incident(node.database, node.cast, "nadia")
    webhook, _secret = node.make("http://127.0.0.1:1/hook", who="omar")
    sharing.prepare(node.database, node.cast, incident, circle)
    sharing.change_incident(node.database, node.cast, incident, tlp=TLP.RED)
    node.look()
    assert node.messages(webhook) == []


def test_a_kill_between_sending_and_noting_sends_the_same_message_again(
    node: Node, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    webhook, _secret = node.make("http://127.0.0.1:1/hook")
    bodies: list[tuple[str, bytes]] = []

    def script(to: Handler) -> None:
        body = to.rfile.read(int(to.headers["Content-Length"]))
        bodies.append((to.headers["webhook-id"], body))
        to.answer({})

    class Killed(BaseException):
        """The process is gone."""

    def killed(*_: Any) -> None:
        raise Killed

    with answering(script) as served:
        node.move(webhook, served.url)
        node.try_it(webhook)
        with monkeypatch.context() as patch:
            patch.setattr(sending, "_note", killed)
            with pytest.raises(Killed):
                node.work()
        assert len(bodies) == 1 and states(node.messages(webhook)) == ["waiting"]
        clock.ahead = timedelta(minutes=4)  # the lease is over
        node.work()
    assert len(bodies) == 2 and bodies[0] == bodies[1]
    assert states(node.messages(webhook)) == ["delivered"]


def test_failures_are_tried_again_for_a_day_in_order_and_the_webhook_ends_after_three(
    node: Node, clock: Clock
) -> None:
    webhook, _secret = node.make("http://127.0.0.1:1/hook")
    got: list[str] = []

    def script(to: Handler) -> None:
        got.append(to.headers["webhook-id"])
        to.answer({}, status=503)

    with answering(script) as served:
        node.move(webhook, served.url)
        node.try_it(webhook)
        node.try_it(webhook)
        pauses = []
        for _attempt in range(sending.ATTEMPTS):
            node.work()
            row = node.webhook(webhook)
            assert row.next_at is not None
            pauses.append(row.next_at - clock.now())
            clock.ahead += pauses[-1] + timedelta(seconds=1)
        first, second = node.messages(webhook)
        assert got == [messages.name_of(first.id)] * sending.ATTEMPTS
        assert (first.state, second.state) == ("given-up", "waiting")
        assert first.last_status == 503 and "%(status)s" in first.outcome
        assert pauses[:-1] == sorted(pauses[:-1])
        whole = sum(pauses[:-1], timedelta())
        assert timedelta(hours=18) < whole < timedelta(hours=31)
        node.work()
        assert got[-1] == messages.name_of(second.id)
        clock.ahead += timedelta(days=3)
        node.work()
        assert not node.webhook(webhook).active
        assert node.webhook(webhook).off_reason == sending.OFF_FAILING
    got.clear()
    with answering(lambda to: to.answer({})) as served:
        node.move(webhook, served.url)
        clock.ahead += timedelta(days=1)
        node.look()
        assert served.log == []
        with node.database.writing() as session:
            row = session.get_one(Webhook, webhook)
            managing.switch(session, node.cast.actors["boris"], row, on=True)
        node.work()
        assert len(served.log) == 1
    assert states(node.messages(webhook)) == ["given-up", "delivered"]
    assert node.webhook(webhook).failing_since is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda to: to.answer(b"", status=302, Location="http://127.0.0.1:1/"), "the status 302"),
        (lambda to: to.answer(b"x" * 200_000), "longer than"),
    ],
)
@ONE_ENGINE
def test_a_redirect_or_an_endless_answer_is_a_failure(
    node: Node, script: Callable[[Handler], None], said: str
) -> None:
    webhook, _secret = node.make("http://127.0.0.1:1/hook")
    with answering(script) as served:
        node.move(webhook, served.url)
        node.try_it(webhook)
        node.work()
        assert len(served.log) == 1
    [row] = node.messages(webhook)
    assert row.state == "waiting" and said in row.outcome % row.params


@ONE_ENGINE
def test_gone_switches_off_at_once(node: Node) -> None:
    webhook, _secret = node.make("http://127.0.0.1:1/hook")
    with answering(lambda to: to.answer({}, status=410)) as served:
        node.move(webhook, served.url)
        node.try_it(webhook)
        node.work()
    assert node.webhook(webhook).off_reason == sending.OFF_GONE
    assert not node.webhook(webhook).active


@ONE_ENGINE
def test_a_slow_receiver_holds_up_nobody_else(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.5)
    slow, _secret = node.make("http://127.0.0.1:1/hook")
    quick, _secret = node.make("http://127.0.0.1:1/hook")
    over = threading.Event()
    with answering(lambda to: over.wait(20)) as stuck, answering(lambda to: to.answer({})) as well:
        node.move(slow, stuck.url)
        node.move(quick, well.url)
        node.try_it(slow)
        node.try_it(quick)
        node.work()
        over.set()
    assert states(node.messages(slow)) == ["waiting"]
    assert "within" in node.messages(slow)[0].outcome
    assert states(node.messages(quick)) == ["delivered"]


@ONE_ENGINE
def test_both_secrets_sign_for_a_day_after_a_change(node: Node, clock: Clock) -> None:
    webhook, old = node.make("http://127.0.0.1:1/hook")
    with node.database.writing() as session:
        row = session.get_one(Webhook, webhook)
        new = managing.change_secret(
            session, node.cast.actors["boris"], row, node.installation.settings
        )
    seen: list[tuple[dict[str, str], bytes]] = []

    def script(to: Handler) -> None:
        body = to.rfile.read(int(to.headers["Content-Length"]))
        seen.append((dict(to.headers.items()), body))
        to.answer({})

    with answering(script) as served:
        node.move(webhook, served.url)
        node.try_it(webhook)
        node.work()
        clock.ahead = timedelta(hours=25)
        node.try_it(webhook)
        node.work()
    wanted = [[new, old], [new]]
    for (headers, body), secrets in zip(seen, wanted, strict=True):
        assert json.loads(body)["type"] == "webhook.trial"
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        assert headers["webhook-signature"].split() == [
            "v1,"
            + base64.b64encode(
                hmac.new(base64.b64decode(one[6:]), content, hashlib.sha256).digest()
            ).decode()
            for one in secrets
        ]
    with node.database.reading() as session:
        kept = session.get_one(Webhook, webhook)
        assert new.encode() not in kept.sealed and old.encode() not in (kept.sealed_before or b"")


def test_the_example_refuses_what_is_not_ours_or_old(example: ModuleType) -> None:
    secret, at, message_id = messages.new_secret(), now(), uuid.uuid4()
    body = messages.body_of(message_id, "collection.new", at, {"count": 1}).encode()
    headers = messages.signed_headers([secret], message_id, at, body)
    seconds = at.timestamp()
    assert example.verified(secret, headers, body, now=seconds)["data"] == {"count": 1}
    for wrong in (
        (messages.new_secret(), headers, body, seconds),
        (secret, headers, body.replace(b"1", b"2"), seconds),
        (secret, {**headers, "webhook-id": "msg_other"}, body, seconds),
        (secret, {**headers, "webhook-timestamp": str(int(seconds) - 9)}, body, seconds),
        (secret, headers, body, seconds + 301),
        (secret, {}, body, seconds),
    ):
        with pytest.raises(example.NotOursError):
            example.verified(*wrong[:3], now=wrong[3])


def test_much_that_is_new_becomes_few_messages_when_nobody_takes_them(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_WAITING", 1)
    circle = sharing.make_circle(node.database, node.cast)
    webhook, _secret = node.make("http://127.0.0.1:1/hook", (Kind.COLLECTION_NEW,))
    count = 0
    for number in range(3):
        incident = sharing.make_incident(node.database, node.cast, title=f"Case {number}")
        row = sharing.released(node.database, node.cast, incident, circle)
        node.look()
    assert len(node.messages(webhook)) == 1
    with answering(lambda to: to.answer({})) as served:
        node.move(webhook, served.url)
        with node.database.writing() as session:
            row_ = session.get_one(Webhook, webhook)
            managing.switch(session, node.cast.actors["boris"], row_, on=True)
        node.work()
        node.look()
    bodies = [json.loads(one.body)["data"] for one in node.messages(webhook)]
    with node.database.reading() as session:
        count = session.scalar(sa.text("SELECT n FROM feed_counter ORDER BY n DESC LIMIT 1"))
    assert row.object_count and sum(one["count"] for one in bodies) == count
    assert states(node.messages(webhook)) == ["delivered", "delivered"]


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.example/hook",
        "https://user:pass@siem.example/hook",
        "https://siem.example/hook#part",
        "ftp://siem.example/",
        "https:///hook",
        "https://siem.example/\x00",
        "",
    ],
)
@ONE_ENGINE
def test_addresses_that_are_no_addresses_are_refused(node: Node, url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        node.make(url)
    assert refused.value.field == "url"
