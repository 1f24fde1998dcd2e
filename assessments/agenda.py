"""The workshop's agenda: its items, their order, and a usual one to start from."""

import re
import uuid
from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import Instrument, load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.preparation import prepared_row, save_row
from cirt.assessments.preparation_models import MAX_DAY, MAX_NAME, MAX_NOTE, AgendaItem
from cirt.assessments.standard_agenda import LENGTHS, STANDARD_AGENDAS, shares
from cirt.assessments.wording import written
from cirt.errors import N_, InvalidInputError
from cirt.taxonomies import stakeholder_groups

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def save_item(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    day: int,
    starts: str,
    ends: str,
    title: str,
    note: str = "",
    dimensions: Collection[str] = (),
    groups: Collection[str] = (),
    row_id: uuid.UUID | None = None,
    revision: int = 0,
) -> AgendaItem:
    """Add an item, or change one (row_id, revision). It stands in its day by its beginning.

    starts, ends: "HH:MM", "" while open. Raises InvalidInputError, ChangedMeanwhileError.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    values = {
        "day": day,
        "starts": _time(starts, "starts"),
        "ends": _time(ends, "ends"),
        "title": written(title, most=MAX_NAME, field="title"),
        "note": written(note, most=MAX_NOTE, field="note"),
        "dimensions": [each.id for each in instrument.dimensions if each.id in dimensions],
        "groups": [group for group in stakeholder_groups() if group in groups],
    }
    if not values["title"]:
        raise InvalidInputError(N_("Say what the item is about."), field="title")
    if not 1 <= day <= MAX_DAY:
        raise InvalidInputError(N_("Choose a day from 1 to %(most)s."), field="day", most=MAX_DAY)
    if values["starts"] and values["ends"] and str(values["ends"]) <= str(values["starts"]):
        raise InvalidInputError(N_("The end comes after the beginning."), field="ends")
    lock(session, assessment)
    before = None
    if row_id is not None:
        row = prepared_row(session, assessment, AgendaItem, row_id)
        before = (row.day, row.starts)
    else:
        values["place"] = _end_of(agenda_of(session, assessment), day)
    row = save_row(session, actor, assessment, AgendaItem, values, row_id, revision)
    if before != (row.day, row.starts):
        _settle(session, assessment, row)
    return row


def move_item(
    session: Session, actor: Actor, assessment: Assessment, row_id: uuid.UUID, *, up: bool
) -> None:
    """Let an item and its neighbour change places; at the edge of a day it goes to the next day.

    Two items with times share theirs anew: each keeps its length, the pause between stays.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    row = prepared_row(session, assessment, AgendaItem, row_id)
    items = [one for one in agenda_of(session, assessment) if one.day == row.day]
    there = items.index(row) + (-1 if up else 1)
    if 0 <= there < len(items):
        first, second = (items[there], row) if up else (row, items[there])
        _exchange(first, second)
    elif 1 <= row.day + (-1 if up else 1) <= MAX_DAY:
        row.day += -1 if up else 1
        others = [one for one in agenda_of(session, assessment) if one.day == row.day]
        row.place = max((one.place for one in others), default=-1) + 1 if up else -1
    else:
        return
    row.revision += 1
    session.flush()
    _number(agenda_of(session, assessment))
    record(session, actor, "assessment.prepare", assessment, f"agenda:{row.id}")


def fill_agenda(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    days: int,
    translated: Callable[[str], str],
) -> None:
    """Write a usual agenda of so many days into an empty one.

    The dimensions are shared out over the sessions of the questionnaire, and those groups are
    invited to each who can answer its questions. translated: says a message id in the language
    of the workshop. Raises InvalidInputError where there are items already.
    """
    if days not in LENGTHS:
        raise InvalidInputError(N_("Choose three, four or five days."), field="days")
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    if agenda_of(session, assessment):
        raise InvalidInputError(
            N_("The agenda has items already. Remove them first, or change them one by one."),
            field="days",
        )
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    planned = STANDARD_AGENDAS[days]
    parts = iter(_parts(assessment, instrument, sum(1 for item in planned if item.questions)))
    for place, item in enumerate(planned):
        dimensions = next(parts) if item.questions else []
        session.add(
            AgendaItem(
                assessment_id=assessment.id,
                day=item.day,
                place=place,
                starts=item.starts,
                ends=item.ends,
                title=translated(item.title),
                dimensions=dimensions,
                groups=_invited(assessment, instrument, dimensions),
            )
        )
    session.flush()
    _number(agenda_of(session, assessment))
    record(session, actor, "assessment.prepare", assessment, items=len(planned))


def agenda_of(session: Session, assessment: Assessment) -> Sequence[AgendaItem]:
    """Return the items by day and place."""
    return session.scalars(
        sa.select(AgendaItem)
        .where(AgendaItem.assessment_id == assessment.id)
        .order_by(AgendaItem.day, AgendaItem.place, AgendaItem.id)
    ).all()


def _time(text: str, field: str) -> str:
    text = written(text, most=20, field=field)
    if len(text) == 4 and text[1:2] == ":":
        text = f"0{text}"
    if text and not _TIME.fullmatch(text):
        raise InvalidInputError(
            N_("Give the time as hours and minutes, such as 09:30."), field=field
        )
    return text


def _parts(assessment: Assessment, instrument: Instrument, sessions: int) -> list[list[str]]:
    asked = {
        dimension.id: [
            one for one in dimension.questions if one.applies.asked(assessment.cirt_exists)
        ]
        for dimension in instrument.dimensions
    }
    ids = [key for key, questions in asked.items() if questions]
    places = shares([asked[key] for key in ids], sessions)
    return [[ids[place] for place in part] for part in places]


def _invited(
    assessment: Assessment, instrument: Instrument, dimensions: Collection[str]
) -> list[str]:
    wanted = {
        group
        for question in instrument.questions
        if question.dimension_id in dimensions and question.applies.asked(assessment.cirt_exists)
        for group in question.asked_of
    }
    return [group for group in stakeholder_groups() if group in wanted]


def _end_of(items: Sequence[AgendaItem], day: int) -> int:
    return max((one.place for one in items if one.day == day), default=-1) + 1


def _settle(session: Session, assessment: Assessment, row: AgendaItem) -> None:
    """Put an item behind those of its day that begin no later; one without a time goes last."""
    others = [
        one for one in agenda_of(session, assessment) if one.day == row.day and one is not row
    ]
    if not row.starts:
        at = len(others)
    else:
        later = [n for n, one in enumerate(others) if one.starts and one.starts > row.starts]
        at = later[0] if later else len(others)
    for place, one in enumerate([*others[:at], row, *others[at:]]):
        one.place = place
    session.flush()


def _number(items: Sequence[AgendaItem]) -> None:
    places: dict[int, int] = {}
    for one in sorted(items, key=lambda each: (each.day, each.place)):
        one.place = places.get(one.day, 0)
        places[one.day] = one.place + 1


def _exchange(first: AgendaItem, second: AgendaItem) -> None:
    """Let two items that follow each other change places and share their time anew."""
    first.place, second.place = second.place, first.place
    times = (first.starts, first.ends, second.starts, second.ends)
    if not all(times) or first.ends > second.starts:
        return
    begin, end = _minutes(first.starts), _minutes(second.ends)
    length_first = _minutes(first.ends) - begin
    length_second = end - _minutes(second.starts)
    second.starts, second.ends = _clock(begin), _clock(begin + length_second)
    first.starts, first.ends = _clock(end - length_first), _clock(end)
    first.revision += 1


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
