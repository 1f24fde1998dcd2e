"""TAXII 2.1, section 5.5: what machines add, object by object; nothing hostile gets in."""

import json
import uuid

import flask
import pytest

from cirt.audit import AuditEntry, broken_links
from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.store_models import TaxiiStatus
from cirt.stix.marking import TLP, marking_definition
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import TIME, indicator
from tests.exchange.taxii_checks import ONE_ENGINE, is_error
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which machines may write; XA's and XB's are approved up to AMBER."""
    found = sharing.make_circle(
        database, cast, writing=MachineWriting.DIRECT, ceiling=TLP.AMBER_STRICT
    )
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    sharing.give_standing_approval(database, cast, found, "boris", TLP.AMBER)
    return found


def test_5_5_good_objects_are_kept_and_bad_ones_named(
    writer: Machine, reader: Machine, url: str, database: Database
) -> None:
    """TAXII-2.1-5.5, 4.3: 202 with a status; each failure names its object and why."""
    good = indicator()
    bad = {
        "no type": {"id": good["id"]},
        "a bad time": indicator(modified="yesterday"),
        "a future time": indicator(modified="2090-01-01T00:00:00.000Z"),
        "modified before created": indicator(modified="2025-01-01T00:00:00.000Z"),
        "an id in upper case": indicator(id=f"indicator--{uuid.uuid4()}".upper()),
        "a bad pattern": indicator(pattern="[ipv4-addr:value = "),
        "RED": indicator(object_marking_refs=[TLP.RED.marking_id]),
        "RED in a part": indicator(
            granular_markings=[{"marking_ref": TLP.RED.marking_id, "selectors": ["pattern"]}]
        ),
        "over the ceiling": indicator(object_marking_refs=[TLP.AMBER_STRICT.marking_id]),
        "no marking, so AMBER+STRICT": indicator(object_marking_refs=None),
        "an unknown marking": indicator(
            object_marking_refs=[f"marking-definition--{uuid.uuid4()}"]
        ),
        "a false TLP:RED": {**marking_definition(TLP.RED), "name": "TLP:CLEAR"},
        "no object": "indicator",
    }
    del bad["no marking, so AMBER+STRICT"]["object_marking_refs"]
    answer = writer.post(url, {"objects": [good, *bad.values()]})
    status = answer.get_json(force=True)
    assert answer.status_code == 202
    assert (status["status"], status["pending_count"]) == ("complete", 0)
    assert (status["success_count"], status["failure_count"]) == (1, len(bad))
    assert status["total_count"] == 1 + len(bad)
    assert status["successes"] == [{"id": good["id"], "version": TIME}]
    assert all({"id", "version", "message"} == set(one) for one in status["failures"])
    assert writer.get(f"/exchange/status/{status['id']}/").get_json(force=True) == status
    assert reader.get(f"/exchange/status/{status['id']}/").status_code == 404
    assert reader.get(url).get_json()["objects"] == [good]


def test_5_5_it_is_recorded_as_approved_by_the_named_person(
    writer: Machine, url: str, database: Database, cast: Cast
) -> None:
    """What is posted under a standing approval is recorded as approved by it."""
    status = writer.post(url, {"objects": [indicator()]}).get_json(force=True)
    with database.reading() as session:
        row = session.get_one(TaxiiStatus, uuid.UUID(status["id"]))
        approval = session.get_one(StandingApproval, row.approval_id)
        assert approval.approver_id == cast.users["omar"]
        entry = next(e for e in session.query(AuditEntry) if e.action == "release.machine")
        assert entry.details["approved_by"] == str(cast.users["omar"])
        assert list(broken_links(session)) == []


def test_5_5_equal_content_gives_equal_bytes_and_no_second_entry(
    writer: Machine, reader: Machine, url: str
) -> None:
    """TAXII-2.1-5.5: an exact duplicate is no error, whatever the order of its keys."""
    one = indicator(confidence=85)
    turned = dict(reversed(list(one.items())))
    for body in (one, turned):
        status = writer.post(url, {"objects": [body, body]}).get_json(force=True)
        assert (status["success_count"], status["failure_count"]) == (2, 0)
    assert reader.get(f"{url}?match[version]=all").get_json()["objects"] == [one]


def test_5_5_the_same_version_with_other_content_is_refused(
    writer: Machine, reader: Machine, url: str
) -> None:
    """The same id and modified always mean the same bytes."""
    one = indicator()
    other = {**one, "name": "changed"}
    status = writer.post(url, {"objects": [one, other]}).get_json(force=True)
    assert (status["success_count"], status["failure_count"]) == (1, 1)
    status = writer.post(url, {"objects": [other]}).get_json(force=True)
    assert (status["success_count"], status["failures"][0]["id"]) == (0, one["id"])
    spelled = {**one, "modified": TIME.replace(".000Z", "Z")}
    assert writer.post(url, {"objects": [spelled]}).get_json(force=True)["failure_count"] == 1
    assert reader.get(url).get_json()["objects"] == [one]


def test_5_5_an_id_belongs_to_who_brought_it_first(
    writer: Machine, reader: Machine, url: str, cast: Cast
) -> None:
    """A stranger's version replaces nothing, and is refused by name."""
    one = indicator()
    writer.post(url, {"objects": [one]})
    poison = {**one, "modified": "2026-03-01T00:00:00.000Z", "name": "poison"}
    status = reader.post(url, {"objects": [poison]}).get_json(force=True)
    assert "belongs to another producer" in status["failures"][0]["message"]
    assert reader.get(f"{url}?match[version]=all").get_json()["objects"] == [one]
    spoof = indicator(created_by_ref=f"identity--{cast.administrations['XA']}")
    identity = {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{cast.administrations['XA']}",
        "created": TIME,
        "modified": TIME,
        "name": "XA",
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    status = reader.post(url, {"objects": [spoof, identity]}).get_json(force=True)
    assert (status["success_count"], status["failure_count"]) == (0, 2)
    assert (
        writer.post(url, {"objects": [spoof, identity]}).get_json(force=True)["success_count"] == 2
    )


def test_5_5_an_id_that_exists_elsewhere_gives_nothing_away(
    app: flask.Flask, database: Database, cast: Cast, writer: Machine, url: str
) -> None:
    """Another circle's object with the same id is neither found nor touched."""
    one = indicator()
    writer.post(url, {"objects": [one]})
    other = sharing.make_circle(database, cast, "XB XC", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, other, "chen")
    status = (
        Machine(app, cast.tokens["XC"])
        .post(f"/exchange/collections/{other}/objects/", {"objects": [{**one, "name": "mine"}]})
        .get_json(force=True)
    )
    assert status["success_count"] == 1
    assert writer.get(url).get_json()["objects"] == [one]


def test_5_5_a_machine_cannot_weaken_a_marking(writer: Machine, url: str) -> None:
    """TLP-2.0: the strictest of earlier versions holds; weaker is a person's act."""
    one = indicator(object_marking_refs=[TLP.AMBER.marking_id])
    writer.post(url, {"objects": [one]})
    weaker = {
        **one,
        "modified": "2026-03-01T00:00:00.000Z",
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    status = writer.post(url, {"objects": [weaker]}).get_json(force=True)
    assert "TLP:AMBER" in status["failures"][0]["message"]


def test_5_5_a_report_marks_what_it_holds(writer: Machine, url: str) -> None:
    """TLP-2.0: the strictest of object and report."""
    one = indicator(object_marking_refs=[TLP.CLEAR.marking_id])
    report = {
        "type": "report",
        "spec_version": "2.1",
        "id": f"report--{uuid.uuid4()}",
        "created": TIME,
        "modified": TIME,
        "published": TIME,
        "name": "For named persons",
        "report_types": ["indicator"],
        "object_refs": [one["id"]],
        "object_marking_refs": [TLP.RED.marking_id],
    }
    status = writer.post(url, {"objects": [report, one]}).get_json(force=True)
    assert status["failure_count"] == 2


@ONE_ENGINE
def test_5_5_bodies_that_are_no_envelopes(writer: Machine, reader: Machine, url: str) -> None:
    """TAXII-2.1-5.5: 400 for what is no JSON, 422 for what holds no objects, 415 and 406."""
    deep = b'{"objects":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    twice = json.dumps(indicator()).replace('"type"', '"type": "malware", "type"', 1)
    for body in (
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"objects": [NaN]}',
        b'{"objects": [1e400]}',
        b'{"objects": ["\\ud800"]}',
        b'{"objects": ["\\u0000"]}',
        b"objects=type",
        b"objects=id&objects=type",
        deep,
        b'{"objects":[' + twice.encode() + b"]}",
    ):
        is_error(writer.post(url, body), 400)
    for value in ({}, [], None, 7, "", {"objects": {}}, {"objects": []}, {"objects": None}):
        is_error(writer.post(url, json.dumps(value).encode()), 422)
    for content_type in (
        "application/json",
        "application/x-www-form-urlencoded",
        "application/taxii+json;version=2.0",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "\xff",
    ):
        answer = writer.post(url, {"objects": [indicator()]}, {"Content-Type": content_type})
        is_error(answer, 415)
        assert answer.headers["Accept"] == "application/taxii+json;version=2.1"
    is_error(writer.post(url, {"objects": [indicator()]}, {"Accept": "text/html"}), 406)
    assert reader.get(url).get_json() == {}


@ONE_ENGINE
def test_5_5_a_form_is_refused_with_a_title_that_says_so(writer: Machine, url: str) -> None:
    """TAXII-2.1-5.5: cytaxii2 sends a dictionary as a form under TAXII's type."""
    title = is_error(writer.post(url, b"objects=type"), 400)["title"]
    assert "JSON" in title


def test_5_5_without_leave_nothing_gets_in(
    app: flask.Flask, database: Database, cast: Cast, reader: Machine
) -> None:
    """Off, no standing approval, an ended one, no contribution: 403; a stranger: 404."""
    envelope = {"objects": [indicator()]}
    circle = sharing.make_circle(database, cast, title="Quiet")
    url = f"/exchange/collections/{circle}/objects/"
    writer = Machine(app, cast.tokens["XA"])
    assert writer.post(url, envelope).status_code == 403
    open_one = sharing.make_circle(database, cast, title="Open", writing=MachineWriting.DIRECT)
    url = f"/exchange/collections/{open_one}/objects/"
    assert writer.post(url, envelope).status_code == 403
    sharing.give_standing_approval(database, cast, open_one)
    assert writer.get(url.removesuffix("objects/")).get_json()["can_write"] is True
    assert writer.post(url, envelope).status_code == 202
    assert Machine(app, cast.tokens["XB"]).post(url, envelope).status_code == 403
    assert Machine(app, cast.tokens["XC"]).post(url, envelope).status_code == 404
    sharing.set_member(database, cast, open_one, "XA", reads=True, contributes=False)
    assert writer.post(url, envelope).status_code == 403
    assert writer.get(url.removesuffix("objects/")).get_json()["can_write"] is False
