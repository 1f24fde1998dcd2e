"""The entries of the main menu: each part registers its own, rights decide who sees them."""

from dataclasses import dataclass

import flask

from cirt import access
from cirt.access import Actor


@dataclass(frozen=True)
class Entry:
    """One entry: an endpoint, its label (a message id) and the action its reader must be allowed."""

    endpoint: str
    label: str
    action: str | None
    order: int


_entries: list[Entry] = []


def add_entry(endpoint: str, label: str, *, action: str | None, order: int) -> None:
    """Add an entry to the main menu; action None: for everybody who signed in."""
    entry = Entry(endpoint, label, action, order)
    if entry not in _entries:
        _entries.append(entry)


def entries_for(actor: Actor | None) -> list[dict[str, object]]:
    """Return the menu of this actor, translated, with the current page marked."""
    from flask_babel import gettext

    if actor is None:
        return []
    here = flask.request.path
    shown = []
    for entry in sorted(_entries, key=lambda entry: entry.order):
        if entry.action is None or access.role_allows(actor, entry.action):
            url = flask.url_for(entry.endpoint)
            current = here == url or (url != "/" and here.startswith(url.rstrip("/") + "/"))
            shown.append({"url": url, "label": gettext(entry.label), "current": current})
    return shown
