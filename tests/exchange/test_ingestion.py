"""Envelopes of a thousand objects: what is quick about them changes nothing of what holds."""

import threading
import uuid
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import feed, object_store
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.object_store import Kept
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.many_rows import among, insert_absent, insert_rows, new_ids
from cirt.stix.marking import TLP
from tests import sharing
from tests.bench import ingestion_objects
from tests.conftest import Cast
from tests.exchange.machine_objects import TIME, indicator
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle that machines of XA write into."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found)
    return found


@pytest.fixture
def url(circle: uuid.UUID) -> str:
    """Where its objects are."""
    return f"/exchange/collections/{circle}/objects/"


@pytest.fixture
def writer(app: flask.Flask, cast: Cast) -> Machine:
    """A machine of XA."""
    return Machine(app, cast.tokens["XA"])


def objects(count: int, seed: str) -> list[dict[str, Any]]:
    stream = ingestion_objects.objects(seed)
    return [next(stream) for _ in range(count)]


def stored(database: Database) -> dict[tuple[str, str], bytes | None]:
    with database.reading() as session:
        query = sa.select(ObjectVersion.stix_id, ObjectVersion.version, ObjectVersion.body)
        return {(stix_id, version): body for stix_id, version, body in session.execute(query)}


def test_one_bad_object_among_a_thousand_is_named_and_the_rest_is_kept(
    writer: Machine, url: str, database: Database
) -> None:
    """TAXII 2.1, section 5.5: its place, its version and why; the same bytes of all the others."""
    sent = objects(1_000, "one bad")
    bad = indicator(pattern="[ipv4-addr:value = ]")
    sent[700] = bad
    status = writer.post(url, {"objects": sent}).get_json(force=True)
    assert (status["success_count"], status["failure_count"]) == (999, 1)
    [failure] = status["failures"]
    assert (failure["id"], failure["version"]) == (bad["id"], TIME)
    assert failure["message"].startswith("pattern: This is no STIX pattern: ")
    kept = stored(database)
    assert len(kept) == 999
    for one in sent[:5]:
        item = object_store.incoming(one, uuid.uuid4(), TLP.GREEN)
        assert kept[item.stix_id, item.key[2]] == item.body
    with database.reading() as session:
        entries = session.query(FeedEntry).order_by(FeedEntry.seq).all()
    good = [one for one in sent if one is not bad]
    assert [entry.stix_id for entry in entries] == [one["id"] for one in good]
    assert [entry.seq for entry in entries] == list(range(1, 1_000))
    times = [entry.added_us for entry in entries]
    assert times == sorted(set(times))
    again = writer.post(url, {"objects": sent}).get_json(force=True)
    assert (again["success_count"], again["failure_count"]) == (999, 1)
    assert stored(database) == kept


def test_what_comes_twice_in_one_envelope_is_kept_once(
    writer: Machine, url: str, database: Database
) -> None:
    """The same bytes are one object; other bytes of the same version are refused, and only they."""
    one, other = indicator(name="one"), indicator()
    later = {**one, "modified": "2026-01-03T00:00:00.000Z", "name": "later"}
    sent = [one, other, one, {**one, "name": "two"}, later]
    status = writer.post(url, {"objects": sent}).get_json(force=True)
    assert [success["id"] for success in status["successes"]] == [
        *(one["id"], other["id"], one["id"], one["id"])
    ]
    [failure] = status["failures"]
    assert "was given out before with other content" in failure["message"]
    assert failure["message"].endswith("this one was not stored.")
    assert len(stored(database)) == 3
    with database.reading() as session:
        entries = session.query(FeedEntry).order_by(FeedEntry.seq).all()
    assert [(entry.stix_id, entry.is_first, entry.is_last) for entry in entries] == [
        *((one["id"], True, False), (other["id"], True, True), (one["id"], False, True))
    ]


def test_two_writers_of_the_same_objects_keep_each_once(
    database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """Whoever comes second finds the rows of the first, and both feeds say the same."""
    owner = cast.administrations["XA"]
    items = [object_store.incoming(one, owner, TLP.GREEN) for one in objects(300, "two writers")]
    start, failed = threading.Barrier(4), []

    def write(turn: int) -> None:
        try:
            start.wait(20)
            with database.writing() as session:
                mine = items if turn % 2 else items[::-1]
                kept = object_store.keep(session, mine, via="taxii")
                assert all(isinstance(one, Kept) for one in kept)
                feed.append(session, circle, kept)  # type: ignore[arg-type]
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=write, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    keys = {item.key[1:] for item in items}
    assert set(stored(database)) == keys
    with database.reading() as session:
        entries = session.query(FeedEntry).all()
    assert {(entry.stix_id, entry.version_key) for entry in entries} == keys
    assert len(entries) == len(keys)
    assert {entry.seq for entry in entries} == set(range(1, len(keys) + 1))


def test_only_what_a_transaction_made_itself_counts_as_new(database: Database, cast: Cast) -> None:
    """T-70: whether a published marking was here before shows in nothing that follows."""
    owner = cast.administrations["XA"]
    marking = object_store.published_object(TLP.GREEN.marking_id)
    assert marking is not None
    items = [
        object_store.incoming(indicator(), owner, TLP.GREEN),
        object_store.incoming(marking, owner, TLP.CLEAR),
    ]
    found = []
    for _time in range(2):
        with database.writing() as session:
            kept = object_store.keep(session, items, via="taxii")
            found.append([(one.is_new, one.id) for one in kept if isinstance(one, Kept)])
    first, second = found
    assert [is_new for is_new, _id in first] == [True, False]
    assert [is_new for is_new, _id in second] == [False, False]
    assert [row_id for _new, row_id in first] == [row_id for _new, row_id in second]


def test_many_rows_and_values_are_what_single_ones_are(
    database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """Both databases: any text, None and bytes; a key that is there is left or an error."""
    owner, table = cast.administrations["XA"], ObjectVersion.__table__
    texts = ["plain", "quote ' \" back \\ slash", "{braces},(und) ünï 😀", "%(name)s ? :x", "NULL"]
    ids = new_ids(len(texts))
    assert len(set(ids)) == len(ids)
    assert {one.version for one in ids} == {7}
    columns = {
        "id": ids,
        "stix_id": texts,
        "version": texts,
        "type": texts,
        "created": texts,
        "modified": texts,
        "digest": texts,
        "body": [b"\x00\xff'\\", None, b"", b"{}", b"\\x41"],
    }
    same = {"owner_id": owner, "via": "taxii", "tlp": "clear", "spec_version": "2.1"}
    same["received_at"] = object_store.now()
    with database.writing() as session:
        assert insert_absent(session, table, columns, same) == len(texts)
        assert insert_absent(session, table, columns, same) == 0
    with database.reading() as session:
        rows = session.query(ObjectVersion).order_by(ObjectVersion.id).all()
        assert sorted((row.stix_id, row.body or b"") for row in rows) == sorted(
            zip(texts, (b"\x00\xff'\\", b"", b"", b"{}", b"\\x41"), strict=True)
        )
        assert {row.received_at for row in rows} == {same["received_at"]}
        for chosen in (texts[1:3], [], texts):
            query = sa.select(ObjectVersion.stix_id).where(
                among(session, ObjectVersion.stix_id, chosen)
            )
            assert sorted(session.scalars(query)) == sorted(chosen)
        query = sa.select(ObjectVersion.id).where(among(session, ObjectVersion.id, ids[:2]))
        assert sorted(session.scalars(query)) == sorted(ids[:2])
    with pytest.raises(sa.exc.IntegrityError), database.writing() as session:
        insert_rows(session, table, columns, same)
    with pytest.raises(sa.exc.DataError), database.writing() as session:
        insert_rows(session, table, columns | {"id": new_ids(5), "type": ["\0"] * 5}, same)
