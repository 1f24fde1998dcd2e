"""The life of an assessment: which act is possible in which state, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from cirt.errors import N_, ForbiddenError, InvalidInputError


class State(StrEnum):
    """Where an assessment stands."""

    COLLECTING = "collecting"  # answers and evidence are being gathered
    CLOSED = "closed"  # locked: nothing in it changes


class GrantRole(StrEnum):
    """As what the country lets somebody into an assessment."""

    LEAD = "lead"  # lead assessor: also moves the assessment from step to step
    ASSESSOR = "assessor"
    CONTRIBUTOR = "contributor"  # answers
    REVIEWER = "reviewer"  # reads and remarks


class Act(StrEnum):
    """What somebody wants to do to an assessment."""

    CHANGE = "change"  # answers, evidence and details
    CLOSE = "close"
    REOPEN = "reopen"


STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {State.COLLECTING: N_("Open"), State.CLOSED: N_("Closed")}
)

_AFTER: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.COLLECTING, Act.CHANGE): State.COLLECTING,
        (State.COLLECTING, Act.CLOSE): State.CLOSED,
        (State.CLOSED, Act.REOPEN): State.COLLECTING,
    }
)

_REFUSALS: Mapping[tuple[State, Act], str] = MappingProxyType(
    {
        (State.CLOSED, Act.CHANGE): N_(
            "This assessment was closed on %(date)s and cannot be changed. A focal point of the"
            " country can reopen it with a reason."
        ),
        (State.CLOSED, Act.CLOSE): N_("This assessment was closed on %(date)s already."),
        (State.COLLECTING, Act.REOPEN): N_("This assessment is open; there is nothing to reopen."),
    }
)


@dataclass(frozen=True)
class Standing:
    """A state and since when. closed_at: None unless the state is CLOSED."""

    state: State
    closed_at: datetime | None = None


def refusal(standing: Standing, act: Act) -> ForbiddenError | None:
    """Return why the act is not possible now; None when it is."""
    sentence = _REFUSALS.get((standing.state, act))
    if sentence is None:
        return None
    # isolated: in an Arabic sentence its parts would change places
    date = f"\u2066{standing.closed_at:%Y-%m-%d}\u2069" if standing.closed_at else ""
    return ForbiddenError(sentence, date=date)


def state_after(standing: Standing, act: Act, *, reason: str = "") -> State:
    """Return the state that the act leads to.

    reason: required for reopening. Raises ForbiddenError where the state does not allow the act,
    InvalidInputError where the reason is missing.
    """
    refused = refusal(standing, act)
    if refused is not None:
        raise refused
    if act is Act.REOPEN and not reason.strip():
        raise InvalidInputError(N_("Say why the assessment is reopened."), field="reason")
    return _AFTER[standing.state, act]
