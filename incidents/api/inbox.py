"""Operations on the inbox: what arrived and what people decided; deciding stays with people."""

import uuid
from typing import Any, Final

from cirt.access import require
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest
from cirt.api.parameters import Parameter
from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, described, nullable, one_of, page_of, record
from cirt.incidents.api.values import COUNT, MARKING
from cirt.incidents.inbox import arrivals
from cirt.incidents.inbox.items import Narrowed
from cirt.incidents.inbox.received import Item, State
from cirt.stix.taxii_protocol import microseconds
from cirt.web import actor, db_session

_STATES: Final = tuple(state.value for state in arrivals.STATES)

ARRIVAL: Final = record(
    "Arrival",
    "Something that reached the administration, and what it decided about it.",
    {
        "collection_id": ID,
        "stix_id": TEXT,
        "type": TEXT,
        "version": described(TEXT, "As TAXII's manifest has it."),
        "title": described(TEXT, "What the object says of itself; empty when it was taken back."),
        "tlp": MARKING,
        "position": described(COUNT, "In the feed of the collection."),
        "arrived_on": described({"type": "string", "format": "date"}, "The day; a date in UTC."),
        "state": one_of(*_STATES),
        "decided_at": nullable(TIME),
        "incident_id": described(nullable(ID), "The own incident into which it was taken over."),
    },
)
ARRIVALS: Final = page_of("ArrivalPage", ARRIVAL)


@operation(
    "GET",
    "/inbox",
    action="inbox.list",
    summary="List what arrived",
    response=ARRIVALS,
    paged=True,
    tags=("Inbox",),
    parameters=(
        Parameter("state", "Only in this state.", one_of(*_STATES)),
        Parameter("collection_id", "Only out of this collection.", ID),
    ),
)
def list_arrivals(state: str | None, collection_id: uuid.UUID | None, page: PageRequest) -> Paged:
    """What reached the own administration, the newest first: reports, incidents, and what no
    report holds. What it released itself is left out unless `state` asks for it. Contents are
    read by TAXII; people decide."""
    require(db_session(), actor(), "inbox.list")
    narrowed = Narrowed(state=state or "", collection=str(collection_id) if collection_id else "")
    before = None
    if page.after is not None:
        before = int(page.after[0]), uuid.UUID(page.after[1])
    found = arrivals.arrivals(db_session(), actor(), narrowed, before=before, most=page.limit + 1)
    rows = found[: page.limit]
    known = arrivals.known_incidents(db_session(), actor(), rows)
    end = (str(microseconds(rows[-1].added_at)), str(rows[-1].collection.id)) if rows else None
    return Paged([_plain(one, known) for one in rows], end if len(found) > page.limit else None)


def _plain(item: Item, known: set[uuid.UUID]) -> dict[str, Any]:
    decision = item.decision
    incident_id = decision.incident_id if decision else None
    state = State.ACCEPTED if item.state is State.MERGED else item.state
    return {
        "collection_id": str(item.collection.id),
        "stix_id": item.stix_id,
        "type": item.type,
        "version": item.written_version,
        "title": item.title,
        "tlp": item.tlp.value,
        "position": item.seq,
        "arrived_on": item.added_at.date().isoformat(),
        "state": state.value,
        "decided_at": plain_time(decision.decided_at) if decision else None,
        "incident_id": str(incident_id) if incident_id in known else None,
    }
