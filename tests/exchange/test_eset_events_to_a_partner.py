"""Twenty-seven real MISP events go from XA to XB by the product's own rules and a stock client.

Each file is uploaded and read by a job, an analyst prepares its release, the releasing officer
approves it, and XB's machine fetches it over HTTP. XC learns nothing, not even that there is
something (T-70).
"""

import base64
import hashlib
import http.client
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import pytest
import sqlalchemy as sa
import stix2
from stix2validator import ValidationOptions, validate_instance
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from cirt import jobs
from cirt.app import create_app
from cirt.db import Database
from cirt.files import keep_file
from cirt.incidents.case_models import Incident
from cirt.incidents.release_models import Release
from cirt.incidents.rights import IMPORT_JOB
from cirt.limited import run_limited
from cirt.settings import read_settings
from cirt.stix import misp_exchange
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.web import Installation
from tests import postgresql, sharing
from tests.conftest import PASSWORD, Browser, Cast, store_cast
from tests.pages import without_keys

# one fixture does the way of all 27 events: that is half a minute on an idle machine
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:stix2validator"),
    pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning"),
]

EVENTS = 27
# attributes of these types are one observable each, so what a file says can be counted by hand
PLAIN_TYPES = {"md5", "sha1", "sha256", "domain", "hostname", "ip-dst", "ip-src"}
TAXII = {"Accept": "application/taxii+json;version=2.1"}
OBJECTS_TYPE = {"Content-Type": "application/taxii+json;version=2.1"}


@dataclass
class Sent:
    """One event file, what it became, and the bytes that were approved."""

    name: str
    raw: dict[str, Any]
    incident_id: uuid.UUID
    tlp: TLP
    bundle: bytes = b""

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The approved objects."""
        found: list[dict[str, Any]] = json.loads(self.bundle)["objects"]
        return found

    @property
    def incident(self) -> str:
        """Under which id the audience knows the incident."""
        return next(str(one["id"]) for one in self.objects if one["type"] == "incident")

    @property
    def marked(self) -> int:
        """How many attributes of the file are for detection."""
        return sum(bool(one["to_ids"]) for one in [*self.raw["Attribute"], *_inner(self.raw)])

    @property
    def alarms(self) -> set[str]:
        """What the file itself marks for detection, read without our reader."""
        return {one["value"].lower() for one in _plain(self.raw) if one["to_ids"]}

    @property
    def seen(self) -> set[str]:
        """What the file names at all, for detection or not."""
        return {one["value"].lower() for one in _plain(self.raw)}


def _plain(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in [*raw["Attribute"], *_inner(raw)]:
        if one["type"] in PLAIN_TYPES and not one.get("deleted"):
            yield one


def _inner(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in raw.get("Object", []):
        if entry["name"] not in {"pe", "pe-section", "elf", "elf-section"}:
            yield from entry["Attribute"]


@dataclass
class Way:
    """An installation after all releases, served on loopback, and what XB's client got of it."""

    app: flask.Flask
    database: Database
    cast: Cast
    circle: uuid.UUID
    other_circle: uuid.UUID
    url: str
    sent: list[Sent] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    raw_pages: list[bytes] = field(default_factory=list)

    def latest(self) -> dict[str, dict[str, Any]]:
        """What XB holds, by id; a later version replaces an earlier one."""
        return {one["id"]: one for one in self.got}

    def report_of(self, sent: Sent) -> dict[str, Any]:
        """The report that holds an incident together, as XB got it."""
        wanted = next(one["id"] for one in sent.objects if one["type"] == "report")
        return self.latest()[wanted]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def way(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    real_data: Path,
    _cheap_passwords: None,
) -> Iterator[Way]:
    """Everything from the files to XB's client."""
    urls = postgresql.fresh_database() if request.param == "postgresql" else _sqlite(request)
    for url in urls:
        settings = read_settings({}, data_dir=tmp_path_factory.mktemp("way"), database_url=url)
        app = create_app(settings)
        app.testing = False
        installation: Installation = app.extensions["cirt"]
        database = installation.database
        cast = store_cast(database, settings)
        circle = sharing.make_circle(database, cast, "XA XB", alias="neighbours")
        other = sharing.make_circle(database, cast, "XB XC", title="Elsewhere")
        with sharing.serving(app) as address:
            found = Way(app, database, cast, circle, other, address)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(misp_exchange, "run_limited", _converted)
                for path in sorted((real_data / "misp/events/eset").glob("*.json")):
                    found.sent.append(_imported(installation, cast, path))
            for sent in found.sent:
                sent.bundle = sharing.released(database, cast, sent.incident_id, circle).bundle
            _fetch(found)
            yield found
        database.dispose()


_conversions: dict[bytes, bytes] = {}


def _converted(module: str, request: bytes, **limits: Any) -> bytes:
    """Convert a file in a process of its own, once for both engines: it knows of no database."""
    if request not in _conversions:
        _conversions[request] = run_limited(module, request, **limits)
    return _conversions[request]


def _sqlite(request: pytest.FixtureRequest) -> Iterator[str]:
    template: Path = request.getfixturevalue("sqlite_template")
    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("way-sqlite")
    path = folder / "cirt.sqlite3"
    path.write_bytes(template.read_bytes())
    yield f"sqlite:///{path}"


def _imported(installation: Installation, cast: Cast, path: Path) -> Sent:
    """Upload a file as nadia and let its job run."""
    database = installation.database
    with path.open("rb") as stream, database.writing() as session:
        row = keep_file(
            session,
            installation.files,
            cast.actors["nadia"],
            stream,
            name=path.name,
            tlp=TLP.AMBER_STRICT.value,
        )
        payload = {"file_id": str(row.id)}
        job_id = jobs.enqueue(session, IMPORT_JOB, payload, actor=cast.actors["nadia"]).id
    jobs.run_pending(database, installation)
    with database.reading() as session:
        job = session.get_one(jobs.Job, job_id)
        assert job.state == "done", (path.name, job.message, job.message_params)
        assert job.result is not None
        [made] = job.result["incidents"]
        assert made["is_new"], path.name
        incident = session.get_one(Incident, uuid.UUID(made["incident_id"]))
        assert incident.administration_id == cast.administrations["XA"]
        document = json.loads(path.read_text(encoding="utf-8"))
        raw = document["Event"] if "Event" in document else document["response"][0]["Event"]
        return Sent(path.name, raw, incident.id, incident.marking)


def _fetch(found: Way) -> None:
    """Read everything with taxii2-client, and once more as plain bytes."""
    server = Server(f"{found.url}/taxii2/", user="xb-machine", password=found.cast.tokens["XB"])
    collection = next(one for one in server.default.collections if one.id == str(found.circle))
    for page in as_pages(collection.get_objects, per_request=100, version="all"):
        found.got += page["objects"]
    server.close()
    position = ""
    while True:
        path = f"/exchange/collections/{found.circle}/objects/?match[version]=all&limit=1000"
        _status, _headers, body = _asked(found, "GET", path + position, "XB")
        found.raw_pages.append(body)
        page = json.loads(body)
        if not page.get("more"):
            return
        position = f"&next={page['next']}"


def _asked(
    found: Way,
    method: str,
    path: str,
    code: str | None,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send one request over the wire and return status, headers and body."""
    host = found.url.removeprefix("http://")
    given = dict(TAXII)
    if code is not None:
        pair = f"{code.lower()}-machine:{found.cast.tokens[code]}".encode()
        given["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, body, given | (headers or {}))
    answer = connection.getresponse()
    result = answer.status, answer.getheaders(), answer.read()
    connection.close()
    return result


# what XB gets


def test_every_event_arrives_as_incident_report_and_indicators(way: Way) -> None:
    """Titles, and whatever the file marks for detection, as the file itself says."""
    assert len(way.sent) == EVENTS
    held = way.latest()
    for sent in way.sent:
        incident = held[sent.incident]
        assert incident["name"] == " ".join(sent.raw["info"].split())
        report = way.report_of(sent)
        assert report["name"] == incident["name"]
        assert incident["id"] in report["object_refs"]
        parts = [held[reference] for reference in report["object_refs"]]
        patterns = " ".join(one["pattern"] for one in parts if one["type"] == "indicator").lower()
        assert bool(patterns) == bool(sent.marked), sent.name
        missing = {value for value in sent.alarms if value not in patterns}
        assert missing == set(), sent.name
        observed = json.dumps(parts, ensure_ascii=False).lower()
        assert {value for value in sent.seen if json.dumps(value)[1:-1] not in observed} == set()
    assert sum(len(sent.alarms) for sent in way.sent) == 303
    assert sum(len(sent.seen) for sent in way.sent) > 800


def test_every_reference_resolves_for_the_partner(way: Way) -> None:
    """STIX-2.1-2.9, T-71: a release is closed; nothing in it points to what XB cannot read."""
    held = way.latest()
    for one in way.got:
        for name, value in one.items():
            if name.endswith(("_ref", "_refs")):
                for reference in [value] if isinstance(value, str) else value:
                    assert reference in held, (one["id"], name)


def test_every_object_has_the_bytes_that_were_approved(way: Way) -> None:
    """Each object by SHA-256 against the frozen bundle, and the pages as bytes of the wire."""
    approved: dict[tuple[str, str], str] = {}
    bodies: list[bytes] = []
    for sent in way.sent:
        with way.database.reading() as session:
            row = session.scalars(
                sa.select(Release).where(Release.incident_id == sent.incident_id)
            ).one()
            assert hashlib.sha256(sent.bundle).hexdigest() == row.sha256
        for one in sent.objects:
            body = canonical_json(one)
            assert body in sent.bundle  # these are the frozen bytes, not another spelling
            known = approved.setdefault(_version(one), hashlib.sha256(body).hexdigest())
            assert known == hashlib.sha256(body).hexdigest()
            if body not in bodies:
                bodies.append(body)
    got = {_version(one): hashlib.sha256(canonical_json(one)).hexdigest() for one in way.got}
    assert len(got) == len(way.got)
    assert got == approved
    assert b",".join(_inside(page) for page in way.raw_pages) == b",".join(bodies)


def _version(one: dict[str, Any]) -> tuple[str, str]:
    return one["id"], one.get("modified", one.get("created", ""))


def _inside(page: bytes) -> bytes:
    """Return the objects of an envelope as they stand on the wire."""
    found = re.fullmatch(rb'\{(?:"more":true,"next":"[\w-]+",)?"objects":\[(.*)\]\}', page, re.S)
    assert found, page[:200]
    return found[1]


def test_every_object_parses_with_stix2(way: Way) -> None:
    """The library that most Python tools use."""
    for one in way.got:
        assert stix2.parse(one, allow_custom=True)["id"] == one["id"]


def test_validator_finds_no_error_in_any_object(way: Way) -> None:
    """stix2-validator at its default level, STIX 2.1."""
    options = ValidationOptions(version="2.1")
    wrong = []
    for one in way.got:
        result = validate_instance(one, options)
        wrong += [(one["id"], str(error)) for error in result.errors]
    assert wrong == []


def test_partners_misp_understands_every_report(way: Way) -> None:
    """misp-stix alone, in a process of its own: title, TLP tag and alarms of every event."""
    held = way.latest()
    bundles = []
    for sent in way.sent:
        report = way.report_of(sent)
        refs = dict.fromkeys([*report["object_refs"], *report["object_marking_refs"]])
        objects = [report, *(held[reference] for reference in refs)]
        bundles.append({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects})
    events = misp_exchange._convert("to_misp", "bundles", bundles)
    for sent, event in zip(way.sent, events, strict=True):
        assert event is not None, sent.name
        assert event["info"] == " ".join(sent.raw["info"].split())
        assert {"name": sent.tlp.label.lower()} in event["Tag"]
        attributes = event.get("Attribute", []) + [
            one for entry in event.get("Object", []) for one in entry["Attribute"]
        ]
        alarms = {one["value"].lower() for one in attributes if one["to_ids"]}
        assert bool(alarms) == bool(sent.marked), sent.name
        assert sent.alarms <= alarms, sent.name


# what XC gets


@pytest.fixture
def statements(way: Way) -> Iterator[list[str]]:
    """The SQL that was sent, without its values."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        sent.append(text)

    sa.event.listen(way.database.engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(way.database.engine, "before_cursor_execute", note)


def _stable(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    changing = {"Date", "X-Request-Id"}
    return sorted((name, "" if name in changing else value) for name, value in headers)


def test_stranger_does_not_see_the_collection_listed(way: Way) -> None:
    """XC reads another circle, and of this one not even the id or the title."""
    root = ApiRoot(f"{way.url}/exchange/", user="xc-machine", password=way.cast.tokens["XC"])
    listed = {one.title: one.id for one in root.collections}
    assert listed.pop("Direct: XC")  # its own, which every administration has
    assert list(listed.values()) == [str(way.other_circle)]
    root.close()
    _status, headers, body = _asked(way, "GET", "/exchange/collections/", "XC")
    for secret in (str(way.circle), "neighbours", "Two neighbours"):
        assert secret not in body.decode() + str(headers)
    elsewhere = Collection(
        f"{way.url}/exchange/collections/{way.other_circle}/",
        user="xc-machine",
        password=way.cast.tokens["XC"],
    )
    assert elsewhere.get_objects() == {}
    elsewhere.close()


def test_stranger_cannot_tell_the_collection_from_nothing_T70(
    way: Way, statements: list[str]
) -> None:
    """T-70: every endpoint × method with the id answers as with a random one, by the same SQL."""
    incident = way.sent[0].incident
    envelope = json.dumps({"objects": [way.sent[0].objects[-1]]}).encode()
    tails = (
        *("/", "", "/manifest/", "/objects/", "/objects", "/nothing/"),
        *(f"/objects/{incident}/", f"/objects/{incident}/versions/"),
        *("/objects/?limit=1", f"/objects/?match[id]={incident}", "/objects/?limit=0"),
        *("/manifest/?added_after=2020-01-01T00:00:00Z", "/objects/?next=garbage"),
    )
    names = [(str(way.circle), str(uuid.uuid4())), ("neighbours", "neighbourz")]
    names.append((str(way.circle).upper(), str(uuid.uuid4()).upper()))
    root = "/exchange/collections"
    pairs = [(f"{root}/{real}", f"{root}/{random}") for real, random in names]
    _asked(way, "GET", "/exchange/", "XC")  # that a token was used is noted with its first request
    seen = 0
    for tail in tails:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for real, random in pairs:
                found = []
                for base in (real, random):
                    statements.clear()
                    body = envelope if method == "POST" else None
                    status, headers, text = _asked(
                        way, method, base + tail, "XC", body, OBJECTS_TYPE if body else None
                    )
                    kind = dict(headers)["Content-Type"]
                    assert kind == TAXII["Accept"], (status, method, base + tail, kind)
                    answer = json.loads(text) if text else {}
                    answer.pop("error_id", None)
                    found.append((status, _stable(headers), answer, list(statements)))
                assert found[0] == found[1], (method, real + tail)
                assert found[0][0] not in (200, 202) or method == "OPTIONS", (method, tail)
                assert found[0][3], "at least the token was looked up"
                seen += 1
    assert seen == len(tails) * 7 * len(pairs)


def test_stranger_cannot_ask_the_own_collection_about_foreign_objects_T70(
    way: Way, statements: list[str]
) -> None:
    """T-70: an id that exists in XA's circle is, in a circle of XC's own, as one that does not."""
    base = f"/exchange/collections/{way.other_circle}"
    objects = [one for sent in way.sent for one in sent.objects]
    exists = next(one["id"] for one in objects if one["type"] == "indicator")
    for shape in ("/objects/{}/", "/objects/{}/versions/", "/objects/?match[id]={}"):
        found = []
        for stix_id in (exists, f"indicator--{uuid.uuid4()}"):
            # who polls is noted once a minute, and the first question would differ by that
            _asked(way, "GET", f"{base}/objects/", "XC")
            statements.clear()
            status, headers, text = _asked(way, "GET", base + shape.format(stix_id), "XC")
            answer = json.loads(text)
            answer.pop("error_id", None)
            found.append((status, _stable(headers), answer, list(statements)))
        assert found[0] == found[1], shape


def test_strangers_browser_cannot_tell_them_either_T70(way: Way, statements: list[str]) -> None:
    """T-70 for the pages: circle, report, incident and release of XA against random ids."""
    chen = Browser(way.app.test_client(), "chen")
    signed_in = chen.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert signed_in.status_code == 302
    chen.get("/help")  # the greeting after the sign-in is shown, and its cookie taken back
    with way.database.reading() as session:
        release_id = session.scalars(sa.select(Release.id).limit(1)).one()
    report = next(one["id"] for one in way.sent[0].objects if one["type"] == "report")
    incident = way.sent[0].incident_id
    for shape, real in (
        ("/circles/{}", way.circle),
        (f"/circles/{{}}/reports/{report}", way.circle),
        (f"/circles/{way.other_circle}/reports/{{}}", report),
        ("/circles/{}/standing-approval", way.circle),
        ("/incidents/{}", incident),
        ("/incidents/{}/bundle", incident),
        ("/incidents/{}/stix.json", incident),
        ("/incidents/{}/misp.json", incident),
        ("/incidents/{}/sharing", incident),
        ("/incidents/{}/origin", incident),
        ("/releases/{}", release_id),
        ("/releases/{}/bundle.json", release_id),
    ):
        found = []
        random = f"report--{uuid.uuid4()}" if str(real) == report else str(uuid.uuid4())
        for thing in (str(real), random):
            statements.clear()
            answer = chen.get(shape.format(thing))
            text = answer.get_data(as_text=True).replace(thing, "…")
            text = without_keys(text.replace(answer.headers["X-Request-Id"], "…"))
            headers = [
                (name, "" if name in ("Set-Cookie", "Content-Length") else value)
                for name, value in _stable(answer.headers)
            ]
            found.append((answer.status_code, headers, text, list(statements)))
        assert found[0] == found[1], shape
        assert found[0][0] == 404, shape
