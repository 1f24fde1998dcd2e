"""Circles, incidents and releases that the tests of the exchange share."""

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from cirt.accounts import directory
from cirt.clock import now
from cirt.db import Database
from cirt.incidents import cases, circles, observables, release, standing_approvals
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.circles import Frame
from cirt.incidents.observables import NewObservable
from cirt.incidents.release_models import Release
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.observables import observable
from tests.conftest import Cast

DELAY = timedelta(hours=24)


def make_circle(
    database: Database,
    cast: Cast,
    members: str = "XA XB",
    *,
    title: str = "Two neighbours",
    alias: str = "",
    ceiling: TLP = TLP.AMBER_STRICT,
    writing: MachineWriting = MachineWriting.OFF,
    membership: Membership = Membership.VISIBLE,
    listed: bool = False,
    moderators: str = "",
) -> uuid.UUID:
    """Make a circle whose members read and contribute, and return its id."""
    with database.writing() as session:
        frame = Frame(
            title, "For the tests.", alias, ceiling, writing, membership=membership, listed=listed
        )
        circle = circles.make_circle(session, cast.actors["root"], frame)
        for code in members.split():
            circles.set_member(
                session,
                cast.actors["root"],
                circle,
                cast.administrations[code],
                may_read=True,
                may_contribute=True,
                may_moderate=code in moderators.split(),
            )
        return circle.id


def change_owner(session: Session, owner: uuid.UUID, **which: Any) -> None:
    """Make objects another administration's, wherever they are: as if it had brought them."""
    table = ObjectVersion.__table__
    mine = sa.and_(*(table.c[name] == value for name, value in which.items()))
    columns = [sa.literal(owner) if column.name == "owner_id" else column for column in table.c]
    copies = sa.select(*columns).where(mine, table.c.owner_id != owner)
    session.execute(sa.insert(table).from_select(table.c.keys(), copies))
    session.execute(sa.update(FeedEntry).filter_by(**which).values(owner_id=owner))
    session.execute(sa.delete(table).where(mine, table.c.owner_id != owner))


def add_administrations(database: Database, cast: Cast, codes: str) -> None:
    """Add further administrations to the cast, without people."""
    with database.writing() as session:
        for code in codes.split():
            names = {"en": f"Administration {code}", "ar": f"الإدارة {code}"}
            row = directory.add_administration(session, None, code=code, names=names)
            cast.administrations[code] = row.id


def set_member(
    database: Database,
    cast: Cast,
    circle_id: uuid.UUID,
    code: str,
    *,
    reads: bool,
    contributes: bool,
    moderates: bool = False,
) -> None:
    """Add a member, or change what it may do."""
    with database.writing() as session:
        circle = session.get_one(Collection, circle_id)
        circles.set_member(
            session,
            cast.actors["root"],
            circle,
            cast.administrations[code],
            may_read=reads,
            may_contribute=contributes,
            may_moderate=moderates,
        )


def make_incident(
    database: Database,
    cast: Cast,
    who: str = "nadia",
    *,
    title: str = "Mail server scanned",
    tlp: TLP = TLP.AMBER_STRICT,
) -> uuid.UUID:
    """Record an incident with two observables, and return its id."""
    with database.writing() as session:
        incident = cases.create_incident(
            session,
            cast.actors[who],
            CaseDetails(title=title, description="What happened.", tlp=tlp),
        )
        observables.add_observables(
            session,
            cast.actors[who],
            incident,
            [
                NewObservable(observable=observable("ipv4-addr", "192.0.2.7"), is_indicator=True),
                NewObservable(observable=observable("domain-name", "mail.example.org")),
            ],
        )
        return incident.id


def change_incident(database: Database, cast: Cast, incident_id: uuid.UUID, **fields: Any) -> None:
    """Edit an incident as its analyst."""
    from dataclasses import replace

    with database.writing() as session:
        incident = session.get_one(Incident, incident_id)
        details = replace(cases.details_of(incident), **fields)
        cases.edit_incident(
            session,
            cast.actors["nadia"],
            incident,
            details,
            revision=incident.form_revision,
            reason="the tests ask for it",
        )


def prepare(
    database: Database,
    cast: Cast,
    incident_id: uuid.UUID,
    circle_id: uuid.UUID,
    who: str = "nadia",
    terms: ReleaseTerms | None = None,
) -> uuid.UUID:
    """Prepare a release and return its id."""
    with database.writing() as session:
        row = release.prepare_release(
            session,
            cast.actors[who],
            session.get_one(Incident, incident_id),
            session.get_one(Collection, circle_id),
            terms or ReleaseTerms(),
        )
        return row.id


def approve(
    database: Database, cast: Cast, release_id: uuid.UUID, who: str = "omar", **more: Any
) -> None:
    """Approve a release, having seen its bytes."""
    with database.writing() as session:
        row = session.get_one(Release, release_id)
        given = {"sha256_seen": row.sha256, "delay": DELAY, "acknowledged": True, **more}
        release.approve_release(session, cast.actors[who], row, **given)


def released(
    database: Database,
    cast: Cast,
    incident_id: uuid.UUID,
    circle_id: uuid.UUID,
    *,
    terms: ReleaseTerms | None = None,
    app: flask.Flask | None = None,
    reader: str = "XB",
) -> Release:
    """Prepare and approve, and return the row; with the application, check what the reader gets."""
    release_id = prepare(database, cast, incident_id, circle_id, terms=terms)
    approve(database, cast, release_id)
    with database.reading() as session:
        row = session.get_one(Release, release_id)
    if app is not None:
        assert received_digest(app, cast, row, reader) == row.sha256
    return row


def received_digest(app: flask.Flask, cast: Cast, row: Release, reader: str = "XB") -> str:
    """Return the digest of a release's bytes as rebuilt from what a partner's machine is served.

    Order and bundle id are those of the approved bytes; every object is the served one.
    """
    assert row.bundle is not None
    approved = json.loads(row.bundle)
    served = fetch(app, cast.tokens[reader], row.collection_id)
    bodies = [
        served[one["id"], one.get("modified") or one.get("created") or ""]
        for one in approved["objects"]
    ]
    whole = b'{"id":"%s","objects":[%s],"type":"bundle"}'
    return hashlib.sha256(whole % (approved["id"].encode(), b",".join(bodies))).hexdigest()


def fetch(app: flask.Flask, token: str, collection_id: uuid.UUID) -> dict[tuple[str, str], bytes]:
    """Return all that a machine reads in a collection, every version: (id, version) -> exact bytes."""
    found: dict[tuple[str, str], bytes] = {}
    machine, following = Machine(app, token), ""
    while True:
        query = {"match[version]": "all", "limit": 50} | ({"next": following} if following else {})
        answer = machine.get(f"/exchange/collections/{collection_id}/objects/", query_string=query)
        assert answer.status_code == 200, answer.status_code
        raw = answer.get_data()
        envelope = json.loads(raw)
        for one in envelope.get("objects", []):
            body = canonical_json(one)
            assert body in raw, "not the canonical bytes"
            found[one["id"], one.get("modified") or one.get("created") or ""] = body
        if not envelope.get("more"):
            return found
        following = envelope["next"]


def give_standing_approval(
    database: Database,
    cast: Cast,
    circle_id: uuid.UUID,
    who: str = "omar",
    ceiling: TLP = TLP.AMBER_STRICT,
) -> None:
    """Let the machines of somebody's administration add to a circle for a day."""
    with database.writing() as session:
        standing_approvals.give_approval(
            session,
            cast.actors[who],
            session.get_one(Collection, circle_id),
            ceiling=ceiling,
            reason="our sensor",
            until=now() + timedelta(days=1),
        )


class Machine:
    """A machine of one administration, talking to the application without a network."""

    def __init__(self, app: flask.Flask, token: str | None) -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, url: str, **arguments: Any) -> Any:
        """Ask for a resource."""
        return self.open("GET", url, **arguments)

    def open(self, method: str, url: str, headers: Any = None, **arguments: Any) -> Any:
        """Send any request."""
        return self.client.open(
            url, method=method, headers={**self.headers, **(headers or {})}, **arguments
        )

    def post(self, url: str, body: Any, headers: Any = None) -> Any:
        """Send an envelope: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/taxii+json;version=2.1", **(headers or {})}
        return self.open("POST", url, headers=given, data=data)


@contextmanager
def serving(app: flask.Flask) -> Iterator[str]:
    """Serve the application on loopback, and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
