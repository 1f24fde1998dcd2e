"""A circle as a MISP feed: what MISP's own reader finds in it, for whom, and what is gone from it."""

import csv
import hashlib
import io
import json
import uuid
import zipfile
from typing import Any

import flask
import pytest
from pymisp import MISPEvent

from cirt.db import Database
from cirt.incidents import deliveries, feed, object_store
from cirt.incidents.circle_models import Membership
from cirt.settings import Settings
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import import_event
from tests.conftest import Cast
from tests.exchange.recall_steps import revoke, withdraw
from tests.sharing import Machine, change_incident, make_circle, make_incident, released, set_member

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TIME = "2026-01-02T03:04:05.000Z"


class Reader:
    """Reads a feed as a stock MISP does: the manifest, then each event by its UUID."""

    def __init__(self, app: flask.Flask, token: str | None, circle_id: uuid.UUID) -> None:
        self.machine = Machine(app, token)
        self.base = f"/exchange/collections/{circle_id}/misp"

    def get(self, name: str) -> Any:
        """Return the answer for a file of the feed; MISP asks for whatever it gets."""
        return self.machine.get(f"{self.base}/{name}", headers={"Accept": "*/*"})

    def manifest(self) -> dict[str, Any]:
        """Return the manifest."""
        answer = self.get("manifest.json")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def events(self) -> dict[str, Any]:
        """Return all events by UUID, each as its manifest announces it."""
        found = {}
        for key, told in self.manifest().items():
            answer = self.get(f"{key}.json")
            assert answer.status_code == 200, answer.get_data(as_text=True)
            event = json.loads(answer.data)["Event"]
            for name in ("info", "date", "timestamp", "threat_level_id", "analysis", "Orgc"):
                assert event[name] == told[name], name
            tags = [tag["name"] for tag in event["Tag"]]
            assert tags == [tag["name"] for tag in told["Tag"]]
            assert event["uuid"] == key
            assert answer.headers["X-Marking"].lower() == tags[0]
            found[key] = event
        return found


def attributes_of(event: Any) -> list[Any]:
    """Return all attributes of an event."""
    return event["Attribute"] + [a for one in event["Object"] for a in one["Attribute"]]


@pytest.fixture
def circle_id(database: Database, cast: Cast) -> uuid.UUID:
    return make_circle(database, cast, "XA XB XC", title="Three neighbours", alias="three")


def add_objects(
    database: Database, circle_id: uuid.UUID, owner_id: uuid.UUID, *bodies: dict[str, Any]
) -> None:
    """Put objects of an owner into a circle, as its machine does; AMBER unless RED is asked."""
    with database.writing() as session:
        items = []
        for body in bodies:
            tlp = TLP.RED if body.pop("red", False) else TLP.AMBER
            whole = {"spec_version": "2.1", "created": TIME, "modified": TIME, **body}
            if body["type"].endswith("-addr") or body["type"] == "process":
                del whole["created"], whole["modified"]
            whole["object_marking_refs"] = [tlp.marking_id]
            items.append(object_store.incoming(whole, owner_id, tlp))
        feed.append(session, circle_id, object_store.keep(session, items, via="taxii"))


def test_released_incident_is_an_event_that_misp_reads(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID
) -> None:
    incident_id = make_incident(database, cast, tlp=TLP.AMBER)
    change_incident(database, cast, incident_id, techniques=("T1566",))
    released(database, cast, incident_id, circle_id)
    reader = Reader(app, cast.tokens["XB"], circle_id)
    [event] = reader.events().values()
    assert event["uuid"] == str(incident_id) and event["published"] is True
    assert event["info"] == "Mail server scanned"
    assert event["Orgc"]["uuid"] == str(cast.administrations["XA"])
    assert event["SharingGroup"] == {"uuid": str(circle_id), "name": "Three neighbours"}
    assert event["distribution"] == "0"  # data only: the receiver decides, within the marking
    names = [tag["name"] for tag in event["Tag"]]
    assert names[0] == "tlp:amber" and names[1].startswith("rsit:")
    assert 'misp-galaxy:mitre-attack-pattern="T1566"' in names
    found = {(one["value"], one["to_ids"]) for one in attributes_of(event)}
    assert found == {("192.0.2.7", True), ("mail.example.org", False)}
    digests = {
        (hashlib.md5(value.encode(), usedforsecurity=False).hexdigest(), event["uuid"])
        for value, _ in found
    }
    table = reader.get("hashes.csv")
    assert {tuple(row) for row in csv.reader(io.StringIO(table.get_data(as_text=True)))} == digests
    assert table.headers["X-Marking"] == "TLP:AMBER"
    read = MISPEvent()
    read.load(json.dumps({"Event": event}))
    assert read.info == event["info"] and len(read.attributes) == 2
    back = import_event(json.dumps({"Event": event}).encode())
    assert (back.uuid, back.tlp, back.sharing_group) == (incident_id, TLP.AMBER, "Three neighbours")


@ONE_ENGINE
def test_identifiers_stay_from_version_to_version(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID
) -> None:
    incident_id = make_incident(database, cast)
    released(database, cast, incident_id, circle_id)
    reader = Reader(app, cast.tokens["XB"], circle_id)
    [before] = reader.events().values()
    change_incident(database, cast, incident_id, title="Mail server taken over")
    released(database, cast, incident_id, circle_id)
    [after] = reader.events().values()
    assert (before["uuid"], after["info"]) == (after["uuid"], "Mail server taken over")
    ids = [{(one["uuid"], one["value"]) for one in attributes_of(each)} for each in (before, after)]
    assert ids[0] == ids[1]
    assert int(after["timestamp"]) >= int(before["timestamp"])
    assert reader.get(f"{before['uuid']}.json").data == reader.get(f"{before['uuid']}.json").data


@ONE_ENGINE
def test_withdrawn_events_vanish_and_revoked_ones_are_marked_T53(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle_id: uuid.UUID,
    browser: Any,
) -> None:
    """What MISP reads after a recall: nothing of one kind, no alarm of the other."""
    first = make_incident(database, cast, title="Turbine stopped")
    second = make_incident(database, cast, title="Second")
    for incident_id in (first, second):
        released(database, cast, incident_id, circle_id)
    reader = Reader(app, cast.tokens["XB"], circle_id)
    assert set(reader.events()) == {str(first), str(second)}
    withdraw(database, settings, cast, first, circle_id)
    revoke(database, cast, second, circle_id)
    events = reader.events()
    assert set(events) == {str(second)}
    assert reader.get(f"{first}.json").status_code == 404
    assert "Turbine" not in reader.get("manifest.json").get_data(as_text=True)
    event = events[str(second)]
    assert 'cirt:state="revoked"' in [tag["name"] for tag in event["Tag"]]
    assert not any(one["to_ids"] for one in attributes_of(event))
    page = browser("boris").get(f"/circles/{circle_id}/misp").get_data(as_text=True)
    assert "no longer valid" in page and "Turbine" not in page


def test_feed_is_for_readers_alone(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    incident_id = make_incident(database, cast)
    released(database, cast, incident_id, circle_id)
    other = make_circle(database, cast, "XA XB", title="Elsewhere")
    released(database, cast, incident_id, other)
    pages = ["", f"/{incident_id}", f"/{incident_id}/event.json", "/feed.zip"]
    files = ["manifest.json", "hashes.csv", f"{incident_id}.json"]
    for name, status in (
        ("boris", 200),
        ("chen", 404),
        ("root", 403),
        ("farid", 403),
        (None, 302),
    ):
        for page in pages:
            assert browser(name).get(f"/circles/{other}/misp{page}").status_code == status, page
    absent = Reader(app, cast.tokens["XC"], uuid.uuid4())
    foreign = Reader(app, cast.tokens["XC"], other)
    for file in files:
        assert Reader(app, cast.tokens["XB"], other).get(file).status_code == 200
        assert Reader(app, None, other).get(file).status_code == 401
        assert absent.get(file).status_code == foreign.get(file).status_code == 404
    reader = Reader(app, cast.tokens["XB"], other)
    for file in ("x.json", f"{uuid.uuid4()}.json", "..%2fmanifest.json"):
        assert reader.get(file).status_code == 404
    assert reader.machine.post(f"{reader.base}/manifest.json", {}).status_code == 405
    # whoever was given it has it, as far as recalls go
    with database.reading() as session:
        assert set(deliveries.served(session, other)) == {cast.administrations["XB"]}
    set_member(database, cast, other, "XB", reads=False, contributes=True)
    assert reader.get("manifest.json").status_code == 404


@ONE_ENGINE
def test_folder_for_a_person_is_the_feed(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    for title in ("First", "Second"):
        released(database, cast, make_incident(database, cast, title=title), circle_id)
    reader = Reader(app, cast.tokens["XB"], circle_id)
    answer = browser("boris").get(f"/circles/{circle_id}/misp/feed.zip")
    assert answer.headers["X-Marking"] == "TLP:AMBER+STRICT"
    assert "three.misp-feed.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        held = {name: folder.read(name) for name in folder.namelist()}
    assert json.loads(held.pop("manifest.json")) == reader.manifest()
    assert held.pop("hashes.csv") == reader.get("hashes.csv").data
    assert {name.removesuffix(".json") for name in held} == set(reader.manifest())
    for name, body in held.items():
        assert reader.get(name).data == body
    lost = sum(int(reader.get(name).headers["X-Not-Carried"]) for name in held)
    assert answer.headers["X-Not-Carried"] == str(lost)


@ONE_ENGINE
def test_event_of_a_confidential_circle_names_the_circle_alone(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """T-05: no member is in any byte of the feed, whoever released."""
    from tests.sharing import add_administrations

    add_administrations(database, cast, "XD")
    circle_id = make_circle(
        database, cast, "XA XB XC XD", title="Quiet", membership=Membership.CONFIDENTIAL
    )
    incident_id = make_incident(database, cast)
    released(database, cast, incident_id, circle_id)
    reader = Reader(app, cast.tokens["XB"], circle_id)
    [event] = reader.events().values()
    assert event["Orgc"] == {"name": "Quiet", "uuid": str(circle_id)}
    assert event["uuid"] != str(incident_id)
    text = json.dumps(event) + reader.get("manifest.json").get_data(as_text=True)
    for code in ("XA", "XB", "XC", "XD"):
        assert str(cast.administrations[code]) not in text and f"{code}-2" not in text
    # a report that a machine put in under its own name: the event still names the circle
    own = f"identity--{cast.administrations['XC']}"
    report = f"report--{uuid.uuid4()}"
    add_objects(
        database,
        circle_id,
        cast.administrations["XC"],
        {"type": "identity", "id": own, "name": "Team of XC", "identity_class": "group"},
        {
            "type": "report",
            "id": report,
            "name": "By machine",
            "created_by_ref": own,
            "published": TIME,
            "object_refs": [own],
        },
    )
    events = reader.events()
    assert {one["Orgc"]["name"] for one in events.values()} == {"Quiet"}
    assert "Team of XC" not in json.dumps(events)


@ONE_ENGINE
def test_report_of_others_keeps_what_misp_has_places_for(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID, browser: Any
) -> None:
    """T-52, T-53: nothing in it steers a parser, and what is not carried is listed."""
    owner = cast.administrations["XC"]

    def id_of(kind: str) -> str:
        return f"{kind}--{uuid.uuid4()}"

    names = ("malware", "campaign", "indicator", "process", "ipv4-addr", "relationship", "tool")
    ids = {kind: id_of(kind) for kind in names}
    rule, report, secret = id_of("indicator"), id_of("report"), id_of("indicator")
    looks = {"pattern_type": "stix", "valid_from": TIME}
    add_objects(
        database,
        circle_id,
        owner,
        {"type": "malware", "id": ids["malware"], "name": "Emotet", "is_family": True},
        {"type": "campaign", "id": ids["campaign"], "name": "Autumn"},
        {
            "type": "indicator",
            "id": ids["indicator"],
            "pattern": "[domain-name:value = 'bad.example']",
            **looks,
        },
        {
            "type": "indicator",
            "id": rule,
            "name": "Pair",
            "pattern": "[ipv4-addr:value = '192.0.2.9' AND ipv4-addr:value != '192.0.2.8']",
            **looks,
        },
        {
            "type": "indicator",
            "id": secret,
            "pattern": "[domain-name:value = 'red.example']",
            "red": True,
            **looks,
        },
        {"type": "process", "id": ids["process"], "pid": 5, "command_line": "evil.exe -q"},
        {"type": "ipv4-addr", "id": ids["ipv4-addr"], "value": "192.0.2.9"},
        {
            "type": "relationship",
            "id": ids["relationship"],
            "relationship_type": "uses",
            "source_ref": ids["campaign"],
            "target_ref": ids["malware"],
        },
        {
            "type": "report",
            "id": report,
            "name": "Autumn campaign",
            "published": TIME,
            "labels": ['misp:tool="MISP-STIX-Converter"', "tlp:clear", "harvest"],
            "object_refs": [*(ids[kind] for kind in names[:-1]), rule, secret],
            "external_references": [{"source_name": "blog", "url": "https://example.org/a"}],
        },
    )
    reader = Reader(app, cast.tokens["XB"], circle_id)
    [event] = reader.events().values()
    assert event["uuid"] == report.partition("--")[2]
    tags = [tag["name"] for tag in event["Tag"]]
    assert tags[0] == "tlp:amber" and "tlp:clear" not in tags and "harvest" in tags
    assert 'misp-galaxy:tool="Emotet"' in tags
    found = {(one["type"], one["value"]): one["to_ids"] for one in attributes_of(event)}
    assert found["domain", "bad.example"] is True
    assert found["ip-dst", "192.0.2.9"] is False
    assert found["link", "https://example.org/a"] is False
    assert found[
        "stix2-pattern", "[ipv4-addr:value = '192.0.2.9' AND ipv4-addr:value != '192.0.2.8']"
    ]
    assert ("text", "evil.exe -q") in found
    assert "red.example" not in json.dumps(event)
    answer = reader.get(f"{event['uuid']}.json")
    page = browser("boris").get(f"/circles/{circle_id}/misp/{event['uuid']}").get_data(as_text=True)
    assert "Autumn" in page and "Its marking does not let it leave this way." in page
    assert page.count("<tr>") - 1 == int(answer.headers["X-Not-Carried"]) >= 3


@ONE_ENGINE
def test_nobody_takes_the_identifier_of_anothers_event(
    app: flask.Flask, database: Database, cast: Cast, circle_id: uuid.UUID
) -> None:
    """T-52: a stranger's report with the UUID of an incident becomes an event of its own."""
    incident_id = make_incident(database, cast)
    released(database, cast, incident_id, circle_id)
    add_objects(
        database,
        circle_id,
        cast.administrations["XC"],
        {
            "type": "report",
            "id": f"report--{incident_id}",
            "name": "Not that",
            "published": TIME,
            "object_refs": [f"incident--{incident_id}"],
        },
    )
    events = Reader(app, cast.tokens["XB"], circle_id).events()
    assert len(events) == 2
    assert events[str(incident_id)]["info"] == "Mail server scanned"
