"""Marked words in what people write for the report of an assessment."""

import uuid
from typing import Any

from cirt.assessments.models import Assessment
from cirt.assessments.report.facts import FACTS, FactValue, Form
from cirt.assessments.report.texts import save_facts, save_text
from cirt.db import Database
from tests.conftest import Cast


def seed_report(
    marks: Any,
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    name: str,
    readers: frozenset[str],
) -> list[dict[str, str]]:
    """Write words for two chapters and a fact, and return the ids of the pages and files."""
    farid = cast.actors["farid"]
    fact = next(each for each in FACTS if each.form is Form.TEXT)
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        for chapter, language in (("law", "en"), ("summary", "ar")):
            words = marks.new(f"chapter {chapter} {name}", readers)
            save_text(session, farid, row, chapter, language, words, revision=0)
        value = FactValue(
            marks.new(f"fact {name}", readers), 2024, marks.new(f"source of a fact {name}", readers)
        )
        save_facts(session, farid, row, {fact.id: value}, revision=0)
    pages = [
        {"assessment_id": str(assessment_id), "chapter": chapter, "language": language}
        for chapter, language in (("law", "en"), ("summary", "ar"))
    ]
    files = [
        {"assessment_id": str(assessment_id), "name": kind, "form": form}
        for kind, form in (("results", "json"), ("answers", "csv"))
    ]
    return [*pages, *files]
