"""TAXII 2.1, sections 2 and 3: data types, media types, headers, filters, pages, errors."""

import json
import re
import uuid
from itertools import product
from typing import Any

import flask
import pytest

from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import MEDIA_TYPE
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.exchange.taxii_checks import ONE_ENGINE, ids, is_error, pages
from tests.sharing import Machine

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB, into which XA's machine writes."""
    found = sharing.make_circle(database, cast, alias="neighbours", writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    return found


@pytest.fixture
def root(circle: uuid.UUID) -> str:
    """The address of the circle's collection."""
    return f"/exchange/collections/{circle}"


@pytest.fixture
def eleven(writer: Machine, url: str) -> list[dict[str, Any]]:
    """Eleven objects that came in two envelopes, as they are in the collection."""
    sent = [indicator(name=str(number)) for number in range(11)]
    for part in (sent[:4], sent[4:]):
        assert writer.post(url, {"objects": part}).status_code == 202
    return sent


def _values(value: Any) -> Any:
    yield value
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict | list):
            yield from _values(one)
        else:
            yield one


@ONE_ENGINE
def test_2_data_types_of_every_resource(
    writer: Machine, reader: Machine, url: str, root: str, eleven: list[Any]
) -> None:
    """TAXII-2.1-2: microseconds and Z, no empty lists, numbers and booleans, UUIDv4."""
    status = writer.post(url, {"objects": [indicator(), "none"]}).get_json(force=True)
    answers = [
        reader.get(path)
        for path in (
            "/taxii2/",
            "/exchange/",
            "/exchange/collections/",
            f"{root}/",
            f"{root}/objects/",
            f"{root}/objects/?match[type]=malware",
            f"{root}/manifest/",
            f"{root}/objects/{eleven[0]['id']}/",
            f"{root}/objects/{eleven[0]['id']}/versions/",
            f"{root}/objects/?limit=1",
        )
    ]
    answers.append(writer.get(f"/exchange/status/{status['id']}/"))
    for answer in answers:
        assert answer.status_code == 200
        for value in _values(answer.get_json(force=True)):
            assert value != []
            assert value is not None
            assert not isinstance(value, float)
        for name, text in answer.headers:
            if name.startswith("X-TAXII"):
                assert MICROSECONDS.fullmatch(text)
    assert MICROSECONDS.fullmatch(status["request_timestamp"])
    assert UUID_4.fullmatch(status["id"])
    for record in reader.get(f"{root}/manifest/").get_json()["objects"]:
        assert MICROSECONDS.fullmatch(record["date_added"])
    for one in reader.get("/exchange/collections/").get_json()["collections"]:
        assert UUID_4.fullmatch(one["id"])
        assert (type(one["can_read"]), type(one["can_write"])) == (bool, bool)
    for value in status.values():
        assert isinstance(value, int | str | list)


@ONE_ENGINE
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_3_1_every_answer_bears_the_media_type(
    reader: Machine, app: flask.Flask, root: str, eleven: list[Any], method: str
) -> None:
    """TAXII-2.1-3.1, 5.1 to 5.8: whoever asks, whatever for, by whatever method, and no redirect."""
    for path in (
        "/taxii2/",
        "/taxii2",
        "/taxii2/nothing/",
        "/exchange/",
        "/exchange//collections/",
        "/exchange/nothing",
        "/exchange/%00/",
        "/exchange/collections/",
        "/exchange/collections/neighbours/",
        "/exchange/collections/none/objects/",
        f"{root}/",
        f"{root}/manifest/",
        f"{root}/objects/",
        f"{root}/objects",
        f"{root}/objects/%00/",
        f"{root}/objects/%FF%FE/",
        f"{root}/objects/{eleven[0]['id']}/",
        f"{root}/objects/{eleven[0]['id']}/versions/",
        f"{root}/objects/a/b/c/",
        f"/exchange/status/{uuid.uuid4()}/",
        "/exchange/status/%00/",
    ):
        nobody = Machine(app, None).open(method, path)
        assert nobody.status_code == 401, path
        for answer in (nobody, reader.open(method, path)):
            assert answer.headers["Content-Type"] == MEDIA_TYPE, path
            assert answer.status_code in (200, 400, 401, 403, 404, 405, 415), path
            assert "Location" not in answer.headers
            if method == "HEAD":
                assert answer.get_data() == b""
            elif answer.status_code >= 400:
                is_error(answer, answer.status_code)


@ONE_ENGINE
def test_3_1_what_names_taxii_is_never_refused(reader: Machine, root: str) -> None:
    """TAXII-2.1-3.1, RFC 9110 12.5.1: no version, any case, q values, lists, wildcards, nothing."""
    for accept in (
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        'application/taxii+json;version="2.1"',
        "application/taxii+json",
        "Application/TAXII+JSON;Version=2.1",
        "application/taxii+json;q=0.1",
        "application/vnd.oasis.stix+json, application/taxii+json;version=2.1;q=0.5",
        "text/html, */*;q=0.1",
        "application/*",
        "application/json, text/plain, */*",
        "application/json",
        "",
    ):
        answer = reader.get(f"{root}/objects/", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, MEDIA_TYPE), accept
    for accept in (
        "text/html",
        "application/taxii+json;version=2.0",
        "application/vnd.oasis.taxii+json;version=2.0",
        "application/taxii+json;q=0, */*",
        "application/taxii+json;q=0",
        "nonsense",
    ):
        is_error(reader.get(f"{root}/objects/", headers={"Accept": accept}), 406)
    named = {"Content-Type": "application/json", "Content-Encoding": "br"}
    assert reader.get(f"{root}/objects/", headers=named).status_code == 200


@ONE_ENGINE
def test_3_1_a_path_is_served_with_and_without_its_slash(
    reader: Machine, root: str, eleven: list[Any]
) -> None:
    """TAXII-2.1-3.1: the slash is the client's duty; whoever forgets it gets the same, at once."""
    for path in (
        "/taxii2",
        "/exchange",
        "/exchange/collections",
        root,
        f"{root}/objects",
        f"{root}/manifest",
        f"{root}/objects/{eleven[0]['id']}",
        f"{root}/objects/{eleven[0]['id']}/versions",
    ):
        without, with_it = reader.get(path), reader.get(f"{path}/")
        assert without.status_code == with_it.status_code == 200
        assert without.get_data() == with_it.get_data()


@ONE_ENGINE
def test_3_1_head_and_options_of_every_address(
    reader: Machine, root: str, eleven: list[Any]
) -> None:
    """RFC 9110 9.3.2, 9.3.7: HEAD gives the headers of GET; OPTIONS and 405 say what is served."""
    one = f"{root}/objects/{eleven[0]['id']}/"
    for path, more in (
        ("/taxii2/", set()),
        ("/exchange/", set()),
        ("/exchange/collections/", set()),
        (f"{root}/", set()),
        (f"{root}/objects/", {"POST"}),
        (f"{root}/manifest/", set()),
        (one, {"DELETE"}),
        (f"{one}versions/", set()),
        ("/exchange/status/x/", set()),
    ):
        served = {"GET", "HEAD", "OPTIONS"} | more
        assert set(reader.open("OPTIONS", path).headers["Allow"].split(", ")) == served
        for method in ("PUT", "PATCH", "PROPFIND", *({"POST", "DELETE"} - more)):
            answer = reader.open(method, path)
            is_error(answer, 405)
            assert set(answer.headers["Allow"].split(", ")) == served, (method, path)
        get, head = reader.get(path), reader.open("HEAD", path)
        assert (head.status_code, head.get_data()) == (get.status_code, b"")
        compared = ("Content-Type", "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last")
        assert [head.headers.get(n) for n in compared] == [get.headers.get(n) for n in compared]
        assert head.headers["Content-Length"] == str(len(get.get_data()))


def test_3_2_dates_added_are_said_of_every_page(
    reader: Machine, root: str, eleven: list[Any]
) -> None:
    """TAXII-2.1-3.2: First and Last on all 200s of manifest, objects, object and versions."""
    records = reader.get(f"{root}/manifest/").get_json()["objects"]
    dates = [record["date_added"] for record in records]
    assert dates == sorted(set(dates))
    for path, expected in (
        ("manifest/", dates),
        ("objects/", dates),
        ("objects/?limit=3", dates[:3]),
        (f"objects/{eleven[5]['id']}/", dates[5:6]),
        (f"objects/{eleven[5]['id']}/versions/", dates[5:6]),
        (f"objects/?match[id]={eleven[2]['id']},{eleven[9]['id']}", [dates[2], dates[9]]),
    ):
        headers = reader.get(f"{root}/{path}").headers
        found = [headers[f"X-TAXII-Date-Added-{which}"] for which in ("First", "Last")]
        assert found == [expected[0], expected[-1]], path
    for what in ("manifest", "objects"):
        nothing = reader.get(f"{root}/{what}/?match[type]=malware")
        assert (nothing.status_code, nothing.get_data()) == (200, b"{}")
        assert "X-TAXII-Date-Added-Last" not in nothing.headers
        after = reader.get(f"{root}/{what}/?added_after=2090-01-01T00:00:00Z").headers
        assert after["X-TAXII-Date-Added-Last"] == "2090-01-01T00:00:00.000000Z"


def test_3_2_a_date_cut_off_at_the_millisecond_doubles_nothing(
    writer: Machine, reader: Machine, url: str
) -> None:
    """TAXII-2.1-3.2: OpenCTI reads X-TAXII-Date-Added-Last as a JavaScript date, and asks by that."""
    got: list[str] = []
    after = ""
    for number in range(6):
        sent = [indicator() for _ in range(number)] or ["none"]
        status = writer.post(url, {"objects": sent}).get_json(force=True)
        assert status["success_count"] == number
        answer = reader.get(f"{url}{after}")
        got += ids(answer)
        last = answer.headers.get("X-TAXII-Date-Added-Last", "")
        after = f"?added_after={last[:23]}Z" if last else ""
    assert len(got) == len(set(got)) == sum(range(6))


def test_3_3_objects_come_in_the_order_in_which_they_were_added(
    reader: Machine, root: str, eleven: list[dict[str, Any]]
) -> None:
    """TAXII-2.1-3.3: ascending by date added, in objects and manifest alike."""
    expected = [one["id"] for one in eleven]
    assert ids(reader.get(f"{root}/objects/")) == ids(reader.get(f"{root}/manifest/")) == expected


MALFORMED = (
    "limit=0",
    "limit=-1",
    "limit=ten",
    "limit=1.0",
    "limit=",
    "limit=%00",
    "limit=%D9%A1",
    "added_after=yesterday",
    "added_after=2026-01-01",
    "added_after=2026-13-01T00:00:00Z",
    "added_after=2026-01-01T00:00:00%2B02:00",
    "added_after=2026-01-01T00:00:00.0000000001Z",
    "added_after=",
    "next=",
    "next=garbage",
    "next=AAAAAAAAAAOolMq6hbMRrtCcuoM",
    "next=%00",
    "match[version]=all,last",
    "match[version]=old",
    "match[version]=",
    "match[version]=2026-01-01",
    "match[type]=",
    "match[type]=Indicator!",
    "match[type]=a&match[type]=b",
    "match[id]=%00",
    "match[id]=indicator",
    "match[spec_version]=two",
    "limit=1&limit=2",
)


@ONE_ENGINE
@pytest.mark.parametrize("query", MALFORMED)
def test_3_4_a_malformed_parameter_is_refused(reader: Machine, root: str, query: str) -> None:
    """TAXII-2.1-3.4, 3.6.1: 400, and the title names the parameter."""
    for what in ("objects", "manifest"):
        title = is_error(reader.get(f"{root}/{what}/?{query}"), 400)["title"]
        assert query.split("=")[0] in title


def test_3_4_added_after_is_exclusive_and_has_nothing_to_do_with_stix(
    reader: Machine, root: str, eleven: list[dict[str, Any]]
) -> None:
    """TAXII-2.1-3.4: without it the oldest first; dates added are this server's; 0 to 9 digits."""
    records = reader.get(f"{root}/manifest/").get_json()["objects"]
    for place in (0, 4, 10):
        after = records[place]["date_added"]
        expected = [one["id"] for one in eleven[place + 1 :]]
        for spelled in (after, after.replace("Z", "999Z")):
            for what in ("objects", "manifest"):
                assert ids(reader.get(f"{root}/{what}/?added_after={spelled}")) == expected
    whole = records[0]["date_added"][:19] + "Z"
    assert len(ids(reader.get(f"{root}/objects/?added_after={whole}"))) == 11
    # created and modified lie in January, the dates added do not
    assert len(ids(reader.get(f"{root}/objects/?added_after=2026-02-01T00:00:00Z"))) == 11


def test_3_4_limit_is_never_exceeded_and_pages_are_full(
    reader: Machine, root: str, eleven: list[dict[str, Any]]
) -> None:
    """TAXII-2.1-3.4: `more` exactly when something follows; a limit of 11 for 11 has no more."""
    expected = [one["id"] for one in eleven]
    for limit, what in product((1, 2, 7, 10, 11, 12, 5_000, 10**30), ("objects", "manifest")):
        found = []
        for answer in pages(reader, f"{root}/{what}/", f"limit={limit}"):
            found.append(ids(answer))
            assert len(found[-1]) == limit or "more" not in answer.get_json()
        assert [one for page in found for one in page] == expected
        assert len(found) == max(1, -(-11 // limit))


def test_3_4_1_fields_narrow_and_values_widen(
    writer: Machine, reader: Machine, url: str, root: str, eleven: list[dict[str, Any]]
) -> None:
    """TAXII-2.1-3.4.1: commas are OR, fields are AND, percent-encoded or not; unknown is ignored."""
    first, second = eleven[0]["id"], eleven[1]["id"]
    both = [first, second]
    for query, expected in (
        (f"match[id]={first}", [first]),
        (f"match[id]={first},{second}", both),
        (f"match%5Bid%5D={first}%2C{second}", both),
        (f"match[id]={first},indicator--{uuid.uuid4()}", [first]),
        (f"match[id]={first.upper().replace('INDICATOR', 'indicator')}", []),
        (f"match[id]={first}&match[type]=indicator,malware", [first]),
        (f"match[id]={first}&match[type]=malware", []),
        (f"match[id]={first}&match[spec_version]=2.1", [first]),
        (f"match[id]={first}&match[spec_version]=2.0", []),
        (f"match[id]={first}&match[spec_version]=2.0,2.1", [first]),
        (f"match[id]={first}&match[colour]=red&pretty=1", [first]),
    ):
        for what in ("objects", "manifest"):
            assert ids(reader.get(f"{root}/{what}/?{query}")) == expected, query
    many = ",".join(f"indicator--{uuid.uuid4()}" for _ in range(501))
    is_error(reader.get(f"{root}/objects/?match[id]={many}"), 400)


def test_3_4_1_versions_are_chosen_by_word_and_by_time(
    writer: Machine, reader: Machine, url: str, root: str
) -> None:
    """TAXII-2.1-3.4.1: last by default; first, last, all, times, and several of them."""
    one = indicator()
    days = ["2026-02-03", "2026-02-01", "2026-02-04", "2026-02-02"]
    for day in days:
        sent = {**one, "modified": f"{day}T00:00:00.000Z"}
        assert writer.post(url, {"objects": [sent]}).status_code == 202

    def found(query: str) -> list[str]:
        given = [
            [o["modified"][:10] for o in reader.get(f"{root}/{path}?{query}").get_json()["objects"]]
            for path in ("objects/", f"objects/{one['id']}/")
        ]
        manifest = reader.get(f"{root}/manifest/?{query}").get_json()["objects"]
        assert given[0] == given[1] == [record["version"][:10] for record in manifest]
        return given[0]

    assert found("") == found("match[version]=last") == ["2026-02-04"]
    assert found("match[version]=first") == ["2026-02-01"]
    assert found("match[version]=all") == days  # in the order in which they were added
    assert found("match[version]=first,last") == ["2026-02-01", "2026-02-04"]
    assert found("match[version]=2026-02-02T00:00:00.000Z") == ["2026-02-02"]
    assert found("match[version]=2026-02-02T00:00:00Z,last") == ["2026-02-04", "2026-02-02"]
    nothing = reader.get(f"{root}/objects/?match[version]=2020-01-01T00:00:00Z")
    assert (nothing.status_code, nothing.get_data()) == (200, b"{}")


def test_3_4_1_what_has_no_version_is_served_all_the_same(
    writer: Machine, reader: Machine, url: str, root: str
) -> None:
    """TAXII-2.1-3.4.1, STIX-2.1-3.2: a marking goes by `created`, an SCO by a time of our own."""
    from cirt.stix.marking import marking_definition

    sco = {
        "type": "domain-name",
        "id": f"domain-name--{uuid.uuid5(uuid.NAMESPACE_URL, 'x')}",
        "value": "example.org",
        "object_marking_refs": [TLP.GREEN.marking_id],
    }
    marking = marking_definition(TLP.GREEN)
    status = writer.post(url, {"objects": [marking, sco]}).get_json(force=True)
    assert status["failure_count"] == 0
    for query in ("", "?match[spec_version]=2.1", "?match[version]=all", "?match[version]=first"):
        assert reader.get(f"{root}/objects/{query}").get_json()["objects"] == [marking, sco]
    records = reader.get(f"{root}/manifest/").get_json()["objects"]
    assert records[0]["version"] == marking["created"]
    for record, one in zip(records, (marking, sco), strict=True):
        assert record["version"].endswith("Z")
        versions = reader.get(f"{root}/objects/{one['id']}/versions/").get_json()["versions"]
        assert versions == [record["version"]]
        exact = reader.get(f"{root}/objects/{one['id']}/?match[version]={versions[0]}")
        assert exact.get_json()["objects"] == [one]


def test_3_5_a_crawl_by_next_or_by_date_loses_and_doubles_nothing(
    reader: Machine, root: str, eleven: list[dict[str, Any]]
) -> None:
    """TAXII-2.1-3.5: by `next`, by X-TAXII-Date-Added-Last, and by both at once."""
    expected = [one["id"] for one in eleven]
    for what, limit, way in product(("objects", "manifest"), (1, 3), ("next", "date", "both")):
        found: list[str] = []
        suffix = ""
        for _page in range(30):
            answer = reader.get(f"{root}/{what}/?limit={limit}{suffix}")
            page, last = answer.get_json(), answer.headers["X-TAXII-Date-Added-Last"]
            found += ids(answer)
            suffix = "" if way == "next" else f"&added_after={last}"
            if way != "date" and page.get("more"):
                suffix += f"&next={page['next']}"
            if not page.get("more"):
                break
        assert found == expected, (what, limit, way)


def test_3_5_next_holds_no_state(reader: Machine, root: str, eleven: list[Any]) -> None:
    """TAXII-2.1-3.5: sent twice, with another limit, without one, with filters, to the manifest."""
    cursor = reader.get(f"{root}/objects/?limit=2").get_json()["next"]
    rest = [one["id"] for one in eleven[2:]]
    for query, expected in (
        ("limit=3", rest[:3]),
        ("limit=3", rest[:3]),
        ("", rest),
        (f"match[id]={rest[4]}", [rest[4]]),
        ("added_after=2020-01-01T00:00:00Z", rest),
    ):
        for what in ("objects", "manifest"):
            assert ids(reader.get(f"{root}/{what}/?{query}&next={cursor}")) == expected


@ONE_ENGINE
def test_3_5_next_of_another_collection_is_none(
    reader: Machine, root: str, database: Database, cast: Cast, eleven: list[Any]
) -> None:
    """TAXII-2.1-3.5, 3.4: garbage in `next` is 400, and so is what was given elsewhere."""
    cursor = reader.get(f"{root}/objects/?limit=2").get_json()["next"]
    other = sharing.make_circle(database, cast, title="Another")
    is_error(reader.get(f"/exchange/collections/{other}/objects/?next={cursor}"), 400)
    is_error(reader.get(f"{root}/objects/?next={cursor[:-1]}"), 400)


@ONE_ENGINE
def test_3_6_1_a_fault_is_answered_in_taxii_form(
    reader: Machine, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TAXII-2.1-3.6.1: also a 500, with a number for the operator and nothing else."""
    from cirt.incidents import feed

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(feed, "holds", broken)
    answer = reader.get(f"{root}/objects/indicator--{uuid.uuid4()}/")
    is_error(answer, 500)
    assert "secret" not in answer.get_data(as_text=True)


@ONE_ENGINE
def test_3_6_1_a_full_disk_leaves_reading_possible(
    reader: Machine, root: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """That a poll cannot be noted is no reason to refuse it."""
    import sqlalchemy.exc

    def full() -> Any:
        raise sqlalchemy.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(database, "writing", full)
    assert reader.get(f"{root}/objects/").status_code == 200


@ONE_ENGINE
def test_3_7_nothing_found_is_the_empty_envelope(reader: Machine, root: str) -> None:
    """TAXII-2.1-3.7, 5.4: `{}` and 200 of an empty collection, whatever is asked."""
    for query in ("", "?limit=1", "?match[type]=malware", "?added_after=2026-01-01T00:00:00Z"):
        for what in ("objects", "manifest"):
            answer = reader.get(f"{root}/{what}/{query}")
            assert (answer.status_code, answer.get_data()) == (200, b"{}")


@ONE_ENGINE
def test_7_1_unknown_properties_of_an_envelope_are_ignored(
    writer: Machine, reader: Machine, url: str
) -> None:
    """TAXII-2.1-7.1, 3.1: a bundle, under the media types that pushers use; objects' own are kept."""
    for content_type in (
        "application/taxii+json;version=2.1",
        "application/taxii+json",
        "APPLICATION/TAXII+JSON; VERSION=2.1",
        "application/stix+json;version=2.1",
        "application/vnd.oasis.stix+json",
    ):
        one = indicator(x_misp_event="42")
        bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [one], "x": None}
        answer = writer.post(url, bundle, {"Content-Type": content_type})
        assert answer.get_json(force=True)["success_count"] == 1
        assert reader.get(f"{url}{one['id']}/").get_json()["objects"] == [one]


@ONE_ENGINE
def test_8_2_1_no_user_agent_is_no_reason_to_refuse(reader: Machine, root: str) -> None:
    """TAXII-2.1-8.2.1: whatever it is called, also nothing."""
    for agent in ("", "python-requests/2", "\xff" * 300):
        answer = reader.get(f"{root}/objects/", headers={"User-Agent": agent})
        assert answer.status_code == 200


def test_bytes_of_a_page_are_those_that_were_kept(
    reader: Machine, root: str, eleven: list[Any]
) -> None:
    """No number, no key and no blank is spelled anew between two answers."""
    whole = reader.get(f"{root}/objects/").get_data()
    for one in json.loads(whole)["objects"]:
        alone = reader.get(f"{root}/objects/{one['id']}/").get_data()
        assert alone.removeprefix(b'{"objects":[').removesuffix(b"]}") in whole
