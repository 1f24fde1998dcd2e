"""Circles, releases, recalls, the inbox and webhooks by the API."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.access import Role
from cirt.accounts import directory
from cirt.accounts.models import Administration
from cirt.api.models import RepeatableAnswer
from cirt.db import Database
from cirt.errors import ForbiddenError
from cirt.incidents import policy_cards
from cirt.incidents.circle_models import Collection, MachineWriting, Membership, Onward
from cirt.incidents.inbox import decisions
from cirt.incidents.inbox.items import Narrowed, listing
from cirt.incidents.policy_cards import CardDetails
from cirt.incidents.release_models import Release
from cirt.incidents.webhook_models import Webhook
from cirt.settings import Settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import PASSWORD, Cast
from tests.exchange import recall_steps
from tests.functional import inbox_steps as steps
from tests.functional.inbox_steps import indicator

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Machines = Callable[[str], Any]


def prepare(machine: Any, incident: uuid.UUID, *circles: uuid.UUID, **more: Any) -> Any:
    audiences = [{"collection_id": str(one), **more} for one in circles]
    return machine.post("/releases", {"incident_id": str(incident), "audiences": audiences})


def test_circles_are_shown_as_their_page_shows_them(
    machine: Machines, machine_with: Any, database: Database, cast: Cast
) -> None:
    sharing.add_administrations(database, cast, "XD XE XF")
    open_one = sharing.make_circle(database, cast, "XA XB", title="Neighbours", alias="neighbours")
    hidden = sharing.make_circle(
        database, cast, "XA XB XD XE XF", title="Quiet", membership=Membership.CONFIDENTIAL
    )
    rows = {row["title"]: row for row in machine("XA").everything("/circles", limit=1)}
    assert set(rows) == {"Neighbours", "Quiet", "Direct: XA"}
    assert [one["code"] for one in rows["Neighbours"]["members"]] == ["XA", "XB"]
    assert rows["Neighbours"]["own"] == {
        "may_read": True,
        "may_contribute": True,
        "may_moderate": False,
    }
    assert rows["Quiet"]["members"] is None and rows["Quiet"]["size_band"] == "4–9"
    for code in ("XB", "XD", "XE", "XF"):
        assert str(cast.administrations[code]) not in str(rows["Quiet"])
    one = machine("XA").get(f"/circles/{hidden}")
    assert one.get_json() == rows["Quiet"]
    assert machine("XC").get(f"/circles/{open_one}").status_code == 404
    assert {row["title"] for row in machine("XC").everything("/circles")} == {"Direct: XC"}
    assert machine_with("XA", "taxii.read").get("/circles").status_code == 403


@ONE_ENGINE
def test_the_own_policy_card_is_read(machine: Machines, database: Database, cast: Cast) -> None:
    assert machine("XA").get("/policy-card").status_code == 404
    with database.writing() as session:
        administration = session.get_one(Administration, cast.administrations["XA"])
        details = CardDetails(90, Onward.NOBODY, TLP.AMBER, "cirt@xa.example", "We keep little.")
        policy_cards.change_card(session, cast.actors["omar"], administration, details)
    card = machine("XA").get("/policy-card").get_json()
    assert (card["retention_days"], card["onward"], card["accepts"]) == (90, "nobody", "amber")
    assert machine("XB").get("/policy-card").status_code == 404


def test_a_machine_prepares_and_a_person_approves(
    machine: Machines, machine_with: Any, database: Database, cast: Cast, browser: Any
) -> None:
    first = sharing.make_circle(database, cast, "XA XB", title="First")
    second = sharing.make_circle(database, cast, "XA XC", title="Second")
    incident = sharing.make_incident(database, cast, tlp=TLP.GREEN)
    answer = prepare(machine("XA"), incident, first, second, sections=["narrative", "indicators"])
    assert answer.status_code == 201
    one, two = answer.get_json()["items"]
    assert one["by_machine"] and one["batch_id"] == two["batch_id"] and one["state"] == "prepared"
    assert one["sections"] == ["summary", "narrative", "indicators"]
    assert [each["code"] for each in one["recipients"]] == ["XB"]
    path = f"/releases/{one['id']}"
    assert machine("XA").get(path).get_json() == one
    assert machine("XB").get(path).status_code == 404
    assert machine("XB").everything("/releases") == []
    refused = machine("XA").post(f"{path}/approve", {"sha256": one["sha256"]})
    assert refused.status_code == 403 and "releasing officer" in refused.get_json()["detail"]
    page = browser("omar").get(f"/releases/{one['id']}").get_data(as_text=True)
    assert "machine of XA (machine)" in page
    with database.writing() as session:  # else omar alone would have to wait
        directory.add_user(
            session,
            None,
            administration=session.get_one(Administration, cast.administrations["XA"]),
            username="olga",
            name="Olga",
            roles=(Role.RELEASING_OFFICER,),
            password=PASSWORD,
        )
    sharing.approve(database, cast, uuid.UUID(one["id"]))
    approved = machine("XA").get(path).get_json()
    assert (approved["state"], approved["policy"]) == ("approved", "second-person")
    listed = machine("XA").everything("/releases", state="prepared", limit=1)
    assert [each["id"] for each in listed] == [two["id"]]
    ended = machine("XA").post(f"/releases/{two['id']}/end", {"reason": "not needed"})
    assert ended.get_json()["state"] == "withdrawn"
    assert machine("XA").post(f"/releases/{two['id']}/end", {"reason": "x"}).status_code == 409
    assert (
        machine_with("XA", "releases.read").post(f"{path}/end", {"reason": "x"}).status_code == 403
    )
    assert browser("omar").get(f"/releases/{two['id']}").status_code == 200


@ONE_ENGINE
def test_a_machine_neither_displaces_nor_ends_what_a_person_prepared(
    machine: Machines, database: Database, cast: Cast
) -> None:
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    prepared = sharing.prepare(database, cast, incident, circle)
    answer = prepare(machine("XA"), incident, circle)
    assert answer.status_code == 409 and "A person prepared" in str(answer.get_json())
    ended = machine("XA").post(f"/releases/{prepared}/end", {"reason": "x"})
    assert ended.status_code == 403
    assert machine("XA").get(f"/releases/{prepared}").get_json()["state"] == "prepared"


@ONE_ENGINE
def test_a_team_of_one_waits_for_what_its_machine_prepared(
    machine: Machines, database: Database, cast: Cast
) -> None:
    """An officer without a colleague cannot shorten the delay by letting a machine prepare."""
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    [one] = prepare(machine("XA"), incident, circle).get_json()["items"]
    with pytest.raises(ForbiddenError, match="the only one"):
        sharing.approve(database, cast, uuid.UUID(one["id"]), "omar")


@ONE_ENGINE
def test_what_stands_against_an_audience_is_named_by_its_place(
    machine: Machines, database: Database, cast: Cast
) -> None:
    good = sharing.make_circle(database, cast, "XA XB", title="Good")
    weak = sharing.make_circle(database, cast, "XA XB", title="Weak", ceiling=TLP.CLEAR)
    incident = sharing.make_incident(database, cast)
    answer = prepare(machine("XA"), incident, good, weak)
    assert answer.status_code == 403
    assert [one["pointer"] for one in answer.get_json()["errors"]] == ["/audiences/1"]
    assert machine("XA").everything("/releases") == []
    foreign = sharing.make_circle(database, cast, "XB XC", title="Foreign")
    assert prepare(machine("XA"), incident, foreign).status_code == 404
    assert prepare(machine("XB"), incident, good).status_code == 404
    sharing.change_incident(database, cast, incident, tlp=TLP.RED)
    assert prepare(machine("XA"), incident, good).status_code == 404


@pytest.mark.parametrize("writing", list(MachineWriting))
def test_a_standing_approval_lets_out_where_machines_write_directly(
    machine: Machines, database: Database, cast: Cast, writing: MachineWriting, browser: Any
) -> None:
    circle = sharing.make_circle(database, cast, writing=writing, moderators="XB")
    incident = sharing.make_incident(database, cast, tlp=TLP.GREEN)
    [one] = prepare(machine("XA"), incident, circle).get_json()["items"]
    path = f"/releases/{one['id']}"
    assert machine("XA").post(f"{path}/approve", {"sha256": one["sha256"]}).status_code == 403
    sharing.give_standing_approval(database, cast, circle, ceiling=TLP.GREEN)
    wrong = machine("XA").post(f"{path}/approve", {"sha256": "0" * 64})
    assert wrong.status_code == 409
    answer = machine("XA").post(f"{path}/approve", {"sha256": one["sha256"]})
    if writing is not MachineWriting.DIRECT:
        assert answer.status_code == 403
        return
    assert answer.status_code == 200
    assert answer.get_json()["policy"] == "standing-approval"
    assert machine("XA").post(f"{path}/approve", {"sha256": one["sha256"]}).status_code == 409
    page = browser("nadia").get(f"/releases/{one['id']}").get_data(as_text=True)
    assert "Omar" in page
    [arrived] = machine("XB").everything("/inbox")
    assert (arrived["state"], arrived["collection_id"]) == ("new", str(circle))
    # stricter than what the approval covers
    strict = sharing.make_incident(database, cast, title="Strict", tlp=TLP.AMBER)
    [two] = prepare(machine("XA"), strict, circle).get_json()["items"]
    refused = machine("XA").post(f"/releases/{two['id']}/approve", {"sha256": two["sha256"]})
    assert refused.status_code == 403 and "stricter" in refused.get_json()["detail"]


def test_the_inbox_tells_what_arrived_and_what_people_decided(
    machine: Machines, machine_with: Any, database: Database, cast: Cast
) -> None:
    circle = sharing.make_circle(database, cast)
    for number in range(3):
        incident = sharing.make_incident(database, cast, title=f"Case {number}")
        sharing.released(database, cast, incident, circle)
    xb = machine("XB")
    rows = xb.everything("/inbox", limit=1)
    assert [row["title"] for row in rows] == ["Case 2", "Case 1", "Case 0"]
    assert {row["state"] for row in rows} == {"new"}
    with database.writing() as session:
        item = listing(session, cast.actors["boris"], Narrowed(), 1).rows[0]
        decisions.accept(session, cast.actors["boris"], item, version=item.version)
    assert [one["title"] for one in xb.everything("/inbox", state="accepted")] == ["Case 2"]
    assert len(xb.everything("/inbox", state="new", collection_id=str(circle))) == 2
    assert machine("XC").everything("/inbox") == []
    assert machine("XA").everything("/inbox") == []  # its own
    assert len(machine("XA").everything("/inbox", state="own")) == 3
    assert machine_with("XB", "releases.read").get("/inbox").status_code == 403


@ONE_ENGINE
def test_red_that_a_file_brought_is_no_arrival_for_machines(
    machine: Machines, database: Database, cast: Cast
) -> None:
    shown, hidden = indicator(1, "one.example.net"), indicator(2, "two.example.net", tlp=TLP.RED)
    steps.take_in(database, cast, [shown, hidden], "XB")
    assert len(steps.inbox(database, cast, "boris")) == 2
    [row] = machine("XB").everything("/inbox")
    assert row["stix_id"] == shown["id"]


def test_recalls_are_read_by_whom_they_concern(
    machine: Machines, machine_with: Any, database: Database, cast: Cast, settings: Settings
) -> None:
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, circle)
    row = recall_steps.withdraw(database, settings, cast, incident, circle)
    [own] = machine("XA").everything("/recalls")
    [theirs] = machine("XB").everything("/recalls")
    assert own["id"] == theirs["id"] == str(row.id)
    assert own["own"] and own["incident_id"] == str(incident) and own["complete"] is True
    assert not theirs["own"] and theirs["incident_id"] is None and theirs["complete"] is None
    assert own["objects"] == theirs["objects"] and own["objects"]
    assert machine("XC").get(f"/recalls/{row.id}").status_code == 404
    assert machine_with("XA", "circles.read").everything("/recalls") == []
    assert machine_with("XB", "releases.read").everything("/recalls") == []
    sharing.change_incident(database, cast, incident, tlp=TLP.RED)
    assert machine("XA").everything("/recalls") == []


@ONE_ENGINE
def test_webhooks_are_made_changed_and_deleted(
    machine: Machines, machine_with: Any, database: Database
) -> None:
    xa, body = (
        machine("XA"),
        {
            "title": "SIEM",
            "url": "https://siem.example/hook",
            "kinds": ["collection.new"],
        },
    )
    key = {"Idempotency-Key": "make-it-once"}
    made = xa.post("/webhooks", body, headers=key)
    assert made.status_code == 201
    secret = made.get_json()["secret"]
    assert secret.startswith("whsec_")
    again = xa.post("/webhooks", body, headers=key)
    assert again.get_json() == made.get_json() and again.headers["Idempotent-Replayed"] == "true"
    path = made.headers["Location"].removeprefix("/api/v1")
    with database.reading() as session:
        [kept] = session.scalars(sa.select(RepeatableAnswer)).all()
        assert secret.encode() not in kept.body
        assert session.scalar(sa.select(sa.func.count()).select_from(Webhook)) == 1
    [row] = xa.everything("/webhooks")
    assert row == xa.get(path).get_json() and "secret" not in row
    assert xa.post(f"{path}/secret").get_json()["secret"] != secret
    assert xa.post(f"{path}/switch", {"active": False}).get_json()["active"] is False
    for other, status in ((machine("XB"), 404), (machine_with("XA", "taxii.read"), 403)):
        assert other.get(path).status_code == status
        assert other.post(f"{path}/switch", {"active": True}).status_code == status
        assert other.delete(path).status_code == status
    for wrong, pointer in (
        ({"url": "http://siem.example/"}, "/url"),
        ({"title": " "}, "/title"),
        ({"kinds": []}, "/kinds"),
        ({"kinds": ["x"]}, "/kinds/0"),
    ):
        answer = xa.post("/webhooks", {**body, **wrong})
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["pointer"] == pointer
    answer = xa.delete(path)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert xa.get(path).status_code == 404


@ONE_ENGINE
def test_a_confidential_circle_costs_the_same_statements_for_every_member(
    machine: Machines, database: Database, cast: Cast
) -> None:
    sharing.add_administrations(database, cast, "XD XE XF XG XH")
    circles = [
        sharing.make_circle(
            database, cast, members, title=f"Quiet {members}", membership=Membership.CONFIDENTIAL
        )
        for members in ("XA XB XD XE", "XA XB XC XD XE XF XG XH")
    ]
    counted = []
    machine("XA").get("/")  # that a token is used is noted once in ten minutes
    for circle in circles:
        statements: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            statements.append(statement)  # noqa: B023 - used within the loop

        sa.event.listen(database.engine, "before_cursor_execute", note)
        assert machine("XA").get(f"/circles/{circle}").status_code == 200
        sa.event.remove(database.engine, "before_cursor_execute", note)
        counted.append(statements)
    assert counted[0] == counted[1]
    with database.reading() as session:
        assert session.get_one(Collection, circles[0]).is_confidential


def test_rows_of_releases_name_the_machine(
    machine: Machines, database: Database, cast: Cast
) -> None:
    circle = sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    prepare(machine("XA"), incident, circle)
    again = prepare(machine("XA"), incident, circle)  # takes the place of the first
    assert again.status_code == 201
    with database.reading() as session:
        rows = session.scalars(sa.select(Release).order_by(Release.prepared_at)).unique().all()
        assert [row.state for row in rows] == ["withdrawn", "prepared"]
        assert all(row.prepared_by is None and row.prepared_token for row in rows)
