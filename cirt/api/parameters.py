"""What an operation is asked with beside its body: typed, checked, unknown ones refused."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cirt.api import schemas
from cirt.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from cirt.api.problems import ProblemError
from cirt.api.schemas import ID, Schema, described

_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One value in the address or in a header.

    place: "path" or "query" or "header". schema: of one value, or of an array, for a parameter that
    may be repeated. The view gets it under `argument`, as uuid.UUID, datetime, int, bool, str, or a
    list of them; None (an empty list) where it was not given.
    """

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: dict(schemas.TEXT))
    place: str = "query"
    required: bool = False
    example: Any = None

    @property
    def argument(self) -> str:
        """Return the name of the view's argument."""
        return self.name.replace("-", "_").replace(".", "_")

    @property
    def is_list(self) -> bool:
        """Return whether it may stand in the address more than once."""
        return self.schema.get("type") == "array"


def path_id(name: str, description: str) -> Parameter:
    """Return a path parameter that is an id."""
    return Parameter(name, description, ID, place="path", required=True)


LIMIT: Final = Parameter(
    "limit",
    "Most items of the page.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
)
NEXT: Final = Parameter(
    "next",
    "Where the page begins: `next` of the page before.",
    described({"type": "string", "maxLength": 1000}, "Opaque; it stays good."),
)


def read_query(known: Iterable[Parameter], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return argument -> value for the parameters of the address.

    Raises ProblemError naming each one that is unknown, repeated, missing, or of another form.
    """
    by_name = {one.name: one for one in known}
    given: dict[str, list[str]] = {}
    errors: list[dict[str, str]] = []
    for name, text in pairs:
        if name in by_name:
            given.setdefault(name, []).append(text)
        else:
            errors.append(_error(name, "This operation has no such parameter."))
    values: dict[str, Any] = {}
    for name, one in by_name.items():
        try:
            values[one.argument] = _value(one, given.get(name, []))
        except ValueError as error:
            errors.append(_error(name, str(error)))
    if errors:
        names = ", ".join(dict.fromkeys(error["parameter"] for error in errors))
        raise ProblemError("wrong-parameter", f"Look at: {names}.", errors=errors[:20])
    return values


def _error(name: str, detail: str) -> dict[str, str]:
    return {"parameter": name[:100], "detail": detail}


def _value(one: Parameter, texts: list[str]) -> Any:
    if not texts:
        if one.required:
            raise ValueError("This parameter is missing.")
        return [] if one.is_list else one.schema.get("default")
    if one.is_list:
        items = [_plain(one.schema["items"], text) for text in texts]
        _check(one.schema, items)
        return [_typed(one.schema["items"], item) for item in items]
    if len(texts) > 1:
        raise ValueError("This parameter stands more than once.")
    plain = _plain(one.schema, texts[0])
    _check(one.schema, plain)
    return _typed(one.schema, plain)


def _plain(schema: Mapping[str, Any], text: str) -> Any:
    if "\0" in text:
        raise ValueError("It holds the character NUL.")
    kind = schema.get("type")
    if kind == "integer":
        if not _INTEGER.fullmatch(text):
            raise ValueError("It must be a whole number.")
        return int(text)
    if kind == "boolean":
        if text not in _BOOLEANS:
            raise ValueError("It must be true or false.")
        return _BOOLEANS[text]
    return text


def _check(schema: Schema, value: Any) -> None:
    found = schemas.faults(schemas.compiled(schema), value)
    if found:
        raise ValueError(found[0][1])


def _typed(schema: Mapping[str, Any], value: Any) -> Any:
    if schema.get("format") == "uuid":
        return uuid.UUID(value)
    if schema.get("format") == "date-time":
        return datetime.fromisoformat(value.upper())
    return value
