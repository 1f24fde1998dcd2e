"""What the suite demands in prose: found, as warnings, and its schemas' slips are not."""

import json
from typing import Any

import pytest

from cirt.stix.extensions import IMPACT, INCIDENT_CORE, TASK
from cirt.stix.validation import check_object
from cirt.stix.wire import build
from tests.unit.stix.suite_contents import FULL


def one_of(kind: str, **having: Any) -> dict[str, Any]:
    objects = [json.loads(one.body) for one in build(FULL).objects if one.type == kind]
    return next(one for one in objects if having.items() <= one.items())


def found(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.path, one.severity) for one in check_object(one, now=FULL.modified)]


def test_slips_of_the_published_schemas_are_not_reported() -> None:
    """physical-impact lacks "unknown", task lacks impacted_entity_counts: the text has both."""
    assert found(one_of("impact", impact_category="physical")) == []
    task = one_of("task") | {"impacted_entity_counts": {"customer": 4}}
    assert found(task) == []


def test_superseded_impact_needs_its_end() -> None:
    one = one_of("impact", impact_category="availability")
    one |= {"superseded_by_ref": one["id"], "extensions": one["extensions"]}
    one.pop("end_time", None)
    assert found(one) == [("end_time", "warning")]


@pytest.mark.parametrize(
    ("category", "details", "path"),
    [
        (
            "integrity",
            {"alteration": "full-destruction"},
            "extensions.integrity-ext.information_type",
        ),
        (
            "integrity-ext",
            {"alteration": "full-destruction"},
            "extensions.integrity-ext.information_type",
        ),
        ("weather", {"rain": 3}, None),
        ("external", None, "extensions"),
    ],
)
def test_category_names_its_extension(
    category: str, details: dict[str, Any] | None, path: str | None
) -> None:
    """An unknown category is kept, not refused; "-ext" may stand or not."""
    one = one_of("impact", impact_category="external")
    one["impact_category"] = category
    one["extensions"] = {IMPACT: {"extension_type": "new-sdo"}}
    if details is not None:
        one["extensions"][f"{category.removesuffix('-ext')}-ext"] = details
    assert set(found(one)) == ({(path, "warning")} if path else set())


def test_next_step_must_be_an_entry_of_the_same_list() -> None:
    """Checked over the whole list: steps and starts of a sequence."""
    one = one_of("incident")
    entries = one["extensions"][INCIDENT_CORE]["tasks"]
    first, second = (entry["task_ref"] for entry in entries)
    step = {"condition_type": "required", "transition_type": "success"}
    entries[0]["next_steps"] = [{**step, "task_ref": second}]
    entries[1] |= {"sequence_start": False, "next_steps": [{**step, "task_ref": first}]}
    assert found(one) == []  # a cycle is allowed
    entries[0]["sequence_start"] = False
    place = f"extensions.{INCIDENT_CORE}.tasks"
    assert found(one) == [(place, "warning")]
    entries[0]["sequence_start"] = True
    entries[1]["next_steps"][0]["task_ref"] = "task--11111111-2222-4333-8444-555555555555"
    assert found(one) == [(f"{place}[1].next_steps[0]", "warning")]


def test_change_leads_to_an_object_of_the_same_type() -> None:
    one = one_of("task")
    assert TASK in one["extensions"]
    one["changed_objects"] = [
        {
            "state_change_type": "mitigated",
            "initial_ref": "impact--11111111-2222-4333-8444-555555555555",
            "result_ref": "tool--11111111-2222-4333-8444-555555555555",
        }
    ]
    assert found(one) == [("changed_objects[0]", "warning")]
