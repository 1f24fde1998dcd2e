"""What the incident extension suite and the markings demand, beyond their published schemas.

The schemas have slips and leave rules to prose. Drafts of the suite differ, so that whatever is
found here is a warning: the object is kept and shown. Source: Incident Core Extension 2.1 for STIX
2.1 (OASIS, draft of 2024), sections on impact, event, task and their helper types.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cirt.errors import N_
from cirt.stix.extensions import IMPACT, INCIDENT_CORE
from cirt.stix.impact_rules import IMPACT_FIELDS, category_of, unfit_details
from cirt.stix.received_values import mapping, rows, text

Finding = tuple[str, str, dict[str, Any]]  # path, message, params

_SUPERSEDED = N_("An impact that another one took the place of needs the time when it ended.")
_CATEGORY = N_("The extension that the category of the impact names is missing.")
_DETAIL = N_("This does not fit the category of the impact, or something it needs is missing.")
_STEP = N_("The next step is not among the entries of the same list.")
_NO_START = N_("A sequence needs an entry that it starts with.")
_KINDS = N_("A change leads from one object to another of the same type.")


def without_slips(extension_id: str, obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object without what the text of the suite allows and its schema forgot."""
    extensions = mapping(obj, "extensions")
    physical = mapping(extensions, "physical-ext")
    if extension_id == IMPACT and physical.get("impact_type") == "unknown":
        known = {**physical, "impact_type": "destruction"}
        return {**obj, "extensions": {**extensions, "physical-ext": known}}
    return obj


def suite_findings(obj: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with an incident, event, impact or task of the suite."""
    extensions = mapping(obj, "extensions")
    if obj.get("type") == "impact":
        yield from _impact(obj, extensions)
    core = mapping(extensions, INCIDENT_CORE)
    place = f"extensions.{INCIDENT_CORE}."
    for holder, prefix, names in ((core, place, ("events", "tasks")), (obj, "", _SUBSTEPS)):
        for name in names:
            yield from _sequence(holder, prefix + name, name)
    for index, change in enumerate(rows(obj, "changed_objects")):
        before, after = text(change, "initial_ref"), text(change, "result_ref")
        if before and after and before.partition("--")[0] != after.partition("--")[0]:
            yield f"changed_objects[{index}]", _KINDS, {}


_SUBSTEPS = ("subevents", "subtasks")


def _impact(obj: Mapping[str, Any], extensions: Mapping[str, Any]) -> Iterator[Finding]:
    if "superseded_by_ref" in obj and "end_time" not in obj:
        yield "end_time", _SUPERSEDED, {}
    category = category_of(obj.get("impact_category"))
    name = f"{category}-ext"
    if name in extensions:
        for unfit in unfit_details(category, mapping(extensions, name)):
            yield f"extensions.{name}.{unfit}"[:300], _DETAIL, {}
    elif category in IMPACT_FIELDS:
        yield "extensions", _CATEGORY, {}


def _sequence(holder: Mapping[str, Any], path: str, name: str) -> Iterator[Finding]:
    """A whole list is looked at: a step leads to an entry of it, and something comes first."""
    ref = "event_ref" if name in ("events", "subevents") else "task_ref"
    entries = rows(holder, name)
    if not entries:
        return
    here = {text(entry, ref) for entry in entries}
    for index, entry in enumerate(entries):
        for inner, step in enumerate(rows(entry, "next_steps")):
            if text(step, ref) not in here:
                yield f"{path}[{index}].next_steps[{inner}]", _STEP, {}
    if all(entry.get("sequence_start") is False for entry in entries):
        yield path, _NO_START, {}
