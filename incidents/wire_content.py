"""From a case to everything that can leave of it: the one place that says which fields do.

What one audience gets of it is `audience_view`'s to say.
"""

from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.errors import N_
from cirt.incidents.case_models import Incident, IncidentObservable, IncidentRule
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.stix.content import (
    ImpactContent,
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    TaskContent,
)

NOT_SENT: tuple[str, ...] = (
    N_("When it was detected and when it was reported: STIX 2.1 has no place for them."),
    N_("The countries concerned."),
    N_("Which capabilities failed or held."),
    N_("Who works on it, the history, and the persons named for TLP:RED."),
    N_("Comments on observables that were taken over from others: they say from whom."),
    N_("What an imported file said besides (tags, references, names of groups)."),
)
"""What stays inside whatever the release, as sentences."""


def content_of(session: Session, incident: Incident) -> IncidentContent:
    """Return what can leave of an incident; the same incident always gives the same content."""
    return IncidentContent(
        id=incident.id,
        reference=incident.reference,
        title=incident.title,
        description=incident.description,
        language=incident.language,
        producer=producer_of(session.get_one(Administration, incident.administration_id)),
        tlp=incident.marking,
        pap=incident.pap,
        created=incident.created_at,
        modified=incident.content_changed_at,
        started=incident.started_at,
        ended=incident.ended_at,
        detected=incident.detected_at,
        rsit=rsit_words(incident.rsit),
        severity=incident.severity,
        determination=incident.determination,
        investigation_status=incident.investigation_status,
        detection_methods=tuple(sorted(incident.detection_methods)),
        impacted_entity_counts=dict(incident.entity_counts),
        sectors=tuple(sorted(incident.sectors)),
        techniques=tuple(sorted(incident.techniques)),
        observables=tuple(
            _observable(row) for row in sorted(incident.observables, key=lambda row: row.key)
        ),
        indicators=tuple(_rule(row) for row in sorted(incident.rules, key=lambda row: row.key)),
        impacts=tuple(_impact(row) for row in sorted(incident.impacts, key=lambda row: row.id)),
        tasks=tuple(_task(row) for row in sorted(incident.tasks, key=lambda row: row.id)),
    )


def producer_of(administration: Administration) -> Producer:
    """Return how an administration signs what it releases."""
    return Producer(
        id=administration.id,
        name=administration.team_name or administration.name_in("en"),
        code=administration.code,
        contact=administration.contact_email or None,
    )


def rsit_words(tag: str) -> str:
    """Return "<classification>:<type>" of a machine tag such as rsit:fraud="phishing"."""
    group, _equals, kind = tag.removeprefix("rsit:").partition("=")
    return group + ":" + kind.strip('"')


def rsit_tag(words: str) -> str:
    """Return the machine tag of "<classification>:<type>"."""
    group, _colon, kind = words.partition(":")
    return f'rsit:{group}="{kind}"'


def _observable(row: IncidentObservable) -> ObservableContent:
    return ObservableContent(
        observable=row.observable,
        is_indicator=row.is_indicator,
        is_victim=row.is_victim,
        # of what was taken over, the comment says from whom, and through which circle
        comment=row.comment if row.received_id is None else "",
        first_observed=row.first_observed,
        last_observed=row.last_observed,
        count=row.count,
        withdrawn=row.withdrawn_at is not None,
    )


def _rule(row: IncidentRule) -> IndicatorContent:
    return IndicatorContent(
        key=row.key,
        name=row.name,
        pattern=row.pattern,
        pattern_type=row.pattern_type,
        comment=row.comment,
        withdrawn=row.withdrawn_at is not None,
    )


def _impact(row: IncidentImpact) -> ImpactContent:
    return ImpactContent(
        key=str(row.id),
        category=row.category,
        criticality=row.criticality,
        description=row.description,
        started=row.started_at,
        ended=row.ended_at,
        recoverability=row.recoverability,
        details=dict(row.details),
        counts=dict(row.counts),
        superseded_by=None if row.superseded_by is None else str(row.superseded_by),
    )


def _task(row: IncidentTask) -> TaskContent:
    return TaskContent(
        key=str(row.id),
        name=row.name,
        outcome=row.outcome,
        description=row.description,
        task_types=tuple(sorted(row.task_types)),
        priority=row.priority,
        started=row.started_at,
        ended=row.ended_at,
    )
