"""The words of the data-protection pass as people read them."""

from cirt.errors import N_
from cirt.incidents.protection.kinds import INDICATOR, Action, Kind
from cirt.incidents.protection.replacing import DROP

KIND_NAMES: dict[str, str] = {
    Kind.PERSON: N_("Person"),
    Kind.EMAIL: N_("E-mail address"),
    Kind.PHONE: N_("Telephone number"),
    Kind.ACCOUNT: N_("Account"),
    Kind.VICTIM_HOST: N_("System of the victim"),
    Kind.VICTIM_ADDRESS: N_("Network address of the victim"),
    Kind.BANK_ACCOUNT: N_("Bank account or card"),
    Kind.NATIONAL_ID: N_("Identity number"),
    Kind.POSTAL_ADDRESS: N_("Postal address"),
    Kind.COORDINATES: N_("Coordinates"),
    Kind.URL_USERINFO: N_("Name or password in a URL"),
    Kind.MARKED: N_("Marked by hand"),
}

ACTION_NAMES: dict[str, str] = {
    Action.MASK: N_("Mask"),
    Action.GENERALISE: N_("Make less precise"),
    Action.PSEUDONYM: N_("Pseudonym"),
    Action.KEEP: N_("Keep"),
}

DONE_NAMES: dict[str, str] = {
    Action.MASK: N_("masked"),
    Action.GENERALISE: N_("made less precise"),
    Action.PSEUDONYM: N_("replaced by a pseudonym"),
    DROP: N_("left out with the value in it"),
}

PLACE_NAMES: dict[str, str] = {
    "title": N_("Title"),
    "description": N_("Description"),
    "impacts.description": N_("Description of an impact"),
    "impacts.details": N_("Details of an impact"),
    "tasks.name": N_("Name of a task"),
    "tasks.description": N_("Description of a task"),
    "observables.value": N_("Observable"),
    "observables.comment": N_("Comment on an observable"),
    "observables.pattern": N_("Pattern of an observable"),
    "indicators.name": N_("Name of a detection rule"),
    "indicators.comment": N_("Comment on a detection rule"),
    "indicators.pattern": N_("Detection rule"),
}

REASON_SENTENCES: dict[str, str] = {
    INDICATOR: N_("It belongs to the attack, and partners are to look for it."),
}
