"""Changes of a case in words: what a field held before and after, or for two people."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from cirt import vocabularies
from cirt.accounts.models import User
from cirt.incidents.case_pages import (
    capability_word,
    sector_word,
    severity_word,
    status_word,
    type_word,
)
from cirt.incidents.case_words import DETERMINATION_NAMES, FIELD_NAMES, LANGUAGE_NAMES, ROLE_WORDS
from cirt.incidents.count_fields import counts_in_words
from cirt.incidents.impact_words import IMPACT_FIELDS, OBSERVABLE_FIELDS, TASK_FIELDS
from cirt.incidents.suite_words import step_word, word_of
from cirt.stix.marking import TLP
from cirt.web import db_session

# field -> the lists of the incident suite that its words may stand in
_LISTS: dict[str, tuple[str, ...]] = {
    "detection_methods": ("detection-methods",),
    "category": ("impact-category",),
    "recoverability": ("recoverability",),
    "loss_type": ("confidentiality-loss",),
    "alteration": ("integrity-alteration",),
    "information_type": ("information-type",),
    "variety": ("monetary-impact-type",),
    "impact_type": ("physical-impact", "external-impact"),
    "asset_type": ("asset-type",),
    "traceability_impact": ("traceability",),
    "outcome": ("task-outcome",),
    "task_types": ("task-type",),
}
_SCALES = {
    "criticality": "criticality",
    "availability_impact": "availability",
    "priority": "priority",
}


@dataclass(frozen=True)
class Difference:
    """A field with two values: before and after an edit, or what another person saved and one's own."""

    label: str
    first: str
    second: str


def differences(changes: Mapping[str, Any], names: Mapping[str, str]) -> list[Difference]:
    """Return {name: [first, second]} in words. names: of the fields, as message ids."""
    return [
        Difference(_(names.get(name, name)), shown(name, pair[0]), shown(name, pair[1]))
        for name, pair in changes.items()
    ]


def names_for(kind: str) -> Mapping[str, str]:
    """Return the names of the fields that a kind of change is about."""
    if kind.startswith("impact-"):
        return IMPACT_FIELDS
    if kind.startswith("task-"):
        return TASK_FIELDS
    return OBSERVABLE_FIELDS if kind.startswith("observable-") else FIELD_NAMES


def subject_word(kind: str, subject: str) -> str:
    """Return which impact or task a change was about."""
    return word_of(subject, "impact-category") if kind.startswith("impact-") else subject


def shown(name: str, value: Any) -> str:
    """Return a field's JSON value as people read it."""
    if name == "severity":
        return severity_word(value)
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, dict):
        return ", ".join(counts_in_words(value))
    if isinstance(value, list):
        return ", ".join(_shown_entry(name, str(each)) for each in value)
    if name in _SCALES:
        return step_word(_SCALES[name], value)
    if name.endswith(("_at", "_observed", "_time")):
        return f"{str(value)[:16].replace('T', ' ')} UTC"
    if isinstance(value, float):
        # 0.0000155, not 1.55e-05
        return f"{Decimal(str(value)):f}"
    return _shown_entry(name, str(value))


def _shown_entry(name: str, value: str) -> str:
    if name in _LISTS:
        return word_of(value, *_LISTS[name])
    match name:
        case "tlp":
            return TLP(value).label
        case "pap":
            label = vocabularies.pap_labels().get(value)
            return label.label if label else value
        case "rsit":
            return type_word(value)
        case "investigation_status":
            return status_word(value)
        case "determination":
            return str(_(DETERMINATION_NAMES.get(value, value)))
        case "language":
            return LANGUAGE_NAMES.get(value, value)
        case "sectors":
            return sector_word(value)
        case "role":
            return str(_(ROLE_WORDS.get(value, value)))
        case "failed" | "held":
            return capability_word(value)
        case "readers" | "assigned_to":
            user = db_session().get(User, uuid.UUID(value))
            return user.name if user else "–"
        case "superseded_by":
            return str(_("A later impact"))
    return value
