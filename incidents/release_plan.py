"""The plan of a release as a page reads it: which audiences, and what of the incident for each."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from cirt.access import Actor
from cirt.errors import DomainError
from cirt.incidents.audience_view import AudienceContent, audience_content
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.release_outlook import Outlook, conflicts_of, may_be_unattributed, outlook
from cirt.incidents.release_sections import ALL, sections_from
from cirt.incidents.release_terms import ReleaseTerms

PLANNED = "planned"
"""Stands among the values once a person saw the table: an empty row then means nothing was ticked."""


@dataclass(frozen=True, slots=True)
class Column:
    """One audience of a plan.

    content: what it would get, None where that cannot be said (`problem` says why). conflicts:
    what stands in the recipients' policies against it, as a release keeps it.
    """

    collection: Collection
    terms: ReleaseTerms
    outlook: Outlook
    content: AudienceContent | None
    problem: DomainError | None
    conflicts: list[dict[str, Any]]

    @property
    def key(self) -> str:
        """Return the id of the collection, as the fields of the form name it."""
        return str(self.collection.id)

    @property
    def may_be_unattributed(self) -> bool:
        """Return whether the name of the producer can be left out by choice."""
        return not self.collection.is_confidential and may_be_unattributed(self.collection)

    @property
    def masked(self) -> int:
        """Return how many pieces of personal data are masked or changed for it."""
        return len(self.content.findings) - self.content.kept if self.content else 0


def chosen_ids(values: "MultiDict[str, str]") -> list[uuid.UUID]:
    """Return the audiences that a request names, each once; what is no id is left aside."""
    found: dict[uuid.UUID, None] = {}
    for text in values.getlist("to"):
        try:
            found[uuid.UUID(text)] = None
        except ValueError:
            continue
    return list(found)


def terms_in(
    values: "MultiDict[str, str]",
    collection: Collection,
    *,
    legal_basis: str,
    retention_days: int | None,
) -> ReleaseTerms:
    """Return the terms for one audience as a request gives them; all sections before any choice."""
    sections = ALL
    if PLANNED in values:
        sections = sections_from(values.getlist(f"sections-{collection.id}"))
    return ReleaseTerms(
        sections=sections,
        unattributed=f"unattributed-{collection.id}" in values and not collection.is_confidential,
        legal_basis=legal_basis,
        retention_days=retention_days,
    )


def column(
    session: Session, actor: Actor, incident: Incident, collection: Collection, terms: ReleaseTerms
) -> Column:
    """Return one audience of the plan, with everything that stands against it."""
    view = outlook(session, actor, incident, collection, unattributed=terms.unattributed)
    content: AudienceContent | None = None
    problem: DomainError | None = None
    try:
        content = audience_content(session, incident, collection, terms)
    except DomainError as error:
        problem = error
    return Column(
        collection=collection,
        terms=terms,
        outlook=view,
        content=content,
        problem=problem,
        conflicts=conflicts_of(view.audience, incident.marking, terms.retention_days),
    )
