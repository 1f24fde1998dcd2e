"""What people wrote for the demonstration's reports: words by chapter, facts with their sources."""

from sqlalchemy.orm import Session

from cirt.assessments.models import Assessment
from cirt.assessments.report import facts, texts
from cirt.cli.demonstration_people import Stage
from cirt.datafiles import DataMap


def write(session: Session, stage: Stage, assessment: Assessment, said: DataMap) -> None:
    """Write the words and facts of a data file."""
    for one in said.sections("texts"):
        texts.save_text(
            session,
            stage.actors[one.text("by")],
            assessment,
            one.text("chapter"),
            one.text("language"),
            one.text("text"),
            revision=0,
        )
    if "facts" in said:
        known = said.section("facts")
        values = {
            one.text("fact"): facts.fact_value(
                facts.BY_ID[one.text("fact")],
                str(one["value"]),
                str(one["year"]) if "year" in one else None,
                one.text("source"),
            )
            for one in known.sections("known")
        }
        texts.save_facts(session, stage.actors[known.text("by")], assessment, values, revision=0)
