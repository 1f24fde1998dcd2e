"""The life of an assessment: which act is possible in which state, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from cirt.errors import N_, ForbiddenError, InvalidInputError


class State(StrEnum):
    """Where an assessment stands, in the order of its life."""

    PREPARING = "preparing"  # scope, participants, documents and agenda are settled
    COLLECTING = "collecting"  # answers and evidence are gathered before the workshop
    WORKSHOP = "workshop"  # the people of the country answer together
    REVIEW = "review"  # answers are read through and corrected
    AGREED = "agreed"  # the country stands by its answers: they are locked
    CLOSED = "closed"  # nothing changes but the progress of the plan's actions


LOCKED = frozenset({State.AGREED, State.CLOSED})


class GrantRole(StrEnum):
    """As what the country lets somebody into an assessment."""

    LEAD = "lead"  # lead assessor: also moves the assessment from step to step
    ASSESSOR = "assessor"
    CONTRIBUTOR = "contributor"  # answers
    REVIEWER = "reviewer"  # reads and remarks


class Act(StrEnum):
    """What somebody wants to do to an assessment."""

    PREPARE = "prepare"  # title, scope, profile, participants, documents, agenda
    ANSWER = "answer"  # answers and evidence
    REMARK = "remark"  # what people write to each other about a question
    FIND = "find"  # findings
    PLAN = "plan"  # the plan and its actions
    PROGRESS = "progress"  # how far an action of the plan is
    DESIGN = "design"  # the design annex
    REPORT = "report"  # the words of the report's chapters
    BEGIN = "begin"
    WORKSHOP = "workshop"
    REVIEW = "review"
    BACK = "back"  # one step back, as long as nothing is locked
    AGREE = "agree"
    CLOSE = "close"
    REOPEN = "reopen"


STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.PREPARING: N_("Being prepared"),
        State.COLLECTING: N_("Collecting answers"),
        State.WORKSHOP: N_("Workshop"),
        State.REVIEW: N_("Review"),
        State.AGREED: N_("Agreed and locked"),
        State.CLOSED: N_("Closed"),
    }
)

STATE_HINTS: Mapping[State, str] = MappingProxyType(
    {
        State.PREPARING: N_(
            "Scope, participants, documents and agenda are settled. Questions can be read and not yet answered."
        ),
        State.COLLECTING: N_("Answers and evidence are gathered ahead of the workshop."),
        State.WORKSHOP: N_("The people of the country answer together; the agenda leads the days."),
        State.REVIEW: N_(
            "Answers are read through, and what was disputed or marked for review is settled."
        ),
        State.AGREED: N_(
            "The country stands by its answers. They are locked; the plan can still be worked on."
        ),
        State.CLOSED: N_("The round is over. Only the progress of the plan's actions is noted."),
    }
)

# Where a focal point can lead a locked assessment back to.
REOPEN_TO = (State.REVIEW, State.COLLECTING)

_OPEN = (State.COLLECTING, State.WORKSHOP, State.REVIEW)
_UNLOCKED = (State.PREPARING, *_OPEN)
_UNTIL_CLOSED = (*_UNLOCKED, State.AGREED)

# Acts that change something inside, and the states in which they are possible.
_INSIDE: Mapping[Act, tuple[State, ...]] = MappingProxyType(
    {
        Act.PREPARE: _UNLOCKED,
        Act.ANSWER: _OPEN,
        Act.REMARK: _UNLOCKED,
        Act.FIND: _OPEN,
        Act.PLAN: (*_OPEN, State.AGREED),
        Act.PROGRESS: tuple(State),
        Act.DESIGN: _UNTIL_CLOSED,
        Act.REPORT: _UNTIL_CLOSED,
    }
)

# Acts that lead on or back. REOPEN stands with its usual end; state_after takes another one.
_STEPS: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.PREPARING, Act.BEGIN): State.COLLECTING,
        (State.COLLECTING, Act.WORKSHOP): State.WORKSHOP,
        (State.COLLECTING, Act.REVIEW): State.REVIEW,  # an assessment without a workshop
        (State.WORKSHOP, Act.REVIEW): State.REVIEW,
        (State.WORKSHOP, Act.BACK): State.COLLECTING,
        (State.REVIEW, Act.BACK): State.WORKSHOP,
        (State.REVIEW, Act.AGREE): State.AGREED,
        (State.AGREED, Act.CLOSE): State.CLOSED,
        (State.AGREED, Act.REOPEN): State.REVIEW,
        (State.CLOSED, Act.REOPEN): State.REVIEW,
    }
)

_AGREED = N_(
    "The country agreed to this assessment on %(date)s, and it is locked. A focal point of the"
    " country can reopen it with a reason."
)
_CLOSED = N_(
    "This assessment was closed on %(date)s and cannot be changed. A focal point of the"
    " country can reopen it with a reason."
)
_UNANSWERED = N_(
    "This assessment is being prepared, and its questions cannot be answered yet. A focal point"
    " or the lead assessor begins the collecting of answers."
)
_FIRST_REVIEW = N_(
    "Only what has been reviewed is agreed to. A focal point or the lead assessor first moves the"
    " assessment to review."
)
_FIRST_AGREED = N_(
    "Only an agreed assessment is closed. A focal point of the country agrees to it after the"
    " review."
)
_NOTHING_LOCKED = N_("This assessment is not locked; there is nothing to reopen.")
_BEGUN = N_("The collecting of answers has begun already.")

_REFUSALS: Mapping[tuple[State, Act], str] = MappingProxyType(
    {
        (State.PREPARING, Act.ANSWER): _UNANSWERED,
        (State.PREPARING, Act.FIND): N_(
            "This assessment is being prepared; findings rest on answers. A focal point or the lead"
            " assessor begins the collecting of answers."
        ),
        (State.PREPARING, Act.PLAN): N_(
            "This assessment is being prepared; the plan follows from answers. A focal point or the"
            " lead assessor begins the collecting of answers."
        ),
        (State.PREPARING, Act.WORKSHOP): N_(
            "The workshop follows the collecting of answers. Begin that first."
        ),
        (State.PREPARING, Act.REVIEW): N_(
            "There are no answers to review yet. Begin the collecting of answers first."
        ),
        (State.PREPARING, Act.BACK): N_("Preparing is the first step; there is none before it."),
        (State.PREPARING, Act.AGREE): _FIRST_REVIEW,
        (State.PREPARING, Act.CLOSE): _FIRST_AGREED,
        (State.PREPARING, Act.REOPEN): _NOTHING_LOCKED,
        (State.COLLECTING, Act.BEGIN): _BEGUN,
        (State.COLLECTING, Act.BACK): N_(
            "Preparation can be changed while answers are collected; there is no need to go back."
        ),
        (State.COLLECTING, Act.AGREE): _FIRST_REVIEW,
        (State.COLLECTING, Act.CLOSE): _FIRST_AGREED,
        (State.COLLECTING, Act.REOPEN): _NOTHING_LOCKED,
        (State.WORKSHOP, Act.BEGIN): _BEGUN,
        (State.WORKSHOP, Act.WORKSHOP): N_("The workshop has begun already."),
        (State.WORKSHOP, Act.AGREE): _FIRST_REVIEW,
        (State.WORKSHOP, Act.CLOSE): _FIRST_AGREED,
        (State.WORKSHOP, Act.REOPEN): _NOTHING_LOCKED,
        (State.REVIEW, Act.BEGIN): _BEGUN,
        (State.REVIEW, Act.WORKSHOP): N_(
            "This assessment is in review already. Go one step back to return to the workshop."
        ),
        (State.REVIEW, Act.REVIEW): N_("The review has begun already."),
        (State.REVIEW, Act.CLOSE): _FIRST_AGREED,
        (State.REVIEW, Act.REOPEN): _NOTHING_LOCKED,
        (State.AGREED, Act.AGREE): N_("The country agreed to this assessment on %(date)s already."),
        (State.CLOSED, Act.CLOSE): N_("This assessment was closed on %(date)s already."),
    }
)
_LOCKED_REFUSALS: Mapping[State, str] = MappingProxyType(
    {State.AGREED: _AGREED, State.CLOSED: _CLOSED}
)


@dataclass(frozen=True)
class Standing:
    """A state and since when it is locked.

    closed_at: None unless the state is CLOSED. agreed_at: None unless it is AGREED or CLOSED.
    """

    state: State
    closed_at: datetime | None = None
    agreed_at: datetime | None = None

    @property
    def locked(self) -> bool:
        """Whether answers, evidence, findings and preparation are out of reach."""
        return self.state in LOCKED


def refusal(standing: Standing, act: Act) -> ForbiddenError | None:
    """Return why the act is not possible now and what would change that; None when it is."""
    state = standing.state
    if state in _INSIDE.get(act, ()) or (state, act) in _STEPS:
        return None
    sentence = _REFUSALS.get((state, act)) or _LOCKED_REFUSALS[state]
    since = standing.closed_at if state is State.CLOSED else standing.agreed_at
    # isolated: in an Arabic sentence its parts would change places
    date = f"\u2066{since:%Y-%m-%d}\u2069" if since else ""
    return ForbiddenError(sentence, date=date)


def state_after(
    standing: Standing, act: Act, *, reason: str = "", to: State | None = None
) -> State:
    """Return the state that the act leads to; the same one for an act inside.

    reason: required for reopening. to: where reopening leads, one of REOPEN_TO; None for the
    first of them. Raises ForbiddenError where the state does not allow the act,
    InvalidInputError where the reason is missing or the end is no choice.
    """
    refused = refusal(standing, act)
    if refused is not None:
        raise refused
    if act is Act.REOPEN:
        if not reason.strip():
            raise InvalidInputError(N_("Say why the assessment is reopened."), field="reason")
        if to is not None and to not in REOPEN_TO:
            raise InvalidInputError(
                N_("Choose the step at which the assessment is taken up again."), field="to"
            )
        return to or REOPEN_TO[0]
    return _STEPS.get((standing.state, act), standing.state)


def possible(standing: Standing, act: Act) -> bool:
    """Whether the state allows the act."""
    return refusal(standing, act) is None
