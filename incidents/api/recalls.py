"""Operations on recalls: read alone; taking back is a person's act."""

import uuid
from typing import Any, Final

from cirt import access
from cirt.access import load, require
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, described, nullable, one_of, page_of, record
from cirt.incidents.api.values import BOOLEAN
from cirt.incidents.recall.progress import is_complete
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.web import actor, db_session

_TAGS: Final = ("Recalls",)

RECALL: Final = record(
    "Recall",
    "That something was taken back: by the own administration, or by whom it came from.",
    {
        "id": ID,
        "kind": described(
            one_of(*RecallKind), "No longer valid; or it should never have been sent."
        ),
        "own": described(BOOLEAN, "Whether the own administration took it back."),
        "collection_id": ID,
        "incident_id": described(nullable(ID), "The own incident; null for a received one."),
        "recalled_at": described(
            TIME, "In a confidential circle to the hour, as the recall itself says it."
        ),
        "complete": {
            "type": ["boolean", "null"],
            "description": "Whether all partners honoured it; null for a received one.",
        },
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "modified", "sha256"],
                "properties": {"id": TEXT, "modified": TEXT, "sha256": TEXT},
            },
        },
    },
)
RECALLS: Final = page_of("RecallPage", RECALL)


@operation(
    "GET",
    "/recalls",
    action="recall.list",
    summary="List recalls",
    response=RECALLS,
    paged=True,
    tags=_TAGS,
)
def list_recalls(page: PageRequest) -> Paged:
    """What was taken back, in no order of time: the own recalls with releases.read, those that
    arrived with circles.read."""
    require(db_session(), actor(), "recall.list")
    query = access.visible(actor(), Recall, "recall.read")
    # by id: the place of a page must not tell the time of an act in a confidential circle
    return read_page(db_session(), query, page, Recall.id, plain=_plain_recall)


@operation(
    "GET",
    "/recalls/{recall_id}",
    action="recall.read",
    summary="Read a recall",
    response=RECALL,
    tags=_TAGS,
)
def read_recall(recall_id: uuid.UUID) -> dict[str, Any]:
    """One recall: which versions, and whether everybody honoured it."""
    return _plain_recall(load(db_session(), actor(), Recall, recall_id, seen_by="recall.read"))


def _plain_recall(row: Recall) -> dict[str, Any]:
    own = row.administration_id == actor().administration_id
    at = row.recalled_at
    if row.collection.is_confidential and not own:
        at = at.replace(minute=0, second=0, microsecond=0)
    withdrawn = own and row.kind == RecallKind.NEVER_SENT
    return {
        "id": str(row.id),
        "kind": row.kind,
        "own": own,
        "collection_id": str(row.collection_id),
        "incident_id": str(row.incident_id) if own and row.incident_id else None,
        "recalled_at": plain_time(at),
        "complete": is_complete(db_session(), row) if withdrawn else None,
        "objects": [
            {name: str(one.get(name) or "") for name in ("id", "modified", "sha256")}
            for one in row.objects
        ],
    }
