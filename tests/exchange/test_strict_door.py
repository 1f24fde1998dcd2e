"""Hostile content at the two real doors, TAXII and the MISP upload (T-60 to T-69, T-73).

What is no strict JSON is refused whole, with its place; what is JSON is judged object by object,
each refusal named, and the good neighbour is kept. Nothing is answered by a 500, and the next
sender is served.
"""

import gzip
import io
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.db import Database
from cirt.files import StoredFile
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.wire_content import content_of
from cirt.stix.marking import TLP, marking_definition
from cirt.stix.wire import build
from cirt.web import Installation
from tests import sharing
from tests.conftest import Browser, Cast
from tests.sharing import Machine

TIME = "2026-01-02T03:04:05.000Z"
RED = TLP.RED.marking_id
EVIL_REGEX = "(a+)+$"
Make = Callable[[str | None], Browser]


def indicator(**more: Any) -> dict[str, Any]:
    """Return a valid TLP:GREEN indicator, with changes."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": TIME,
        "modified": TIME,
        "pattern": "[ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
        "valid_from": TIME,
        "object_marking_refs": [TLP.GREEN.marking_id],
    } | more


# what no reader may take: a part of a JSON text, and what the refusal says. The part is a whole
# value and stands at %s of an otherwise good document.
NO_STRICT_JSON: dict[str, tuple[bytes, str]] = {
    "T-60 nesting": (b"[" * 64 + b"]" * 64, "nested deeper than 64 levels"),
    "T-60 much nesting": (b"[" * 100_000 + b"]" * 100_000, "nested deeper"),
    "T-60 nesting of objects": (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper"),
    "T-60 unclosed nesting": (b'[{"a":' * 5_000, "nested deeper"),
    "T-60 2**53": (b"9007199254740992", "too large to be read exactly"),
    "T-60 -2**53": (b"-9007199254740992", "too large to be read exactly"),
    "T-60 5,000 digits": (b"1" * 5_000, "too large to be read exactly"),
    "T-60 1e400": (b"1e400", "too large to be read exactly"),
    "T-60 NaN": (b"NaN", "NaN is no JSON value"),
    "T-60 Infinity": (b"Infinity", "Infinity is no JSON value"),
    "T-60 -Infinity": (b"-Infinity", "-Infinity is no JSON value"),
    "T-61 a key twice": (b'{"a": 1, "a": 2}', "stands twice"),
    "T-61 a key twice, once escaped": (b'{"tlp": 1, "\\u0074lp": 2}', "stands twice"),
    "T-62 half a character": (b'"\\ud800"', "half a character"),
    "T-62 two halves in the wrong order": (b'"\\udc00\\ud800"', "half a character"),
    "T-62 half a character in a key": (b'{"\\udfff": 1}', "half a character"),
    "T-62 half a character as bytes": (b'"\xed\xa0\x80"', "is not UTF-8"),
    "T-62 NUL": (b'"a\\u0000b"', "NUL"),
    "T-62 NUL as a byte": (b'"a\x00b"', "control character"),
    "T-62 no UTF-8": (b'"\xff\xfe"', "is not UTF-8"),
    "a comment": (b"1 /* 2 */", "not JSON"),
    "two documents": (b"1}{", "not JSON"),
}

# of these nobody can tell where the object ends that holds them
NO_JSON_AT_ALL = frozenset(
    (
        *("T-60 much nesting", "T-60 unclosed nesting", "T-60 5,000 digits"),
        *("T-62 half a character as bytes", "T-62 NUL as a byte", "T-62 no UTF-8"),
        *("a comment", "two documents"),
    )
)


# by TAXII


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB into which XA's machines may write up to TLP:AMBER."""
    found = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    sharing.give_standing_approval(database, cast, found, "omar", TLP.AMBER)
    return found


GIANTS = {
    "T-65 giant string": (b'"' + b"x" * 20_001 + b'"', "longer than 20000 characters"),
    "T-65 very giant string": (b'"' + b"\\u0041" * 1_000_000 + b'"', "longer than 20000"),
    "T-65 giant key": (b'{"' + b"k" * 20_001 + b'": 1}', "longer than 20000"),
}


def test_taxii_refuses_what_is_no_json_with_its_place(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-60, T-62: 400 with a sentence, nothing kept, and the next envelope arrives."""
    good = indicator()
    whole = json.dumps({"objects": [good, indicator(x_note="%s")]}).encode()
    for name in sorted(NO_JSON_AT_ALL):
        part, sentence = NO_STRICT_JSON[name]
        answer = writer.post(url, whole.replace(b'"%s"', part))
        assert answer.status_code == 400, (name, answer.status_code)
        error = answer.get_json(force=True)
        assert sentence in error["title"], (name, error)
        assert error["http_status"] == "400"
    for name, body in {
        "byte order mark": b"\xef\xbb\xbf" + whole,
        "UTF-16": whole.decode().encode("utf-16"),
        "cut off": whole[:-3],
        "nothing": b"",
        "twice": whole[:-1] + b', "objects": []}',
    }.items():
        assert writer.post(url, body).status_code == 400, name
    assert reader.get(url).get_json() == {}
    assert writer.post(url, {"objects": [good]}).get_json(force=True)["success_count"] == 1
    assert reader.get(url).get_json()["objects"] == [good]


def test_taxii_refuses_one_object_that_readers_could_take_differently_and_keeps_the_rest(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-60, T-61, T-62, T-65: named, with the place in the envelope; the others arrive."""
    parts = {name: one for name, one in NO_STRICT_JSON.items() if name not in NO_JSON_AT_ALL}
    kept = []
    for name, (part, sentence) in (parts | GIANTS).items():
        before, bad, after = indicator(), indicator(x_note="%s"), indicator()
        whole = json.dumps({"objects": [before, bad, after]}, indent=1).encode()
        answer = writer.post(url, whole.replace(b'"%s"', part))
        assert answer.status_code == 202, (name, answer.status_code)
        status = answer.get_json(force=True)
        (failure,) = status["failures"]
        assert (failure["id"], status["success_count"]) == (bad["id"], 2), name
        assert sentence in failure["message"], (name, failure)
        line = whole[: whole.index(b'"%s"')].count(b"\n") + 1
        assert f"line {line}, column" in failure["message"], (name, failure)
        kept += [before, after]
    assert reader.get(url).get_json()["objects"] == kept


def test_a_report_that_is_no_strict_json_takes_its_envelope_along(
    writer: Machine, reader: Machine, url: str
) -> None:
    """Its marking counts for what it holds (TLP 2.0): nobody can tell any more what that was."""
    held = indicator()
    for disguise in ("%s", '%s, "type": "indicator"', '"indicator", "type": %s'):
        report = {"type": "%t", "id": f"report--{uuid.uuid4()}", "object_refs": [held["id"]]}
        text = json.dumps({"objects": [report | {"x_note": "%s"}, held]})
        text = text.replace('"%t"', disguise % '"report"').replace('"%s"', "NaN")
        answer = writer.post(url, text.encode())
        assert answer.status_code == 400, disguise
    assert reader.get(url).get_json() == {}


def test_a_marking_cannot_be_stripped_by_a_second_key_T61(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-61: RED first and an empty list after it, or the other way round, or spelled by escapes."""
    refs = json.dumps([RED])
    for first, second, key in (
        (refs, "[]", "object_marking_refs"),
        ("[]", refs, "object_marking_refs"),
        (refs, json.dumps([TLP.CLEAR.marking_id]), "\\u006fbject_marking_refs"),
    ):
        text = json.dumps(indicator(object_marking_refs="%s"))
        text = text.replace('"%s"', f'{first}, "{key}": {second}')
        assert text.count("marking_refs") == 2
        status = writer.post(url, b'{"objects": [%s]}' % text.encode()).get_json(force=True)
        assert status["success_count"] == 0
        assert "object_marking_refs" in status["failures"][0]["message"]
    assert reader.get(url).get_json() == {}


def _chain(terms: int, term: str = "a:b=1") -> str:
    return "[" + " OR ".join([term] * terms) + "]"


def _hostile_objects(cast: Cast) -> dict[str, tuple[Any, str]]:
    """What is JSON and must not get in: the object, and what its refusal says."""
    foreign = f"identity--{cast.administrations['XB']}"
    private = f"marking-definition--{uuid.uuid4()}"
    statement = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "created": "2022-10-01T00:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": "Everybody may read this."},
    }
    bare = indicator()
    del bare["object_marking_refs"]
    brackets = "(" * 400 + "[ipv4-addr:value = '192.0.2.1']" + ")" * 400
    return {
        "T-66 400 nested brackets": (indicator(pattern=brackets), "nested deeper than 64"),
        "T-66 400 open brackets": (indicator(pattern="[" * 400), "nested deeper than 64"),
        "T-66 20 kB of OR": (
            indicator(pattern=_chain(1_990)),
            "pattern is longer than 10000 characters",
        ),
        "T-66 900 terms in 9 kB": (indicator(pattern=_chain(900)), "more than 300 comparisons"),
        "T-66 no pattern": (indicator(pattern="[ipv4-addr:value = "), "no STIX pattern"),
        "T-67 modified before created": (
            indicator(modified="2025-12-31T00:00:00.000Z"),
            "must not lie before",
        ),
        "T-67 year 2099": (indicator(modified="2099-01-01T00:00:00.000Z"), "in the future"),
        "T-67 made in 2099": (
            indicator(created="2099-01-01T00:00:00.000Z", modified="2099-01-01T00:00:00.000Z"),
            "in the future",
        ),
        "T-67 year 9999": (indicator(modified="9999-12-31T23:59:59.999Z"), "after the year 2100"),
        "T-67 30 February": (indicator(modified="2026-02-30T00:00:00.000Z"), "no such date"),
        "T-67 a leap second's neighbour": (indicator(modified="2026-01-02T03:04:61.000Z"), ""),
        "T-67 a time of 100 digits": (indicator(modified=f"{TIME[:-1]}{'0' * 100}Z"), "digits"),
        "T-68 statement under the id of TLP:RED": ({**statement, "id": RED}, "belongs to TLP:RED"),
        "T-68 TLP:RED that says CLEAR": (
            {**marking_definition(TLP.RED), "name": "TLP:CLEAR"},
            "belongs to TLP:RED",
        ),
        "T-68 a second TLP:CLEAR": (
            {**marking_definition(TLP.CLEAR), "id": f"marking-definition--{uuid.uuid4()}"},
            "make no others",
        ),
        "T-68 marked by a private statement": (
            indicator(object_marking_refs=[private]),
            "not known here",
        ),
        "T-68 TLP:GREEN beside a private one": (
            indicator(object_marking_refs=[TLP.GREEN.marking_id, private]),
            "not known here",
        ),
        "T-68 TLP:RED beside TLP:CLEAR": (
            indicator(object_marking_refs=[TLP.CLEAR.marking_id, RED]),
            "TLP:RED",
        ),
        "T-68 TLP:RED in a part": (
            indicator(granular_markings=[{"marking_ref": RED, "selectors": ["pattern"]}]),
            "TLP:RED",
        ),
        "T-68 no marking counts as AMBER+STRICT": (bare, "TLP:AMBER+STRICT is stricter"),
        "T-69 in the name of XB": (indicator(created_by_ref=foreign), "Its author"),
        "T-69 as XB itself": (
            {
                "type": "identity",
                "spec_version": "2.1",
                "id": foreign,
                "created": TIME,
                "modified": TIME,
                "name": "Administration XB",
                "object_marking_refs": [TLP.CLEAR.marking_id],
            },
            "another producer",
        ),
        "T-73 upper-case id": (indicator(id=f"indicator--{uuid.uuid4()}".upper()), "lower case"),
        "T-73 upper-case UUID": (
            indicator(id="indicator--" + str(uuid.uuid4()).upper()),
            "lower case",
        ),
        "T-73 upper-case reference": (
            indicator(created_by_ref="identity--" + str(uuid.uuid4()).upper()),
            "lower case",
        ),
        "T-73 a letter that looks like a": (
            indicator(id=f"indic\u0430tor--{uuid.uuid4()}"),
            "lower case",
        ),
        "T-65 larger than a megabyte": (
            indicator(labels=[f"{n:019999d}" for n in range(52)]),
            "larger than 1000000 bytes",
        ),
        "an object in an object": ({"objects": [indicator()]}, "must have a type"),
        "a bundle": ({"type": "bundle", "id": f"bundle--{uuid.uuid4()}"}, "bundle is no object"),
        "a list": ([indicator()], "must be a JSON object"),
        "nothing": (None, "must be a JSON object"),
    }


def test_taxii_names_every_hostile_object_and_keeps_its_good_neighbour(
    writer: Machine, reader: Machine, url: str, cast: Cast
) -> None:
    """T-65 to T-69, T-73: one bad object between two good ones, each in an envelope of its own."""
    expected: list[dict[str, Any]] = []
    for name, (bad, sentence) in _hostile_objects(cast).items():
        before, after = indicator(), indicator()
        answer = writer.post(url, {"objects": [before, bad, after]})
        assert answer.status_code == 202, (name, answer.get_data(as_text=True))
        status = answer.get_json(force=True)
        assert [one["id"] for one in status["successes"]] == [before["id"], after["id"]], name
        [failure] = status["failures"]
        assert sentence in failure["message"], (name, failure)
        if isinstance(bad, dict) and "id" in bad:
            assert failure["id"] == bad["id"], name
        kept = writer.get(f"/exchange/status/{status['id']}/").get_json(force=True)
        assert kept == status, name
        expected += [before, after]
    found = reader.get(f"{url}?match[version]=all&limit=1000").get_json()["objects"]
    assert found == expected


def test_all_hostile_objects_together_change_nothing_about_the_good_one(
    writer: Machine, reader: Machine, url: str, cast: Cast
) -> None:
    """One envelope with all of them: all named, in their order, and the good one arrives."""
    hostile = [bad for bad, _sentence in _hostile_objects(cast).values()]
    good = indicator()
    status = writer.post(url, {"objects": [*hostile, good]}).get_json(force=True)
    assert [one["id"] for one in status["successes"]] == [good["id"]]
    assert status["failure_count"] == len(hostile) == len(status["failures"])
    named = [one["id"] for one in status["failures"]]
    assert [one["id"] for one in hostile if isinstance(one, dict) and "id" in one] == [
        stix_id for stix_id in named if not stix_id.startswith("unknown--")
    ]
    assert reader.get(url).get_json()["objects"] == [good]


def test_markings_of_an_envelope_cannot_weaken_each_other_T68(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-68: a private definition that calls itself CLEAR comes along, and helps nobody."""
    private = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.uuid4()}",
        "created": TIME,
        "definition_type": "statement",
        "definition": {"statement": "TLP:CLEAR"},
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    marked = indicator(object_marking_refs=[private["id"]])
    status = writer.post(url, {"objects": [private, marked]}).get_json(force=True)
    assert marked["id"] in [one["id"] for one in status["failures"]]
    assert marked["id"] not in reader.get(url).get_data(as_text=True)


def test_a_stranger_of_the_id_does_not_replace_it_T67(
    app: flask.Flask, database: Database, cast: Cast, circle: uuid.UUID, url: str
) -> None:
    """T-67, T-69: a later version under XA's id by XB is refused, also when it claims to be XA's."""
    sharing.give_standing_approval(database, cast, circle, "boris", TLP.AMBER)
    owner, other = Machine(app, cast.tokens["XA"]), Machine(app, cast.tokens["XB"])
    mine = indicator(object_marking_refs=[TLP.AMBER.marking_id])
    owner.post(url, {"objects": [mine]})
    later = {**mine, "modified": "2026-03-01T00:00:00.000Z"}
    for poisoned in (
        {**later, "object_marking_refs": [TLP.CLEAR.marking_id]},
        {**later, "revoked": True},
        {**later, "created_by_ref": f"identity--{cast.administrations['XA']}"},
    ):
        status = other.post(url, {"objects": [poisoned]}).get_json(force=True)
        assert (status["success_count"], status["failures"][0]["id"]) == (0, mine["id"])
    assert owner.get(f"{url}?match[version]=all").get_json()["objects"] == [mine]


def test_envelope_of_too_many_objects_is_refused_whole_T65(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-65: 10,000 objects at most."""
    answer = writer.post(url, b'{"objects":[' + b"{}," * 10_000 + b"{}]}")
    assert answer.status_code == 422
    assert "10000" in answer.get_json(force=True)["title"]
    assert reader.get(url).get_json() == {}


def test_packed_bodies_are_unpacked_up_to_the_cap_T64(
    writer: Machine, reader: Machine, url: str
) -> None:
    """T-64: 20 kB that would become more than 20 MB are refused, whatever the case of the header."""
    bomb = gzip.compress(b'{"objects":[' + b" " * 20_000_000 + b"]}")
    assert len(bomb) < 100_000
    for encoding, status in (
        ("gzip", 413),
        ("GZIP", 413),
        ("deflate", 400),
        ("br", 415),
        ("gzip, gzip", 415),
    ):
        answer = writer.post(url, bomb, {"Content-Encoding": encoding})
        assert answer.status_code == status, encoding
    assert writer.post(url, bomb).status_code == 400
    assert reader.get(url).get_json() == {}


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that Python's `re` is asked to make a matcher of."""
    seen: list[str] = []
    make = re._compile  # type: ignore[attr-defined]

    def noting(pattern: Any, flags: Any) -> Any:
        seen.append(str(pattern))
        return make(pattern, flags)

    monkeypatch.setattr(re, "_compile", noting)
    return seen


def test_regular_expressions_of_partners_are_kept_and_never_run_T66(
    writer: Machine, reader: Machine, url: str, compiled: list[str]
) -> None:
    """T-66: MATCHES '(a+)+$' is a pattern like others; nothing here makes a matcher of it."""
    rule = indicator(pattern=f"[file:name MATCHES '{EVIL_REGEX}']")
    prey = {
        "type": "file",
        "spec_version": "2.1",
        "id": f"file--{uuid.uuid4()}",
        "name": "a" * 40 + "!",
        "object_marking_refs": [TLP.GREEN.marking_id],
    }
    assert re.match("a noted probe", "") is None
    assert "a noted probe" in compiled
    status = writer.post(url, {"objects": [rule, prey]}).get_json(force=True)
    assert (status["success_count"], status["failure_count"]) == (2, 0)
    assert reader.get(url).get_json()["objects"] == [rule, prey]
    assert [text for text in compiled if EVIL_REGEX in text] == []


# by the upload of a MISP event


@pytest.fixture
def upload(
    browser: Make, installation: Installation
) -> Iterator[Callable[[bytes], tuple[jobs.Job, str]]]:
    """Upload a file as nadia, run its job, and return the job and its page."""
    nadia = browser("nadia")

    def send(data: bytes) -> tuple[jobs.Job, str]:
        answer = nadia.post("/incidents/import", {"file": (io.BytesIO(data), "event.json")})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        jobs.run_pending(installation.database, installation)
        job_id = uuid.UUID(answer.location.rsplit("/", 1)[1])
        page = nadia.get(f"/incidents/import/{job_id}")
        assert page.status_code in (200, 302)
        with installation.database.reading() as session:
            return session.get_one(jobs.Job, job_id), page.get_data(as_text=True)

    yield send
    with installation.database.reading() as session:
        assert session.scalars(sa.select(StoredFile)).all() == [], "no upload is left behind"


Upload = Callable[[bytes], tuple[jobs.Job, str]]


def _attribute(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "to_ids": True, "category": "Other", **more}


def _event(attributes: list[Any], **more: Any) -> dict[str, Any]:
    return {"Event": {"info": "An event", "Attribute": attributes, **more}}


def test_upload_refuses_what_is_no_strict_json_with_its_place(
    upload: Upload, database: Database
) -> None:
    """T-60, T-61, T-62: the job ends with a sentence, nothing is kept, the next upload works."""
    good = _attribute("domain", "good.example.org")
    whole = json.dumps(_event([good], x_note="%s")).encode()
    parts = dict(NO_STRICT_JSON)
    # a NUL byte shows at once that the file is no text; its own test is below
    del parts["T-62 NUL as a byte"]
    tags = b'[{"name": "tlp:red"}], "Tag": []'
    parts["T-61 a mark stripped by a second key"] = (b'1, "Tag": ' + tags, "“Tag” stands twice")
    for name, (part, sentence) in parts.items():
        data = whole.replace(b'"%s"', part)
        if sentence == "is not UTF-8":
            data = whole.replace(b'"%s"', b'"' + b"x" * 9_000 + b'"').replace(
                b"xxxx" + b'"', b"\xff" + b'"'
            )  # beyond the sample that the door itself looks at
        job, page = upload(data)
        assert job.state == "refused", name
        text = job.message % job.message_params
        assert sentence in text, (name, text)
        assert "Nothing was stored." in page, name
    with database.reading() as session:
        assert session.scalars(sa.select(Incident)).all() == []
    job, _page = upload(whole)
    assert job.state == "done"


def test_upload_that_is_no_text_is_refused_at_the_door_T62(browser: Make) -> None:
    """T-62: NUL and bytes that are no UTF-8, before anything is stored or queued."""
    nadia = browser("nadia")
    for data in (b'{"Event": "a\x00b"}', b'{"Event": "\xff"}', b'{"Event": "\xed\xa0\x80"}'):
        answer = nadia.post("/incidents/import", {"file": (io.BytesIO(data), "event.json")})
        assert answer.status_code == 422
        assert "its content is something else" in answer.get_data(as_text=True)


def test_upload_names_every_hostile_attribute_and_keeps_the_good_ones(
    upload: Upload, database: Database, compiled: list[str]
) -> None:
    """T-65, T-66: in the account of the import, with the reason; the incident can be released."""
    brackets = "(" * 400 + "[ipv4-addr:value = '192.0.2.1']" + ")" * 400
    hostile = {
        "T-66 400 nested brackets": (("stix2-pattern", brackets), "nested deeper than 64"),
        "T-66 20 kB of OR": (("stix2-pattern", _chain(1_990)), "longer than 10000"),
        "T-66 900 terms": (("stix2-pattern", _chain(900)), "more than 300 comparisons"),
        "T-65 giant rule": (("yara", "rule a { strings: $a = /" + "a" * 30_000), "20000"),
        "T-65 giant domain": (("domain", "a" * 100_000 + ".example.org"), "."),
        "T-65 giant remark": (("comment", "x" * 100_000), "20000"),
        "T-73 a hash that is none": (("sha256", "Z" * 64), "."),
    }
    attributes = [_attribute(*pair) for pair, _sentence in hostile.values()]
    good = _attribute("domain", "good.example.org", comment="c" * 100_000)
    evil = _attribute("stix2-pattern", f"[file:name MATCHES '{EVIL_REGEX}']")
    prey = _attribute("filename", "a" * 40 + "!")
    job, _page = upload(json.dumps(_event([*attributes, good, evil, prey])).encode())
    assert job.state == "done", job.message % job.message_params
    with database.reading() as session:
        incident = session.scalars(sa.select(Incident)).one()
        assert incident.origin is not None
        losses = {loss["path"]: loss for loss in incident.origin["losses"]}
        for place, (name, (_pair, sentence)) in enumerate(hostile.items()):
            loss = losses[f"Attribute[{place}]"]
            assert sentence in loss["message"] % loss["params"], name
            assert len(loss["what"]) < 300, name
        values = session.scalars(sa.select(IncidentObservable)).all()
        assert {row.value for row in values} == {"good.example.org", "a" * 40 + "!"}
        assert max(len(row.comment) for row in values) == 2_000
        assert session.scalars(sa.select(IncidentRule.pattern)).all() == [evil["value"]]
        build(content_of(session, incident))
    assert [text for text in compiled if EVIL_REGEX in text] == []


def test_upload_in_the_name_of_others_stays_ones_own(
    upload: Upload, database: Database, cast: Cast
) -> None:
    """T-67, T-69, T-73: dates to come, another's organisation, ids in capitals."""
    wanted = str(uuid.uuid4())
    event = _event(
        [
            _attribute("domain", "good.example.org", first_seen="9999-12-31T23:59:59Z"),
            _attribute("domain", "late.example.org", last_seen="2099-01-01T00:00:00+14:00"),
            _attribute("domain", "early.example.org", timestamp="-1", first_seen="0001-01-01"),
        ],
        uuid=wanted.upper(),
        date="2099-01-01",
        timestamp="99999999999999999",
        publish_timestamp="-5",
        Orgc={"name": "CIRT XB", "uuid": str(cast.administrations["XB"])},
        Org={"name": "CIRT XB", "uuid": str(cast.administrations["XB"])},
        org_id=str(cast.administrations["XB"]),
        administration_id=str(cast.administrations["XB"]),
        id=str(uuid.uuid4()),
    )
    first, _page = upload(json.dumps(event).encode())
    assert first.state == "done", first.message % first.message_params
    event["Event"]["uuid"] = wanted
    second, _page = upload(json.dumps(event).encode())
    assert [one["is_new"] for one in (second.result or {})["incidents"]] == [False]
    with database.reading() as session:
        incident = session.scalars(sa.select(Incident)).one()
        assert incident.administration_id == cast.administrations["XA"]
        assert incident.created_by == cast.users["nadia"]
        assert incident.detected_at is None
        assert incident.id not in (uuid.UUID(wanted), uuid.UUID(event["Event"]["id"]))
        bundle = json.loads(build(content_of(session, incident)).body)
    foreign = str(cast.administrations["XB"])
    assert foreign not in json.dumps(bundle)


@pytest.mark.parametrize(
    ("tags", "inner", "expected"),
    [
        (["tlp:red", "tlp:clear"], [], "red"),
        (["tlp:clear", "TLP:RED"], [], "red"),
        (["tlp:clear"], ["tlp:red"], "red"),
        (["tlp:green"], ["tlp:amber+strict"], "amber+strict"),
        (["tlp:unheard-of"], [], "amber+strict"),
        (["tlp:clear", "tlp:unheard-of"], [], "amber+strict"),
        ([], [], "amber+strict"),
    ],
)
def test_upload_takes_the_strictest_mark_T68(
    upload: Upload, database: Database, tags: list[str], inner: list[str], expected: str
) -> None:
    """T-68, TLP-2.0: several labels, labels of parts, and labels that nobody knows."""
    named = [{"name": name} for name in inner]
    attribute = _attribute("domain", "good.example.org", Tag=named)
    event = _event([attribute], Tag=[{"name": name} for name in tags])
    job, _page = upload(json.dumps(event).encode())
    assert job.state == "done"
    with database.reading() as session:
        assert session.scalars(sa.select(Incident.tlp)).one() == expected


def test_worker_thread_outlives_hostile_uploads(
    browser: Make, installation: Installation, database: Database
) -> None:
    """T-60, T-51: the real worker runs the hostile jobs and then the good one."""
    nadia = browser("nadia")
    good = json.dumps(_event([_attribute("domain", "good.example.org")])).encode()
    bodies = [b"[" * 100_000, b'{"Event": {"info": NaN}}', b'{"Event": {"info": 1e400}}', good]
    ids = []
    for data in bodies:
        answer = nadia.post("/incidents/import", {"file": (io.BytesIO(data), "event.json")})
        ids.append(uuid.UUID(answer.location.rsplit("/", 1)[1]))
    worker = jobs.Worker(database, installation)
    worker.start()
    states: list[str] = []
    while not states or "waiting" in states or "running" in states:
        assert worker.is_alive()
        time.sleep(0.2)
        with database.reading() as session:
            states = [session.get_one(jobs.Job, job_id).state for job_id in ids]
    assert states == ["refused", "refused", "refused", "done"]
    assert worker.is_alive()
    worker.stop()
