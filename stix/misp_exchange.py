"""Read MISP event files and write them; the conversion itself runs in a process of its own.

misp-stix (>= 2026.9.8) is never imported here: see misp_process.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cirt import strictjson
from cirt.errors import (
    N_,
    DomainError,
    ForbiddenError,
    InvalidInputError,
    TooLargeError,
    UnavailableError,
)
from cirt.limited import LimitedProcessError, run_limited
from cirt.stix.content import IncidentContent
from cirt.stix.marking import TLP
from cirt.stix.misp_content import (
    AttackPattern,
    Carried,
    Loss,
    MispExport,
    MispImport,
    MispObservable,
    MispRule,
    Reference,
)
from cirt.stix.misp_event import ForeignEvent, read_events
from cirt.stix.misp_export import event_of, lean_bundle
from cirt.stix.misp_import import assemble
from cirt.stix.misp_received import Told
from cirt.stix.misp_sorting import Sorted, sort
from cirt.stix.misp_writing import Cover
from cirt.stix.references import references_of
from cirt.stix.wire import build

__all__ = [
    "AttackPattern",
    "Carried",
    "Loss",
    "MispExport",
    "MispImport",
    "MispObservable",
    "MispRule",
    "Reference",
    "Shared",
    "export_event",
    "export_reports",
    "import_event",
    "import_events",
    "import_files",
]

TIMEOUT_SECONDS: Final = 60
MEMORY_BYTES: Final = 1_000_000_000
_LIMITS: Final = strictjson.Limits(max_bytes=50_000_000, max_string=50_000_000)

# who may see it is written by us, and nothing may name a parser for itself
_NOT_CONVERTED: Final = ("object_marking_refs", "granular_markings", "labels", "created_by_ref")
# who made it, with their addresses, is no finding
_ABOUT_OTHERS: Final = ("identity", "marking-definition")

_RED = N_(
    "TLP:RED is for named persons only and is not exported; a person with the right may lower the "
    "marking first."
)
# events of one run of the process
_AT_ONCE: Final = 25
_OTHER_UUID = N_("The event says that it is %(uuid)s, which is not the name of its file.")
_SEVERAL = N_("The file holds %(count)s MISP events; choose a file with one.")
_TOO_MUCH = N_(
    "The conversion needed more than it may use (%(seconds)s seconds, %(megabytes)s megabytes) and "
    "was stopped. Split the event into smaller ones and try again."
)
_FAILED = N_(
    "The conversion stopped on an internal error and nothing was taken over. If the file comes "
    "from MISP itself, report it to the people who run this server."
)


def import_events(data: bytes) -> list[MispImport]:
    """Return the events of a MISP file, in its order; most files hold one.

    Raises InvalidInputError (not strict JSON, no MISP events, an event of which nothing can be
    taken over) or TooLargeError; then nothing of the whole file is taken.
    """
    events = read_events(data)
    sorted_events = [sort(event) for event in events]
    converted = _convert("to_stix", "events", [ways.document for ways in sorted_events])
    return [
        assemble(event, ways, slots or {})
        for event, ways, slots in zip(events, sorted_events, converted, strict=True)
    ]


def import_files(
    files: Mapping[UUID, bytes], progress: Callable[[int, int], None] | None = None
) -> dict[UUID, MispImport | DomainError]:
    """Return what came of each event file of a feed, or why it was refused.

    files: by the UUID that their names say; an event that says another one is refused.
    progress: told how many of how many are done, between runs of the process.
    """
    found: dict[UUID, MispImport | DomainError] = {}
    read: dict[UUID, tuple[ForeignEvent, Sorted]] = {}
    for key, data in files.items():
        try:
            events = read_events(data)
            if len(events) != 1:
                raise InvalidInputError(_SEVERAL, count=len(events))
            if events[0].uuid != key:
                raise InvalidInputError(_OTHER_UUID, uuid=str(events[0].uuid))
            read[key] = (events[0], sort(events[0]))
        except DomainError as error:
            found[key] = error
    keys = list(read)
    for start in range(0, len(keys), _AT_ONCE):
        if progress is not None:
            progress(start, len(keys))
        found |= _imported({key: read[key] for key in keys[start : start + _AT_ONCE]})
    return {key: found[key] for key in files}


def _imported(
    read: Mapping[UUID, tuple[ForeignEvent, Sorted]],
) -> dict[UUID, MispImport | DomainError]:
    keys = list(read)
    try:
        converted = _convert("to_stix", "events", [ways.document for _event, ways in read.values()])
    except (TooLargeError, UnavailableError) as error:
        if len(keys) == 1:
            return {keys[0]: error}
        middle = len(keys) // 2
        halves = (keys[:middle], keys[middle:])
        return {
            key: one
            for half in halves
            for key, one in _imported({key: read[key] for key in half}).items()
        }
    found: dict[UUID, MispImport | DomainError] = {}
    for (key, (event, ways)), slots in zip(read.items(), converted, strict=True):
        try:
            found[key] = assemble(event, ways, slots or {})
        except DomainError as error:
            found[key] = error
    return found


def import_event(data: bytes) -> MispImport:
    """Return the one event of a MISP file.

    Raises as import_events does, and InvalidInputError if there are several.
    """
    events = import_events(data)
    if len(events) != 1:
        raise InvalidInputError(_SEVERAL, count=len(events))
    return events[0]


def export_event(content: IncidentContent, *, extends: UUID | None = None) -> MispExport:
    """Return the MISP event file of an incident: {"Event": ...}, the same bytes for equal content.

    extends: the event that the incident was made from. Raises ForbiddenError for TLP:RED, which
    leaves by no file (TLP 2.0).
    """
    if content.tlp is TLP.RED:
        raise ForbiddenError(_RED)
    bundle = strictjson.loads(build(content).body, _LIMITS)
    (converted,) = _convert("to_misp", "bundles", [lean_bundle(bundle)])
    return event_of(content, converted, Cover(extends=extends))


@dataclass(frozen=True, slots=True)
class Shared:
    """A report as a circle has it. objects: its own and all that belong to it; cover: see there."""

    told: Told
    objects: tuple[Mapping[str, Any], ...]
    cover: Cover


def export_reports(reports: Sequence[Shared]) -> list[MispExport]:
    """Return the MISP events of reports, in their order, from one run of the limited process.

    What misp-stix fails on is written without it; the others do not suffer. Raises ForbiddenError
    if one is TLP:RED.
    """
    if any(one.told.content.tlp is TLP.RED for one in reports):
        raise ForbiddenError(_RED)
    bundles = [_bundle(one) for one in reports]
    converted = _converted(bundles)
    made = [
        event_of(one.told.content, event, one.cover, with_all=True)
        for one, event in zip(reports, converted, strict=True)
    ]
    return [
        MispExport(export.body, (*one.told.losses, *export.losses))
        for one, export in zip(reports, made, strict=True)
    ]


def _converted(bundles: Sequence[Mapping[str, Any]]) -> list[Any]:
    if not bundles:
        return []
    try:
        return _convert("to_misp", "bundles", bundles)
    except (TooLargeError, UnavailableError):
        if len(bundles) == 1:
            return [None]
    middle = len(bundles) // 2
    return _converted(bundles[:middle]) + _converted(bundles[middle:])


def _bundle(report: Shared) -> dict[str, Any]:
    """Return what misp-stix gets to see: only what it is good at, and no markings to interpret."""
    about = [one for one in report.objects if one["type"] in _ABOUT_OTHERS]
    left_out = {one["id"] for one in about} | {ref for one in about for ref in references_of(one)}
    objects = [
        {key: value for key, value in one.items() if key not in _NOT_CONVERTED}
        for one in report.objects
        if one["id"] not in left_out
    ]
    identifier = f"bundle--{report.told.content.id}"
    return lean_bundle({"type": "bundle", "id": identifier, "objects": objects})


def _convert(action: str, key: str, documents: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what the limited process made of each document, None where it failed."""
    request = json.dumps({"action": action, key: documents}, ensure_ascii=False)
    try:
        answer = run_limited(
            "cirt.stix.misp_process",
            request.encode(),
            timeout_seconds=TIMEOUT_SECONDS,
            memory_bytes=MEMORY_BYTES,
        )
    except LimitedProcessError as error:
        raise _explained(error) from error
    results: list[Any] = strictjson.loads(answer, _LIMITS)
    return results


def _explained(error: LimitedProcessError) -> DomainError:
    if error.reason == "crash":
        return UnavailableError(_FAILED)
    return TooLargeError(_TOO_MUCH, seconds=TIMEOUT_SECONDS, megabytes=MEMORY_BYTES // 1_000_000)
