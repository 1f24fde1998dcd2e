"""On what an administration relies when something about a person leaves: a list that is data."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cirt.datafiles import data_path, read_map
from cirt.localtext import Sentence, sentence_of


@cache
def legal_bases() -> Mapping[str, Sentence]:
    """Return the names of the legal bases by id, in the order of their file."""
    found: dict[str, Sentence] = {}
    for row in read_map(data_path("taxonomies", "legal-bases.yml")).sections("bases"):
        row.only(("id", "name"))
        found[row.text("id")] = sentence_of(row, "name", row.text("id"))
    return MappingProxyType(found)
