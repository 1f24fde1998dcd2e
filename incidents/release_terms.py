"""What the person who prepares a release decides about it for one audience. Pure."""

from dataclasses import dataclass
from typing import Final

from cirt.errors import N_, InvalidInputError
from cirt.incidents.legal_bases import legal_bases
from cirt.incidents.release_sections import ALL, Section

MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """What goes to one audience, under whose name, and for how long.

    sections: what of the incident. unattributed: in the name of the circle instead of the own
    administration's; always so in a confidential circle. legal_basis: id of
    `legal_bases.legal_bases`, "" for none. retention_days: how long recipients may keep it, None
    if nothing is asked of them.
    """

    sections: frozenset[Section] = ALL
    unattributed: bool = False
    legal_basis: str = ""
    retention_days: int | None = None


def check_terms(terms: ReleaseTerms) -> None:
    """Raise InvalidInputError, naming the field, for terms that no release can have."""
    if terms.legal_basis and terms.legal_basis not in legal_bases():
        raise InvalidInputError(N_("Choose a legal basis from the list."), field="legal_basis")
    days = terms.retention_days
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidInputError(
            N_("Give the days as a number from 1 to %(most)s, or leave this empty."),
            field="retention_days",
            most=MOST_DAYS,
        )
