"""TAXII 2.1, section 5.7: a machine takes out what its administration's machines brought."""

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts.models import Administration, Place
from cirt.audit import AuditEntry, broken_links
from cirt.db import Database
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.inbox_models import Mention
from cirt.incidents.recall.keys import keys_of
from cirt.incidents.recall_models import Recall, RecallReceipt
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.settings import Settings
from cirt.stix import signatures, withdrawal
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast, token_with
from tests.exchange import recall_steps
from tests.exchange.machine_objects import indicator
from tests.exchange.taxii_checks import ONE_ENGINE, ids, is_error
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which both administrations' machines write."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    for who in ("omar", "boris"):
        sharing.give_standing_approval(database, cast, found, who, TLP.AMBER)
    return found


@pytest.fixture
def machine(
    app: flask.Flask, database: Database, cast: Cast, settings: Settings
) -> Callable[..., Machine]:
    """Return a machine of an administration with a token of these scopes."""

    return lambda code, *scopes: Machine(app, token_with(database, settings, cast, code, *scopes))


def _sent(machine: Machine, url: str, *days: str, **more: Any) -> dict[str, Any]:
    """Send an indicator in versions of these days, and return it."""
    one = indicator(**more)
    versions = [{**one, "modified": f"2026-02-{day}T00:00:00.000Z"} for day in days or ("01",)]
    assert machine.post(url, {"objects": versions}).get_json(force=True)["failure_count"] == 0
    return one


def _days(machine: Machine, url: str, one: dict[str, Any]) -> Sequence[str]:
    answer = machine.get(f"{url}{one['id']}/?match[version]=all")
    if answer.status_code == 404:
        return ()
    return [found["modified"][8:10] for found in answer.get_json()["objects"]]


def test_5_7_what_is_deleted_is_gone_everywhere_and_partners_are_told(
    writer: Machine, reader: Machine, url: str, database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """TAXII-2.1-5.7: 200; then 404 of the object and its versions, gone from objects and manifest."""
    one, other = _sent(writer, url, "01", "02", "03"), _sent(writer, url)
    cursor = reader.get(f"{url}?limit=1").get_json()["next"]
    answer = writer.open("DELETE", f"{url}{one['id']}/")
    assert (answer.status_code, answer.get_json(force=True)) == (200, {})
    for asker in (writer, reader):
        is_error(asker.get(f"{url}{one['id']}/"), 404)
        is_error(asker.get(f"{url}{one['id']}/?match[version]=all"), 404)
        is_error(asker.get(f"{url}{one['id']}/versions/"), 404)
        for what in ("objects", "manifest"):
            for query in (
                "",
                "match[version]=all",
                "match[version]=first,last",
                f"match[id]={one['id']}",
                f"match[version]=all&next={cursor}",
            ):
                found = ids(asker.get(f"{url.replace('objects', what)}?{query}"))
                assert one["id"] not in found
        assert other["id"] in ids(asker.get(url))
    is_error(writer.open("DELETE", f"{url}{one['id']}/"), 404)
    # what takes its place, for whoever fetched it before
    [said] = reader.get(f"{url}?match[type]=withdrawal").get_json()["objects"]
    assert [named["object_id"] for named in said["withdrawn"]] == [one["id"]] * 3
    assert said["object_marking_refs"] == [TLP.GREEN.marking_id]
    with database.reading() as session:
        [key] = keys_of(session, cast.administrations["XA"])
        verdict, _key = signatures.verify(said, [key.public])
        assert verdict is signatures.Verdict.GOOD
        bodies = sa.select(ObjectVersion.body).where(ObjectVersion.stix_id == one["id"])
        assert set(session.scalars(bodies)) == {None}
        assert session.query(Mention).filter_by(stix_id=one["id"]).count() == 0
        seqs = session.scalars(sa.select(FeedEntry.seq).order_by(FeedEntry.seq)).all()
        assert seqs == list(range(1, len(seqs) + 1))


def test_5_7_a_deletion_is_recorded_under_the_standing_approval(
    writer: Machine, url: str, database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """It leaves an audit entry with ids and counts, and a recall that belongs to no case."""
    one = _sent(writer, url, "01", "02")
    assert writer.open("DELETE", f"{url}{one['id']}/").status_code == 200
    with database.reading() as session:
        [row] = session.scalars(sa.select(Recall)).unique()
        assert row.administration_id == cast.administrations["XA"]
        assert (row.incident_id, row.recalled_by, len(row.objects)) == (None, None, 2)
        [approval] = session.scalars(
            sa.select(StandingApproval).where(StandingApproval.approver_id == cast.users["omar"])
        )
        [entry] = [e for e in session.query(AuditEntry) if e.action == "taxii.delete"]
        assert entry.actor.startswith("api_token:")
        assert entry.subject == f"recall:{row.id}"
        assert entry.details == {
            "collection": str(circle),
            "approval": str(approval.id),
            "approved_by": str(cast.users["omar"]),
            "objects": 2,
        }
        assert list(broken_links(session)) == []
        # XB's machine had not fetched it: its copies here went with ours
        [receipt] = session.scalars(sa.select(RecallReceipt))
        assert receipt.administration_id == cast.administrations["XB"]


@ONE_ENGINE
def test_5_7_people_of_both_sides_see_it_on_their_pages(
    writer: Machine, reader: Machine, url: str, browser: Any, database: Database, circle: uuid.UUID
) -> None:
    """The producer's people in "What we took back", the readers' in what was taken from them."""
    one = _sent(writer, url)
    reader.get(url)  # fetched: it must answer for its own tools
    writer.open("DELETE", f"{url}{one['id']}/")
    with database.reading() as session:
        recall = session.scalars(sa.select(Recall)).unique().one()
    for who in ("omar", "nadia", "boris"):
        person = browser(who)
        assert f"/recalls/{recall.id}" in person.get("/recalls/").get_data(as_text=True)
        page = person.get(f"/recalls/{recall.id}")
        assert page.status_code == 200
        text = page.get_data(as_text=True)
        assert "A machine of its producer deleted it by TAXII." in text
        assert ("A machine of your administration, by TAXII" in text) is (who != "boris")
        file = person.get(f"/recalls/{recall.id}/withdrawal.json")
        assert file.get_json(force=True)["id"] == recall.stix_id
    assert str(recall.id) not in browser("chen").get("/recalls/").get_data(as_text=True)
    assert browser("chen").get(f"/recalls/{recall.id}").status_code == 404


def test_5_7_versions_are_deleted_by_word_and_by_time(
    writer: Machine, reader: Machine, url: str
) -> None:
    """TAXII-2.1-5.7, 3.4.1: match[version] and match[spec_version]; without them all versions."""
    for query, left in (
        ("match[version]=first", ["02", "03", "04"]),
        ("match[version]=last", ["01", "02", "03"]),
        ("match[version]=first,last", ["02", "03"]),
        ("match[version]=2026-02-02T00:00:00.000Z", ["01", "03", "04"]),
        ("match[version]=2026-02-02T00:00:00Z,2026-02-03T00:00:00Z", ["01", "04"]),
        ("match[version]=all", []),
        ("match[spec_version]=2.1", []),
        ("match[version]=last&match[spec_version]=2.0,2.1", ["01", "02", "03"]),
        ("match[type]=malware&limit=0", []),  # no filters of this address
        ("", []),
    ):
        one = _sent(writer, url, "01", "02", "03", "04")
        assert writer.open("DELETE", f"{url}{one['id']}?{query}").status_code == 200, query
        assert list(_days(reader, url, one)) == left, query
        if left:  # what is left knows its first and last
            for word, day in (("first", left[0]), ("last", left[-1])):
                found = reader.get(f"{url}{one['id']}/?match[version]={word}").get_json()["objects"]
                assert [version["modified"][8:10] for version in found] == [day]
    one = _sent(writer, url, "01", "02")
    for query in ("match[version]=2020-01-01T00:00:00Z", "match[spec_version]=2.0"):
        is_error(writer.open("DELETE", f"{url}{one['id']}/?{query}"), 404)
    for query in (
        "match[version]=all,last",
        "match[version]=x",
        "match[version]=",
        "match[version]=last&match[version]=last",
    ):
        is_error(writer.open("DELETE", f"{url}{one['id']}/?{query}"), 400)
    assert list(_days(reader, url, one)) == ["01", "02"]


def test_5_7_the_table_of_rights(
    machine: Callable[..., Machine],
    writer: Machine,
    url: str,
    database: Database,
    cast: Cast,
    circle: uuid.UUID,
) -> None:
    """TAXII-2.1-5.7: neither read nor write is 404, one of both 403; to both it is open."""
    one = _sent(writer, url)
    address = f"{url}{one['id']}/"
    is_error(machine("XC", "taxii.read", "taxii.write").open("DELETE", address), 404)
    is_error(machine("XA", "taxii.read").open("DELETE", address), 403)
    is_error(machine("XA", "taxii.write").open("DELETE", address), 403)
    both = machine("XA", "taxii.read", "taxii.write")
    sharing.set_member(database, cast, circle, "XA", reads=True, contributes=False)
    is_error(both.open("DELETE", address), 403)
    sharing.set_member(database, cast, circle, "XA", reads=False, contributes=True)
    is_error(both.open("DELETE", address), 403)
    is_error(machine("XA", "taxii.read").open("DELETE", address), 404)
    sharing.set_member(database, cast, circle, "XA", reads=True, contributes=True)
    for writing, word in (
        (MachineWriting.OFF, "may not add"),
        (MachineWriting.MODERATED, "directly"),
    ):
        with database.writing() as session:
            session.get_one(Collection, circle).machine_writing = writing.value
        assert word in is_error(both.open("DELETE", address), 403)["title"]
    with database.writing() as session:
        session.get_one(Collection, circle).machine_writing = MachineWriting.DIRECT.value
        session.execute(sa.update(StandingApproval).values(ended_at=sa.func.now()))
    assert "standing approval" in is_error(both.open("DELETE", address), 403)["title"]
    sharing.give_standing_approval(database, cast, circle)
    assert both.open("DELETE", address).status_code == 200


def test_5_7_what_is_anothers_or_was_released_by_people_stays(
    writer: Machine, reader: Machine, url: str, database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """TAXII-2.1-5.7: 403 for others' objects, for published ones, for releases, for recalls."""
    one = _sent(writer, url)
    assert "producer" in is_error(reader.open("DELETE", f"{url}{one['id']}/"), 403)["title"]
    release = sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    before = reader.get(f"{url}?match[version]=all").get_data()
    for released in json.loads(release.bundle)["objects"]:
        for asker in (writer, reader):
            is_error(asker.open("DELETE", f"{url}{released['id']}/"), 403)
    # the same bytes came both ways: what people released is theirs to recall
    [mine] = [o for o in json.loads(release.bundle)["objects"] if o["type"] == "incident"]
    with database.writing() as session:
        session.execute(sa.update(ObjectVersion).values(via="taxii"))
    title = is_error(writer.open("DELETE", f"{url}{mine['id']}/"), 403)["title"]
    assert "releasing officer" in title
    assert reader.get(f"{url}?match[version]=all").get_data() == before
    assert writer.open("DELETE", f"{url}{one['id']}/").status_code == 200
    for said in reader.get(f"{url}?match[type]=withdrawal,extension-definition").get_json()[
        "objects"
    ]:
        is_error(writer.open("DELETE", f"{url}{said['id']}/"), 403)


@ONE_ENGINE
def test_5_7_what_a_recall_left_behind_stays(
    writer: Machine, url: str, database: Database, settings: Settings, cast: Cast, circle: uuid.UUID
) -> None:
    """The empty versions that tell simple tools of a withdrawal are the people's word as well."""
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, circle)
    recall_steps.withdraw(database, settings, cast, incident, circle)
    empty = [one for one in writer.get(url).get_json()["objects"] if one.get("revoked")]
    assert {one["type"] for one in empty} == {"incident", "indicator", "report"}
    for one in empty:
        is_error(writer.open("DELETE", f"{url}{one['id']}/"), 403)
    assert all(writer.get(f"{url}{one['id']}/").status_code == 200 for one in empty)


def test_5_7_another_audience_keeps_it(
    writer: Machine, reader: Machine, url: str, database: Database, cast: Cast
) -> None:
    """A deletion speaks to one collection; the bytes go with the last that has them."""
    other = sharing.make_circle(database, cast, title="Another", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, other)
    there = f"/exchange/collections/{other}/objects/"
    one = indicator()
    for address in (url, there):
        assert writer.post(address, {"objects": [one]}).get_json(force=True)["success_count"] == 1
    writer.open("DELETE", f"{url}{one['id']}/")
    assert list(_days(reader, url, one)) == []
    assert reader.get(f"{there}{one['id']}/").get_json()["objects"] == [one]
    # what was taken back stays away; a later version is new
    again = writer.post(url, {"objects": [one]}).get_json(force=True)
    assert (again["success_count"], again["failure_count"]) == (0, 1)
    later = {**one, "modified": "2026-05-01T00:00:00.000Z"}
    assert writer.post(url, {"objects": [later]}).get_json(force=True)["success_count"] == 1
    assert reader.get(f"{url}{one['id']}/").get_json()["objects"] == [later]
    writer.open("DELETE", f"{there}{one['id']}/")
    with database.reading() as session:
        query = sa.select(ObjectVersion.modified).where(
            ObjectVersion.stix_id == one["id"], ObjectVersion.body.is_not(None)
        )
        assert session.scalars(query).all() == [later["modified"]]


@ONE_ENGINE
def test_5_7_a_remote_administration_withdraws_by_its_own_key(
    writer: Machine, url: str, database: Database, cast: Cast
) -> None:
    """Nobody here can sign in its name, so that its partners could not believe it."""
    one = _sent(writer, url)
    with database.writing() as session:
        row = session.get_one(Administration, cast.administrations["XA"])
        row.place = Place.REMOTE
    title = is_error(writer.open("DELETE", f"{url}{one['id']}/"), 403)["title"]
    assert "withdrawal" in title
    assert writer.get(f"{url}{one['id']}/").status_code == 200


@ONE_ENGINE
def test_5_7_a_confidential_circle_learns_that_something_went_and_not_whose(
    app: flask.Flask, database: Database, cast: Cast
) -> None:
    """The circle speaks, at a whole hour; nothing names the administration."""
    sharing.add_administrations(database, cast, "XD")
    circle = sharing.make_circle(
        database,
        cast,
        "XA XB XC XD",
        writing=MachineWriting.DIRECT,
        membership=Membership.CONFIDENTIAL,
    )
    sharing.give_standing_approval(database, cast, circle)
    url = f"/exchange/collections/{circle}/objects/"
    writer, reader = (Machine(app, cast.tokens[code]) for code in ("XA", "XC"))
    one = _sent(writer, url)
    others = is_error(reader.open("DELETE", f"{url}{one['id']}/"), 403)
    assert others["title"]
    assert writer.open("DELETE", f"{url}{one['id']}/").status_code == 200
    page = reader.get(url)
    [said] = [o for o in page.get_json()["objects"] if o["type"] == withdrawal.WITHDRAWAL_TYPE]
    assert said["created_by_ref"] == f"identity--{circle}"
    assert said["created"].endswith(":00:00.000Z")
    assert str(cast.administrations["XA"]) not in page.get_data(as_text=True)


@ONE_ENGINE
def test_5_7_a_deletion_that_fails_changes_nothing(
    writer: Machine, reader: Machine, url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is one transaction: 500 leaves the object, and no withdrawal of it."""
    from cirt.incidents.recall import local_effects

    one = _sent(writer, url)
    before = reader.get(url).get_data()

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(local_effects, "note_local_receipts", broken)
    is_error(writer.open("DELETE", f"{url}{one['id']}/"), 500)
    assert reader.get(url).get_data() == before
    with database.reading() as session:
        assert session.query(Recall).count() == 0
