"""Texts to start the description of a team from.

Each is a sentence of ours with gaps to fill; nothing that somebody wrote in an answer or a comment,
and no level of an answer, stands in it: the document is made to be published.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from cirt.assessments.design.description import FIELDS
from cirt.errors import N_

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """What is known of the team before anybody writes.

    response, proactive: names of services offered; coverage: hours a week, None while nothing is
    chosen; shares: SIM3 parameter -> lowest share of the answers on it, 0 to 1, absent where
    nothing is answered. today: ISO date.
    """

    country: str
    team_name: str
    contact_email: str
    today: str
    response: tuple[str, ...] = ()
    proactive: tuple[str, ...] = ()
    coverage: int | None = None
    on_call: bool = False
    shares: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to start from. source: message id of where it is from."""

    text: str
    source: str


_DIRECTORY = N_("From the directory of administrations")
_SERVICES = N_("From the services chosen in this design")
_HOURS = N_("From the hours of coverage chosen in this design")
_ANSWERS = N_("A sentence of ours, chosen by the answers of this assessment")
_OURS = N_("A sentence of ours")

_MOST = Fraction(3, 4)  # the level at which an instrument calls something formal
_HALF = Fraction(1, 2)


def suggestions(facts: TeamFacts, translate: Translate) -> dict[str, Suggestion]:
    """Return texts to start from, by field key, in the language that `translate` gives.

    What only the team knows stands between ‹ and ›. Fields without a proposal are absent.
    """
    say = _Sayer(facts, translate)
    found: dict[str, Suggestion] = {
        "1.1": Suggestion(facts.today, _OURS),
        "1.2": say(
            N_("There is no distribution list; the newest version is at the address in 1.3."), _OURS
        ),
        "1.3": say(N_("‹web address of this document›"), _OURS),
        "2.11": say(_contact(facts), _HOURS if facts.coverage is not None else _OURS),
        "3.1": say(
            N_(
                "%(team)s is the point of contact of %(country)s for information security"
                " incidents. It takes reports, helps those affected to contain and end incidents,"
                " warns others who may be affected, and works with teams at home and abroad."
            ),
            _OURS,
        ),
        "3.2": say(
            N_(
                "‹public bodies, operators of essential services, providers, citizens› in"
                " %(country)s; ‹domain names and address ranges›."
            ),
            _OURS,
        ),
        "3.3": say(
            N_("%(team)s belongs to ‹host organization› and is paid for by ‹source›."), _OURS
        ),
        "3.4": say(_authority(facts), _ANSWERS if _known(facts, "O-1", "O-3") else _OURS),
        "4.1": say(_incidents(facts), _ANSWERS if _known(facts, "O-8") else _OURS),
        "4.2": say(_disclosure(facts), _ANSWERS if _known(facts, "P-11") else _OURS),
        "4.3": say(
            N_(
                "Telephone and unencrypted e-mail are used for what is not sensitive. Sensitive"
                " information is encrypted with the key in 2.8. Where a person is not known to the"
                " team, it calls back through a number found independently."
            ),
            _OURS,
        ),
        "6": say(
            N_(
                "No form is needed. A report should say: who reports and how to reach them; what"
                " was seen and when, with the time zone; which systems, addresses and names are"
                " concerned; what was done so far; and with whom it may be shared."
            ),
            _OURS,
        ),
        "7": say(
            N_(
                "%(team)s prepares its warnings and advice with care, but takes no responsibility"
                " for errors, omissions or damage that follow from their use."
            ),
            _OURS,
        ),
    }
    if facts.team_name:
        found["2.1"] = say(N_("%(team)s, %(country)s"), _DIRECTORY)
    if facts.contact_email:
        found["2.7"] = Suggestion(facts.contact_email, _DIRECTORY)
    if facts.response:
        found["5.1"] = Suggestion(_listed(facts.response), _SERVICES)
    if facts.proactive:
        found["5.2"] = Suggestion(_listed(facts.proactive), _SERVICES)
    keys = {one.number: one.key for one in FIELDS}
    return {keys[number]: one for number, one in found.items()}


class _Sayer:
    def __init__(self, facts: TeamFacts, translate: Translate) -> None:
        self.translate = translate
        self.values = {
            "team": facts.team_name or translate(N_("‹name of the team›")),
            "country": facts.country,
            "hours": str(facts.coverage or 0),
            "mail": facts.contact_email or translate(N_("‹e-mail address›")),
        }

    def __call__(self, message: str, source: str) -> Suggestion:
        return Suggestion(self.translate(message) % self.values, source)


def _known(facts: TeamFacts, *items: str) -> bool:
    return any(item in facts.shares for item in items)


def _share(facts: TeamFacts, item: str) -> Fraction:
    return facts.shares.get(item, Fraction(0))


def _contact(facts: TeamFacts) -> str:
    if facts.coverage == 168:
        return N_(
            "Report incidents to %(mail)s or by telephone; somebody is on duty round the clock."
        )
    if facts.coverage and facts.on_call:
        return N_(
            "Report incidents to %(mail)s or by telephone. Somebody is on duty %(hours)s hours a"
            " week, ‹days and hours›; at other times an emergency number is answered: ‹number›."
        )
    if facts.coverage:
        return N_(
            "Report incidents to %(mail)s or by telephone. Somebody is on duty %(hours)s hours a"
            " week, ‹days and hours›."
        )
    return N_("Report incidents to %(mail)s or by telephone, ‹days and hours›.")


def _authority(facts: TeamFacts) -> str:
    if _share(facts, "O-1") >= _MOST:
        return N_(
            "%(team)s works under ‹name, number and date of the act›. It may require ‹what›;"
            " otherwise it asks and advises."
        )
    if _share(facts, "O-1") >= _HALF:
        return N_(
            "%(team)s works under a decision of its host organization of ‹date›. It asks and"
            " advises; ‹what it may require, if anything›."
        )
    return N_("‹on which act the team's task rests, what it may require and what it only asks›")


def _incidents(facts: TeamFacts) -> str:
    if _share(facts, "O-8") >= _HALF:
        return N_(
            "All kinds of information security incidents within the constituency, sorted by"
            " ‹classification used›. First come threats to life and to essential services, then"
            " the number of people affected. The support given depends on the severity and on who"
            " is affected."
        )
    return N_(
        "All kinds of information security incidents within the constituency. First come threats"
        " to life and to essential services, then the number of people affected. The support given"
        " depends on the severity and on who is affected."
    )


def _disclosure(facts: TeamFacts) -> str:
    if _share(facts, "P-11") >= _HALF:
        return N_(
            "Information is handled as its sender marked it, with the Traffic Light Protocol (TLP"
            " 2.0) of FIRST; unmarked information is shared only with those who need it to act."
            " What could identify those affected is passed on only with their consent or where the"
            " law requires it: ‹law›."
        )
    return N_(
        "Information is shared only with those who need it to act. What could identify those"
        " affected is passed on only with their consent or where the law requires it: ‹law›."
        " ‹how markings such as TLP are respected›"
    )


def _listed(names: tuple[str, ...]) -> str:
    return "\n".join(f"- {name}" for name in names)
