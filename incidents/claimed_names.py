"""In whose name objects come, and under which ids: rules of the strict door against what is known.

For confidential circles see docs/decisions/0011-confidential-circles.md.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.errors import N_, ForbiddenError
from cirt.incidents import feed
from cirt.incidents.circle_models import Collection, Membership
from cirt.incidents.examined_objects import Examined
from cirt.incidents.object_store import (
    STANDARD_BODIES,
    Earlier,
    Incoming,
    in_parts,
    published_object,
)
from cirt.incidents.store_models import FeedEntry
from cirt.many_rows import for_each
from cirt.stix.iep import iep_from, iep_marking
from cirt.stix.schema_validators import known_types
from cirt.stix.withdrawal import RECEIPT_TYPE

Known = Mapping[int, Incoming]
"""Objects by their place: all that are well formed, whatever else was found against them."""

_MENTION: Final = re.compile(
    rb"[a-z][a-z0-9-]*--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)

NOT_AS_PUBLISHED: Final = N_(
    "%(id)s is the id of an object that a standards body publishes, and this is not what it"
    " publishes. Send it as it is published, or leave it out."
)
OTHER_AUTHOR: Final = N_(
    "Its author (“created_by_ref”) is another administration. Name your own identity, or none."
)


def refuse_taken(
    session: Session, owner: uuid.UUID, collection: Collection, examined: Examined, known: Known
) -> None:
    """Refuse ids that belong to somebody else in this collection."""
    owners = feed.owners_in(session, collection.id, [item.stix_id for item in known.values()])
    for place, item in known.items():
        if owners.get(item.stix_id, item.owner_id) != item.owner_id:
            examined.refuse(place, feed.OtherProducerError(item.stix_id))


def refuse_common(collection: Collection, examined: Examined, known: Known) -> None:
    """Refuse what every release bears, in anybody's own version of it.

    Whoever brought an id first keeps it in a collection: with the identity or the policy of the
    circle, or with an extension or a technique that releases refer to, nobody else could release or
    recall there any more.
    """
    circles = {f"identity--{collection.id}"}
    if collection.iep is not None:
        circles.add(iep_marking(iep_from(collection.iep), collection.id)["id"])
    for place, item in known.items():
        if item.stix_id in circles:
            examined.refuse(place, feed.OtherProducerError(item.stix_id))
        elif item.owner_id != STANDARD_BODIES and published_object(item.stix_id) is not None:
            examined.refuse(place, ForbiddenError(NOT_AS_PUBLISHED, id=item.stix_id))


def refuse_other_names(
    session: Session,
    owner: uuid.UUID,
    collection: Collection | None,
    examined: Examined,
    known: Known,
) -> None:
    """Refuse what speaks in another administration's name, or names anybody where nobody is named."""
    identities = {f"identity--{one}" for one in session.scalars(sa.select(Administration.id))}
    if collection is not None and collection.is_confidential:
        _refuse_attributed(collection, identities, examined, known)
        return
    identities.discard(f"identity--{owner}")
    for place, item in known.items():
        if item.stix_id in identities:
            examined.refuse(place, feed.OtherProducerError(item.stix_id))
        elif examined.claims.get(place) in identities:
            examined.refuse(place, ForbiddenError(OTHER_AUTHOR))


def _refuse_attributed(
    collection: Collection, identities: set[str], examined: Examined, known: Known
) -> None:
    allowed = {"", f"identity--{collection.id}"}
    for place, item in known.items():
        # a receipt is handed to the owner of what was recalled, and becomes content of no feed
        if item.owner_id == STANDARD_BODIES or item.type == RECEIPT_TYPE:
            continue
        if examined.claims.get(place, "") not in allowed or identities & _mentions(item):
            examined.refuse(
                place,
                ForbiddenError(
                    N_(
                        "The members of this circle do not know of each other: send the object"
                        " without “created_by_ref”, and without the identity of an administration."
                    )
                ),
            )


def chosen_ids(collection: Collection | None, own: Known) -> dict[int, set[str]]:
    """Return, by place, the ids of an object by which two audiences could be compared.

    own: the sender's own objects. In a confidential circle every id counts that an object names;
    one that follows from its content (an SCO's) says no more than the content.
    """
    if collection is None:
        return {}
    everything = collection.is_confidential
    return {
        place: {
            one for one in (_mentions(item) if everything else (item.stix_id,)) if _was_chosen(one)
        }
        for place, item in own.items()
    }


def refuse_elsewhere(
    session: Session,
    collection: Collection | None,
    examined: Examined,
    chosen: Mapping[int, set[str]],
    earlier: Sequence[Earlier],
) -> None:
    """Refuse ids by which a confidential circle could be compared with another audience.

    chosen: what `chosen_ids` says. earlier: what is kept of these ids of the sender.
    """
    if collection is None:
        return
    given = _given_elsewhere(session, collection, set().union(*chosen.values()), earlier)
    for place, mentions in chosen.items() if given else ():
        found = sorted(mentions & given)
        if found:
            examined.refuse(
                place,
                ForbiddenError(
                    N_(
                        "%(id)s was given to another audience, and one of the two does not know its"
                        " members: use an id that no other audience has."
                    ),
                    id=found[0],
                ),
            )


def _given_elsewhere(
    session: Session, collection: Collection, stix_ids: set[str], earlier: Sequence[Earlier]
) -> set[str]:
    """Return which of the ids are in other feeds, one of the two being confidential."""
    own = {one.id: one.stix_id for one in earlier if one.stix_id in stix_ids}
    elsewhere = sa.select(FeedEntry.object_version_id).where(
        FeedEntry.collection_id != collection.id
    )
    if not collection.is_confidential:
        elsewhere = elsewhere.join(Collection, Collection.id == FeedEntry.collection_id).where(
            Collection.membership == Membership.CONFIDENTIAL.value
        )
    found: set[str] = set()
    for ids in in_parts(sorted(own)):
        given = for_each(session, elsewhere, FeedEntry.object_version_id, ids)
        found.update(own[version_id] for version_id in session.scalars(given))
    return found


def _mentions(item: Incoming) -> set[str]:
    """Return the ids that stand anywhere in an object, its own among them."""
    return {found.decode("ascii") for found in _MENTION.findall(item.body)}


def _was_chosen(stix_id: str) -> bool:
    """Return whether somebody chose an id; those of an SCO (version 5) follow from its content.

    Source: STIX 2.1, section 2.9. What standard bodies publish is nobody's own either.
    """
    if stix_id[-22] == "5" and known_types().get(stix_id[:-38]) == "sco":
        return False
    return not published_object(stix_id)
