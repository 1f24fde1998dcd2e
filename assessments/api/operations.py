"""Assessments for machines: the own administration's, never one granted to a person."""

import uuid
from typing import Any, Final

from cirt import access, i18n
from cirt.api.operations import operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.parameters import Parameter
from cirt.api.plain import plain_time
from cirt.api.schemas import one_of
from cirt.assessments.api.schemas import ASSESSMENT, ASSESSMENTS, PLAN, RESULTS
from cirt.assessments.conduct import record
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Assessment
from cirt.assessments.pages import MARKING, the_assessment
from cirt.assessments.plan.content import PlanContent, PlannedAction
from cirt.assessments.plan.queries import plan_of
from cirt.assessments.results_json import results_json
from cirt.assessments.results_reading import reading_of
from cirt.web import actor, db_session, installation

_TAGS: Final = ("Assessments",)
_LANGUAGE: Final = Parameter(
    "language",
    "Of the instrument's texts; keys and codes are the same in every language.",
    {**one_of(*i18n.CODES), "default": "en"},
)


@operation(
    "GET",
    "/assessments",
    action="assessment.read",
    summary="List assessments",
    response=ASSESSMENTS,
    paged=True,
    tags=_TAGS,
    parameters=(Parameter("state", "Only those that stand so.", one_of(*State)),),
)
def list_assessments(state: str | None, page: PageRequest) -> Paged:
    """The own administration's assessments, the oldest first; never in an order of scores."""
    query = access.visible(actor(), Assessment, "assessment.read")
    if state is not None:
        query = query.where(Assessment.state == state)
    return read_page(
        db_session(), query, page, Assessment.created_at, Assessment.id, plain=_plain_assessment
    )


@operation(
    "GET",
    "/assessments/{assessment_id}",
    action="assessment.read",
    summary="Read an assessment",
    response=ASSESSMENT,
    tags=_TAGS,
)
def read_assessment(assessment_id: uuid.UUID) -> Any:
    """One assessment: what it is and where it stands."""
    return _plain_assessment(
        the_assessment(assessment_id, "assessment.read", needs_instrument=False)
    )


@operation(
    "GET",
    "/assessments/{assessment_id}/results",
    action="assessment.read",
    summary="Read results",
    response=RESULTS,
    tags=_TAGS,
    parameters=(_LANGUAGE,),
    errors=("conflict",),
)
def read_results(assessment_id: uuid.UUID, language: str) -> bytes:
    """Verdict and figures, as the answers stand now. The reading is noted in the audit trail."""
    assessment = the_assessment(assessment_id, "assessment.read")
    reading = reading_of(db_session(), assessment)
    body = results_json(reading, language, marking=MARKING.label)
    _note(assessment, "results.json", body)
    return body


@operation(
    "GET",
    "/assessments/{assessment_id}/plan",
    action="assessment.read",
    summary="Read the plan",
    response=PLAN,
    tags=_TAGS,
    parameters=(_LANGUAGE,),
    errors=("conflict",),
)
def read_plan(assessment_id: uuid.UUID, language: str) -> Any:
    """The actions that follow from the answers, in their order; none while there is no plan."""
    assessment = the_assessment(assessment_id, "assessment.read")
    found = plan_of(db_session(), assessment, language=language)
    _note(assessment, "plan.json")
    return _plain_plan(assessment, found)


def _note(assessment: Assessment, file: str, body: bytes | None = None) -> None:
    size: dict[str, Any] = {} if body is None else {"size": len(body)}
    with installation().database.writing() as session:
        record(session, actor(), "assessment.export", assessment, file=file, **size)


def _plain_assessment(row: Assessment) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "instrument": row.instrument_id,
        "instrument_version": row.instrument_version,
        "round": row.round,
        "previous_id": str(row.previous_id) if row.previous_id else None,
        "state": row.state,
        "cirt_exists": row.cirt_exists,
        "language": row.language,
        "profile": row.profile,
        "created_at": plain_time(row.created_at),
        "answered_at": plain_time(row.answered_at),
        "agreed_at": plain_time(row.agreed_at),
        "closed_at": plain_time(row.closed_at),
    }


def _plain_plan(assessment: Assessment, plan: PlanContent) -> dict[str, Any]:
    return {
        "assessment_id": str(assessment.id),
        "starts_on": plan.starts_on.isoformat() if plan.starts_on else None,
        "proposed_at": plain_time(plan.proposed_at),
        "actions": [_plain_action(each) for each in plan.actions],
    }


def _plain_action(each: PlannedAction) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "code": each.code,
        "phase": each.phase.value,
        "place": each.place,
        "question": each.question_id,
        "from_level": each.from_level,
        "to_level": each.to_level,
        "text": each.text,
        "indicator": each.indicator,
        "state": each.state.value,
        "starts_on": each.starts_on.isoformat() if each.starts_on else None,
        "target_date": each.target_date.isoformat() if each.target_date else None,
        "overdue": each.overdue,
        "effort": each.effort.value if each.effort else None,
        "cost": each.cost.value if each.cost else None,
        "needs": list(each.needs),
    }
