"""Whether an object from outside is valid STIX 2.1, and safe to keep.

The OASIS schemas know the structure. What they cannot say is here: dates that exist, the order
of times, identifiers in lower case, constants that nobody may redefine, patterns.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Literal

from cirt.errors import N_, InvalidInputError
from cirt.stix.content_rules import content_findings
from cirt.stix.ids import is_stix_id
from cirt.stix.marking import (
    PAP_EXTENSION,
    TLP_EXTENSION,
    is_same_marking,
    published_marking,
)
from cirt.stix.patterns import check_pattern
from cirt.stix.schema_sentences import sentence
from cirt.stix.schema_validators import (
    EXTENSIONS,
    STRICT_EXTENSIONS,
    current_validator,
    extension_validator,
    known_types,
    type_validator,
)
from cirt.stix.suite_rules import suite_findings, without_slips
from cirt.stix.timestamps import ORDERED, TIME_NAMES, is_written_as_timestamp, moment
from cirt.stix.validity_proof import CLOCK_TOLERANCE, LAST_YEAR, TARGETS

MAX_PROBLEMS: Final = 50

Severity = Literal["error", "warning"]


Property = tuple[str, str, Any]  # path, name, value
_SHOWN: Final = ("name", "value", "key")
_READ: Final = TIME_NAMES | set(_SHOWN)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an object, and where ("object_marking_refs[0]", "" for the whole).

    message, params: a translatable sentence. severity: with an error the object is refused; a
    warning is worth a look.
    """

    path: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.message % self.params if self.params else self.message}"


def check_object(obj: Any, *, now: datetime) -> list[Problem]:
    """Return the problems of one STIX 2.1 object; no errors among them means: valid.

    Types that STIX does not know (custom ones, new ones of an extension) are checked for what
    all objects have in common. now: the time by which `modified` must not lie in the future.
    At most 50 problems are named; warnings never take the place of an error.
    """
    problems = list(islice(_identity_problems(obj), MAX_PROBLEMS))
    if problems:
        return problems  # without type and id nothing else makes sense
    found: dict[tuple[str, str], Problem] = {}
    has_error = False
    for number, problem in enumerate(_problems(obj, now), 1):
        is_error = problem.severity == "error"
        if number <= MAX_PROBLEMS or (is_error and not has_error):
            found.setdefault((problem.path, str(problem)), problem)
        has_error = has_error or is_error
        if has_error and number >= MAX_PROBLEMS:
            break
    return list(found.values())


def _problems(obj: dict[str, Any], now: datetime) -> Iterator[Problem]:
    properties = _properties(obj)
    yield from _schema_problems(obj)
    yield from _time_problems(obj, properties, now)
    yield from _reference_problems(obj, properties)
    yield from _marking_problems(obj)
    yield from _content_problems(obj, properties)


def _identity_problems(obj: Any) -> Iterator[Problem]:
    if not isinstance(obj, dict):
        yield Problem("", N_("A STIX object must be a JSON object."))
        return
    stix_type, identifier = obj.get("type"), obj.get("id")
    if not isinstance(stix_type, str) or not stix_type:
        yield Problem("type", N_("A STIX object must have a type."))
    elif stix_type == "bundle":
        yield Problem("type", N_("A bundle is no object; send the objects in it."))
    elif not is_stix_id(identifier, stix_type):
        # lower case only: two spellings of one id would be two objects
        yield Problem(
            "id",
            N_("The id must be “%(type)s--” and a UUID in lower case."),
            {"type": stix_type[:100]},
        )


def _kind(obj: dict[str, Any]) -> str:
    """Return "sdo", "sro", "sco" or "meta"; for a type not in STIX by what the object claims."""
    known = known_types().get(obj["type"])
    if known:
        return known
    extensions = obj.get("extensions")
    claims = [
        extension.get("extension_type")
        for extension in (extensions.values() if isinstance(extensions, dict) else ())
        if isinstance(extension, dict)
    ]
    if "new-sco" in claims:
        return "sco"
    return "sdo" if "created" in obj or "new-sdo" in claims or "new-sro" in claims else "sco"


def _schema_problems(obj: dict[str, Any]) -> Iterator[Problem]:
    stix_type = obj["type"]
    kind = _kind(obj)
    find = type_validator if "objects" in obj else current_validator
    validator = find(stix_type) if stix_type in known_types() else type_validator(kind)
    yield from _of_schema(validator, obj, "error")
    if kind != "sco" and obj.get("spec_version") not in ("2.1", None):
        # None is the schema's to refuse
        yield Problem("spec_version", N_("Only STIX 2.1 is accepted."))
    if (kind == "sco" or stix_type == "marking-definition") and obj.get("revoked"):
        yield Problem("revoked", N_("An object of this type has no versions to be revoked."))
    extensions = obj.get("extensions")
    borne = EXTENSIONS & set(extensions) if isinstance(extensions, dict) else frozenset()
    for extension_id in sorted(borne):
        # Drafts of the others differ; what does not fit is kept and shown.
        severity: Severity = "error" if extension_id in STRICT_EXTENSIONS else "warning"
        known = without_slips(extension_id, obj)
        yield from _of_schema(extension_validator(extension_id), known, severity)
    for path, message, params in suite_findings(obj):
        yield Problem(path, message, params, "warning")


def _of_schema(validator: Any, obj: Mapping[str, Any], severity: Severity) -> Iterator[Problem]:
    for error in validator.iter_errors(obj):
        if error.instance_path == ["key"] and str(obj.get("key")).startswith("HKEY_"):
            # the schema means abbreviated hives at the beginning, and finds them anywhere
            continue
        if error.instance_path == ["value"] and _is_underscored(validator, obj):
            continue
        message, params = sentence(error)
        yield Problem(_path(error.instance_path), message, params, severity)


def _is_underscored(validator: Any, obj: Mapping[str, Any]) -> bool:
    """Whether a domain name is one but for underscores, which the DNS knows (RFC 8552)."""
    value = obj.get("value")
    if obj["type"] != "domain-name" or not isinstance(value, str) or "_" not in value:
        return False
    return bool(validator.is_valid({**obj, "value": value.replace("_", "a")}))


def _path(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


# times


def _time_problems(
    obj: dict[str, Any], properties: list[Property], now: datetime
) -> Iterator[Problem]:
    for path, name, value in properties:
        if name in TIME_NAMES and isinstance(value, str):
            found = moment(value)
            if found is None:
                if is_written_as_timestamp(value):  # otherwise the schema has said it
                    yield Problem(path, N_("There is no such date or time."))
            elif found[0].year > LAST_YEAR:
                yield Problem(
                    path, N_("The time lies after the year %(year)s."), {"year": LAST_YEAR}
                )
    limit = (now.astimezone(UTC) + CLOCK_TOLERANCE, "")
    for name in ("created", "modified"):
        when = moment(obj.get(name))
        if when and when[0].year <= LAST_YEAR and when > limit:
            yield Problem(
                name, N_("The time lies in the future; check the clock of the sending system.")
            )
    for earlier, later, strictly in ORDERED:
        first, second = moment(obj.get(earlier)), moment(obj.get(later))
        if first and second and (second < first or (strictly and second == first)):
            yield Problem(
                later,
                N_("“%(later)s” must not lie before “%(earlier)s”."),
                {"later": later, "earlier": earlier},
            )


def _properties(obj: dict[str, Any]) -> list[Property]:
    """Return path, name and value of the properties, at any depth, that more than a schema reads."""
    found: list[Property] = []
    waiting: list[tuple[str, Any]] = [("", obj)]  # no recursion: the depth is not ours
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in _READ or name.endswith(("_ref", "_refs")):
                    found.append((f"{path}.{name}" if path else name, name, inner))
                if isinstance(inner, dict | list):
                    waiting.append((f"{path}.{name}" if path else name, inner))
        else:
            waiting += [
                (f"{path}[{index}]", inner)
                for index, inner in enumerate(value)
                if isinstance(inner, dict | list)
            ]
    return found


# references


def _reference_problems(obj: dict[str, Any], properties: list[Property]) -> Iterator[Problem]:
    # the objects inside a deprecated observed-data refer to each other by local names
    local = "objects." if obj["type"] == "observed-data" else None
    for path, name, value in properties:
        if local is not None and path.startswith(local):
            continue
        if name.endswith("_ref"):
            references = [(path, value)]
        elif name.endswith("_refs") and isinstance(value, list):
            references = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        else:
            continue
        targets = TARGETS.get(name)
        for place, reference in references:
            if not is_stix_id(reference):
                yield Problem(place, N_("A reference must be the id of an object, in lower case."))
            elif targets and reference.partition("--")[0] not in targets:
                yield Problem(
                    place,
                    N_("This must refer to an object of the type %(types)s."),
                    {"types": ", ".join(targets)},
                )


# markings


def _marking_problems(obj: dict[str, Any]) -> Iterator[Problem]:
    if obj["type"] != "marking-definition":
        return
    published = published_marking(obj["id"])
    if published is not None:
        if not is_same_marking(obj, published):
            yield Problem(
                "id",
                N_("This id belongs to %(name)s, and the object is not the published one."),
                {"name": published["name"]},
            )
        return
    extensions = obj.get("extensions")
    keys = set(extensions) if isinstance(extensions, dict) else set()
    if obj.get("definition_type") == "tlp" or keys & {TLP_EXTENSION, PAP_EXTENSION}:
        yield Problem(
            "id", N_("TLP and PAP have published marking definitions; use those, make no others.")
        )


# content


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|[xi](?:-[A-Za-z0-9]{1,8})+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_SAFE_LINK = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def _content_problems(obj: dict[str, Any], properties: list[Property]) -> Iterator[Problem]:
    if obj["type"] == "indicator" and obj.get("pattern_type") == "stix":
        try:
            check_pattern(str(obj.get("pattern")))
        except InvalidInputError as error:
            yield Problem("pattern", error.message, error.params)
    if isinstance(obj.get("lang"), str) and not _LANGUAGE.fullmatch(obj["lang"]):
        yield Problem("lang", N_("This is no language tag (RFC 5646)."))
    yield from _external_reference_problems(obj)
    for path, message, params in content_findings(obj):
        yield Problem(path, message, params)
    for path, name, value in properties:
        if name in _SHOWN and isinstance(value, str) and _DIRECTION.search(value):
            yield Problem(
                path,
                N_("This holds invisible direction marks; it may read as something else."),
                severity="warning",
            )


def _external_reference_problems(obj: dict[str, Any]) -> Iterator[Problem]:
    references = obj.get("external_references")
    for index, reference in enumerate(references if isinstance(references, list) else ()):
        if not isinstance(reference, dict):
            continue
        path = f"external_references[{index}]"
        source, identifier = reference.get("source_name"), reference.get("external_id")
        if source == "cve" and isinstance(identifier, str) and not _CVE.fullmatch(identifier):
            yield Problem(f"{path}.external_id", N_("This is no CVE number."))
        url = reference.get("url")
        if isinstance(url, str) and not _SAFE_LINK.match(url):
            yield Problem(
                f"{path}.url",
                N_("This link is not shown: it is no web address."),
                severity="warning",
            )
