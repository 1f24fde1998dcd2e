"""What helps with one question: who can answer it, the next step, what it rests on elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cirt import i18n
from cirt.assessments.instruments import Instrument, LocalText, Question
from cirt.assessments.instruments.model import COST_NAMES, EFFORT_NAMES, PHASE_NAMES
from cirt.assessments.instruments.provisions import merged_provisions
from cirt.assessments.instruments.references import MODELS, reference_models
from cirt.assessments.models import Answer
from cirt.taxonomies import stakeholder_groups


@dataclass(frozen=True)
class Need:
    """A level of another question that comes first. reached: whether the answer says so today."""

    question_id: str
    text: LocalText
    level: int
    reached: bool


@dataclass(frozen=True)
class NextStep:
    """How to get to the next level. effort, cost: sentences, "" where the instrument says none."""

    level: int
    text: LocalText
    effort: str
    cost: str
    phase: str
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class Reference:
    """Where a question stands in another text. place: "" for a theme, which has none to print."""

    source: str
    place: str
    text: LocalText | None
    is_theme: bool = False


def asked_of(question: Question) -> list[LocalText]:
    """Return the stakeholder groups who can answer, in the order of their list."""
    language = i18n.current_language()
    return [
        group.name.in_language(language)
        for key, group in stakeholder_groups().items()
        if key in question.asked_of
    ]


def next_step(
    instrument: Instrument, question: Question, answers: Mapping[str, Answer]
) -> NextStep | None:
    """Return the step up from the level given; None without a level and at the highest."""
    answer = answers.get(question.id)
    level = answer.level if answer else None
    if level is None or level >= question.top or not question.steps:
        return None
    step = question.step_to(level + 1)
    language = i18n.current_language()
    return NextStep(
        level=step.level,
        text=(step.text or question.levels[step.level]).in_language(language),
        effort=_(EFFORT_NAMES[step.effort]) if step.effort else "",
        cost=_(COST_NAMES[step.cost]) if step.cost else "",
        phase=_(PHASE_NAMES[step.phase]),
        needs=tuple(
            Need(
                question_id=need.question_id,
                text=instrument.question(need.question_id).text.in_language(language),
                level=need.level,
                reached=_reached(answers.get(need.question_id), need.level),
            )
            for need in step.needs
        ),
    )


def references(session: Session, question: Question) -> list[Reference]:
    """Return where the question stands in resolutions, as corrected here, and published models.

    What nobody has compared with the adopted text is a theme and is given without a place.
    """
    language = i18n.current_language()
    found = []
    registry = merged_provisions(session)
    for provision_id in question.crosswalk.provisions:
        row = registry.get(provision_id)
        if row is None:
            continue
        place = " ".join(part for part in (row.clause, row.paragraph) if part)
        found.append(
            Reference(
                source=row.citation,
                place=place if row.verified else "",
                text=row.paraphrase.in_language(language),
                is_theme=not row.verified,
            )
        )
    models = reference_models()
    for name in MODELS:
        ids: tuple[str, ...] = getattr(question.crosswalk, name)
        if not ids or name not in models:
            continue
        items = models[name].items
        found.extend(
            Reference(models[name].name, f"{each} {items.get(each, '')}".strip(), None)
            for each in ids
        )
    return found


def guidance(
    session: Session, instrument: Instrument, question: Question, answers: Mapping[str, Answer]
) -> dict[str, Any]:
    """Return what the page of a question shows of all this."""
    return {
        "asked_of": asked_of(question),
        "next_step": next_step(instrument, question, answers),
        "references": references(session, question),
    }


def _reached(answer: Answer | None, level: int) -> bool:
    return answer is not None and answer.level is not None and answer.level >= level
