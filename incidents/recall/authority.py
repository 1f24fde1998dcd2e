"""Who may withdraw what: only its author, by a key that is known here to be the author's."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.errors import N_
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.inbox_models import Peer
from cirt.incidents.object_store import object_in
from cirt.incidents.recall import exposure
from cirt.incidents.recall.exposure import Shown
from cirt.incidents.recall.keys import keys_for, uuid_of, valid_at, written_at
from cirt.stix.references import references_of
from cirt.stix.signatures import Verdict, verify
from cirt.stix.withdrawal import Withdrawal, author_of

REASONS: Final[dict[Verdict, str]] = {
    Verdict.UNSIGNED: N_("It bears no signature."),
    Verdict.UNKNOWN_KEY: N_("It is signed by a key that is not known here to be its author's."),
    Verdict.BROKEN: N_("Its signature does not fit it: it is forged or was changed on the way."),
}
NOT_ITS_OWN: Final = N_("It names objects that are not its author's.")

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a withdrawal may take away here. refusal: why nothing, "" if it is its author's.

    taken: of what it names, the versions that are here and the author's. strange: whether it
    names anybody else's. signer: the administration whose key it is, None if it is none's here.
    """

    refusal: str
    taken: tuple[Shown, ...] = ()
    strange: bool = False
    signer: uuid.UUID | None = None


def judge(
    session: Session, collection: Collection, said: Withdrawal, body: dict[str, Any]
) -> Judged:
    """Return what a withdrawal that came into a collection may take away from it."""
    keys = _keys_of_author(session, collection, said)
    verdict, key = verify(body, keys)
    if verdict is not Verdict.GOOD or key is None:
        return Judged(REASONS[verdict])
    signer = keys[key]
    wanted = {(one.object_id, one.modified) for one in said.withdrawn}
    found = [
        one
        for one in exposure.shown(session, collection, [named for named, _ in wanted])
        if (one.stix_id, one.modified) in wanted
    ]
    own = [one for one in found if _is_authors(session, collection, said.author, signer, one)]
    own = _not_of_others(session, collection, said.author, own)
    strange = len(own) < len(found)
    if strange and not own:
        return Judged(NOT_ITS_OWN, strange=True)
    return Judged("", tuple(own), strange, signer)


def _keys_of_author(
    session: Session, collection: Collection, said: Withdrawal
) -> dict[bytes, uuid.UUID | None]:
    """Return the public keys by which this author may have signed what came into this collection.

    With each the administration whose it is.
    """
    at = written_at(said.created)
    entered = keys_for(session, said.author)
    if entered:  # these alone: what was retired does not come back by another page
        return {row.public: row.administration_id for row in entered if valid_at([row], at)}
    here = session.get(Administration, uuid_of(said.author))
    found: dict[bytes, uuid.UUID | None] = {}
    peers = sa.select(Peer).where(Peer.collection_id == collection.id)
    for peer in session.scalars(peers).unique():
        speaks_for = peer.remote_administration_id
        if peer.public_key is None or (here is not None and here.id != speaks_for):
            continue
        # for one administration, under whatever id it signs at its own place, or for its circle
        if speaks_for is not None or said.author in _circles_of(peer):
            found[peer.public_key] = speaks_for
    return found


def _circles_of(peer: Peer) -> set[str]:
    """Return the identities of the circle that a peer's address names: it speaks for its members."""
    return {f"identity--{found}" for found in _UUID.findall(peer.url.lower())}


def _is_authors(
    session: Session, collection: Collection, author: str, signer: uuid.UUID | None, one: Shown
) -> bool:
    claimed = _claims(one)
    if claimed not in ("", author):
        return False
    if author_of(one.owner_id) == author or one.owner_id == signer:
        return True  # sent by the author itself
    if collection.kind != CollectionKind.INTAKE:
        return False
    # what was relayed stands in the name of the source; the object says whose it is
    return claimed == author or session.get(Administration, one.owner_id) is None


def _not_of_others(
    session: Session, collection: Collection, author: str, own: Sequence[Shown]
) -> list[Shown]:
    """Leave out what bears no author and belongs to what others made: an observable of theirs."""
    nameless = {one.stix_id for one in own if not _claims(one)}
    if not nameless:
        return list(own)
    spoken: set[str] = set()
    names = {one.stix_id for one in own}
    for owner in {one.owner_id for one in own}:
        for other in exposure.followers(session, collection, owner, own):
            claimed = object_in(other.body or b"{}").get("created_by_ref", "")
            if claimed not in ("", author) and other.stix_id not in names:
                spoken |= nameless & set(references_of(object_in(other.body or b"{}")))
    return [one for one in own if one.stix_id not in spoken]


def _claims(one: Shown) -> str:
    return str(object_in(one.body or b"{}").get("created_by_ref", ""))
