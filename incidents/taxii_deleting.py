"""A machine takes its own objects out of a collection (TAXII 2.1, section 5.7), and partners learn of it.

What is deleted is on no page any more, as after a recall by a person. TAXII has no word for those
who fetched it before, so a signed withdrawal takes its place in the feed, which asks them to erase
it. What people released is recalled by people: it belongs to a case, with its holds and followers.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import access, audit
from cirt.access import Actor
from cirt.accounts.models import Administration, Place
from cirt.clock import now
from cirt.errors import N_, ForbiddenError, NotFoundError
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import in_parts, object_in
from cirt.incidents.recall import Safe, acts, exposure, keys, local_effects
from cirt.incidents.recall.exposure import Shown
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.incidents.release_models import Release, ReleaseState, StandingApproval
from cirt.incidents.store_models import ObjectVersion
from cirt.stix import taxii_filters
from cirt.stix import withdrawal as wire
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP, strictest
from cirt.stix.taxii_filters import Filters, Which, all_versions, read_filters
from cirt.stix.withdrawal import Named

REASON: Final = N_("A machine of its producer deleted it by TAXII.")
"""What the withdrawal says, in English as it leaves."""

_SAID_FOR_GOOD: Final = (wire.WITHDRAWAL_TYPE, wire.RECEIPT_TYPE)


def check_rights(session: Session, actor: Actor, collection: Collection) -> None:
    """Raise unless a machine may delete here at all.

    Whoever may neither read nor write learns nothing (404); whoever may do one of both is told
    that it needs both (403).
    """
    if not any(
        access.allowed(session, actor, action, collection)
        for action in ("taxii.read", "taxii.write")
    ):
        raise NotFoundError
    for action in ("taxii.read", "taxii.write", "taxii.delete"):
        access.require(session, actor, action, collection)


def read_versions(
    pairs: Iterable[tuple[str, str]], *, key: bytes, collection: uuid.UUID
) -> Filters:
    """Return which versions a request names: all of them without match[version].

    Raises BadFilterError. pairs: the query's names and values as sent.
    """
    given = list(pairs)
    filters = read_filters(given, taxii_filters.DELETION, key=key, collection=collection)
    return filters if any(name == "match[version]" for name, _ in given) else all_versions(filters)


def delete(
    session: Session,
    actor: Actor,
    collection: Collection,
    approval: StandingApproval | None,
    stix_id: str,
    filters: Filters,
    *,
    safe: Safe,
) -> Recall:
    """Take versions of an object out of a collection for good, and tell partners.

    Raises NotFoundError when no version is meant; ForbiddenError for what is not the actor's own,
    for what people released, and for a remote administration: nobody here can sign in its name.
    """
    # two deletions at once: the second waits here, and finds what the first left
    own = Administration.id == actor.administration_id
    place = session.scalar(
        sa.select(Administration.place).where(own).with_for_update(key_share=True)
    )
    here = exposure.shown(session, collection, [stix_id])
    if not here or here[0].owner_id != actor.administration_id:
        raise ForbiddenError(N_("Only its producer takes an object out of a collection."))
    taken = _meant(here, filters)
    if not taken:
        raise NotFoundError
    if taken[0].type in _SAID_FOR_GOOD:
        raise ForbiddenError(N_("A withdrawal, and its receipt, cannot be taken back."))
    if _is_released(session, actor, collection, stix_id, taken):
        raise ForbiddenError(
            N_("People released this object; a releasing officer can recall it on the pages.")
        )
    if place == Place.REMOTE or approval is None:
        raise ForbiddenError(
            N_("Send a withdrawal that your own installation signed; none can be signed here.")
        )
    recalls = _withdraw(session, actor, collection, taken, safe)
    for row in recalls:
        audit.record(
            session,
            actor,
            "taxii.delete",
            row,
            collection=str(collection.id),
            approval=str(approval.id),
            approved_by=str(approval.approver_id),
            objects=len(row.objects),
        )
    return recalls[0]


def _meant(here: Sequence[Shown], filters: Filters) -> list[Shown]:
    keys_here = sorted(one.version_key for one in here)
    meant = set(filters.exact)
    if Which.ALL in filters.which:
        meant |= set(keys_here)
    if Which.FIRST in filters.which:
        meant.add(keys_here[0])
    if Which.LAST in filters.which:
        meant.add(keys_here[-1])
    return [
        one
        for one in here
        if one.version_key in meant
        and (filters.spec_versions is None or _spec_version(one) in filters.spec_versions)
    ]


def _spec_version(one: Shown) -> str:
    return str(object_in(one.body or b"{}").get("spec_version", "2.1"))


def _is_released(
    session: Session, actor: Actor, collection: Collection, stix_id: str, taken: Sequence[Shown]
) -> bool:
    """Return whether people, and not only machines, gave it to this audience."""
    origins = sa.select(ObjectVersion.via).where(
        ObjectVersion.owner_id == actor.administration_id,
        ObjectVersion.id.in_([one.id for one in taken]),
    )
    if any(via != "taxii" for via in session.scalars(origins)):
        return True
    # the same version may have come both ways
    bundles = sa.select(Release.bundle).where(
        Release.administration_id == actor.administration_id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.APPROVED.value,
        Release.bundle.is_not(None),
    )
    name = b'"id":"%s"' % stix_id.encode("ascii")
    found = session.scalars(bundles.execution_options(yield_per=20))
    return any(name in bundle for bundle in found if bundle)


def _withdraw(
    session: Session, actor: Actor, collection: Collection, taken: Sequence[Shown], safe: Safe
) -> list[Recall]:
    moment, owner = now(), actor.administration_id
    if collection.is_confidential:
        # in the name of the circle, at a time that gives nobody away
        moment = moment.replace(minute=0, second=0, microsecond=0)
        author, private = collection.id, keys.circle_key(collection)
    else:
        author, private = owner, keys.private_key(session, owner, safe.secret_key)
    recalls: list[Recall] = []
    said: list[tuple[dict[str, object], str]] = []
    for part in in_parts(taken, acts.MOST_NAMED):
        tlp = strictest(TLP(one.tlp) for one in part)
        named = [Named(one.stix_id, one.modified, one.digest) for one in part]
        body = wire.withdrawal(
            wire.author_of(author), named, reason=REASON, tlp=tlp, at=moment, private=private
        )
        said.append((body, tlp.value))
        recalls.append(
            Recall(
                administration_id=owner,
                collection_id=collection.id,
                collection=collection,
                kind=RecallKind.NEVER_SENT.value,
                reason=REASON,
                stix_id=body["id"],
                objects=[
                    {"id": one.stix_id, "modified": one.modified, "sha256": one.digest}
                    for one in part
                ],
                body=canonical_json(body),
                recalled_at=now(),
            )
        )
    session.add_all(recalls)
    session.flush()
    acts.take_away(session, safe, collection, taken, cause="withdrawn")
    acts.append(session, owner, collection, said, with_definitions=True)
    for row in recalls:
        local_effects.note_local_receipts(session, collection, row, min(one.seq for one in taken))
    session.flush()
    return recalls
