"""From a report that somebody released, whoever wrote it, to what a MISP event is made of. Pure.

What the event's writer knows goes into the content; what MISP has tags or links for goes with the
event; of everything else the account says that it is not in the event.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cirt.errors import N_
from cirt.stix.content import (
    ImpactContent,
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    TaskContent,
)
from cirt.stix.extensions import CRITICALITY
from cirt.stix.marking import PAP_WORDS, TLP
from cirt.stix.misp_content import Loss, shortened
from cirt.stix.observables import Observable
from cirt.stix.received_content import (
    ReceivedContent,
    ReceivedIndicator,
    ReceivedObservable,
    ReceivedRelationship,
)
from cirt.stix.received_values import when

_GALAXIES: Final = {
    "threat-actor": "threat-actor",
    "intrusion-set": "threat-actor",
    "malware": "tool",
    "tool": "tool",
}
"""Kind of object -> the MISP galaxy whose clusters are named alike."""

_SAID_ELSEWHERE: Final = ("incident", "report", "grouping", "event", "identity", "impact", "task")
# what others may not say by a label: these are read from the objects themselves
_NO_LABELS: Final = ("tlp:", "pap:", "rsit:", "sector:", "misp-galaxy:", "cirt:")
_MAX_LABELS: Final = 50
_MAX_LABEL: Final = 200
_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_THING = N_("MISP has no form for an object of the type “%(type)s”.")
_RELATION = N_("A MISP event cannot say how these are related (%(kind)s).")
_NOTE = N_("Notes and opinions are not carried into a MISP event.")
_VALUE = N_("Values of the type “%(type)s” have no form here; only what MISP makes of them stays.")


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says, for the writer of events. links: (address, remark)."""

    content: IncidentContent
    tags: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...]


def told(
    received: ReceivedContent, *, event_uuid: UUID, producer: Producer, tlp: TLP, at: datetime
) -> Told:
    """Return what the event of a report is made of.

    tlp: the strictest of all that belongs to it. at: when any of it last changed; what was valid
    only until then raises no alarm.
    """
    created = _time(received.created) or _EPOCH
    observables, rules = _looked_for(received, at)
    content = IncidentContent(
        id=event_uuid,
        reference=_reference(received, producer),
        title=shortened(received.title or received.root_id, 500),
        producer=producer,
        created=created,
        modified=max(_time(received.modified) or created, created),
        description=received.description,
        language=received.language or "en",
        tlp=tlp,
        started=received.started,
        ended=received.ended,
        rsit=received.rsit,
        severity=_severity(received.criticality),
        determination=received.determination,
        investigation_status=received.investigation_status,
        detection_methods=received.detection_methods,
        impacted_entity_counts=received.counts,
        sectors=received.sectors,
        techniques=_techniques(received),
        observables=observables,
        indicators=rules,
        impacts=_impacts(received),
        tasks=_tasks(received),
        pap=received.pap if received.pap in PAP_WORDS else "",
        iep=received.policies[0] if received.policies else None,
        revoked=received.revoked,
    )
    return Told(content, _tags(received), _links(received), tuple(_losses(received)))


def _time(text: str) -> datetime | None:
    return when({"at": text}, "at")


def _severity(criticality: int | None) -> int | None:
    if criticality is None:
        return None
    return min(range(len(CRITICALITY)), key=lambda level: abs(CRITICALITY[level] - criticality))


def _reference(received: ReceivedContent, producer: Producer) -> str:
    """Return the producer's own number of the case; a circle has none."""
    if producer.is_circle:
        return ""
    return next((one.external_id for one in received.references if one.source == producer.name), "")


def _techniques(received: ReceivedContent) -> tuple[str, ...]:
    numbers = (one.external_id for one in received.techniques)
    return tuple(sorted({number for number in numbers if number[:1] == "T"}))


def _looked_for(
    received: ReceivedContent, at: datetime
) -> tuple[tuple[ObservableContent, ...], tuple[IndicatorContent, ...]]:
    """Return observables and rules; an indicator that looks for one value marks that value."""
    observables: dict[Observable, ObservableContent] = {}
    served: set[str] = set()
    for one in received.observables:
        if one.observable is None:
            continue
        looking = [known for known in received.indicators if _looks_for(known, one.observable)]
        served.update(known.stix_id for known in looking)
        observables[one.observable] = _observable(one, looking, at)
    rules = []
    for known in received.indicators:
        if known.stix_id in served:
            continue
        if known.observable is not None:
            observables.setdefault(
                known.observable,
                ObservableContent(
                    observable=known.observable,
                    is_indicator=True,
                    comment=_remark(known.description, [known]),
                    withdrawn=_is_over(known, at),
                ),
            )
            continue
        rules.append(
            IndicatorContent(
                key=known.stix_id,
                name=known.name or known.stix_id,
                pattern=known.pattern,
                pattern_type=known.pattern_type,
                comment=_remark(known.description, [known]),
                withdrawn=_is_over(known, at),
            )
        )
    return tuple(observables.values()), tuple(rules)


def _observable(
    one: ReceivedObservable, looking: list[ReceivedIndicator], at: datetime
) -> ObservableContent:
    assert one.observable is not None  # noqa: S101 - asked by the caller
    return ObservableContent(
        observable=one.observable,
        is_indicator=bool(looking),
        comment=_remark(one.comment, looking),
        first_observed=one.first_observed,
        last_observed=one.last_observed,
        count=one.count,
        withdrawn=bool(looking) and all(_is_over(known, at) for known in looking),
        is_victim=one.is_victim,
    )


def _looks_for(known: ReceivedIndicator, item: Observable) -> bool:
    wanted = known.observable
    if wanted is None or wanted.type != item.type:
        return False
    hashes = wanted.properties.get("hashes", {}).items()
    return wanted == item or bool(hashes & item.properties.get("hashes", {}).items())


def _is_over(known: ReceivedIndicator, at: datetime) -> bool:
    return known.revoked or (known.valid_until is not None and known.valid_until <= at)


def _remark(comment: str, looking: list[ReceivedIndicator]) -> str:
    ends = [known.valid_until for known in looking if known.valid_until]
    until = f"Valid until {max(ends).astimezone(UTC).isoformat()}" if ends else ""
    return "; ".join(part for part in (comment, until) if part)


def _impacts(received: ReceivedContent) -> tuple[ImpactContent, ...]:
    return tuple(
        ImpactContent(
            key=one.stix_id,
            category=one.category,
            criticality=one.criticality,
            description=one.description,
            started=one.started,
            ended=one.ended,
            recoverability=one.recoverability,
            details=one.details,
            counts=one.counts,
        )
        for one in received.impacts
    )


def _tasks(received: ReceivedContent) -> tuple[TaskContent, ...]:
    return tuple(
        TaskContent(
            key=one.stix_id,
            name=one.name,
            outcome=one.outcome,
            description=one.description,
            task_types=one.task_types,
            priority=one.priority,
            started=one.started,
            ended=one.ended,
        )
        for one in received.tasks
    )


def _tags(received: ReceivedContent) -> tuple[str, ...]:
    named = [
        f'misp-galaxy:{_GALAXIES[one.type]}="{_plain(one.name)}"'
        for one in received.things
        if one.type in _GALAXIES and one.name
    ]
    labels = [
        label
        for label in received.labels
        if not label.strip().lower().startswith(_NO_LABELS) and len(label) <= _MAX_LABEL
    ]
    return tuple(dict.fromkeys([*named, *labels[:_MAX_LABELS]]))


def _plain(name: str) -> str:
    return shortened(name.replace('"', "'"), _MAX_LABEL)


def _links(received: ReceivedContent) -> tuple[tuple[str, str], ...]:
    found = {
        one.url: "; ".join(part for part in (one.source, one.external_id, one.description) if part)
        for one in received.references
        if one.url
    }
    return tuple(found.items())


def _losses(received: ReceivedContent) -> Iterator[Loss]:
    for one in received.observables:
        if one.observable is None:
            yield Loss("observable", one.stix_id, shortened(one.text), _VALUE, {"type": one.type})
    for thing in received.things:
        if thing.type not in _GALAXIES or not thing.name:
            what = shortened(thing.name or thing.stix_id)
            yield Loss("object", thing.stix_id, what, _THING, {"type": thing.type})
    for foreign in received.unknown:
        kind = str(foreign.get("type"))
        yield Loss("object", str(foreign.get("id")), kind, _THING, {"type": shortened(kind)})
    observed = {one.stix_id for one in received.observables}
    for note in received.notes:
        if not observed.issuperset(note.about):  # of an observable it is the comment
            yield Loss("opinion", note.stix_id, shortened(note.text), _NOTE)
    for link in received.relationships:
        if not _is_implied(link):
            ends = (link.source_id.partition("--")[0], link.target_id.partition("--")[0])
            yield Loss(
                "relationship", link.stix_id, " – ".join(ends), _RELATION, {"kind": link.kind}
            )


def _is_implied(link: ReceivedRelationship) -> bool:
    """Whether the event says it by holding both: what an incident has, what a pattern looks for."""
    return link.kind == "based-on" or link.source_id.startswith(_SAID_ELSEWHERE)
