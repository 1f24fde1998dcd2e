"""A workshop's usual agenda for three, four or five days, as a start to be changed. Plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cirt.assessments.instruments.model import Question
from cirt.errors import N_

LENGTHS = (3, 4, 5)  # days


@dataclass(frozen=True, slots=True)
class StandardItem:
    """One usual item. title: message id. questions: whether part of the questionnaire is answered."""

    day: int
    starts: str
    ends: str
    title: str
    questions: bool = False


OPENING = N_("Opening by the host: the mandate, and what the assessment is for")
WHAT_A_CIRT_DOES = N_("What a national CIRT does, and for whom")
GROUND_RULES = N_("Ground rules: what may be repeated outside, and how answers are agreed")
INSTITUTIONS = N_("Who does what today: institutions, duties, gaps and overlaps")
SITUATION = N_("The country's networks and critical sectors; threats and incidents so far")
QUESTIONS = N_("Questionnaire")
SECTORS = N_("Sector groups: finance, providers, energy, health, government, universities, police")
EXERCISE = N_("Table-top exercise: one incident from the first report to the press")
SHARING = N_("Cooperation and information sharing: what is in place, and what is missing")
CONSENSUS = N_("Agreeing on answers: what is disputed, marked for review or not evidenced")
EVIDENCE = N_("Going through the evidence and the documents still missing")
FINDINGS = N_("Draft findings and the order of the next steps")
VALIDATION = N_("Findings and plan before those who decide")
CLOSING = N_("Closing: who confirms what, and by when")


def _day(number: int, *rows: tuple[str, str, str]) -> tuple[StandardItem, ...]:
    return tuple(
        StandardItem(number, starts, ends, title, title is QUESTIONS)
        for starts, ends, title in rows
    )


_FIRST_DAY = _day(
    1,
    ("09:00", "09:45", OPENING),
    ("09:45", "10:45", WHAT_A_CIRT_DOES),
    ("11:00", "11:30", GROUND_RULES),
    ("11:30", "13:00", INSTITUTIONS),
    ("14:00", "16:30", SITUATION),
)
_LAST_DAY = (
    ("09:00", "10:45", FINDINGS),
    ("11:00", "13:00", VALIDATION),
    ("14:00", "15:00", CLOSING),
)
_FULL_DAY = (
    ("09:00", "10:45", QUESTIONS),
    ("11:00", "13:00", QUESTIONS),
    ("14:00", "15:30", QUESTIONS),
    ("15:45", "17:00", QUESTIONS),
)

STANDARD_AGENDAS: Mapping[int, tuple[StandardItem, ...]] = MappingProxyType(
    {
        3: (
            *_day(
                1,
                ("09:00", "09:45", OPENING),
                ("09:45", "10:45", WHAT_A_CIRT_DOES),
                ("11:00", "11:30", GROUND_RULES),
                ("11:30", "13:00", INSTITUTIONS),
                ("14:00", "15:00", SITUATION),
                ("15:15", "17:00", QUESTIONS),
            ),
            *_day(2, *_FULL_DAY),
            *_day(
                3,
                ("09:00", "10:15", QUESTIONS),
                ("10:30", "12:00", CONSENSUS),
                ("12:00", "13:00", FINDINGS),
                ("14:00", "15:30", VALIDATION),
                ("15:30", "16:15", CLOSING),
            ),
        ),
        4: (
            *_FIRST_DAY,
            *_day(2, *_FULL_DAY),
            *_day(
                3,
                ("09:00", "10:45", QUESTIONS),
                ("11:00", "13:00", QUESTIONS),
                ("14:00", "15:30", SECTORS),
                ("15:45", "17:00", CONSENSUS),
            ),
            *_day(4, *_LAST_DAY),
        ),
        5: (
            *_FIRST_DAY,
            *_day(2, *_FULL_DAY),
            *_day(
                3,
                ("09:00", "10:45", QUESTIONS),
                ("11:00", "13:00", QUESTIONS),
                ("14:00", "16:30", SECTORS),
            ),
            *_day(
                4,
                ("09:00", "10:30", SHARING),
                ("10:45", "13:00", EXERCISE),
                ("14:00", "15:30", CONSENSUS),
                ("15:45", "17:00", EVIDENCE),
            ),
            *_day(5, *_LAST_DAY),
        ),
    }
)


def shares(dimensions: Sequence[Sequence[Question]], sessions: int) -> list[list[int]]:
    """Return which dimensions each session takes: their places, in the questionnaire's order.

    dimensions: the questions asked in each, none empty. The sessions get about as many questions
    each; with more sessions than dimensions the last ones stay empty.
    """
    found: list[list[int]] = [[] for _each in range(sessions)]
    total = sum(len(questions) for questions in dimensions)
    before = 0
    for place, questions in enumerate(dimensions):
        middle = before + len(questions) / 2  # a dimension belongs where its middle falls
        found[min(int(middle * sessions / total), sessions - 1)].append(place)
        before += len(questions)
    return found
