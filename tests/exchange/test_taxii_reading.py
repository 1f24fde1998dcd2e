"""TAXII 2.1, reading: a partner gets the released bytes, page by page, and a stranger nothing."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from itertools import product
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import MEDIA_TYPE
from tests import sharing
from tests.conftest import Cast
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB with the short name `neighbours`."""
    return sharing.make_circle(database, cast, alias="neighbours")


@pytest.fixture
def machine(app: flask.Flask, cast: Cast) -> Callable[[str], Machine]:
    """Return a machine of an administration."""
    return lambda code: Machine(app, cast.tokens[code])


@pytest.fixture
def root(circle: uuid.UUID) -> str:
    """The address of the circle's collection."""
    return f"/exchange/collections/{circle}"


Machines = Callable[[str], Machine]


def test_the_way_from_discovery_to_objects(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID
) -> None:
    """TAXII-2.1-4.1, 4.2, 5.1, 5.2: every step names the next."""
    reader = machine("XB")
    discovery = reader.get("/taxii2/").get_json()
    assert discovery["default"] in discovery["api_roots"]
    api_root = reader.get(discovery["default"]).get_json()
    assert MEDIA_TYPE in api_root["versions"]
    assert api_root["max_content_length"] > 0
    collections = reader.get(discovery["default"] + "collections/").get_json()["collections"]
    by_title = {one["title"]: one for one in collections}
    assert set(by_title) == {"Two neighbours", "Direct: XB"}
    neighbours = by_title["Two neighbours"]
    assert neighbours["id"] == str(circle)
    for one in collections:
        assert (one["can_read"], one["can_write"]) == (True, False)
    assert reader.get("/exchange/collections/neighbours/").get_json() == neighbours


def test_what_arrives_hashes_to_what_was_approved(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """The objects' bytes, put into the bundle's frame again, are the approved bytes."""
    incident = sharing.make_incident(database, cast)
    release = sharing.released(database, cast, incident, circle)
    body = machine("XB").get(f"{root}/objects/").get_data()
    objects = body.removeprefix(b'{"objects":[').removesuffix(b"]}")
    bundle_id = json.loads(release.bundle)["id"].encode()
    bundle = b'{"id":"%s","objects":[%s],"type":"bundle"}' % (bundle_id, objects)
    assert hashlib.sha256(bundle).hexdigest() == release.sha256


def test_pages_by_next_are_complete_and_in_order(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-3.3, 3.4, 3.5: `more` exactly when something follows, pages always full."""
    release = sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    expected = [one["id"] for one in json.loads(release.bundle)["objects"]]
    reader = machine("XB")
    for limit, what in product((1, 2, 7, len(expected), 100), ("objects", "manifest")):
        found: list[str] = []
        suffix = ""
        while True:
            page = reader.get(f"{root}/{what}/?limit={limit}{suffix}").get_json()
            found += [one["id"] for one in page.get("objects", [])]
            if not page.get("more"):
                assert "next" not in page
                break
            assert len(page["objects"]) == limit
            suffix = f"&next={page['next']}"
        assert found == expected


def test_a_crawl_by_date_added_loses_nothing(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-3.5: X-TAXII-Date-Added-Last as added_after, also together with next."""
    release = sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    expected = [one["id"] for one in json.loads(release.bundle)["objects"]]
    reader = machine("XB")
    for with_next in (False, True):
        found: list[str] = []
        suffix = ""
        for _page in range(len(expected) + 2):
            answer = reader.get(f"{root}/objects/?limit=2{suffix}")
            page = answer.get_json()
            found += [one["id"] for one in page.get("objects", [])]
            last = answer.headers["X-TAXII-Date-Added-Last"]
            suffix = f"&added_after={last}"
            if with_next and page.get("more"):
                suffix += f"&next={page['next']}"
            if not page:
                break
        assert found == expected


def test_a_cursor_can_be_sent_twice_and_with_another_limit(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """`next` holds no state at the server."""
    sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    reader = machine("XB")
    cursor = reader.get(f"{root}/objects/?limit=2").get_json()["next"]
    first = reader.get(f"{root}/objects/?limit=3&next={cursor}").get_json()["objects"]
    again = reader.get(f"{root}/objects/?limit=3&next={cursor}").get_json()["objects"]
    rest = reader.get(f"{root}/objects/?next={cursor}").get_json()["objects"]
    assert first == again == rest[:3]


def test_filters_match(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-3.4.1: type, id, version; default is the last version."""
    incident = sharing.make_incident(database, cast)
    first = sharing.released(database, cast, incident, circle)
    sharing.change_incident(database, cast, incident, title="Mail server taken over")
    second = sharing.released(database, cast, incident, circle)
    reader, stix_id = machine("XB"), f"incident--{incident}"
    one = f"{root}/objects/{stix_id}"
    versions = [
        next(o["modified"] for o in json.loads(r.bundle)["objects"] if o["id"] == stix_id)
        for r in (first, second)
    ]

    def modified(url: str) -> list[str]:
        return [o["modified"] for o in reader.get(url).get_json().get("objects", [])]

    assert modified(f"{root}/objects/?match[type]=incident") == versions[1:]
    assert (
        modified(f"{root}/objects/?match%5Btype%5D=incident%2Cmalware&match[version]=all")
        == versions
    )
    assert modified(f"{root}/objects/?match[id]={stix_id}&match[version]=first") == versions[:1]
    assert (
        modified(f"{root}/objects/?match[id]={stix_id}&match[version]={versions[0]}")
        == versions[:1]
    )
    assert modified(f"{root}/objects/?match[id]={stix_id}&match[version]=first,last") == versions
    assert modified(f"{root}/objects/?match[type]=incident&match[spec_version]=2.0") == []
    assert modified(f"{root}/objects/?match[type]=incident&match[spec_version]=2.1") == versions[1:]
    assert modified(f"{one}/") == versions[1:]
    assert modified(f"{one}?match[version]=all") == versions
    assert reader.get(f"{one}/versions/").get_json() == {"versions": versions}
    page = reader.get(f"{one}/versions/?limit=1").get_json()
    assert (page["versions"], page["more"]) == (versions[:1], True)
    following = reader.get(f"{one}/versions/?limit=1&next={page['next']}").get_json()
    assert following == {"versions": versions[1:]}


def test_manifest_names_the_versions_of_the_objects(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-5.3.2: id, date_added, version as in the object, media_type of the collection."""
    sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    reader = machine("XB")
    records = reader.get(f"{root}/manifest/").get_json()["objects"]
    objects = reader.get(f"{root}/objects/").get_json()["objects"]
    media_types = reader.get(f"{root}/").get_json()["media_types"]
    assert [r["id"] for r in records] == [o["id"] for o in objects]
    dates = [r["date_added"] for r in records]
    assert dates == sorted(set(dates))
    for record, one in zip(records, objects, strict=True):
        if "modified" in one or "created" in one:
            assert record["version"] == one.get("modified", one.get("created"))
        assert record["media_type"] in media_types


def test_an_empty_collection_is_an_empty_envelope(machine: Machines, root: str) -> None:
    """TAXII-2.1-3.7, 3.2: `{}`; added_after is given back, or no header."""
    answer = machine("XB").get(f"{root}/objects/?added_after=2026-01-01T00:00:00Z")
    assert (answer.status_code, answer.get_data()) == (200, b"{}")
    assert answer.headers["X-TAXII-Date-Added-Last"] == "2026-01-01T00:00:00.000000Z"
    assert "X-TAXII-Date-Added-Last" not in machine("XB").get(f"{root}/manifest/").headers


MALFORMED = (
    "limit=0",
    "limit=-1",
    "limit=ten",
    "limit=",
    "added_after=yesterday",
    "added_after=",
    "next=",
    "next=garbage",
    "next=AAAAAAAAAAOolMq6hbMRrtCcuoM",
    "match[version]=all,last",
    "match[version]=old",
    "match[type]=",
    "match[type]=a&match[type]=b",
    "match[id]=%00",
    "limit=1&limit=2",
)


def test_malformed_parameters_are_400(machine: Machines, root: str) -> None:
    """TAXII-2.1-3.4, 3.6.1: an error resource in TAXII's media type."""
    reader = machine("XB")
    for query in MALFORMED:
        for what in ("objects", "manifest"):
            _is_error(reader.get(f"{root}/{what}/?{query}"), 400)


def _is_error(answer: Any, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    body = answer.get_json(force=True)
    assert body["title"]
    assert body["http_status"] == str(status)


def test_headers_decide_about_media_types(machine: Machines, root: str) -> None:
    """TAXII-2.1-3.1: no version, any case, `*/*` and application/json are served; others 406."""
    for accept in (
        "application/taxii+json",
        "*/*",
        "application/json",
        "Application/TAXII+json; q=0.1",
    ):
        answer = machine("XB").get(f"{root}/objects/", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, MEDIA_TYPE)
    _is_error(machine("XB").get(f"{root}/objects/", headers={"Accept": "text/html"}), 406)
    content_type = {"Content-Type": "application/json"}  # some clients name one on a GET
    assert machine("XB").get(f"{root}/objects/", headers=content_type).status_code == 200


def test_nobody_gets_a_challenge_and_never_a_page(app: flask.Flask, root: str) -> None:
    """TAXII-2.1-5.1 to 5.8, RFC 7235: 401 with WWW-Authenticate, on every address."""
    for token in (None, "cirt_wrong", "wrong"):
        stranger = Machine(app, token)
        for url in (
            "/taxii2/",
            "/exchange/",
            "/exchange/collections/",
            f"{root}/",
            f"{root}/objects/",
            f"{root}/manifest/",
            f"/exchange/status/{uuid.uuid4()}/",
            "/exchange/nothing",
        ):
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                answer = stranger.open(method, url)
                _is_error(answer, 401)
                schemes = [c.split()[0] for c in answer.headers.getlist("WWW-Authenticate")]
                assert schemes == ["Basic", "Bearer"]


def test_the_ways_to_sign_in(app: flask.Flask, cast: Cast) -> None:
    """TAXII-2.1-8.2.2: Basic; also Bearer, and the bare token that some tools send as Basic."""
    token = cast.tokens["XB"]
    encoded = base64.b64encode(f"xb-machine:{token}".encode()).decode()
    anybody = Machine(app, None)
    for given in (f"Basic {encoded}", f"Basic {token}", f"bearer {token}"):
        assert anybody.get("/exchange/", headers={"Authorization": given}).status_code == 200
    other = base64.b64encode(f"xa-machine:{token}".encode()).decode()
    for given in (f"Basic {other}", "Basic %%%", "Basic", "", f"Digest {token}"):
        _is_error(anybody.get("/exchange/", headers={"Authorization": given}), 401)


def test_a_browser_session_opens_nothing(browser: Any, root: str) -> None:
    """Cookies are ignored: a signed-in person is nobody here."""
    _is_error(browser("boris").get(f"{root}/objects/"), 401)


def test_a_token_opens_no_page(machine: Machines, circle: uuid.UUID) -> None:
    """A machine is nobody on the pages for people."""
    assert machine("XB").get(f"/circles/{circle}").status_code in (302, 401)


def test_methods_and_addresses(machine: Machines, root: str) -> None:
    """HEAD and OPTIONS work, a slash is not needed, a wrong method is 405, a wrong address 404."""
    reader = machine("XB")
    head = reader.open("HEAD", f"{root}/objects/")
    assert (head.status_code, head.get_data()) == (200, b"")
    assert head.headers["Content-Type"] == MEDIA_TYPE
    assert reader.get(f"{root}/objects").status_code == 200
    options = reader.open("OPTIONS", f"{root}/objects/")
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    for url in ("/taxii2/", "/exchange/", f"{root}/manifest/"):
        answer = reader.open("PUT", url)
        _is_error(answer, 405)
        assert "GET" in answer.headers["Allow"]
    _is_error(reader.open("DELETE", f"{root}/objects/"), 405)
    for url in ("/exchange/nothing/", "/taxii2/nothing", f"{root}/objects/a/b/c/"):
        _is_error(reader.get(url), 404)


def test_unknown_things_are_404(machine: Machines, root: str) -> None:
    """TAXII-2.1-5.6, 4.3: also for ids that are none, and with NUL in them."""
    for url in (
        f"{root}/objects/indicator--{uuid.uuid4()}/",
        f"{root}/objects/indicator--{uuid.uuid4()}/versions/",
        f"{root}/objects/nonsense/",
        "/exchange/collections/none/objects/",
        f"/exchange/status/{uuid.uuid4()}/",
        "/exchange/status/none/",
    ):
        _is_error(machine("XB").get(url), 404)
    for url in (f"{root}/objects/%00/", "/exchange/collections/%00/", "/exchange/status/%00/"):
        _is_error(machine("XB").get(url), 404)


def test_a_stranger_cannot_tell_a_circle_from_nothing(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str, statements: Any
) -> None:
    """Same status, body, headers, and the same SQL, for a foreign id and a random one."""
    sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    stranger = machine("XC")
    [own] = stranger.get("/exchange/collections/").get_json()["collections"]
    assert own["title"] == "Direct: XC"
    random = f"/exchange/collections/{uuid.uuid4()}"
    _is_error(stranger.get(f"{random}/objects/"), 404)  # from now on its token is known
    for method, path in (
        ("GET", "/"),
        ("GET", "/objects/"),
        ("GET", "/manifest/"),
        ("GET", f"/objects/identity--{cast.administrations['XA']}/"),
        ("GET", f"/objects/identity--{cast.administrations['XA']}/versions/"),
        ("DELETE", f"/objects/identity--{cast.administrations['XA']}/"),
        ("POST", "/objects/"),
    ):
        answers, queries = [], []
        for base in (root, random):
            statements.clear()
            answer = stranger.open(
                method, base + path, headers={"Content-Type": MEDIA_TYPE}, data=b"{}"
            )
            _is_error(answer, 404)
            body = answer.get_json(force=True)
            body.pop("error_id")
            answers.append((body, sorted(name for name, _value in answer.headers)))
            queries.append(list(statements))
        assert answers[0] == answers[1]
        assert queries[0] == queries[1]
        assert queries[0]


@pytest.fixture
def statements(database: Database) -> Any:
    """The SQL that was sent, without its values."""
    from sqlalchemy import event

    sent: list[str] = []

    def note(_c: object, _cursor: object, text: str, *_more: object) -> None:
        sent.append(text)

    event.listen(database.engine, "before_cursor_execute", note)
    return sent


def test_rights_of_a_member_are_its_flags(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-5.2.1, 5.3 to 5.8: no read is 403 for a member, and said in the resource."""
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    reader = machine("XB")
    assert reader.get(f"{root}/").get_json()["can_read"] is False
    for path in ("objects/", "manifest/", f"objects/indicator--{uuid.uuid4()}/"):
        _is_error(reader.get(f"{root}/{path}"), 403)
    sharing.set_member(database, cast, circle, "XB", reads=True, contributes=False)
    assert reader.get(f"{root}/").get_json()["can_read"] is True
    _is_error(reader.post(f"{root}/objects/", {"objects": []}), 403)
    _is_error(reader.open("DELETE", f"{root}/objects/indicator--{uuid.uuid4()}/"), 403)


def test_a_fault_is_answered_in_taxii_form(
    machine: Machines, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TAXII-2.1-3.6.1: also a 500, with a number for the operator and nothing else."""
    from cirt.incidents import feed

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(feed, "page", broken)
    answer = machine("XB").get(f"{root}/objects/?match[type]=indicator")
    _is_error(answer, 500)
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.get_json(force=True)["error_id"]


def test_a_full_disk_leaves_reading_possible(
    machine: Machines, root: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """That a poll cannot be noted is no reason to refuse it."""
    import sqlalchemy.exc

    def full() -> Any:
        raise sqlalchemy.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(database, "writing", full)
    assert machine("XB").get(f"{root}/objects/").status_code == 200


def test_the_same_release_adds_nothing_twice(
    machine: Machines, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """Markings and the producer travel with every release and stand once in the feed."""
    for title in ("One", "Two"):
        incident = sharing.make_incident(database, cast, title=title, tlp=TLP.GREEN)
        sharing.released(database, cast, incident, circle)
    records = machine("XB").get(f"{root}/manifest/?match[version]=all").get_json()["objects"]
    keys = [(record["id"], record["version"]) for record in records]
    assert len(keys) == len(set(keys))
