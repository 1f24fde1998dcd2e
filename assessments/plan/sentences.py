"""The plan's structured values as sentences, in the language of the page or document."""

from collections.abc import Iterable, Mapping

from babel.lists import format_list
from flask_babel import format_decimal, get_locale, ngettext
from flask_babel import gettext as _

from cirt.assessments.instruments.model import (
    COST_NAMES,
    EFFORT_NAMES,
    PHASE_NAMES,
    Cost,
    Effort,
    Rung,
)
from cirt.assessments.plan.recommendations import Because, Reason
from cirt.assessments.plan.totals import Totals
from cirt.capabilities import capabilities
from cirt.capability_tally import BAND_NAMES, Band
from cirt.i18n import current_language

LISTED = 3


def ltr(code: str) -> str:
    """Return a code that keeps its order in right-to-left text, as plain text (UAX #9)."""
    return f"\u2066{code}\u2069"


def listing(codes: Iterable[str]) -> str:
    """Return codes as a list in words of the language."""
    shown = [ltr(code) for code in codes]
    return format_list(shown, locale=get_locale()) if shown else ""


def some(codes: Iterable[str]) -> str:
    """Return the first few codes, and how many more there are."""
    every = list(codes)
    if len(every) <= LISTED + 1:
        return listing(every)
    more = len(every) - LISTED
    return ngettext(
        "%(codes)s and %(num)s more", "%(codes)s and %(num)s more", more,
        codes=", ".join(map(ltr, every[:LISTED])),
    )  # fmt: skip


def sentence_of(reason: Reason, codes: Mapping[Rung, str], *, from_profile: bool) -> str:
    """Return a reason as a sentence. codes: of the actions of the plan, by the step each is."""
    questions = dict.fromkeys(one.question_id for one in reason.rungs)
    match reason.because:
        case Because.UNKNOWN:
            return _("It is not known where the country stands; other steps follow from it.")
        case Because.CLOSES if from_profile:
            return _("Reaches the minimum of the profile, level %(level)s.", level=reason.level)
        case Because.CLOSES:
            return _("Reaches the level that this plan aims at, %(level)s.", level=reason.level)
        case Because.TOWARDS if from_profile:
            return _(
                "Leads towards the minimum of the profile, level %(level)s.", level=reason.level
            )
        case Because.TOWARDS:
            return _(
                "Leads towards the level that this plan aims at, %(level)s.", level=reason.level
            )
        case Because.NEEDED_BY:
            named = [codes.get(one, one.question_id) for one in reason.rungs]
            return _("Here only because others need it: %(codes)s.", codes=some(named))
        case Because.UNBLOCKS:
            return _("Unblocks steps of %(questions)s.", questions=some(questions))
        case Because.LIFTED:
            named = [codes.get(one, one.question_id) for one in reason.rungs]
            return _("Moved to this phase, because it needs %(codes)s.", codes=some(named))
        case Because.INCIDENTS:
            return _(
                "The country's incidents in which “%(capability)s” failed: %(band)s.",
                capability=_capability(reason.capability),
                band=_(BAND_NAMES[list(Band)[reason.rank]]),
            )


def _capability(capability: str) -> str:
    found = capabilities().get(capability)
    return found.name.in_language(current_language()).text if found else capability


def effort_lines(found: Totals) -> list[str]:
    """Return how many actions each band of effort has."""
    unsaid = _("Effort not said")
    return [
        f"{_(EFFORT_NAMES[band]) if band else unsaid}: {found.efforts[band]}"
        for band in (*Effort, None)
        if found.efforts[band]
    ]


def cost_lines(found: Totals) -> list[str]:
    """Return how many actions each band of cost has."""
    unsaid = _("Cost not said")
    return [
        f"{_(COST_NAMES[band]) if band else unsaid}: {found.costs[band]}"
        for band in (*Cost, None)
        if found.costs[band]
    ]


def days_line(found: Totals) -> str:
    """Return between which bounds the work lies, of the actions whose effort is known."""
    if found.days.most is None:
        return _("at least %(least)s person-days", least=format_decimal(found.days.least))
    return _(
        "%(least)s to %(most)s person-days",
        least=format_decimal(found.days.least),
        most=format_decimal(found.days.most),
    )


def money_line(found: Totals) -> str:
    """Return between which bounds the money lies, of the actions whose cost is known."""
    least, most = found.dollars.least, found.dollars.most
    if most is None:
        return _("at least %(least)s US dollars", least=format_decimal(least))
    if most == 0:
        return _("working time only")
    return _(
        "%(least)s to %(most)s US dollars",
        least=format_decimal(least),
        most=format_decimal(most),
    )


def phase_name(phase: str) -> str:
    """Return the name of a phase."""
    return _(next(name for each, name in PHASE_NAMES.items() if each == phase))
