"""The words of the inbox, and texts from outside as a page may show them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext

from cirt import i18n
from cirt.errors import N_
from cirt.incidents.case_words import OBSERVABLE_NAMES
from cirt.incidents.inbox.received import State

STATE_NAMES: Final[dict[str, str]] = {
    State.NEW: N_("New"),
    State.UPDATE: N_("Newer version"),
    State.ACCEPTED: N_("Accepted"),
    State.MERGED: N_("Merged"),
    State.DECLINED: N_("Declined"),
    State.WITHDRAWN: N_("Taken back"),
    State.OWN: N_("Our own"),
}
STATE_KINDS: Final[dict[str, str]] = {
    State.NEW: "todo",
    State.UPDATE: "review",
    State.ACCEPTED: "done",
    State.MERGED: "done",
    State.DECLINED: "blocked",
    State.WITHDRAWN: "failed",
    State.OWN: "progress",
}
STATE_SENTENCES: Final[dict[str, str]] = {
    State.NEW: N_("Nobody decided about it yet. It is used for nothing until somebody accepts it."),
    State.UPDATE: N_(
        "A newer version of what was accepted. Nothing that was taken over from it has changed."
    ),
    State.ACCEPTED: N_("Accepted: it is compared with own incidents and used for detection."),
    State.MERGED: N_("Accepted, and observables of it were taken over into an incident."),
    State.DECLINED: N_("Declined. The reason stays with your team."),
    State.WITHDRAWN: N_(
        "Its producer took it back. Nothing of its content is shown here any more."
    ),
    State.OWN: N_("Your administration released this itself; it came back unchanged."),
}

KIND_NAMES: Final[dict[str, str]] = {
    "report": N_("Report"),
    "grouping": N_("Grouping"),
    "incident": N_("Incident"),
    "indicator": N_("Indicator"),
    "sighting": N_("Sighting"),
    "note": N_("Note"),
    "opinion": N_("Opinion"),
    "observed-data": N_("Observed data"),
    "vulnerability": N_("Vulnerability"),
    "malware": N_("Malware"),
    "attack-pattern": N_("Technique"),
    "campaign": N_("Campaign"),
    "course-of-action": N_("Course of action"),
    "infrastructure": N_("Infrastructure"),
    "intrusion-set": N_("Intrusion set"),
    "threat-actor": N_("Threat actor"),
    "tool": N_("Tool"),
    "location": N_("Location"),
    "malware-analysis": N_("Malware analysis"),
}
"""The usual kinds of items; any other is shown by the name that STIX or its maker gave it."""

_OTHER_NAMES: Final[dict[str, str]] = {
    **OBSERVABLE_NAMES,
    "relationship": N_("Relationship"),
    "identity": N_("Identity"),
}

_UNSEEN: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def object_kind(kind: str) -> str:
    """Return what people call a type of STIX objects, "" where it has only its name in STIX."""
    name = KIND_NAMES.get(kind) or _OTHER_NAMES.get(kind)
    return gettext(name) if name else ""


def shown_refusal(kept: Mapping[str, Any]) -> dict[str, str]:
    """Return a refusal that was kept (`Refusal.as_kept`) as a page shows it, in its language."""
    return {
        "id": seen(kept["id"]),
        "path": seen(kept.get("path", "")),
        "why": seen(i18n.kept_sentence(kept["message"], kept["params"])),
    }


def seen(text: object) -> str:
    """Return a text from outside with its invisible marks of direction made visible.

    As they are, they could make a name read as another one (UAX #9, UTS #55).
    """
    return _UNSEEN.sub(lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", str(text))
