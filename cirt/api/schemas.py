"""The JSON Schemas of the API: named once, used by checks, by the description and by its page.

Source: JSON Schema 2020-12, the dialect of OpenAPI 3.1.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import jsonschema_rs

Schema = dict[str, Any]

_components: dict[str, Schema] = {}

# no look-around, so that the linear engine takes every expression
_PATTERNS: Final = jsonschema_rs.RegexOptions()
_VALUE: Final = "The value"
MOST_ERRORS: Final = 20
"""So many faults of one body are named; the rest shows when these are mended."""

TEXT: Final[Schema] = {"type": "string"}
ID: Final[Schema] = {"type": "string", "format": "uuid"}
TIME: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "description": "In UTC (RFC 3339).",
    "examples": ["2026-01-31T12:00:00.000000Z"],
}


def component(name: str, schema: Schema) -> Schema:
    """Name a schema for the whole API and return the reference to it.

    Raises ValueError when the name stands for something else already.
    """
    if _components.setdefault(name, schema) != schema:
        raise ValueError(f"two schemas of the API are called {name}")
    return {"$ref": f"#/components/schemas/{name}"}


def record(
    name: str,
    description: str,
    properties: Mapping[str, Schema],
    *,
    optional: Iterable[str] = (),
    example: Mapping[str, Any] | None = None,
) -> Schema:
    """Name the schema of an object that holds these properties and no others.

    optional: properties that may be missing; all others are always there.
    """
    left_out = set(optional)
    schema: Schema = {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "required": [key for key in properties if key not in left_out],
        "properties": dict(properties),
    }
    if example is not None:
        schema["examples"] = [dict(example)]
    return component(name, schema)


def page_of(name: str, item: Schema) -> Schema:
    """Name the schema of a page of items and return the reference to it."""
    return record(
        name,
        "A page of a list.",
        {
            "items": {"type": "array", "items": item},
            "next": nullable(
                {
                    "type": "string",
                    "description": "Give it as `next` for the page after this; null: this is the last.",
                }
            ),
        },
    )


def nullable(schema: Schema) -> Schema:
    """Return the schema of the same thing or null."""
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


def described(schema: Schema, description: str) -> Schema:
    """Return the same schema with words of its own."""
    return {**schema, "description": description}


def one_of(*words: str) -> Schema:
    """Return the schema of one of these words."""
    return {"type": "string", "enum": list(words)}


def components() -> Mapping[str, Schema]:
    """Return every named schema."""
    return _components


def compiled(schema: Schema) -> Any:
    """Return the compiled validator of a schema that may refer to named ones."""
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": _components}},
        validate_formats=True,
        pattern_options=_PATTERNS,
        mask=_VALUE,
    )


def faults(validator: Any, value: Any) -> list[tuple[str, str]]:
    """Return (JSON pointer, sentence) for what of a value does not fit; what was sent is not repeated."""
    found: list[tuple[str, str]] = []
    for error in validator.iter_errors(value):
        place = [str(part) for part in error.instance_path]
        if error.kind.name in ("additionalProperties", "unevaluatedProperties"):
            found += [
                (pointer(*place, name), "There is no such property here; leave it out.")
                for name in error.kind.unexpected
            ]
        elif error.kind.name == "required":
            found.append((pointer(*place, error.kind.property), "This property is missing."))
        else:
            found.append((pointer(*place), _sentence(error)))
        if len(found) >= MOST_ERRORS:
            break
    return found[:MOST_ERRORS]


def _sentence(error: Any) -> str:
    """Return what is wrong with a value, without expressions and keywords of the schema."""
    kind = error.kind
    if kind.name == "enum":
        words = [json.dumps(one, ensure_ascii=False) for one in kind.options]
        return f"{_VALUE} is not one of {', '.join(words)}."
    if kind.name == "pattern":
        return f"{_VALUE} has another form than the description of the API says."
    if kind.name in ("anyOf", "oneOf"):
        inner = {_sentence(one[0]) for one in kind.context if len(one) == 1}
        return " ".join(sorted(inner)) or f"{_VALUE} has none of the forms that it may have."
    return f"{error.message}."


def resolved(schema: Schema) -> Schema:
    """Return what a reference refers to; any other schema as it is."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return _components[name] if name else schema


def example_of(schema: Schema | None) -> Any:
    """Return the first example that a schema gives, None where it gives none."""
    return next(iter(resolved(schema or {}).get("examples", ())), None)


def pointer(*parts: str) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
