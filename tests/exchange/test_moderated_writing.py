"""Machines writing where people decide first: pending, admitted, refused; and whom it is told."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.audit import AuditEntry, broken_links
from cirt.clock import now
from cirt.db import Database
from cirt.incidents import circles, moderation, submissions
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.store_models import ObjectVersion, Submission, TaxiiStatus
from cirt.stix.marking import TLP
from cirt.web import Installation
from tests import sharing
from tests.conftest import Browser, Cast
from tests.exchange.machine_objects import indicator
from tests.pages import without_keys
from tests.sharing import Machine

Make = Callable[[str | None], Browser]


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA, XB and XC that XB moderates."""
    found = sharing.make_circle(
        database, cast, "XA XB XC", writing=MachineWriting.MODERATED, moderators="XB"
    )
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    sharing.give_standing_approval(database, cast, found, "chen", TLP.AMBER)
    return found


def send(machine: Machine, url: str, *objects: Any) -> dict[str, Any]:
    """Post objects and return the status."""
    answer = machine.post(url, {"objects": list(objects)})
    assert answer.status_code == 202, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json(force=True)
    return found


def status_of(machine: Machine, status: dict[str, Any]) -> dict[str, Any]:
    """Ask for a status again."""
    found: dict[str, Any] = machine.get(f"/exchange/status/{status['id']}/").get_json()
    return found


def waiting(database: Database) -> list[uuid.UUID]:
    """Return what waits, oldest first."""
    with database.reading() as session:
        query = sa.select(Submission.id).where(Submission.state == "waiting")
        return list(session.scalars(query.order_by(Submission.received_at)))


def test_what_was_sent_waits_until_a_moderator_admits_it(
    writer: Machine, reader: Machine, url: str, database: Database, browser: Make, cast: Cast
) -> None:
    """TAXII-2.1-4.3: pending with the ids, nothing in the feed; then complete, and in the feed."""
    one, two, bad = indicator(), indicator(name="second"), indicator(modified="yesterday")
    status = send(writer, url, one, two, bad)
    assert (status["status"], status["pending_count"], status["failure_count"]) == ("pending", 2, 1)
    assert (status["success_count"], status["total_count"]) == (0, 3)
    assert status["pendings"] == [{"id": o["id"], "version": o["modified"]} for o in (one, two)]
    assert status_of(writer, status) == status
    assert reader.get(url).get_json() == {}
    assert reader.get(f"{url}{one['id']}/").status_code == 404
    [row] = waiting(database)
    boris = browser("boris")
    assert "Administration XA" in boris.get("/submissions/").get_data(as_text=True)
    page = boris.get(f"/submissions/{row}").get_data(as_text=True)
    assert "second" in page
    assert "<bdi>Two neighbours</bdi>" in page
    lines = page.split("<table", 1)[1].split("</table>", 1)[0]
    assert "Indicator" in lines and "indicator" not in lines and lines.count("ipv4-addr:value") == 2
    form = boris.get(f"/submissions/{row}/admit").get_data(as_text=True)
    assert "Indicator: " in form and form.count("ipv4-addr:value") == 2
    with database.reading() as session:
        ids = session.get_one(Submission, row).version_ids
    assert all(f'value="{one}"' in form for one in ids)
    answer = boris.post(f"/submissions/{row}/admit", {"chosen": ids})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert reader.get(url).get_json()["objects"] == [one, two]
    done = status_of(writer, status)
    assert (done["status"], done["success_count"], done["pending_count"]) == ("complete", 2, 0)
    assert "pendings" not in done
    assert [f["message"] for f in done["failures"]] == [f["message"] for f in status["failures"]]
    # an exact duplicate of what is in the feed waits for nobody
    again = send(writer, url, one)
    assert (again["status"], again["success_count"]) == ("complete", 1)
    with database.reading() as session:
        entry = next(e for e in session.query(AuditEntry) if e.action == "submission.admit")
        assert entry.chain_id == cast.administrations["XB"]
        assert str(cast.administrations["XA"]) not in str(entry.details)
        assert list(broken_links(session)) == []


def test_the_left_out_are_refused_with_the_reason_and_leave_no_trace(
    writer: Machine, reader: Machine, url: str, database: Database, browser: Make
) -> None:
    """Some admitted, the others gone: the sender reads why, and may send them elsewhere."""
    one, two, three = indicator(), indicator(), indicator()
    status = send(writer, url, one, two)
    [row] = waiting(database)
    with database.reading() as session:
        first, _second = session.get_one(Submission, row).version_ids
    boris = browser("boris")
    answer = boris.post(f"/submissions/{row}/admit", {"chosen": [first]})
    assert answer.status_code == 422  # no reason for the other one
    assert reader.get(url).get_json() == {}
    assert boris.post(f"/submissions/{row}/admit", {"reason": "none"}).status_code == 422
    stranger = str(uuid.uuid4())
    assert boris.post(f"/submissions/{row}/admit", {"chosen": [first, stranger]}).status_code == 422
    given = {"chosen": [first], "reason": "names a victim"}
    assert boris.post(f"/submissions/{row}/admit", given).status_code == 302
    assert reader.get(url).get_json()["objects"] == [one]
    done = status_of(writer, status)
    assert (done["status"], done["success_count"]) == ("complete", 1)
    assert [(f["id"], f["message"]) for f in done["failures"]] == [(two["id"], "names a victim")]
    assert boris.post(f"/submissions/{row}/refuse", {"reason": "again"}).status_code == 422
    status = send(writer, url, two, three)
    [row] = waiting(database)
    assert boris.post(f"/submissions/{row}/refuse", {}).status_code == 422
    assert boris.post(f"/submissions/{row}/refuse", {"reason": "no"}).status_code == 302
    done = status_of(writer, status)
    assert (done["status"], done["failure_count"]) == ("complete", 2)
    with database.reading() as session:
        kept = session.scalars(sa.select(ObjectVersion.stix_id)).all()
    assert two["id"] not in kept
    assert three["id"] not in kept
    # nobody ever had it: it may come again
    assert send(writer, url, two)["pending_count"] == 1


def test_only_moderators_decide(
    writer: Machine, url: str, database: Database, browser: Make
) -> None:
    """Readers, contributors, the sender and strangers find nothing, as with a random id."""
    send(writer, url, indicator())
    [row] = waiting(database)
    for name, status in (("omar", 404), ("chen", 404), ("nadia", 403), ("root", 403)):
        person = browser(name)
        for number in (row, uuid.uuid4()):
            for tail in ("", "/admit", "/refuse"):
                assert person.get(f"/submissions/{number}{tail}").status_code == status, name
            given = {"reason": "x"}
            assert person.post(f"/submissions/{number}/refuse", given).status_code == status
        if status == 404:
            assert str(row) not in person.get("/submissions/").get_data(as_text=True)
    assert browser(None).get(f"/submissions/{row}").status_code == 302
    assert len(waiting(database)) == 1


def test_an_id_that_somebody_brought_meanwhile_is_refused_at_the_admission(
    app: flask.Flask, writer: Machine, reader: Machine, url: str, database: Database, cast: Cast
) -> None:
    """T-69, T-70: while both wait, neither learns of the other; the first admitted keeps the id."""
    other = Machine(app, cast.tokens["XC"])
    one = indicator()
    stolen = {**one, "modified": "2026-02-02T00:00:00.000Z", "name": "stolen"}
    first, second = send(writer, url, one), send(other, url, stolen)
    for key in ("status", "pending_count", "failure_count"):
        assert first[key] == second[key]
    for row in waiting(database):
        with database.writing() as session:
            submission = session.get_one(Submission, row)
            ids = [uuid.UUID(version) for version in submission.version_ids]
            moderation.admit(session, cast.actors["boris"], submission, ids)
    assert reader.get(f"{url}?match[version]=all").get_json()["objects"] == [one]
    assert status_of(writer, first)["success_count"] == 1
    assert "another producer" in status_of(other, second)["failures"][0]["message"]


def test_too_much_of_one_sender_waits_and_of_others_nothing_is_told(
    app: flask.Flask,
    writer: Machine,
    url: str,
    database: Database,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T-65: the room is each sender's own, so that nobody learns how much others have waiting."""
    monkeypatch.setattr(submissions, "MAX_WAITING", 2)
    for _number in range(2):
        send(writer, url, indicator())
    assert writer.post(url, {"objects": [indicator()]}).status_code == 403
    assert send(Machine(app, cast.tokens["XC"]), url, indicator())["pending_count"] == 1


def test_what_waits_is_not_forgotten_and_goes_with_its_sender(
    writer: Machine,
    url: str,
    circle: uuid.UUID,
    database: Database,
    installation: Installation,
    cast: Cast,
) -> None:
    """The status outlives its week while somebody must decide; whoever leaves takes it along."""
    status = send(writer, url, indicator())
    with database.writing() as session:
        long_ago = now() - timedelta(days=9)
        session.execute(sa.update(TaxiiStatus).values(received_at=long_ago))
        jobs.enqueue(session, "taxii.forget", {})
    jobs.run_pending(database, installation)
    assert status_of(writer, status)["status"] == "pending"
    with database.writing() as session:
        circles.leave(session, cast.actors["omar"], session.get_one(Collection, circle))
    done = status_of(writer, status)
    assert (done["status"], done["failure_count"]) == ("complete", 1)
    assert waiting(database) == []
    with database.writing() as session:
        jobs.enqueue(session, "taxii.forget", {}, key="again")
    jobs.run_pending(database, installation)
    assert writer.get(f"/exchange/status/{status['id']}/").status_code == 404


def test_the_moderator_of_a_confidential_circle_does_not_learn_who_sent_it(
    app: flask.Flask, database: Database, cast: Cast, browser: Make, writer: Machine
) -> None:
    """Two senders, the same page; no name, code, id or hour of either is in it."""
    sharing.add_administrations(database, cast, "XD XE")
    found = sharing.make_circle(
        database,
        cast,
        "XA XB XC XD XE",
        writing=MachineWriting.MODERATED,
        membership=Membership.CONFIDENTIAL,
        moderators="XB",
    )
    url = f"/exchange/collections/{found}/objects/"
    for person in ("omar", "chen"):
        sharing.give_standing_approval(database, cast, found, person, TLP.AMBER)
    boris, pages = browser("boris"), []
    for code in ("XA", "XC"):
        status = send(Machine(app, cast.tokens[code]), url, indicator(name="the same words"))
        assert status["pending_count"] == 1
        [row] = waiting(database)
        texts = [boris.get("/submissions/").get_data(as_text=True)]
        texts += [
            boris.get(f"/submissions/{row}{tail}").get_data(as_text=True)
            for tail in ("", "/admit", "/refuse")
        ]
        for text in texts:
            for other in ("XA", "XC", "XD", "XE"):
                assert f"Administration {other}" not in text
                assert f">{other}<" not in text
                assert str(cast.administrations[other]) not in text
        with database.reading() as session:
            version = session.get_one(Submission, row).version_ids[0]
        pages.append([_plain(text, row, version) for text in texts])
        assert boris.post(f"/submissions/{row}/refuse", {"reason": "no"}).status_code == 302
        boris.get("/submissions/")  # the message is shown once
    assert pages[0] == pages[1]


def _plain(text: str, row: uuid.UUID, version: str) -> str:
    """Return a page without what differs from one asking to the next."""
    text = text.replace(str(row), "…").replace(version, "…")
    text = re.sub(r"indicator--[0-9a-f-]{36}", "…", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "", without_keys(text))
