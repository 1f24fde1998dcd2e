"""Marked words in every field of a plan and of findings, for the test that nothing leaks."""

import uuid
from datetime import date, timedelta
from typing import Any

from cirt.assessments.findings.findings import FindingContent, add_finding, remove_finding
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, add_action, drop_action
from cirt.assessments.plan.models import ActionState
from cirt.assessments.plan.progress import note_progress
from cirt.assessments.plan.proposing import propose
from cirt.clock import now
from cirt.db import Database
from tests.conftest import Cast

NOBODY: frozenset[str] = frozenset()


def seed_plan(
    marks: Any, database: Database, cast: Cast, assessment_id: uuid.UUID, name: str,
    readers: frozenset[str],
) -> list[dict[str, str]]:  # fmt: skip
    """Fill a plan and findings with marked words; return the ids of its actions and findings.

    One action is overdue, so that its text goes to the start page too; another one is dropped.
    """
    farid = cast.actors["farid"]

    def new(place: str, who: frozenset[str] = readers) -> str:
        return str(marks.new(f"{place} {name}", who))

    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        propose(session, farid, row, starts_on=date(2026, 3, 2), at_once=5)
        overdue, dropped = (
            add_action(
                session,
                farid,
                row,
                ActionContent(
                    text=new(f"action {each}"),
                    owner=new(f"owner {each}"),
                    indicator=new(f"indicator {each}"),
                    target_date=now().date() - timedelta(days=4000),
                ),
            )
            for each in ("overdue", "dropped")
        )
        drop_action(
            session, farid, row, dropped, reason=new("dropreason"), revision=dropped.revision
        )
        for seen in range(2):
            note_progress(
                session, farid, row, overdue,
                state=ActionState.RUNNING, note=new("progress note"), seen=seen,
            )  # fmt: skip
        finding = add_finding(
            session,
            farid,
            row,
            FindingContent(
                title=new("findingtitle"),
                description=new("findingtext"),
                root_cause=new("rootcause"),
                questions=frozenset({"D1-Q1"}),
                actions=frozenset({overdue.id}),
            ),
        )
        erased = FindingContent(new("erasedtitle", NOBODY), root_cause=new("erasedcause", NOBODY))
        gone = add_finding(session, farid, row, erased)
        remove_finding(session, farid, row, gone, revision=gone.revision)
        return [
            {
                "assessment_id": str(assessment_id),
                "action_id": str(action.id),
                "finding_id": str(one.id),
            }
            for action, one in ((overdue, finding), (dropped, gone))
        ]
