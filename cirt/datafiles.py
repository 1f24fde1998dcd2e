"""Reads the installation's data files: a strict, small part of YAML, with line numbers kept.

Mappings with text keys, lists, text, whole and decimal numbers, true, false and null; nothing
else. A date stays the text it was written as. Anchors, aliases, tags, second documents and
duplicate keys are refused: each lets a file mean something other than what its reader sees.
"""

import re
from collections.abc import Collection, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from cirt.datalines import read_plain
from cirt.errors import N_, DataFileError

MAX_BYTES = 2_000_000
MAX_DEPTH = 32

# YAML 1.2.2, section 10.3 (core schema), without octal, hexadecimal, infinity and not-a-number
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class DataList(list[Any]):
    """A list of a data file that knows its file and lines."""

    def __init__(self, source: Path, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: dict[int, int] = {}


class DataMap(dict[str, Any]):
    """A mapping of a data file that knows its file and lines; its readers name them in errors."""

    def __init__(self, source: Path, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: dict[str, int] = {}

    def fault(self, key: str | None, message: str, /, **params: Any) -> DataFileError:
        """Return the error about this key (None: about the mapping), to be raised or collected."""
        line = self.line if key is None else line_of(self, key)
        return DataFileError(message, path=self.source, line=line, **params)

    def only(self, allowed: Collection[str]) -> None:
        """Refuse a key outside `allowed`, which is most often a spelling mistake."""
        for key in self:
            if key not in allowed:
                raise self.fault(
                    key,
                    N_("The key %(key)s is unknown here. Use one of: %(allowed)s."),
                    key=key,
                    allowed=", ".join(sorted(allowed)),
                )

    def text(self, key: str) -> str:
        """Return a text that is present and not blank."""
        value = self._present(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, N_("%(key)s must be a text. Write it in quotes."), key=key)
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text that is not blank, or None where the key is absent or null."""
        return None if self.get(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty where the key is absent or null."""
        values = self.sequence(key)
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                raise DataFileError(
                    N_("%(key)s must be a list of texts."),
                    path=self.source, line=line_of(values, index), key=key,
                )  # fmt: skip
        return tuple(values)

    def integer(self, key: str, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        value = self._present(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fault(
                key,
                N_("%(key)s must be a whole number from %(low)s to %(high)s."),
                key=key, low=low, high=high,
            )  # fmt: skip
        return value

    def boolean(self, key: str) -> bool:
        """Return true or false."""
        value = self._present(key)
        if not isinstance(value, bool):
            raise self.fault(key, N_("%(key)s must be true or false."), key=key)
        return value

    def section(self, key: str) -> "DataMap":
        """Return a mapping that is present."""
        value = self._present(key)
        if not isinstance(value, DataMap):
            raise self.fault(key, N_("%(key)s must be a mapping of names to values."), key=key)
        return value

    def sequence(self, key: str) -> DataList:
        """Return a list; empty where the key is absent or null."""
        value = self.get(key)
        if value is None:
            return DataList(self.source, self.lines.get(key, self.line))
        if not isinstance(value, DataList):
            raise self.fault(key, N_("%(key)s must be a list."), key=key)
        return value

    def sections(self, key: str) -> Iterator["DataMap"]:
        """Yield the mappings of a list that is present and not empty."""
        self._present(key)
        values = self.sequence(key)
        if not values:
            raise self.fault(key, N_("%(key)s must not be empty."), key=key)
        for index, value in enumerate(values):
            if not isinstance(value, DataMap):
                raise DataFileError(
                    N_("Each entry of %(key)s must be a mapping of names to values."),
                    path=self.source, line=line_of(values, index), key=key,
                )  # fmt: skip
            yield value

    def _present(self, key: str) -> Any:
        if key not in self:
            raise self.fault(None, N_("%(key)s is missing."), key=key)
        return self[key]


def data_path(*parts: str) -> Path:
    """Return the path of a data file or folder under config/, in a checkout and in a wheel.

    It need not exist. ValueError for a part that could leave the folder.
    """
    for part in parts:
        if part in ("", ".", "..") or any(sign in part for sign in "/\\\0:"):
            raise ValueError(f"not the name of a data file or folder: {part!r}")
    # a folder that is surely there, since the package itself may be spread over several
    root = Path(str(resources.files("cirt.config").joinpath("instruments"))).parent
    return root.joinpath(*parts)


def line_of(container: Any, key: str | int) -> int:
    """Return the line (from 1) of a key or an index of what `read_yaml` returned.

    The line of the container itself where the key is absent; 1 for anything else.
    """
    if isinstance(container, DataMap):
        return container.lines.get(str(key), container.line)
    if isinstance(container, DataList) and isinstance(key, int):
        return container.lines.get(key, container.line)
    return 1


def read_map(path: Path) -> DataMap:
    """Return the mapping that a data file holds; errors as in `read_yaml`."""
    value = read_yaml(path)
    if not isinstance(value, DataMap):
        raise DataFileError(
            N_("The file must hold a mapping of names to values."), path=path, line=1
        )
    return value


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds: DataMap, DataList, str, int, float, bool or None.

    Raises DataFileError, which names file and line, for a file that is absent, over 2 MB, not
    UTF-8 or not YAML, and for anchors, aliases, tags, duplicate keys, keys that are not text,
    several documents and a depth over 32.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataFileError(
            N_("The file cannot be read (%(reason)s)."), path=path, reason=error.strerror
        ) from error
    if len(data) > MAX_BYTES:
        raise DataFileError(
            N_("The file is larger than %(limit)s bytes. Split it."), path=path, limit=MAX_BYTES
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataFileError(
            N_("The file is not UTF-8. Save it as UTF-8."), path=path, line=line
        ) from error
    quick = read_plain(
        text, lambda line: DataMap(path, line), lambda line: DataList(path, line), _plain
    )
    return _Builder(path).build(text) if quick is None else quick


class _Builder:
    """Turns the events of one YAML document into values."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root: Any = None
        self.open: list[DataMap | DataList] = []
        self.keys: list[str | None] = []  # per open container: the key that waits for its value
        self.documents = 0

    def build(self, text: str) -> Any:
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                self._take(event)
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            raise DataFileError(
                N_("The file is not valid YAML (%(problem)s)."),
                path=self.path,
                line=None if mark is None else mark.line + 1,
                problem=getattr(error, "problem", None) or type(error).__name__,
            ) from error
        return self.root

    def _take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            raise self._refusal(N_("Aliases (*name) are not allowed. Write the value out."), line)
        if getattr(event, "anchor", None) is not None:
            raise self._refusal(N_("Anchors (&name) are not allowed. Write the value out."), line)
        if getattr(event, "tag", None) is not None:
            raise self._refusal(N_("Tags (!name) are not allowed. Remove the tag."), line)
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refusal(N_("The file holds a second document after ---."), line)
        elif isinstance(event, MappingStartEvent):
            self._enter(DataMap(self.path, line), line)
        elif isinstance(event, SequenceStartEvent):
            self._enter(DataList(self.path, line), line)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, ScalarEvent):
            self._scalar(event, line)

    def _enter(self, container: DataMap | DataList, line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._refusal(N_("The file is nested too deeply."), line)
        self._put(container, line)
        self.open.append(container)
        self.keys.append(None)

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        value = _plain(event.value) if event.implicit[0] and event.style is None else event.value
        if self.open and isinstance(self.open[-1], DataMap) and self.keys[-1] is None:
            if not isinstance(value, str):
                raise self._refusal(N_("A key must be a text. Write it in quotes."), line)
            if value in self.open[-1]:
                raise self._refusal(
                    N_("The key %(key)s stands here a second time."), line, key=value
                )
            self.open[-1].lines[value] = line
            self.keys[-1] = value
        else:
            self._put(value, line)

    def _put(self, value: Any, line: int) -> None:
        if not self.open:
            self.root = value
            return
        parent = self.open[-1]
        if isinstance(parent, DataList):
            parent.lines[len(parent)] = line
            parent.append(value)
            return
        key = self.keys[-1]
        if key is None:
            raise self._refusal(N_("A key must be a text. Write it in quotes."), line)
        parent[key] = value
        self.keys[-1] = None

    def _refusal(self, message: str, line: int, **params: Any) -> DataFileError:
        return DataFileError(message, path=self.path, line=line, **params)


def _plain(value: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar."""
    if value in _WORDS:
        return _WORDS[value]
    if len(value) > 30:  # no number of ours is longer; int() of a huge text would be slow
        return value
    if _INTEGER.fullmatch(value):
        return int(value)
    if _FLOAT.fullmatch(value):
        return float(value)
    return value
