"""JSON from outside, read once and strictly: what two readers could take differently is refused.

The standard library's reader lets the last of two equal keys win (so a second, empty list of
markings would strip the first), accepts NaN, 1e400 and half a surrogate pair, and meets deep
nesting with a RecursionError. One pass over the text refuses all that, with line and column;
only then the standard library parses it.

Most texts hold nothing of the kind, which a few searches prove much faster than that pass. They
only ever prove; what they cannot prove, the pass judges, so that every refusal is its own.
"""

import json
import math
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from cirt.errors import N_, InvalidInputError, TooLargeError

MAX_INTEGER: Final = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 8259, section 6)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: bytes of the whole, levels of nesting, characters of one string."""

    max_bytes: int = 20_000_000
    max_depth: int = 64
    max_string: int = 20_000


DEFAULT: Final = Limits()


class StrictJsonError(InvalidInputError):
    """The text is not JSON, or is JSON that readers disagree about.

    line, column: where, both from 1; None when the whole text is meant.
    """

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, **params: Any
    ) -> None:
        if line is not None:
            params |= {"line": line, "column": column}
        super().__init__(message, **params)
        self.line = line
        self.column = column


class TooLargeJsonError(StrictJsonError, TooLargeError):
    """The text is longer than the limit."""


# The tokens of a text, read as far as they can be told apart.
# Possessive quantifiers and the optional closing quote keep this linear on any input.
TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]++|\\.)*+"?)(?P<colon>[ \t\r\n]*+:)?"""
    r"""|(?P<open>[\[{])|(?P<close>[\]}])"""
    r"""|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<word>-?[A-Za-z_]++)""",
    re.DOTALL,
)
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
_NUL = "\0"


def loads(data: bytes | str, limits: Limits = DEFAULT) -> Any:
    """Return the value of a JSON text; any value may stand at the top.

    Raises StrictJsonError naming the place: not UTF-8, a byte order mark, over the limits, a key
    twice in one object, a number that is not finite or a whole number beyond +-(2**53 - 1), NUL
    or half a surrogate pair in a string, or not JSON at all.
    """
    text, written = _decoded(data, limits)
    try:
        return _proven(text, written, limits)
    except ValueError:
        _scan(text, limits)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise StrictJsonError(
            N_("This is not JSON: line %(line)s, column %(column)s (%(reason)s)."),
            line=error.lineno,
            column=error.colno,
            reason=error.msg,
        ) from error


def loads_own(data: bytes) -> Any:
    """Return the value of a JSON text that was read strictly before it was kept here."""
    return json.loads(data)


def members_of(text: str) -> tuple[tuple[str, Any], ...]:
    """Return the members of an object that `loads` refuses, in order, as often as they are there.

    Those of objects within are in the same form. Nothing, if even a careless reader finds no
    object. To say what was refused, never to use it.
    """
    try:
        found = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return ()
    return found if isinstance(found, tuple) else ()


def _decoded(data: bytes | str, limits: Limits) -> tuple[str, bytes]:
    """Return a text as text and as UTF-8."""
    if len(data) > limits.max_bytes:
        raise TooLargeJsonError(
            N_("The JSON text is longer than %(limit)s bytes; send it in parts."),
            limit=limits.max_bytes,
        )
    if isinstance(data, str):
        try:
            data = data.encode("utf-8")
        except UnicodeEncodeError as error:
            line, column = _place(error.object, error.start)
            raise _half_character(line, column) from error
        return _decoded(data, limits)
    if data.startswith(b"\xef\xbb\xbf"):
        raise StrictJsonError(
            N_("The JSON text begins with a byte order mark; save it as UTF-8 without one.")
        )
    try:
        return data.decode("utf-8"), data
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = _place(before, len(before))
        raise StrictJsonError(
            N_("The JSON text is not UTF-8: line %(line)s, column %(column)s."),
            line=line,
            column=column,
        ) from error


# the quick proof


class _UnprovenError(ValueError):
    """What makes a text doubtful may still be harmless."""


_BRACKETS: Final = b'[]{}"'
_NO_BRACKETS: Final = bytes(set(range(256)) - set(_BRACKETS))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _proven(text: str, plain: bytes, limits: Limits) -> Any:
    """Return the value of a text that `_scan` would let pass. Raises ValueError where in doubt.

    plain: the same in UTF-8.
    """
    if b"\\" in plain:
        # of a run of backslashes each second one is escaped; what is left before a quote escapes it
        plain = plain.replace(b"\\\\", b"__")
        if b"\\u" in plain and _RISKY_ESCAPE.search(_PAIR.sub("", plain.decode("utf-8"))):
            raise _UnprovenError
        plain = plain.replace(b'\\"', b"__")
    # every quote is now an end of a string, as far as the text is JSON
    if re.search(rb'"[^"]{%d}' % (limits.max_string + 1), plain):
        raise _UnprovenError
    skeleton = plain.translate(None, _NO_BRACKETS).replace(b'""', b"")
    outside = b"".join(skeleton.split(b'"')[::2])
    if max(accumulate(map(_STEPS.__getitem__, outside)), default=0) > limits.max_depth:
        raise _UnprovenError
    return _reader.decode(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UnprovenError
    return found


def _exact(literal: str) -> int:
    if len(literal) > 15:
        raise _UnprovenError
    return int(literal)


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise _UnprovenError
    return value


def _no_constant(_word: str) -> None:
    raise _UnprovenError


_reader: Final = json.JSONDecoder(
    object_pairs_hook=_each_once,
    parse_int=_exact,
    parse_float=_finite,
    parse_constant=_no_constant,
)


# the exact pass


def _scan(text: str, limits: Limits) -> None:
    """Raise StrictJsonError for what the standard library would let pass."""
    keys_of: list[set[str] | None] = []  # one entry a level: the keys of an object, None in a list
    for token in TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            if len(keys_of) >= limits.max_depth:
                raise _error(
                    text,
                    token.start(),
                    N_(
                        "The JSON is nested deeper than %(limit)s levels:"
                        " line %(line)s, column %(column)s."
                    ),
                    limit=limits.max_depth,
                )
            keys_of.append(set() if token[0] == "{" else None)
        elif kind == "close":
            if keys_of:
                keys_of.pop()
        elif kind == "number":
            _check_number(text, token.start(), token[0])
        elif kind == "word":
            if token[0] not in ("true", "false", "null"):
                raise _error(
                    text,
                    token.start(),
                    N_(
                        "%(word)s is no JSON value; JSON knows true, false, null and finite"
                        " numbers: line %(line)s, column %(column)s."
                    ),
                    word=token[0][:20],
                )
        else:
            string = _string(text, token.start(), token["string"], limits)
            keys = keys_of[-1] if keys_of else None
            if token["colon"] and keys is not None:
                if string in keys:
                    raise _error(
                        text,
                        token.start(),
                        N_(
                            "The key “%(key)s” stands twice in one object:"
                            " line %(line)s, column %(column)s."
                        ),
                        key=string[:100],
                    )
                keys.add(string)


def _check_number(text: str, start: int, literal: str) -> None:
    if literal.lstrip("-").isdigit():
        # length first: turning a very long run of digits into a number is slow
        if len(literal) <= 17 and abs(int(literal)) <= MAX_INTEGER:
            return
    else:
        try:
            if math.isfinite(float(literal)):
                return
        except ValueError:
            return  # not a number at all: the parser says so better
    raise _error(
        text,
        start,
        N_("The number is too large to be read exactly: line %(line)s, column %(column)s."),
    )


def _string(text: str, start: int, literal: str, limits: Limits) -> str:
    if "\\" not in literal:
        string = literal[1:-1]
    elif _RISKY_ESCAPE.search(literal):
        string = _unescaped(literal)
        if _NUL in string:
            raise _error(
                text,
                start,
                N_("A string holds the character NUL: line %(line)s, column %(column)s."),
            )
        if any("\ud800" <= character <= "\udfff" for character in string):
            raise _half_character(*_place(text, start))
    else:
        string = _unescaped(literal)
    if len(string) > limits.max_string:
        raise _error(
            text,
            start,
            N_("A string is longer than %(limit)s characters: line %(line)s, column %(column)s."),
            limit=limits.max_string,
        )
    return string


def _unescaped(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except json.JSONDecodeError:
        return literal  # a wrong escape: the parser names its place


def _half_character(line: int, column: int) -> StrictJsonError:
    return StrictJsonError(
        N_("A string holds half a character (a lone surrogate): line %(line)s, column %(column)s."),
        line=line,
        column=column,
    )


def _error(text: str, position: int, message: str, **params: Any) -> StrictJsonError:
    line, column = _place(text, position)
    return StrictJsonError(message, line=line, column=column, **params)


def _place(text: str, position: int) -> tuple[int, int]:
    """Return line and column, from 1, as json.JSONDecodeError counts them."""
    line = text.count("\n", 0, position) + 1
    return line, position - text.rfind("\n", 0, position)
