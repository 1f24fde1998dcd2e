"""Read MISP event files and write them; the conversion itself runs in a process of its own.

misp-stix (>= 2026.9.8) is never imported here: see misp_process.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

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
from cirt.stix.misp_event import read_events
from cirt.stix.misp_export import event_of, lean_bundle
from cirt.stix.misp_import import assemble
from cirt.stix.misp_sorting import sort
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
    "export_event",
    "import_event",
    "import_events",
]

TIMEOUT_SECONDS: Final = 60
MEMORY_BYTES: Final = 1_000_000_000
_LIMITS: Final = strictjson.Limits(max_bytes=50_000_000, max_string=50_000_000)

_RED = N_(
    "TLP:RED is for named persons only and is not exported; a person with the right may lower the "
    "marking first."
)
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


def import_event(data: bytes) -> MispImport:
    """Return the one event of a MISP file.

    Raises as import_events does, and InvalidInputError if there are several.
    """
    events = import_events(data)
    if len(events) != 1:
        raise InvalidInputError(_SEVERAL, count=len(events))
    return events[0]


def export_event(content: IncidentContent) -> MispExport:
    """Return the MISP event file of an incident: {"Event": ...}, the same bytes for equal content.

    Raises ForbiddenError for TLP:RED, which leaves by no file (TLP 2.0).
    """
    if content.tlp is TLP.RED:
        raise ForbiddenError(_RED)
    bundle = strictjson.loads(build(content).body, _LIMITS)
    (converted,) = _convert("to_misp", "bundles", [lean_bundle(bundle)])
    return event_of(content, converted)


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
