"""A random world of sharing, played by the product's rules, and asked for as everybody in it."""

import itertools
import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import flask
import sqlalchemy as sa

from cirt.access import Actor, Role
from cirt.accounts import directory, signing, tokens
from cirt.db import Database
from cirt.errors import DomainError
from cirt.incidents import cases, circles, feed, observables, recall, release
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.circles import Frame
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import mentions
from cirt.incidents.observables import NewObservable
from cirt.incidents.release_models import Release
from cirt.incidents.release_sections import Section
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.settings import Settings
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from tests.functional.worlds import Key, Thing, World
from tests.sharing import Machine

ROLES: Final = (Role.ANALYST, Role.RELEASING_OFFICER)
_WORD: Final = re.compile(r"zq[a-p]{10}")
_CODES: Final = itertools.count()
TERMS: Final = (
    ReleaseTerms(),
    ReleaseTerms(),
    ReleaseTerms(sections=frozenset({Section.SUMMARY, Section.INDICATORS})),
    ReleaseTerms(sections=frozenset({Section.SUMMARY, Section.NARRATIVE})),
    ReleaseTerms(unattributed=True),
)


BESIDE: Final = ("withdrawal", "extension-definition", "identity")
"""What comes along with a recall: the message, what it means, and who says what it means."""

MARKINGS: Final = (TLP.CLEAR, TLP.GREEN, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT, TLP.RED)


@dataclass
class Team:
    """An administration: its only person, and its machine."""

    id: uuid.UUID
    actor: Actor
    machine: Machine
    token: str


@dataclass
class Case:
    """An incident: whose, and the words that its text holds now."""

    id: uuid.UUID
    team: Team
    tlp: TLP
    word: str
    title: str


@dataclass
class Play:
    """One world while it is played. differences: what the product does and the sets do not."""

    app: flask.Flask
    chance: random.Random
    size: int
    world: World = field(default_factory=World)
    teams: list[Team] = field(default_factory=list)
    incidents: list[Case] = field(default_factory=list)
    ceilings: dict[uuid.UUID, TLP] = field(default_factory=dict)
    releases: list[tuple[uuid.UUID, Team]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    questions: int = 0
    acts: Counter[str] = field(default_factory=Counter)

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["cirt"].database
        return database

    @property
    def settings(self) -> Settings:
        settings: Settings = self.app.extensions["cirt"].settings
        return settings

    def word(self) -> str:
        """Return a word that stands nowhere else."""
        return "zq" + "".join(self.chance.choices("abcdefghijklmnop", k=10))

    def wrong(self, what: str) -> None:
        self.differences.append(what)


def play(app: flask.Flask, seed: int, size: int) -> Play:
    """Make a world of about `size` steps, and ask everybody's every question.

    A world has administrations of its own: many stand side by side in one database.
    """
    one = Play(app, random.Random(seed), size)
    _people(one)
    _circles(one)
    for _ in range(size):
        one.chance.choices(
            (_release, _edit, _member, _leave, _recall, _erase), weights=(12, 2, 2, 1, 2, 1)
        )[0](one)
    with one.database.writing() as session:
        mentions.catch_up(session, list(one.world.held))
    for team in one.teams:
        _ask_machine(one, team)
    _ask_api(one, one.chance.choice(one.teams))
    _ask_person(one, one.chance.choice(one.teams))
    return one


# making the world


def _letters(number: int) -> str:
    return f"{chr(65 + number // 26)}{chr(65 + number % 26)}"


def _people(one: Play) -> None:
    with one.database.writing() as session:
        for _ in range(one.chance.choice((2, 3, 4, 5) if one.size > 6 else (2, 2, 3, 4))):
            number = next(_CODES)
            code = f"{_letters(number % 676)}-{_letters(number // 676)}"
            row = directory.add_administration(session, None, code=code, names={"en": f"W{number}"})
            user = directory.add_user(
                session,
                None,
                administration=row,
                username=f"person-{number}",
                name=f"Person {number}",
                roles=ROLES,
            )
            _row, text = tokens.make_token(
                session,
                None,
                administration=row,
                label="m",
                scopes=["taxii.read", "incidents.read", "circles.read", "releases.read"],
                days=2,
                settings=one.settings,
            )
            begun = signing.begin_session(
                session, user, address="127.0.0.1", agent="", settings=one.settings
            )
            one.teams.append(Team(row.id, signing.actor_of(user), Machine(one.app, text), begun))
            direct = direct_collection_of(session, row.id)
            one.world.direct[direct.id], one.ceilings[direct.id] = row.id, TLP.AMBER_STRICT


def _circles(one: Play) -> None:
    with one.database.writing() as session:
        for number in range(one.chance.randint(1, 2 if one.size < 10 else 3)):
            hidden = len(one.teams) >= 4 and one.chance.random() < 0.6
            ceiling = one.chance.choice((TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT))
            frame = Frame(
                f"Circle {number}",
                "",
                "",
                ceiling,
                MachineWriting.OFF,
                membership=Membership.CONFIDENTIAL if hidden else Membership.VISIBLE,
            )
            circle = circles.make_circle(session, None, frame)
            one.ceilings[circle.id] = ceiling
            one.world.members[circle.id] = {}
            if hidden:
                one.world.confidential.add(circle.id)
            for team in one.teams:
                if one.chance.random() < (0.9 if hidden else 0.6):
                    _set_member(one, session, circle, team)


def _set_member(one: Play, session: Any, circle: Collection, team: Team) -> None:
    reads, contributes = one.chance.choice(
        ((True, True), (True, True), (True, False), (False, True))
    )
    circles.set_member(session, None, circle, team.id, may_read=reads, may_contribute=contributes)
    one.world.members[circle.id][team.id] = (reads, contributes)


def _member(one: Play) -> None:
    where = one.chance.choice(list(one.world.members))
    with one.database.writing() as session:
        _set_member(one, session, session.get_one(Collection, where), one.chance.choice(one.teams))


def _leave(one: Play) -> None:
    where = one.chance.choice(list(one.world.members))
    team = one.chance.choice(one.teams)
    try:
        with one.database.writing() as session:
            circles.leave(session, team.actor, session.get_one(Collection, where))
    except DomainError:
        if team.id in one.world.members[where]:
            one.wrong("a member could not leave")
        return
    if one.world.members[where].pop(team.id, None) is None:
        one.wrong("somebody left who was no member")
    one.acts["left"] += 1


def _new_incident(one: Play, team: Team) -> Case:
    word, tlp = one.word(), one.chance.choice(MARKINGS)
    title = f"Report {one.word()}"
    with one.database.writing() as session:
        readers = (
            frozenset({team.actor.user_id})
            if tlp is TLP.RED and team.actor.user_id
            else frozenset()
        )
        incident = cases.create_incident(
            session, team.actor, CaseDetails(title=title, tlp=tlp, readers=readers)
        )
        new = NewObservable(
            observable=observable("domain-name", f"{word}.example.org"), is_indicator=True
        )
        observables.add_observables(session, team.actor, incident, [new])
        one.incidents.append(Case(incident.id, team, tlp, word, title))
    return one.incidents[-1]


def _edit(one: Play) -> None:
    if not one.incidents:
        return
    case = one.chance.choice(one.incidents)
    case.title = f"Report {one.word()}"
    with one.database.writing() as session:
        incident = session.get_one(Incident, case.id)
        cases.edit_incident(
            session,
            case.team.actor,
            incident,
            replace(cases.details_of(incident), title=case.title),
            revision=incident.form_revision,
            reason="a word changed",
        )


def _release(one: Play) -> None:
    where = one.chance.choice([*one.world.members, *one.world.members, *one.world.direct])
    able = [
        each for each in one.teams if one.world.may_release(each.id, where, TLP.CLEAR, TLP.CLEAR)
    ]
    team = one.chance.choice(able if able and one.chance.random() < 0.8 else one.teams)
    known = [each for each in one.incidents if each.team is team and each.tlp is not TLP.RED]
    if known and one.chance.random() < 0.6:
        case = one.chance.choice(known)
    else:
        case = _new_incident(one, team)
    terms = one.chance.choice(TERMS) if where in one.world.members else ReleaseTerms()
    allowed = one.world.may_release(case.team.id, where, case.tlp, one.ceilings[where])
    if terms.unattributed and where in one.world.members and where not in one.world.confidential:
        # without a name among too few, everybody would know
        allowed &= sum(writes for _, writes in one.world.members[where].values()) >= 4
    try:
        with one.database.writing() as session:
            row = release.prepare_release(
                session,
                case.team.actor,
                session.get_one(Incident, case.id),
                session.get_one(Collection, where),
                terms,
            )
            release.approve_release(
                session,
                case.team.actor,
                row,
                sha256_seen=row.sha256,
                delay=timedelta(0),
                reason="alone in this team",
                acknowledged=True,
            )
            release_id, bundle = row.id, row.bundle
    except DomainError as error:
        if allowed and error.message != release.UNCHANGED:
            one.wrong(f"refused: {error}")
        one.acts["nothing new" if allowed else "refused"] += 1
        return
    if not allowed:
        one.wrong(f"released {case.tlp} to {where} in spite of the rules")
    assert bundle is not None
    one.releases.append((release_id, case.team))
    one.acts["released in confidence" if where in one.world.confidential else "released"] += 1
    here = one.world.held.setdefault(where, {})
    for each in json.loads(bundle)["objects"]:
        key = _key(each)
        one.world.gone.discard(key)  # a person approved it anew
        here[key] = _thing(case.team.id, each)


def _recall(one: Play) -> None:
    if not one.releases:
        return
    release_id, team = one.chance.choice(one.releases)
    act = one.chance.choice((recall.revoke, recall.withdraw))
    with one.database.reading() as session:
        row = session.get_one(Release, release_id)
        incident_id, where = row.incident_id, row.collection_id
        before = _present(session, where)
    try:
        with one.database.writing() as session:
            more = {"safe": recall.safe_of(one.settings)} if act is recall.withdraw else {}
            act(
                session,
                team.actor,
                session.get_one(Incident, incident_id),
                session.get_one(Collection, where),
                reason="not for you",
                **more,
            )
    except DomainError:
        return  # nothing is left to recall
    one.acts[act.__name__] += 1
    here = one.world.held[where]
    with one.database.reading() as session:
        after, standing = _present(session, where), _standing(session, where)
    if act is recall.withdraw:
        _take_out(one, case_id=incident_id, where=where, standing=standing)
    for key, body in after.items():
        if key in before or key in here:
            continue
        if not (body.get("revoked") or body["type"] in BESIDE):
            one.wrong(f"a recall ({act.__name__}) brought {key} {body}")
        if act is recall.withdraw and _WORD.search(json.dumps(body)):
            one.wrong(f"a withdrawal repeats what it takes back: {key}")
        here[key] = _thing(team.id, body)


def _take_out(
    one: Play, *, case_id: uuid.UUID | None, where: uuid.UUID, standing: set[Key]
) -> None:
    """Take out of the sets what holds a word of the incident, and what is the incident's alone."""
    here = one.world.held[where]
    case = next(one for one in one.incidents if one.id == case_id)
    others = {each.word for each in one.incidents if each is not case}
    for key in [key for key in here if key not in standing]:
        thing = here[key]
        if thing.owner != case.team.id or thing.words & others:
            one.wrong(f"a withdrawal took away what is not the incident's: {key}")
        del here[key]
    if any(case.word in thing.words and not thing.revoked for thing in here.values()):
        one.wrong("a withdrawal left something of the incident behind")


def _erase(one: Play) -> None:
    """Erase the bodies of a release, wherever they are."""
    if not one.releases:
        return
    release_id, _team = one.chance.choice(one.releases)
    with one.database.writing() as session:
        row = session.get_one(Release, release_id)
        if row.bundle is None:
            return
        keys = {
            _key(each)
            for each in json.loads(row.bundle)["objects"]
            if each["type"] in ("report", "incident", "indicator", "domain-name", "relationship")
        }
        query = sa.select(ObjectVersion).where(
            ObjectVersion.stix_id.in_(sorted(stix_id for stix_id, _version in keys)),
            ObjectVersion.owner_id == row.administration_id,
        )
        versions = [
            each for each in session.scalars(query) if (each.stix_id, each.modified or "") in keys
        ]
        feed.erase(session, versions)
        one.acts["erased"] += 1
        one.world.gone |= {(each.stix_id, each.modified or "") for each in versions}


def _present(session: Any, where: uuid.UUID) -> dict[Key, dict[str, Any]]:
    query = (
        sa.select(ObjectVersion.body)
        .join(FeedEntry, FeedEntry.object_version_id == ObjectVersion.id)
        .where(FeedEntry.collection_id == where, FeedEntry.withdrawn_at.is_(None))
    )
    bodies = [json.loads(body) for body in session.scalars(query) if body is not None]
    return {_key(body): body for body in bodies}


def _standing(session: Any, where: uuid.UUID) -> set[Key]:
    """Return what nobody withdrew, erased or not."""
    query = (
        sa.select(ObjectVersion.stix_id, ObjectVersion.modified, ObjectVersion.created)
        .join(FeedEntry, FeedEntry.object_version_id == ObjectVersion.id)
        .where(FeedEntry.collection_id == where, FeedEntry.withdrawn_at.is_(None))
    )
    return {(stix_id, modified or created) for stix_id, modified, created in session.execute(query)}


def _key(body: Mapping[str, Any]) -> Key:
    return body["id"], body.get("modified", body.get("created", ""))


def _thing(owner: uuid.UUID, body: Mapping[str, Any]) -> Thing:
    words = frozenset(_WORD.findall(json.dumps(body)))
    return Thing(owner, body["type"], words, bool(body.get("revoked")))


# asking


def _compare(one: Play, what: str, found: Iterable[Any], wanted: Iterable[Any]) -> None:
    there, expected = set(found), set(wanted)
    if there != expected:
        more, less = sorted(there - expected)[:3], sorted(expected - there)[:3]
        one.wrong(f"{what}: {more} too many, {less} missing")


def _between(
    one: Play, what: str, least: Iterable[str], found: Iterable[str], most: Iterable[str]
) -> None:
    if not set(least) <= set(found) <= set(most):
        one.wrong(
            f"{what}: {sorted(set(found) - set(most))} too many, {sorted(set(least) - set(found))} missing"
        )


def _get(one: Play, team: Team, path: str) -> Any:
    one.questions += 1
    return team.machine.get(path)


def _words(things: Iterable[Thing]) -> set[str]:
    return {word for thing in things for word in thing.words}


def _ask_machine(one: Play, team: Team) -> None:
    """TAXII, the lists for sensors and the MISP feed."""
    world = one.world
    listed = _get(one, team, "/exchange/collections/").get_json(force=True).get("collections", [])
    everywhere = [*world.members, *world.direct]
    _compare(
        one,
        "collections",
        (each["id"] for each in listed),
        (str(where) for where in everywhere if world.knows(team.id, where)),
    )
    for where in everywhere:
        base, reads = f"/exchange/collections/{where}", team.id in world.readers(where)
        seen, latest = world.seen(team.id, where), world.latest(team.id, where)
        ways = [("objects/?match[version]=all", seen), ("objects/", latest), ("manifest/", latest)]
        for path, wanted in one.chance.sample(ways, 2 if where in world.held and reads else 1):
            answer = _get(one, team, f"{base}/{path}")
            if (answer.status_code == 200) != reads:
                one.wrong(f"{path} answers {answer.status_code}")
            elif reads:
                found = json.loads(answer.get_data()).get("objects", [])
                _compare(one, path, map(_entry, found), wanted)
            elif _WORD.search(answer.get_data(as_text=True)):
                one.wrong(f"{path} says something to a stranger")
        if one.chance.random() < 0.2:
            _ask_objects(one, team, where, seen)
        if one.chance.random() < 0.1:
            _ask_lists(one, team, where, latest)


def _ask_api(one: Play, team: Team) -> None:
    """The REST API: own cases but the RED ones, circles, own releases, what arrived."""
    world = one.world

    def listed(path: str) -> list[dict[str, Any]]:
        answer = _get(one, team, f"/api/v1/{path}?limit=200")
        if answer.status_code != 200:
            one.wrong(f"api {path} answers {answer.status_code}")
        return list(answer.get_json()["items"])

    def asked(path: str, *, known: bool) -> None:
        answer = _get(one, team, f"/api/v1/{path}")
        if answer.status_code != (200 if known else 404):
            one.wrong(f"api {path} answers {answer.status_code}")

    own = [each for each in one.incidents if each.team is team and each.tlp is not TLP.RED]
    _compare(
        one,
        "api incidents",
        (row["title"] for row in listed("incidents")),
        (each.title for each in own),
    )
    for case in one.chance.sample(one.incidents, min(3, len(one.incidents))):
        asked(f"incidents/{case.id}", known=case in own)
        asked(f"incidents/{case.id}/observables", known=case in own)
    everywhere = [*world.members, *world.direct]
    mine = [where for where in everywhere if world.knows(team.id, where)]
    _compare(one, "api circles", (row["id"] for row in listed("circles")), map(str, mine))
    where = one.chance.choice(everywhere)
    asked(f"circles/{where}", known=where in mine)
    shown = {row["id"] for row in listed("releases")}
    for release_id, owner in one.releases:
        if (str(release_id) in shown) != (owner is team):
            one.wrong(f"api releases, {release_id} of {owner.id}")
    for release_id, owner in one.releases[-2:]:
        asked(f"releases/{release_id}", known=owner is team)
    foreign = [
        thing
        for each in everywhere
        for thing in world.latest(team.id, each).values()
        if thing.owner != team.id
    ]
    _between(
        one,
        "api inbox",
        _words(thing for thing in foreign if thing.type == "report"),
        _WORD.findall(json.dumps([row["title"] for row in listed("inbox")])),
        _words(foreign),
    )


def _entry(found: Mapping[str, Any]) -> Key:
    if "date_added" in found:
        return found["id"], "" if found["version"].startswith("1970") else found["version"]
    return _key(found)


def _ask_objects(one: Play, team: Team, where: uuid.UUID, seen: Mapping[Key, Thing]) -> None:
    """By id: some of what is anywhere in the world."""
    every = [key for held in one.world.held.values() for key in held]
    for stix_id, _version in one.chance.sample(every, min(3, len(every))):
        base = f"/exchange/collections/{where}/objects/{stix_id}/"
        wanted = {version for other, version in seen if other == stix_id}
        answer = _get(one, team, f"{base}?match[version]=all")
        if (answer.status_code == 200) != bool(wanted):
            one.wrong(f"{stix_id} by id answers {answer.status_code}")
        elif wanted:
            found = json.loads(answer.get_data())["objects"]
            _compare(one, "by id", map(_key, found), ((stix_id, version) for version in wanted))


def _ask_lists(one: Play, team: Team, where: uuid.UUID, latest: Mapping[Key, Thing]) -> None:
    indicators = [thing for thing in latest.values() if thing.type == "indicator"]
    answer = _get(one, team, f"/exchange/collections/{where}/detection/csv")
    _compare(
        one,
        "detection list",
        _WORD.findall(answer.get_data(as_text=True)),
        _words(thing for thing in indicators if not thing.revoked),
    )
    answer = _get(one, team, f"/exchange/collections/{where}/misp/manifest.json")
    reports = [thing for thing in latest.values() if thing.type == "report"]
    _between(
        one,
        "MISP manifest",
        _words(thing for thing in reports if not thing.revoked),
        _WORD.findall(answer.get_data(as_text=True)),
        _words(latest.values()),
    )


def _ask_person(one: Play, team: Team) -> None:
    """Pages, as the person of one administration."""
    client = one.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = team.token, True

    def words_of(path: str, status: int, **form: Any) -> set[str]:
        one.questions += 1
        answer = client.post(path, data=form) if form else client.get(path)
        if answer.status_code != status:
            one.wrong(f"{path} answers {answer.status_code}, not {status}")
        return set(_WORD.findall(answer.get_data(as_text=True)))

    world = one.world
    reaching: set[str] = set()
    titles: set[str] = set()
    for where in [*world.members, *world.direct]:
        here = world.latest(team.id, where).values()
        foreign = [thing for thing in here if thing.owner != team.id]
        reaching |= _words(foreign)
        titles |= _words(thing for thing in foreign if thing.type == "report")
    where = one.chance.choice([*world.members, *world.direct, *world.held])
    latest = world.latest(team.id, where)
    reports = {key[0]: thing for key, thing in latest.items() if thing.type == "report"}
    shown = words_of(f"/circles/{where}", 200 if world.knows(team.id, where) else 404)
    _compare(one, "circle page", shown, _words(reports.values()))
    every = sorted(
        {key[0] for held in world.held.values() for key in held if key[0][:6] == "report"}
    )
    for stix_id in one.chance.sample(every, min(2, len(every))):
        path = f"/circles/{where}/reports/{stix_id}"
        found = words_of(path, 200 if stix_id in reports else 404)
        _between(
            one,
            "report page",
            reports[stix_id].words if found else (),
            found,
            _words(latest.values()),
        )
        if team.id not in world.readers(where):
            words_of(f"/inbox/{where}/{stix_id}", 404)
    _between(one, "inbox", titles, words_of("/inbox/", 200), reaching)
    own = {each.title.split()[1] for each in one.incidents if each.team is team}
    _compare(one, "incidents", words_of("/incidents/", 200), own)
    for case in one.chance.sample(one.incidents, min(2, len(one.incidents))):
        words_of(f"/incidents/{case.id}", 200 if case.team is team else 404)
    for release_id, owner in one.releases[-2:]:
        words_of(f"/releases/{release_id}", 200 if owner is team else 404)
