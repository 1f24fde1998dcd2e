"""Operations on releases: read, prepare, end; approve only what a standing approval covers."""

import uuid
from collections import Counter
from typing import Any, Final

from cirt import access
from cirt.access import load, require
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.parameters import Parameter
from cirt.api.plain import plain_time
from cirt.api.problems import ProblemError
from cirt.api.schemas import ID, TEXT, TIME, Schema, described, nullable, one_of, page_of, record
from cirt.errors import ForbiddenError, InvalidInputError, NotFoundError
from cirt.incidents import release
from cirt.incidents.api.incidents import incident_for
from cirt.incidents.api.values import BOOLEAN, COUNT, MARKING
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.exits import Exit, require_exit, words_leaving
from cirt.incidents.release import AudienceObstaclesError
from cirt.incidents.release_models import Release, ReleaseKind, ReleaseState
from cirt.incidents.release_pages import keep_days
from cirt.incidents.release_preparation import MAX_AUDIENCES
from cirt.incidents.release_sections import ALL, Section
from cirt.incidents.release_terms import MOST_DAYS, ReleaseTerms
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

_TAGS: Final = ("Releases",)
_SECTIONS: Final[Schema] = {"type": "array", "items": one_of(*Section)}
_RECIPIENT: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["administration_id", "code"],
    "properties": {"administration_id": ID, "code": TEXT},
}
_REMOVED: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "action", "count"],
    "properties": {"kind": TEXT, "action": TEXT, "count": COUNT},
}

RELEASE: Final = record(
    "Release",
    "What leaves, or is prepared to leave, to one audience: frozen bytes and their state.",
    {
        "id": ID,
        "kind": one_of(*ReleaseKind),
        "incident_id": described(nullable(ID), "null for an answer to a producer."),
        "collection_id": described(ID, "The circle, or the collection of one administration."),
        "state": one_of(*ReleaseState),
        "tlp": MARKING,
        "policy": described(TEXT, "What had to happen, or has to, before it leaves."),
        "sections": described(_SECTIONS, "What of the incident it holds."),
        "unattributed": described(BOOLEAN, "In the name of the circle."),
        "recipients": {
            "type": ["array", "null"],
            "items": _RECIPIENT,
            "description": "Who reads it; null in a confidential circle.",
        },
        "size_band": described(TEXT, "How many, in a confidential circle."),
        "removed": {
            "type": "array",
            "items": _REMOVED,
            "description": "What was masked or changed for this audience: how often, never what.",
        },
        "conflict_count": described(COUNT, "How much stands in recipients' policies against it."),
        "legal_basis": TEXT,
        "retention_days": {"type": ["integer", "null"]},
        "sha256": described(TEXT, "Digest of the frozen bytes."),
        "size": COUNT,
        "object_count": COUNT,
        "prepared_at": TIME,
        "by_machine": described(BOOLEAN, "Whether a machine prepared it."),
        "ended_at": nullable(TIME),
        "batch_id": nullable(ID),
    },
)
RELEASES: Final = page_of("ReleasePage", RELEASE)
_AUDIENCE: Final = record(
    "NewAudience",
    "To whom, and what of the incident.",
    {
        "collection_id": ID,
        "sections": described(_SECTIONS, "All when it is left out."),
        "unattributed": BOOLEAN,
    },
    optional=["sections", "unattributed"],
)
NEW_RELEASE: Final = record(
    "NewRelease",
    "A release to prepare, for all of the audiences or none.",
    {
        "incident_id": ID,
        "audiences": {
            "type": "array",
            "items": _AUDIENCE,
            "minItems": 1,
            "maxItems": MAX_AUDIENCES,
        },
        "legal_basis": described(TEXT, "Needed where personal data are kept."),
        "retention_days": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_DAYS},
    },
    optional=["legal_basis", "retention_days"],
    example={
        "incident_id": "0b7c1f5e-6a55-4c7e-9d0e-1f6a3c0a7d11",
        "audiences": [{"collection_id": "5f3c6f0a-26f5-4c6c-8a3e-2f1de2b1a001"}],
    },
)
PREPARED: Final = record(
    "PreparedReleases",
    "One release for each audience, in the order of the request.",
    {"items": {"type": "array", "items": RELEASE}},
)
_END: Final = record(
    "ReleaseEnd",
    "Why it does not leave.",
    {"reason": TEXT},
    example={"reason": "Prepared with the wrong circle."},
)
_SEEN: Final = record(
    "ReleaseApproval",
    "Which bytes leave.",
    {"sha256": described({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "Of the release.")},
    example={"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
)


@operation(
    "GET",
    "/releases",
    action="release.list",
    summary="List releases",
    response=RELEASES,
    paged=True,
    tags=_TAGS,
    parameters=(
        Parameter("state", "Only in this state.", one_of(*ReleaseState)),
        Parameter("incident_id", "Only of this incident.", ID),
        Parameter("collection_id", "Only to this audience.", ID),
    ),
)
def list_releases(
    state: str | None,
    incident_id: uuid.UUID | None,
    collection_id: uuid.UUID | None,
    page: PageRequest,
) -> Paged:
    """The own releases and preparations, the newest first."""
    require(db_session(), actor(), "release.list")
    query = access.visible(actor(), Release, "release.read").where(
        Release.tlp.in_(words_leaving(Exit.API))
    )
    wanted = {"state": state, "incident_id": incident_id, "collection_id": collection_id}
    query = query.filter_by(**{name: one for name, one in wanted.items() if one is not None})
    return read_page(
        db_session(),
        query,
        page,
        Release.prepared_at,
        Release.id,
        plain=_plain_release,
        newest_first=True,
    )


@operation(
    "GET",
    "/releases/{release_id}",
    action="release.read",
    summary="Read a release",
    response=RELEASE,
    tags=_TAGS,
)
def read_release(release_id: uuid.UUID) -> dict[str, Any]:
    """One release: where it stands, to whom, which bytes by digest."""
    return _plain_release(_release(release_id, "release.read"))


@operation(
    "POST",
    "/releases",
    action="release.prepare",
    summary="Prepare a release",
    request=NEW_RELEASE,
    response=PREPARED,
    status=201,
    tags=_TAGS,
    errors=("not-found",),
)
def prepare_releases(body: dict[str, Any]) -> dict[str, Any]:
    """Freezes what each audience would get, for a releasing officer to approve. It takes the place
    of an earlier preparation of a machine for the same audience, never of a person's."""
    incident = incident_for("release.prepare", uuid.UUID(body["incident_id"]))
    plan = [(_audience(one["collection_id"]), _terms(one, body)) for one in body["audiences"]]
    try:
        rows = release.prepare_batch(db_session(), actor(), incident, plan)
    except AudienceObstaclesError as error:
        places = [collection.id for collection, _terms_ in plan]
        raise _obstacles(error, places) from error
    return {"items": [_plain_release(row) for row in rows]}


@operation(
    "POST",
    "/releases/{release_id}/end",
    action="release.end",
    summary="Withdraw a preparation",
    request=_END,
    response=RELEASE,
    tags=_TAGS,
)
def end_release(release_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Ends what a machine prepared, before anything left. What a person prepared is a person's to
    end; what left is taken back by a recall."""
    row = _release(release_id, "release.end")
    release.refuse_release(db_session(), actor(), row, reason=body["reason"])
    return _plain_release(row)


@operation(
    "POST",
    "/releases/{release_id}/approve",
    action="release.stand",
    summary="Let out what a standing approval covers",
    request=_SEEN,
    response=RELEASE,
    tags=_TAGS,
)
def approve_release(release_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Lets out exactly these bytes under a releasing officer's standing approval for machines, where
    the audience takes directly what machines write; it is recorded as approved by it. Everything
    else is approved by a person: 403."""
    row = _release(release_id, "release.stand")
    release.stand_for(db_session(), actor(), row, sha256_seen=body["sha256"], keep_days=keep_days())
    return _plain_release(row)


def _release(release_id: uuid.UUID, action: str) -> Release:
    row = load(db_session(), actor(), Release, release_id, seen_by=action)
    require(db_session(), actor(), action, row)
    require_exit(TLP(row.tlp), Exit.API)
    return row


def _audience(text: str) -> Collection:
    found = load(db_session(), actor(), Collection, uuid.UUID(text), seen_by="circle.contribute")
    if found.kind == CollectionKind.INTAKE:
        raise NotFoundError
    return found


def _terms(one: dict[str, Any], body: dict[str, Any]) -> ReleaseTerms:
    sections = frozenset(map(Section, one["sections"])) if "sections" in one else ALL
    days = body.get("retention_days")
    return ReleaseTerms(
        sections=sections | {Section.SUMMARY},
        unattributed=one.get("unattributed", False),
        legal_basis=body.get("legal_basis", ""),
        retention_days=None if days is None else int(days),
    )


def _obstacles(error: AudienceObstaclesError, places: list[uuid.UUID]) -> ProblemError:
    """Return what stands against each audience, by its place in the body."""
    errors = []
    for collection, why in error.obstacles:
        field = f"/{why.field}" if why.field in ("legal_basis", "retention_days") else None
        place = field or f"/audiences/{places.index(collection.id)}"
        errors.append({"pointer": place, "detail": str(why)})
    causes = [why for _collection, why in error.obstacles]
    kind = "conflict"
    if any(isinstance(why, ForbiddenError) for why in causes):
        kind = "not-allowed"
    elif all(isinstance(why, InvalidInputError) for why in causes):
        kind = "invalid-body"
    return ProblemError(kind, str(error), errors=errors)


def _plain_release(row: Release) -> dict[str, Any]:
    hidden = row.collection.is_confidential
    removed = Counter[tuple[str, str]]()
    for one in row.removed:
        removed[str(one.get("kind", "")), str(one.get("action", ""))] += int(one.get("count", 1))
    return {
        "id": str(row.id),
        "kind": row.kind,
        "incident_id": str(row.incident_id) if row.incident_id else None,
        "collection_id": str(row.collection_id),
        "state": row.state,
        "tlp": row.tlp,
        "policy": row.policy,
        "sections": list(row.sections),
        "unattributed": row.unattributed,
        "recipients": None
        if hidden
        else [{"administration_id": one["id"], "code": one["code"]} for one in row.recipients],
        "size_band": str(row.audience.get("band") or "") if hidden else "",
        "removed": [
            {"kind": kind, "action": action, "count": count}
            for (kind, action), count in sorted(removed.items())
        ],
        "conflict_count": len(row.conflicts),
        "legal_basis": row.legal_basis,
        "retention_days": row.retention_days,
        "sha256": row.sha256,
        "size": row.size,
        "object_count": row.object_count,
        "prepared_at": plain_time(row.prepared_at),
        "by_machine": row.prepared_by is None,
        "ended_at": plain_time(row.ended_at),
        "batch_id": str(row.batch_id) if row.batch_id else None,
    }
