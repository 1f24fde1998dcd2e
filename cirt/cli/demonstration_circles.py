"""The demonstration's circles, and what was released to them by two persons each time."""

from datetime import timedelta

from sqlalchemy.orm import Session

from cirt.cli.demonstration_people import Stage, seed
from cirt.clock import now
from cirt.datafiles import DataMap, read_map
from cirt.incidents import circles, release, standing_approvals
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.stix.marking import TLP


def load(stage: Stage) -> None:
    """Add the circles in one transaction and the releases in another."""
    frames = read_map(seed("circles.yml"))
    with stage.installation.database.writing() as session:
        _add_circles(session, stage, frames)
    releases = read_map(seed("incidents.yml"))
    with stage.installation.database.writing() as session:
        for one in releases.sections("releases"):
            _release(session, stage, one)


def _add_circles(session: Session, stage: Stage, frames: DataMap) -> None:
    actor = stage.actors[frames.text("made_by")]
    for one in frames.sections("circles"):
        frame = circles.Frame(
            title=one.text("title"),
            description=one.text("description"),
            alias=one.text("alias"),
            ceiling=TLP(one.text("ceiling")),
            machine_writing=MachineWriting(one.text("machine_writing")),
        )
        circle = circles.make_circle(session, actor, frame)
        for member in one.sections("members"):
            circles.set_member(
                session,
                actor,
                circle,
                stage.administrations[member.text("administration")],
                may_read=member.boolean("reads"),
                may_contribute=member.boolean("contributes"),
            )
        stage.circles[frame.alias] = circle.id
    for one in frames.sections("approvals"):
        standing_approvals.give_approval(
            session,
            stage.actors[one.text("by")],
            session.get_one(Collection, stage.circles[one.text("circle")]),
            ceiling=TLP(one.text("ceiling")),
            reason=one.text("reason"),
            until=now() + timedelta(days=one.integer("days", 1, standing_approvals.MAX_DAYS)),
        )


def _release(session: Session, stage: Stage, one: DataMap) -> None:
    prepared = release.prepare_release(
        session,
        stage.actors[one.text("prepared_by")],
        session.get_one(Incident, stage.incidents[one.text("incident")]),
        session.get_one(Collection, stage.circles[one.text("circle")]),
    )
    if "approved_by" in one:
        release.approve_release(
            session,
            stage.actors[one.text("approved_by")],
            prepared,
            sha256_seen=prepared.sha256,
            delay=timedelta(hours=stage.installation.settings.release_delay_hours),
        )
