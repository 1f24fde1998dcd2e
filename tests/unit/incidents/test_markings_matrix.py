"""Every marking at every exit for everybody, against a table that a person can read.

TLP 2.0 (FIRST, August 2022): RED is for named persons and leaves by no file and no circle; what is
at most AMBER+STRICT leaves by the own national CIRT's hand, and reaches members of the circle.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.access import Role
from cirt.accounts import directory, signing
from cirt.accounts.models import Administration
from cirt.db import Database
from cirt.errors import ForbiddenError
from cirt.incidents import cases, observables
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.observables import NewObservable
from cirt.incidents.release_models import Release
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from tests import sharing
from tests.conftest import PASSWORD, Browser, Cast
from tests.sharing import Machine

# who is not named in a row of an exit gets nothing there, whatever the marking
EXPECTED = """
exit            who                 clear  green  amber  amber+strict  red
list            recorder            yes    yes    yes    yes           yes
list            named-person        yes    yes    yes    yes           yes
list            colleague officer   yes    yes    yes    yes           no
detail          recorder            yes    yes    yes    yes           yes
detail          named-person        yes    yes    yes    yes           yes
detail          colleague officer   yes    yes    yes    yes           no
bundle          recorder            yes    yes    yes    yes           yes
bundle          named-person        yes    yes    yes    yes           yes
bundle          colleague officer   yes    yes    yes    yes           no
stix-file       recorder            yes    yes    yes    yes           no
stix-file       named-person        yes    yes    yes    yes           no
stix-file       colleague officer   yes    yes    yes    yes           no
misp-file       recorder            yes    yes    yes    yes           no
misp-file       colleague officer   yes    yes    yes    yes           no
prepare         recorder            yes    yes    yes    yes           no
prepare         named-person        yes    yes    yes    yes           no
prepare         colleague officer   yes    yes    yes    yes           no
prepare-green   recorder            yes    yes    no     no            no
taxii           machine-XA          yes    yes    yes    yes           no
taxii           machine-XB          yes    yes    yes    yes           no
"""

# exit -> who is tried there; the conversion to MISP takes a second, so fewer are let through it
PEOPLE = {
    "recorder": "nadia",
    "named-person": "nora",
    "colleague": "nils",
    "officer": "omar",
    "own-focal-point": "farid",
    "administrator": "root",
    "assessor": "amina",
    "member": "boris",
    "member-focal-point": "bela",
    "stranger": "chen",
    "nobody": None,
}
MACHINES = ("machine-XA", "machine-XB", "machine-XC", "machine-nobody")
TRIED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("list", "detail", "bundle", "stix-file", "prepare"), tuple(PEOPLE)),
    "misp-file": tuple(who for who in PEOPLE if who != "named-person"),
    "prepare-green": ("recorder", "stranger"),
    "taxii": MACHINES,
    "taxii-elsewhere": MACHINES,
}
MARKINGS = tuple(TLP)
Cell = tuple[str, str, TLP]


def _expected() -> dict[Cell, bool]:
    """Return every cell: exit, who, marking -> whether it is given out."""
    head, *lines = EXPECTED.strip().splitlines()
    columns = [TLP(word) for word in head.split()[2:]]
    found = {(way, who, tlp): False for way in TRIED for who in TRIED[way] for tlp in columns}
    for line in lines:
        way, *middle = line.split()
        people, words = middle[: -len(columns)], middle[-len(columns) :]
        for who in people:
            for tlp, word in zip(columns, words, strict=True):
                assert (way, who, tlp) in found, line
                found[way, who, tlp] = {"yes": True, "no": False}[word]
    return found


def test_table_never_becomes_weaker_with_a_stricter_marking() -> None:
    """Of the table itself: what a marking denies, a stricter one denies, and RED leaves nowhere."""
    expected = _expected()
    assert tuple(sorted(MARKINGS)) == MARKINGS
    for way, who, tlp in expected:
        for stricter in MARKINGS:
            if stricter > tlp and not expected[way, who, tlp]:
                assert not expected[way, who, stricter], (way, who, stricter)
        if tlp is TLP.RED and way not in ("list", "detail", "bundle"):
            assert not expected[way, who, tlp], (way, who)
        if way == "taxii-elsewhere" or who in ("administrator", "stranger", "machine-XC"):
            assert not expected[way, who, tlp], (way, who)


@pytest.fixture
def incidents(database: Database, cast: Cast) -> dict[TLP, uuid.UUID]:
    """An incident of XA of every marking: recorded by nadia, nora named in it, nils not."""
    found = {}
    with database.writing() as session:
        own = session.get_one(Administration, cast.administrations["XA"])
        for username in ("nora", "nils"):
            user = directory.add_user(
                session,
                None,
                administration=own,
                username=username,
                name=username.title(),
                roles=[Role.ANALYST],
                password=PASSWORD,
            )
            cast.users[username] = user.id
            cast.actors[username] = signing.actor_of(user)
    with database.writing() as session:
        for tlp in MARKINGS:
            details = CaseDetails(
                title=_title(tlp), tlp=tlp, readers=frozenset({cast.users["nora"]})
            )
            incident = cases.create_incident(session, cast.actors["nadia"], details)
            item = NewObservable(observable=observable("ipv4-addr", "192.0.2.7"), is_indicator=True)
            observables.add_observables(session, cast.actors["nadia"], incident, [item])
            found[tlp] = incident.id
    return found


def _title(tlp: TLP) -> str:
    return f"Canary {MARKINGS.index(tlp)} of the matrix"


class Exits:
    """Tries an exit and says whether the incident came out; both ways are checked to be whole."""

    def __init__(
        self, app: flask.Flask, database: Database, cast: Cast, circles: dict[str, uuid.UUID]
    ) -> None:
        self.app, self.database, self.cast, self.circles = app, database, cast, circles

    def tried(self, way: str, browser: Browser, incident_id: uuid.UUID, tlp: TLP) -> bool:
        """Try an exit of people."""
        if way == "list":
            return self.listed(browser, tlp)
        if way in ("prepare", "prepare-green"):
            circle = "members" if way == "prepare" else "green"
            return self.prepared(browser, incident_id, circle)
        paths = {"detail": "", "bundle": "/bundle", "stix-file": "/stix.json"}
        path = paths.get(way, "/misp.json")
        return self.page(browser, f"/incidents/{incident_id}{path}", tlp)

    def page(self, browser: Browser, url: str, tlp: TLP) -> bool:
        """Try a page or a file."""
        answer = browser.get(url)
        shown = _title(tlp) in answer.get_data(as_text=True)
        assert answer.status_code in (200, 302, 403, 404), (url, answer.status_code)
        assert shown == (answer.status_code == 200), (url, browser.username)
        return shown

    def listed(self, browser: Browser, tlp: TLP) -> bool:
        """Try the list; being listed and being counted are the same thing."""
        text = browser.get("/incidents/").get_data(as_text=True)
        searched = browser.get("/incidents/", query_string={"text": _title(tlp)[:8]})
        shown = _title(tlp) in text
        assert shown == (_title(tlp) in searched.get_data(as_text=True))
        return shown

    def prepared(self, browser: Browser, incident_id: uuid.UUID, circle: str) -> bool:
        """Try to freeze it for a circle, and forget what came of it."""
        answer = browser.post(
            f"/incidents/{incident_id}/sharing/plan",
            {"to": str(self.circles[circle]), "go": "prepare"},
        )
        assert answer.status_code in (302, 401, 403, 404, 422), answer.status_code
        with self.database.writing() as session:
            rows = session.scalars(
                sa.select(Release).where(Release.incident_id == incident_id)
            ).all()
            for row in rows:
                session.delete(row)
        to_release = "/releases/" in (answer.location or "")
        assert bool(rows) == to_release
        return to_release

    def read_by_machine(self, code: str, incident_id: uuid.UUID, circle: str, tlp: TLP) -> bool:
        """Try every reading address of a collection with a token."""
        machine = Machine(self.app, self.cast.tokens.get(code))
        base = f"/exchange/collections/{self.circles[circle]}"
        stix_id = f"incident--{incident_id}"
        shown = set()
        for path, needle in (
            (f"/objects/{stix_id}/", _title(tlp)),
            ("/objects/", _title(tlp)),
            ("/manifest/", stix_id),
            (f"/objects/?match[id]={stix_id}", _title(tlp)),
            ("/objects/?match[version]=all", _title(tlp)),
        ):
            answer = machine.get(base + path)
            assert answer.status_code in (200, 401, 404), (path, answer.status_code)
            text = answer.get_data(as_text=True)
            shown.add(needle in text)
            if code not in ("XA", "XB"):
                assert _title(tlp) not in text and stix_id not in text
        assert len(shown) == 1, (code, circle, tlp)
        return shown.pop()


@pytest.fixture
def exits(
    app: flask.Flask, database: Database, cast: Cast, incidents: dict[TLP, uuid.UUID]
) -> Exits:
    """The exits, with a circle of XA and XB, one that accepts GREEN, and one elsewhere."""
    circles = {
        "members": sharing.make_circle(database, cast, "XA XB"),
        "green": sharing.make_circle(database, cast, "XA XB", title="Green", ceiling=TLP.GREEN),
        "elsewhere": sharing.make_circle(database, cast, "XB XC", title="Elsewhere"),
    }
    return Exits(app, database, cast, circles)


def test_every_marking_leaves_by_every_exit_as_the_table_says(
    exits: Exits,
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    incidents: dict[TLP, uuid.UUID],
) -> None:
    """TLP-2.0: marking × exit × who."""
    browsers = {who: browser(username) for who, username in PEOPLE.items()}
    found: dict[Cell, bool] = {}
    for (way, who, tlp), incident_id in _cells(incidents):
        if way in ("taxii", "taxii-elsewhere"):
            continue
        found[way, who, tlp] = exits.tried(way, browsers[who], incident_id, tlp)
    _release_all(database, cast, incidents, exits.circles["members"])
    for (way, who, tlp), incident_id in _cells(incidents):
        if way in ("taxii", "taxii-elsewhere"):
            circle = "members" if way == "taxii" else "elsewhere"
            code = who.removeprefix("machine-")
            found[way, who, tlp] = exits.read_by_machine(code, incident_id, circle, tlp)
    expected = _expected()
    assert set(found) == set(expected)
    weaker = [cell for cell in expected if found[cell] and not expected[cell]]
    stricter = [cell for cell in expected if expected[cell] and not found[cell]]
    assert (weaker, stricter) == ([], [])


def _cells(incidents: dict[TLP, uuid.UUID]) -> Iterator[tuple[Cell, uuid.UUID]]:
    for way, people in TRIED.items():
        for who in people:
            for tlp, incident_id in incidents.items():
                yield (way, who, tlp), incident_id


def _release_all(
    database: Database, cast: Cast, incidents: dict[TLP, uuid.UUID], circle: uuid.UUID
) -> None:
    """Release what may be released, and try the rest in earnest."""
    for tlp, incident_id in incidents.items():
        if tlp is TLP.RED:
            with pytest.raises(ForbiddenError):
                sharing.prepare(database, cast, incident_id, circle)
        else:
            sharing.released(database, cast, incident_id, circle)


def test_an_incident_that_becomes_red_takes_its_pages_along(
    exits: Exits,
    browser: Callable[[str | None], Browser],
    database: Database,
    cast: Cast,
    incidents: dict[TLP, uuid.UUID],
) -> None:
    """TLP-2.0-RED: a release that was prepared before is not shown or approved any more."""
    incident_id = incidents[TLP.AMBER]
    release_id = sharing.prepare(database, cast, incident_id, exits.circles["members"])
    sharing.change_incident(database, cast, incident_id, tlp=TLP.RED)
    omar: Any = browser("omar")
    for url in (
        f"/releases/{release_id}",
        f"/releases/{release_id}/bundle.json",
        f"/releases/{release_id}/approve",
        f"/releases/{release_id}/end",
        f"/incidents/{incident_id}/sharing",
    ):
        assert omar.get(url).status_code == 404, url
    for url in ("/releases/", "/", "/incidents/"):
        assert _title(TLP.AMBER) not in omar.get(url).get_data(as_text=True)
    with database.reading() as session:
        seen = session.get_one(Release, release_id).sha256
    answer = omar.post(f"/releases/{release_id}/approve", {"sha256": seen})
    assert answer.status_code == 404
    reader = Machine(exits.app, cast.tokens["XB"])
    base = f"/exchange/collections/{exits.circles['members']}"
    assert reader.get(f"{base}/objects/").get_json() == {}
