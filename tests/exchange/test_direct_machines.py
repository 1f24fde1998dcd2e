"""Machines writing to one administration alone: only once it lets them, local or remote."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import flask
import pytest

from cirt.accounts import directory, tokens
from cirt.accounts.models import Place
from cirt.audit import AuditEntry
from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.settings import Settings
from cirt.stix.marking import TLP
from tests.conftest import Browser, Cast
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine

Make = Callable[[str | None], Browser]


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """The direct collection of XB."""
    with database.reading() as session:
        return direct_collection_of(session, cast.administrations["XB"]).id


@pytest.fixture
def remote(app: flask.Flask, database: Database, settings: Settings) -> Machine:
    """The machine of an administration that signs in at another installation."""
    with database.writing() as session:
        row = directory.add_administration(
            session, None, code="XR", names={"en": "Remote"}, place=Place.REMOTE
        )
        scopes = sorted(tokens.SCOPES)
        _row, text = tokens.make_token(
            session,
            None,
            administration=row,
            label="peer",
            scopes=scopes,
            days=9,
            settings=settings,
        )
    return Machine(app, text)


def titles(machine: Machine) -> dict[str, tuple[bool, bool]]:
    """Return what a machine sees: title to can_read, can_write."""
    found = machine.get("/exchange/collections/").get_json()["collections"]
    return {one["title"]: (one["can_read"], one["can_write"]) for one in found}


def opened(browser: Make, writing: MachineWriting) -> None:
    """Let machines write to XB."""
    answer = browser("boris").post("/submissions/direct", {"machine_writing": writing.value})
    assert answer.status_code == 302


def test_the_addressee_decides_whether_machines_write_to_it(
    writer: Machine, reader: Machine, remote: Machine, url: str, browser: Make, cast: Cast
) -> None:
    """Off: absent for others. On: local machines need a standing approval, remote ones none."""
    one = indicator()
    for machine in (writer, remote):
        assert "Direct: XB" not in titles(machine)
        assert machine.get(url).status_code == 404
        assert machine.post(url, {"objects": [one]}).status_code == 404
    opened(browser, MachineWriting.DIRECT)
    assert titles(writer)["Direct: XB"] == (False, False)
    assert titles(remote)["Direct: XB"] == (False, True)
    assert titles(reader)["Direct: XB"] == (True, False)
    assert writer.post(url, {"objects": [one]}).status_code == 403
    assert reader.post(url, {"objects": [one]}).status_code == 403  # not to itself
    omar = browser("omar")
    page = omar.get("/submissions/direct").get_data(as_text=True)
    number = url.split("/")[3]
    assert number in page
    given = {"ceiling": "green", "until": "2027-06-01T00:00", "reason": "our sensor"}
    address = f"/submissions/direct/{number}/standing-approval"
    assert omar.post(address, {**given, "reason": ""}).status_code == 422
    assert omar.post(address, given).status_code == 302
    assert titles(writer)["Direct: XB"] == (False, True)
    status = writer.post(url, {"objects": [one]}).get_json(force=True)
    assert (status["status"], status["success_count"]) == ("complete", 1)
    assert reader.get(url).get_json()["objects"] == [one]
    for machine in (writer, remote):
        assert machine.get(url).status_code == 403
        assert machine.get(f"{url}{one['id']}/").status_code == 403
    own = browser("boris").get("/submissions/direct").get_data(as_text=True)
    assert f"/submissions/direct/{number}/standing-approval" not in own
    for name, status_code in (("nadia", 403), ("root", 403)):
        assert browser(name).get("/submissions/direct").status_code == status_code
    random = f"/submissions/direct/{uuid.uuid4()}/standing-approval"
    assert omar.get(random).status_code == 404


def test_what_a_remote_machine_sends_counts_up_to_the_ceiling_and_is_recorded_as_such(
    remote: Machine, reader: Machine, url: str, browser: Make, database: Database, cast: Cast
) -> None:
    """No local approval; the collection's ceiling, never RED; nobody else's name (T-69)."""
    opened(browser, MachineWriting.DIRECT)
    strict = indicator(object_marking_refs=[TLP.AMBER_STRICT.marking_id])
    red = indicator(object_marking_refs=[TLP.RED.marking_id])
    false = indicator(created_by_ref=f"identity--{cast.administrations['XA']}")
    status = remote.post(url, {"objects": [strict, red, false]}).get_json(force=True)
    assert [one["id"] for one in status["successes"]] == [strict["id"]]
    assert [one["id"] for one in status["failures"]] == [red["id"], false["id"]]
    assert reader.get(url).get_json()["objects"] == [strict]
    with database.reading() as session:
        entry = next(e for e in session.query(AuditEntry) if e.action == "release.machine")
        assert (entry.details["approval"], entry.details["approved_by"]) == ("remote", "remote")


def test_the_addressee_may_look_first(
    remote: Machine, reader: Machine, url: str, browser: Make
) -> None:
    """Moderated: the addressee's releasing officer admits, and sees who sent it."""
    opened(browser, MachineWriting.MODERATED)
    one = indicator()
    status: Any = remote.post(url, {"objects": [one]}).get_json(force=True)
    assert status["status"] == "pending"
    boris = browser("boris")
    page = boris.get("/submissions/").get_data(as_text=True)
    assert "Remote" in page
    row = re.findall(r'href="/submissions/([0-9a-f-]{36})"', page)[0]
    form = boris.get(f"/submissions/{row}/admit").get_data(as_text=True)
    [box] = re.findall(r'<input[^>]*name="chosen"[^>]*>', form)
    assert " checked" in box
    chosen = re.findall(r'value="([0-9a-f-]{36})"', box)[0]
    assert boris.post(f"/submissions/{row}/admit", {"chosen": [chosen]}).status_code == 302
    assert reader.get(url).get_json()["objects"] == [one]
    assert browser("omar").get(f"/submissions/{row}").status_code == 404


def test_false_receipts_and_withdrawals_are_refused_one_by_one(
    remote: Machine, reader: Machine, url: str, browser: Make, cast: Cast
) -> None:
    """T-54: what only looks like one is named, kept by nobody, and breaks nothing."""
    opened(browser, MachineWriting.MODERATED)
    receipt = indicator(type="withdrawal-receipt", id=f"withdrawal-receipt--{uuid.uuid4()}")
    sent = ["withdrawal", {"type": "withdrawal"}, {"type": ["withdrawal"]}, receipt, indicator()]
    answer = remote.post(url, {"objects": sent})
    status = answer.get_json(force=True)
    assert (answer.status_code, status["failure_count"], status["pending_count"]) == (202, 4, 1)
    assert "no receipt" in status["failures"][-1]["message"]
    assert reader.get(url).get_json() == {}
