"""What pages and reports ask about the design annex. Reads only."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.assessments.answering import answers_of
from cirt.assessments.design import annex
from cirt.assessments.design.assumptions import assumed
from cirt.assessments.design.budget import PlannedCost, budget
from cirt.assessments.design.checklists import Checklist, checklists
from cirt.assessments.design.content import (
    NOT_SAVED,
    Checked,
    DesignContent,
    Preparation,
    Saved,
    TeamDescription,
)
from cirt.assessments.design.crosswalk import Said, lowest, said_of
from cirt.assessments.design.description_proposals import TeamFacts
from cirt.assessments.design.models import DesignCheck, DesignPart
from cirt.assessments.design.names import item_names
from cirt.assessments.design.proposals import Proposal, now_proposals, starting_set
from cirt.assessments.design.services import RESPONSE_AREA, Period, Source, chosen, services
from cirt.assessments.design.staffing import needs
from cirt.assessments.evidence import evidence_of
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.plan.models import Plan, PlanAction
from cirt.assessments.scoring import AnswerState
from cirt.clock import now
from cirt.errors import DataFileError, NotFoundError
from cirt.localtext import LocalText

FIRST_SERVICES = "first-services"
SIM3_PARAMETERS = ("O-1", "O-3", "O-8", "P-11")  # those that choose a sentence of the description


def design_of(session: Session, assessment: Assessment, language: str = "en") -> DesignContent:
    """Return the design annex as it stands; what nobody saved has its defaults or is empty.

    language: of the names of the services. Raises NotFoundError, DataFileError where the
    assessment's instrument cannot be loaded.
    """
    parts = {
        row.part: row
        for row in session.scalars(
            sa.select(DesignPart).where(DesignPart.assessment_id == assessment.id)
        )
    }
    choices = chosen(_content(parts, annex.SERVICES))
    assumptions = assumed(_content(parts, annex.STAFFING), _content(parts, annex.WORKLOAD))
    needed = needs(choices, assumptions)
    costs, starts_on = _planned(session, assessment)
    return DesignContent(
        choices=choices,
        assumptions=assumptions,
        needs=needed,
        budget=budget(_content(parts, annex.BUDGET), needed, costs, starts_on),
        descriptions={
            code: TeamDescription(
                code,
                _content(parts, annex.description_part(code)) or {},
                _saved(parts.get(annex.description_part(code))),
            )
            for code in annex.DESCRIPTION_LANGUAGES
        },
        preparations=_preparations(session, assessment),
        saved={part: _saved(row) for part, row in parts.items()},
        names=service_names(language),
    )


def part_of(session: Session, assessment: Assessment, part: str) -> DesignPart | None:
    """Return one part as it is stored; None while nobody has saved it."""
    return session.get(DesignPart, (assessment.id, part))


def check_of(
    session: Session, assessment: Assessment, list_id: str, item_id: str
) -> DesignCheck | None:
    """Return what is noted about an item; None for nothing."""
    return session.get(DesignCheck, (assessment.id, list_id, item_id))


def service_names(language: str) -> dict[str, LocalText]:
    """Return the names of the services, translated where the instrument on them is installed."""
    names = item_names("first_services")
    return {one.id: names[one.id].in_language(language) for one in services()}


def proposals_for(
    session: Session, actor: Actor, assessment: Assessment
) -> dict[Source, tuple[Proposal, ...]]:
    """Return what can be proposed for the services, by where it is from.

    The country's newest assessment of the FIRST services counts where the actor may read it; the
    starting set is for a country without a team, or where nobody has said whether there is one.
    """
    found: dict[Source, tuple[Proposal, ...]] = {}
    other = services_round(session, actor, assessment)
    if other is not None:
        found[Source.FIRST_SERVICES] = _proposed(session, other, Source.FIRST_SERVICES)
    own = Source.FIRST_SERVICES if assessment.instrument_id == FIRST_SERVICES else Source.ANSWERS
    found.setdefault(own, _proposed(session, assessment, own))
    if not assessment.cirt_exists:
        found[Source.STARTING_SET] = starting_set()
    return {source: rows for source, rows in found.items() if rows}


def services_round(session: Session, actor: Actor, assessment: Assessment) -> Assessment | None:
    """Return the country's newest other assessment of the FIRST services that the actor may read."""
    return _round_with(session, actor, assessment, FIRST_SERVICES)


def sim3_round(session: Session, actor: Actor, assessment: Assessment) -> Assessment | None:
    """Return the country's newest other assessment with SIM3 that the actor may read."""
    return _round_with(session, actor, assessment, "sim3")


def said_by(session: Session, assessment: Assessment, model: str) -> dict[str, tuple[Said, ...]]:
    """Return what an assessment's answers say of each item of a model, by item."""
    instrument = _instrument(assessment)
    values = {key: row.value for key, row in answers_of(session, assessment).items()}
    pieces = evidence_of(session, assessment)
    items = {
        item for question in instrument.questions for item in getattr(question.crosswalk, model)
    }
    return {item: said_of(instrument, values, pieces, model, item) for item in items}


def team_facts(
    session: Session, assessment: Assessment, content: DesignContent, language: str
) -> TeamFacts:
    """Return what is known of the team for its description in a language."""
    own = assessment.administration
    period = Period.NOW if assessment.cirt_exists else Period.YEAR_1
    offered = content.choices.offered(period)
    names = service_names(language)
    said = said_by(session, assessment, "sim3")
    shares = {item: lowest(said.get(item, ())) for item in SIM3_PARAMETERS}
    coverage = content.assumptions.coverage[period]
    settled = content.saved_part(annex.STAFFING).revision > 0
    return TeamFacts(
        country=own.name_in(language),
        team_name=own.team_name,
        contact_email=own.contact_email,
        today=now().date().isoformat(),
        response=tuple(names[one.id].text for one in offered if one.area == RESPONSE_AREA),
        proactive=tuple(names[one.id].text for one in offered if one.area != RESPONSE_AREA),
        coverage=coverage if settled and coverage else None,
        on_call=settled and content.assumptions.on_call[period],
        shares={item: share for item, share in shares.items() if share is not None},
    )


def _content(parts: Mapping[str, DesignPart], part: str) -> dict[str, Any] | None:
    row = parts.get(part)
    return row.content if row else None


def _saved(row: DesignPart | None) -> Saved:
    if row is None:
        return NOT_SAVED
    return Saved(row.revision, row.updater.name if row.updater else "", row.updated_at)


def _instrument(assessment: Assessment) -> Instrument:
    return load_instrument(assessment.instrument_id, assessment.instrument_version)


def _preparations(session: Session, assessment: Assessment) -> dict[str, Preparation]:
    rows = {
        (row.list_id, row.item_id): row
        for row in session.scalars(
            sa.select(DesignCheck).where(DesignCheck.assessment_id == assessment.id)
        )
    }
    said = said_by(session, assessment, "sim3")
    return {
        key: Preparation(one, tuple(_checked(one, rows, said))) for key, one in checklists().items()
    }


def _checked(
    found: Checklist,
    rows: Mapping[tuple[str, str], DesignCheck],
    said: Mapping[str, tuple[Said, ...]],
) -> Iterable[Checked]:
    for item in found.items:
        row = rows.get((found.id, item.id))
        answers: dict[str, Said] = {}
        for parameter in item.sim3:
            answers |= {one.question.id: one for one in said.get(parameter, ())}
        yield Checked(
            item=item,
            state=row.state if row else "open",
            owner=row.owner if row else "",
            note=row.note if row else "",
            revision=row.revision if row else 0,
            said=tuple(answers.values()),
        )


def _planned(session: Session, assessment: Assessment) -> tuple[list[PlannedCost], date | None]:
    plan = session.get(Plan, assessment.id)
    rows = session.scalars(sa.select(PlanAction).where(PlanAction.assessment_id == assessment.id))
    costs = [PlannedCost(row.cost_band, row.target_date) for row in rows if row.open]
    return costs, plan.starts_on if plan else None


def _round_with(
    session: Session, actor: Actor, assessment: Assessment, instrument_id: str
) -> Assessment | None:
    """Return the newest other round of the country with an instrument, if it has an answer."""
    answered = sa.exists().where(
        Answer.assessment_id == Assessment.id, Answer.state == AnswerState.LEVEL.value
    )
    query = (
        visible(actor, Assessment, "assessment.read")
        .where(
            Assessment.administration_id == assessment.administration_id,
            Assessment.instrument_id == instrument_id,
            Assessment.id != assessment.id,
            answered,
        )
        .order_by(Assessment.created_at.desc(), Assessment.id)
        .limit(1)
    )
    row: Assessment | None = session.scalars(query).unique().one_or_none()
    return row


def _proposed(session: Session, assessment: Assessment, source: Source) -> tuple[Proposal, ...]:
    try:
        said = said_by(session, assessment, "first_services")
    except (NotFoundError, DataFileError):  # an instrument that is not installed here
        return ()
    levels = {
        item: [
            (one.question.id, one.level, one.question.top) for one in rows if one.level is not None
        ]
        for item, rows in said.items()
    }
    return now_proposals(levels, source)
