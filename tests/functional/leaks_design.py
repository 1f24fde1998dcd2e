"""Marked words in every field of the design annex, for the test that nothing leaks."""

import uuid
from typing import Any

from cirt.assessments.design import annex
from cirt.assessments.design.description import FIELDS
from cirt.assessments.models import Assessment
from cirt.db import Database
from tests.conftest import Cast


def seed_design(
    marks: Any,
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    name: str,
    readers: frozenset[str],
) -> list[dict[str, str]]:
    """Fill the design of an assessment with marked words; return the ids in its addresses."""
    new, farid = marks.new, cast.actors["farid"]
    ids = []
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        annex.save_budget(
            session, farid, row, {"currency": new(f"money {name}", readers)[:20]}, revision=0
        )
        for language in annex.DESCRIPTION_LANGUAGES:
            typed = {one.key: new(f"team {one.key} {name}", readers) for one in FIELDS}
            annex.save_description(session, farid, row, language, typed, revision=0)
        for list_id, check_id in (("sim3", "O-1"), ("first-membership", "sponsors")):
            annex.save_check(
                session,
                farid,
                row,
                list_id,
                check_id,
                state="in-hand",
                owner=new(f"owner {list_id} {name}", readers),
                note=new(f"note {list_id} {name}", readers),
                revision=0,
            )
            for language in annex.DESCRIPTION_LANGUAGES:
                ids.append(
                    {
                        "assessment_id": str(assessment_id),
                        "list_id": list_id,
                        "check_id": check_id,
                        "language": language,
                    }
                )
    return ids
