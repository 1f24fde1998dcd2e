"""Every object that a machine sends is accounted for, in any order of arrival, also when we fail."""

import random
import uuid
from itertools import permutations
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import claimed_names, feed, object_store, strict_door
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.store_models import FeedEntry, ObjectVersion, Submission, TaxiiStatus
from cirt.stix import validity_proof
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which XA's machine writes up to TLP:AMBER."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    return found


SPOILED: tuple[dict[str, Any], ...] = (
    {"modified": "yesterday"},
    {"object_marking_refs": [TLP.RED.marking_id]},
    {"object_marking_refs": [f"marking-definition--{uuid.UUID(int=9)}"]},
    {"pattern": "[ipv4-addr:value = "},
    {"id": "indicator--NOT-AN-ID"},
    {"id": 7},
)


@pytest.mark.parametrize("writing", [MachineWriting.DIRECT, MachineWriting.MODERATED])
def test_what_came_is_kept_or_refused_with_a_reason_T53(
    writer: Machine,
    reader: Machine,
    url: str,
    circle: uuid.UUID,
    database: Database,
    writing: MachineWriting,
) -> None:
    """T-53: in = stored + waiting + refused; nothing is dropped without a word, nothing twice."""
    with database.writing() as session:
        session.get_one(Collection, circle).machine_writing = writing.value
    chance, good, refused = random.Random(53), 0, 0
    for _number in range(6):
        sent = []
        for _place in range(chance.randrange(1, 30)):
            spoiled = chance.random() < 0.4
            good, refused = good + (not spoiled), refused + spoiled
            sent.append(indicator(**(chance.choice(SPOILED) if spoiled else {})))
        status = writer.post(url, {"objects": sent}).get_json(force=True)
        counts = [status[f"{kind}_count"] for kind in ("success", "pending", "failure")]
        assert sum(counts) == status["total_count"] == len(sent)
        named = [*status.get("successes", []), *status.get("pendings", [])]
        named += status.get("failures", [])
        assert len(named) == len(sent)
        assert all(one["message"] for one in status.get("failures", []))
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ObjectVersion)) == good
        waiting = [len(row.version_ids) for row in session.query(Submission)]
    read = reader.get(url).get_json().get("objects", [])
    assert (len(read), sum(waiting)) == (
        (good, 0) if writing is MachineWriting.DIRECT else (0, good)
    )
    assert refused > 10


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (validity_proof.Proof, "is_valid"),
        (claimed_names, "refuse_taken"),
        (claimed_names, "refuse_other_names"),
        (claimed_names, "refuse_elsewhere"),
        (strict_door, "_hold_to_earlier_marking"),
        (object_store, "marking_of"),
        (object_store, "keep"),
        (feed, "append"),
    ],
)
def test_a_guard_that_fails_lets_nothing_in_T54(
    app: flask.Flask,
    writer: Machine,
    url: str,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
) -> None:
    """T-54: a guard that breaks is no open door: 500, and nothing is stored, listed or promised."""

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(module, name, broken)
    answer = writer.post(url, {"objects": [indicator(), indicator()]})
    assert answer.status_code == 500
    assert "broken" not in answer.get_data(as_text=True)
    with database.reading() as session:
        for table in (ObjectVersion, FeedEntry, TaxiiStatus, Submission):
            assert session.query(table).count() == 0


def test_versions_arrive_in_any_order_and_the_latest_is_the_latest_T55(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-55: every order of arrival, in one envelope or several, gives the same state."""
    times = [f"2026-02-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    for number, order in enumerate(permutations(times)):
        one = indicator()
        versions = [{**one, "modified": time, "name": time} for time in order]
        parts = [versions] if number % 2 else [[version] for version in versions]
        for part in parts:
            assert writer.post(url, {"objects": part}).get_json(force=True)["failure_count"] == 0
        for asked, expected in (("", [times[2]]), ("first", [times[0]]), ("last", [times[2]])):
            query = f"?match[version]={asked}" if asked else ""
            objects = reader.get(f"{url}{one['id']}/{query}").get_json()["objects"]
            assert [found["name"] for found in objects] == expected, (order, asked)
        found = reader.get(f"{url}{one['id']}/versions/").get_json()["versions"]
        assert sorted(found) == times
