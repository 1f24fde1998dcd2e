"""What went wrong in other products of this kind, tried on the sharing half: one test for each way."""

import ast
import io
import itertools
import json
import re
import uuid
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import Administration
from cirt.db import Database
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.object_store import objects_in
from cirt.incidents.release_models import Release
from cirt.settings import Settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import ROOT, Cast
from tests.exchange.machine_objects import TIME
from tests.exchange.machine_objects import indicator as machine_indicator
from tests.exchange.test_confidential_machines import listening
from tests.functional import inbox_steps as steps
from tests.sharing import Machine

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
# each answer has a number of its own, and each form a token
_OF_THE_MOMENT = re.compile(rb'name="csrf_token" value="[^"]*"|\b[0-9a-f]{12}\b')


@pytest.fixture
def scene(database: Database, cast: Cast) -> tuple[uuid.UUID, uuid.UUID, Release]:
    """A circle of XA and XB with a release, one of XB and XC, and the release."""
    first = sharing.make_circle(database, cast, "XA XB")
    second = sharing.make_circle(
        database, cast, "XB XC", title="Others", writing=MachineWriting.DIRECT
    )
    row = sharing.released(database, cast, sharing.make_incident(database, cast), first)
    steps.catch_up(database)
    return first, second, row


Scene = tuple[uuid.UUID, uuid.UUID, Release]


@ONE_ENGINE
def test_an_id_of_one_place_opens_nothing_under_another_T01_T08(
    app: flask.Flask, browser: Any, database: Database, cast: Cast, scene: Scene
) -> None:
    """T-01, T-08: circle and report, collection and object, case and release: the parent decides."""
    first, second, row = scene
    held = objects_in(row.bundle or b"")
    report = next(one["id"] for one in held if one["type"] == "report")
    boris, chen = browser("boris"), browser("chen")
    assert boris.get(f"/circles/{first}/reports/{report}").status_code == 200
    children = [f"reports/{report}", "detection/csv", "misp", "detection"]
    for who, circle, wanted in ((boris, second, 404), (chen, second, 404), (chen, first, 404)):
        assert who.get(f"/circles/{circle}/reports/{report}").status_code == wanted
        assert who.get(f"/inbox/{circle}/{report}").status_code == wanted
        assert who.get(f"/inbox/{circle}/{report}/bundle.json").status_code == wanted
    assert {chen.get(f"/circles/{first}/{child}").status_code for child in children} == {404}
    own, strange = Machine(app, cast.tokens["XB"]), Machine(app, cast.tokens["XC"])
    for one in held:
        for tail in ("", "versions/"):
            path = f"objects/{one['id']}/{tail}"
            if one["type"] not in ("marking-definition", "extension-definition"):
                assert own.get(f"/exchange/collections/{second}/{path}").status_code == 404
            assert strange.get(f"/exchange/collections/{first}/{path}").status_code == 404
    for path in ("", "/bundle.json", "/approve", "/end"):
        assert chen.get(f"/releases/{row.id}{path}").status_code == 404
        assert boris.get(f"/releases/{row.id}{path}").status_code == 404
    with database.reading() as session:
        before = session.scalars(sa.select(Release.sha256)).all()
    for path in ("approve", "end"):
        form = {"sha256": row.sha256, "sha256_seen": row.sha256, "reason": "mine"}
        assert boris.post(f"/releases/{row.id}/{path}", form).status_code == 404
    with database.reading() as session:
        assert session.scalars(sa.select(Release.sha256)).all() == before


@ONE_ENGINE
def test_a_reference_to_what_one_may_not_see_is_as_one_to_nothing_T06(
    app: flask.Flask, database: Database, cast: Cast, scene: Scene
) -> None:
    """T-06: relationship, sighting, note and report to XA's objects, sent by XC, and to random ids."""
    _first, second, row = scene
    sharing.give_standing_approval(database, cast, second, "chen", TLP.AMBER)
    chen = Machine(app, cast.tokens["XC"])
    hidden = next(one["id"] for one in objects_in(row.bundle or b"") if one["type"] == "indicator")
    answers = []
    url = f"/exchange/collections/{second}/objects/"
    chen.post(url, {"objects": [machine_indicator()]})  # the first one opens the feed
    for target in (hidden, f"indicator--{uuid.uuid4()}"):
        own = machine_indicator()
        sent = [own, *(_about(kind, own["id"], target) for kind in _KINDS)]
        with listening(database) as statements:
            answer = chen.post(url, {"objects": sent})
        assert answer.status_code == 202
        body = _TIMES.sub("T", _UUID.sub("ID", answer.get_data(as_text=True)))
        answers.append((body, list(statements)))
    assert answers[0] == answers[1]
    assert json.loads(answers[0][0])["success_count"] == 1 + len(_KINDS)


_KINDS: dict[str, dict[str, Any]] = {
    "relationship": {"relationship_type": "related-to"},
    "sighting": {"count": 1},
    "note": {"content": "seen"},
    "report": {"name": "all", "published": TIME},
}


def _about(kind: str, own: str, target: str) -> dict[str, Any]:
    refers: dict[str, Any] = {
        "relationship": {"source_ref": own, "target_ref": target},
        "sighting": {"sighting_of_ref": target},
    }.get(kind, {"object_refs": [own, target]})
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid4()}",
        "created": TIME,
        "modified": TIME,
        "object_marking_refs": [TLP.GREEN.marking_id],
        **_KINDS[kind],
        **refers,
    }


@ONE_ENGINE
def test_a_token_opens_what_its_scope_says_and_no_page_T13(
    app: flask.Flask, database: Database, settings: Settings, cast: Cast, scene: Scene
) -> None:
    """T-13: reading does not write, writing does not read, and neither signs a person in."""
    _first, second, _row = scene
    machines = {}
    for scope in ("taxii.read", "taxii.write"):
        with database.writing() as session:
            row = session.get_one(Administration, cast.administrations["XB"])
            _token, text = tokens.make_token(
                session, None, administration=row, label=scope, scopes=[scope], days=3,
                settings=settings,
            )  # fmt: skip
        machines[scope] = Machine(app, text)
    base = f"/exchange/collections/{second}"
    sharing.give_standing_approval(database, cast, second, "boris", TLP.AMBER)
    envelope = {"objects": [machine_indicator()]}
    read, write = machines["taxii.read"], machines["taxii.write"]
    assert read.get(f"{base}/objects/").status_code == 200
    assert read.post(f"{base}/objects/", envelope).status_code in (403, 404)
    assert write.post(f"{base}/objects/", envelope).status_code == 202
    for path in ("objects/", "manifest/", "detection/csv", "misp/manifest.json"):
        assert write.get(f"{base}/{path}").status_code in (403, 404), path
    for machine in (read, write):
        for page in ("/inbox/", "/circles/", f"/circles/{second}", "/incidents/", "/releases/"):
            answer = machine.get(page)
            assert answer.status_code in (302, 401, 403), page
            assert "Set-Cookie" not in answer.headers or "_user_id" not in str(answer.headers)


PREFIXES = ("", "X-", "X-Forwarded-", "X-Original-", "X-CIRT-", "X-OpenCTI-", "X-MISP-", "X-TAXII-")
NAMES = [
    *("User", "User-Id", "Remote-User", "Administration", "Administration-Id", "Organisation"),
    *("Org-Id", "Role", "Roles", "Admin", "Scope", "Token-Scope", "Marking", "TLP", "Audience"),
    *("Collection", "Circle", "Distribution", "Sharing-Group", "Owner", "Peer", "Federation"),
    *("Synchronized-Upsert", "Upsert", "Method", "HTTP-Method-Override", "Method-Override", "For"),
]


@ONE_ENGINE
def test_two_hundred_headers_change_no_byte_T15(
    app: flask.Flask, browser: Any, cast: Cast, scene: Scene
) -> None:
    """T-15: what a reader, a stranger and a stranger's browser get is the same with any of them."""
    first, _second, row = scene
    names = [f"{prefix}{name}" for prefix, name in itertools.product(PREFIXES, NAMES)]
    assert len(set(names)) >= 200
    boris, chen = browser("boris"), browser("chen")
    report = next(one["id"] for one in objects_in(row.bundle or b"") if one["type"] == "report")
    value = str(cast.administrations["XA"])
    asked: list[tuple[Any, str, int]] = [
        (Machine(app, cast.tokens["XB"]), f"/exchange/collections/{first}/objects/", 200),
        (Machine(app, cast.tokens["XC"]), f"/exchange/collections/{first}/objects/", 404),
        (boris, f"/inbox/{first}/{report}/bundle.json", 200),
        (chen, f"/inbox/{first}/{report}", 404),
        (chen, f"/releases/{row.id}", 404),
    ]
    for who, path, status in asked:
        plain = who.get(path)
        assert plain.status_code == status
        wanted = _OF_THE_MOMENT.sub(b"", plain.get_data())
        # each by itself where bytes of somebody's are given, all at once where nothing is
        for part in (
            [{name: value} for name in names] if status == 200 else [dict.fromkeys(names, value)]
        ):
            answer = who.get(path, headers=part)
            got = answer.status_code, _OF_THE_MOMENT.sub(b"", answer.get_data())
            assert got == (status, wanted), (path, list(part)[:3])


@ONE_ENGINE
def test_only_web_addresses_of_received_objects_are_links_T31(
    browser: Any, database: Database, cast: Cast
) -> None:
    """T-31: javascript:, data: and mail addresses of a partner are text on the page of the item."""
    bad = (
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "data:text/html,x",
    )
    references = [{"source_name": "s", "url": url} for url in bad]
    held = steps.indicator(1, "evil.example.org", external_references=references)
    taken = steps.take_in(
        database, cast, [held, steps.report(1, [held], external_references=references)]
    )
    assert len(taken.kept) == 2
    item = steps.only_item(database, cast, "nadia")
    nadia = browser("nadia")
    pages = [steps.address(item), f"/inbox/{item.collection.id}/{held['id']}", "/inbox/"]
    for page in pages:
        answer = nadia.get(page)
        assert answer.status_code == 200
        links = re.findall(
            r'(?:href|src|action|formaction)="([^"]*)"', answer.get_data(as_text=True)
        )
        assert links
        assert not [
            one for one in links if re.match(r"\s*(?:javascript|data|vbscript):|//", one, re.I)
        ]


@ONE_ENGINE
def test_what_is_asked_for_is_no_piece_of_a_statement_T32_T33(
    app: flask.Flask, browser: Any, database: Database, cast: Cast, scene: Scene
) -> None:
    """T-32, T-33: quotes and operators in every parameter are values, and no log of statements has them."""
    first, _second, _row = scene
    marker = "zz9' OR 1=1 --"
    machine, boris = Machine(app, cast.tokens["XB"]), browser("boris")
    names = (
        "match[id] match[type] match[version] match[spec_version] added_after limit next order sort"
    )
    with listening(database) as statements:
        for name in names.split():
            for path in ("objects", "manifest"):
                answer = machine.get(
                    f"/exchange/collections/{first}/{path}/", query_string={name: marker}
                )
                assert answer.status_code in (200, 400), name
        for name in ("state", "collection", "tlp", "kind", "page", "order", "sort", "q"):
            for page in ("/inbox/", "/circles/", "/releases/", "/incidents/"):
                assert boris.get(page, query_string={name: marker}).status_code in (200, 404, 422)
        found = {
            text: len(
                re.findall(
                    r"Mail server",
                    boris.post("/inbox/search", {"text": text}).get_data(as_text=True),
                )
            )
            for text in ("Mail server", "%", "_", "M%r", marker, "Mail_server", ".*", "Mail OR x")
        }
    assert found["Mail server"] > 0
    assert not any(number for text, number in found.items() if text != "Mail server")
    assert not [one for one in statements if "zz9" in one]


@ONE_ENGINE
@pytest.mark.parametrize(
    "body",
    [
        b'"http://127.0.0.1:9/x.json"',
        b"/etc/passwd",
        b'"file:///etc/passwd"',
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
    ],
)
def test_an_upload_is_never_a_place_to_read_from_T38(
    browser: Any, cast: Cast, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """T-38: an address, a path or XML in place of JSON is refused, and nothing is opened."""
    import socket

    def reached(*_: object) -> None:
        raise AssertionError("something was opened")

    nadia = browser("nadia")
    monkeypatch.setattr(socket.socket, "connect", reached)
    answer = nadia.post(
        "/inbox/take-in", {"file": (io.BytesIO(body), "a.json")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert "root:" not in answer.get_data(as_text=True)


@ONE_ENGINE
def test_a_right_that_ended_meanwhile_lets_nothing_out_T05(
    database: Database, cast: Cast, scene: Scene
) -> None:
    """T-05: prepared as a contributor, approved when the administration only reads."""
    from cirt.errors import ConflictError, ForbiddenError

    first, _second, _row = scene
    incident = sharing.make_incident(database, cast, title="Second")
    release_id = sharing.prepare(database, cast, incident, first)
    sharing.set_member(database, cast, first, "XA", reads=True, contributes=False)
    with pytest.raises(ConflictError):
        sharing.approve(database, cast, release_id)
    with pytest.raises(ForbiddenError):
        sharing.prepare(database, cast, incident, first)


@ONE_ENGINE
def test_nobody_sends_a_machines_object_into_what_is_not_its_own_T14(
    app: flask.Flask, database: Database, cast: Cast, scene: Scene
) -> None:
    """T-14, T-16: no machine writes into a circle, a direct or an intake collection by knowing its id."""
    first, _second, _row = scene
    with database.reading() as session:
        places = [first, direct_collection_of(session, cast.administrations["XB"]).id]
        places += session.scalars(sa.select(Collection.id).where(Collection.kind == "intake")).all()
    for code in ("XA", "XC"):
        for place in places:
            answer = Machine(app, cast.tokens[code]).post(
                f"/exchange/collections/{place}/objects/", {"objects": [machine_indicator()]}
            )
            assert answer.status_code in (403, 404), (code, place)


BY_ID_ALONE = {
    # keys of the installation, for its administrator: they are nobody's
    ("key_views.py", "forget_key"),
}


def test_pages_load_by_rights_and_never_by_id_alone_T07() -> None:
    """T-07: no view gives an id of its address to the session; `access.load` asks who asks."""
    found = set()
    for path in sorted((ROOT / "incidents").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or not function.decorator_list:
                continue
            if not any("opens" in ast.unparse(one) for one in function.decorator_list):
                continue
            given = {one.arg for one in function.args.args}
            for call in ast.walk(function):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr in ("get", "get_one")
                    and "session" in ast.unparse(call.func.value)
                    and any(
                        set(re.findall(r"\w+", ast.unparse(one))) & given for one in call.args[1:]
                    )
                ):
                    found.add((path.name, function.name))
    assert found == BY_ID_ALONE
