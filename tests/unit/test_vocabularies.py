"""The words of the incident suite, against the lists of the standard."""

from cirt.stix import impact_rules
from cirt.stix.extensions import CRITICALITY, DETECTION_METHODS
from cirt.stix.marking import PAP_WORDS
from cirt.vocabularies import pap_labels, scales, step_of, word_lists

SIZES = {
    "impact-category": 7,
    "recoverability": 5,
    "confidentiality-loss": 5,
    "integrity-alteration": 7,
    "physical-impact": 5,
    "traceability": 3,
    "external-impact": 7,
    "information-type": 11,
    "monetary-impact-type": 10,
    "asset-type": 21,
    "entity-type": 22,
    "detection-methods": 8,
    "task-outcome": 6,
    "task-type": 21,
}


def test_lists_are_whole_and_named_in_english_and_arabic() -> None:
    """Incident Core Extension 2.1: enumerations and open vocabularies."""
    assert {name: len(found.words) for name, found in word_lists().items()} == SIZES
    for found in word_lists().values():
        names = [name.in_language("ar") for name in found.words.values()]
        assert all(name.translated for name in names), found.id
        assert len({name.text for name in names}) == len(names), found.id
    assert set(word_lists()["detection-methods"].words) == set(DETECTION_METHODS)
    for name, words in (
        ("recoverability", impact_rules.RECOVERABILITIES),
        ("confidentiality-loss", impact_rules.CONFIDENTIALITY_LOSSES),
        ("integrity-alteration", impact_rules.INTEGRITY_ALTERATIONS),
        ("physical-impact", impact_rules.PHYSICAL_IMPACTS),
        ("traceability", impact_rules.TRACEABILITIES),
        ("task-outcome", impact_rules.TASK_OUTCOMES),
    ):
        assert set(word_lists()[name].words) == set(words), name
    closed = {name for name, found in word_lists().items() if found.closed}
    assert closed == {
        *("recoverability", "confidentiality-loss", "integrity-alteration"),
        *("physical-impact", "traceability", "task-outcome"),
    }


def test_scales_cover_every_number_once() -> None:
    """Incident Core Extension 2.1: criticality in five steps, availability, simple."""
    for name, steps in scales().items():
        assert [value for step in steps for value in range(step.low, step.high + 1)] == list(
            range(101)
        ), name
        assert all(step_of(name, step.value) is step for step in steps)
        assert all(step.name.in_language("ar").translated for step in steps)
    assert {step.value for step in scales()["criticality"]} == set(CRITICALITY[:5])
    assert step_of("criticality", 101) is None


def test_pap_labels_are_those_of_the_exchange_format() -> None:
    assert tuple(pap_labels()) == PAP_WORDS
    assert all(label.actions.in_language("ar").translated for label in pap_labels().values())
