"""Cases from MISP event files, and as MISP events and STIX bundles."""

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import audit, jobs
from cirt.db import Database
from cirt.files import StoredFile
from cirt.incidents import cases, observables
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.observables import NewObservable
from cirt.incidents.wire_content import content_of
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import import_event
from cirt.stix.observables import observable
from cirt.stix.wire import build
from cirt.web import Installation
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]
DATA = Path(__file__).resolve().parent.parent / "data" / "misp"


def _upload(browser: Browser, data: bytes, name: str = "event.json") -> Any:
    return browser.post("/incidents/import", {"file": (io.BytesIO(data), name)})


def _import(browser: Browser, installation: Installation, data: bytes) -> str:
    answer = _upload(browser, data)
    assert answer.status_code == 302
    waiting = browser.get(answer.location).get_data(as_text=True)
    assert 'http-equiv="refresh"' in waiting and "Waiting to be read" in waiting
    jobs.run_pending(installation.database, installation)
    return str(answer.location)


def test_event_becomes_an_incident_with_its_account(
    browser: Make, installation: Installation, database: Database
) -> None:
    nadia = browser("nadia")
    url = _import(nadia, installation, (DATA / "wide.json").read_bytes())
    page = nadia.get(url).get_data(as_text=True)
    assert "1 event was read." in page and 'http-equiv="refresh"' not in page
    with database.reading() as session:
        incident = session.scalars(sa.select(Incident)).one()
        assert incident.origin is not None
        assert incident.origin["carried_count"] + 8 == incident.origin["attribute_count"] == 27
        assert session.scalar(sa.select(sa.func.count()).select_from(IncidentObservable))
        assert session.scalar(sa.select(sa.func.count()).select_from(IncidentRule))
        build(content_of(session, incident))
    report = nadia.get(f"/incidents/{incident.id}/origin").get_data(as_text=True)
    assert "19 of 27 attributes were carried." in report
    assert "Passwords and other secrets are not taken over." in report
    assert "Winter2026" not in report
    for path in ("", "/observables", "/bundle", "/history"):
        assert nadia.get(f"/incidents/{incident.id}{path}").status_code == 200


def test_upload_is_forgotten_after_the_import(
    browser: Make, installation: Installation, database: Database
) -> None:
    _import(browser("nadia"), installation, (DATA / "bare.json").read_bytes())
    with database.reading() as session:
        assert session.scalars(sa.select(StoredFile)).all() == []
    assert [path for path in installation.files.folder.rglob("*") if path.is_file()] == []


def test_second_import_opens_the_first_incident(
    browser: Make, installation: Installation, database: Database
) -> None:
    nadia = browser("nadia")
    data = (DATA / "wide.json").read_bytes()
    _import(nadia, installation, data)
    url = _import(nadia, installation, data)
    answer = nadia.get(url)
    with database.reading() as session:
        incident = session.scalars(sa.select(Incident)).one()
    assert answer.status_code == 302 and answer.location.endswith(f"/incidents/{incident.id}")
    assert "was imported before" in nadia.get(answer.location).get_data(as_text=True)
    _import(browser("boris"), installation, data)
    with database.reading() as session:
        assert len(session.scalars(sa.select(Incident)).all()) == 2


def test_second_import_tells_nobody_of_a_red_incident(
    browser: Make, installation: Installation, database: Database, cast: Cast
) -> None:
    """TLP-2.0-RED: named persons only."""
    event = import_event((DATA / "wide.json").read_bytes())
    with database.writing() as session:
        details = CaseDetails(title="Very quiet", tlp=TLP.RED)
        incident = cases.create_incident(
            session, cast.actors["nadia"], details, origin={"losses": []}, origin_uuid=event.uuid
        )
        incident.created_by = None
    nadia = browser("nadia")
    page = nadia.get(_import(nadia, installation, (DATA / "wide.json").read_bytes()))
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "not yours to see" in text and "Very quiet" not in text and str(incident.id) not in text


def test_several_events_become_several_incidents(
    browser: Make, installation: Installation, database: Database
) -> None:
    nadia = browser("nadia")
    url = _import(nadia, installation, (DATA / "two-events.json").read_bytes())
    assert "2 events were read." in nadia.get(url).get_data(as_text=True)
    with database.reading() as session:
        assert len(session.scalars(sa.select(Incident)).all()) == 2


def test_event_without_a_label_is_strict(
    browser: Make, installation: Installation, database: Database
) -> None:
    """TLP-2.0: no mark counts as AMBER+STRICT here."""
    event = {
        "Event": {
            "info": "No label",
            "threat_level_id": "1",
            "date": "2999-01-01",
            "Attribute": [
                {
                    "type": "ip-dst",
                    "value": "9.9.9.9",
                    "to_ids": True,
                    "category": "Network activity",
                }
            ],
        }
    }
    _import(browser("nadia"), installation, json.dumps(event).encode())
    with database.reading() as session:
        incident = session.scalars(sa.select(Incident)).one()
    assert (incident.tlp, incident.severity, incident.detected_at) == ("amber+strict", 4, None)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ((DATA / "duplicate-keys.json").read_bytes(), "stands twice in one object"),
        ((DATA / "not-misp.json").read_bytes(), "This is not a MISP event file."),
        ((DATA / "stix-bundle.json").read_bytes(), "This is a STIX bundle"),
        ((DATA / "empty.json").read_bytes(), "."),
        (b"[" * 100_000, "nested deeper"),
        (b"not json", "JSON"),
        (b'{"Event": {"info": "\\ud800", "Attribute": []}}', "half a character"),
    ],
)
def test_what_is_no_event_is_explained_and_not_kept(
    browser: Make, installation: Installation, database: Database, data: bytes, sentence: str
) -> None:
    nadia = browser("nadia")
    url = _import(nadia, installation, data)
    page = nadia.get(url).get_data(as_text=True)
    assert sentence in page and "Nothing was stored." in page
    with database.reading() as session:
        assert session.scalars(sa.select(Incident)).all() == []
        assert session.scalars(sa.select(StoredFile)).all() == []


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "event.json", "its content is something else"),
        (b"\x89PNG\r\n\x1a\n\0\0", "event.png", "its name ends in .json"),
        (b"", "event.json", "The file is empty."),
        (b"{}", "", "Choose a file."),
    ],
)
def test_unfit_uploads_are_refused_at_once(
    browser: Make, database: Database, data: bytes, name: str, sentence: str
) -> None:
    answer = _upload(browser("nadia"), data, name)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalars(sa.select(jobs.Job)).all() == []
        assert session.scalars(sa.select(StoredFile)).all() == []


def test_import_is_for_analysts_and_its_status_for_who_asked(
    browser: Make, installation: Installation
) -> None:
    nadia = browser("nadia")
    url = _import(nadia, installation, (DATA / "bare.json").read_bytes())
    assert nadia.get("/incidents/import").status_code == 200
    assert browser("omar").get("/incidents/import").status_code == 403
    assert browser("farid").get(url).status_code == 403
    assert browser("boris").get(url).status_code == 404
    assert nadia.get(f"/incidents/import/{uuid.uuid4()}").status_code == 404


def test_import_of_who_lost_the_role_stores_nothing(
    browser: Make, installation: Installation, database: Database, cast: Cast
) -> None:
    from cirt.accounts.models import User

    nadia = browser("nadia")
    answer = _upload(nadia, (DATA / "bare.json").read_bytes())
    with database.writing() as session:
        session.get_one(User, cast.users["nadia"]).active = False
    jobs.run_pending(installation.database, installation)
    assert answer.status_code == 302
    with database.reading() as session:
        assert session.scalars(sa.select(Incident)).all() == []
        assert session.scalars(sa.select(jobs.Job.state)).all() == ["refused"]


@pytest.fixture
def incident_id(database: Database, cast: Cast) -> uuid.UUID:
    """A TLP:GREEN case of XA with two observables."""
    with database.writing() as session:
        details = CaseDetails(
            title="Phishing of banks", tlp=TLP.GREEN, rsit='rsit:fraud="phishing"'
        )
        incident = cases.create_incident(session, cast.actors["nadia"], details)
        items = [
            NewObservable(
                observable=observable("domain-name", "evil-example.org"), is_indicator=True
            ),
            NewObservable(observable=observable("ipv4-addr", "9.9.9.9")),
        ]
        observables.add_observables(session, cast.actors["nadia"], incident, items)
        return incident.id


def test_misp_event_is_exported_and_reads_back(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    assert nadia.get(f"/incidents/{incident_id}/export").status_code == 200
    answer = nadia.get(f"/incidents/{incident_id}/misp.json")
    assert answer.status_code == 200
    assert answer.headers["X-Marking"] == "TLP:GREEN"
    assert answer.headers["X-Not-Carried"].isdigit()
    assert answer.headers["Content-Disposition"].endswith("-0001.misp.json")
    event = import_event(answer.get_data())
    assert event.tlp is TLP.GREEN and event.rsit == "fraud:phishing"
    assert {found.observable.value: found.is_indicator for found in event.observables} == {
        "evil-example.org": True,
        "9.9.9.9": False,
    }
    with database.reading() as session:
        entry = session.scalars(
            sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "incident.export")
        ).one()
    assert (entry.details["form"], entry.details["size"]) == ("misp", len(answer.get_data()))


def test_bundle_file_is_what_the_page_shows(
    browser: Make, incident_id: uuid.UUID, database: Database
) -> None:
    nadia = browser("nadia")
    answer = nadia.get(f"/incidents/{incident_id}/stix.json")
    assert answer.content_type == "application/stix+json;version=2.1"
    with database.reading() as session:
        made = build(content_of(session, session.get_one(Incident, incident_id)))
    assert answer.get_data() == made.body
    page = nadia.get(f"/incidents/{incident_id}/bundle").get_data(as_text=True)
    assert made.sha256 in page and f"{len(made.body)} bytes" in page


def test_real_events_arrive_through_the_web(
    browser: Make, installation: Installation, database: Database, real_data: Path
) -> None:
    nadia = browser("nadia")
    for name in ("misp-kryptocibule.json", "misp-wintervivern.event.json"):
        _import(nadia, installation, (real_data / "misp/events/eset" / name).read_bytes())
    with database.reading() as session:
        incidents = session.scalars(sa.select(Incident)).all()
        assert len(incidents) == 2
        for incident in incidents:
            build(content_of(session, incident))
            assert nadia.get(f"/incidents/{incident.id}/origin").status_code == 200
