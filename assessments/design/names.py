"""Names of the items of a published model, translated where an installed instrument translates them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from cirt.assessments.instruments import Instrument, instruments, latest_instrument
from cirt.assessments.instruments.references import reference_models
from cirt.errors import DataFileError
from cirt.localtext import Sentence, Translation, fingerprint

# the instrument whose questions begin with the name of an item and a colon
_INSTRUMENTS: Mapping[str, str] = MappingProxyType(
    {"first_services": "first-services", "sim3": "sim3"}
)
_NAME = re.compile(r"^(?P<name>[^:：]+?)(?: *[(（][^)）]*[)）])? *[:：]")


def item_names(model: str) -> dict[str, Sentence]:
    """Return the names of a model's items by id: English, and what the instrument translates."""
    found = {key: Sentence(key, name) for key, name in reference_models()[model].items.items()}
    instrument = _instrument(_INSTRUMENTS[model])
    if instrument is None:
        return found
    for question in instrument.questions:
        own = found.get(question.id)
        if own is None or not question.text.english.startswith(f"{own.english}:"):
            continue  # it asks about the item without naming it
        names = {code: _NAME.match(one.text) for code, one in question.text.translations.items()}
        src = fingerprint(own.english)
        found[own.id] = Sentence(
            own.id,
            own.english,
            {code: Translation(name["name"], src) for code, name in names.items() if name},
        )
    return found


def _instrument(instrument_id: str) -> Instrument | None:
    if not any(each.id == instrument_id for each in instruments()):
        return None
    try:
        return latest_instrument(instrument_id)
    except DataFileError:  # its files were spoiled: the names stay English
        return None
