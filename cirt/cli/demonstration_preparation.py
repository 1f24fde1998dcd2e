"""How the demonstration's workshops are prepared: frame, participants, documents, agenda."""

from datetime import date, timedelta
from pathlib import Path

from babel.support import Translations
from sqlalchemy.orm import Session

import cirt
from cirt.access import Actor
from cirt.assessments import agenda, preparation, requested_documents
from cirt.assessments.models import Assessment
from cirt.clock import now
from cirt.datafiles import DataMap

YEARS = 3650  # days, either way


def day(entry: DataMap, key: str) -> date | None:
    """Return the day that lies so many days from now, None where none is given; -1 is yesterday."""
    if key not in entry:
        return None
    return now().date() + timedelta(days=entry.integer(key, -YEARS, YEARS))


def prepare(session: Session, actor: Actor, assessment: Assessment, said: DataMap) -> None:
    """Settle what the workshop is about and who comes."""
    preparation.change_frame(
        session,
        actor,
        assessment,
        scope=said.optional_text("scope") or assessment.scope,
        profile=said.optional_text("profile") or "",
        workshop_on=day(said, "begins"),
        workshop_place=said.optional_text("place") or "",
        revision=assessment.revision,
    )
    for person in said.sections("participants") if "participants" in said else ():
        preparation.save_participant(
            session,
            actor,
            assessment,
            name=person.text("name"),
            organization=person.text("organization"),
            function=person.text("function"),
            group=person.text("group"),
            attended=person.get("attended"),
        )
    for paper in said.sections("documents") if "documents" in said else ():
        requested_documents.save_document(
            session,
            actor,
            assessment,
            title=paper.text("title"),
            from_whom=paper.text("from_whom"),
            due_on=day(paper, "due"),
            received_on=day(paper, "received"),
            note=paper.optional_text("note") or "",
            question_id=paper.optional_text("question") or "",
        )
    if "days" in said:
        catalogue = Translations.load(
            Path(cirt.__file__).with_name("translations"), [assessment.language]
        )
        agenda.fill_agenda(
            session,
            actor,
            assessment,
            days=said.integer("days", 3, 5),
            translated=catalogue.gettext,
        )
