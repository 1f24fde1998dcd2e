"""What people write for a report: words by chapter and language, facts about the country."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.report.chapters import BY_ID as CHAPTERS
from cirt.assessments.report.facts import BY_ID as FACTS
from cirt.assessments.report.facts import FactValue
from cirt.assessments.report.models import MAX_TEXT, CountryFact, ReportText
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, ConflictError, NotFoundError
from cirt.localtext import LANGUAGES


class ReportConflictError(ConflictError):
    """Somebody else changed it since it was shown; nothing was overwritten.

    revision: what is saved now. text, facts: what it says, of the one that was to be saved.
    """

    def __init__(
        self,
        revision: int,
        *,
        text: ReportText | None = None,
        facts: Mapping[str, FactValue] | None = None,
    ) -> None:
        super().__init__(
            N_(
                "Somebody else changed this meanwhile. Nothing was overwritten: what is saved now"
                " stands beside what you typed."
            )
        )
        self.revision = revision
        self.text = text
        self.facts = facts or {}


def texts_of(session: Session, assessment: Assessment) -> dict[tuple[str, str], ReportText]:
    """Return the words that people wrote, by (chapter, language); empty ones are left out."""
    rows = session.scalars(
        sa.select(ReportText).where(
            ReportText.assessment_id == assessment.id, ReportText.text != ""
        )
    )
    return {(row.chapter, row.language): row for row in rows}


def text_of(
    session: Session, assessment: Assessment, chapter: str, language: str
) -> ReportText | None:
    """Return the words of one chapter, None where nobody has written any.

    Raises NotFoundError for a chapter that nobody writes, or an unknown language.
    """
    if chapter not in CHAPTERS or not CHAPTERS[chapter].is_written or language not in LANGUAGES:
        raise NotFoundError
    return session.get(ReportText, (assessment.id, chapter, language))


def save_text(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    chapter: str,
    language: str,
    text: str,
    *,
    revision: int,
) -> ReportText | None:
    """Write the words of a chapter; "" takes them away. None where there are none and were none.

    revision: of what the person saw, 0 for nothing. Words that are there already change nothing
    and conflict with nothing. Raises InvalidInputError, ReportConflictError.
    """
    said = written(text, most=MAX_TEXT, field="text")
    lock(session, assessment)
    state_after(assessment.standing, Act.REPORT)
    row = text_of(session, assessment, chapter, language)
    if row is not None:
        session.refresh(row)
    if (row.text if row else "") == said:
        return row
    if (row.revision if row else 0) != revision:
        raise ReportConflictError(row.revision if row else 0, text=row)
    if row is None:
        row = ReportText(
            assessment_id=assessment.id, chapter=chapter, language=language, revision=0
        )
        session.add(row)
    row.text = said
    row.revision += 1
    row.updated_by, row.updated_at = actor.user_id, now()
    session.flush()
    record(
        session,
        actor,
        "assessment.report-text",
        assessment,
        chapter=chapter,
        language=language,
        revision=row.revision,
        length=len(said),
    )
    return row


def facts_of(session: Session, assessment: Assessment) -> dict[str, FactValue]:
    """Return what is known about the country, by the id of the fact; nothing for empty ones."""
    found = {key: _value(row) for key, row in _rows(session, assessment).items()}
    return {key: value for key, value in found.items() if not value.is_empty}


def facts_revision(session: Session, assessment: Assessment) -> int:
    """Return a number that grows with every change of a fact; 0 while there are none."""
    return sum(row.revision for row in _rows(session, assessment).values())


def save_facts(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    values: Mapping[str, FactValue],
    *,
    revision: int,
) -> int:
    """Keep facts about the country, all in one go, and return the new revision.

    values: by the id of the fact; one that is absent stays as it is. revision: what the person
    saw. Raises ReportConflictError where somebody changed one of them meanwhile.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.REPORT)
    rows = _rows(session, assessment)
    present = {key: _value(rows[key]) if key in rows else FactValue() for key in values}
    changed = [key for key, value in values.items() if present[key] != value and key in FACTS]
    current = sum(row.revision for row in rows.values())
    if not changed:
        return current
    if revision != current:
        raise ReportConflictError(
            current, facts={key: _value(row) for key, row in rows.items() if key in values}
        )
    for key in changed:
        row = rows.get(key)
        if row is None:
            row = CountryFact(assessment_id=assessment.id, fact=key, revision=0)
            session.add(row)
        value = values[key]
        row.value, row.year, row.source = value.value, value.year, value.source
        row.revision += 1
        row.updated_by, row.updated_at = actor.user_id, now()
    session.flush()
    record(session, actor, "assessment.report-facts", assessment, facts=changed)
    return current + len(changed)


def _rows(session: Session, assessment: Assessment) -> dict[str, CountryFact]:
    query = (
        sa.select(CountryFact)
        .where(CountryFact.assessment_id == assessment.id)
        .execution_options(populate_existing=True)
    )
    return {row.fact: row for row in session.scalars(query)}


def _value(row: CountryFact) -> FactValue:
    return FactValue(row.value, row.year, row.source)
