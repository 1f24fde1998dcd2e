"""Lists and figures of cases; each goes through what the actor may see."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.incidents.case_models import Incident, IncidentChange, IncidentObservable
from cirt.incidents.exits import Exit, words_leaving
from cirt.stix.defanging import refang

PAGE = 50
OBSERVABLES_PAGE = 200


@dataclass(frozen=True)
class Filter:
    """What a list of cases is narrowed to; empty means anything."""

    status: str = ""
    severity: str = ""
    class_id: str = ""
    text: str = ""


@dataclass(frozen=True)
class ObservableFilter:
    """What a list of observables is narrowed to; empty means anything."""

    role: str = ""
    type: str = ""
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the list: the incident and how many observables it holds."""

    incident: Incident
    observables: int


@dataclass(frozen=True)
class Listing:
    """A page of the list. total: of all pages; page counts from 1."""

    rows: Sequence[Row]
    total: int
    page: int
    pages: int


def listing(session: Session, actor: Actor, narrowed: Filter, page: int) -> Listing:
    """Return a page of the cases that the actor may read, the newest first."""
    query = _narrow(visible(actor, Incident, "incident.read"), narrowed)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    held = (
        sa.select(sa.func.count())
        .where(
            IncidentObservable.incident_id == Incident.id, IncidentObservable.withdrawn_at.is_(None)
        )
        .correlate(Incident)
        .scalar_subquery()
    )
    found = session.execute(
        query.add_columns(held)
        .order_by(Incident.created_at.desc(), Incident.reference.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return Listing([Row(incident, count) for incident, count in found], total, page, pages)


def _narrow(query: sa.Select[tuple[Incident]], narrowed: Filter) -> sa.Select[tuple[Incident]]:
    if narrowed.status == "unfinished":
        query = query.where(Incident.investigation_status != "closed")
    elif narrowed.status:
        query = query.where(Incident.investigation_status == narrowed.status)
    if narrowed.severity == "none":
        query = query.where(Incident.severity.is_(None))
    elif (
        narrowed.severity.isascii() and narrowed.severity.isdigit() and len(narrowed.severity) == 1
    ):
        query = query.where(Incident.severity == int(narrowed.severity))
    if narrowed.class_id:
        query = query.where(Incident.rsit.startswith(f"rsit:{narrowed.class_id}=", autoescape=True))
    if text := narrowed.text.replace("\0", "").strip()[:200]:
        columns = (Incident.reference, Incident.title, Incident.description)
        query = query.where(
            Incident.tlp.in_(words_leaving(Exit.SEARCH)),
            sa.or_(*(column.icontains(text, autoescape=True) for column in columns)),
        )
    return query


def open_by_severity(session: Session, actor: Actor) -> dict[int | None, int]:
    """Return how many cases that are not closed the actor may read, by severity.

    What a marking keeps out of figures is not counted.
    """
    seen = visible(actor, Incident, "incident.read").subquery()
    query = (
        sa.select(seen.c.severity, sa.func.count())
        .where(
            seen.c.investigation_status != "closed",
            seen.c.tlp.in_(words_leaving(Exit.STATISTICS)),
        )
        .group_by(seen.c.severity)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def to_judge(session: Session, actor: Actor, most: int = 5) -> Sequence[Incident]:
    """Return the newest cases that nobody has opened yet."""
    query = visible(actor, Incident, "incident.read").where(Incident.investigation_status == "new")
    return session.scalars(query.order_by(Incident.created_at.desc()).limit(most)).all()


def observables_page(
    session: Session,
    incident: Incident,
    page: int,
    narrowed: ObservableFilter | None = None,
) -> tuple[Sequence[IncidentObservable], int, int, int]:
    """Return a page of observables in the order they were added, and total, page and pages."""
    held = sa.select(IncidentObservable).where(
        IncidentObservable.incident_id == incident.id, IncidentObservable.withdrawn_at.is_(None)
    )
    query = _narrow_observables(held, narrowed or ObservableFilter())
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // OBSERVABLES_PAGE))
    page = min(max(1, page), pages)
    rows = session.scalars(
        query.order_by(
            IncidentObservable.added_at, IncidentObservable.type, IncidentObservable.value
        )
        .limit(OBSERVABLES_PAGE)
        .offset((page - 1) * OBSERVABLES_PAGE)
    ).all()
    return rows, total, page, pages


def _narrow_observables(query: sa.Select[Any], narrowed: ObservableFilter) -> sa.Select[Any]:
    flags = (IncidentObservable.is_indicator, IncidentObservable.is_victim)
    wanted = {"detection": (True, False), "context": (False, False), "victim": (False, True)}
    if role := wanted.get(narrowed.role):
        query = query.where(*(flag.is_(value) for flag, value in zip(flags, role, strict=True)))
    if narrowed.type:
        query = query.where(IncidentObservable.type == narrowed.type[:40].replace("\0", ""))
    if text := narrowed.text.replace("\0", "").strip()[:200]:
        # as stored, and as shown in a harmless form
        columns = (IncidentObservable.value, IncidentObservable.comment)
        query = query.where(
            sa.or_(
                columns[0].icontains(refang(text), autoescape=True),
                *(column.icontains(text, autoescape=True) for column in columns),
            )
        )
    return query


def types_held(session: Session, incident: Incident) -> Sequence[str]:
    """Return the kinds of observables that a case holds, in alphabetical order."""
    query = (
        sa.select(IncidentObservable.type)
        .where(
            IncidentObservable.incident_id == incident.id, IncidentObservable.withdrawn_at.is_(None)
        )
        .distinct()
        .order_by(IncidentObservable.type)
    )
    return session.scalars(query).all()


def changes(session: Session, incident_id: uuid.UUID) -> Sequence[IncidentChange]:
    """Return the history of a case, the newest first."""
    query = sa.select(IncidentChange).where(IncidentChange.incident_id == incident_id)
    return session.scalars(query.order_by(IncidentChange.at.desc()).limit(500)).all()
