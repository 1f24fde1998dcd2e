"""Read MISP event files: which events they hold, and every attribute of an event with its place."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid5

from cirt import strictjson
from cirt.errors import N_, InvalidInputError, TooLargeError
from cirt.stix.misp_context import items

MAX_EVENTS: Final = 200
MAX_BYTES: Final = 20_000_000
# attachments and reports are long strings
_LIMITS: Final = strictjson.Limits(max_bytes=MAX_BYTES, max_string=MAX_BYTES)
MAX_ATTRIBUTES: Final = 50_000
# our own namespace for events that come without a UUID
_UNNAMED_EVENTS: Final = UUID("5f0cbf5d-28f4-4a0d-8a63-8f4b8f1c5b1a")
# "info" alone is too weak a sign: many other documents have it
_SIGNS_OF_AN_EVENT: Final = {"uuid", "date", "threat_level_id", "Attribute", "Object", "Orgc"}
_OBJECT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")

_NOT_AN_EVENT = N_(
    "This is not a MISP event file. Send the JSON that MISP gives for an event: "
    '{"Event": {"info": …, "Attribute": […]}}, or {"response": [{"Event": …}]} for several.'
)
_STIX_BUNDLE = N_("This is a STIX bundle, not a MISP event. Use the import of STIX bundles.")
_NO_TITLE = N_("The MISP event has no title. Give it one in its “info” field.")
_TOO_MANY_EVENTS = N_(
    "The file holds %(count)s MISP events; at most %(limit)s can be read at once. Split it."
)
_TOO_MANY_ATTRIBUTES = N_(
    "The MISP event holds %(count)s attributes; at most %(limit)s can be read. Split it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAttribute:
    """One attribute of an event as it stands there; `broken` says that type or value is missing.

    path: e.g. "Object[2].Attribute[1]". object_index: position of its object, None outside of
    objects. relation: its role in the object ("" outside). has_file: it brings a file's bytes.
    """

    path: str
    uuid: str
    type: str
    value: str
    category: str
    comment: str
    to_ids: bool
    first_seen: datetime | None
    last_seen: datetime | None
    has_file: bool
    deleted: bool
    broken: bool
    object_index: int | None = None
    relation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignObject:
    """A MISP object without its attributes; name "" when it is not one that MISP would write."""

    path: str
    uuid: str
    name: str
    comment: str
    first_seen: datetime | None
    last_seen: datetime | None
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEvent:
    """A MISP event: its raw properties, its objects, and all attributes in order of appearance."""

    uuid: UUID
    title: str
    raw: Mapping[str, Any]
    objects: tuple[ForeignObject, ...]
    attributes: tuple[ForeignAttribute, ...]


def read_events(data: bytes) -> list[ForeignEvent]:
    """Return the events of a MISP file.

    Raises InvalidInputError (not JSON, not MISP, no title) or TooLargeError.
    """
    found = list(_event_bodies(strictjson.loads(data, _LIMITS)))
    if not found:
        raise InvalidInputError(_NOT_AN_EVENT)
    if len(found) > MAX_EVENTS:
        raise TooLargeError(_TOO_MANY_EVENTS, count=len(found), limit=MAX_EVENTS)
    return [_event(raw) for raw in found]


def _event_bodies(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for entry in document:
            yield from _event_bodies(entry if isinstance(entry, dict) else None)
    elif not isinstance(document, dict):
        raise InvalidInputError(_NOT_AN_EVENT)
    elif document.get("type") == "bundle":
        raise InvalidInputError(_STIX_BUNDLE)
    elif "response" in document:
        yield from _event_bodies(document["response"])
    elif isinstance(document.get("Event"), dict):
        yield document["Event"]
    elif "info" in document and _SIGNS_OF_AN_EVENT & document.keys():
        yield document
    else:
        raise InvalidInputError(_NOT_AN_EVENT)


def _event(raw: Mapping[str, Any]) -> ForeignEvent:
    title = text(raw.get("info")).strip()
    if not title:
        raise InvalidInputError(_NO_TITLE)
    objects, attributes = [], list(_attributes(raw, ""))
    for index, entry in enumerate(_entries(raw, "Object")):
        path = f"Object[{index}]"
        objects.append(_object(entry, path))
        attributes += _attributes(entry, f"{path}.", object_index=index)
    if len(attributes) > MAX_ATTRIBUTES:
        raise TooLargeError(_TOO_MANY_ATTRIBUTES, count=len(attributes), limit=MAX_ATTRIBUTES)
    return ForeignEvent(
        uuid=_uuid(raw),
        title=title,
        raw=raw,
        objects=tuple(objects),
        attributes=tuple(attributes),
    )


def _entries(parent: Mapping[str, Any], key: str) -> list[Any]:
    """Return a list as it stands, so that entries of a wrong kind are counted too."""
    value = parent.get(key)
    return value if isinstance(value, list) else []


def _object(entry: Any, path: str) -> ForeignObject:
    raw = entry if isinstance(entry, dict) else {}
    name = text(raw.get("name"))
    return ForeignObject(
        path=path,
        uuid=text(raw.get("uuid")),
        # the converter looks for a template of this name among its files
        name=name if _OBJECT_NAME.fullmatch(name) else "",
        comment=text(raw.get("comment")),
        first_seen=moment(raw.get("first_seen")),
        last_seen=moment(raw.get("last_seen")),
        deleted=truth(raw.get("deleted")),
    )


def _attributes(
    parent: Any, prefix: str, object_index: int | None = None
) -> Iterator[ForeignAttribute]:
    for index, entry in enumerate(
        _entries(parent, "Attribute") if isinstance(parent, dict) else []
    ):
        raw = entry if isinstance(entry, dict) else {}
        kind, value = text(raw.get("type")), text(raw.get("value"))
        yield ForeignAttribute(
            path=f"{prefix}Attribute[{index}]",
            uuid=text(raw.get("uuid")),
            type=kind,
            value=value,
            category=text(raw.get("category")),
            comment=text(raw.get("comment")),
            to_ids=truth(raw.get("to_ids")),
            first_seen=moment(raw.get("first_seen")),
            last_seen=moment(raw.get("last_seen")),
            has_file=bool(raw.get("data")),
            deleted=truth(raw.get("deleted")),
            broken=not kind or not value.strip(),
            object_index=object_index,
            relation=text(raw.get("object_relation")),
        )


def text(value: Any) -> str:
    """Return a JSON value as text; numbers as written, anything that is not one value as ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def truth(value: Any) -> bool:
    """Read a flag as MISP writes it: true, 1, "1" or "true"."""
    return value is True or text(value).strip().lower() in {"1", "true"}


def moment(value: Any) -> datetime | None:
    """Return a MISP time in UTC; None if there is none or it cannot be read."""
    try:
        found = datetime.fromisoformat(text(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(value: Any) -> date | None:
    """Return the date of an event; None if there is none or it cannot be read."""
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        return None


def _uuid(raw: Mapping[str, Any]) -> UUID:
    try:
        return UUID(text(raw.get("uuid")))
    except ValueError:
        # the same file gives the same UUID, so that a second import is recognised
        canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"))
        digest = sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        return uuid5(_UNNAMED_EVENTS, digest)


def every_part(event: ForeignEvent) -> list[Mapping[str, Any]]:
    """Return the raw attributes and objects of an event, which may bear tags of their own."""
    objects = items(event.raw, "Object")
    inner = [attribute for entry in objects for attribute in items(entry, "Attribute")]
    return [*items(event.raw, "Attribute"), *objects, *inner]
