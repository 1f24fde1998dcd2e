"""Format × marking × role × audience: every way out of a circle and of a case, tried and read again.

TLP 2.0 (FIRST, August 2022). Files and pages of single cases: tests/unit/incidents/
test_markings_matrix.py. OpenCTI#7348, #6745: an export held what its marking forbids.
"""

import ast
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import flask
import pytest

from cirt.capabilities import capabilities
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ForbiddenError
from cirt.incidents import case_queries, feed, object_store
from cirt.incidents.case_models import IncidentCapability
from cirt.incidents.exits import WAYS, Exit, may_leave, require_exit
from cirt.incidents.misp_folder import read_folder
from cirt.incidents.tally import draft_tally
from cirt.stix.detection_lists import ListForm
from cirt.stix.marking import TLP, strictest
from cirt.stix.misp_context import tag_names, tlp_of_tags
from tests.conftest import Cast
from tests.sharing import Machine, make_circle, make_incident, set_member

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROOT = Path(__file__).resolve().parent.parent.parent
TIME = "2026-01-02T03:04:05.000Z"

TABLE = """
way           clear  green  amber  amber+strict  red  unknown
page          yes    yes    yes    yes           yes  yes
search        yes    yes    yes    yes           yes  yes
statistics    yes    yes    yes    yes           no   yes
tally         yes    yes    yes    yes           no   no
stix-file     yes    yes    yes    yes           no   no
misp-file     yes    yes    yes    yes           no   no
csv-file      yes    yes    yes    yes           no   no
pdf-file      yes    yes    yes    yes           no   no
collection    yes    yes    yes    yes           no   no
misp-feed     yes    yes    yes    yes           no   no
detection     yes    yes    yes    yes           no   no
notification  yes    yes    yes    yes           no   no
api           yes    yes    yes    yes           no   no
onward        yes    yes    no     no            no   no
"""


def _table() -> dict[tuple[Exit, TLP | None], bool]:
    head, *lines = TABLE.strip().splitlines()
    labels = [None if word == "unknown" else TLP(word) for word in head.split()[1:]]
    return {
        (Exit(way), label): answer == "yes"
        for way, *answers in map(str.split, lines)
        for label, answer in zip(labels, answers, strict=True)
    }


def test_table_of_exits_is_the_one_that_a_person_reads() -> None:
    expected = _table()
    assert {(way, label) for way in Exit for label in (*TLP, None)} == set(expected)
    for (way, label), allowed in expected.items():
        assert may_leave(label, way) is allowed, (way, label)
        if allowed:
            require_exit(label, way)
        else:
            with pytest.raises(ForbiddenError):
                require_exit(label, way)
    for stricter in TLP:
        for label in TLP:
            assert label > stricter or WAYS[stricter] <= WAYS[label], (label, stricter)


# the circle's ways: address for people, address for machines, and which exit it is
_LISTS = [form.value for form in ListForm]
CIRCLE_WAYS: dict[str, Exit] = {
    "report": Exit.COLLECTION,
    "taxii": Exit.COLLECTION,
    "taxii-object": Exit.COLLECTION,
    "taxii-manifest": Exit.COLLECTION,
    "misp-page": Exit.MISP_FEED,
    "misp-event": Exit.MISP_FEED,
    "misp-folder": Exit.MISP_FEED,
    "misp-manifest": Exit.MISP_FEED,
    **{f"detection-{form}": Exit.DETECTION for form in _LISTS},
}
PEOPLE: dict[str, str | None] = {
    "reader": "boris",
    "reading contributor": "nadia",
    "contributor": "chen",
    "focal point": "bela",
    "administrator": "root",
    "nobody": None,
}
MACHINES = {"machine reader": "XB", "machine contributor": "XC", "machine nobody": ""}
READING = {"reader", "reading contributor", "machine reader"}
BY_MACHINE = {"taxii", "taxii-object", "taxii-manifest", "misp-manifest"}
BY_PEOPLE = {"report", "misp-page", "misp-folder"}


class World:
    """A circle that holds a report and an indicator of every marking, RED ones by a fault."""

    def __init__(self, app: flask.Flask, database: Database, cast: Cast) -> None:
        self.app, self.cast = app, cast
        self.circle = make_circle(database, cast, "XA XB XC")
        set_member(database, cast, self.circle, "XC", reads=False, contributes=True)
        self.uuids = {tlp: uuid.uuid4() for tlp in TLP}
        with database.writing() as session:
            items = [
                object_store.incoming(one, cast.administrations["XA"], tlp)
                for tlp in TLP
                for one in self._objects(tlp)
            ]
            kept = object_store.keep(session, items, via="release")
            feed.append(session, self.circle, kept)  # type: ignore[arg-type]

    def _objects(self, tlp: TLP) -> Iterator[dict[str, Any]]:
        common = {"spec_version": "2.1", "created": TIME, "modified": TIME}
        common["object_marking_refs"] = [tlp.marking_id]  # type: ignore[assignment]
        indicator = f"indicator--{self.uuids[tlp]}"
        yield {
            "type": "indicator",
            "id": indicator,
            "pattern": f"[domain-name:value = '{self.value(tlp)}']",
            "pattern_type": "stix",
            "valid_from": TIME,
            **common,
        }
        yield {
            "type": "report",
            "id": f"report--{self.uuids[tlp]}",
            "name": f"About {self.value(tlp)}",
            "published": TIME,
            "object_refs": [indicator],
            **common,
        }

    def value(self, tlp: TLP) -> str:
        """The word by which content of this marking is recognised."""
        return f"canary-{list(TLP).index(tlp)}.example"

    def address(self, way: str, tlp: TLP, *, machine: bool) -> str:
        """Where a way gives out the content of a marking."""
        base = f"/exchange/collections/{self.circle}" if machine else f"/circles/{self.circle}"
        event = self.uuids[tlp]
        if way.startswith("detection-"):
            return f"{base}/detection/{way.removeprefix('detection-')}"
        return (
            base
            + {
                "report": f"/reports/report--{event}",
                "taxii": "/objects/",
                "taxii-object": f"/objects/report--{event}/",
                "taxii-manifest": "/manifest/",
                "misp-page": "/misp",
                "misp-event": f"/misp/{event}.json" if machine else f"/misp/{event}/event.json",
                "misp-folder": "/misp/feed.zip",
                "misp-manifest": "/misp/manifest.json",
            }[way]
        )

    def needles(self, way: str, tlp: TLP) -> tuple[str, ...]:
        """What may not be in any byte of an answer that withholds it."""
        if way == "taxii-manifest":
            return (str(self.uuids[tlp]),)
        return (self.value(tlp), str(self.uuids[tlp]))

    def said(self, way: str, answer: Any, tlp: TLP) -> TLP:
        """Read an answer again as its recipient does, and return the marking of the content."""
        if way in ("report", "misp-page"):
            text = answer.get_data(as_text=True)
            return next(label for label in reversed(TLP) if label.label in text)
        if way in ("taxii", "taxii-object"):
            found = [
                object_store.marking_of(one)
                for one in json.loads(answer.data)["objects"]
                if str(self.uuids[tlp]) in one["id"]
            ]
            return min(label for label in found if label)
        if way == "taxii-manifest":
            return tlp  # ids and times only
        if way.startswith("detection-"):
            return TLP(answer.headers["X-Marking"].removeprefix("TLP:").lower())
        if way == "misp-manifest":
            event = json.loads(answer.data)[str(self.uuids[tlp])]
        elif way == "misp-folder":
            event = json.loads(read_folder(answer.data).events[self.uuids[tlp]])["Event"]
        else:
            event = json.loads(answer.data)["Event"]
        label, _unknown = tlp_of_tags(tag_names(event), [])
        assert label is not None
        return label


@pytest.fixture
def world(app: flask.Flask, database: Database, cast: Cast) -> World:
    return World(app, database, cast)


def _text(way: str, answer: Any) -> str:
    if way == "misp-folder" and answer.status_code == 200:
        folder = read_folder(answer.data)
        return " ".join(f"{key} {body.decode()}" for key, body in folder.events.items())
    return str(answer.get_data(as_text=True))


@ONE_ENGINE
def test_every_way_gives_what_the_table_says_and_marks_it(
    world: World, browser: Callable[[str | None], Any]
) -> None:
    """T-05, T-54: way × marking × role × audience; what comes out bears its marking or a stricter."""
    table = _table()
    askers = {who: browser(name) for who, name in PEOPLE.items()}
    askers |= {
        who: Machine(world.app, world.cast.tokens.get(code)) for who, code in MACHINES.items()
    }
    wrong, tried = [], 0
    for way, leaving in CIRCLE_WAYS.items():
        for who, asker in askers.items():
            machine = who in MACHINES
            if way in (BY_PEOPLE if machine else BY_MACHINE):
                continue
            for tlp in TLP:
                answer = asker.get(world.address(way, tlp, machine=machine))
                assert answer.status_code in (200, 302, 401, 403, 404), (way, who, tlp)
                text = _text(way, answer) if answer.status_code == 200 else ""
                shown = any(needle in text for needle in world.needles(way, tlp))
                tried += 1
                if shown != (who in READING and table[leaving, tlp]):
                    wrong.append((way, who, tlp, answer.status_code))
                elif shown and world.said(way, answer, tlp) < tlp:
                    wrong.append((way, who, tlp, "weaker"))
    assert wrong == []
    assert tried > 400


@ONE_ENGINE
def test_lists_of_several_markings_bear_the_strictest(
    world: World, browser: Callable[[str | None], Any]
) -> None:
    """TLP-2.0: most restrictive wins where several come together."""
    boris = browser("boris")
    strict = strictest(tlp for tlp in TLP if tlp is not TLP.RED)
    for way in ("misp-folder", *(f"detection-{form}" for form in _LISTS)):
        answer = boris.get(world.address(way, TLP.CLEAR, machine=False))
        assert answer.headers["X-Marking"] == strict.label, way


@ONE_ENGINE
def test_member_of_a_report_that_is_stricter_makes_the_event_stricter(
    world: World, database: Database, cast: Cast
) -> None:
    """OpenCTI#6745: a report of CLEAR that holds an AMBER indicator is an AMBER event."""
    report = {
        "type": "report",
        "spec_version": "2.1",
        "id": f"report--{uuid.uuid4()}",
        "created": TIME,
        "modified": TIME,
        "name": "Mixed",
        "published": TIME,
        "object_refs": [f"indicator--{world.uuids[tlp]}" for tlp in (TLP.AMBER, TLP.RED)],
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    with database.writing() as session:
        item = object_store.incoming(report, cast.administrations["XA"], TLP.CLEAR)
        feed.append(session, world.circle, object_store.keep(session, [item], via="release"))  # type: ignore[arg-type]
    machine = Machine(world.app, cast.tokens["XB"])
    key = report["id"].partition("--")[2]  # type: ignore[attr-defined]
    answer = machine.get(f"/exchange/collections/{world.circle}/misp/{key}.json")
    assert answer.headers["X-Marking"] == "TLP:AMBER"
    assert world.value(TLP.RED) not in answer.get_data(as_text=True)
    assert answer.headers["X-Not-Carried"] == "1"


@ONE_ENGINE
def test_figures_leave_out_what_is_for_named_persons(database: Database, cast: Cast) -> None:
    """TLP-2.0-RED: figures of the own team and published ones."""
    [capability, *_others] = capabilities()
    for tlp in TLP:
        incident_id = make_incident(database, cast, tlp=tlp)
        with database.writing() as session:
            session.add(
                IncidentCapability(incident_id=incident_id, capability=capability, outcome="failed")
            )
    with database.reading() as session:
        counted = case_queries.open_by_severity(session, cast.actors["nadia"])
        draft = draft_tally(
            session, cast.actors["nadia"], since=date(2020, 1, 1), until=now().date()
        )
    table = _table()
    assert sum(counted.values()) == sum(table[Exit.STATISTICS, tlp] for tlp in TLP)
    [line] = [each for each in draft.lines if each.failed]
    assert line.failed == sum(table[Exit.TALLY, tlp] for tlp in TLP)


def test_program_sends_no_message_and_calls_only_its_peers() -> None:
    """There is no mail, and webhooks tell counts alone: whoever adds another way meets this."""
    senders = {"smtplib", "urllib.request", "http.client", "requests", "httpx", "aiohttp", "ftplib"}
    found = set()
    for part in ("cirt", "incidents", "assessments", "stix"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Import):
                    names = {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names = {f"{node.module}.{alias.name}" for alias in node.names}
                    names.add(str(node.module))
                else:
                    continue
                if senders & names:
                    found.add(path.relative_to(ROOT).as_posix())
    assert found <= _MAY_CONNECT, found - _MAY_CONNECT
    for path in _ASKING:
        text = (ROOT / path).read_text()
        assert any(f"{name}(" in text for name in _QUESTIONS), path


# who may open a connection of its own: to another installation, for what a collection holds
_MAY_CONNECT = {"incidents/peers/outbound.py"}
_QUESTIONS = ("may_leave", "require_exit", "words_leaving")
# every module that lets content of incidents out asks the one table
_ASKING = (
    "incidents/api/incidents.py",
    "incidents/api/releases.py",
    "incidents/case_pages.py",
    "incidents/case_queries.py",
    "incidents/circle_contents.py",
    "incidents/detection_exports.py",
    "incidents/export_views.py",
    "incidents/feed_pages.py",
    "incidents/inbox/arrivals.py",
    "incidents/inbox/onward.py",
    "incidents/inbox/views.py",
    "incidents/misp_feed.py",
    "incidents/release.py",
    "incidents/release_policy.py",
    "incidents/submission_views.py",
    "incidents/tally.py",
    "incidents/webhooks/news.py",
)
