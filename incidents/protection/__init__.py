"""The data-protection pass: which personal data an incident holds, and what of it an audience gets.

Everything but `decisions` is pure. A machine finds candidates; a person reads the text.
"""

from cirt.incidents.protection.decisions import (
    decide,
    decisions_for,
    known_names,
    mark,
    protect_for,
)
from cirt.incidents.protection.findings import find
from cirt.incidents.protection.kinds import INDICATOR, Action, Decision, Finding, Kind, Spot
from cirt.incidents.protection.passing import Protected, protect

__all__ = [
    "INDICATOR",
    "Action",
    "Decision",
    "Finding",
    "Kind",
    "Protected",
    "Spot",
    "decide",
    "decisions_for",
    "find",
    "known_names",
    "mark",
    "protect",
    "protect_for",
]
