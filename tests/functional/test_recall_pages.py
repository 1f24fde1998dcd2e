"""Pages of recalls, legal holds and signing keys: the question before the act, and who may."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.accounts.models import Administration, Place
from cirt.db import Database
from cirt.incidents.recall.keys import keys_of
from cirt.incidents.recall_models import LegalHold, Recall
from cirt.stix import signatures
from tests import sharing
from tests.conftest import Cast


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle of XA and XB."""
    return sharing.make_circle(database, cast)


@pytest.fixture
def incident(database: Database, cast: Cast) -> uuid.UUID:
    """An incident of XA."""
    return sharing.make_incident(database, cast, title="Turbine stopped")


def _recalls(database: Database) -> list[Recall]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Recall)).unique())


def test_a_withdrawal_asks_first_and_says_what_cannot_be_undone(
    browser: Any, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """Form, question, act: nothing happens before the question was answered."""
    omar, url = browser("omar"), f"/incidents/{incident}/recall"
    assert "Nobody has this incident now" in omar.get(url).get_data(as_text=True)
    sharing.released(database, cast, incident, circle)
    assert "Two neighbours" in omar.get(url).get_data(as_text=True)
    filled = {"kind": "withdrawn", "audience": str(circle), "reason": "Wrong circle."}
    for name in filled:
        answer = omar.post(url, {**filled, name: ""})
        assert answer.status_code == 422, name
    kept = omar.post(url, {**filled, "audience": ""}).get_data(as_text=True)
    assert "Wrong circle." in kept
    question = omar.post(url, filled)
    page = question.get_data(as_text=True)
    assert "What cannot be undone" in page
    assert "Wrong circle." in page
    assert _recalls(database) == []
    answer = omar.post(url, {**filled, "confirmed": "yes"})
    [row] = _recalls(database)
    assert answer.headers["Location"].endswith(f"/recalls/{row.id}")
    assert omar.get(f"/recalls/{row.id}").status_code == 200
    assert omar.get(f"/recalls/{row.id}/withdrawal.json").get_json(force=True)["id"] == row.stix_id
    assert omar.post(url, {**filled, "confirmed": "yes"}).status_code == 422
    history = browser("nadia").get(f"/incidents/{incident}/history").get_data(as_text=True)
    assert "Withdrawn from an audience" in history
    shared = omar.get(f"/incidents/{incident}/sharing").get_data(as_text=True)
    assert "nothing of it any more: withdrawn" in shared
    assert f"/recalls/{row.id}" in shared


def test_revoking_one_of_two_audiences_with_the_same_objects_tells_both(
    browser: Any, database: Database, cast: Cast, circle: uuid.UUID, incident: uuid.UUID
) -> None:
    """`revoked` speaks of the object (STIX 2.1, section 3.2), so whoever has it gets it."""
    other = sharing.make_circle(database, cast, title="Others")
    sharing.released(database, cast, incident, circle)
    sharing.released(database, cast, incident, other)
    filled = {"kind": "revoked", "audience": str(circle), "reason": "Solved.", "confirmed": "yes"}
    assert browser("omar").post(f"/incidents/{incident}/recall", filled).status_code == 302
    assert {row.collection_id for row in _recalls(database)} == {circle, other}
    shared = browser("omar").get(f"/incidents/{incident}/sharing").get_data(as_text=True)
    assert shared.count("the incident, revoked") == 2 and "nothing of it" not in shared


@pytest.mark.parametrize(
    ("who", "start", "detail"),
    [("nadia", 403, 200), ("boris", 404, 200), ("chen", 404, 404), ("root", 403, 403)],
)
def test_who_may_recall_and_who_may_look(
    browser: Any,
    database: Database,
    cast: Cast,
    circle: uuid.UUID,
    incident: uuid.UUID,
    who: str,
    start: int,
    detail: int,
) -> None:
    """A releasing officer of the own administration; those concerned see that it happened."""
    sharing.released(database, cast, incident, circle)
    filled = {"kind": "withdrawn", "audience": str(circle), "reason": "x", "confirmed": "yes"}
    assert browser(who).get(f"/incidents/{incident}/recall").status_code == start
    assert browser(who).post(f"/incidents/{incident}/recall", filled).status_code == start
    assert _recalls(database) == []
    browser("omar").post(f"/incidents/{incident}/recall", filled)
    [row] = _recalls(database)
    answer = browser(who).get(f"/recalls/{row.id}")
    assert answer.status_code == detail
    assert "Turbine" not in answer.get_data(as_text=True) or who == "nadia"
    assert browser(None).get(f"/recalls/{row.id}").status_code in (302, 401)


def test_legal_hold_by_its_pages(
    browser: Any, database: Database, cast: Cast, incident: uuid.UUID
) -> None:
    """Placed with a reason, listed, ended after a question; a releasing officer's act."""
    omar, url = browser("omar"), f"/incidents/{incident}/hold"
    assert browser("nadia").get(url).status_code == 403
    assert omar.post(url, {"reason": ""}).status_code == 422
    assert omar.post(url, {"reason": "Order 12/2026"}).status_code == 302
    assert omar.post(url, {"reason": "Again"}).status_code == 422
    assert "Order 12/2026" in omar.get("/holds/").get_data(as_text=True)
    assert "Order 12/2026" not in browser("boris").get("/holds/").get_data(as_text=True)
    with database.reading() as session:
        row = session.scalars(sa.select(LegalHold)).one()
    assert browser("boris").get(f"/holds/{row.id}/end").status_code == 404
    assert omar.get(f"/holds/{row.id}/end").status_code == 200
    with database.reading() as session:
        assert session.get_one(LegalHold, row.id).ended_at is None
    assert omar.post(f"/holds/{row.id}/end").status_code == 302
    with database.reading() as session:
        assert session.get_one(LegalHold, row.id).ended_at is not None


def test_signing_keys_by_their_pages(browser: Any, database: Database, cast: Cast) -> None:
    """Officers make and change the own key; the administrator enters those of others elsewhere."""
    omar, root = browser("omar"), browser("root")
    assert browser("nadia").get("/signing-keys").status_code == 403
    assert omar.get("/signing-keys/public.pem").status_code == 404
    assert root.post("/signing-keys/rotate").status_code == 403
    assert omar.post("/signing-keys/rotate").status_code == 302
    first = omar.get("/signing-keys/public.pem").get_data(as_text=True)
    assert omar.post("/signing-keys/rotate").status_code == 302
    assert omar.get("/signing-keys/public.pem").get_data(as_text=True) != first
    page = omar.get("/signing-keys").get_data(as_text=True)
    assert signatures.fingerprint(signatures.read_public_key(first)) in page
    with database.writing() as session:
        row = session.get_one(Administration, cast.administrations["XC"])
        row.place = Place.REMOTE.value
    elsewhere = f"identity--{uuid.uuid4()}"
    filled = {
        "administration": str(cast.administrations["XC"]),
        "identity": elsewhere,
        "public": first,
    }
    assert omar.post("/signing-keys", filled).status_code == 403
    assert root.post("/signing-keys", filled).status_code == 422, "it is XA's"
    assert root.post("/signing-keys", {**filled, "public": "rubbish"}).status_code == 422
    public = signatures.public_key(signatures.new_private_key())
    filled["public"] = public.hex()
    own_identity = f"identity--{cast.administrations['XA']}"
    assert own_identity in page
    for wrong in ("", "XC", own_identity):
        assert root.post("/signing-keys", {**filled, "identity": wrong}).status_code == 422, wrong
    assert root.post("/signing-keys", filled).status_code == 302
    with database.writing() as session:
        session.get_one(Administration, cast.administrations["XB"]).place = Place.REMOTE.value
    newer = signatures.public_key(signatures.new_private_key()).hex()
    others = {**filled, "administration": str(cast.administrations["XB"]), "public": newer}
    assert root.post("/signing-keys", others).status_code == 422, "it is XC's"
    with database.reading() as session:
        [key] = keys_of(session, cast.administrations["XC"])
        assert key.identity == elsewhere
        [own, _old] = keys_of(session, cast.administrations["XA"])
    assert root.get(f"/signing-keys/{own.id}/forget").status_code == 404
    assert root.post(f"/signing-keys/{key.id}/forget").status_code == 302
    with database.reading() as session:
        assert keys_of(session, cast.administrations["XC"]) == []
