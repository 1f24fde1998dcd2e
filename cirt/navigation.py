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
    shown = [
        (flask.url_for(entry.endpoint), gettext(entry.label))
        for entry in sorted(_entries, key=lambda entry: entry.order)
        if entry.action is None or access.role_allows(actor, entry.action)
    ]
    around = [
        url
        for url, _label in shown
        if here == url or (url != "/" and here.startswith(url.rstrip("/") + "/"))
    ]
    # of two that hold each other, such as incidents and their tally, the closer one
    current = max(around, key=len, default=None)
    return [{"url": url, "label": label, "current": url == current} for url, label in shown]
