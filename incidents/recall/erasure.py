"""Erasing: an audience loses sight of versions at once, and bytes go when nobody has them any more.

What happens is written into the ledger before the transaction commits (see `ledger`). Taking a
version out of one collection leaves it to the others that have it; the bytes of a version go with
the last of them.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import ERASURE_STAGE, before_commit
from cirt.incidents import feed
from cirt.incidents.object_store import in_parts
from cirt.incidents.recall.ledger import Ledger, Line, What, hashed, of_version
from cirt.incidents.release_models import Release
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.taxii_protocol import moment_of


@dataclass
class _Pending:
    """What one transaction erases. entries: by collection and version row."""

    ledger: Ledger
    cause: str
    act: str = field(default_factory=lambda: uuid.uuid4().hex)
    entries: set[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=set)
    releases: list[Release] = field(default_factory=list)


def take_out(
    session: Session,
    ledger: Ledger,
    collection_id: uuid.UUID,
    version_ids: Iterable[uuid.UUID],
    *,
    cause: str,
) -> None:
    """Take versions out of a collection, and erase the bytes that no collection has any more.

    cause: withdrawn, honoured or retention.
    """
    ids = set(version_ids)
    feed.withdraw(session, collection_id, ids)
    _pending(session, ledger, cause).entries.update((collection_id, one) for one in ids)


def erase_bundle(session: Session, ledger: Ledger, release: Release, *, cause: str) -> None:
    """Erase the frozen bytes of a release; their digest stays."""
    if release.bundle is None:
        return
    _pending(session, ledger, cause).releases.append(release)
    release.bundle = None


def _pending(session: Session, ledger: Ledger, cause: str) -> _Pending:
    found: _Pending = session.info.setdefault("erasures", _Pending(ledger, cause))
    before_commit(session, ERASURE_STAGE, _write)
    return found


def _write(session: Session) -> None:
    pending: _Pending | None = session.info.pop("erasures", None)
    if pending is None:
        return
    ids = sorted({version_id for _collection, version_id in pending.entries})
    rows = _held(session, ids)
    still_shown = _shown(session, ids)
    erased = [rows[one] for one in ids if one not in still_shown and rows[one].erased_at is None]
    lines = [
        _line(pending, What.ENTRY, rows[version_id], str(collection_id))
        for collection_id, version_id in sorted(pending.entries)
    ]
    lines += [_line(pending, What.BODY, row, "") for row in erased]
    lines += [
        Line(now(), pending.act, What.BUNDLE, row.id, "", "", row.sha256, pending.cause)
        for row in pending.releases
    ]
    # first the ledger: what it says and did not come about is taken back below
    pending.ledger.note(lines)
    _undo_with(session, lambda: pending.ledger.undo(pending.act))
    for row in erased:
        row.body, row.erased_at = None, now()
    session.flush()


def _held(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ObjectVersion]:
    """Return the rows, held against others that are about to put them into a feed."""
    found: dict[uuid.UUID, ObjectVersion] = {}
    for part in in_parts(ids):
        query = (
            sa.select(ObjectVersion)
            .where(*_these(session, part))
            .order_by(ObjectVersion.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.update((row.id, row) for row in session.scalars(query))
    return found


def _these(session: Session, ids: Sequence[uuid.UUID]) -> list[sa.ColumnElement[bool]]:
    """Return the clauses that find versions by their ids: with their owners, who lead the key."""
    owners = set(
        session.scalars(
            sa.select(FeedEntry.owner_id).where(FeedEntry.object_version_id.in_(ids)).distinct()
        )
    )
    return [ObjectVersion.owner_id.in_(owners), ObjectVersion.id.in_(ids)]


def _shown(session: Session, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return which versions some collection still shows."""
    found: set[uuid.UUID] = set()
    for part in in_parts(ids):
        query = sa.select(FeedEntry.object_version_id).where(
            FeedEntry.object_version_id.in_(part), FeedEntry.withdrawn_at.is_(None)
        )
        found.update(session.scalars(query))
    return found


def _line(pending: _Pending, what: What, row: ObjectVersion, collection: str) -> Line:
    return Line(
        now(), pending.act, what, row.id, collection, hashed(row.stix_id), row.digest, pending.cause
    )


def _undo_with(session: Session, undo: Callable[[], None]) -> None:
    """Call `undo` if this transaction is rolled back after all."""

    ended: list[bool] = []

    def rolled_back(_session: Session) -> None:
        if not ended:
            ended.append(True)
            undo()

    sa.event.listen(session, "after_commit", lambda _session: ended.append(True))
    sa.event.listen(session, "after_rollback", rolled_back)


# after a restore


@dataclass(frozen=True, slots=True)
class Applied:
    """What was erased again."""

    entries: int
    bodies: int
    bundles: int


def apply_again(session: Session, lines: Sequence[Line]) -> Applied:
    """Erase again what the ledger says, in data that a backup brought back."""
    again = _still_to_do(session, lines)
    for line in again[What.ENTRY]:
        feed.withdraw(session, uuid.UUID(line.collection), [line.id])
    bodies = {line.id for line in again[What.BODY]}
    for part in in_parts(sorted(bodies)):
        # by the id alone: what a backup brought back need not be in a feed any more
        rows = session.scalars(sa.select(ObjectVersion).where(ObjectVersion.id.in_(part))).all()
        feed.erase(session, rows)
    for line in again[What.BUNDLE]:
        session.get_one(Release, line.id).bundle = None
    session.flush()
    return Applied(*(len({(line.id, line.collection) for line in again[what]}) for what in What))


def present(session: Session, lines: Sequence[Line]) -> int:
    """Return how much is here although the ledger says that it was erased."""
    return sum(len(found) for found in _still_to_do(session, lines).values())


def _still_to_do(session: Session, lines: Sequence[Line]) -> dict[What, list[Line]]:
    found: dict[What, list[Line]] = {what: [] for what in What}
    entries = _entries_of(session, {line.id for line in lines if line.what is not What.BUNDLE})
    last_erased = of_version(lines)
    seen: set[tuple[What, uuid.UUID, str]] = set()
    for line in reversed(lines):  # the last word about each counts
        if (line.what, line.id, line.collection) in seen:
            continue
        seen.add((line.what, line.id, line.collection))
        if line.what is What.BUNDLE:
            release = session.get(Release, line.id)
            if release is not None and release.bundle is not None:
                found[line.what].append(line)
            continue
        # what an approved release brought back later is here by right
        live = [one for one in entries.get(line.id, []) if one.withdrawn_at is None]
        if line.what is What.ENTRY:
            if any(
                str(one.collection_id) == line.collection and moment_of(one.added_us) <= line.at
                for one in live
            ):
                found[line.what].append(line)
        elif line.at == last_erased[line.id] and not any(
            moment_of(one.added_us) > line.at for one in live
        ):
            row = _version(session, line.id, entries.get(line.id, []))
            if row is not None and row.body is not None:
                found[line.what].append(line)
    return found


def _version(
    session: Session, version_id: uuid.UUID, entries: Sequence[FeedEntry]
) -> ObjectVersion | None:
    query = sa.select(ObjectVersion).where(ObjectVersion.id == version_id)
    if entries:  # else it waits for a moderator, and only its id is known
        query = query.where(ObjectVersion.owner_id == entries[0].owner_id)
    return session.scalar(query)


def _entries_of(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, list[FeedEntry]]:
    found: dict[uuid.UUID, list[FeedEntry]] = {}
    for part in in_parts(sorted(ids)):
        query = sa.select(FeedEntry).where(FeedEntry.object_version_id.in_(part))
        for entry in session.scalars(query):
            found.setdefault(entry.object_version_id, []).append(entry)
    return found
