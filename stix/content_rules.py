"""What STIX 2.1 asks of single properties and its published schemas do not look at. Pure."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from cirt.errors import N_

Finding = tuple[str, str, Mapping[str, Any]]  # path, message, params

# STIX 2.1, section 3.1: three to 250 characters
_PROPERTY: Final = re.compile(r"[a-z][a-z0-9_]{2,249}|id")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'")
_PATH: Final = re.compile(r"([A-Za-z0-9_-]+):([A-Za-z0-9_-]*)")
_CHARSETS: Final = Path(__file__).parent / "schemas" / "charsets.txt"


def content_findings(obj: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the properties of an object whose type is known."""
    if obj["type"] == "language-content":
        yield from _translations(obj.get("contents"))
    elif obj["type"] == "observed-data" and not isinstance(obj.get("objects", {}), dict):
        yield (
            "objects",
            N_("This must be a JSON object that names each observable (section 4.14)."),
            {},
        )
    elif obj["type"] == "indicator" and obj.get("pattern_type") == "stix":
        yield from _names_in_pattern(str(obj.get("pattern")))
    elif obj["type"] in ("file", "directory"):
        name = "name_enc" if obj["type"] == "file" else "path_enc"
        if isinstance(obj.get(name), str) and obj[name].casefold() not in _charsets():
            yield name, N_("This is no character set of the IANA registry."), {}


def _translations(contents: Any) -> Iterator[Finding]:
    for language, texts in contents.items() if isinstance(contents, dict) else ():
        for name in texts if isinstance(texts, dict) else ():
            if not _PROPERTY.fullmatch(name):
                path = f"contents.{language[:20]}"
                yield path, N_("“%(name)s” is no name of a property."), {"name": name[:50]}


def _names_in_pattern(pattern: str) -> Iterator[Finding]:
    for stix_type, name in _PATH.findall(_QUOTED.sub("''", pattern)):
        if len(stix_type) < 3 or (name and not _PROPERTY.fullmatch(name.casefold())):
            message = N_("The pattern asks for “%(path)s”; names have three to 250 characters.")
            yield "pattern", message, {"path": f"{stix_type}:{name}"[:100]}
            return


@cache
def _charsets() -> frozenset[str]:
    """Return the names of the registry's revision of 2013-12-20, which STIX 2.1 (6.7) refers to."""
    return frozenset(_CHARSETS.read_text(encoding="utf-8").casefold().split())
