"""The OASIS schemas of STIX 2.1, compiled when a type is first met.

Compiling all of them takes as long as a whole page; most processes meet a few types only.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

_FOLDER: Final = Path(__file__).resolve().parent / "schemas"
_BASE: Final = "raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/"
_COMMON: Final = {"sdo": "common/core.json", "sco": "common/cyber-observable-core.json"}
_FOLDERS: Final = {"sdo": "sdos", "sro": "sros", "sco": "observables", "meta": "common"}
# No look-around in these schemas: the linear engine takes all their expressions, and a crafted
# type name cannot make it slow.
_PATTERNS: Final = jsonschema_rs.RegexOptions()

_EXTENSION_FILES: Final = {
    "extension-definition--ef765651-680c-498d-9894-99799f2fa126": "incident-core",
    "extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e": "event",
    "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9": "impact",
    "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030": "task",
    "extension-definition--66e2492a-bbd3-4be6-88f5-cc91a017a498": "identity-contact",
    "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a": "iep",
    "extension-definition--96145d4c-b031-411f-b8a7-205f68c6bc36": "withdrawal",
    "extension-definition--daf22c98-1fb4-436b-a10b-3b0e9c6ecaca": "withdrawal-receipt",
}
EXTENSIONS: Final = frozenset(_EXTENSION_FILES)
STRICT_EXTENSIONS: Final = frozenset(
    key for key, file in _EXTENSION_FILES.items() if file.startswith("withdrawal")
)
"""Extensions without drafts: what does not fit their schema is refused."""


@cache
def _schemas() -> dict[str, Any]:
    """Return relative path -> schema, for all files."""
    # the extension schemas refer by https to what calls itself http
    https, http = (f"{scheme}://{_BASE}".encode() for scheme in ("https", "http"))
    return {
        path.relative_to(_FOLDER).as_posix(): json.loads(path.read_bytes().replace(https, http))
        for path in sorted(_FOLDER.rglob("*.json"))
    }


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(
        [
            (f"http://{_BASE}{path}", schema)
            for path, schema in _schemas().items()
            if not path.startswith("extensions/")
        ]
    )


@cache
def known_types() -> dict[str, str]:
    """Return STIX 2.1 type -> one of "sdo", "sro", "sco", "meta"."""
    folders = {"sdos": "sdo", "sros": "sro", "observables": "sco"}
    types = {
        path.rpartition("/")[2].removesuffix(".json"): folders[path.partition("/")[0]]
        for path in _schemas()
        if path.partition("/")[0] in folders
    }
    return types | dict.fromkeys(
        ("marking-definition", "extension-definition", "language-content"), "meta"
    )


@dataclass(frozen=True, slots=True)
class Validator:
    """The compiled schemas of a type: what all objects of its kind have in common, and its own.

    Compiled together, every type would hold what is common once more: 0.8 MB each.
    """

    parts: tuple[Any, ...]

    def is_valid(self, obj: Any) -> bool:
        """Return whether no schema finds an error."""
        for part in self.parts:  # noqa: SIM110 - a generator takes as long as a small schema
            if not part.is_valid(obj):
                return False
        return True

    def iter_errors(self, obj: Any) -> Iterator[Any]:
        """Yield the errors, those of what is common first."""
        for part in self.parts:
            yield from part.iter_errors(obj)


@cache
def type_validator(stix_type: str) -> Validator:
    """Return the compiled schemas of a known type; "sdo", "sco": of any such object."""
    if stix_type in _COMMON:
        return Validator((_compiled(_schemas()[_COMMON[stix_type]]),))
    return _with_common(stix_type, _schemas()[_path(stix_type)])


@cache
def current_validator(stix_type: str) -> Validator:
    """Return the compiled schemas of a known type for objects without the property `objects`.

    In that one, deprecated since STIX 2.1, an observed-data holds others whole; the schemas of all
    types of them take 5 MB once compiled, which few feeds need.
    """
    if stix_type != "observed-data":
        return type_validator(stix_type)
    schema = copy.deepcopy(_schemas()[_path(stix_type)])
    del schema["allOf"][1]["properties"]["objects"]
    return _with_common(stix_type, schema)


@cache
def extension_validator(extension_id: str) -> Validator:
    """Return the compiled schema of an object that bears one of EXTENSIONS."""
    return Validator((_compiled(_schemas()[f"extensions/{_EXTENSION_FILES[extension_id]}.json"]),))


def _path(stix_type: str) -> str:
    return f"{_FOLDERS[known_types()[stix_type]]}/{stix_type}.json"


def _with_common(stix_type: str, schema: dict[str, Any]) -> Validator:
    """Return the schemas of a type, which names what is common as the first that it requires."""
    first, *own = schema.get("allOf", [{}])
    for kind, path in _COMMON.items():
        if first == {"$ref": f"../{path}"}:
            common, rest = type_validator(kind).parts, {**schema, "allOf": own}
            return Validator((*common, _compiled(rest)))
    return Validator((_compiled(schema),))


def _compiled(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for(
        schema,
        registry=_registry(),
        pattern_options=_PATTERNS,
        validate_formats=True,
    )
