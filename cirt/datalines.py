"""The quick way through a data file that is written plainly; everything else goes the strict way.

A large instrument has some 20,000 lines, and a full YAML parser in Python takes seconds for them.
Nearly all are one of a few forms: `key: "text"`, `key: word`, `- "text"`, `key:` with an indented
block below, and short lists and mappings on one line. Those are read here, line by line.

This reader never decides that a file is wrong. Whatever it does not know for certain (another
kind of quotes, a text over several lines, an anchor, a tag, a key that stands twice, an
indentation that does not fit) makes it give up, and the strict reader takes the whole file.
"""

import re
from collections.abc import Callable
from typing import Any

_PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_.+/()=-]*"
_QUOTED = r'"(?:[^"\\]|\\["\\n])*"'
_KEY = r'[A-Za-z_][A-Za-z0-9_.-]{0,100}|"[^"\\]{1,100}"'
_LINE = re.compile(
    rf"(?P<indent> *)(?P<dash>- )?"
    rf"(?:(?P<key>{_KEY}):(?= |$))?"
    rf"(?: ?(?P<value>{_QUOTED}|{_PLAIN}(?:,? {_PLAIN})*|[\[{{].*[\]}}]))?"
    r" *(?: #.*)?"
)
_FLOW = re.compile(
    rf" *(?:(?P<sign>[\[\]{{}},])|(?:(?P<key>{_KEY}):(?= ))|(?P<value>{_QUOTED}|{_PLAIN}))"
)
_ESCAPE = re.compile(r'\\(["\\n])')
_BLANK = re.compile(r" *(?:#.*)?")
# tabs, other line ends, control characters and what else a YAML reader may take its own way
_UNUSUAL = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd]"
)
_MAX_DEPTH = 16


class _GiveUpError(Exception):
    """The strict reader has to decide."""


def read_plain(
    text: str,
    make_map: Callable[[int], Any],
    make_list: Callable[[int], Any],
    plain: Callable[[str], Any],
) -> Any:
    """Return the mapping that a plainly written file holds; None where the strict reader must look.

    make_map, make_list: make a container that knows the line where it begins; it has `lines`.
    plain: the value of a word without quotes.
    """
    if _UNUSUAL.search(text):
        return None
    try:
        return _Reader(make_map, make_list, plain).read(text)
    except _GiveUpError:
        return None


class _Reader:
    """Builds containers from lines. open: (indentation, container), the innermost last."""

    def __init__(
        self,
        make_map: Callable[[int], Any],
        make_list: Callable[[int], Any],
        plain: Callable[[str], Any],
    ) -> None:
        self.make_map = make_map
        self.make_list = make_list
        self.plain = plain
        self.open: list[tuple[int, Any]] = []
        self.waiting: tuple[Any, str] | None = None  # a key whose value may begin on a later line

    def read(self, text: str) -> Any:
        root = None
        for number, line in enumerate(text.split("\n"), 1):
            if _BLANK.fullmatch(line):
                continue
            found = _LINE.fullmatch(line)
            if found is None:
                raise _GiveUpError
            indent, dash, key, value = found.group("indent", "dash", "key", "value")
            if key is None and (dash is None or value is None):
                raise _GiveUpError
            container = self._container(len(indent), dash is not None, number)
            if root is None:
                root = container
            if dash is not None:
                container = self._item(container, len(indent), key, value, number)
            if key is not None:
                self._entry(container, key, value, number)
        if self.waiting is not None:
            self._settle(None)
        if root is None or not isinstance(root, dict):
            raise _GiveUpError
        return root

    def _container(self, indent: int, is_item: bool, number: int) -> Any:
        """Return the container that a line of this indentation belongs to."""
        deepest = self.open[-1][0] if self.open else -1
        if indent > deepest:
            if self.open and self.waiting is None:
                raise _GiveUpError
            if len(self.open) >= _MAX_DEPTH:
                raise _GiveUpError
            container = self.make_list(number) if is_item else self.make_map(number)
            if self.waiting is not None:
                self._settle(container)
            self.open.append((indent, container))
            return container
        if self.waiting is not None:
            self._settle(None)
        while self.open and self.open[-1][0] > indent:
            self.open.pop()
        if not self.open or self.open[-1][0] != indent:
            raise _GiveUpError
        container = self.open[-1][1]
        if isinstance(container, list) is not is_item:
            raise _GiveUpError
        return container

    def _item(
        self, items: Any, indent: int, key: str | None, value: str | None, number: int
    ) -> Any:
        items.lines[len(items)] = number
        if key is None:
            assert value is not None  # noqa: S101 - read() has looked
            items.append(self._value(value, number))
            return items
        row = self.make_map(number)
        items.append(row)
        self.open.append((indent + 2, row))
        return row

    def _entry(self, row: Any, key: str, value: str | None, number: int) -> None:
        key = self._key(key)
        if key in row:
            raise _GiveUpError
        row.lines[key] = number
        row[key] = None
        if value is None:
            self.waiting = (row, key)
        else:
            row[key] = self._value(value, number)

    def _settle(self, value: Any) -> None:
        assert self.waiting is not None  # noqa: S101 - for the type checker
        row, key = self.waiting
        row[key] = value
        self.waiting = None

    def _key(self, key: str) -> str:
        if key.startswith('"'):
            return key[1:-1]
        if self.plain(key) != key:
            raise _GiveUpError
        return key

    def _value(self, value: str, number: int) -> Any:
        if value.startswith('"'):
            return _unquoted(value)
        if value[0] in "[{":
            tokens = _Flow(value)
            found = self._flow(tokens, number, 0)
            if not tokens.at_end:
                raise _GiveUpError
            return found
        return self.plain(value)

    def _flow(self, tokens: "_Flow", number: int, depth: int) -> Any:
        if depth > 4:
            raise _GiveUpError
        kind, word = tokens.take()
        if kind == "value":
            return _unquoted(word) if word.startswith('"') else self.plain(word)
        if word == "[":
            items = self.make_list(number)
            while tokens.goes_on("]", bool(items)):
                items.lines[len(items)] = number
                items.append(self._flow(tokens, number, depth + 1))
            return items
        if word != "{":
            raise _GiveUpError
        row = self.make_map(number)
        while tokens.goes_on("}", bool(row)):
            kind, word = tokens.take()
            if kind != "key":
                raise _GiveUpError
            key = self._key(word)
            if key in row:
                raise _GiveUpError
            row.lines[key] = number
            row[key] = self._flow(tokens, number, depth + 1)
        return row


class _Flow:
    """The tokens of a list or mapping on one line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    @property
    def at_end(self) -> bool:
        return self.position == len(self.text)

    def take(self) -> tuple[str, str]:
        found = _FLOW.match(self.text, self.position)
        if found is None or found.lastgroup is None:
            raise _GiveUpError
        self.position = found.end()
        return found.lastgroup, found[found.lastgroup]

    def goes_on(self, end: str, begun: bool) -> bool:
        """Pass the comma before a further entry, or the end; return whether an entry follows."""
        found = _FLOW.match(self.text, self.position)
        if found is not None and found["sign"] == end:
            self.position = found.end()
            return False
        if begun:
            if found is None or found["sign"] != ",":
                raise _GiveUpError
            self.position = found.end()
            after = _FLOW.match(self.text, self.position)
            if after is None or after["sign"] in (",", "]", "}"):
                raise _GiveUpError
        return True


def _unquoted(value: str) -> str:
    inner = value[1:-1]
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], inner)
