"""What is new for a webhook: asked of what its administration may know of now, at every look.

No writer of a feed, release or recall knows of webhooks, so none of them takes longer, or
otherwise, because somebody listens.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, Role, visible
from cirt.clock import now
from cirt.db import Base
from cirt.incidents import submissions
from cirt.incidents.circle_models import Collection
from cirt.incidents.exits import Exit, words_leaving
from cirt.incidents.feed_clauses import STORED
from cirt.incidents.recall.progress import is_complete
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion, Submission
from cirt.incidents.webhook_models import Webhook, WebhookMark
from cirt.incidents.webhook_rights import SCOPE
from cirt.incidents.webhooks.kinds import Kind

MOST_COUNTED: Final = 1_000
"""Of new objects; above it a message says that there are more."""

LOOKED_BACK: Final = timedelta(days=30)
"""What ended longer ago is told to nobody, also if the webhook was switched off meanwhile."""

RECALLS_FOLLOWED: Final = timedelta(days=180)

_LEAVING: Final = words_leaving(Exit.NOTIFICATION)


@dataclass(frozen=True, slots=True)
class News:
    """Something that a webhook was not told yet.

    position: of a collection's feed. data: of the message; {} when nothing is to be told, since
    what came is not for notifications or was taken away again.
    """

    kind: Kind
    subject_id: uuid.UUID
    data: Mapping[str, Any] = field(default_factory=dict)
    position: int = 0


def teller(administration_id: uuid.UUID) -> Actor:
    """Return in whose name a webhook is told: a machine of the administration."""
    return Actor(administration_id, frozenset({Role.MACHINE}), scopes=frozenset({SCOPE}))


def news_for(session: Session, webhook: Webhook, kinds: Iterable[str], address: str) -> list[News]:
    """Return what is new of these kinds. address: of this installation, for links."""
    return [one for kind in kinds for one in _FINDERS[Kind(kind)](session, webhook, address)]


def may_be_told(
    session: Session, administration_id: uuid.UUID, kind: str, subject_id: uuid.UUID | None
) -> bool:
    """Return whether an administration may know now of what a message is about."""
    if subject_id is None:  # a trial is about nothing
        return True
    model = _SUBJECTS[Kind(kind)]
    query = visible(teller(administration_id), model, "webhook.tell")
    key = sa.inspect(model).primary_key[0]
    query = query.where(key == subject_id).with_only_columns(key)
    return session.scalar(query) is not None


def _collections(session: Session, webhook: Webhook, address: str) -> Iterator[News]:
    kind = Kind.COLLECTION_NEW
    told = sa.func.coalesce(WebhookMark.position, 0)
    readable = visible(teller(webhook.administration_id), Collection, "webhook.tell")
    query = (
        readable.with_only_columns(Collection.id, FeedCounter.n, told)
        .join(FeedCounter, FeedCounter.collection_id == Collection.id)
        .outerjoin(
            WebhookMark,
            sa.and_(
                WebhookMark.webhook_id == webhook.id,
                WebhookMark.kind == kind.value,
                WebhookMark.subject_id == Collection.id,
            ),
        )
        .where(FeedCounter.n > told)
        .order_by(Collection.id)
    )
    for collection_id, end, begin in session.execute(query).all():
        count = _count(session, collection_id, begin, end)
        data = {
            "collection_id": str(collection_id),
            "position": end,
            "count": min(count, MOST_COUNTED),
            "more": count > MOST_COUNTED,
            "url": f"{address}/exchange/collections/{collection_id}/objects/",
        }
        yield News(kind, collection_id, data if count else {}, end)


def _count(session: Session, collection_id: uuid.UUID, begin: int, end: int) -> int:
    """Return how many objects stand between two positions, at most one above MOST_COUNTED."""
    entries = (
        sa.select(FeedEntry.seq)
        .join(ObjectVersion, STORED)
        .where(
            FeedEntry.collection_id == collection_id,
            FeedEntry.seq > begin,
            FeedEntry.seq <= end,
            FeedEntry.withdrawn_at.is_(None),
            ObjectVersion.erased_at.is_(None),
            ObjectVersion.tlp.in_(_LEAVING),
        )
        .limit(MOST_COUNTED + 1)
    )
    return session.scalar(sa.select(sa.func.count()).select_from(entries.subquery())) or 0


def _releases(
    session: Session, webhook: Webhook, address: str, kind: Kind, which: sa.ColumnElement[bool]
) -> Iterator[News]:
    query = _untold(webhook, Release, kind).where(which, Release.tlp.in_(_LEAVING))
    for row in session.scalars(query.order_by(Release.prepared_at, Release.id)).unique():
        data = {
            "release_id": str(row.id),
            "collection_id": str(row.collection_id),
            "url": f"{address}/releases/{row.id}",
        }
        if row.incident_id is not None:
            data["incident_id"] = str(row.incident_id)
        yield News(kind, row.id, data)


def _waiting(session: Session, webhook: Webhook, address: str) -> Iterator[News]:
    which = Release.state == ReleaseState.PREPARED.value
    return _releases(session, webhook, address, Kind.RELEASE_WAITING, which)


def _approved(session: Session, webhook: Webhook, address: str) -> Iterator[News]:
    which = sa.and_(
        Release.state == ReleaseState.APPROVED.value, Release.ended_at > now() - LOOKED_BACK
    )
    return _releases(session, webhook, address, Kind.RELEASE_APPROVED, which)


def _recalls(session: Session, webhook: Webhook, address: str, kind: Kind) -> Iterator[News]:
    own = Recall.administration_id == webhook.administration_id
    arrived = kind is Kind.RECALL_ARRIVED
    query = _untold(webhook, Recall, kind).where(
        Recall.kind == RecallKind.NEVER_SENT.value,
        Recall.recalled_at > now() - (LOOKED_BACK if arrived else RECALLS_FOLLOWED),
        sa.or_(Recall.administration_id.is_(None), sa.not_(own)) if arrived else own,
    )
    for row in session.scalars(query.order_by(Recall.recalled_at, Recall.id)).unique():
        if not arrived and not is_complete(session, row):
            continue
        data = {
            "recall_id": str(row.id),
            "collection_id": str(row.collection_id),
            "count": len(row.objects),
            "url": f"{address}/recalls/{row.id}",
        }
        yield News(kind, row.id, data)


def _submissions(session: Session, webhook: Webhook, address: str) -> Iterator[News]:
    kind = Kind.SUBMISSION_WAITING
    query = _untold(webhook, Submission, kind).where(Submission.state == submissions.WAITING)
    for row in session.scalars(query.order_by(Submission.received_at, Submission.id)):
        data = {
            "submission_id": str(row.id),
            "collection_id": str(row.collection_id),
            "count": len(row.version_ids),
            "url": f"{address}/submissions/{row.id}",
        }
        yield News(kind, row.id, data)


def _untold(webhook: Webhook, model: type[Base], kind: Kind) -> sa.Select[Any]:
    """Return the query for the rows that the administration may know of and was not told of."""
    key = sa.inspect(model).primary_key[0]
    told = sa.select(WebhookMark.subject_id).where(
        WebhookMark.webhook_id == webhook.id,
        WebhookMark.kind == kind.value,
        WebhookMark.subject_id == key,
    )
    seen = visible(teller(webhook.administration_id), model, "webhook.tell")
    return seen.where(~told.correlate(model).exists())


_Finder = Callable[[Session, Webhook, str], Iterator[News]]

_FINDERS: Final[Mapping[Kind, _Finder]] = {
    Kind.COLLECTION_NEW: _collections,
    Kind.RELEASE_WAITING: _waiting,
    Kind.RELEASE_APPROVED: _approved,
    Kind.RECALL_ARRIVED: partial(_recalls, kind=Kind.RECALL_ARRIVED),
    Kind.RECALL_COMPLETED: partial(_recalls, kind=Kind.RECALL_COMPLETED),
    Kind.SUBMISSION_WAITING: _submissions,
}

_SUBJECTS: Final[Mapping[Kind, type[Base]]] = {
    Kind.COLLECTION_NEW: Collection,
    Kind.RELEASE_WAITING: Release,
    Kind.RELEASE_APPROVED: Release,
    Kind.RECALL_ARRIVED: Recall,
    Kind.RECALL_COMPLETED: Recall,
    Kind.SUBMISSION_WAITING: Submission,
}
