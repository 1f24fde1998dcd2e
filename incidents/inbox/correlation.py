"""What received items and own cases have in common, within what the actor may see of both."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.incidents.case_models import Incident, IncidentObservable
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import named
from cirt.incidents.inbox import items
from cirt.incidents.inbox.contents import COLLECTING, alike
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox.useful import is_useful, keys_of, rules
from cirt.incidents.inbox_models import ItemReference, LooseObject, Mention
from cirt.incidents.object_store import in_parts
from cirt.incidents.observables import key_of
from cirt.incidents.store_models import FeedEntry
from cirt.stix.observables import Observable


@dataclass(frozen=True)
class AlsoSeen:
    """A received item that names observables of a case, by the values as the case has them."""

    item: Item
    values: Sequence[str]


@dataclass(frozen=True)
class OwnCase:
    """An own case that holds observables of an item."""

    incident: Incident
    values: Sequence[str]


def match_counts(
    session: Session, actor: Actor, found: Sequence[Item]
) -> dict[tuple[uuid.UUID, str], int]:
    """Return how many observables of each item own cases hold that the actor may read."""
    counts: dict[tuple[uuid.UUID, str], int] = {}
    own_keys = _own_keys(actor)
    for collection_id in {item.collection.id for item in found}:
        roots = sorted(item.stix_id for item in found if item.collection.id == collection_id)
        held = (
            sa.select(ItemReference.holder_id, Mention.key)
            .join(
                Mention,
                sa.and_(
                    Mention.collection_id == ItemReference.collection_id,
                    Mention.stix_id == ItemReference.stix_id,
                ),
            )
            .where(
                ItemReference.collection_id == collection_id,
                ItemReference.holder_id.in_(roots),
                ItemReference.says == "holds",
                Mention.key.in_(own_keys),
            )
        )
        itself = sa.select(Mention.stix_id, Mention.key).where(
            Mention.collection_id == collection_id,
            Mention.stix_id.in_(roots),
            Mention.key.in_(own_keys),
        )
        pairs = sa.union(held, itself).subquery()
        query = sa.select(pairs.c.holder_id, sa.func.count()).group_by(pairs.c.holder_id)
        for stix_id, count in session.execute(query):
            counts[collection_id, stix_id] = count
    return counts


def own_cases(session: Session, actor: Actor, found: Iterable[Observable]) -> list[OwnCase]:
    """Return the own cases that hold one of these observables, the newest first."""
    gathered: dict[uuid.UUID, tuple[Incident, list[str]]] = {}
    readable = visible(actor, Incident, "incident.read").with_only_columns(Incident.id)
    for part in in_parts(sorted(keys_of(found))):
        query = (
            sa.select(Incident, IncidentObservable.value)
            .join(IncidentObservable, IncidentObservable.incident_id == Incident.id)
            .where(
                IncidentObservable.key.in_(part),
                IncidentObservable.withdrawn_at.is_(None),
                Incident.id.in_(readable),
            )
        )
        for incident, value in session.execute(query):
            gathered.setdefault(incident.id, (incident, []))[1].append(value)
    cases = [OwnCase(one, sorted(set(values))) for one, values in gathered.values()]
    return sorted(cases, key=lambda case: case.incident.created_at, reverse=True)


def also_seen(
    session: Session, actor: Actor, incident: Incident
) -> tuple[list[AlsoSeen], list[str]]:
    """Return the received items that name observables of a case, and what was too common to compare.

    Own objects and what was declined or taken back are left out.
    """
    values: dict[str, str] = {}
    for row in session.scalars(
        sa.select(IncidentObservable).where(
            IncidentObservable.incident_id == incident.id,
            IncidentObservable.withdrawn_at.is_(None),
        )
    ):
        if is_useful(row.observable):
            values.update((key_of(form), row.value) for form in alike(row.observable))
    naming = _naming(session, actor, sorted(values))
    by_item: dict[tuple[uuid.UUID, str], set[str]] = {}
    common: set[str] = set()
    for key, pairs in naming.items():
        if len(pairs) > rules().most_items:
            common.add(values[key])
            continue
        for pair in pairs:
            by_item.setdefault(pair, set()).add(values[key])
    found = [
        AlsoSeen(item, sorted(by_item[item.collection.id, item.stix_id]))
        for item in items.items_of(session, actor, list(by_item))
        if item.state not in (State.OWN, State.DECLINED, State.WITHDRAWN) and not item.is_gone
    ]
    return found, sorted(common)


def items_naming(session: Session, actor: Actor, found: Iterable[Observable]) -> list[Item]:
    """Return the items that name one of these observables; for a search, so common ones as well."""
    keys = {key_of(form) for item in found for form in alike(item)}
    naming = _naming(session, actor, sorted(keys))
    return items.items_of(session, actor, [pair for pairs in naming.values() for pair in pairs])


def _own_keys(actor: Actor) -> Any:
    readable = visible(actor, Incident, "incident.read").with_only_columns(Incident.id)
    return sa.select(IncidentObservable.key).where(
        IncidentObservable.incident_id.in_(readable), IncidentObservable.withdrawn_at.is_(None)
    )


def _naming(
    session: Session, actor: Actor, keys: Sequence[str]
) -> Mapping[str, set[tuple[uuid.UUID, str]]]:
    """Return by key the items (collection, id) that name it, in what reaches the actor."""
    readable = visible(actor, Collection, "inbox.read").with_only_columns(Collection.id)
    naming: dict[str, set[tuple[uuid.UUID, str]]] = {}
    for part in in_parts(keys):
        mentioned = sa.and_(Mention.key.in_(part), Mention.collection_id.in_(readable))
        held = (
            sa.select(Mention.key, Mention.collection_id, ItemReference.holder_id)
            .join(
                ItemReference,
                sa.and_(
                    ItemReference.collection_id == Mention.collection_id,
                    ItemReference.stix_id == Mention.stix_id,
                    ItemReference.says == "holds",
                ),
            )
            .join(
                FeedEntry,
                sa.and_(
                    named(ItemReference.collection_id, ItemReference.holder_id),
                    FeedEntry.is_last,
                    FeedEntry.type.in_(COLLECTING),
                ),
            )
            .where(mentioned, FeedEntry.owner_id != actor.administration_id)
        )
        loose = (
            sa.select(Mention.key, Mention.collection_id, Mention.stix_id)
            .join(
                LooseObject,
                sa.and_(
                    LooseObject.collection_id == Mention.collection_id,
                    LooseObject.stix_id == Mention.stix_id,
                ),
            )
            .join(
                FeedEntry,
                sa.and_(
                    named(Mention.collection_id, Mention.stix_id),
                    FeedEntry.is_last,
                ),
            )
            .where(mentioned, FeedEntry.owner_id != actor.administration_id)
        )
        for key, collection_id, stix_id in session.execute(sa.union(held, loose)):
            naming.setdefault(key, set()).add((collection_id, stix_id))
    return naming
