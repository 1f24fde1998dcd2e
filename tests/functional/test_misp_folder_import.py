"""The folder of a MISP feed as an upload: every event once, the refused ones named, no echo."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.clock import now
from cirt.db import Database
from cirt.errors import DomainError
from cirt.incidents import misp_folder
from cirt.incidents.case_models import Incident
from cirt.incidents.inbox_models import ReceivedItem
from cirt.incidents.misp_folder import read_folder
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import import_event
from cirt.web import Installation
from tests.conftest import Cast
from tests.sharing import Machine, change_incident, make_circle, make_incident, released

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIRST = "0b7f2c54-5a3c-4e0e-9d0a-1c2d3e4f5a6b"
SECOND = "1c8f2c54-5a3c-4e0e-9d0a-1c2d3e4f5a6b"


def event(key: str, *, stamp: int = 1_700_000_000, **more: Any) -> bytes:
    """Return an event file with one attribute."""
    body = {
        "uuid": key,
        "info": f"Event {key[:2]}",
        "date": "2026-01-02",
        "timestamp": str(stamp),
        "Attribute": [{"type": "ip-dst", "value": "192.0.2.77", "to_ids": True}],
        "Tag": [{"name": "tlp:green"}],
        **more,
    }
    return json.dumps({"Event": body}).encode()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return files as a ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as folder:
        for name, body in files.items():
            folder.writestr(name, body)
    return out.getvalue()


def uploaded(browser: Any, installation: Installation, data: bytes, name: str = "feed.zip") -> str:
    """Upload a file, let it be read, and return the address of its page."""
    answer = browser.post("/incidents/import", {"file": (io.BytesIO(data), name)})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    jobs.run_pending(installation.database, installation)
    return str(answer.location)


def incidents_of(database: Database, cast: Cast, code: str) -> list[Incident]:
    """Return the incidents of an administration."""
    with database.reading() as session:
        mine = Incident.administration_id == cast.administrations[code]
        return list(session.scalars(sa.select(Incident).where(mine).order_by(Incident.reference)))


def test_good_events_are_kept_and_refused_files_named_T53(
    browser: Any, installation: Installation, database: Database, cast: Cast
) -> None:
    nadia, third = browser("nadia"), str(uuid.uuid4())
    missing = str(uuid.uuid4())
    data = zipped(
        {
            "manifest.json": json.dumps({FIRST: {}, missing: {}}).encode(),
            "hashes.csv": b"whatever",
            f"{FIRST}.json": event(FIRST),
            f"{SECOND}.json": event(FIRST),
            f"{third}.json": b"{not json",
            "../../etc/passwd.json": event(SECOND),
            "setup.exe": b"MZ",
        }
    )
    page = nadia.get(uploaded(nadia, installation, data)).get_data(as_text=True)
    [incident] = incidents_of(database, cast, "XA")
    assert (incident.title, incident.tlp) == ("Event 0b", "green")
    assert "5 files of the folder were not taken; the rest was kept." in page
    for name in (f"{SECOND}.json", f"{third}.json", f"{missing}.json", "passwd.json", "setup.exe"):
        assert name in page
    assert f"The event says that it is {FIRST}" in page
    assert "The manifest names this event" in page
    assert [path for path in installation.files.folder.rglob("*") if path.is_file()] == []


@ONE_ENGINE
def test_known_event_is_not_doubled_and_a_newer_one_changes_nothing(
    browser: Any, installation: Installation, database: Database, cast: Cast
) -> None:
    nadia = browser("nadia")
    files = {f"{FIRST}.json": event(FIRST), f"{SECOND}.json": event(SECOND)}
    uploaded(nadia, installation, zipped({"manifest.json": b"{}", **files}))
    files[f"{FIRST}.json"] = event(FIRST, stamp=1_800_000_000, info="Rewritten")
    page = nadia.get(uploaded(nadia, installation, zipped(files))).get_data(as_text=True)
    assert "A newer version; nothing was changed" in page and "Imported before" in page
    assert "Rewritten" not in page
    assert sorted(one.title for one in incidents_of(database, cast, "XA")) == [
        "Event 0b",
        "Event 1c",
    ]
    alone = nadia.get(uploaded(nadia, installation, files[f"{FIRST}.json"], "event.json"))
    assert alone.status_code == 302
    assert "newer version of an event" in nadia.get(alone.location).get_data(as_text=True)


def test_own_events_come_back_from_a_feed_without_an_echo(
    app: flask.Flask, browser: Any, installation: Installation, database: Database, cast: Cast
) -> None:
    """What a team released returns to it in the circle's feed, and through its partner's file."""
    nadia, boris = browser("nadia"), browser("boris")
    incident_id = make_incident(database, cast, tlp=TLP.GREEN)
    circle = make_circle(database, cast, "XA XB")
    released(database, cast, incident_id, circle)
    feed = boris.get(f"/circles/{circle}/misp/feed.zip").data
    page = nadia.get(uploaded(nadia, installation, feed))
    assert page.location.endswith(f"/incidents/{incident_id}")
    assert "an incident of your own" in nadia.get(page.location).get_data(as_text=True)
    # export -> import -> export -> import, twice round: each side keeps the one it has
    own = nadia.get(f"/incidents/{incident_id}/misp.json").data
    for _round in range(2):
        uploaded(boris, installation, own, "own.json")
        [copy] = incidents_of(database, cast, "XB")
        returned = boris.get(f"/incidents/{copy.id}/misp.json").data
        back = import_event(returned)
        assert (back.uuid, back.extends, back.tlp) == (copy.id, incident_id, TLP.GREEN)
        page = nadia.get(uploaded(nadia, installation, returned, "returned.json"))
        assert page.location.endswith(f"/incidents/{incident_id}")
        assert "says nothing new" in nadia.get(page.location).get_data(as_text=True)
        assert [one.id for one in incidents_of(database, cast, "XA")] == [incident_id]
        assert nadia.get(f"/incidents/{incident_id}/misp.json").data == own
    # what says more than we know is no echo
    body = json.loads(returned)
    body["Event"]["Attribute"].append({"type": "domain", "value": "new.example", "to_ids": True})
    uploaded(nadia, installation, json.dumps(body).encode(), "more.json")
    assert len(incidents_of(database, cast, "XA")) == 2


@ONE_ENGINE
def test_event_of_a_report_that_was_accepted_from_the_inbox_is_known(
    app: flask.Flask, browser: Any, installation: Installation, database: Database, cast: Cast
) -> None:
    circle = make_circle(database, cast, "XA XB")
    released(database, cast, make_incident(database, cast), circle)
    machine = Machine(app, cast.tokens["XB"])
    objects = machine.get(f"/exchange/collections/{circle}/objects/").get_json()["objects"]
    [report] = [one for one in objects if one["type"] == "report"]
    case = make_incident(database, cast, "boris", title="Taken over")
    with database.writing() as session:
        session.add(
            ReceivedItem(
                administration_id=cast.administrations["XB"],
                collection_id=circle,
                owner_id=cast.administrations["XA"],
                stix_id=report["id"],
                version=report["modified"],
                state="accepted",
                incident_id=case,
                decided_at=now(),
            )
        )
    boris = browser("boris")
    feed = boris.get(f"/circles/{circle}/misp/feed.zip").data
    assert boris.get(uploaded(boris, installation, feed)).location.endswith(f"/incidents/{case}")
    assert [one.id for one in incidents_of(database, cast, "XB")] == [case]


@ONE_ENGINE
def test_id_that_an_audience_knows_is_recognised_by_its_owner(
    browser: Any, installation: Installation, database: Database, cast: Cast
) -> None:
    """The feed of a circle that sees the incident differently bears another UUID."""
    from cirt.incidents.release_sections import Section
    from cirt.incidents.release_terms import ReleaseTerms

    incident_id = make_incident(database, cast)
    circle = make_circle(database, cast, "XA XB")
    terms = ReleaseTerms(sections=frozenset({Section.SUMMARY, Section.INDICATORS}))
    released(database, cast, incident_id, circle, terms=terms)
    change_incident(database, cast, incident_id, title="Changed since")
    feed = browser("boris").get(f"/circles/{circle}/misp/feed.zip").data
    assert str(incident_id).encode() not in feed
    nadia = browser("nadia")
    page = nadia.get(uploaded(nadia, installation, feed))
    assert page.location.endswith(f"/incidents/{incident_id}")


def _patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data and len(old) == len(new)
    return data.replace(old, new)


def _lying(size: int) -> bytes:
    """A file whose header says that it unpacks to a few bytes."""
    data = zipped({f"{FIRST}.json": b" " * size})
    true = size.to_bytes(4, "little")
    return _patched(data, true, (100).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04 broken", "This is not the folder of a MISP feed"),
        (zipped({"a.txt": b"x"}), "This is not the folder of a MISP feed"),
        (zipped({f"{n}.txt": b"" for n in range(1_100)}), "holds 1100 files"),
    ],
)
def test_hostile_archive_is_refused_whole_T64(data: bytes, sentence: str) -> None:
    with pytest.raises(DomainError) as caught:
        read_folder(data)
    assert sentence in caught.value.message % caught.value.params


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (zipped({f"{FIRST}.json": b" " * 15_000_000}), "packed more tightly"),
        (_lying(70_000), "damaged"),
        (zipped({f"{FIRST}.json": b"0" * 20_000_001}, zipfile.ZIP_STORED), "it is larger than"),
        (
            _patched(zipped({f"{FIRST}.json": b"abcd"}, zipfile.ZIP_STORED), b"abcd", b"abce"),
            "damaged",
        ),
    ],
)
def test_hostile_file_in_a_folder_is_refused_alone_T64(data: bytes, sentence: str) -> None:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as folder:
        folder.writestr(f"{SECOND}.json", b"{}")
    found = read_folder(out.getvalue())
    assert [str(key) for key in found.events] == [SECOND]
    [refused] = found.refused
    assert refused.name == f"{FIRST}.json" and sentence in refused.message


def test_folder_together_unpacks_to_no_more_than_its_limit_T64(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(misp_folder, "MAX_UNPACKED", 1_000)
    files = {f"{uuid.uuid4()}.json": b"0123456789" * 30 for _ in range(5)}
    found = read_folder(zipped(files))
    assert (len(found.events), len(found.refused)) == (3, 2)


@pytest.mark.parametrize(
    "name",
    [
        f"../{FIRST}.json",
        f"/{FIRST}.json",
        f"a/b/{FIRST}.json",
        f"..\\{FIRST}.json",
        f"{FIRST}.json/",
        f"{FIRST.upper()}.json",
        f"{FIRST}.json\u202e",
        "CON.json",
    ],
)
def test_names_that_no_feed_has_are_no_events_T36(name: str) -> None:
    found = read_folder(zipped({"manifest.json": b"{}", name: event(FIRST)}))
    assert not found.events
    assert all("/" not in key.name or key.name.isprintable() for key in found.refused)
