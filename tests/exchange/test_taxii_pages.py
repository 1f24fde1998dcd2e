"""Pages answered before the web framework: the same as the views give, at once when rights end."""

import base64
import gzip
import io
import itertools
import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import ApiToken
from cirt.clock import now
from cirt.db import Database
from cirt.incidents import circles, feed, taxii_page_memory, taxii_pages
from cirt.incidents.circle_models import CircleMember, Collection
from cirt.incidents.store_models import ObjectVersion, TaxiiPoll
from cirt.incidents.taxii_pages import PageServer
from cirt.stix.taxii_protocol import MEDIA_TYPE
from tests import sharing
from tests.conftest import Cast

Ask = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB with what was released into it."""
    circle_id = sharing.make_circle(database, cast, alias="neighbours")
    for number in range(4):
        incident = sharing.make_incident(database, cast, title=f"Case {number}")
        sharing.released(database, cast, incident, circle_id)
    return circle_id


@pytest.fixture
def server(app: flask.Flask) -> PageServer:
    """The application in front of the application."""
    found = app.wsgi_app
    assert isinstance(found, PageServer)
    return found


@pytest.fixture
def ask(server: PageServer, cast: Cast) -> Ask:
    """Return a function that asks one of both, as XB's machine unless said otherwise."""

    def ask(
        path: str,
        query: str = "",
        *,
        views: bool = False,
        authorization: str = f"Bearer {cast.tokens['XB']}",
        accept: str | None = MEDIA_TYPE,
        encoding: str | None = None,
        method: str = "GET",
    ) -> tuple[str, dict[str, str], bytes]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_AUTHORIZATION": authorization,
        }
        if accept is not None:
            environ["HTTP_ACCEPT"] = accept
        if encoding is not None:
            environ["HTTP_ACCEPT_ENCODING"] = encoding
        said: list[Any] = []
        application = server.application if views else server
        parts = application(environ, lambda status, headers, *_: said.append((status, headers)))
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        status, headers = said[0]
        return status, dict(headers), body

    return ask


def same(one: tuple[str, dict[str, str], bytes], other: tuple[str, dict[str, str], bytes]) -> bool:
    """Whether two answers differ in nothing but the number of the request."""
    headers = [
        {k.lower(): v for k, v in each[1].items() if k != "X-Request-Id"} for each in (one, other)
    ]
    return one[0] == other[0] and headers[0] == headers[1] and one[2] == other[2]


FILTERS = (
    "match[type]=indicator",
    "match%5Btype%5D=indicator%2Creport,identity",
    "match[version]=all",
    "match[version]=first,last",
    "match[spec_version]=2.1",
    "match[spec_version]=2.0",
    "match[version]=2020-01-01T00:00:00Z",
)
ENCODINGS = (None, "gzip", "gzip, deflate", "identity;q=0, *", "br;q=1.0, gzip;q=0")


def test_pages_equal_those_of_the_views(
    ask: Ask, circle: uuid.UUID, server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TAXII-2.1-3.4, 3.5, 5.3, 5.4, 5.6: seeded walks with every parameter, asked twice of each."""
    chance = random.Random(7)
    base = f"/exchange/collections/{circle}"
    _status, dates, body = ask(f"{base}/objects/")
    names = [one["id"] for one in json.loads(body)["objects"]]
    times = [
        dates["X-TAXII-Date-Added-First"],
        dates["X-TAXII-Date-Added-Last"],
        "2090-01-01T00:00:00Z",
    ]
    answered, compressed = 0, 0
    for _round in range(60):
        kind = chance.choice(("objects", "manifest", f"objects/{chance.choice(names)}"))
        filters = FILTERS[2:4] if "--" in kind else (*FILTERS, f"match[id]={names[0]},{names[-1]}")
        path = f"{base}/{kind}{chance.choice(('/', ''))}"
        encoding = chance.choice(ENCODINGS)
        query = "&".join(
            chance.sample(
                [
                    f"limit={chance.choice((1, 3, 50, 5000))}",
                    *([] if "--" in kind else [f"added_after={chance.choice(times)}"]),
                    chance.choice(filters),
                ],
                chance.randint(0, 2),
            )
        )
        while True:
            from_views = ask(path, query, views=True, encoding=encoding)
            with monkeypatch.context() as alone:
                alone.setattr(server, "application", _nobody)
                first, again = (ask(path, query, encoding=encoding) for _time in range(2))
            assert same(first, from_views), (path, query, encoding)
            assert same(again, from_views), (path, query, encoding)
            answered += 1
            body = first[2]
            if first[1].get("Content-Encoding") == "gzip":
                compressed += 1
                body = gzip.decompress(body)
            assert first[1]["Content-Length"] == str(len(first[2]))
            if b'"next":"' not in body[:80] or chance.random() < 0.3:
                break
            following = body.split(b'"next":"', 1)[1].split(b'"', 1)[0].decode()
            query = f"limit=3&next={following}"
    assert answered > 60
    assert compressed > 12


def _nobody(*_arguments: Any) -> Any:
    raise AssertionError("this page should not have been left to the views")


@pytest.mark.parametrize(
    ("path", "query", "more"),
    [
        ("objects/", "limit=0", {}),
        ("objects/", "limit=1&limit=2", {}),
        ("objects/", "next=made-up", {}),
        ("objects/", "added_after=yesterday", {}),
        ("objects/", "match[type]=Indicator", {}),
        ("objects/", "match%5Bversion%5D=all,last", {}),
        ("objects/identity--x/", "", {}),
        ("objects/identity--00000000-0000-4000-8000-000000000000/", "", {}),
        ("objects/", "", {"accept": "text/html"}),
        ("objects/", "", {"accept": None}),
        ("objects/", "", {"authorization": ""}),
        ("objects/", "", {"authorization": "Bearer cirt_wrong"}),
        ("objects/", "", {"authorization": "Basic !!"}),
        ("objects/", "", {"authorization": "Digest x"}),
        ("objects/", "", {"method": "HEAD"}),
        ("objects/", "", {"method": "OPTIONS"}),
        ("manifest/", "unknown=1", {}),
    ],
)
def test_whatever_else_is_asked_is_answered_by_the_views(
    ask: Ask, circle: uuid.UUID, path: str, query: str, more: dict[str, Any]
) -> None:
    address = f"/exchange/collections/{circle}/{path}"
    front, views = ask(address, query, **more), ask(address, query, views=True, **more)
    assert front[0] == views[0]
    if front[0].startswith("200"):
        assert same(front, views)


def test_basic_with_the_user_name_of_the_token_is_taken_and_with_another_refused(
    ask: Ask, circle: uuid.UUID, cast: Cast
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    for username, status in (
        ("xb-machine", "200 OK"),
        ("xa-machine", "401 UNAUTHORIZED"),
        ("", "401 UNAUTHORIZED"),
    ):
        text = base64.b64encode(f"{username}:{cast.tokens['XB']}".encode()).decode()
        for _again in range(2):
            assert ask(address, authorization=f"Basic {text}")[0] == status, username


def test_revoked_token_gets_nothing_more(
    ask: Ask, circle: uuid.UUID, cast: Cast, database: Database
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    assert ask(address)[0] == "200 OK"
    with database.writing() as session:
        token_id = session.scalar(
            sa.select(ApiToken.id).where(ApiToken.administration_id == cast.administrations["XB"])
        )
        tokens.revoke_token(session, cast.actors["root"], token_id)
    assert ask(address)[0] == "401 UNAUTHORIZED"


def test_expired_token_gets_nothing_more(
    ask: Ask, circle: uuid.UUID, cast: Cast, database: Database
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    assert ask(address)[0] == "200 OK"
    with database.writing() as session:
        session.execute(sa.update(ApiToken).values(expires_at=now()))
    assert ask(address)[0] == "401 UNAUTHORIZED"


def test_member_that_left_or_reads_no_more_sees_no_collection(
    ask: Ask, circle: uuid.UUID, cast: Cast, database: Database
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    assert ask(address)[0] == "200 OK"
    sharing.set_member(database, cast, circle, "XB", reads=False, contributes=True)
    assert ask(address)[0] == "403 FORBIDDEN"
    sharing.set_member(database, cast, circle, "XB", reads=True, contributes=True)
    assert ask(address)[0] == "200 OK"
    with database.writing() as session:
        circles.remove_member(
            session,
            cast.actors["root"],
            session.get_one(Collection, circle),
            cast.administrations["XB"],
        )
    gone = ask(address)
    assert gone[0] == "404 NOT FOUND"
    never = ask(f"/exchange/collections/{uuid.uuid4()}/objects/")
    assert (never[0], len(never[2])) == (gone[0], len(gone[2]))


def test_stranger_is_told_what_a_random_id_tells(ask: Ask, circle: uuid.UUID, cast: Cast) -> None:
    stranger = f"Bearer {cast.tokens['XC']}"
    found = ask(f"/exchange/collections/{circle}/objects/", authorization=stranger)
    never = ask(f"/exchange/collections/{uuid.uuid4()}/objects/", authorization=stranger)
    assert found[0] == never[0] == "404 NOT FOUND"
    assert {k: v for k, v in found[1].items() if k != "X-Request-Id"} == {
        k: v for k, v in never[1].items() if k != "X-Request-Id"
    }


def test_new_objects_and_erased_ones_change_the_page_at_once(
    ask: Ask, circle: uuid.UUID, cast: Cast, database: Database
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    before = ask(address)[2]
    incident = sharing.make_incident(database, cast, title="Case of today")
    sharing.released(database, cast, incident, circle)
    after = ask(address)[2]
    assert b"Case of today" not in before
    assert b"Case of today" in after
    with database.writing() as session:
        row = session.scalars(
            sa.select(ObjectVersion)
            .where(ObjectVersion.type == "report")
            .order_by(ObjectVersion.received_at.desc())
        ).first()
        assert row is not None
        body = row.body
        assert body is not None
        assert body in after
        feed.erase(session, [row])
    last = ask(address)
    assert body not in last[2]
    assert same(last, ask(address, views=True))
    with database.reading() as session:
        kept = session.get_one(ObjectVersion, (row.owner_id, row.id))
        assert (kept.body, len(kept.digest)) == (None, 64)


def test_poll_is_noted_for_the_administrator(
    ask: Ask, circle: uuid.UUID, database: Database
) -> None:
    for _time in range(3):
        ask(f"/exchange/collections/{circle}/objects/", "limit=2")
    with database.reading() as session:
        polls = session.scalars(sa.select(TaxiiPoll)).all()
    assert [(poll.collection_id, poll.status, poll.items) for poll in polls] == [(circle, 200, 2)]


def test_memory_of_pages_stays_within_its_bound(
    ask: Ask, circle: uuid.UUID, server: PageServer
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    size = len(ask(address)[2]) + 1_600
    server.pages = taxii_page_memory.Pages(size * 5)
    for limit in range(1, 900):
        ask(address, f"limit={limit}")
    assert 0 < server.pages.size <= size * 5
    kept = server.pages.kept
    assert server.pages.size == sum(taxii_page_memory.weight(at, kept[at][1]) for at in kept)


def test_database_that_fails_is_the_views_to_explain(
    ask: Ask, circle: uuid.UUID, server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that broke is replaced: the next request is answered again."""
    address = f"/exchange/collections/{circle}/objects/"
    assert ask(address)[0] == "200 OK"
    server.door.clock = itertools.count().__next__  # nothing that it said is good for long
    server.door.asking.idle[-1].connection.dbapi_connection.close()
    assert ask(address)[0] == "200 OK"
    with monkeypatch.context() as broken:
        broken.setattr(server.door.statement, "sql", "SELECT nothing FROM nowhere")
        assert ask(address)[0] == "200 OK"
    monkeypatch.setattr(server, "application", _nobody)
    assert ask(address)[0] == "200 OK"


def test_compressed_pages_count_in_memory_and_are_forgotten_alike(
    ask: Ask, circle: uuid.UUID, server: PageServer, database: Database, cast: Cast
) -> None:
    """The compressed form is kept for whoever takes it, within the same bound, and not after a change."""
    address = f"/exchange/collections/{circle}/objects/"
    plain, packed = ask(address), ask(address, encoding="gzip")
    assert gzip.decompress(packed[2]) == plain[2]
    assert len(packed[2]) < len(plain[2]) / 2
    assert ask(address, encoding="gzip")[2] == packed[2]
    kept = server.pages.kept
    assert sorted(wish for *_place, wish in kept) == [0, 1]
    assert server.pages.size == sum(taxii_page_memory.weight(at, kept[at][1]) for at in kept)
    incident = sharing.make_incident(database, cast, title="Case of today")
    sharing.released(database, cast, incident, circle)
    assert b"Case of today" in gzip.decompress(ask(address, encoding="gzip")[2])


def test_head_says_what_get_says(ask: Ask, circle: uuid.UUID) -> None:
    """RFC 9110, 9.3.2: the same headers, no content, compressed or not."""
    for path, query in (("objects/", ""), ("objects/", "limit=1"), ("manifest/", ""), ("", "")):
        address = f"/exchange/collections/{circle}/{path}"
        for encoding in (None, "gzip", "identity"):
            status, headers, _body = ask(address, query, encoding=encoding)
            head = ask(address, query, encoding=encoding, method="HEAD")
            assert same(head, (status, headers, b"")), (path, query, encoding)


def test_empty_pages_of_many_addresses_fill_no_memory(
    ask: Ask, circle: uuid.UUID, server: PageServer
) -> None:
    """A client that asks after another time with each poll: its pages hold nothing, and count."""
    server.pages = taxii_page_memory.Pages(60_000)
    address = f"/exchange/collections/{circle}/manifest/"
    for second in range(10, 60):
        status, _headers, body = ask(address, f"added_after=2090-01-01T00:00:{second}Z")
        assert (status, len(body) < 20) == ("200 OK", True)
    assert 0 < len(server.pages.kept) <= 40


def test_long_accept_headers_are_not_kept(ask: Ask, circle: uuid.UUID, cast: Cast) -> None:
    """Nobody has to sign in to send one."""
    taxii_pages._wish.cache_clear()
    for number in range(5):
        long = f"{MEDIA_TYPE}, text/x-{number}{'x' * 5_000}"
        answer = ask(f"/exchange/collections/{circle}/objects/", accept=long)
        assert answer[0] == "200 OK"  # the views say so
    assert taxii_pages._wish.cache_info().currsize == 0


def test_deleted_circle_is_gone_from_memory_at_once(
    ask: Ask, circle: uuid.UUID, database: Database, server: PageServer
) -> None:
    address = f"/exchange/collections/{circle}/objects/"
    assert ask(address)[0] == "200 OK"
    assert server.pages.kept
    with database.writing() as session:
        session.execute(sa.delete(CircleMember).where(CircleMember.collection_id == circle))
    assert ask(address)[0] == "404 NOT FOUND"
    assert ask(f"/exchange/collections/{str(circle).upper()}/objects/")[0] == "404 NOT FOUND"
    assert ask("/exchange/collections/neighbours/objects/")[0] == "404 NOT FOUND"


def test_nobody_gets_a_page_after_the_revocation_was_committed(
    ask: Ask, circle: uuid.UUID, cast: Cast, database: Database
) -> None:
    """Many threads poll; who begins to ask after the commit is refused, whatever was kept."""
    address = f"/exchange/collections/{circle}/objects/"
    revoked, stop, late = threading.Event(), threading.Event(), []

    def poll() -> None:
        while not stop.is_set():
            after = revoked.is_set()
            status = ask(address, "limit=2")[0]
            if after:
                late.append(status)

    threads = [threading.Thread(target=poll) for _n in range(6)]
    for thread in threads:
        thread.start()
    with database.writing() as session:
        session.execute(sa.update(ApiToken).values(revoked_at=now()))
    revoked.set()
    deadline = time.monotonic() + 10
    while len(late) < 30 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert late
    assert set(late) == {"401 UNAUTHORIZED"}
