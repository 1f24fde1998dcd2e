"""Collections as a machine meets them: which it may know of, read and write."""

import uuid
from collections.abc import Sequence
from typing import Any

from cirt import access
from cirt.errors import N_, ForbiddenError, NotFoundError
from cirt.incidents import feed
from cirt.incidents.circle_models import Collection
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.standing_approvals import (
    approval_for,
    approved_collections,
    needs_approval,
)
from cirt.stix.ids import is_stix_id
from cirt.stix.taxii_protocol import STIX_MEDIA_TYPE
from cirt.web import actor, db_session


def uuid_of(text: str) -> uuid.UUID:
    """Return the UUID that a part of an address spells; raises NotFoundError."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None
    if str(found) != text.lower():  # other spellings of a UUID are no id here
        raise NotFoundError
    return found


def collection_of(name: str) -> Collection:
    """Return a collection that the machine may know of; absent and hidden are one answer."""
    query = access.visible(actor(), Collection, "taxii.see")
    try:
        query = query.where(Collection.id == uuid_of(name))
    except NotFoundError:
        if "\0" in name:
            raise
        query = query.where(Collection.alias == name)
    found: Collection | None = db_session().scalars(query).unique().one_or_none()
    if found is None:
        raise NotFoundError
    return found


def readable_collection(name: str) -> Collection:
    """Return a collection that the machine reads; raises NotFoundError or ForbiddenError."""
    found = collection_of(name)
    access.require(db_session(), actor(), "taxii.read", found)
    return found


def approval_to_write(found: Collection) -> StandingApproval | None:
    """Return the standing approval under which machines write; None for a remote administration's."""
    approval = approval_for(db_session(), found.id, actor().administration_id)
    if approval is None and needs_approval(db_session(), actor().administration_id):
        raise ForbiddenError(
            N_("No standing approval lets machines of your administration add to this collection.")
        )
    return approval


def refuse_unknown(found: Collection, stix_id: str) -> None:
    """Raise NotFoundError for an object that the collection does not give out."""
    if not is_stix_id(stix_id) or not feed.holds(db_session(), found.id, stix_id):
        raise NotFoundError


def _ids(action: str) -> frozenset[uuid.UUID]:
    if not access.role_allows(actor(), action):
        return frozenset()
    query = access.visible(actor(), Collection, action).with_only_columns(Collection.id)
    return frozenset(db_session().scalars(query))


def _writable() -> frozenset[uuid.UUID]:
    if not needs_approval(db_session(), actor().administration_id):
        return _ids("taxii.write")
    approved = approved_collections(db_session(), actor().administration_id)
    return _ids("taxii.write") & approved


def resources(rows: Sequence[Collection]) -> list[dict[str, Any]]:
    """Return what this machine is told of collections (section 5.2.1)."""
    readable, writable = _ids("taxii.read"), _writable()
    return [_resource(row, readable, writable) for row in rows]


def _resource(
    row: Collection, readable: frozenset[uuid.UUID], writable: frozenset[uuid.UUID]
) -> dict[str, Any]:
    found = {
        "id": str(row.id),
        "title": row.title,
        "description": row.description or None,
        "alias": row.alias,
        "can_read": row.id in readable,
        "can_write": row.id in writable,
        "media_types": [STIX_MEDIA_TYPE],
    }
    # what is not there is left out, in a list as well
    return {name: value for name, value in found.items() if value is not None}
