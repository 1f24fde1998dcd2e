"""A document as JSON and back: how it is stored, and how it travels to the process that sets it.

Every block and chart is an object whose "type" names its class; tuples are arrays; None is null.
Reading is strict: unknown or missing keys, wrong types and wrong class names are refused.
"""

import dataclasses
import json
import types
from datetime import datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from cirt.documents.model import Document
from cirt.errors import N_, InvalidInputError
from cirt.strictjson import Limits, loads

_LIMITS = Limits(max_bytes=60_000_000, max_depth=32, max_string=10_000_000)


def to_json(document: Document) -> bytes:
    """Return the document as JSON in UTF-8; half surrogate pairs become U+FFFD, NUL vanishes."""
    return json.dumps(_encoded(document), ensure_ascii=False, separators=(",", ":")).encode()


def from_json(data: bytes | str) -> Document:
    """Return the document that to_json wrote.

    Raises InvalidInputError, which names the place, when it is anything else.
    """
    document = _decoded(loads(data, _LIMITS), Document, "document")
    assert isinstance(document, Document)  # noqa: S101 - for the type checker
    return document


def _encoded(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            each.name: _encoded(getattr(value, each.name)) for each in dataclasses.fields(value)
        }
        return {"type": type(value).__name__} | fields
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _decoded(value: Any, expected: Any, path: str) -> Any:
    origin = get_origin(expected)
    if dataclasses.is_dataclass(expected):
        return _object(value, (expected,), path)
    if origin is tuple:
        if not isinstance(value, list):
            raise _mismatch(path)
        item = get_args(expected)[0]  # only tuple[X, ...] is used in the model
        return tuple(_decoded(each, item, f"{path}[{n}]") for n, each in enumerate(value))
    if origin in (Union, types.UnionType):
        choices = get_args(expected)
        if value is None and type(None) in choices:
            return None
        classes = tuple(each for each in choices if dataclasses.is_dataclass(each))
        if classes:
            return _object(value, classes, path)
        return _decoded(value, next(each for each in choices if each is not type(None)), path)
    if origin is Literal:
        if value not in get_args(expected):
            raise _mismatch(path)
        return value
    return _scalar(value, expected, path)


def _scalar(value: Any, expected: Any, path: str) -> Any:
    if expected is datetime and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise _mismatch(path) from None
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise _mismatch(path)
    return value


def _object(value: Any, classes: tuple[Any, ...], path: str) -> Any:
    if not isinstance(value, dict):
        raise _mismatch(path)
    wanted = next((each for each in classes if each.__name__ == value.get("type")), None)
    if wanted is None:
        raise _mismatch(path)
    hints = _hints(wanted)
    if set(value) != {"type", *hints}:
        raise _mismatch(path)
    return wanted(
        **{name: _decoded(value[name], hint, f"{path}.{name}") for name, hint in hints.items()}
    )


@cache
def _hints(wanted: Any) -> dict[str, Any]:
    return get_type_hints(wanted)


def _mismatch(path: str) -> InvalidInputError:
    return InvalidInputError(
        N_("This is not a document of this software: %(path)s does not fit."), path=path
    )
