"""Operations that belong to no half: who am I, the problems explained, the directory."""

import uuid
from typing import Any, Final

from cirt import access
from cirt.accounts.models import Administration, AdministrationKind, ApiToken, Place
from cirt.api import openapi, problems
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.parameters import Parameter
from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, component, described, one_of, page_of, record
from cirt.web import actor, db_session, installation

ADMINISTRATION: Final = record(
    "Administration",
    "An administration in the directory of this installation.",
    {
        "id": ID,
        "code": described(TEXT, "ISO 3166-1 alpha-2; with a part after a dash for a second body."),
        "names": {
            "type": "object",
            "description": "Language (BCP 47) to name.",
            "additionalProperties": TEXT,
        },
        "team_name": described(TEXT, "The national CIRT; empty where none is recorded."),
        "kind": one_of(*AdministrationKind),
        "place": described(one_of(*Place), "Where its users sign in: at this installation or not."),
        "verified": {"type": "boolean", "description": "Whether the names were checked."},
        "source": described(TEXT, "Where the names come from."),
    },
    example={
        "id": "0b7c1f5e-6a55-4c7e-9d0e-1f6a3c0a7d11",
        "code": "XA",
        "names": {"en": "Administration XA", "ar": "الإدارة XA"},
        "team_name": "CIRT XA",
        "kind": "member-state",
        "place": "local",
        "verified": False,
        "source": "",
    },
)
ADMINISTRATIONS: Final = page_of("AdministrationPage", ADMINISTRATION)
TOKEN: Final = record(
    "Token",
    "The token of this request, and for whom it acts.",
    {
        "administration": ADMINISTRATION,
        "label": described(TEXT, "Which machine uses it."),
        "scopes": {"type": "array", "items": TEXT, "description": "What it may do."},
        "expires_at": TIME,
        "description": described(TEXT, "Where the description of this API is."),
    },
)
EXPLANATION: Final = record(
    "ProblemKind",
    "What a kind of problem means.",
    {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "remedy": TEXT},
)


@operation(
    "GET",
    "/",
    action=None,
    summary="Who am I",
    response=TOKEN,
    tags=("Start",),
)
def read_token() -> Any:
    """The administration that this token acts for, its scopes, and when it expires."""
    row = db_session().get_one(ApiToken, actor().token_id)
    return {
        "administration": plain_administration(row.administration),
        "label": row.label,
        "scopes": sorted(row.scopes),
        "expires_at": plain_time(row.expires_at),
        "description": "/api/v1/openapi.json",
    }


@operation(
    "GET",
    "/problems/{kind}",
    action=None,
    summary="What a problem means",
    response=EXPLANATION,
    page="api_pages.problem",
    tags=("Start",),
    parameters=(
        Parameter(
            "kind",
            "The last part of a problem's `type`.",
            one_of(*problems.KINDS),
            place="path",
            required=True,
        ),
    ),
)
def explain_problem(kind: str) -> Any:
    """Every error names its kind as `type`; this is the address of it.

    A browser without a token is led to the page that explains it, which everybody may read.
    """
    found = problems.KINDS[kind]
    return {
        "type": f"/api/v1/problems/{kind}",
        "title": found.title,
        "status": found.status,
        "remedy": found.remedy,
    }


@operation(
    "GET",
    "/openapi.json",
    action=None,
    summary="Read this description",
    response=component("Description", {"type": "object", "required": ["openapi", "paths"]}),
    tags=("Start",),
)
def read_description() -> Any:
    """The whole API as an OpenAPI 3.1 document, made from what the program does."""
    return openapi.document(installation().settings.url)


@operation(
    "GET",
    "/administrations",
    action="directory.read",
    summary="List administrations",
    response=ADMINISTRATIONS,
    paged=True,
    tags=("Directory",),
)
def list_administrations(page: PageRequest) -> Paged:
    """The administrations in the directory of this installation, by code."""
    return read_page(
        db_session(),
        access.visible(actor(), Administration, "directory.read"),
        page,
        Administration.code,
        plain=plain_administration,
    )


@operation(
    "GET",
    "/administrations/{administration_id}",
    action="directory.read",
    summary="Read an administration",
    response=ADMINISTRATION,
    tags=("Directory",),
)
def read_administration(administration_id: uuid.UUID) -> Any:
    """One administration."""
    row = access.load(
        db_session(), actor(), Administration, administration_id, seen_by="directory.read"
    )
    return plain_administration(row)


def plain_administration(row: Administration) -> dict[str, Any]:
    """Return an administration as the API shows it: no contact data, which travels with releases."""
    return {
        "id": str(row.id),
        "code": row.code,
        "names": dict(row.names),
        "team_name": row.team_name,
        "kind": row.kind,
        "place": row.place,
        "verified": row.verified,
        "source": row.source,
    }
