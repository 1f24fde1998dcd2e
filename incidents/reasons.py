"""The reason that a person gives for a decision. Knows no web and no database."""

from typing import Final

from cirt.errors import N_, InvalidInputError
from cirt.incidents.case_details import plain_text

MAX_REASON: Final = 2_000


def checked_reason(
    reason: str, missing: str = N_("Say why, so that the others understand it.")
) -> str:
    """Return a reason as it is kept, with plain line ends.

    missing: what to say when there is none; "" where none is needed. Raises InvalidInputError,
    naming the field "reason".
    """
    reason = plain_text(reason, "reason", MAX_REASON)
    if missing and not reason:
        raise InvalidInputError(missing, field="reason", most=MAX_REASON)
    return reason
