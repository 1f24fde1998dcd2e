"""Choices of the forms of an assessment, in the reader's language; numbers that forms carry."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.instruments import Instrument, instruments, load_instrument
from cirt.assessments.instruments.profiles import profiles_for
from cirt.assessments.models import Assessment
from cirt.assessments.queries import asked
from cirt.assessments.selection import SHOW_NAMES, Selection, selection_of
from cirt.errors import DataFileError
from cirt.taxonomies import stakeholder_groups


def number(text: object) -> int:
    """Return a whole number that a form carries; -1, which fits nothing, for anything else.

    A form that came without the field gives what the page would have shown, which is no text.
    """
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 9:
        return -1
    return int(text)


def instrument_choices(language: str) -> list[tuple[str, str]]:
    """Return the installed instruments by id, the newest version first, as (id@version, title).

    One whose files cannot be read is left out: it cannot be worked with.
    """
    found = []
    newest_first = instruments()[::-1]
    for each in sorted(newest_first, key=lambda one: one.id):
        try:
            title = load_instrument(each.id, each.version).title.in_language(language).text
        except DataFileError:
            continue
        found.append((f"{each.id}@{each.version}", f"{title}, {each.version}"))
    return found


def profile_choices(instrument: Instrument, present: str) -> list[tuple[str, str]]:
    """Return the target profiles that fit an instrument; present: the one chosen, kept in any case."""
    language = i18n.current_language()
    found = [("", _("None"))]
    found += [(one.id, one.name.in_language(language).text) for one in profiles_for(instrument)]
    if present not in [key for key, _name in found]:
        found.append((present, present))
    return found


def group_choices() -> list[tuple[str, str]]:
    """Return the stakeholder groups."""
    language = i18n.current_language()
    return [(key, one.name.in_language(language).text) for key, one in stakeholder_groups().items()]


def dimension_choices(assessment: Assessment, instrument: Instrument) -> list[tuple[str, str]]:
    """Return the dimensions in which questions are asked."""
    language = i18n.current_language()
    return [
        (one.id, f"{one.id} {one.title.in_language(language).text}")
        for one in instrument.dimensions
        if asked(assessment, one.questions)
    ]


def question_choices(assessment: Assessment, instrument: Instrument) -> list[tuple[str, str]]:
    """Return no question first, then those asked."""
    language = i18n.current_language()
    found = [("", _("None"))]
    for one in asked(assessment, instrument.questions):
        found.append((one.id, f"{one.id} {one.text.in_language(language).text}"))
    return found


def chosen_selection() -> Selection:
    """Return which questions the address of this request chooses."""
    return selection_of(flask.request.args, stakeholder_groups())


def selection_words(selection: Selection) -> dict[str, Any]:
    """Return what the form above a list of questions needs."""
    return {
        "selection": selection,
        "shows": [(show.value, _(name)) for show, name in SHOW_NAMES.items()],
        "group_choices": group_choices(),
    }
