"""What the OASIS schemas find wrong, in sentences: no expression or keyword of a schema is quoted."""

import re
from collections.abc import Mapping
from typing import Any, Final

from cirt.errors import N_

Sentence = tuple[str, Mapping[str, Any]]
"""A translatable message and its parameters."""

_MOST_SHOWN: Final = 300

# expressions of the schemas
_MILLISECONDS: Final = r"T\d{2}:\d{2}:\d{2}\.\d{3,}Z$"
_SECONDS: Final = r"T\d{2}:\d{2}:\d{2}Z$"
_TIME: Final = "^[0-9]{4}-(0[1-9]|1[012])-"
_ID: Final = "^[a-z][a-z0-9-]+[a-z0-9]--"
_KINDS: Final = re.compile(r"\^\(?([a-z0-9|-]+?)\)?--", re.ASCII)
_DIGITS: Final = re.compile(r"\^\[a?-?f?A?-?F?0-9a?-?f?\]\{(\d+)\}\$", re.ASCII)


def sentence(error: Any) -> Sentence:
    """Return what an error of `jsonschema_rs` says about an object."""
    kind = error.kind
    if kind.name == "pattern":
        return _of_pattern(kind.pattern)
    if kind.name == "enum":
        words = ", ".join(str(one) for one in kind.options)
        return N_("This does not fit STIX 2.1: only these are known here: %(words)s."), {
            "words": words[:_MOST_SHOWN]
        }
    if kind.name == "propertyNames":
        return N_("This does not fit STIX 2.1: a property in it has a name of another form."), {}
    if kind.name in ("anyOf", "oneOf", "not"):
        return N_("This does not fit STIX 2.1: it has none of the forms that may stand here."), {}
    return _of_shape(kind) or (
        N_("This does not fit STIX 2.1: %(reason)s"),
        {"reason": error.message[:_MOST_SHOWN]},
    )


def _of_shape(kind: Any) -> Sentence | None:
    """Return what is said about missing, empty, excess and wrongly typed values."""
    if kind.name == "required":
        return N_("This does not fit STIX 2.1: the property %(name)s is missing."), {
            "name": str(kind.property)[:_MOST_SHOWN]
        }
    if kind.name == "additionalProperties":
        return N_("This does not fit STIX 2.1: these properties do not belong here: %(names)s."), {
            "names": ", ".join(kind.unexpected)[:_MOST_SHOWN]
        }
    if kind.name == "type":
        return N_("This does not fit STIX 2.1: the value must be of the JSON type %(types)s."), {
            "types": ", ".join(kind.types)
        }
    if kind.name in ("minItems", "minProperties") and kind.limit == 1:
        return N_("This does not fit STIX 2.1: it must not be empty; leave it out instead."), {}
    if kind.name == "minimum":
        return N_("This does not fit STIX 2.1: write at least %(limit)s."), {"limit": kind.limit}
    if kind.name == "maximum":
        return N_("This does not fit STIX 2.1: write at most %(limit)s."), {"limit": kind.limit}
    return None


def _of_pattern(pattern: str) -> Sentence:
    if pattern == _MILLISECONDS:  # STIX 2.1, section 3.2: created and modified
        return (
            N_(
                "This does not fit STIX 2.1: write the time in UTC, with at least three digits after"
                " the seconds, such as %(example)s."
            ),
            {"example": "2026-01-31T12:00:00.000Z"},
        )
    if pattern.startswith(_TIME) or pattern == _SECONDS:
        return N_("This does not fit STIX 2.1: write the time in UTC, such as %(example)s."), {
            "example": "2026-01-31T12:00:00Z"
        }
    if pattern.startswith(_ID):
        return (
            N_(
                "This does not fit STIX 2.1: write an id: the type of the object, two hyphens and a"
                " UUID."
            ),
            {},
        )
    if found := _KINDS.fullmatch(pattern):
        return N_("This does not fit STIX 2.1: the id of another type belongs here: %(types)s."), {
            "types": found[1].replace("|", ", ")
        }
    if found := _DIGITS.fullmatch(pattern):
        return N_("This does not fit STIX 2.1: write %(digits)s hexadecimal digits."), {
            "digits": found[1]
        }
    return N_("This does not fit STIX 2.1: the value has another form than it must have."), {}
