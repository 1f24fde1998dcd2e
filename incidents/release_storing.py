"""How a prepared release is stored, whatever it is about."""

from typing import Any

from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.incidents.release_models import Release, ReleaseState


def store_prepared(session: Session, actor: Actor, release: Release, **facts: Any) -> Release:
    """Store a release whose bytes are frozen, as prepared now by the actor.

    facts: what the audit trail says of it besides its collection, digest, size and marking.
    """
    release.prepared_by, release.prepared_token = actor.user_id, actor.token_id
    release.prepared_at = now()
    release.state = ReleaseState.PREPARED.value
    session.add(release)
    session.flush()
    audit.record(
        session,
        actor,
        "release.prepare",
        release,
        collection=str(release.collection_id),
        sha256=release.sha256,
        size=release.size,
        tlp=release.tlp,
        **facts,
    )
    return release
