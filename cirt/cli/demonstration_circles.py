"""The demonstration's circles, and what was released to them by two persons each time."""

from datetime import timedelta

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.accounts.models import Administration
from cirt.cli.demonstration_people import Stage, seed
from cirt.clock import now
from cirt.datafiles import DataMap, read_map
from cirt.incidents import circles, joining, policy_cards, release, standing_approvals
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting, Membership, Onward
from cirt.incidents.release_terms import ReleaseTerms
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
            listed="listed" in one and one.boolean("listed"),
            membership=Membership.CONFIDENTIAL
            if "confidential" in one and one.boolean("confidential")
            else Membership.VISIBLE,
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
                may_moderate="moderates" in member and member.boolean("moderates"),
            )
        stage.circles[frame.alias] = circle.id
    for one in frames.sections("requests"):
        circle = session.get_one(Collection, stage.circles[one.text("circle")])
        joining.ask(session, stage.actors[one.text("by")], circle, one.text("message"))
    for one in frames.sections("cards"):
        _write_card(session, stage.actors[one.text("by")], one)
    for one in frames.sections("approvals"):
        standing_approvals.give_approval(
            session,
            stage.actors[one.text("by")],
            session.get_one(Collection, stage.circles[one.text("circle")]),
            ceiling=TLP(one.text("ceiling")),
            reason=one.text("reason"),
            until=now() + timedelta(days=one.integer("days", 1, standing_approvals.MAX_DAYS)),
        )


def _write_card(session: Session, actor: Actor, one: DataMap) -> None:
    card = policy_cards.CardDetails(
        retention_days=one.integer("retention_days", 0, policy_cards.MOST_DAYS),
        onward=Onward(one.text("onward")),
        accepts=TLP(one.text("accepts")),
        contact=one.text("contact"),
        statement=one.text("statement"),
    )
    administration = session.get_one(Administration, actor.administration_id)
    policy_cards.change_card(session, actor, administration, card)


def _release(session: Session, stage: Stage, one: DataMap) -> None:
    circle = session.get_one(Collection, stage.circles[one.text("circle")])
    release_to(session, stage, one, circle, ReleaseTerms())


def release_to(
    session: Session, stage: Stage, one: DataMap, audience: Collection, terms: ReleaseTerms
) -> None:
    """Prepare a release, and approve it when the data say who does."""
    prepared = release.prepare_release(
        session,
        stage.actors[one.text("prepared_by")],
        session.get_one(Incident, stage.incidents[one.text("incident")]),
        audience,
        terms,
    )
    if "approved_by" in one:
        release.approve_release(
            session,
            stage.actors[one.text("approved_by")],
            prepared,
            sha256_seen=prepared.sha256,
            delay=timedelta(hours=stage.installation.settings.release_delay_hours),
            acknowledged=True,
        )
