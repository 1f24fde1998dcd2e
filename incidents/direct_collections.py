"""The direct collection of every administration: what is addressed to it, and to it alone."""

import os
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration, AdministrationKind
from cirt.clock import now
from cirt.incidents.circle_models import CircleMember, Collection, CollectionKind, MachineWriting
from cirt.stix.marking import TLP


def direct_collection_of(session: Session, administration_id: uuid.UUID) -> Collection:
    """Return the direct collection of a Member State's administration."""
    query = sa.select(Collection).where(
        Collection.kind == CollectionKind.DIRECT.value,
        Collection.administration_id == administration_id,
    )
    return session.scalars(query).unique().one()


@sa.event.listens_for(Administration, "after_insert")
def _make(_mapper: Any, connection: sa.Connection, administration: Administration) -> None:
    """Give a new administration its collection, in the same transaction."""
    if administration.kind != AdministrationKind.MEMBER_STATE:
        return
    collection_id = uuid.uuid4()
    connection.execute(
        sa.insert(Collection.__table__).values(  # type: ignore[arg-type]  # a Table, to the type checker a FromClause
            id=collection_id,
            title=f"Direct: {administration.code}",
            description="",
            kind=CollectionKind.DIRECT.value,
            administration_id=administration.id,
            machine_writing=MachineWriting.OFF.value,
            ceiling=TLP.AMBER_STRICT.value,
            secret=os.urandom(32),
            created_at=now(),
        )
    )
    connection.execute(
        sa.insert(CircleMember.__table__).values(  # type: ignore[arg-type]  # the same
            collection_id=collection_id,
            administration_id=administration.id,
            may_read=True,
            may_contribute=False,
            since=now(),
        )
    )
