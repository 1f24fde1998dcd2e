"""TAXII 2.1, section 4: discovery, the API root, the status of what was sent."""

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import EnvironBuilder

from cirt import jobs
from cirt.app import create_app
from cirt.clock import now
from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.store_models import TaxiiStatus
from cirt.settings import Settings, read_settings
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH, MEDIA_TYPE
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import TIME, indicator
from tests.exchange.taxii_checks import ONE_ENGINE, is_error
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB, into which XA's machine writes."""
    found = sharing.make_circle(database, cast, alias="neighbours", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    return found


@ONE_ENGINE
def test_4_1_discovery_leads_to_the_api_root(reader: Machine, circle: uuid.UUID) -> None:
    """TAXII-2.1-4.1, 4.2, 5.1: every step names the next; the default is in the list."""
    found = reader.get("/taxii2/").get_json()
    assert found["title"]
    assert found["default"] in found["api_roots"] == ["/exchange/"]
    root = reader.get(found["default"]).get_json()
    assert root["title"]
    assert MEDIA_TYPE in root["versions"]
    collections = reader.get(found["default"] + "collections/").get_json()["collections"]
    assert {one["title"] for one in collections} == {"Two neighbours", "Direct: XB"}


@ONE_ENGINE
@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("cirt.example", "https://cirt.example/exchange/"),
        ("cirt.example:80", "https://cirt.example/exchange/"),
        ("10.0.0.1", "/exchange/"),
        ("attacker.example", "/exchange/"),
        ("cirt.example.attacker.example", "/exchange/"),
    ],
)
def test_4_1_api_roots_are_absolute_at_the_own_address_and_relative_elsewhere(
    database_url: str, settings: Settings, cast: Cast, host: str, root: str
) -> None:
    """TAXII-2.1-4.1: HTTPS, or a path; a Host header leads nobody away. cytaxii2 joins nothing."""
    public = read_settings(
        {"CIRT_PUBLIC_URL": "https://cirt.example"},
        data_dir=settings.data_dir,
        database_url=database_url,
    )
    app = create_app(public)
    asked = EnvironBuilder(path="/taxii2/", headers={"Host": host})
    asked.headers["Authorization"] = f"Bearer {cast.tokens['XB']}"
    found = app.test_client().open(asked).get_json()
    app.extensions["cirt"].database.dispose()
    assert found["default"] == root
    assert found["api_roots"] == [root]
    parts = urlsplit(root)
    assert parts.path == "/exchange/"
    assert not parts.query
    assert (parts.scheme, parts.netloc) in {("https", "cirt.example"), ("", "")}


@ONE_ENGINE
def test_4_2_a_body_of_max_content_length_is_read(
    writer: Machine, url: str, circle: uuid.UUID
) -> None:
    """TAXII-2.1-4.2, 5.5: what is smaller is never 413, one byte more always is."""
    most = writer.get("/exchange/").get_json()["max_content_length"]
    assert most == MAX_CONTENT_LENGTH > 0
    frame = b'{"objects":[]%s}'
    space = most - len(frame) + 2
    assert writer.post(url, frame % (b" " * space)).status_code == 422
    is_error(writer.post(url, frame % (b" " * (space + 1))), 413)


def test_4_3_a_status_says_what_became_of_every_object(
    writer: Machine, reader: Machine, url: str, circle: uuid.UUID
) -> None:
    """TAXII-2.1-4.3, 5.5: 202 with a status; counts, details, the same again by its id."""
    good, bad = indicator(), indicator(modified="yesterday")
    answer = writer.post(url, {"objects": [good, bad, {"id": good["id"]}, 7]})
    assert answer.status_code == 202
    status = answer.get_json(force=True)
    assert (status["status"], status["pending_count"]) == ("complete", 0)
    assert (status["success_count"], status["failure_count"]) == (1, 3)
    assert status["total_count"] == 4
    assert status["successes"] == [{"id": good["id"], "version": TIME}]
    assert all(set(one) == {"id", "version", "message"} for one in status["failures"])
    assert "pendings" not in status
    again = writer.get(f"/exchange/status/{status['id']}/")
    assert again.get_json(force=True) == status
    # another administration's is as absent as one that never was
    theirs = is_error(reader.get(f"/exchange/status/{status['id']}/"), 404)
    none = is_error(reader.get(f"/exchange/status/{uuid.uuid4()}/"), 404)
    assert theirs["title"] == none["title"]
    for name in ("none", "%00", str(uuid.UUID(status["id"]).int), status["id"].replace("-", "")):
        is_error(writer.get(f"/exchange/status/{name}/"), 404)


def test_4_3_a_status_is_forgotten_after_a_week(
    writer: Machine, url: str, circle: uuid.UUID, database: Database, app: flask.Flask
) -> None:
    """TAXII-2.1-4.3: at least 24 hours, and 404 when it is gone."""
    names = [
        writer.post(url, {"objects": [indicator()]}).get_json(force=True)["id"] for _ in range(2)
    ]
    with database.writing() as session:
        session.get_one(TaxiiStatus, uuid.UUID(names[0])).received_at = now() - timedelta(days=8)
        session.get_one(TaxiiStatus, uuid.UUID(names[1])).received_at = now() - timedelta(days=6)
        jobs.enqueue(session, "taxii.forget", {})
    jobs.run_pending(database, app.extensions["cirt"])
    assert [writer.get(f"/exchange/status/{one}/").status_code for one in names] == [404, 200]
