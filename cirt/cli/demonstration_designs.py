"""The demonstration's design annex: services, posts, budget, description of the team, lists."""

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments import rights
from cirt.assessments.design import annex, queries
from cirt.assessments.design.services import Period, Source, chosen
from cirt.assessments.models import Assessment
from cirt.cli.demonstration_people import Stage
from cirt.datafiles import DataMap

assert rights  # noqa: S101 - imported for who may read the assessments that proposals come from


def design(session: Session, stage: Stage, assessment: Assessment, said: DataMap) -> None:
    """Fill the design as far as the data file does."""
    actor = stage.actors[said.text("by")]
    _choose_services(session, actor, assessment, said)
    if "staffing" in said:
        staffing = _texts(said.section("staffing"))
        annex.save_staffing(session, actor, assessment, staffing, revision=0)
    if "budget" in said:
        annex.save_budget(session, actor, assessment, _budget(said.section("budget")), revision=0)
    for language in said.section("descriptions") if "descriptions" in said else ():
        fields = said.section("descriptions").section(language)
        typed = {f"f{number.replace('.', '_')}": fields.text(number) for number in fields}
        annex.save_description(session, actor, assessment, language, typed, revision=0)
    for check in said.sections("checks") if "checks" in said else ():
        annex.save_check(
            session,
            actor,
            assessment,
            check.text("list"),
            check.text("item"),
            state=check.text("state"),
            owner=check.optional_text("owner") or "",
            note=check.optional_text("note") or "",
            revision=0,
        )


def _choose_services(session: Session, actor: Actor, assessment: Assessment, said: DataMap) -> None:
    """Take proposals over, then say what is offered later. services: id -> level by period."""
    proposed = queries.proposals_for(session, actor, assessment)
    for source in said.texts("accepted"):
        rows = proposed[Source(source)]
        row = queries.part_of(session, assessment, annex.SERVICES)
        annex.accept_proposals(
            session,
            actor,
            assessment,
            rows,
            {each.key for each in rows},
            revision=row.revision if row else 0,
        )
    row = queries.part_of(session, assessment, annex.SERVICES)
    before = chosen(row.content if row else None)
    typed: dict[tuple[str, Period], str] = {
        (service, period): level.value
        for service, levels in before.levels.items()
        for period, level in levels.items()
    }
    for period in Period:
        levels = said.section(period.value) if period.value in said else {}
        for service in levels:
            typed[service, period] = said.section(period.value).text(service)
    annex.save_services(session, actor, assessment, typed, revision=row.revision if row else 0)


def _texts(said: DataMap) -> dict[str, str]:
    return {key: str(said[key]) for key in said}


def _budget(said: DataMap) -> dict[str, str]:
    """Return what the form says. A range is written as "from to"."""
    typed: dict[str, str] = {}
    for key, value in _texts(said).items():
        low, between, high = value.partition(" to ")
        if between:
            typed |= {f"{key}_low": low, f"{key}_high": high}
        else:
            typed[key] = value
    return typed
