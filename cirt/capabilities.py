"""What a national CIRT can do: the short list that questions and incidents both point at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cirt.datafiles import data_path, read_map
from cirt.errors import N_
from cirt.localtext import Sentence, sentence_of


@dataclass(frozen=True, slots=True)
class Capability:
    """One capability of a national CIRT."""

    id: str
    name: Sentence
    description: Sentence


@cache
def capabilities() -> Mapping[str, Capability]:
    """Return the capabilities by id, in the order of their file.

    Raises DataFileError, naming file and line, where the file is wrong.
    """
    found: dict[str, Capability] = {}
    for row in read_map(data_path("capabilities", "capabilities.yml")).sections("capabilities"):
        row.only(("id", "name", "description"))
        each = row.text("id")
        if each in found:
            raise row.fault("id", N_("The id %(id)s stands twice."), id=each)
        found[each] = Capability(
            id=each,
            name=sentence_of(row, "name", f"{each}.name"),
            description=sentence_of(row, "description", f"{each}.description"),
        )
    return MappingProxyType(found)
