"""Withdrawals of others: verified, honoured, answered; forged ones change nothing."""

import hashlib
import io
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import flask
import pytest
import sqlalchemy as sa

from cirt.accounts import directory, tokens
from cirt.accounts.models import Administration, Place
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ForbiddenError, InvalidInputError
from cirt.incidents import recall
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import decisions, intake
from cirt.incidents.inbox.received import State
from cirt.incidents.recall import keys
from cirt.incidents.recall_models import RecallReceipt, SigningKey
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.settings import Settings
from cirt.stix import signatures, withdrawal
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.withdrawal import Named
from tests import sharing
from tests.conftest import Cast
from tests.exchange.recall_steps import everything_served, withdraw
from tests.functional.inbox_steps import catch_up, inbox
from tests.sharing import Machine

GREEN = TLP.GREEN.marking_id


@dataclass
class Elsewhere:
    """A producer at another installation: its administration here, its key, what it sent to XB."""

    database: Database
    settings: Settings
    cast: Cast
    administration: uuid.UUID
    private: bytes
    collection: uuid.UUID

    @property
    def author(self) -> str:
        return f"identity--{self.administration}"

    def objects(self, author: str | None = None) -> list[dict[str, Any]]:
        """Return a report with an indicator, and an address that bears no author."""
        address = {
            "type": "ipv4-addr",
            "spec_version": "2.1",
            "id": f"ipv4-addr--{uuid.uuid4()}",
            "value": "198.51.100.9",
            "object_marking_refs": [GREEN],
        }
        common = {
            "spec_version": "2.1",
            "created_by_ref": author or self.author,
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "object_marking_refs": [GREEN],
        }
        report = {
            "type": "report",
            "id": f"report--{uuid.uuid4()}",
            "name": "Sent by mistake",
            "published": "2026-01-01T00:00:00.000Z",
            "object_refs": [address["id"]],
            **common,
        }
        return [address, report]

    def withdrawal(
        self, objects: list[dict[str, Any]], private: bytes | None = None, **changed: Any
    ) -> dict[str, Any]:
        """Return a withdrawal of objects, signed by its key or another."""
        named = [
            Named(
                one["id"],
                one.get("modified", ""),
                hashlib.sha256(canonical_json(one)).hexdigest(),
            )
            for one in objects
        ]
        return withdrawal.withdrawal(
            changed.get("author", self.author),
            named,
            reason="A mistake.",
            tlp=TLP.GREEN,
            at=now(),
            private=private or self.private,
        )

    def bring(self, objects: list[dict[str, Any]], into: uuid.UUID | None = None) -> list[Any]:
        """Take objects into XB's intake, honour what they withdraw, and return the receipts."""
        with self.database.writing() as session:
            collection = session.get_one(Collection, into or self.collection)
            intake.take_in(
                session,
                collection.administration_id,
                collection,
                objects,
                owner_id=intake.file_owner(collection),
                via="file",
            )
        with self.database.writing() as session:
            collection = session.get_one(Collection, into or self.collection)
            return recall.honour(session, recall.safe_of(self.settings), collection, objects)

    def shown(self, objects: list[dict[str, Any]]) -> int:
        """Return how many of these objects XB still sees."""
        with self.database.reading() as session:
            query = sa.select(sa.func.count()).where(
                FeedEntry.collection_id == self.collection,
                FeedEntry.stix_id.in_([one["id"] for one in objects]),
                FeedEntry.withdrawn_at.is_(None),
            )
            return session.scalar(query) or 0

    def outcomes(self) -> list[str]:
        """Return what XB did with the withdrawals that it received."""
        with self.database.reading() as session:
            query = sa.select(RecallReceipt.outcome).order_by(RecallReceipt.received_at)
            return list(session.scalars(query))


@pytest.fixture
def elsewhere(database: Database, settings: Settings, cast: Cast) -> Elsewhere:
    """Administration XR, whose people sign in at another installation, and its key."""
    private = signatures.new_private_key()
    with database.writing() as session:
        row = directory.add_administration(
            session, None, code="XR", names={"en": "Administration XR"}
        )
        row.place = Place.REMOTE.value
        session.flush()
        keys.trust_key(
            session, cast.actors["root"], row, signatures.pem_of(signatures.public_key(private))
        )
        collection = intake.intake_collection(session, cast.administrations["XB"], "Files")
        return Elsewhere(database, settings, cast, row.id, private, collection.id)


def test_the_authors_withdrawal_is_honoured_and_answered(elsewhere: Elsewhere) -> None:
    """T-56: erased, hidden, and a receipt signed by the receiver; asked again, the same receipt."""
    objects = elsewhere.objects()
    elsewhere.bring(objects)
    assert elsewhere.shown(objects) == 2
    said = elsewhere.withdrawal(objects)
    [receipt] = elsewhere.bring([said])
    assert elsewhere.shown(objects) == 0
    assert elsewhere.bring([said]) == [receipt]
    with elsewhere.database.reading() as session:
        stored = session.scalars(
            sa.select(ObjectVersion.body).where(
                ObjectVersion.stix_id.in_([one["id"] for one in objects])
            )
        ).all()
        assert stored == [None, None]
        public = keys.keys_of(session, elsewhere.cast.administrations["XB"])[0].public
    assert signatures.verify(receipt, [public])[0] is signatures.Verdict.GOOD
    assert receipt["withdrawal_id"] == said["id"]
    assert receipt["withdrawal_sha256"] == withdrawal.digest(said)
    assert receipt["outcome"] == "erased"


def test_what_was_decided_about_is_shown_as_withdrawn_and_the_rest_is_gone(
    elsewhere: Elsewhere,
) -> None:
    """No emptied versions follow here: only the decision says that there was something."""
    cast, both = elsewhere.cast, [elsewhere.objects() for _ in range(2)]
    elsewhere.bring([*both[0], *both[1]])
    catch_up(elsewhere.database)
    found = {item.stix_id: item for item in inbox(elsewhere.database, cast, "boris")}
    accepted = found[both[0][1]["id"]]
    assert len(found) == 2
    with elsewhere.database.writing() as session:
        decisions.accept(session, cast.actors["boris"], accepted, version=accepted.version)
    elsewhere.bring([elsewhere.withdrawal([*both[0], *both[1]])])
    catch_up(elsewhere.database)
    [left] = inbox(elsewhere.database, cast, "boris")
    assert (left.stix_id, left.state, left.is_gone) == (accepted.stix_id, State.WITHDRAWN, True)
    [same] = inbox(elsewhere.database, cast, "boris", "withdrawn")
    assert same.stix_id == left.stix_id
    assert inbox(elsewhere.database, cast, "nadia") == []


FORGERIES: dict[str, Callable[[Elsewhere, list[Any]], dict[str, Any]]] = {
    "unsigned": lambda e, o: {k: v for k, v in e.withdrawal(o).items() if k != "signature"},
    "another key": lambda e, o: e.withdrawal(o, signatures.new_private_key()),
    "changed after signing": lambda e, o: {**e.withdrawal(o), "reason": "Another reason."},
    "one more named": lambda e, o: _with_one_more(e, o),
    "key swapped in": lambda e, o: _with_own_key(e, o),
    "signature of another": lambda e, o: {
        **e.withdrawal(o),
        "signature": e.withdrawal(o[:1])["signature"],
    },
}


def _with_one_more(e: Elsewhere, objects: list[Any]) -> dict[str, Any]:
    said = e.withdrawal(objects[:1])
    return {**said, "withdrawn": e.withdrawal(objects)["withdrawn"]}


def _with_own_key(e: Elsewhere, objects: list[Any]) -> dict[str, Any]:
    said = e.withdrawal(objects)
    own = signatures.public_key(signatures.new_private_key()).hex()
    return {**said, "signature": {**said["signature"], "public_key": own}}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_withdrawal_changes_nothing_and_is_shown(
    elsewhere: Elsewhere, browser: Any, name: str
) -> None:
    """T-56: unsigned, wrongly signed or changed on the way: refused, and people see it."""
    objects = elsewhere.objects()
    elsewhere.bring(objects)
    assert elsewhere.bring([FORGERIES[name](elsewhere, objects)]) == []
    assert elsewhere.shown(objects) == 2
    if name == "unsigned":  # refused at the door already, as not well formed
        return
    assert elsewhere.outcomes() == ["ignored"]
    assert "Not honoured" in browser("boris").get("/recalls/").get_data(as_text=True)
    # its author's own word still counts afterwards
    assert len(elsewhere.bring([elsewhere.withdrawal(objects)])) == 1
    assert elsewhere.shown(objects) == 0


def test_a_stranger_withdraws_nothing_of_others(elsewhere: Elsewhere) -> None:
    """T-67: a good signature is worth the signer's own objects and no others."""
    with elsewhere.database.writing() as session:
        row = directory.add_administration(
            session, None, code="XS", names={"en": "Administration XS"}
        )
        row.place = Place.REMOTE.value
        session.flush()
        private = signatures.new_private_key()
        public = signatures.public_key(private).hex()
        keys.trust_key(session, elsewhere.cast.actors["root"], row, public)
        stranger = f"identity--{row.id}"
    objects = elsewhere.objects()
    elsewhere.bring(objects)
    for claimed in (stranger, elsewhere.author):
        assert elsewhere.bring([elsewhere.withdrawal(objects, private, author=claimed)]) == []
        assert elsewhere.shown(objects) == 2
    # nor an address that bears no author, among objects of its own
    own = elsewhere.objects(stranger)
    elsewhere.bring(own)
    said = elsewhere.withdrawal([objects[0], *own], private, author=stranger)
    assert len(elsewhere.bring([said])) == 1
    assert elsewhere.shown(own) == 0
    assert elsewhere.shown(objects) == 2


def test_the_order_of_arrival_decides_nothing(elsewhere: Elsewhere) -> None:
    """T-55: what arrives after its withdrawal, or once more, is not there either."""
    objects = elsewhere.objects()
    said = elsewhere.withdrawal(objects)
    elsewhere.bring([said])
    elsewhere.bring(objects)
    assert elsewhere.shown(objects) == 0
    elsewhere.bring(objects)
    assert elsewhere.shown(objects) == 0


def test_a_key_counts_from_when_it_is_known_until_it_is_retired(elsewhere: Elsewhere) -> None:
    """A withdrawal that came before the key is honoured once the key is known; a retired key ends."""
    with elsewhere.database.writing() as session:
        row = session.scalars(sa.select(SigningKey).where(SigningKey.sealed.is_(None))).one()
        keys.forget_key(session, elsewhere.cast.actors["root"], row)
    objects = elsewhere.objects()
    elsewhere.bring(objects)
    said = elsewhere.withdrawal(objects)
    assert elsewhere.bring([said]) == []
    assert elsewhere.outcomes() == ["ignored"]
    public = signatures.public_key(elsewhere.private).hex()
    newer = signatures.public_key(signatures.new_private_key()).hex()
    with elsewhere.database.writing() as session:
        row = session.get_one(Administration, elsewhere.administration)
        keys.trust_key(session, elsewhere.cast.actors["root"], row, public)
        keys.trust_key(session, elsewhere.cast.actors["root"], row, newer)
    assert len(elsewhere.bring([said])) == 1, "signed while the key was in use"
    assert elsewhere.outcomes() == ["erased"]
    others = elsewhere.objects()
    elsewhere.bring(others)
    assert elsewhere.bring([elsewhere.withdrawal(others)]) == [], "signed after it was retired"


def test_no_hand_enters_the_key_of_an_administration_of_this_installation(
    elsewhere: Elsewhere,
) -> None:
    """Else whoever administers could speak for its people."""
    with elsewhere.database.writing() as session:
        local = session.get_one(Administration, elsewhere.cast.administrations["XA"])
        public = signatures.public_key(signatures.new_private_key()).hex()
        with pytest.raises(InvalidInputError):
            keys.trust_key(session, elsewhere.cast.actors["root"], local, public)


def test_receipts_of_partners_are_verified_and_noted(elsewhere: Elsewhere) -> None:
    """The producer's side: only the asked partner's own signed answer to these very bytes counts."""
    database, cast, settings = elsewhere.database, elsewhere.cast, elsewhere.settings
    cast.administrations["XR"] = elsewhere.administration
    circle = sharing.make_circle(database, cast, "XA XB XR")
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, circle)
    row = withdraw(database, settings, cast, incident, circle)
    body = json.loads(row.body or b"")
    said = withdrawal.read_withdrawal(body, now=now())

    def receipt(private: bytes = elsewhere.private, **changed: Any) -> dict[str, Any]:
        given = {"outcome": "erased", "reason": ""} | changed
        return withdrawal.receipt(
            elsewhere.author, said, tlp=TLP.AMBER_STRICT, at=now(), private=private, **given
        )

    good = receipt()
    other = withdrawal.receipt(
        elsewhere.author,
        withdrawal.read_withdrawal(elsewhere.withdrawal([good]), now=now()),
        outcome="erased",
        reason="",
        tlp=TLP.GREEN,
        at=now(),
        private=elsewhere.private,
    )
    said = replace(said, sha256="0" * 64)
    other_bytes, said = receipt(), withdrawal.read_withdrawal(body, now=now())
    refused = {
        "other bytes": (other_bytes, elsewhere.administration),
        "another key": (receipt(signatures.new_private_key()), elsewhere.administration),
        "changed": ({**good, "outcome": "cannot", "reason": "?"}, elsewhere.administration),
        "another withdrawal": (other, elsewhere.administration),
        "in another's name": (good, cast.administrations["XB"]),
    }
    for name, (one, sender) in refused.items():
        with database.writing() as session, pytest.raises(ForbiddenError):
            direct = direct_collection_of(session, cast.administrations["XA"])
            recall.note_receipts(session, direct, sender, [one])
            pytest.fail(name)
    with database.writing() as session, pytest.raises(ForbiddenError):
        direct = direct_collection_of(session, cast.administrations["XB"])
        recall.note_receipts(session, direct, elsewhere.administration, [good])
    with database.writing() as session:
        direct = direct_collection_of(session, cast.administrations["XA"])
        assert recall.note_receipts(session, direct, elsewhere.administration, [good]) == 1
    with database.reading() as session:
        noted = session.get_one(RecallReceipt, (row.id, elsewhere.administration))
        assert (noted.outcome, noted.body) == ("erased", canonical_json(good))


def test_a_file_with_a_withdrawal_is_honoured_as_it_is_taken_in(
    elsewhere: Elsewhere, browser: Any
) -> None:
    """Over an air gap: the objects by one file, their withdrawal by another, the receipt back."""
    boris, objects = browser("boris"), elsewhere.objects()
    said = elsewhere.withdrawal(objects)
    for number, content in enumerate(([*objects], [said, *objects])):
        bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": content}
        file = (io.BytesIO(json.dumps(bundle).encode()), "partner.json")
        answer = boris.post("/inbox/take-in", {"file": file}, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert elsewhere.shown(objects) == (2, 0)[number]
    assert elsewhere.outcomes() == ["erased"]
    page = boris.get("/recalls/").get_data(as_text=True)
    [url] = set(re.findall(r'href="/recalls/([0-9a-f-]{36})"', page))
    receipt = boris.get(f"/recalls/{url}/receipt.json").get_json(force=True)
    assert receipt["withdrawal_id"] == said["id"]
    assert browser("chen").get(f"/recalls/{url}/receipt.json").status_code == 404


def test_a_remote_members_machine_withdraws_from_a_circle_here(
    elsewhere: Elsewhere, app: flask.Flask
) -> None:
    """A hub: the member sent it by its own machine; its signed word hides it from all at once."""
    database, cast = elsewhere.database, elsewhere.cast
    cast.administrations["XR"] = elsewhere.administration
    circle = sharing.make_circle(database, cast, "XA XB XR", writing=MachineWriting.DIRECT)
    with database.writing() as session:
        row = session.get_one(Administration, elsewhere.administration)
        _row, token = tokens.make_token(
            session,
            None,
            administration=row,
            label="its node",
            scopes=sorted(tokens.SCOPES),
            days=3,
            settings=elsewhere.settings,
        )
    objects = elsewhere.objects()
    machine, url = Machine(app, token), f"/exchange/collections/{circle}/objects/"
    assert machine.post(url, {"objects": objects}).get_json()["success_count"] == 2
    assert "198.51.100.9" in everything_served(app, cast.tokens["XB"], circle)
    said = elsewhere.withdrawal(objects, signatures.new_private_key())
    machine.post(url, {"objects": [said]})
    assert "198.51.100.9" in everything_served(app, cast.tokens["XB"], circle), "not its key"
    machine.post(url, {"objects": [elsewhere.withdrawal(objects)]})
    assert "198.51.100.9" not in everything_served(app, cast.tokens["XB"], circle)

    # the same by the identity that it has at its own installation
    own, private = f"identity--{uuid.uuid4()}", signatures.new_private_key()
    objects = elsewhere.objects(own)
    said = elsewhere.withdrawal(objects, private, author=own)
    assert machine.post(url, {"objects": [*objects, said]}).get_json()["success_count"] == 3
    assert "198.51.100.9" in everything_served(app, cast.tokens["XB"], circle), "no key of it"
    with database.writing() as session:
        keys.trust_key(
            session,
            cast.actors["root"],
            session.get_one(Administration, elsewhere.administration),
            signatures.public_key(private).hex(),
            identity=own,
        )
        recall.honour_waiting(session, recall.safe_of(elsewhere.settings), own)
    assert "198.51.100.9" not in everything_served(app, cast.tokens["XB"], circle)
    with database.reading() as session:  # the key of its identity here counts beside it
        rows = keys.keys_of(session, elsewhere.administration)
        assert [row.retired_at for row in rows] == [None, None]
