"""The preparation lists: SIM3, parameter by parameter, and membership of FIRST. Read from data files.

SIM3: names and numbers of the Open CSIRT Foundation's model, no result here is an audit.
FIRST: only what is public, and nothing of it confirmed; the pages say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cirt.assessments.design.names import item_names
from cirt.assessments.instruments.references import SOURCES_READ, reference_models
from cirt.datafiles import DataMap, data_path, read_map
from cirt.errors import N_, NotFoundError
from cirt.localtext import Sentence, sentence_of

SIM3 = "sim3"
FIRST_MEMBERSHIP = "first-membership"
PARTS = ("staffing", "budget", "description", "sim3")

CHECK_NAMES: Mapping[str, str] = MappingProxyType(
    {"open": N_("Open"), "in-hand": N_("In hand"), "done": N_("Done")}
)
SOURCE_READ_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "primary": N_("Read at FIRST; to be confirmed with FIRST"),
        "secondary": N_("Read elsewhere; to be confirmed with FIRST"),
        "memory": N_("Not read in the original; to be confirmed with FIRST"),
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to get ready.

    code: as people call it, "" where it has none. sim3: parameters whose answers speak of it.
    part: the part of the design that serves it, "" for none. citation, source_read: "" where the
    list as a whole has one. verified: somebody compared it with the owner's text.
    """

    id: str
    text: Sentence
    sim3: tuple[str, ...]
    code: str = ""
    part: str = ""
    citation: str = ""
    source_read: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list. notice: message id of what must stand wherever it is shown or printed."""

    id: str
    name: Sentence
    notice: str
    items: tuple[Item, ...]

    def item(self, item_id: str) -> Item:
        """Return an item. Raises NotFoundError where there is none."""
        for one in self.items:
            if one.id == item_id:
                return one
        raise NotFoundError


_SIM3_NOTICE = N_(
    "SIM3 is a model of the Open CSIRT Foundation (opencsirt.org); only its identifiers and names"
    " are used. This list helps to prepare; it is no audit and no certificate."
)
_FIRST_NOTICE = N_(
    "This list is ours, made of what FIRST has published. None of it was confirmed by FIRST, and"
    " conditions change: confirm each item with FIRST before you rely on it."
)


def checklists() -> Mapping[str, Checklist]:
    """Return the lists by id."""
    found = (_sim3(), _first())
    return MappingProxyType({one.id: one for one in found})


def checklist(list_id: str) -> Checklist:
    """Return a list. Raises NotFoundError where there is none."""
    try:
        return checklists()[list_id]
    except KeyError:
        raise NotFoundError from None


def has_item(list_id: str, item_id: str) -> bool:
    """Whether there is such a list with such an item."""
    return list_id in checklists() and any(one.id == item_id for one in checklists()[list_id].items)


def _sim3() -> Checklist:
    return Checklist(
        SIM3,
        Sentence(SIM3, "Preparing for SIM3"),
        _SIM3_NOTICE,
        tuple(Item(key, name, (key,), code=key) for key, name in item_names("sim3").items()),
    )


@cache
def _first() -> Checklist:
    data = read_map(data_path("preparation", "first-membership.yml"))
    data.only(("id", "name", "owner", "items"))
    items = tuple(_item(row) for row in data.sections("items"))
    if len({one.id for one in items}) != len(items):
        raise data.fault("items", N_("An id stands twice."))
    return Checklist(data.text("id"), sentence_of(data, "name", "name"), _FIRST_NOTICE, items)


def _item(row: DataMap) -> Item:
    row.only(("id", "text", "citation", "source_read", "verified", "sim3", "part"))
    known = reference_models()["sim3"].items
    sim3 = tuple(row.texts("sim3"))
    for key in sim3:
        if key not in known:
            raise row.fault("sim3", N_("SIM3 has no parameter %(id)s."), id=key)
    part = row.optional_text("part") or ""
    if part and part not in PARTS:
        raise row.fault(
            "part", N_("%(key)s must be one of: %(allowed)s."), key="part", allowed=", ".join(PARTS)
        )
    source_read = row.text("source_read")
    if source_read not in SOURCES_READ:
        raise row.fault(
            "source_read",
            N_("%(key)s must be one of: %(allowed)s."),
            key="source_read",
            allowed=", ".join(SOURCES_READ),
        )
    return Item(
        id=row.text("id"),
        text=sentence_of(row, "text", row.text("id")),
        sim3=sim3,
        part=part,
        citation=row.text("citation"),
        source_read=source_read,
        verified=row.boolean("verified"),
    )
