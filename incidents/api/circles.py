"""Operations on circles: those that the own administration is in, and its own policy card."""

import uuid
from typing import Any, Final

from cirt import access
from cirt.access import load, require
from cirt.accounts.models import Administration
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, Schema, described, nullable, one_of, page_of, record
from cirt.errors import NotFoundError
from cirt.incidents import circles
from cirt.incidents.api.values import BOOLEAN, MARKING
from cirt.incidents.circle_models import (
    CircleMember,
    Collection,
    CollectionKind,
    MachineWriting,
    Membership,
    Onward,
)
from cirt.incidents.circle_words import shown_members
from cirt.incidents.policy_cards import card_of
from cirt.web import actor, db_session

_TAGS: Final = ("Circles",)
_DAYS: Final[Schema] = {"type": ["integer", "null"], "description": "null: not said."}
_ACCESS: Final[dict[str, Schema]] = {
    "may_read": BOOLEAN,
    "may_contribute": BOOLEAN,
    "may_moderate": BOOLEAN,
}
_OWN_ACCESS: Final = record("OwnAccess", "What the own administration may do there.", _ACCESS)
_MEMBER: Final = record(
    "CircleMember",
    "A member of a circle whose members know of each other.",
    {"administration_id": ID, "code": TEXT, **_ACCESS},
)
_POLICY: Final = record(
    "MergedPolicy",
    "The strictest of what the readers say of their use; in steps in a confidential circle.",
    {
        "retention_days": _DAYS,
        "onward": described(one_of(*Onward), "To whom they pass things on."),
        "accepts": described(MARKING, "The strictest marking that all can honour."),
    },
)
CIRCLE: Final = record(
    "Circle",
    "A circle, or the collection of what is addressed to the own administration alone.",
    {
        "id": described(ID, "Also the id of its collection in TAXII."),
        "kind": one_of(CollectionKind.CIRCLE.value, CollectionKind.DIRECT.value),
        "title": TEXT,
        "description": TEXT,
        "alias": described(nullable(TEXT), "Readable name in TAXII."),
        "ceiling": described(MARKING, "The strictest marking that may enter."),
        "machine_writing": one_of(*MachineWriting),
        "membership": one_of(*Membership),
        "own": _OWN_ACCESS,
        "members": {
            "type": ["array", "null"],
            "items": _MEMBER,
            "description": "null in a confidential circle.",
        },
        "size_band": described(TEXT, "How many members, such as 4–9; empty below four."),
        "policy": _POLICY,
    },
)
CIRCLES: Final = page_of("CirclePage", CIRCLE)
CARD: Final = record(
    "PolicyCard",
    "What the own administration does with what it receives.",
    {
        "retention_days": _DAYS,
        "onward": one_of(*Onward),
        "accepts": MARKING,
        "contact": TEXT,
        "statement": TEXT,
        "changed_at": TIME,
    },
)


@operation(
    "GET",
    "/circles",
    action="circle.list",
    summary="List circles",
    response=CIRCLES,
    paged=True,
    tags=_TAGS,
)
def list_circles(page: PageRequest) -> Paged:
    """The circles of which the own administration is a member, by title, and the collection of
    what is addressed to it alone."""
    require(db_session(), actor(), "circle.list")
    query = access.visible(actor(), Collection, "circle.see").where(
        Collection.kind != CollectionKind.INTAKE.value
    )
    return read_page(
        db_session(), query, page, Collection.title, Collection.id, plain=_plain_circle
    )


@operation(
    "GET",
    "/circles/{circle_id}",
    action="circle.see",
    summary="Read a circle",
    response=CIRCLE,
    tags=_TAGS,
)
def read_circle(circle_id: uuid.UUID) -> dict[str, Any]:
    """One circle: its frame, what the own administration may do there, and its members as far as
    they know of each other."""
    circle = load(db_session(), actor(), Collection, circle_id, seen_by="circle.see")
    if circle.kind == CollectionKind.INTAKE:
        raise NotFoundError
    return _plain_circle(circle)


@operation(
    "GET",
    "/policy-card",
    action="card.read",
    summary="Read the own policy card",
    response=CARD,
    tags=("Circles",),
    errors=("not-found",),
)
def read_policy_card() -> dict[str, Any]:
    """What the own administration says that it does with what it receives; 404 while it has said
    nothing."""
    own = load(
        db_session(), actor(), Administration, actor().administration_id, seen_by="card.read"
    )
    card = card_of(db_session(), own.id)
    if card is None:
        raise NotFoundError
    return {
        "retention_days": card.retention_days,
        "onward": card.onward,
        "accepts": card.accepts,
        "contact": card.contact,
        "statement": card.statement,
        "changed_at": plain_time(card.changed_at),
    }


def _plain_circle(circle: Collection) -> dict[str, Any]:
    policy = circles.policy_of(db_session(), circle)
    members = shown_members(circle, is_administrator=False)
    return {
        "id": str(circle.id),
        "kind": circle.kind,
        "title": circle.title,
        "description": circle.description,
        "alias": circle.alias,
        "ceiling": circle.ceiling,
        "machine_writing": circle.machine_writing,
        "membership": circle.membership,
        "own": _access(circle.member(actor().administration_id)),
        "members": None if members is None else [_plain_member(one) for one in members],
        "size_band": circles.size_band(len(circle.members)),
        "policy": {
            "retention_days": policy.retention_days,
            "onward": policy.onward.value,
            "accepts": policy.accepts.value,
        },
    }


def _plain_member(member: CircleMember) -> dict[str, Any]:
    return {
        "administration_id": str(member.administration_id),
        "code": member.administration.code,
        **_access(member),
    }


def _access(member: CircleMember | None) -> dict[str, bool]:
    return {name: bool(member and getattr(member, name)) for name in _ACCESS}
