"""Pages of webhooks: the releasing officer makes and changes, analysts look and send again."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.db import Database
from cirt.incidents.webhook_models import Webhook, WebhookDelivery
from cirt.settings import Settings, read_settings
from cirt.web import Installation
from tests.conftest import Cast
from tests.exchange.canned_peer import answering

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIELDS = {"title": "The SIEM", "kinds": ["collection.new", "recall.arrived"]}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Receivers may be on this machine."""
    return read_settings(
        {"CIRT_PEER_LOOPBACK": "yes"}, data_dir=tmp_path / "data", database_url=database_url
    )


def made(browser: Any, url: str = "https://siem.example/hook", who: str = "omar") -> str:
    """Make a webhook and return the address of its page."""
    answer = browser(who).post("/webhooks/new", {**FIELDS, "url": url})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, text
    assert re.search(r"whsec_[A-Za-z0-9+/]{43}=", text)
    found = re.search(r'href="(/webhooks/[0-9a-f-]{36})"', text)
    assert found
    return found[1]


@pytest.mark.parametrize("host", ["10.20.0.7", "[fd00::7]", "169.254.169.254"])
def test_an_address_that_is_never_reached_is_refused_on_the_form(browser: Any, host: str) -> None:
    """A receiver in the own network needs the operator, and the form says so before any trial."""
    answer = browser("omar").post("/webhooks/new", {**FIELDS, "url": f"https://{host}:9000/hook"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f"No request goes from here to {host.strip('[]')}." in text
    assert "operator names that network in CIRT_PEER_NETWORKS" in text


def test_a_webhook_is_made_tried_switched_changed_and_deleted(
    browser: Any, database: Database, installation: Installation
) -> None:
    omar, nadia = browser("omar"), browser("nadia")
    with answering(lambda to: to.answer({})) as served:
        page = made(browser, served.url)
        text = omar.get(page).get_data(as_text=True)
        assert "Nothing sent yet" in text and "whsec_" not in text
        assert "not yet" in text
        assert omar.post(f"{page}/try").status_code == 302
        text = omar.get(page).get_data(as_text=True)  # it waits, and was never tried
        assert "Waits" in text and "/webhooks/messages/" not in text
        jobs.run_pending(database, installation)
        text = omar.get(page).get_data(as_text=True)
        assert "Takes messages" in text and "A trial" in text and "Taken" in text
        again = re.search(r'action="(/webhooks/messages/[^"]+)"', text)
        assert again
        assert nadia.post(again[1]).status_code == 302
        jobs.run_pending(database, installation)
        assert len(served.log) == 2
        ids = {headers["webhook-id"] for _path, headers in served.log}
        assert len(ids) == 1
    assert omar.post(f"{page}/switch", {"on": ""}).status_code == 302
    assert "Switched off" in omar.get(page).get_data(as_text=True)
    assert omar.post(f"{page}/try").status_code == 409
    assert nadia.post(again[1]).status_code == 409
    assert omar.post(f"{page}/switch", {"on": "yes"}).status_code == 302
    changed = {"title": "Other", "url": "https://other.example/x?y=1", "kinds": "release.waiting"}
    assert omar.post(f"{page}/change", changed).status_code == 302
    text = omar.get(f"{page}/change").get_data(as_text=True)
    assert "https://other.example/x?y=1" in text and "Other" in text
    assert "whsec_" not in omar.get(f"{page}/secret").get_data(as_text=True)
    assert "whsec_" in omar.post(f"{page}/secret").get_data(as_text=True)
    assert "Other" in nadia.get("/webhooks/").get_data(as_text=True)
    assert "Delete this webhook?" in omar.get(f"{page}/delete").get_data(as_text=True)
    assert omar.post(f"{page}/delete").status_code == 302
    assert omar.get(page).status_code == 404
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery)) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": "http://siem.example/"}, "so that nobody on the way reads along"),
        ({"url": "nowhere"}, "Write the address to which"),
        ({"url": ""}, "Enter the address"),
        ({"title": ""}, "Give it a name"),
        ({"kinds": []}, "Choose at least one"),
        ({"kinds": ["everything"]}, "valid choice"),
    ],
)
@ONE_ENGINE
def test_what_does_not_fit_is_refused_with_a_sentence(
    browser: Any, database: Database, changed: dict[str, Any], message: str
) -> None:
    sent = {**FIELDS, "url": "https://siem.example/hook", **changed}
    answer = browser("omar").post("/webhooks/new", sent)
    assert answer.status_code == 422
    assert message in answer.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalars(sa.select(Webhook)).all() == []


@ONE_ENGINE
def test_others_may_not_even_know_of_it(browser: Any, database: Database, cast: Cast) -> None:
    page = made(browser)
    key = uuid.UUID(page.rsplit("/", 1)[1])
    for who, status in (("boris", 404), ("root", 403), ("amina", 403), (None, 302)):
        assert browser(who).get(page).status_code == status, who
    for who, status in (("nadia", 403), ("boris", 404), ("root", 403)):
        for act in ("try", "switch", "delete", "secret", "change"):
            assert browser(who).post(f"{page}/{act}").status_code == status, (who, act)
    assert browser("nadia").get("/webhooks/new").status_code == 403
    assert browser("nadia").get(page).status_code == 200
    omar = browser("omar")
    assert omar.client.post(f"{page}/delete").status_code == 400  # no form token
    with database.reading() as session:
        assert session.get(Webhook, key) is not None
