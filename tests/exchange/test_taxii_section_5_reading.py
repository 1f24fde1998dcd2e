"""TAXII 2.1, sections 5.1 to 5.4, 5.6, 5.8 and 8.2.2: collections, who may do what, reading."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.settings import Settings
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import MEDIA_TYPE
from tests import sharing
from tests.conftest import Cast, token_with
from tests.exchange.machine_objects import indicator
from tests.exchange.taxii_checks import ONE_ENGINE, is_error, pages
from tests.sharing import Machine


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB with the short name `neighbours`, into which people release."""
    return sharing.make_circle(database, cast, alias="neighbours")


@pytest.fixture
def root(circle: uuid.UUID) -> str:
    """The address of the circle's collection."""
    return f"/exchange/collections/{circle}"


@pytest.fixture
def machine(
    app: flask.Flask, database: Database, cast: Cast, settings: Settings
) -> Callable[..., Machine]:
    """Return a machine of an administration with a token of these scopes."""

    return lambda code, *scopes: Machine(app, token_with(database, settings, cast, code, *scopes))


@ONE_ENGINE
def test_5_1_who_is_nobody_gets_a_challenge_everywhere(app: flask.Flask, root: str) -> None:
    """TAXII-2.1-5.1 to 5.8, 8.2.2, RFC 7235 4.1: 401 with WWW-Authenticate, by any method."""
    for token in (None, "cirt_wrong", "wrong", "%00", "é"):
        stranger = Machine(app, token)
        for url in (
            "/taxii2/",
            "/exchange/",
            "/exchange/collections/",
            f"{root}/",
            f"{root}/manifest/",
            f"{root}/objects/",
            f"{root}/objects/indicator--{uuid.uuid4()}/",
            f"{root}/objects/indicator--{uuid.uuid4()}/versions/",
            f"/exchange/status/{uuid.uuid4()}/",
            "/exchange/nothing",
        ):
            for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
                answer = stranger.open(method, url)
                if method != "HEAD":
                    title = is_error(answer, 401)["title"]
                    # who gave one is not asked to give one
                    assert ("ended or expired" in title) == (token is not None), title
                assert answer.status_code == 401
                challenges = answer.headers.getlist("WWW-Authenticate")
                assert [one.split()[0] for one in challenges] == ["Basic", "Bearer"]
                assert all('realm="' in one for one in challenges)


@ONE_ENGINE
def test_8_2_2_the_ways_to_sign_in(app: flask.Flask, cast: Cast) -> None:
    """TAXII-2.1-8.2.2: Basic; also Bearer, and what tools send instead of both."""
    token = cast.tokens["XB"]
    encoded = base64.b64encode(f"xb-machine:{token}".encode()).decode()
    anybody = Machine(app, None)
    for given in (
        f"Basic {encoded}",
        f"basic {encoded}",
        f"Basic {token}",
        f"bearer {token}",
        f"Token {token}",
        f"Bearer {token}",
    ):
        assert anybody.get("/exchange/", headers={"Authorization": given}).status_code == 200
    other = base64.b64encode(f"xa-machine:{token}".encode()).decode()
    for given in (f"Basic {other}", "Basic %%%", "Basic", "", f"Digest {token}", token, "Bearer"):
        is_error(anybody.get("/exchange/", headers={"Authorization": given}), 401)


@ONE_ENGINE
def test_8_2_2_a_browser_session_opens_nothing(browser: Any, root: str, cast: Cast) -> None:
    """Cookies are ignored: a signed-in person is nobody here, and a machine nobody on the pages."""
    is_error(browser("boris").get(f"{root}/objects/"), 401)
    token = {"Authorization": f"Bearer {cast.tokens['XB']}"}
    assert browser(None).get("/circles/", headers=token).status_code in (302, 401)


@ONE_ENGINE
def test_5_1_collections_are_those_of_the_asker_sorted_by_id(
    reader: Machine, database: Database, cast: Cast, root: str, circle: uuid.UUID
) -> None:
    """TAXII-2.1-5.1, 3.3: each member's own, in a stable order, whoever else has others."""
    more = [sharing.make_circle(database, cast, "XA XB", title=f"More {n}") for n in range(4)]
    sharing.make_circle(database, cast, "XA XC", title="Not for XB")
    for _time in range(2):
        found = reader.get("/exchange/collections/").get_json()["collections"]
        names = [one["id"] for one in found]
        assert names == sorted(names)
        assert {str(circle), *map(str, more)} < set(names)
        assert len(names) == 6  # and its own direct one
        assert "Not for XB" not in [one["title"] for one in found]


@ONE_ENGINE
def test_5_2_a_collection_answers_to_its_alias(
    reader: Machine, root: str, circle: uuid.UUID, database: Database, cast: Cast
) -> None:
    """TAXII-2.1-5.2.1: an alias in place of the id, everywhere below the collection."""
    by_id = reader.get(f"{root}/").get_json()
    assert by_id["alias"] == "neighbours"
    sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    for rest in ("", "objects/", "manifest/", "objects/?limit=2"):
        by_alias = reader.get(f"/exchange/collections/neighbours/{rest}")
        assert by_alias.get_data() == reader.get(f"{root}/{rest}").get_data()
    for wrong in ("NEIGHBOURS", "neighbour", "neighbours%00", str(circle)[:-1], "%20"):
        is_error(reader.get(f"/exchange/collections/{wrong}/"), 404)
    assert reader.get(f"/exchange/collections/{str(circle).upper()}/").get_json() == by_id


@ONE_ENGINE
def test_5_2_a_collection_says_what_this_client_may(
    machine: Callable[..., Machine], database: Database, cast: Cast
) -> None:
    """TAXII-2.1-5.2.1: can_read and can_write are of the token that asks; all media types."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT, title="Both ways")
    url = f"/exchange/collections/{found}/"

    def rights(asker: Machine) -> tuple[bool, bool]:
        one = asker.get(url).get_json()
        listed = asker.get("/exchange/collections/").get_json()["collections"]
        assert one in listed
        assert one["media_types"] == ["application/stix+json;version=2.1"]
        assert one["title"] == "Both ways"
        return one["can_read"], one["can_write"]

    assert rights(machine("XA", "taxii.read", "taxii.write")) == (True, False)
    sharing.give_standing_approval(database, cast, found)
    assert rights(machine("XA", "taxii.read", "taxii.write")) == (True, True)
    assert rights(machine("XA", "taxii.read")) == (True, False)
    assert rights(machine("XA", "taxii.write")) == (False, True)
    assert rights(machine("XB", "taxii.read", "taxii.write")) == (True, False)
    sharing.set_member(database, cast, found, "XA", reads=False, contributes=True)
    assert rights(machine("XA", "taxii.read", "taxii.write")) == (False, True)
    sharing.set_member(database, cast, found, "XA", reads=True, contributes=False)
    assert rights(machine("XA", "taxii.read", "taxii.write")) == (True, False)


@ONE_ENGINE
def test_5_3_who_may_not_read_or_write_is_refused(
    machine: Callable[..., Machine], database: Database, cast: Cast, root: str, circle: uuid.UUID
) -> None:
    """TAXII-2.1-5.3 to 5.8: can_read false is 403 for reading, can_write false 403 for POST."""
    one = f"objects/indicator--{uuid.uuid4()}/"
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    writer_only = machine("XB", "taxii.read", "taxii.write")
    assert writer_only.get(f"{root}/").get_json()["can_read"] is False
    for path in ("objects/", "manifest/", one, f"{one}versions/"):
        is_error(writer_only.get(f"{root}/{path}"), 403)
    sharing.set_member(database, cast, circle, "XB", reads=True, contributes=False)
    reader_only = machine("XB", "taxii.read", "taxii.write")
    assert reader_only.get(f"{root}/objects/").status_code == 200
    is_error(reader_only.post(f"{root}/objects/", {"objects": [indicator()]}), 403)
    no_scope = machine("XB", "taxii.write")
    for path in ("objects/", "manifest/", one, f"{one}versions/"):
        is_error(no_scope.get(f"{root}/{path}"), 403)
    is_error(machine("XB", "taxii.read").post(f"{root}/objects/", {"objects": []}), 403)


def test_5_3_the_manifest_names_every_version_of_the_objects(
    reader: Machine, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-5.3.2: id, date_added, version as in the object, a media type of the collection."""
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, circle)
    sharing.change_incident(database, cast, incident, title="Mail server taken over")
    sharing.released(database, cast, incident, circle)
    media_types = reader.get(f"{root}/").get_json()["media_types"]
    for query in ("", "match[version]=all", "match[version]=first", "match[type]=incident,report"):
        records = reader.get(f"{root}/manifest/?{query}").get_json()["objects"]
        objects = reader.get(f"{root}/objects/?{query}").get_json()["objects"]
        assert [r["id"] for r in records] == [o["id"] for o in objects]
        dates = [r["date_added"] for r in records]
        assert dates == sorted(set(dates))
        for record, one in zip(records, objects, strict=True):
            assert set(record) == {"id", "date_added", "version", "media_type"}
            if "modified" in one or "created" in one:
                assert record["version"] == one.get("modified", one.get("created"))
            assert record["media_type"] in media_types
    limited = [
        record
        for answer in pages(reader, f"{root}/manifest/", "match[version]=all&limit=3")
        for record in answer.get_json()["objects"]
    ]
    assert limited == reader.get(f"{root}/manifest/?match[version]=all").get_json()["objects"]


def test_5_4_what_arrives_hashes_to_what_was_approved(
    reader: Machine, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-5.4: the objects' bytes, put into the bundle's frame again, are the approved ones."""
    release = sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    body = reader.get(f"{root}/objects/").get_data()
    objects = body.removeprefix(b'{"objects":[').removesuffix(b"]}")
    bundle_id = json.loads(release.bundle)["id"].encode()
    bundle = b'{"id":"%s","objects":[%s],"type":"bundle"}' % (bundle_id, objects)
    assert hashlib.sha256(bundle).hexdigest() == release.sha256


def test_5_4_the_same_release_adds_nothing_twice(
    reader: Machine, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """Markings and the producer travel with every release and stand once in the feed."""
    for title in ("One", "Two"):
        incident = sharing.make_incident(database, cast, title=title, tlp=TLP.GREEN)
        sharing.released(database, cast, incident, circle)
    records = reader.get(f"{root}/manifest/?match[version]=all").get_json()["objects"]
    keys = [(record["id"], record["version"]) for record in records]
    assert len(keys) == len(set(keys))


def test_5_6_one_object_is_always_an_envelope_and_its_versions_page(
    reader: Machine, database: Database, cast: Cast, circle: uuid.UUID, root: str
) -> None:
    """TAXII-2.1-5.6, 5.8: match[version], spec_version, added_after, limit and next of one object."""
    incident = sharing.make_incident(database, cast)
    first = sharing.released(database, cast, incident, circle)
    sharing.change_incident(database, cast, incident, title="Mail server taken over")
    second = sharing.released(database, cast, incident, circle)
    stix_id = f"incident--{incident}"
    one = f"{root}/objects/{stix_id}/"
    versions = [
        next(o["modified"] for o in json.loads(r.bundle)["objects"] if o["id"] == stix_id)
        for r in (first, second)
    ]

    def modified(query: str) -> list[str]:
        page = reader.get(f"{one}?{query}").get_json()
        return [found["modified"] for found in page.get("objects", [])]

    assert modified("") == versions[1:]
    assert modified("match[version]=all") == versions
    assert modified("match[version]=first") == versions[:1]
    assert modified("match[spec_version]=2.1") == versions[1:]
    assert modified("match[spec_version]=2.0") == []
    answers = list(pages(reader, one, "match[version]=all&limit=1"))
    assert [a.get_json()["objects"][0]["modified"] for a in answers] == versions
    after = answers[0].headers["X-TAXII-Date-Added-Last"]
    assert modified(f"match[version]=all&added_after={after}") == versions[1:]
    assert modified("match[type]=malware") == versions[1:]  # no filter of this address
    assert reader.get(f"{one}versions/").get_json() == {"versions": versions}
    answers = list(pages(reader, f"{one}versions/", "limit=1"))
    assert [a.get_json()["versions"] for a in answers] == [versions[:1], versions[1:]]
    after = answers[0].headers["X-TAXII-Date-Added-Last"]
    found = reader.get(f"{one}versions/?added_after={after}").get_json()
    assert found == {"versions": versions[1:]}
    assert reader.get(f"{one}versions/?match[spec_version]=2.0").get_data() == b"{}"


@ONE_ENGINE
def test_5_6_an_unknown_object_is_not_there(reader: Machine, root: str) -> None:
    """TAXII-2.1-5.6, 5.8: 404, also for ids that are none, and with NUL in them."""
    for name in (
        f"indicator--{uuid.uuid4()}",
        "nonsense",
        "%00",
        "indicator--%00",
        f"INDICATOR--{uuid.uuid4()}",
        "x" * 5_000,
    ):
        is_error(reader.get(f"{root}/objects/{name}/"), 404)
        is_error(reader.get(f"{root}/objects/{name}/versions/"), 404)


def test_absent_and_not_yours_are_one_answer(
    app: flask.Flask, database: Database, cast: Cast, circle: uuid.UUID, root: str, statements: Any
) -> None:
    """Same status, body, headers, and the same SQL, for a foreign id and a random one."""
    sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    stranger = Machine(app, cast.tokens["XC"])
    [own] = stranger.get("/exchange/collections/").get_json()["collections"]
    assert own["title"] == "Direct: XC"
    random = f"/exchange/collections/{uuid.uuid4()}"
    is_error(stranger.get(f"{random}/objects/"), 404)  # from now on its token is known
    for method, path in (
        ("GET", "/"),
        ("GET", "/objects/"),
        ("GET", "/objects/?match[type]=incident"),
        ("GET", "/manifest/"),
        ("GET", f"/objects/identity--{cast.administrations['XA']}/"),
        ("GET", f"/objects/identity--{cast.administrations['XA']}/versions/"),
        ("DELETE", f"/objects/identity--{cast.administrations['XA']}/"),
        ("DELETE", "/objects/nonsense/?match[version]=nonsense"),
        ("POST", "/objects/"),
    ):
        answers, queries = [], []
        for base in (root, random):
            statements.clear()
            answer = stranger.open(
                method, base + path, headers={"Content-Type": MEDIA_TYPE}, data=b"{}"
            )
            body = is_error(answer, 404)
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
