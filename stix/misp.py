"""Convert between MISP events and STIX 2.1 with misp-stix; runs in a limited process only.

Import it nowhere else: it costs a second and 60 MB, reads hostile input, and misp-stix calls
sys.exit() on some of it. Every document gets a new parser, since parsers remember what they read
(CVE-2026-77761). Input is what misp_import and misp_export prepared.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from misp_stix_converter import ExternalSTIX2toMISPParser, MISPtoSTIX21Parser
from misp_stix_converter.tools.stix2_loading_helpers import load_stix2_content

_ANCHORS: Final = frozenset({"grouping", "report"})


class ConversionError(Exception):
    """misp-stix could not make anything of the whole document."""


def event_to_stix(event: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the STIX observables (SCOs, vulnerabilities) of each attribute and object, by UUID.

    Attributes and objects that misp-stix fails on are left out; the others do not suffer, even
    where misp-stix gives up on the whole event.
    """
    parts = [("Attribute", entry) for entry in event["Attribute"]]
    parts += [("Object", entry) for entry in event["Object"]]
    return _converted(event, parts)


def _converted(
    event: Mapping[str, Any], parts: Sequence[tuple[str, dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    if not parts:
        return {}
    document = dict(event) | {
        key: [entry for kind, entry in parts if kind == key] for key in ("Attribute", "Object")
    }
    try:
        return _observables(document)
    except (Exception, SystemExit) as error:
        if isinstance(error, MemoryError):
            raise
        if len(parts) == 1:
            return {}
        middle = len(parts) // 2
        return _converted(event, parts[:middle]) | _converted(event, parts[middle:])


def _observables(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    parser = MISPtoSTIX21Parser()
    parser.parse_misp_event({"Event": document})
    objects = {entry["id"]: json.loads(entry.serialize()) for entry in parser.stix_objects}
    if not any(entry["type"] in _ANCHORS for entry in objects.values()):
        raise ConversionError
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in objects.values():
        if entry["type"] == "observed-data":
            referred = [objects[ref] for ref in entry["object_refs"] if ref in objects]
            found[_uuid(entry)] = referred
        elif entry["type"] == "vulnerability":
            found[_uuid(entry)] = [entry]
    return found


def _uuid(entry: Mapping[str, Any]) -> str:
    identifier: str = entry["id"]
    return identifier.partition("--")[2]


def bundle_to_event(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the MISP event of a STIX bundle, as any receiver with misp-stix would see it.

    Raises ConversionError if it makes no event of it.
    """
    parser = ExternalSTIX2toMISPParser()
    parser.load_stix_bundle(load_stix2_content(dict(bundle)))
    parser.parse_stix_bundle(single_event=True)
    event = parser.misp_event
    if isinstance(event, (list, tuple, dict)):
        raise ConversionError
    converted: dict[str, Any] = json.loads(event.to_json())
    return converted
