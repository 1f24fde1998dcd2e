"""The index of what received objects refer to and which observables they name.

A job reads it out of each collection's feed, behind the arrivals; nothing of the content is copied
but digests and ids. What it yields depends on the latest versions alone, not on their order.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import insert_for
from cirt.errors import N_
from cirt.incidents.feed_clauses import GIVEN_OUT, STORED, for_each_name, named
from cirt.incidents.inbox import contents
from cirt.incidents.inbox.useful import keys_of
from cirt.incidents.inbox_models import ItemReference, LooseObject, Mention, MentionCursor
from cirt.incidents.object_store import in_parts, insert_if_absent, object_in, published_object
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.jobs import Effect, Job, Task, enqueue, handles
from cirt.many_rows import for_each, insert_rows
from cirt.stix.taxii_protocol import microseconds

JOB: Final = "inbox.mentions"
AT_ONCE: Final = 2_000

GATHERED_FOR: Final = timedelta(seconds=5)
"""How long the rest of a feed waits to be read while objects go on arriving: they come first."""

FAR_BEHIND: Final = 500_000
"""Entries from which on a reading waits no longer, whatever goes on arriving."""

HOLDS, ABOUT = "holds", "about"


@sa.event.listens_for(FeedCounter, "after_update")
def _arrived(_mapper: Any, connection: sa.Connection, counter: FeedCounter) -> None:
    """Ask for the index to be brought up to date, in the transaction of the arrival.

    Once for each place of the cursor: whoever moves it holds the counter's row, as we do, and asks
    for what arrived meanwhile.
    """
    if not sa.inspect(counter).attrs.n.history.has_changes():
        return
    seq = sa.select(MentionCursor.seq).where(MentionCursor.collection_id == counter.collection_id)
    key = _key(counter.collection_id, connection.scalar(seq) or 0)
    # Looked at without waiting: a reading that ends at this moment holds its own row and waits for
    # the counter, which is ours. It then finds what we add.
    state = connection.scalar(sa.select(Job.state).where(Job.key == key))
    if state is None:
        job = insert_for(connection, Job).values(
            kind=JOB,
            key=key,
            payload={"collection_id": str(counter.collection_id)},
            run_at=now(),
        )
        connection.execute(job.on_conflict_do_nothing(index_elements=[Job.key]))
    elif state == "failed":
        failed = sa.update(Job).where(Job.key == key, Job.state == "failed")
        connection.execute(failed.values(state="waiting", attempts=0, run_at=now()))


def _key(collection_id: uuid.UUID, seq: int) -> str:
    return f"{JOB}:{collection_id}:{seq}"


@handles(JOB, name=N_("Bringing the index of received objects up to date"), may_cancel=False)
def read_mentions(task: Task) -> Effect:
    """Read what one collection's feed holds behind the cursor."""
    collection_id = uuid.UUID(task.payload["collection_id"])
    with task.services.database.reading() as session:
        found = _read(session, collection_id)

    def effect(session: Session) -> dict[str, Any] | None:
        if found is None:
            return {"read": 0}
        counter = _write(session, found)
        if counter is None:
            enqueue(session, JOB, task.payload)
            return {"read": 0}
        if counter.n > found.upto:
            quiet_at = counter.last_added_us + GATHERED_FOR // timedelta(microseconds=1)
            arriving = microseconds(now()) < quiet_at and counter.n - found.upto < FAR_BEHIND
            wait = GATHERED_FOR if arriving else timedelta(0)
            key = _key(collection_id, found.upto)
            enqueue(session, JOB, task.payload, key=key, run_at=now() + wait)
        return {"read": len(found.stix_ids)}

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


@dataclass(slots=True)
class _Found:
    """What a part of a feed says, to be written where nothing changed meanwhile.

    after, upto: the part, as positions of the feed. erasures: what had left the feed by then.
    references: of an object to the ids that it holds or is about, with whose it is.
    """

    collection_id: uuid.UUID
    after: int
    upto: int
    erasures: int
    stix_ids: list[str]
    references: list[tuple[str, str, uuid.UUID, str]] = field(default_factory=list)
    mentions: list[tuple[str, str, int]] = field(default_factory=list)


def _read(session: Session, collection_id: uuid.UUID) -> _Found | None:
    """Read the next part of a feed; None if all of it is in the index."""
    stands = sa.select(FeedCounter.n, FeedCounter.erasures, MentionCursor.seq).outerjoin(
        MentionCursor, MentionCursor.collection_id == FeedCounter.collection_id
    )
    row = session.execute(stands.where(FeedCounter.collection_id == collection_id)).one_or_none()
    if row is None or row.n <= (row.seq or 0):
        return None
    after = row.seq or 0
    entries = session.execute(
        sa.select(FeedEntry.seq, FeedEntry.stix_id)
        .where(
            FeedEntry.collection_id == collection_id,
            FeedEntry.seq > after,
            FeedEntry.seq <= row.n,
        )
        .order_by(FeedEntry.seq)
        .limit(AT_ONCE)
    ).all()
    upto = entries[-1].seq if len(entries) == AT_ONCE else row.n
    stix_ids = sorted({entry.stix_id for entry in entries})
    found = _Found(collection_id, after, upto, row.erasures, stix_ids)
    for part in in_parts(stix_ids):
        _read_objects(session, found, part)
    return found


def _read_objects(session: Session, found: _Found, stix_ids: Sequence[str]) -> None:
    """Read the latest versions of those of these objects that may tell something."""
    query = (
        sa.select(FeedEntry.stix_id, FeedEntry.seq, ObjectVersion.body)
        .join(ObjectVersion, STORED)
        .where(*GIVEN_OUT, FeedEntry.type.in_(sorted(contents.TELLING)))
    )
    referring: dict[str, set[tuple[str, str]]] = {}
    rows = session.execute(for_each_name(session, query, found.collection_id, stix_ids))
    for stix_id, seq, body in rows:
        one = object_in(body or b"{}")
        if references := _references(stix_id, one):
            referring[stix_id] = references
        keys = keys_of(contents.observables_of(one))
        found.mentions += [(key, stix_id, seq) for key in sorted(keys)]
    if not referring:
        return
    owners = sa.select(FeedEntry.stix_id, FeedEntry.owner_id).where(FeedEntry.is_last)
    holders = for_each_name(session, owners, found.collection_id, list(referring))
    for stix_id, owner_id in session.execute(holders):
        for ref, says in sorted(referring[stix_id]):
            found.references.append((ref, stix_id, owner_id, says))


def _write(session: Session, found: _Found) -> FeedCounter | None:
    """Write what was read into the index, and return where the feed stands.

    None, and nothing is written, if the index moved on, or something or all of it left meanwhile.
    """
    counter = session.scalars(_locked(FeedCounter, found.collection_id)).one_or_none()
    if counter is None or counter.erasures != found.erasures:
        return None
    cursors = insert_if_absent(session, MentionCursor.__table__)
    session.execute(cursors.values({"collection_id": found.collection_id, "seq": 0}))
    cursor = session.scalars(_locked(MentionCursor, found.collection_id)).one()
    if cursor.seq != found.after:
        return None
    collection_id, stix_ids = found.collection_id, found.stix_ids
    held = _forget(session, ItemReference, ItemReference.holder_id, collection_id, stix_ids)
    _forget(session, Mention, Mention.stix_id, collection_id, stix_ids)
    names = ("stix_id", "holder_id", "owner_id", "says")
    _note(session, ItemReference, collection_id, names, found.references)
    _note(session, Mention, collection_id, ("key", "stix_id", "seq"), found.mentions)
    touched = {*stix_ids, *held}
    touched |= {ref for ref, _holder, _owner, says in found.references if says == HOLDS}
    _mark_loose(session, collection_id, sorted(touched))
    cursor.seq = found.upto
    session.flush()
    return counter


def _locked(model: Any, collection_id: uuid.UUID) -> Any:
    return (
        sa.select(model)
        .where(model.collection_id == collection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _references(stix_id: str, one: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return to which other objects an object refers, and what it says of them."""
    pairs = {(ref, HOLDS) for ref in contents.held_by(one)}
    pairs |= {(ref, ABOUT) for ref in contents.spoken_of(one)}
    return {
        (ref, says)
        for ref, says in pairs
        if ref != stix_id and len(ref) <= 300 and not published_object(ref)
    }


def _note(
    session: Session,
    model: Any,
    collection_id: uuid.UUID,
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    insert_rows(session, model.__table__, columns, {"collection_id": collection_id})


def _forget(
    session: Session, model: Any, column: Any, collection_id: uuid.UUID, stix_ids: Sequence[str]
) -> set[str]:
    """Delete the rows in which a column names one of these objects; return what their `stix_id` was."""
    gone: set[str] = set()
    for part in in_parts(stix_ids):
        query = sa.select(column.label("name"), model.stix_id.label("stix_id")).where(
            model.collection_id == collection_id
        )
        there = session.execute(for_each(session, query, column, part)).all()
        if there:
            names = {row.name for row in there}
            rows = sa.delete(model).where(model.collection_id == collection_id, column.in_(names))
            session.execute(rows.execution_options(synchronize_session=False))
            gone.update(row.stix_id for row in there)
    return gone


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
    _forget(session, LooseObject, LooseObject.stix_id, collection_id, stix_ids)
    for part in in_parts([one for one in stix_ids if not published_object(one)]):
        query = sa.select(FeedEntry.stix_id).where(
            FeedEntry.is_last,
            FeedEntry.type.not_in((*contents.COLLECTING, *contents.NEVER_ITEMS)),
            sa.not_(held),
        )
        loose = session.scalars(for_each_name(session, query, collection_id, part)).all()
        _note(session, LooseObject, collection_id, ("stix_id",), [(one,) for one in loose])


def _forget_erased(session: Session) -> int:
    """Take out of the index what was erased from the feeds."""
    count = 0
    for model in (Mention, ItemReference):
        name = model.stix_id if model is Mention else ItemReference.holder_id
        erased = (
            sa.select(FeedEntry.stix_id)
            .join(ObjectVersion, STORED)
            .where(
                named(model.collection_id, name),
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
        while (found := _read(session, collection_id)) is not None:
            _write(session, found)
