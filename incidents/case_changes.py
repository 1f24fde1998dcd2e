"""Changes of a case in words: what a field held before and after, or for two people."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from cirt.accounts.models import User
from cirt.incidents.case_pages import (
    capability_word,
    sector_word,
    severity_word,
    status_word,
    type_word,
)
from cirt.incidents.case_words import DETERMINATION_NAMES, LANGUAGE_NAMES
from cirt.stix.marking import TLP
from cirt.web import db_session


@dataclass(frozen=True)
class Difference:
    """A field with two values: before and after an edit, or what another person saved and one's own."""

    label: str
    first: str
    second: str


def shown(name: str, value: Any) -> str:
    """Return a field's JSON value as people read it."""
    if name == "severity":
        return severity_word(value)
    if value in (None, "", []):
        return "–"
    if isinstance(value, list):
        return ", ".join(_shown_entry(name, str(each)) for each in value)
    if name.endswith("_at"):
        return f"{str(value)[:16].replace('T', ' ')} UTC"
    return _shown_entry(name, str(value))


def _shown_entry(name: str, value: str) -> str:
    match name:
        case "tlp":
            return TLP(value).label
        case "rsit":
            return type_word(value)
        case "investigation_status":
            return status_word(value)
        case "determination":
            return str(_(DETERMINATION_NAMES.get(value, value)))
        case "language":
            return LANGUAGE_NAMES.get(value, value)
        case "sectors":
            return sector_word(value)
        case "failed" | "held":
            return capability_word(value)
        case "readers":
            user = db_session().get(User, uuid.UUID(value))
            return user.name if user else "–"
    return value
