"""The description of a team after the template of RFC 2350 (BCP 21, appendix D): its fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cirt.assessments.wording import written
from cirt.errors import N_

MAX_FIELD = 5_000
# what a person still has to write stands between these signs
GAP = re.compile("‹[^‹›]*›")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the template. title, hint: message ids. needed: a reader looks for it."""

    number: str
    title: str
    hint: str = ""
    needed: bool = False
    rows: int = 3

    @property
    def key(self) -> str:
        """Its name in forms and in what is kept."""
        return f"f{self.number.replace('.', '_')}"

    @property
    def section(self) -> str:
        """The number of its section."""
        return self.number.partition(".")[0]


SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "1": N_("Document information"),
        "2": N_("Contact information"),
        "3": N_("Charter"),
        "4": N_("Policies"),
        "5": N_("Services"),
        "6": N_("Incident reporting forms"),
        "7": N_("Disclaimers"),
    }
)

FIELDS: tuple[Field, ...] = (
    Field("1.1", N_("Date of last update"), N_("Year-month-day."), True, 1),
    Field(
        "1.2",
        N_("Distribution list for notifications"),
        N_("Who is told of changes, and how."),
        rows=2,
    ),
    Field(
        "1.3",
        N_("Locations where this document may be found"),
        N_("The web address of the newest version."),
        True,
        2,
    ),
    Field(
        "1.4",
        N_("Authenticating this document"),
        N_("How a reader sees that it is yours, such as a signature with the team's key."),
        rows=2,
    ),
    Field("2.1", N_("Name of the team"), N_("In full, with its short name."), True, 2),
    Field("2.2", N_("Address"), N_("Postal address with the country."), True, 4),
    Field("2.3", N_("Time zone"), N_("Against UTC, with summer time if there is one."), True, 1),
    Field("2.4", N_("Telephone number"), N_("With the country code."), True, 2),
    Field("2.5", N_("Facsimile number"), rows=1),
    Field("2.6", N_("Other telecommunication"), rows=2),
    Field("2.7", N_("Electronic mail address"), N_("Of the team, not of a person."), True, 2),
    Field(
        "2.8",
        N_("Public keys and encryption information"),
        N_("Key identifier, fingerprint, and where the key is found."),
        True,
        4,
    ),
    Field(
        "2.9", N_("Team members"), N_("Name only those who agreed to be named in public."), rows=3
    ),
    Field("2.10", N_("Other information"), rows=2),
    Field(
        "2.11",
        N_("Points of customer contact"),
        N_("How and at which hours an incident is reported."),
        True,
        4,
    ),
    Field("3.1", N_("Mission statement"), N_("What the team is for, in a few sentences."), True, 4),
    Field(
        "3.2",
        N_("Constituency"),
        N_("Whom the team serves: sectors, address ranges, domains."),
        True,
        4,
    ),
    Field(
        "3.3",
        N_("Sponsorship and affiliation"),
        N_("To whom the team belongs and who pays for it."),
        True,
        3,
    ),
    Field(
        "3.4",
        N_("Authority"),
        N_("What the team may require, and on which act that rests."),
        True,
        4,
    ),
    Field(
        "4.1",
        N_("Types of incidents and level of support"),
        N_("What is handled, in which order, with what effort."),
        True,
        5,
    ),
    Field(
        "4.2",
        N_("Co-operation, interaction and disclosure of information"),
        N_("What is passed on to whom, and what never is."),
        True,
        6,
    ),
    Field(
        "4.3",
        N_("Communication and authentication"),
        N_("What is encrypted, and how people make sure of each other."),
        True,
        4,
    ),
    Field(
        "5.1",
        N_("Incident response"),
        N_("Triage, coordination and resolution: what the team does in each."),
        True,
        6,
    ),
    Field(
        "5.2",
        N_("Proactive activities"),
        N_("What the team offers when there is no incident."),
        rows=6,
    ),
    Field(
        "6",
        N_("Incident reporting forms"),
        N_("Where a form is, or what a report should contain."),
        True,
        5,
    ),
    Field("7", N_("Disclaimers"), rows=4),
)


def read_description(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the fields as they are kept, "" for none. Raises InvalidInputError for one too long."""
    return {
        one.key: written(typed.get(one.key, ""), most=MAX_FIELD, field=one.key) for one in FIELDS
    }


def missing(content: Mapping[str, str]) -> tuple[Field, ...]:
    """Return the fields that are needed and empty, and those with a gap left in them."""
    return tuple(
        one
        for one in FIELDS
        if (one.needed and not content.get(one.key)) or GAP.search(content.get(one.key, ""))
    )
