"""What all objects of a release have in common: ids, versions, texts, times, relationships."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.content import IncidentContent
from cirt.stix.ids import object_id
from cirt.stix.impact_rules import is_whole
from cirt.stix.timestamps import timestamp
from cirt.stix.wire_markings import marking_refs
from cirt.strictjson import DEFAULT

_ENTITY: Final = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9&+-]*")


def text(value: str, field: str) -> str:
    """Return a text that every JSON reader and database takes; raise InvalidInputError if not."""
    if len(value) > DEFAULT.max_string:
        raise InvalidInputError(
            N_("The text is longer than %(limit)s characters."),
            field=field,
            limit=DEFAULT.max_string,
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        unsendable = True
    else:
        unsendable = "\0" in value
    if unsendable:
        raise InvalidInputError(N_("The text holds a character that cannot be sent."), field=field)
    return value


def unfit(field: str) -> InvalidInputError:
    """Return the error for a field whose value makes no valid object."""
    return InvalidInputError(
        N_("The field “%(name)s” cannot be sent as it is; correct it first."),
        field=field,
        name=field,
    )


def is_word(value: str) -> bool:
    """Whether a text has the form of a word of STIX's vocabularies."""
    return bool(_WORD.fullmatch(value))


def spoken(content: IncidentContent, description: str) -> dict[str, Any]:
    """Return description and language, as far as there is a description."""
    if not description:
        return {}
    return {"description": text(description, "description"), "lang": content.language}


def times(started: datetime | None, ended: datetime | None) -> dict[str, Any]:
    """Return start_time and end_time as far as they are known; raise InvalidInputError if wrong."""
    found = {}
    if started is not None:
        found["start_time"] = timestamp(started)
    if ended is not None:
        found["end_time"] = timestamp(ended)
        if found.get("start_time", "") > found["end_time"]:
            raise unfit("ended")
    return found


def entity_counts(counts: Mapping[str, int], field: str) -> dict[str, int]:
    """Return an entity-count dictionary; raise InvalidInputError if it is none."""
    for kind, number in counts.items():
        if not _ENTITY.fullmatch(kind) or not is_whole(number, 2**53 - 1):
            raise unfit(field)
    return dict(counts)


def versioned(content: IncidentContent, type: str, identifier: str) -> dict[str, Any]:  # noqa: A002 - STIX's word
    """Return the common properties of an SDO or SRO of this content."""
    common: dict[str, Any] = {
        "type": type,
        "spec_version": "2.1",
        "id": identifier,
        "created_by_ref": producer_id(content),
        "created": timestamp(content.created),
        "modified": timestamp(content.modified),
        "object_marking_refs": marking_refs(content),
    }
    if content.revoked:
        common["revoked"] = True
    return common


def relationship(
    content: IncidentContent, source_id: str, kind: str, target_id: str, *, revoked: bool = False
) -> dict[str, Any]:
    """Return the relationship between two objects; revoked: one of them is not valid any more."""
    identifier = object_id("relationship", content.id, source_id, kind, target_id)
    found = versioned(content, "relationship", identifier) | {
        "relationship_type": kind,
        "source_ref": source_id,
        "target_ref": target_id,
    }
    if revoked:
        found["revoked"] = True
    return found


def producer_id(content: IncidentContent) -> str:
    """Return the id of the producer's identity."""
    return f"identity--{content.producer.id}"


def incident_id(content: IncidentContent) -> str:
    """Return the id of the incident."""
    return f"incident--{content.id}"


def event_id(content: IncidentContent) -> str:
    """Return the id of the event that carries the times of the incident."""
    return object_id("event", content.id)


def impact_id(content: IncidentContent, key: str) -> str:
    """Return the id of an impact."""
    return object_id("impact", content.id, key)


def task_id(content: IncidentContent, key: str) -> str:
    """Return the id of a task."""
    return object_id("task", content.id, key)
