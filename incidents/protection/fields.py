"""Which texts of an incident's content may hold personal data, and where they stand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cirt.incidents.protection.detection import CODE, PROSE, Detector
from cirt.incidents.protection.word_lists import word_set
from cirt.stix.content import IncidentContent, ObservableContent
from cirt.stix.observables import Observable

Path = tuple[str | int, ...]

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("title", "description"),
    "impacts": ("description", "details"),
    "tasks": ("name", "description"),
    "observables": ("comment", "pattern"),
    "indicators": ("name", "comment", "pattern"),
}
"""Fields that people fill with words, by the list they stand in; details is a mapping of them."""

CODES: Final = word_set("""
    id reference language rsit determination investigation_status pap key category recoverability
    superseded_by outcome pattern_type type code contact identity_class producer iep tlp
    detection_methods impacted_entity_counts sectors techniques indicator_types task_types counts
    """)
"""Fields that hold identifiers, words of closed lists, or what the team itself is called."""

_CODE_FIELDS: Final = frozenset({"observables.pattern", "indicators.pattern"})
_CODE_TYPES: Final = frozenset(
    {"url", "file", "process", "windows-registry-key", "mutex", "x509-certificate"}
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the content.

    place: path of its field. item: position in its list. path: of a text within a mapping.
    """

    place: str
    item: int | None
    path: Path
    text: str

    @property
    def is_prose(self) -> bool:
        """Whether people wrote it in sentences."""
        return self.place not in _CODE_FIELDS and self.place != VALUE


VALUE: Final = "observables.value"


def texts(content: IncidentContent) -> Iterator[Text]:
    """Return every text of the content that may hold personal data, observables' values too."""
    for name in FIELDS[""]:
        yield Text(name, None, (), getattr(content, name))
    for group in ("impacts", "tasks", "observables", "indicators"):
        for item, one in enumerate(getattr(content, group)):
            for name in FIELDS[group]:
                for path, text in strings(getattr(one, name)):
                    yield Text(f"{group}.{name}", item, path, text)
    for item, one in enumerate(content.observables):
        for path, text in value_strings(one.observable):
            yield Text(VALUE, item, path, text)


def value_strings(observable: Observable) -> Iterator[tuple[Path, str]]:
    """Return the texts of an observable; the number of a network as people write it."""
    yield from strings(observable.properties)
    if "number" in observable.properties:
        yield ("number",), f"AS{observable.properties['number']}"


def strings(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Return the texts within a JSON value."""
    if isinstance(value, str):
        if value:
            yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from strings(inner, (*path, name))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from strings(inner, (*path, index))


def with_strings(value: Any, change: Callable[[Path, str], str], path: Path = ()) -> Any:
    """Return a JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(path, value) if value else value
    if isinstance(value, Mapping):
        return {name: with_strings(inner, change, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        changed = [with_strings(inner, change, (*path, i)) for i, inner in enumerate(value)]
        return tuple(changed) if isinstance(value, tuple) else changed
    return value


Change = Callable[[str, int | None, Path, str], str]


def with_prose(content: IncidentContent, change: Change) -> IncidentContent:
    """Return the content with its texts changed, but for values and patterns."""
    changed: dict[str, Any] = {
        name: change(name, None, (), getattr(content, name)) for name in FIELDS[""]
    }
    for group in ("impacts", "tasks", "observables", "indicators"):
        changed[group] = tuple(
            _with_fields(group, item, one, change)
            for item, one in enumerate(getattr(content, group))
        )
    return replace(content, **changed)


def _with_fields(group: str, item: int, one: Any, change: Change) -> Any:
    fields = {
        name: with_strings(
            getattr(one, name),
            lambda path, text, place=f"{group}.{name}": change(place, item, path, text),  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        )
        for name in FIELDS[group]
        if f"{group}.{name}" not in _CODE_FIELDS
    }
    before = {name: getattr(one, name) for name in fields}
    return one if fields == before else replace(one, **fields)


def detectors_for(text: Text, observable: Observable | None) -> tuple[Detector, ...]:
    """Return the detectors that make sense in a text."""
    if text.is_prose:
        return PROSE
    if text.place != VALUE:
        return CODE
    assert observable is not None  # noqa: S101 - a value belongs to an observable
    if text.path[0] in ("hashes", "message_id"):
        return ()
    if observable.type == "email-message":
        return PROSE
    return CODE if observable.type in _CODE_TYPES else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedObservable(ObservableContent):
    """An observable that stands for a more precise one which does not leave."""


def changed_observable(
    one: ObservableContent, observable: Observable, *, is_indicator: bool = False
) -> ChangedObservable:
    """Return an observable with another value, which nobody needs to look for elsewhere."""
    return ChangedObservable(
        observable=observable,
        is_indicator=is_indicator,
        comment=one.comment,
        first_observed=one.first_observed,
        last_observed=one.last_observed,
        count=one.count,
        withdrawn=one.withdrawn,
        is_victim=one.is_victim,
    )
