"""Names of the codes that a report prints, without the tables they are stored in."""

from collections.abc import Mapping
from types import MappingProxyType

from cirt.errors import N_

EVIDENCE_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "file": N_("File"),
        "document": N_("Document, not attached"),
        "interview": N_("Interview"),
        "observation": N_("Observation"),
    }
)
FINDING_KINDS: Mapping[str, str] = MappingProxyType(
    {"strength": N_("Strength"), "gap": N_("Gap"), "risk": N_("Risk")}
)
ACTION_STATES: Mapping[str, str] = MappingProxyType(
    {
        "proposed": N_("Proposed"),
        "planned": N_("Planned"),
        "running": N_("Under way"),
        "done": N_("Done"),
        "dropped": N_("Dropped"),
    }
)
BANDS: Mapping[str, str] = MappingProxyType(
    {
        "none": N_("none"),
        "few": N_("1 to 5"),
        "several": N_("6 to 20"),
        "many": N_("more than 20"),
    }
)
STATED: Mapping[str, str] = MappingProxyType(
    {"low": N_("Low"), "medium": N_("Medium"), "high": N_("High")}
)
