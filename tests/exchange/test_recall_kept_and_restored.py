"""What may not be kept goes by itself, and a restore brings nothing back that was erased."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt import migrations
from cirt.accounts.models import Administration
from cirt.cli import erasures
from cirt.clock import now
from cirt.db import Database, open_database
from cirt.incidents import observables, recall
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import PolicyCard
from cirt.incidents.inbox import intake
from cirt.incidents.observables import NewObservable
from cirt.incidents.recall import holds, retention
from cirt.incidents.recall.ledger import FILE
from cirt.incidents.release_models import Release
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.settings import Settings, read_settings
from cirt.stix.observables import observable
from tests import sharing
from tests.backups import restore_archive, write_archive
from tests.conftest import Cast, store_cast
from tests.exchange.recall_steps import everything_served, withdraw


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB."""
    return sharing.make_circle(database, cast)


def _later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    moment = now() + timedelta(days=days)
    for place in ("retention", "erasure"):
        monkeypatch.setattr(f"cirt.incidents.recall.{place}.now", lambda: moment)


def _run(database: Database, settings: Settings) -> dict[str, int]:
    with database.writing() as session:
        return retention.apply_retention(session, recall.safe_of(settings))[0]


def test_released_bytes_go_when_their_time_is_over(
    app: flask.Flask,
    database: Database,
    settings: Settings,
    cast: Cast,
    circle: uuid.UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T-3e: storage limitation; what another release still needs stays, a legal hold keeps all."""
    with database.writing() as session:  # the team's address goes along with every incident
        team = session.get_one(Administration, cast.administrations["XA"])
        team.contact_email = "team@xa.example.org"
    first, held = sharing.make_incident(database, cast), sharing.make_incident(database, cast)
    terms = ReleaseTerms(retention_days=10)
    short = sharing.released(database, cast, first, circle, terms=terms, app=app)
    kept = sharing.released(database, cast, held, circle, terms=terms, app=app)
    with database.writing() as session:
        incident = session.get_one(Incident, held)
        holds.place_hold(session, cast.actors["omar"], incident, reason="Court order")
    _later(monkeypatch, 9)
    assert _run(database, settings) == {"releases": 0, "received": 0, "held": 0}
    assert f"incident--{first}" in everything_served(app, cast.tokens["XB"], circle)
    _later(monkeypatch, 11)
    assert _run(database, settings) == {"releases": 1, "received": 0, "held": 1}
    with database.reading() as session:
        assert session.get_one(Release, short.id).bundle is None
        assert session.get_one(Release, kept.id).bundle is not None
    served = everything_served(app, cast.tokens["XB"], circle)
    assert f"incident--{first}" not in served
    assert f"incident--{held}" in served
    assert sharing.received_digest(app, cast, kept) == kept.sha256
    assert _run(database, settings)["releases"] == 0


def test_what_came_by_file_goes_by_the_own_policy_card(
    database: Database, settings: Settings, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administration keeps received objects as long as its own card tells the others."""
    note = {
        "type": "note",
        "spec_version": "2.1",
        "id": f"note--{uuid.uuid4()}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "content": "From a file.",
        "object_refs": [f"report--{uuid.uuid4()}"],
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    }
    with database.writing() as session:
        xb = cast.administrations["XB"]
        collection = intake.intake_collection(session, xb, "Files")
        owner = intake.file_owner(collection)
        intake.take_in(session, xb, collection, [note], owner_id=owner, via="file")
    _later(monkeypatch, 31)
    assert _run(database, settings)["received"] == 0, "nothing was said about how long"
    with database.writing() as session:
        session.add(PolicyCard(administration_id=xb, retention_days=30))
    _later(monkeypatch, 29)
    assert _run(database, settings)["received"] == 0
    _later(monkeypatch, 31)
    assert _run(database, settings)["received"] == 1
    with database.reading() as session:
        query = sa.select(ObjectVersion.body).where(ObjectVersion.stix_id == note["id"])
        assert session.scalars(query).all() == [None]


@pytest.fixture
def installed(tmp_path: Path) -> Any:
    """Settings and database of an installation whose tables the migrations made."""
    settings = read_settings({}, data_dir=tmp_path / "first")
    database = open_database(settings)
    migrations.upgrade(database)
    yield settings, database
    database.dispose()


def test_a_restore_brings_nothing_back_that_was_erased(
    installed: Any, _cheap_passwords: None, tmp_path: Path
) -> None:
    """A backup from before the withdrawal, and the ledger of the lost machine: erased again."""
    settings, database = installed
    cast = store_cast(database, settings)
    wrong, right = sharing.make_circle(database, cast), sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, wrong)
    sharing.released(database, cast, incident, right)
    backup = write_archive(settings, database)
    withdraw(database, settings, cast, incident, wrong)
    assert erasures.problem(settings, database) is None
    between = write_archive(settings, database)
    withdraw(database, settings, cast, incident, right)
    sharing.released(database, cast, incident, right)  # once more, by an approval
    assert erasures.problem(settings, database) is None
    ledger = (settings.data_dir / FILE).read_bytes()

    for name, archive, before, erased in (
        ("without", backup, b"", False),
        ("with", backup, ledger, True),
        ("both", between, ledger, True),
    ):
        other = read_settings({}, data_dir=tmp_path / name)
        if before:
            (other.data_dir / FILE).write_bytes(before)
        second = open_database(other)
        _rows, again = restore_archive(archive, other, second)
        with second.reading() as session:
            bodies = b"".join(
                body or b"" for body in session.scalars(sa.select(ObjectVersion.body))
            )
            bundles = b"".join(body or b"" for body in session.scalars(sa.select(Release.bundle)))
            shown = session.scalars(
                sa.select(FeedEntry.stix_id).where(FeedEntry.withdrawn_at.is_(None))
            ).all()
        assert (b"192.0.2.7" not in bodies + bundles) is erased
        assert (not [one for one in shown if one.startswith("ipv4-addr")]) is erased
        assert (again.bodies > 0, again.entries > 0, again.bundles > 0) == (erased,) * 3, name
        assert erasures.problem(other, second) is None
        second.dispose()

    # a later backup carries the ledger along, and what an approval brought back stays
    later = write_archive(settings, database)
    third = read_settings({}, data_dir=tmp_path / "third")
    last = open_database(third)
    _rows, again = restore_archive(later, third, last)
    assert (again.bodies, again.entries, again.bundles) == (0, 0, 0)
    assert (third.data_dir / FILE).read_bytes() == (settings.data_dir / FILE).read_bytes()
    # planted: a body that should not be there is found
    with last.writing() as session:
        row = session.scalars(
            sa.select(ObjectVersion).where(ObjectVersion.erased_at.is_not(None))
        ).first()
        assert row is not None
        row.body = b"{}"
    assert "erase-again" in str(erasures.problem(third, last))
    last.dispose()


def test_what_an_approval_brought_back_stays(
    installed: Any, _cheap_passwords: None, tmp_path: Path
) -> None:
    """An object erased with one audience comes to another by a later release, and is no fault."""
    settings, database = installed
    cast = store_cast(database, settings)
    wrong, right = sharing.make_circle(database, cast), sharing.make_circle(database, cast)
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, right)
    with database.writing() as session:
        new = NewObservable(observable=observable("ipv4-addr", "203.0.113.5"), is_indicator=True)
        row = session.get_one(Incident, incident)
        observables.add_observables(session, cast.actors["nadia"], row, [new])
    sharing.released(database, cast, incident, wrong)
    withdraw(database, settings, cast, incident, wrong)
    assert _stored(database, b"203.0.113.5") is False
    sharing.released(database, cast, incident, right)
    assert _stored(database, b"203.0.113.5") is True
    assert erasures.problem(settings, database) is None
    assert erasures.bring_back(settings, database, b"").bodies == 0
    other = read_settings({}, data_dir=tmp_path / "second")
    second = open_database(other)
    _rows, again = restore_archive(write_archive(settings, database), other, second)
    assert (again.bodies, again.entries, again.bundles) == (0, 0, 0)
    assert _stored(second, b"203.0.113.5") is True
    second.dispose()


def _stored(database: Database, value: bytes) -> bool:
    with database.reading() as session:
        return any(
            b'"value":"%s"' % value in (body or b"")
            for body in session.scalars(sa.select(ObjectVersion.body))
        )
