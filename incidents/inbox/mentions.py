"""The index of what received objects refer to and which observables they name.

A job reads it out of each collection's feed, behind the arrivals; nothing of the content is copied
but digests and ids. What it yields depends on the latest versions alone, not on their order.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.errors import N_
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import STORED, given_out_now
from cirt.incidents.inbox import contents
from cirt.incidents.inbox.useful import keys_of
from cirt.incidents.inbox_models import ItemReference, LooseObject, Mention, MentionCursor
from cirt.incidents.object_store import in_parts, insert_if_absent, object_in, published_object
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.jobs import Effect, Job, Task, enqueue, handles

JOB: Final = "inbox.mentions"
AT_ONCE: Final = 2_000

HOLDS, ABOUT = "holds", "about"


@sa.event.listens_for(FeedCounter, "after_update")
def _arrived(_mapper: Any, connection: sa.Connection, counter: FeedCounter) -> None:
    """Ask for the index to be brought up to date, in the transaction of the arrival."""
    if not sa.inspect(counter).attrs.n.history.has_changes():
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    job = insert(Job).values(
        kind=JOB,
        key=f"{JOB}:{counter.collection_id}:{counter.n}",
        payload={"collection_id": str(counter.collection_id)},
        run_at=now(),
    )
    connection.execute(job.on_conflict_do_nothing(index_elements=[Job.key]))


@handles(JOB, name=N_("Bringing the index of received objects up to date"))
def read_mentions(task: Task) -> Effect:
    """Read what one collection's feed holds behind the cursor."""
    collection_id = uuid.UUID(task.payload["collection_id"])

    def effect(session: Session) -> dict[str, Any] | None:
        read, more = bring_up_to_date(session, collection_id)
        if more:
            enqueue(session, JOB, {"collection_id": str(collection_id)})
        return {"read": read}

    return effect


@handles("inbox.mentions.all", name=N_("Checking the index of received objects"), daily=True)
def _read_all(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        behind = (
            sa.select(FeedCounter.collection_id)
            .outerjoin(MentionCursor, MentionCursor.collection_id == FeedCounter.collection_id)
            .where(FeedCounter.n > sa.func.coalesce(MentionCursor.seq, 0))
        )
        for collection_id in session.scalars(behind):
            enqueue(session, JOB, {"collection_id": str(collection_id)})
        return {"forgotten": _forget_erased(session)}

    return effect


def bring_up_to_date(session: Session, collection_id: uuid.UUID) -> tuple[int, bool]:
    """Read the next part of a feed into the index; return how much that was, and whether more waits."""
    if session.get(Collection, collection_id) is None:
        return 0, False
    row = {"collection_id": collection_id, "seq": 0}
    session.execute(insert_if_absent(session, MentionCursor.__table__).values(row))
    cursor = session.scalars(
        sa.select(MentionCursor)
        .where(MentionCursor.collection_id == collection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    entries = session.execute(
        sa.select(FeedEntry.seq, FeedEntry.stix_id)
        .where(FeedEntry.collection_id == collection_id, FeedEntry.seq > cursor.seq)
        .order_by(FeedEntry.seq)
        .limit(AT_ONCE + 1)
    ).all()
    taken = entries[:AT_ONCE]
    if not taken:
        return 0, False
    _index(session, collection_id, sorted({stix_id for _seq, stix_id in taken}))
    cursor.seq = taken[-1][0]
    session.flush()
    return len(taken), len(entries) > AT_ONCE


def _index(session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]) -> None:
    """Index the latest versions of these objects anew."""
    references: list[dict[str, Any]] = []
    mentions: list[dict[str, Any]] = []
    for part in in_parts(stix_ids):
        query = (
            sa.select(FeedEntry.stix_id, FeedEntry.owner_id, FeedEntry.seq, ObjectVersion.body)
            .join(ObjectVersion, STORED)
            .where(*given_out_now(collection_id), FeedEntry.stix_id.in_(part))
        )
        for stix_id, owner_id, seq, body in session.execute(query):
            one = object_in(body or b"{}")
            references += _references(collection_id, stix_id, owner_id, one)
            mentions += [
                {"collection_id": collection_id, "key": key, "stix_id": stix_id, "seq": seq}
                for key in sorted(keys_of(contents.observables_of(one)))
            ]
    touched = set(stix_ids) | _dropped(session, collection_id, stix_ids)
    _replace(session, ItemReference, ItemReference.holder_id, collection_id, stix_ids, references)
    _replace(session, Mention, Mention.stix_id, collection_id, stix_ids, mentions)
    touched |= {row["stix_id"] for row in references if row["says"] == HOLDS}
    _mark_loose(session, collection_id, sorted(touched))


def _references(
    collection_id: uuid.UUID, stix_id: str, owner_id: uuid.UUID, one: Mapping[str, Any]
) -> list[dict[str, Any]]:
    pairs = {(ref, HOLDS) for ref in contents.held_by(one)}
    pairs |= {(ref, ABOUT) for ref in contents.spoken_of(one)}
    return [
        {
            "collection_id": collection_id,
            "stix_id": ref,
            "holder_id": stix_id,
            "owner_id": owner_id,
            "says": says,
        }
        for ref, says in sorted(pairs)
        if ref != stix_id and len(ref) <= 300 and not published_object(ref)
    ]


def _dropped(session: Session, collection_id: uuid.UUID, holder_ids: Sequence[str]) -> set[str]:
    """Return what these objects held before they are indexed anew."""
    found: set[str] = set()
    for part in in_parts(holder_ids):
        query = sa.select(ItemReference.stix_id).where(
            ItemReference.collection_id == collection_id, ItemReference.holder_id.in_(part)
        )
        found.update(session.scalars(query))
    return found


def _replace(
    session: Session,
    model: Any,
    column: Any,
    collection_id: uuid.UUID,
    stix_ids: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    for part in in_parts(stix_ids):
        session.execute(
            sa.delete(model).where(model.collection_id == collection_id, column.in_(part))
        )
    if rows:
        session.execute(sa.insert(model), list(rows))


def _mark_loose(session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]) -> None:
    """Note which of these objects no report of their own producer holds."""
    held = (
        sa.select(ItemReference.stix_id)
        .where(
            ItemReference.collection_id == collection_id,
            ItemReference.stix_id == FeedEntry.stix_id,
            # a stranger's report hides nothing of others
            ItemReference.owner_id == FeedEntry.owner_id,
            ItemReference.says == HOLDS,
        )
        .correlate(FeedEntry)
        .exists()
    )
    for part in in_parts(stix_ids):
        session.execute(
            sa.delete(LooseObject).where(
                LooseObject.collection_id == collection_id, LooseObject.stix_id.in_(part)
            )
        )
        query = sa.select(FeedEntry.stix_id).where(
            FeedEntry.collection_id == collection_id,
            FeedEntry.stix_id.in_(part),
            FeedEntry.is_last,
            FeedEntry.type.not_in((*contents.COLLECTING, *contents.NEVER_ITEMS)),
            sa.not_(held),
        )
        rows = [
            {"collection_id": collection_id, "stix_id": stix_id}
            for stix_id in session.scalars(query)
            if not published_object(stix_id)
        ]
        if rows:
            session.execute(sa.insert(LooseObject), rows)


def _forget_erased(session: Session) -> int:
    """Take out of the index what was erased from the feeds."""
    count = 0
    for model in (Mention, ItemReference):
        name = model.stix_id if model is Mention else ItemReference.holder_id
        erased = (
            sa.select(FeedEntry.stix_id)
            .join(ObjectVersion, STORED)
            .where(
                FeedEntry.collection_id == model.collection_id,
                FeedEntry.stix_id == name,
                FeedEntry.is_last,
                ObjectVersion.erased_at.is_not(None),
            )
            .correlate(model)
            .exists()
        )
        found = session.execute(sa.delete(model).where(erased))
        count += found.rowcount  # type: ignore[attr-defined]
    return count


def catch_up(session: Session, collection_ids: Iterable[uuid.UUID]) -> None:
    """Bring the index of some collections up to date now; for the command line and tests."""
    for collection_id in collection_ids:
        while bring_up_to_date(session, collection_id)[1]:
            pass
