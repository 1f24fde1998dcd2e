"""The demonstration's plans and findings: proposed, edited and followed up as people do it.

An action is named by the step that it is: its question and the level it leads to.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from cirt.assessments import evidence
from cirt.assessments.findings import findings
from cirt.assessments.models import Assessment
from cirt.assessments.plan import actions, progress, proposing
from cirt.assessments.plan.models import PlanAction
from cirt.cli.demonstration_people import Stage
from cirt.cli.demonstration_preparation import YEARS, day
from cirt.clock import now
from cirt.datafiles import DataMap


def plan(session: Session, stage: Stage, assessment: Assessment, said: DataMap) -> None:
    """Propose a plan, adopt it, and do with its actions what the data file says."""
    planner = stage.actors[said.text("by")]
    proposing.propose(
        session,
        planner,
        assessment,
        starts_on=now().date() + timedelta(days=said.integer("starts", -YEARS, YEARS)),
        at_once=said.integer("at_once", 1, 50),
    )
    for own in said.sections("own") if "own" in said else ():
        author = stage.actors[own.text("by")]
        actions.add_action(
            session,
            author,
            assessment,
            actions.ActionContent(
                text=own.text("text"),
                owner=own.text("owner"),
                starts_on=day(own, "starts"),
                target_date=day(own, "target"),
                indicator=own.text("indicator"),
                effort=own.text("effort"),
                cost=own.text("cost"),
                phase=own.text("phase"),
                question_id=own.text("question"),
            ),
        )
    if said.boolean("adopt"):
        progress.adopt_proposed(session, planner, assessment)
    steps = _by_step(session, assessment)
    for one in said.sections("actions"):
        _act(session, stage, assessment, steps[one.text("action")], one)


def find(session: Session, stage: Stage, assessment: Assessment, noted: Iterable[DataMap]) -> None:
    """Note findings, tied to questions, to their evidence and to actions of the plan."""
    pieces = evidence.evidence_of(session, assessment)
    steps = _by_step(session, assessment)
    for one in noted:
        questions = one.texts("questions")
        findings.add_finding(
            session,
            stage.actors[one.text("by")],
            assessment,
            findings.FindingContent(
                title=one.text("title"),
                kind=one.text("kind"),
                description=one.text("description"),
                root_cause=one.optional_text("root_cause") or "",
                questions=frozenset(questions),
                evidence=frozenset(row.id for each in questions for row in pieces.get(each, ())),
                actions=frozenset(steps[each].id for each in one.texts("actions")),
            ),
        )


def _by_step(session: Session, assessment: Assessment) -> dict[str, PlanAction]:
    rows = proposing.actions_in(session, assessment)
    return {f"{row.question_id} {row.to_level}": row for row in rows if row.rung is not None}


def _act(
    session: Session, stage: Stage, assessment: Assessment, row: PlanAction, one: DataMap
) -> None:
    actor = stage.actors[one.text("by")]
    if "owner" in one:
        content = replace(
            _content(session, assessment, row),
            owner=one.text("owner"),
            starts_on=day(one, "starts") or row.starts_on,
            target_date=day(one, "target") or row.target_date,
        )
        actions.edit_action(session, actor, assessment, row, content, revision=row.revision)
    if "dropped" in one:
        actions.drop_action(
            session, actor, assessment, row, reason=one.text("dropped"), revision=row.revision
        )
    for note in one.sections("progress") if "progress" in one else ():
        last = progress.last_progress(session, row)
        progress.note_progress(
            session,
            actor,
            assessment,
            row,
            state=note.text("state"),
            note=note.text("note"),
            seen=last.n if last else 0,
        )


def _content(session: Session, assessment: Assessment, row: PlanAction) -> actions.ActionContent:
    """Return what an action says now."""
    codes = {each.id: each.code for each in proposing.actions_in(session, assessment)}
    needs = proposing.needs_in(session, assessment).get(row.id, set())
    return actions.ActionContent(
        text=row.text,
        owner=row.owner,
        starts_on=row.starts_on,
        target_date=row.target_date,
        indicator=row.indicator,
        effort=row.effort,
        cost=row.cost,
        phase=row.phase,
        question_id=row.question_id or "",
        needs=tuple(sorted(codes[each] for each in needs)),
    )
