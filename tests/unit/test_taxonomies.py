"""The classification lists, against the published ones where they are at hand."""

import json
from pathlib import Path

from cirt.localtext import Sentence
from cirt.stix.marking import TLP
from cirt.taxonomies import (
    incident_classes,
    incident_types,
    sectors,
    severities,
    tlp_labels,
)


def in_both_languages(sentence: Sentence) -> bool:
    return bool(sentence.english) and sentence.in_language("ar").translated


def test_rsit_has_11_classes_and_39_types_in_english_and_arabic() -> None:
    """RSIT v1003."""
    assert len(incident_classes()) == 11
    assert len(incident_types()) == 39
    assert all(in_both_languages(each.label) for each in incident_classes().values())
    assert all(in_both_languages(each.label) for each in incident_types().values())


def test_rsit_tags_keep_the_surprising_machine_values() -> None:
    """RSIT v1003: the value does not always follow the label."""
    types = incident_types()
    assert types['rsit:intrusion-attempts="ids-alert"'].label.english == (
        "Exploitation of known vulnerabilities"
    )
    assert types['rsit:intrusion-attempts="exploit"'].label.english == "New attack signature"
    assert types['rsit:information-gathering="scanner"'].class_id == "information-gathering"


def test_rsit_tags_are_those_of_the_published_machine_file(real_data: Path) -> None:
    published = json.loads((real_data / "rsit" / "machinev1.json").read_bytes())
    tags = [
        f'{published["namespace"]}:{group["predicate"]}="{entry["value"]}"'
        for group in published["values"]
        for entry in group["entry"]
    ]
    assert list(incident_types()) == tags
    assert list(incident_classes()) == [each["value"] for each in published["predicates"]]


def test_severities_run_from_0_to_5_with_the_names_of_the_schema() -> None:
    """Cyber Incident Severity Schema (CISS)."""
    names = [each.name.english for each in severities()]
    assert names == ["Baseline", "Low", "Medium", "High", "Severe", "Emergency"]
    assert [each.level for each in severities()] == list(range(6))
    assert all(in_both_languages(each.name) for each in severities())
    assert all(in_both_languages(each.description) for each in severities())


def test_sectors_are_the_18_of_the_directive() -> None:
    """Directive (EU) 2022/2555, annexes I and II."""
    assert len(sectors()) == 18
    assert all(in_both_languages(each.name) for each in sectors().values())


def test_tlp_labels_are_those_of_the_exchange_format_and_are_not_translated() -> None:
    """TLP 2.0 (FIRST, August 2022)."""
    assert {each.id: each.label for each in tlp_labels().values()} == {
        tlp.value: tlp.label for tlp in TLP
    }
    assert all(in_both_languages(each.audience) for each in tlp_labels().values())
