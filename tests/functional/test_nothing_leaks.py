"""Marked words in every field of XA; every page and address as everybody; none where it must not be.

T-11: lists, counts and searches come from what the viewer may see. T-17 (CVE-2026-44231): secrets
and content appear in no page, header, log line or audit entry of others.
"""

import base64
import http.client
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.app import create_app
from cirt.audit import AuditEntry
from cirt.incidents.inbox_rights import INTAKE_JOB
from cirt.settings import read_settings
from tests import sharing
from tests.conftest import store_cast
from tests.functional import leaks
from tests.functional.leaks import Scene, Visit
from tests.pages import without_keys

pytestmark = pytest.mark.timeout(600)  # one fixture asks some two thousand questions


# one engine: the same questions to the same pages; that both engines answer by the same rights is
# what the table of routes and the random worlds ask
@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _cheap_passwords: None,
) -> Iterator[Scene]:
    """The installation after everybody asked for everything, with all that was logged."""
    folder = tmp_path_factory.mktemp("leaks")
    for url in _sqlite(request, folder):
        settings = read_settings({}, data_dir=folder / "data", database_url=url)
        app = create_app(settings)
        app.testing = False
        installation = app.extensions["cirt"]
        cast = store_cast(installation.database, settings)
        found = Scene(app, installation, cast)
        top, engine = logging.getLogger(), logging.getLogger("sqlalchemy")
        levels = top.level, engine.level
        top.addHandler(found.log)
        top.setLevel(logging.DEBUG)
        engine.setLevel(logging.INFO)  # statements too, as an operator in search of a fault would
        try:
            leaks.seed(found)
            engine.setLevel(logging.WARNING)
            leaks.crawl(found)
            _ask_over_the_wire(found)
        finally:
            top.removeHandler(found.log)
            top.setLevel(levels[0])
            engine.setLevel(levels[1])
        yield found
        installation.database.dispose()


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    template: Path = request.getfixturevalue("sqlite_template")
    path = folder / "cirt.sqlite3"
    path.write_bytes(template.read_bytes())
    yield f"sqlite:///{path}"


def _ask_over_the_wire(scene: Scene) -> None:
    """Ask as machines and as nobody through a real server, which logs every request."""
    with sharing.serving(scene.app) as url:
        for code in ("XA", "XB", "XC", None):
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
            headers = {}
            if code is not None:
                pair = f"{code.lower()}-machine:{scene.cast.tokens[code]}".encode()
                headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
            for address, rule in leaks.addresses(scene).items():
                # an alias and a refused id stand in the address itself: whoever asks writes it
                if scene.marks.found(address) or not rule.startswith(
                    ("/exchange", "/taxii2", "/incid")
                ):
                    continue
                connection.request("GET", address, headers=headers)
                connection.getresponse().read()
            connection.close()


def _show(visits: list[tuple[Visit, str]]) -> list[str]:
    return [f"{one.viewer} read “{what}” at {one.url} ({one.status})" for one, what in visits]


def test_every_get_route_was_asked_by_everybody(scene: Scene) -> None:
    """T-17: the routes come from the application itself, so a new one is asked too."""
    rules = {
        rule.rule
        for rule in scene.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint != "static"
    }
    assert {one.rule for one in scene.visits} == rules
    assert {one.viewer for one in scene.visits} == set(leaks.VIEWERS)
    faults = [one for one in scene.visits if one.status >= 500 and one.rule != "/health/ready"]
    assert faults == []


def test_marked_words_reach_only_their_readers(scene: Scene) -> None:
    """T-17: in no body and in no header of anybody else."""
    leaked = [
        (visit, scene.marks.places[word][0])
        for visit in scene.visits
        for word in sorted(visit.words)
        if visit.viewer not in scene.marks.places[word][1]
    ]
    assert _show(leaked) == []


def test_every_marked_word_is_alive(scene: Scene) -> None:
    """Each reader found each word that is meant for them, or the test above would prove little."""
    seen: dict[str, set[str]] = {}
    for visit in scene.visits:
        for word in visit.words:
            seen.setdefault(word, set()).add(visit.viewer)
    unread = {
        place: readers - seen.get(word, set()) - _NOT_REPEATED.get(place, set())
        for word, (place, readers) in scene.marks.places.items()
    }
    assert {place: names for place, names in unread.items() if names} == {}
    assert len(scene.marks.places) > 70


# what these readers may know, and no page repeats: it is at the machine address, or only kept
_PEOPLE = {"nadia", "omar", "boris"}
_NOT_REPEATED = {
    "posted name": _PEOPLE,
    "posted pattern": _PEOPLE,
    "rule shared": {"boris"},
    "sharing group": _PEOPLE,
    # who wrote it knows it; whom it concerns reads it
    "reason of a declined request": {"root", "boris"},
    "reason of a refused submission": {"boris"},
    "reason for a door": {"boris"},
}


def test_secrets_are_in_no_answer(scene: Scene) -> None:
    """T-17: tokens, passwords, links, shared secrets, keys, their hashes, and paths of the disk."""
    assert len(scene.secrets) > 30
    leaked = [(visit, name) for visit in scene.visits for name in visit.secrets]
    assert _show(leaked) == []


_CIRCLES = ("a circle", "a listed circle", "a confidential circle", "a moderated circle")
_NOT_FOR_ADMINISTRATORS = (
    *("/incidents", "/assessments", "/releases", "/exchange"),
    *("/inbox", "/recalls", "/holds", "/submissions"),
)


def test_administrators_pages_hold_no_content(scene: Scene) -> None:
    """Jobs, directory, circles and the record of acts: frames and figures, never what was written.

    Of what administrations write to each other: requests to join, which administrators decide, and
    cards, which are for all; of a peer, what an administrator vouches for.
    """
    statuses: dict[str, set[int]] = {}
    for visit in scene.visits:
        if visit.viewer == "root":
            statuses.setdefault(visit.rule, set()).add(visit.status)
    shown = {
        scene.marks.places[word][0]
        for visit in scene.visits
        if visit.viewer == "root"
        for word in visit.words
    }
    assert shown == {
        "label of a token",
        *(f"{part} of {circle}" for part in ("title", "purpose", "alias") for circle in _CIRCLES),
        *("message of a request True", "message of a request False"),
        *("contact on a card", "statement on a card"),
        *("title of a peer speaking", "address of a peer speaking"),
    }
    for rule in ("/jobs", "/directory/", "/circles/", "/circles/<uuid:circle_id>"):
        assert 200 in statuses[rule], rule
    for rule, found in statuses.items():
        if rule.startswith(_NOT_FOR_ADMINISTRATORS):
            assert found <= {401, 403, 404, 405}, rule


def test_log_holds_no_content_and_no_secret(scene: Scene) -> None:
    """T-17: every logger at DEBUG, the statements of the database and werkzeug's requests."""
    lines = scene.log.lines
    assert any('"GET /exchange/collections/' in line for line in lines)
    assert any("INSERT INTO incident" in line for line in lines)
    places = scene.marks.places
    leaked = {(places[word][0], line) for line in lines for word in scene.marks.found(line)}
    assert leaked == set()
    told = {
        (name, line)
        for line in lines
        for name, secret in scene.secrets.items()
        # where the database lies is the operator's to see
        if secret in line and name != "the folder of the installation"
    }
    assert told == set()


def test_audit_trail_holds_no_content_and_no_secret(scene: Scene) -> None:
    """Ids, digests and counts; never words that a person typed."""
    with scene.database.reading() as session:
        entries = session.scalars(sa.select(AuditEntry)).all()
    assert {entry.action for entry in entries} > {"incident.create", "release.approved"}
    for entry in entries:
        text = json.dumps([entry.subject, entry.actor, entry.action, entry.details])
        assert scene.marks.found(text) == set(), entry.action
        assert [name for name, secret in scene.secrets.items() if secret in text] == []


def test_payloads_of_jobs_hold_ids_only(scene: Scene) -> None:
    """What waits or was refused is named by ids; words of a refused file stay with who sent it."""
    with scene.database.reading() as session:
        rows = session.scalars(sa.select(jobs.Job)).all()
    assert {row.state for row in rows} >= {"done", "refused"}
    for row in rows:
        # which objects were refused, by their ids: the account is for who took the file in
        result = None if row.kind == INTAKE_JOB else row.result
        text = json.dumps([row.kind, row.key, row.payload, result, row.message])
        assert scene.marks.found(text) == set()


def test_search_of_a_stranger_counts_nothing_T11(scene: Scene) -> None:
    """T-11: a word that XA's incidents hold finds for XC what a word of nobody finds."""
    pages = []
    for word in ("zq", "zy"):
        answer = scene.clients["chen"].get(f"/incidents/?text={word}")
        text = answer.get_data(as_text=True).replace(answer.headers["X-Request-Id"], "")
        pages.append(without_keys(text).replace(word, "…"))
    assert pages[0] == pages[1]
    own = scene.clients["nadia"].get("/incidents/?text=zq").get_data(as_text=True)
    # plain, red, shared (renamed), imported, quiet, for XB alone, withdrawn, revoked
    assert len(scene.marks.found(own)) == 8


def test_figures_of_the_start_page_count_only_ones_own_T11(scene: Scene) -> None:
    """T-11: what they may read, but nothing of TLP:RED, which enters no figure; for XC none."""
    figures: dict[str, Any] = {}
    for name in ("nadia", "omar", "chen"):
        text = scene.clients[name].get("/").get_data(as_text=True)
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
        figures[name] = re.search(r"Incidents not closed (\d+)", text)
    assert {name: int(found[1]) for name, found in figures.items()} == {
        "nadia": 7,
        "omar": 7,
        "chen": 0,
    }


def test_confidential_circle_names_no_member(scene: Scene) -> None:
    """What its members are shown of it, of its content and of what they release into it."""
    names = {
        code: {f"Administration {code}", f"الإدارة {code}", f"CIRT {code}", str(row)}
        for code, row in scene.cast.administrations.items()
    }
    asked = 0
    for viewer, code in (
        ("chen", "XC"),
        ("machine XC", "XC"),
        ("boris", "XB"),
        ("machine XB", "XB"),
    ):
        others = {name for other in names if other != code for name in names[other]}
        others |= {"Nadia", "Omar", str(scene.cast.users["nadia"])} | (
            {"Boris"} if code != "XB" else set()
        )
        token = scene.cast.tokens[code]
        headers = {"Authorization": f"Bearer {token}"} if "machine" in viewer else {}
        for address in leaks.addresses(scene):
            if str(scene.quiet) not in address:
                continue
            answer = scene.clients[viewer].get(address, headers=headers)
            if answer.status_code == 200:
                asked += 1
                text = answer.get_data().decode("utf-8", "replace") + str(answer.headers)
                assert [name for name in others if name in text] == [], (viewer, address)
    assert asked > 40
