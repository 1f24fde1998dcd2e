"""What the sensors of a circle's readers may look for now, as lists and rules."""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.incidents.circle_models import Collection
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.feed_clauses import STORED, given_out_now, named
from cirt.incidents.inbox_models import ReceivedItem, ReceivedState
from cirt.incidents.object_store import object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.detection_forms import written
from cirt.stix.detection_lists import (
    DetectionList,
    Entry,
    Heading,
    LeftOut,
    ListForm,
    entries,
)
from cirt.stix.marking import TLP, strictest


@dataclass(frozen=True, slots=True)
class Watchlist:
    """The indicators of a collection that hold now, and what was left out with its reason.

    seq: how far into the collection's feed the indicators reach.
    """

    title: str
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    seq: int = 0

    @property
    def tlp(self) -> TLP:
        """The strictest marking of all that is in it; CLEAR when it is empty."""
        return strictest((one.tlp for one in self.entries), default=TLP.CLEAR)


def watchlist(
    session: Session, collection: Collection, administration_id: uuid.UUID, *, accepted_only: bool
) -> Watchlist:
    """Return what a collection's indicators ask to look for.

    accepted_only: leave out what the administration has not accepted from its inbox; what it
    declined is left out always. Markings that do not allow this way out are left out.
    """
    found: list[tuple[dict[str, Any], TLP]] = []
    last = 0
    query = (
        sa.select(ObjectVersion.body, ObjectVersion.tlp, FeedEntry.seq)
        .join(FeedEntry, STORED)
        .where(*given_out_now(collection.id), FeedEntry.type == "indicator")
        .order_by(FeedEntry.stix_id)
    )
    for body, label, seq in session.execute(query):
        tlp = TLP(label)
        if body is not None and may_leave(tlp, Exit.DETECTION):
            found.append((object_in(body), tlp))
            last = max(last, seq)
    accepted, declined = _decided(session, collection, administration_id)
    kept = [
        (one, tlp)
        for one, tlp in found
        if one["id"] not in declined and (not accepted_only or one["id"] in accepted)
    ]
    good, left = entries(kept, now=now())
    return Watchlist(collection.title, tuple(good), tuple(left), last)


def detection_list(found: Watchlist, form: ListForm) -> DetectionList:
    """Return the list in a form, marked with the strictest marking in it and the present time."""
    heading = Heading(title=found.title, tlp=found.tlp, made=now().replace(microsecond=0))
    return written(form, found.entries, heading)


def _decided(
    session: Session, collection: Collection, administration_id: uuid.UUID
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of objects that the administration accepted, and that it declined.

    Each item with what the version that was decided about holds together.
    """
    query = (
        sa.select(ReceivedItem.state, ReceivedItem.stix_id, ObjectVersion.body)
        .select_from(ReceivedItem)
        .join(
            FeedEntry,
            sa.and_(
                named(ReceivedItem.collection_id, ReceivedItem.stix_id),
                FeedEntry.version_key == ReceivedItem.version,
            ),
        )
        .join(ObjectVersion, STORED)
        .where(
            ReceivedItem.collection_id == collection.id,
            ReceivedItem.administration_id == administration_id,
            # a decision that was taken back says nothing
            ReceivedItem.state != ReceivedState.NEW.value,
        )
    )
    accepted: set[str] = set()
    declined: set[str] = set()
    for state, stix_id, body in session.execute(query):
        held = {stix_id, *(object_in(body).get("object_refs", ()) if body else ())}
        (accepted if state == ReceivedState.ACCEPTED else declined).update(held)
    return frozenset(accepted), frozenset(declined - accepted)
