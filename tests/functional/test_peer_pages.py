"""Pages of peers: the releasing officer connects, the administrator confirms, others look."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.accounts.models import Administration, Place
from cirt.db import Database
from cirt.incidents.inbox_models import Peer
from cirt.settings import Settings, read_settings
from cirt.web import Installation
from tests.conftest import Cast
from tests.exchange.canned_peer import answering
from tests.functional.inbox_steps import indicator

ROWS = {"title": "The hub", "secret": "a-token", "remote": "", "minutes": "15", "active": "y"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Peers may be on this machine."""
    return read_settings(
        {"CIRT_PEER_LOOPBACK": "yes"}, data_dir=tmp_path / "data", database_url=database_url
    )


def the_peer(database: Database) -> Peer:
    with database.reading() as session:
        return session.scalars(sa.select(Peer)).unique().one()


def connected(browser: Any, url: str, **more: str) -> str:
    """Connect XB as boris and return the page's address."""
    answer = browser("boris").post("/peers/new", {**ROWS, "url": url, **more})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


@pytest.mark.parametrize("host", ["10.20.0.7", "[fd00::7]", "169.254.169.254"])
def test_an_address_that_is_never_reached_is_refused_on_both_forms(browser: Any, host: str) -> None:
    """A peer in the own network needs the operator, and the forms say so before any attempt."""
    boris = browser("boris")
    page = connected(browser, "https://hub.example/exchange/collections/1/")
    for form in ("/peers/new", f"{page}/change"):
        answer = boris.post(form, {**ROWS, "url": f"https://{host}:9000/collections/1/"})
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert f"No request goes from here to {host.strip('[]')}." in text
        assert "operator names that network in CIRT_PEER_NETWORKS" in text


def test_a_peer_is_connected_read_changed_and_ended(
    browser: Any, database: Database, installation: Installation
) -> None:
    boris = browser("boris")
    objects = [indicator(1, "192.0.2.1"), {"type": "x"}, 5]
    with answering(lambda to: to.answer({"objects": objects})) as served:
        page = connected(browser, served.url)
        assert "Not read yet" in boris.get(page).get_data(as_text=True)
        jobs.run_pending(database, installation)
        text = boris.get(page).get_data(as_text=True)
        assert "Up to date" in text and "2 objects were refused" in text
        assert "a-token" not in boris.get(f"{page}/change").get_data(as_text=True)
        assert "Up to date" in boris.get("/peers/").get_data(as_text=True)
        assert boris.post(f"{page}/poll").status_code == 302
        jobs.run_pending(database, installation)
        assert len(served.log) == 2
    assert boris.post(f"{page}/poll").status_code == 302
    jobs.run_pending(database, installation)
    text = boris.get(page).get_data(as_text=True)
    assert "Did not answer" in text and "refused" in text
    off = {**ROWS, "url": served.url, "title": "Off", "secret": ""}
    del off["active"]
    assert boris.post(f"{page}/change", off).status_code == 302
    assert "Switched off" in boris.get(page).get_data(as_text=True)
    assert boris.post(f"{page}/poll").status_code == 409
    assert boris.post(f"{page}/end").status_code == 422
    assert "Off" in boris.get(f"{page}/end").get_data(as_text=True)
    assert boris.post(f"{page}/end", {"objects": "erase"}).status_code == 302
    assert boris.get(page).status_code == 404


def test_an_example_address_keeps_its_order_in_arabic(browser: Any, database: Database) -> None:
    """Its last slash would stand in front of it (UAX #9)."""
    text = browser("boris").get("/peers/new?lang=ar").get_data(as_text=True)
    assert 'translate="no">https://hub.example/exchange/collections/</bdi>' in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": "http://hub.example/c/"}, "so that nobody on the way reads along"),
        ({"url": "nowhere"}, "Write the address of the collection"),
        ({"url": ""}, "Enter the address"),
        ({"title": ""}, "Give it a name"),
        ({"title": "Files"}, "choose another"),
        ({"minutes": "1"}, "Choose from 5"),
        ({"minutes": "often"}, "minutes"),
        ({"public": "abc"}, "no Ed25519 public key"),
        ({"receipts_url": "https://other.example/c/"}, "same host"),
        ({"remote": str(uuid.UUID(int=1))}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_right_is_refused_and_kept_in_the_form(
    browser: Any, database: Database, changed: dict[str, str], message: str
) -> None:
    answer = browser("boris").post(
        "/peers/new", {**ROWS, "url": "https://hub.example/c/", "username": "kept", **changed}
    )
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert message in text and 'value="kept"' in text and "a-token" not in text
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Peer)) == 0


def test_others_look_or_do_not_even_know(browser: Any, database: Database) -> None:
    """Right person, wrong role (403), wrong administration (404), nobody, no form token."""
    page = connected(browser, "https://hub.invalid/c/")
    for who, index, one in (("nadia", 200, 404), ("root", 200, 403), ("farid", 403, 403)):
        person = browser(who)
        assert person.get("/peers/").status_code == index, who
        assert "The hub" not in person.get("/peers/").get_data(as_text=True)
        assert person.get(page).status_code == one, who
        for act in ("poll", "change", "end", "vouch"):
            assert person.post(f"{page}/{act}").status_code in (403, 404), (who, act)
    assert browser("nadia").get("/peers/new").status_code == 403
    assert browser("omar").get("/peers/new").status_code == 200
    assert browser(None).get(page).status_code == 302
    boris = browser("boris")
    assert boris.client.post(f"{page}/poll").status_code == 400
    assert boris.get(f"{page}/poll").status_code == 405
    assert boris.get(f"/peers/{uuid.uuid4()}").status_code == 404


def test_the_administrator_confirms_for_whom_a_peer_speaks(
    browser: Any, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        session.get_one(Administration, cast.administrations["XA"]).place = Place.REMOTE.value
    page = connected(browser, "https://hub.invalid/c/", remote=str(cast.administrations["XA"]))
    assert "Waits for the administrator" in browser("boris").get(page).get_data(as_text=True)
    assert browser("boris").post(f"{page}/vouch").status_code == 403
    root = browser("root")
    listed = root.get("/peers/").get_data(as_text=True)
    assert "The hub" in listed and re.search(r'href="[^"]*/vouch"', listed)
    assert "Administration XA" in root.get(f"{page}/vouch").get_data(as_text=True)
    assert the_peer(database).next_at is None
    assert root.post(f"{page}/vouch").status_code == 302
    assert the_peer(database).next_at is not None
