"""The identity in whose name something leaves: an administration's, or that of a circle."""

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.incidents.circle_models import Collection
from cirt.incidents.store_models import ObjectVersion
from cirt.incidents.wire_content import producer_of
from cirt.stix.content import IncidentContent, Producer
from cirt.stix.ids import canonical_json
from cirt.stix.timestamps import moment
from cirt.stix.wire_identities import identity

MILLISECOND: Final = timedelta(milliseconds=1)
_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)


def circle_producer(session: Session, collection: Collection) -> Producer:
    """Return the identity of a circle, as every member's unattributed releases have it.

    Whoever contributes and whenever, the same title and version are the same bytes: no clock of a
    member is in it.
    """
    producer = Producer(id=collection.id, name=collection.title, code="", is_circle=True)
    return _in_version(session, collection.id, producer, first=_BEGIN)


def administration_producer(session: Session, administration_id: uuid.UUID) -> Producer:
    """Return the identity of an administration in the version that was given out last, if it holds."""
    producer = producer_of(session.get_one(Administration, administration_id))
    moment_now = now()
    whole = moment_now.replace(microsecond=moment_now.microsecond // 1000 * 1000)
    return _in_version(session, administration_id, producer, first=whole)


def identity_object(producer: Producer) -> dict[str, Any]:
    """Return the STIX identity of a producer."""
    modified = producer.modified or _BEGIN
    return identity(
        IncidentContent(
            id=producer.id,
            reference="",
            title="",
            producer=producer,
            created=modified,
            modified=modified,
        )
    )


def time_of(written: str) -> datetime | None:
    """Return a time that we wrote, in whole milliseconds; None for no time."""
    found = moment(written)
    if found is None:
        return None
    return found[0].replace(microsecond=int((found[1] + "000000")[:6]))


def _in_version(
    session: Session, owner_id: uuid.UUID, producer: Producer, *, first: datetime
) -> Producer:
    """Return the producer in its newest version; a later one if it is not what that version says."""
    newest = session.scalars(
        sa.select(ObjectVersion)
        .where(
            ObjectVersion.owner_id == owner_id,
            ObjectVersion.stix_id == f"identity--{producer.id}",
        )
        .order_by(ObjectVersion.version.desc())
        .limit(1)
    ).first()
    last = None if newest is None else time_of(newest.modified)
    if newest is None or last is None:
        return replace(producer, modified=first)
    same = replace(producer, modified=last)
    if hashlib.sha256(canonical_json(identity_object(same))).hexdigest() == newest.digest:
        return same
    return replace(producer, modified=max(first, last + MILLISECOND))
