"""A JSON document whose list is read element by element where the whole is refused.

Something in one element that readers could take differently is no reason to lose the others. What
is wrong outside the elements, or keeps their ends from being told, still refuses the document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cirt import strictjson
from cirt.strictjson import Limits, StrictJsonError

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_COMMA: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Unread:
    """An element that is refused as JSON.

    error: why, with its place in the whole document. members: the names and values that stand in
    it on its highest level, as often as they stand there; to name it by, never to use it.
    """

    error: StrictJsonError
    members: tuple[tuple[str, Any], ...]


def loads(data: bytes, limits: Limits, name: str, most: int) -> Any:
    """Return the value of a JSON text; refused elements of the list `name` at the top are Unread.

    most: elements that are read one by one; a document with more is refused whole. Raises
    StrictJsonError like `strictjson.loads` where the fault is not inside an element that is a
    JSON object.
    """
    try:
        return strictjson.loads(data, limits)
    except StrictJsonError as error:
        if error.line is None:  # the whole is meant
            raise
        return _apart(data, limits, name, most, error)


def _apart(data: bytes, limits: Limits, name: str, most: int, error: StrictJsonError) -> Any:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise error from None
    spans = _spans(text, name, most)
    if not spans:
        raise error
    try:
        whole = strictjson.loads(text[: spans[0][0]] + text[spans[-1][1] :], limits)
    except StrictJsonError:
        raise error from None
    line, line_start, upto = 1, 0, 0
    elements: list[Any] = []
    for start, end in spans:
        line += text.count("\n", upto, start)
        line_start = max(line_start, text.rfind("\n", upto, start) + 1)
        upto = start
        try:
            elements.append(strictjson.loads(text[start:end], limits))
        except StrictJsonError as refused:
            members = strictjson.members_of(text[start:end])
            if not members:
                raise error from None
            elements.append(Unread(_placed(refused, line, start - line_start), members))
    whole[name] = elements
    return whole


def _placed(error: StrictJsonError, line: int, column: int) -> StrictJsonError:
    """Return an error of an element with its place in the document."""
    if error.line is None or error.column is None:
        return error
    params = {key: value for key, value in error.params.items() if key not in ("line", "column")}
    return StrictJsonError(
        error.message,
        line=line + error.line - 1,
        column=error.column + (column if error.line == 1 else 0),
        **params,
    )


def _spans(text: str, name: str, most: int) -> list[tuple[int, int]]:
    """Return where the elements of the list begin and end; none where that cannot be told."""
    tokens = strictjson.TOKEN.finditer(text)
    position = _beginning(text, name, tokens)
    spans: list[tuple[int, int]] = []
    for token in tokens if position else ():
        start, end = token.span()
        between = _COMMA if spans and token["close"] is None else _SPACE
        if between.fullmatch(text, position, start) is None or token["colon"] is not None:
            return []
        if token["close"] is not None:
            return spans
        if token["open"] is not None:
            end = _end(tokens)
        if not end or len(spans) == most:
            return []
        spans.append((start, end))
        position = end
    return []


def _beginning(text: str, name: str, tokens: Iterator[re.Match[str]]) -> int:
    """Return where the list begins, after its bracket; 0 if there is none."""
    depth = 0
    for token in tokens:
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth == 1 and token["colon"] is not None and token["string"] == f'"{name}"':
            first = next(tokens, None)
            if first is None or first["open"] != "[" or not _is_space(text, token, first):
                return 0
            return first.end()
    return 0


def _is_space(text: str, token: re.Match[str], following: re.Match[str]) -> bool:
    return _SPACE.fullmatch(text, token.end(), following.start()) is not None


def _end(tokens: Iterator[re.Match[str]]) -> int:
    """Return where what was opened ends, 0 if nowhere."""
    depth = 1
    for token in tokens:
        depth += (token["open"] is not None) - (token["close"] is not None)
        if not depth:
            return token.end()
    return 0
