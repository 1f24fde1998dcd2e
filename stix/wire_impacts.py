"""The impacts of an incident: what was harmed, by which measure, and what came after it.

Source: Incident Core Extension 2.1 for STIX 2.1, sections on impact and its category extensions.
"""

from collections.abc import Mapping
from typing import Any

from cirt.errors import N_, InvalidInputError
from cirt.stix.content import ImpactContent, IncidentContent
from cirt.stix.extensions import IMPACT
from cirt.stix.impact_rules import IMPACT_FIELDS, RECOVERABILITIES, is_whole, unfit_details
from cirt.stix.wire_objects import entity_counts, impact_id, spoken, text, times, unfit, versioned


def impact_objects(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the impacts of the content; raise InvalidInputError, naming the field."""
    by_key = {impact.key: impact for impact in content.impacts}
    if len(by_key) != len(content.impacts):
        raise unfit("impacts")
    return [_impact(content, impact, by_key) for impact in content.impacts]


def _impact(
    content: IncidentContent, impact: ImpactContent, by_key: Mapping[str, ImpactContent]
) -> dict[str, Any]:
    if impact.category not in IMPACT_FIELDS:
        raise unfit("category")
    if wrong := unfit_details(impact.category, impact.details):
        raise unfit(wrong[0])
    found = versioned(content, "impact", impact_id(content, impact.key))
    found["impact_category"] = impact.category
    found["extensions"] = {
        IMPACT: {"extension_type": "new-sdo"},
        f"{impact.category}-ext": {
            name: text(value, name) if isinstance(value, str) else value
            for name, value in impact.details.items()
        },
    }
    found |= spoken(content, impact.description) | times(impact.started, impact.ended)
    if impact.criticality is not None:
        if not is_whole(impact.criticality, 100):
            raise unfit("criticality")
        found["criticality"] = impact.criticality
    if impact.recoverability:
        if impact.recoverability not in RECOVERABILITIES:
            raise unfit("recoverability")
        found["recoverability"] = impact.recoverability
    if impact.counts:
        found["impacted_entity_counts"] = entity_counts(impact.counts, "counts")
    if impact.superseded_by is not None:
        _check_superseded(impact, by_key)
        found["superseded_by_ref"] = impact_id(content, impact.superseded_by)
    return found


def _check_superseded(impact: ImpactContent, by_key: Mapping[str, ImpactContent]) -> None:
    """A later impact of the same category took its place, and it ended with that."""
    if impact.ended is None:
        raise InvalidInputError(
            N_("An impact that another one took the place of needs the time when it ended."),
            field="ended",
        )
    seen = {impact.key}
    follower = impact.superseded_by
    while follower is not None:
        later = by_key.get(follower)
        if later is None or follower in seen or later.category != impact.category:
            raise InvalidInputError(
                N_("Only a later impact of the same category can take the place of an impact."),
                field="superseded_by",
            )
        seen.add(follower)
        follower = later.superseded_by
