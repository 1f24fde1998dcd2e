"""From a case to what one audience gets of it: sections, data protection, attribution, identifiers.

An audience gets the incident either as everybody gets it, under its own id, or as a view of its
own: then under an id of its own, without the reference number, and with the times of the objects in
whole hours, so that nobody can tell by id, time or reference that two audiences have the same case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from cirt import taxonomies
from cirt.incidents import audience_ids, protection
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.inbox import onward
from cirt.incidents.producers import circle_producer
from cirt.incidents.protection import INDICATOR, Action, Decision, Finding, Protected, Spot
from cirt.incidents.release_sections import Section, cut, section_of, sections_of_place
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.wire_content import content_of
from cirt.stix.content import IncidentContent
from cirt.stix.iep import iep_from

_OBSERVABLES: Final = "observables."


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceContent:
    """What one audience gets of an incident.

    removed: what the data-protection pass changed, as `Release.removed` keeps it. findings: the
    personal data that it found; of both, only what stands in a section of this audience. kept: how
    many of the findings leave as they are.
    keeps_personal: whether some of that is kept, indicators of the attack not counted.
    object_uuid: the id under which the audience knows the incident. is_own_view: whether that is
    not the incident's own.
    """

    content: IncidentContent
    removed: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    kept: int
    keeps_personal: bool
    object_uuid: UUID
    is_own_view: bool


def is_unattributed(collection: Collection, terms: ReleaseTerms) -> bool:
    """Return whether the circle stands for the producer; in a confidential one always."""
    return collection.is_confidential or terms.unattributed


def audience_content(
    session: Session,
    incident: Incident,
    collection: Collection,
    terms: ReleaseTerms,
    *,
    object_uuid: UUID | None = None,
    modified: datetime | None = None,
) -> AudienceContent:
    """Return what an audience gets of an incident by these terms.

    object_uuid: the id that was chosen before; None chooses one, and that is a new one each time
    for a view that was never given out. modified: the version; None takes the time of the content.
    """
    unattributed = is_unattributed(collection, terms)
    title = _title_of_kind(incident, unattributed=unattributed)
    # what others shared and do not allow passing on leaves for nobody
    whole, left_out = onward.without_blocked(
        session, incident, content_of(session, incident), title=title
    )
    # the pass comes first: what is known of the victim must leave the description as well
    passed = protection.protect_for(session, incident, collection, whole)
    content = cut(passed.content, terms.sections, title=title)
    if collection.iep is not None:
        content = replace(content, iep=iep_from(collection.iep))
    if unattributed:
        content = _in_the_name_of(session, collection, content, terms)
    if object_uuid is None:
        object_uuid = audience_ids.chosen_id(
            session,
            incident,
            collection,
            is_common=content == whole,
            unattributed=unattributed,
        )
    content = replace(content, id=object_uuid)
    is_own_view = object_uuid != incident.id
    if is_own_view:
        content = replace(
            content,
            reference="",
            created=_to_the_hour(content.created),
            modified=_to_the_hour(content.modified),
        )
    if modified is not None:
        content = replace(content, modified=modified)
    findings = tuple(one for one in passed.findings if _stands(one, whole, terms.sections))
    decisions = protection.decisions_for(session, incident.id, collection.id)
    return AudienceContent(
        content=content,
        removed=tuple(one for one in left_out if sections_of_place(one["place"]) & terms.sections)
        + _removed_in(passed, whole, terms.sections),
        findings=findings,
        kept=sum(one.action is Action.KEEP for one in _chosen(findings, decisions)),
        keeps_personal=keeps_personal(findings, decisions),
        object_uuid=object_uuid,
        is_own_view=is_own_view,
    )


def keeps_personal(findings: tuple[Finding, ...], decisions: Mapping[str, Decision]) -> bool:
    """Return whether personal data leave: kept by a decision, and not as attack infrastructure."""
    chosen = _chosen(findings, decisions)
    return any(one.action is Action.KEEP and one.reason != INDICATOR for one in chosen)


def _chosen(findings: tuple[Finding, ...], decisions: Mapping[str, Decision]) -> list[Decision]:
    return [decisions.get(finding.key, finding.default) for finding in findings]


def _stands(finding: Finding, whole: IncidentContent, sections: frozenset[Section]) -> bool:
    """Return whether one of the places of a finding is in these sections."""
    return any(_is_within(spot, whole, sections) for spot in finding.spots)


def _is_within(spot: Spot, whole: IncidentContent, sections: frozenset[Section]) -> bool:
    within = sections_of_place(spot.place)
    if spot.place.startswith(_OBSERVABLES) and spot.item is not None:
        within = frozenset({section_of(one) for one in whole.observables[spot.item :][:1]})
    return bool(within & sections)


def _removed_in(
    passed: Protected, whole: IncidentContent, sections: frozenset[Section]
) -> tuple[dict[str, Any], ...]:
    """Return what the pass changed in these sections; observables are in different ones."""
    inside = {
        (finding.kind, spot.place)
        for finding in passed.findings
        for spot in finding.spots
        if _is_within(spot, whole, sections)
    }
    return tuple(
        one
        for one in passed.removed
        if sections_of_place(one["place"]) & sections
        and (not one["place"].startswith(_OBSERVABLES) or (one["kind"], one["place"]) in inside)
    )


def _in_the_name_of(
    session: Session, collection: Collection, content: IncidentContent, terms: ReleaseTerms
) -> IncidentContent:
    """Return the content with the circle as its producer, and nothing that tells who it was.

    Times of what happened are rounded to the minute: seconds and their fractions are a habit of a
    tool. Without the narrative no language is named.
    """
    return replace(
        content,
        producer=circle_producer(session, collection),
        reference="",
        language=content.language if Section.NARRATIVE in terms.sections else "en",
        started=_to_the_minute(content.started),
        ended=_to_the_minute(content.ended),
        observables=tuple(
            replace(
                one,
                first_observed=_to_the_minute(one.first_observed),
                last_observed=_to_the_minute(one.last_observed),
            )
            for one in content.observables
        ),
        impacts=tuple(
            replace(one, started=_to_the_minute(one.started), ended=_to_the_minute(one.ended))
            for one in content.impacts
        ),
        tasks=tuple(
            replace(one, started=_to_the_minute(one.started), ended=_to_the_minute(one.ended))
            for one in content.tasks
        ),
    )


def _to_the_minute(when: datetime | None) -> datetime | None:
    return None if when is None else when.replace(second=0, microsecond=0)


def _to_the_hour(when: datetime) -> datetime:
    return when.replace(minute=0, second=0, microsecond=0)


def _title_of_kind(incident: Incident, *, unattributed: bool) -> str:
    """Return the name of the kind of incident, in the incident's language if it may be named."""
    kind = taxonomies.incident_types().get(incident.rsit)
    if kind is None:
        return "Incident"
    return kind.label.in_language("en" if unattributed else incident.language).text
