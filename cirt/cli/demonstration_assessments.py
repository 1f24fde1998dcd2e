"""The demonstration's assessments: started, prepared, answered and closed as people do it."""

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments import conduct, grants
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.upgrading import change_version
from cirt.assessments.lifecycle import Act, GrantRole, State
from cirt.assessments.models import Assessment
from cirt.assessments.rounds import succession
from cirt.cli import (
    demonstration_answers,
    demonstration_designs,
    demonstration_plans,
    demonstration_preparation,
    demonstration_reports,
)
from cirt.cli.demonstration_people import Stage, seed
from cirt.datafiles import DataMap, read_map

# A later one rests on those before it: a round on the last one, a design on the FIRST services.
FILES = (
    "assessments.yml",
    "other-instruments.yml",
    "second-round.yml",
    "without-cirt.yml",
)


def load(stage: Stage) -> None:
    """Add the assessments, each in one transaction."""
    for name in FILES:
        for one in read_map(seed(name)).sections("assessments"):
            with stage.installation.database.writing() as session:
                _add_assessment(session, stage, one)


def _add_assessment(session: Session, stage: Stage, one: DataMap) -> None:
    starter = stage.actors[one.text("started_by")]
    assessment = _start(session, stage, starter, one)
    stage.assessments[one.text("key")] = assessment.id
    lead = _let_in(session, stage, starter, assessment, one)
    if "preparation" in one:
        demonstration_preparation.prepare(session, lead, assessment, one.section("preparation"))
    until = State(one.text("state"))
    for state, act in (
        (State.COLLECTING, Act.BEGIN),
        (State.WORKSHOP, Act.WORKSHOP),
        (State.REVIEW, Act.REVIEW),
    ):
        if list(State).index(state) <= list(State).index(until):
            conduct.advance(session, lead, assessment, act)
        if state is State.COLLECTING:
            _fill(session, stage, assessment, one)
    if until in (State.AGREED, State.CLOSED):
        conduct.agree_assessment(session, starter, assessment)
    if until is State.CLOSED:
        conduct.close_assessment(session, starter, assessment)


def _start(session: Session, stage: Stage, starter: Actor, one: DataMap) -> Assessment:
    """Start an assessment, or the next round of the one that it follows."""
    instrument = load_instrument(one.text("instrument"), one.text("version"))
    if "follows" in one:
        return succession.start_next_round(
            session,
            starter,
            session.get_one(Assessment, stage.assessments[one.text("follows")]),
            title=one.text("title"),
            instrument_version=instrument.version,
            language=one.text("language"),
            cirt_exists=one.get("cirt_exists"),
            copy_scope=True,
            copy_participants=True,
        )
    return conduct.start_assessment(
        session,
        starter,
        administration_id=stage.administrations[one.text("administration")],
        title=one.text("title"),
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        language=one.text("language"),
        cirt_exists=one.get("cirt_exists"),
    )


def _let_in(
    session: Session, stage: Stage, starter: Actor, assessment: Assessment, one: DataMap
) -> Actor:
    """Let the others in, and return who leads: the starter where nobody else does."""
    lead = starter
    for guest in one.sections("guests") if "guests" in one else ():
        actor, role = stage.actors[guest.text("user")], GrantRole(guest.text("role"))
        assert actor.user_id is not None  # noqa: S101 - a person, not a machine
        grants.give_grant(
            session,
            starter,
            assessment,
            user_id=actor.user_id,
            until=grants.default_until(),
            role=role,
        )
        if role is GrantRole.LEAD:
            lead = actor
    return lead


def _fill(session: Session, stage: Stage, assessment: Assessment, one: DataMap) -> None:
    """Answer, and add what follows from the answers."""
    demonstration_answers.answer(session, stage, assessment, one)
    if "moved_to" in one:
        move = one.section("moved_to")
        change_version(session, stage.actors[move.text("by")], assessment, move.text("version"))
    if "plan" in one:
        demonstration_plans.plan(session, stage, assessment, one.section("plan"))
    if "findings" in one:
        demonstration_plans.find(session, stage, assessment, one.sections("findings"))
    if "design" in one:
        demonstration_designs.design(session, stage, assessment, one.section("design"))
    if "report" in one:
        demonstration_reports.write(session, stage, assessment, one.section("report"))
