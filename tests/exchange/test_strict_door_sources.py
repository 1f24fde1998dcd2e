"""The door for what is relayed, and rules that hold between the objects of one envelope."""

import uuid
from typing import Any

import flask
import pytest

from cirt.clock import now
from cirt.db import Database
from cirt.incidents import feed, object_store, strangers, strict_door
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.object_store import TakenBackError
from cirt.incidents.store_models import ObjectVersion
from cirt.incidents.strict_door import Examined, Source
from cirt.stix.marking import TLP, marking_definition
from tests import sharing
from tests.conftest import Cast
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine

LATER = "2026-03-03T00:00:00.000Z"
AMBER = [TLP.AMBER.marking_id]


def examined(database: Database, owner: uuid.UUID, source: Source, *objects: Any) -> Examined:
    """Examine and keep objects."""
    with database.writing() as session:
        found = strict_door.examine(
            objects, session=session, owner=owner, moment=now(), source=source
        )
        strict_door.keep_accepted(session, found, via=source.value)
    return found


def labels(found: Examined) -> list[TLP]:
    """Return the markings of what was accepted."""
    return [item.tlp for _place, item in sorted(found.accepted.items())]


@pytest.mark.parametrize("source", [Source.FILE, Source.PEER])
def test_what_is_relayed_keeps_its_claims_and_replaces_nothing_T69(
    database: Database, cast: Cast, source: Source
) -> None:
    """T-69, T-67: a file that says "made by XA" is kept beside XA's object, never in its place."""
    xa, relayed = cast.administrations["XA"], uuid.uuid4()
    one = indicator(created_by_ref=f"identity--{xa}")
    own = examined(database, xa, Source.MACHINE, one)
    assert not own.refused
    newer = {**one, "modified": LATER, "name": "not by XA"}
    false = {**one, "name": "the same version, other words"}
    found = examined(database, relayed, source, newer, false)
    assert found.claims == {0: f"identity--{xa}", 1: f"identity--{xa}"}
    assert not found.refused
    with database.reading() as session:
        kept = session.query(ObjectVersion).filter_by(owner_id=xa).all()
        assert [row.body for row in kept] == [own.accepted[0].body]
    machine = examined(database, cast.administrations["XB"], Source.MACHINE, one)
    assert [one.stix_id for one in machine.refusals] == [one["id"]]


def test_strangers_versions_are_found_where_the_reader_reads_and_nowhere_else_T67(
    database: Database, cast: Cast
) -> None:
    """T-67: a stranger's newer version changes nothing and is shown for what it is."""
    xa, xb = cast.administrations["XA"], cast.administrations["XB"]
    circles = [sharing.make_circle(database, cast, "XA XB XC", title=str(n)) for n in range(3)]
    one = indicator()
    for owner, circle, version in (
        (xa, circles[0], one),
        (xb, circles[1], {**one, "modified": LATER, "name": "poisoned"}),
        (xb, circles[2], {**one, "modified": "2026-04-04T00:00:00.000Z"}),
    ):
        with database.writing() as session:
            item = object_store.incoming(version, owner, TLP.GREEN)
            feed.append(session, circle, object_store.keep(session, [item], via="taxii"))  # type: ignore[arg-type]
    with database.reading() as session:
        found = strangers.strangers_versions(session, [one["id"]], xa, among=circles[:2])
        assert [(s.version, s.owner_id, s.collection_id) for s in found] == [
            (LATER, xb, circles[1])
        ]
        assert strangers.strangers_versions(session, [one["id"]], xb, among=circles[1:]) == []


def test_what_is_relayed_is_kept_as_strict_as_it_can_be_read_T68(
    database: Database, cast: Cast
) -> None:
    """T-68: an unknown marking counts as RED, and no later version for less than an earlier one."""
    unknown = indicator(object_marking_refs=[f"marking-definition--{uuid.uuid4()}"])
    red = indicator(object_marking_refs=[TLP.RED.marking_id])
    one, owner = indicator(object_marking_refs=AMBER), uuid.uuid4()
    weaker = {**one, "modified": LATER, "object_marking_refs": [TLP.CLEAR.marking_id]}
    found = examined(database, owner, Source.FILE, unknown, red, one)
    assert labels(found) == [TLP.RED, TLP.RED, TLP.AMBER]
    assert labels(examined(database, owner, Source.FILE, weaker)) == [TLP.AMBER]
    fake = {**marking_definition(TLP.RED), "name": "TLP:CLEAR"}
    refused = examined(database, owner, Source.FILE, fake, indicator())
    assert [(one.place, one.stix_id) for one in refused.refusals] == [(0, TLP.RED.marking_id)]
    assert len(refused.accepted) == 1


def test_versions_in_one_envelope_cannot_weaken_each_other_T68(
    database: Database, cast: Cast
) -> None:
    """T-68: strict and weak versions sent together, in any order; together they count as sent."""
    for turned in (False, True):
        one = indicator(object_marking_refs=AMBER)
        weaker = {**one, "modified": LATER, "object_marking_refs": [TLP.CLEAR.marking_id]}
        sent = [weaker, one] if turned else [one, weaker]
        found = examined(database, cast.administrations["XA"], Source.MACHINE, *sent)
        [refusal] = found.refusals
        assert refusal.place == sent.index(weaker)
        assert "cannot weaken" in refusal.sentence


def test_a_policy_of_use_is_read_when_it_comes_along_T68(database: Database, cast: Cast) -> None:
    """T-68: a marking that comes along and says its TLP never lowers; a broken one is unknown."""
    from cirt.stix.iep import IepContent, iep_marking

    policy = iep_marking(
        IepContent(
            name="For use", description="What the circle asks.", start_date=now(), tlp="red"
        ),
        uuid.uuid4(),
    )
    marked = indicator(object_marking_refs=[TLP.GREEN.marking_id, policy["id"]])
    found = examined(database, uuid.uuid4(), Source.FILE, policy, marked)
    assert found.accepted[1].tlp is TLP.RED
    broken = {**policy, "id": f"marking-definition--{uuid.uuid4()}", "created": "yesterday"}
    marked = indicator(object_marking_refs=[TLP.GREEN.marking_id, broken["id"]])
    found = examined(database, cast.administrations["XA"], Source.MACHINE, broken, marked)
    assert len(found.refused) == 2


def test_what_was_erased_is_not_taken_in_again(database: Database, cast: Cast) -> None:
    """A body that was taken back does not return by a machine that sends it once more."""
    one, xa = indicator(), cast.administrations["XA"]
    examined(database, xa, Source.MACHINE, one)
    with database.writing() as session:
        feed.erase(session, session.query(ObjectVersion).filter_by(stix_id=one["id"]).all())
    found = examined(database, xa, Source.MACHINE, one, indicator())
    assert isinstance(found.refused[0], TakenBackError)
    assert list(found.accepted) == [1]


def test_what_is_kept_as_red_leaves_by_no_page(
    app: flask.Flask, reader: Machine, database: Database, cast: Cast
) -> None:
    """TLP-2.0: an intake may hold it for the screen; no object, manifest or version is given out."""
    xb = cast.administrations["XB"]
    with database.reading() as session:
        circle = direct_collection_of(session, xb).id
    red, green = indicator(object_marking_refs=[TLP.RED.marking_id]), indicator()
    with database.writing() as session:
        items = [
            object_store.incoming(red, circle, TLP.RED),
            object_store.incoming(green, circle, TLP.GREEN),
        ]
        feed.append(session, circle, object_store.keep(session, items, via="file"))  # type: ignore[arg-type]
    base = f"/exchange/collections/{circle}"
    for server in (app.wsgi_app, app.wsgi_app.application):  # type: ignore[attr-defined]
        app.wsgi_app = server  # type: ignore[method-assign]
        assert reader.get(f"{base}/objects/").get_json()["objects"] == [green]
        manifest = reader.get(f"{base}/manifest/?match[version]=all").get_json()["objects"]
        assert [one["id"] for one in manifest] == [green["id"]]
        for tail in (f"{red['id']}/", f"{red['id']}/versions/"):
            assert reader.get(f"{base}/objects/{tail}").status_code == 404
