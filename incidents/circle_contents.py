"""What a circle holds, as its readers list it; of a confidential one nobody learns the producers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.incidents.circle_models import Collection
from cirt.incidents.exits import Exit, words_leaving
from cirt.incidents.feed_clauses import STORED, given_out_now
from cirt.incidents.object_store import in_parts, object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import moment_of

NEWEST = 100


@dataclass(frozen=True)
class Received:
    """One report in a circle, as its members list it.

    producer: None in a confidential circle, and so is what would tell how it came (via ""); None
    also where the circle stands for whoever released it.
    """

    stix_id: str
    title: str
    producer: Administration | None
    added_at: datetime
    tlp: TLP
    via: str


def received(session: Session, circle: Collection) -> Sequence[Received]:
    """Return the newest reports of a circle in their latest version, newest first, at most 100."""
    query = (
        sa.select(ObjectVersion, FeedEntry.added_us, Administration)
        .join(FeedEntry, STORED)
        .outerjoin(
            Administration,
            # who produced it is not even read where nobody may learn it
            sa.false() if circle.is_confidential else Administration.id == ObjectVersion.owner_id,
        )
        .where(
            *given_out_now(circle.id),
            FeedEntry.type == "report",
            ObjectVersion.tlp.in_(words_leaving(Exit.COLLECTION)),
        )
        .order_by(FeedEntry.seq.desc())
        .limit(NEWEST)
    )
    found = []
    for version, added_us, producer in session.execute(query):
        one = object_in(version.body or b"{}")
        is_unnamed = one.get("created_by_ref") == f"identity--{circle.id}"
        found.append(
            Received(
                stix_id=version.stix_id,
                title=str(one.get("name", "")),
                producer=None if is_unnamed else producer,
                added_at=moment_of(added_us),
                tlp=TLP(version.tlp),
                via="" if circle.is_confidential else version.via,
            )
        )
    return found


def newest_bodies(
    session: Session, circle: Collection, stix_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the latest versions of objects that a circle holds, in the order of its feed."""
    found: list[tuple[int, bytes]] = []
    for part in in_parts(sorted(set(stix_ids))):
        query = (
            sa.select(FeedEntry.seq, ObjectVersion.body)
            .join(ObjectVersion, STORED)
            .where(
                *given_out_now(circle.id, part),
                ObjectVersion.tlp.in_(words_leaving(Exit.COLLECTION)),
            )
        )
        found += [(seq, body or b"{}") for seq, body in session.execute(query)]
    return [object_in(body) for _seq, body in sorted(found)]


def object_count(session: Session, circle: Collection) -> int:
    """Return how many objects a circle holds, old versions not counted."""
    query = sa.select(sa.func.count()).where(
        FeedEntry.collection_id == circle.id, FeedEntry.is_last
    )
    return session.scalar(query) or 0
