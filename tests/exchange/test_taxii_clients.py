"""Real clients, unmodified, against a real server process on loopback."""

import base64
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
import stix2
from cytaxii2 import cytaxii2
from requests.auth import HTTPBasicAuth
from taxii2client.common import TokenAuth
from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

from cirt.incidents import moderation
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.store_models import Submission
from cirt.stix.marking import TLP
from tests.exchange.machine_objects import indicator
from tests.exchange.running_server import Running, running
from tests.server import ROOT

MANY, FEW = 1_150, 23


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None) -> Iterator[Running]:
    """One server process for all of these tests."""
    with running(tmp_path_factory.mktemp("clients")) as found:
        yield found


def _collection(server: Running, code: str, circle: uuid.UUID | None = None) -> Collection:
    return Collection(
        server.collection(circle), user=f"{code.lower()}-machine", password=server.cast.tokens[code]
    )


def _fill(server: Running, circle: uuid.UUID, count: int) -> list[dict[str, Any]]:
    """Send so many objects in envelopes of different sizes, and return them."""
    sent = [indicator(name=f"{number}") for number in range(count)]
    start, writing = 0, _collection(server, "XA", circle)
    for size in itertools.cycle((1, 50, 400)):
        part = sent[start : start + size]
        if not part:
            writing.close()
            return sent
        status = writing.add_objects({"objects": part})
        assert (status.status, status.success_count) == ("complete", len(part))
        start += size
    raise AssertionError


@pytest.fixture(scope="module")
def many(server: Running) -> tuple[uuid.UUID, list[dict[str, Any]]]:
    """A circle with more objects than one page holds."""
    circle = server.new_circle("Many")
    return circle, _fill(server, circle, MANY)


@pytest.fixture(scope="module")
def few(server: Running) -> tuple[uuid.UUID, list[dict[str, Any]]]:
    """A circle with a few objects."""
    circle = server.new_circle("Few", "few")
    return circle, _fill(server, circle, FEW)


Filled = tuple[uuid.UUID, list[dict[str, Any]]]


def test_taxii2_client_reads_every_page(server: Running, few: Filled, many: Filled) -> None:
    """taxii2-client: from discovery to pages of 1, 7, 100, 1,000 and more: all, and each once."""
    with Server(
        f"{server.url}/taxii2/", user="xb-machine", password=server.cast.tokens["XB"]
    ) as found:
        [root] = found.api_roots
        assert found.default.url == root.url == f"{server.url}/exchange/"
        assert "application/taxii+json;version=2.1" in root.versions
        assert root.max_content_length == 20_000_000
        collections = {one.id: one for one in root.collections}
        for (circle, sent), sizes in ((few, (1, 7, 100)), (many, (7, 100, 1_000, 5_000, 0))):
            collection = collections[str(circle)]
            assert (collection.can_read, collection.can_write) == (True, True)
            expected = [one["id"] for one in sent]
            for read in (collection.get_objects, collection.get_manifest):
                for size in sizes:
                    pages = list(as_pages(read, per_request=size))
                    got = [one["id"] for page in pages for one in page["objects"]]
                    assert got == expected, (read, size)
                    if size:
                        assert len(pages) == -(-len(sent) // min(size, 1_000))
        assert collections[str(few[0])].alias == "few"
        assert collections[str(few[0])].custom_properties == {}


def test_taxii2_client_filters_one_object_and_versions(server: Running, few: Filled) -> None:
    """taxii2-client: every filter, as text, list and date; one object; its versions; errors."""
    circle, sent = few
    collection, one = _collection(server, "XB", circle), sent[3]
    by_id = collection.get_objects(id=[sent[5]["id"], one["id"]], type="indicator")
    assert [found["id"] for found in by_id["objects"]] == [one["id"], sent[5]["id"]]
    assert collection.get_objects(type=["malware", "report"]) == {}
    assert collection.get_objects(id=one["id"], version="last", spec_version="2.1")["objects"] == [
        one
    ]
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert len(collection.get_objects(version=[moment])["objects"]) == FEW
    assert len(collection.get_objects(added_after=moment)["objects"]) == FEW
    assert collection.get_objects(added_after="2090-01-01T00:00:00Z") == {}
    records = collection.get_manifest(limit=4)
    after = records["objects"][-1]["date_added"]
    assert collection.get_objects(added_after=after)["objects"] == sent[4:]
    assert collection.get_object(one["id"])["objects"] == [one]
    assert collection.get_object(one["id"], version=["first", "last"])["objects"] == [one]
    assert collection.object_versions(one["id"])["versions"] == [one["modified"]]
    for ask in (collection.get_object, collection.object_versions):
        with pytest.raises(requests.HTTPError) as refused:
            ask(f"indicator--{uuid.uuid4()}")
        assert refused.value.response.status_code == 404
    collection.refresh()
    collection.close()
    token = Collection(server.collection(circle), auth=TokenAuth(server.cast.tokens["XB"]))
    assert token.title == "Few"  # "Authorization: Token …", as OpenCTI's connector sends it
    token.close()


def test_taxii2_client_writes_waits_and_deletes(server: Running) -> None:
    """taxii2-client: POST of text, bytes and dictionary, the status until it is final, DELETE."""
    circle = server.new_circle("To be deleted")
    writing, reading = _collection(server, "XA", circle), _collection(server, "XB", circle)
    one, two, three = (indicator(name=name) for name in ("une", "ثانية", "three"))
    for envelope in (
        {"objects": [one]},
        json.dumps({"objects": [two]}),
        json.dumps({"objects": [three]}).encode(),
    ):
        status = writing.add_objects(envelope)
        assert bool(status)
        assert (status.total_count, status.success_count) == (1, 1)
    assert reading.get_objects()["objects"] == [one, two, three]
    again = Status(status.url, user="xa-machine", password=server.cast.tokens["XA"])
    assert again._raw == status._raw
    again.close()
    later = {**one, "modified": "2026-03-01T00:00:00.000Z"}
    bad = indicator(modified="yesterday")
    status = writing.add_objects({"objects": [later, bad]}, wait_for_completion=False)
    assert [found["id"] for found in status.failures] == [bad["id"]]
    with pytest.raises(requests.HTTPError) as refused:
        reading.delete_object(one["id"])
    assert refused.value.response.status_code == 403
    writing.delete_object(one["id"], version="first")
    assert reading.object_versions(one["id"])["versions"] == [later["modified"]]
    for gone in (one, two):
        writing.delete_object(gone["id"])
        with pytest.raises(requests.HTTPError) as refused:
            reading.get_object(gone["id"])
        assert refused.value.response.status_code == 404
    assert reading.get_objects(type="indicator")["objects"] == [three]
    writing.close()
    reading.close()


def test_taxii2_client_waits_for_a_moderator(server: Running) -> None:
    """taxii2-client: a pending status turns complete while the client waits for it."""
    circle = server.new_circle("Moderated", writing=MachineWriting.MODERATED)
    writing, one = _collection(server, "XA", circle), indicator()

    def admit() -> None:
        for _time in range(200):
            with server.database.writing() as session:
                row = session.scalars(
                    sa.select(Submission).where(Submission.collection_id == circle)
                ).one_or_none()
                if row is not None:
                    every = [uuid.UUID(version) for version in row.version_ids]
                    moderation.admit(session, server.cast.actors["boris"], row, every)
                    return
            time.sleep(0.05)

    moderator = threading.Thread(target=admit)
    moderator.start()
    status = writing.add_objects({"objects": [one]}, poll_interval=0.2, timeout=20)
    moderator.join()
    assert (status.status, status.success_count, status.pending_count) == ("complete", 1, 0)
    assert _collection(server, "XB", circle).get_objects()["objects"] == [one]
    writing.close()


def test_cytaxii2_runs_every_request(server: Running, few: Filled, many: Filled) -> None:
    """cytaxii2: discovery by an absolute API root, polls page by page, inbox as text and as form."""
    client = cytaxii2.cytaxii2(f"{server.url}/taxii2/", "xa-machine", server.cast.tokens["XA"])

    def good(answer: dict[str, Any]) -> Any:
        assert answer["status"] is True, answer
        return answer["response"]

    assert good(client.discovery_request())["default"] == f"{server.url}/exchange/"
    assert good(client.root_discovery())["max_content_length"] == 20_000_000
    listed = good(client.collection_request())["collections"]
    assert str(few[0]) in [one["id"] for one in listed]
    assert good(client.collection_data_request(str(few[0])))["title"] == "Few"
    assert good(client.collection_data_request("few"))["id"] == str(few[0])
    for (circle, sent), size in ((few, 1), (few, 7), (many, 100), (many, 1_000)):
        got: list[str] = []
        following = None
        while True:
            page = good(client.poll_request(str(circle), limit=size, next=following))
            got += [one["id"] for one in page["objects"]]
            following = page.get("next")
            if not page.get("more"):
                break
        assert got == [one["id"] for one in sent]
    one = few[1][2]
    found = good(client.poll_request("few", object_id=one["id"], object_type="indicator"))
    assert found["objects"] == [one]
    assert good(client.poll_request("few", added_after="2090-01-01T00:00:00Z")) == {}
    circle = server.new_circle("By cytaxii2")
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator()]}
    status = good(client.inbox_request(str(circle), json.dumps(bundle)))
    assert status["success_count"] == 1
    form = client.inbox_request(str(circle), bundle)  # a dictionary goes out as a form
    assert (form["status"], form["status_code"]) == (False, 400)
    assert "JSON" in form["response"]["title"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_stix2_source_sink_and_store(server: Running, few: Filled, many: Filled) -> None:
    """stix2: TAXIICollectionSource over many pages, Sink of every kind of thing, Store of both."""
    for (circle, sent), size in ((few, 1), (few, 7), (many, 100), (many, 1_000)):
        reading = _collection(server, "XB", circle)
        source = stix2.TAXIICollectionSource(reading, items_per_page=size)
        found = source.query([stix2.Filter("type", "=", "indicator")])
        assert [one.id for one in found] == [one["id"] for one in sent]
        assert source.query([stix2.Filter("type", "=", "malware")]) == []
        assert source.get(sent[1]["id"]).name == "1"
        assert source.get(f"indicator--{uuid.uuid4()}") is None
        reading.close()

    circle = server.new_circle("By stix2")
    store = stix2.TAXIICollectionStore(_collection(server, "XA", circle), items_per_page=2)
    marked = {"object_marking_refs": [TLP.GREEN.marking_id]}
    first = stix2.Indicator(
        pattern="[domain-name:value = 'mail.example.net']",
        pattern_type="stix",
        valid_from="2026-01-01T00:00:00Z",
        **marked,
    )
    malware = stix2.Malware(name="Wiper", is_family=False, **marked)
    link = stix2.Relationship(first, "indicates", malware, **marked)
    other = stix2.Malware(name="Other", is_family=True, **marked)
    store.add(first)
    store.add(json.loads(malware.serialize()))
    store.add(stix2.Bundle(link, other).serialize())
    store.add([stix2.Bundle(other), first.serialize()])
    second = first.new_version(name="seen again")
    store.add(second)
    assert store.get(first.id) == second
    assert sorted(store.all_versions(first.id), key=lambda one: one.modified) == [first, second]
    assert [one.id for one in store.related_to(malware)] == [first.id]
    assert [one.id for one in store.relationships(first)] == [link.id]
    assert store.creator_of(first) is None
    everything = store.query([stix2.Filter("type", "!=", "withdrawal")])
    assert {one.id for one in everything} == {first.id, malware.id, link.id, other.id}
    with pytest.raises(requests.HTTPError):
        stix2.TAXIICollectionSink(_collection(server, "XA", circle)).add(stix2.Bundle(objects=[]))


def test_misp_pushes_and_looks(server: Running) -> None:
    """What MISP does, with its libraries: PyMISP's event by misp-stix, pushed by taxii2-client."""
    circle = server.new_circle("From MISP")
    key = base64.b64encode(f"xa-machine:{server.cast.tokens['XA']}".encode()).decode()
    address = f"{server.url}/exchange/collections/{circle}"
    command = [sys.executable, "-m", "tests.exchange.misp_push", server.url, "exchange"]
    done = subprocess.run([*command, str(circle), key], cwd=ROOT, capture_output=True, check=True)
    pushed = json.loads(done.stdout)
    assert pushed["failures"] == []
    assert pushed["good"] == len(pushed["sent"]) > 3
    # the page "TAXII servers" of MISP: the key as it was typed, "basic" in small letters
    headers = {
        "Accept": "application/taxii+json;version=2.1",
        "Content-type": "application/taxii+json;version=2.1",
        "Authorization": f"basic {key}",
    }
    listed = requests.get(f"{server.url}/exchange/collections/", headers=headers, timeout=10)
    assert str(circle) in [one["id"] for one in listed.json()["collections"]]
    got: list[str] = []
    query: dict[str, Any] = {"limit": 50}
    while True:
        page = requests.get(f"{address}/objects/", headers=headers, params=query, timeout=10).json()
        got += [one["id"] for one in page["objects"]]
        one = requests.get(f"{address}/objects/{got[-1]}/", headers=headers, timeout=10).json()
        assert one["objects"] == page["objects"][-1:]
        if not page.get("more"):
            break
        query["next"] = page["next"]
    assert set(got) >= {stix_id for stix_id, kind in pushed["sent"] if kind == "indicator"}


def test_opencti_keeps_its_place(server: Running, few: Filled) -> None:
    """What OpenCTI's TAXII feed asks: `next` with added_after, and dates cut off at milliseconds."""
    circle, sent = server.new_circle("To OpenCTI"), []
    session = requests.Session()
    session.auth = ("xb-machine", server.cast.tokens["XB"])
    session.headers["Accept"] = "application/taxii+json;version=2.1"
    state: dict[str, str] = {}
    got: list[str] = []
    for _round in range(4):
        sent += _fill(server, circle, 30)
        while True:
            params = {name: value for name, value in state.items() if value}
            answer = session.get(
                f"{server.collection(circle)}objects/", params={"limit": "7", **params}, timeout=10
            )
            assert answer.status_code == 200
            page = answer.json()
            if not page.get("objects"):
                break
            got += [one["id"] for one in page["objects"]]
            if page.get("more"):
                state["next"] = page["next"]
            else:
                last = answer.headers["X-TAXII-Date-Added-Last"]
                state = {"added_after": f"{last[:23]}Z"}
    assert got == [one["id"] for one in sent]
    # its connector: roots and collections by name, `limit` and added_after as a date without zone
    basic = HTTPBasicAuth("xb-machine", server.cast.tokens["XB"])
    [root] = Server(f"{server.url}/taxii2/", auth=basic).api_roots
    assert root.url.split("/")[-2] == "exchange"
    assert isinstance(root, ApiRoot)
    [collection] = [one for one in root.collections if one.title == "To OpenCTI"]
    filters: dict[str, Any] = {"limit": 50, "added_after": datetime(2026, 1, 1, tzinfo=UTC)}
    page = collection.get_objects(**filters)
    names = [one["id"] for one in page["objects"]]
    while page.get("more"):
        filters.pop("added_after", None)
        page = collection.get_objects(**filters, next=page["next"])
        names += [one["id"] for one in page["objects"]]
    assert names == got


def test_elastic_keeps_its_place(server: Running) -> None:
    """What Elastic's Custom Threat Intelligence asks: added_after first, then `next` alone."""
    circle = server.new_circle("To Elastic")
    sent = _fill(server, circle, 30)
    url = f"{server.collection(circle)}objects/"
    headers = {
        "Accept": "application/taxii+json;version=2.1",
        "Content-Type": "application/taxii+json;version=2.1",
        "Authorization": f"Bearer {server.cast.tokens['XB']}",
    }
    got: list[str] = []
    cursor = "2026-01-01T00:00:00Z"
    for round_number in range(2):
        address, query = url.rstrip("/") + "/?", {"added_after": cursor, "limit": "7"}
        while True:
            answer = requests.get(address, params=query, headers=headers, timeout=10)
            page = answer.json()
            got += [one["id"] for one in page.get("objects", [])]
            cursor = answer.headers["X-Taxii-Date-Added-Last"]
            if not page.get("next"):
                break
            query = {"next": page["next"], "limit": "7"}
        if round_number == 0:
            sent += _fill(server, circle, 9)
    assert got == [one["id"] for one in sent]


def test_the_example_loses_nothing_and_gets_nothing_twice(server: Running, tmp_path: Path) -> None:
    """docs/examples/poll_taxii.py: killed at any moment and run again, while others write."""
    circle, mirror = server.new_circle("Mirrored"), tmp_path / "mirror.ndjson"
    sent = _fill(server, circle, 300)
    command = [sys.executable, str(ROOT / "docs" / "examples" / "poll_taxii.py")]
    command += [server.collection(circle), str(mirror), "--limit", "2"]
    environment = {**os.environ, "TAXII_TOKEN": server.cast.tokens["XB"]}
    for wait in (0.25, 0.35, 0.45, 0.6):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        sent += _fill(server, circle, 5)
    with mirror.open("ab") as file:
        file.write(b'{"half a line')
    for _time in range(2):
        done = subprocess.run(
            [*command[:-1], "100"], env=environment, check=True, capture_output=True, text=True
        )
    assert done.stdout == "0 new objects\n"
    assert [json.loads(line) for line in mirror.read_text().splitlines()] == sent
    environment["TAXII_USER"] = "xb-machine"
    sent += _fill(server, circle, 3)
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "3 new objects\n"
    assert [json.loads(line) for line in mirror.read_text().splitlines()] == sent
    environment["TAXII_TOKEN"] = "cirt_wrong"
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "401" in refused.stderr
