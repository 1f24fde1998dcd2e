"""Marked words in everything that is written while an assessment is prepared and answered."""

import uuid
from typing import Any

from cirt.assessments import agenda, conduct, preparation, remarks, requested_documents
from cirt.assessments.models import Assessment
from cirt.db import Database
from tests.conftest import Cast
from tests.functional.assessment_steps import FIRST


def seed_life(
    marks: Any,
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    name: str,
    readers: frozenset[str],
) -> list[dict[str, str]]:
    """Fill the preparation and the remarks; return the ids for the addresses of their pages."""
    farid = cast.actors["farid"]

    def new(place: str) -> str:
        return str(marks.new(f"{place} {name}", readers))

    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        preparation.change_frame(
            session,
            farid,
            row,
            scope=new("scope"),
            profile="",
            workshop_on=None,
            workshop_place=new("workshop place"),
            revision=row.revision,
        )
        person = preparation.save_participant(
            session,
            farid,
            row,
            name=new("participant"),
            organization=new("organization"),
            function=new("function"),
            group="regulator",
            attended=True,
        )
        paper = requested_documents.save_document(
            session,
            farid,
            row,
            title=new("document"),
            from_whom=new("asked of"),
            due_on=None,
            received_on=None,
            note=new("document note"),
        )
        item = agenda.save_item(
            session,
            farid,
            row,
            day=1,
            starts="09:00",
            ends="10:00",
            title=new("agenda item"),
            note=new("agenda note"),
        )
        remarks.add_remark(session, farid, row, FIRST, new("remark"))
        session.flush()
        here = {"assessment_id": str(assessment_id)}
        return [
            here | {"participant_id": str(person.id)},
            here | {"document_id": str(paper.id)},
            here | {"item_id": str(item.id)},
            *(here | {"act": act.value} for act in conduct.ADVANCES),
        ]
