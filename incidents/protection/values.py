"""Observables and rules without the values that must not leave with them."""

from dataclasses import replace
from typing import Any, Final

from cirt.errors import InvalidInputError
from cirt.incidents.protection.fields import (
    VALUE,
    changed_observable,
    strings,
    value_strings,
    with_strings,
)
from cirt.incidents.protection.findings import METADATA_LINE
from cirt.incidents.protection.kinds import Action
from cirt.incidents.protection.replacing import DROP, Replacing
from cirt.incidents.protection.spellings import Found
from cirt.incidents.protection.wording import network_of, parent_domain
from cirt.stix.content import IndicatorContent, ObservableContent
from cirt.stix.observables import Observable, observable

_WITH_HASHES: Final = frozenset({"file", "x509-certificate"})
_UNDIVIDED: Final = frozenset(
    {"ipv4-addr", "ipv6-addr", "mac-addr", "domain-name", "email-addr", "autonomous-system"}
)
_INVALID: Final = "pseudonym.invalid"


def without_values(
    replacing: Replacing, item: int, one: ObservableContent
) -> ObservableContent | None:
    """Return an observable as it may leave; None if nothing of it may.

    A masked value detects nothing, so the observable is left out with its indicator; of a file
    or a certificate that is known by its hash as well, the hash stays.
    """
    one = _without_pattern(replacing, item, one)
    owners = _owners(replacing, item, one.observable)
    if not owners:
        return one
    changed = _changed(replacing, item, one, owners)
    action = DROP if changed is None else None
    for owner in owners:
        replacing.note(owner, VALUE, action or replacing.decisions[owner].action.value)
    return changed


def without_patterns(
    replacing: Replacing, item: int, rule: IndicatorContent
) -> IndicatorContent | None:
    """Return a rule as it may leave: without lines that name its author; None if none is left."""
    place = "indicators.pattern"
    spans = replacing.spans((place, item, ()))
    if not spans:
        return rule
    lines = [line.span() for line in METADATA_LINE.finditer(rule.pattern)]
    is_author = [
        any(start <= span.start and span.end <= end for start, end in lines) for span in spans
    ]
    if rule.pattern_type == "stix" or not all(is_author):
        for span in spans:
            replacing.note(span.owner, place, DROP)
        return None
    for span in spans:
        replacing.note(span.owner, place, Action.MASK.value)
    kept = rule.pattern
    for start, end in reversed(lines):
        if any(start <= span.start and span.end <= end for span in spans):
            kept = kept[:start] + kept[end:].removeprefix("\n")
    return None if replacing.holds(kept) or not kept.strip() else replace(rule, pattern=kept)


def _without_pattern(replacing: Replacing, item: int, one: ObservableContent) -> ObservableContent:
    place = "observables.pattern"
    spans = replacing.spans((place, item, ()))
    if not spans:
        return one
    for span in spans:
        replacing.note(span.owner, place, DROP)
    return replace(one, pattern=None, pattern_type="stix", is_indicator=False)


def _owners(replacing: Replacing, item: int, found: Observable) -> list[int]:
    owners = {
        span.owner
        for path, _text in value_strings(found)
        for span in replacing.spans((VALUE, item, path))
    }
    return sorted(owners)


def _changed(
    replacing: Replacing, item: int, one: ObservableContent, owners: list[int]
) -> ObservableContent | None:
    actions = {replacing.decisions[owner].action for owner in owners}
    if Action.MASK in actions:
        return _by_hash(replacing, item, one)
    candidates = []
    if len(owners) == 1 and _is_whole(replacing, item, one.observable):
        candidates.append(_whole(replacing, one.observable, owners[0]))
    candidates.append(_inline(replacing, item, one.observable))
    for candidate in candidates:
        fitting = _fitting(candidate)
        if fitting is not None and not _holds(replacing, fitting):
            # who has the hash looks for the hash, whatever the name is
            by_hash = one.is_indicator and one.pattern is None and "hashes" in fitting.properties
            return changed_observable(one, fitting, is_indicator=by_hash)
    return _by_hash(replacing, item, one)


def _by_hash(replacing: Replacing, item: int, one: ObservableContent) -> ObservableContent | None:
    """What is left of a file or a certificate without the properties that name somebody."""
    found = one.observable
    if found.type not in _WITH_HASHES or not found.properties.get("hashes"):
        return None
    left = {
        name: value
        for name, value in found.properties.items()
        if not any(replacing.spans((VALUE, item, (name, *path))) for path, _text in strings(value))
    }
    if not left.get("hashes"):
        return None
    return replace(one, observable=Observable(found.type, left))


def _is_whole(replacing: Replacing, item: int, found: Observable) -> bool:
    """Whether the observable is one text, and all of it is a finding."""
    (path, text), *more = value_strings(found)
    spans = replacing.spans((VALUE, item, path))
    return not more and len(spans) == 1 and spans[0].end - spans[0].start == len(text)


def _whole(replacing: Replacing, found: Observable, owner: int) -> Observable | None:
    """Return the observable that stands for one whose whole value is a finding."""
    finding, decision = replacing.search.found[owner], replacing.decisions[owner]
    value = str(found.properties.get("value", ""))
    if decision.action is Action.PSEUDONYM:
        return _pseudonym(found.type, replacing.words[owner])
    if decision.replacement:
        return _made(found.type, decision.replacement)
    if found.type == "email-addr":
        return _made("domain-name", value.rpartition("@")[2])
    if found.type == "domain-name":
        return _made(found.type, parent_domain(value))
    if found.type in ("ipv4-addr", "ipv6-addr"):
        return _made(found.type, network_of(value))
    return _made(found.type, _text_of(replacing, finding, owner))


def _text_of(replacing: Replacing, finding: Found, owner: int) -> str:
    return replacing.words[owner] if finding.kind.value == "account" else ""


def _pseudonym(type_name: str, word: str) -> Observable | None:
    if type_name == "email-addr":
        return _made(type_name, f"{word}@{_INVALID}")
    if type_name == "domain-name":
        return _made(type_name, f"{word.lower()}.invalid")
    return _made(type_name, word) if type_name == "user-account" else None


def _made(type_name: str, value: str) -> Observable | None:
    try:
        return observable(type_name, value)
    except InvalidInputError:
        return None


def _inline(replacing: Replacing, item: int, found: Observable) -> Observable | None:
    """Return the observable with the words of the replacement within its value."""
    if found.type in _UNDIVIDED:
        return None

    def change(path: tuple[str | int, ...], text: str) -> str:
        done, parts = 0, []
        for span in replacing.spans((VALUE, item, path)):
            parts += [text[done : span.start], replacing.words[span.owner]]
            done = span.end
        return "".join([*parts, text[done:]])

    properties: dict[str, Any] = with_strings(found.properties, change)
    return Observable(found.type, properties)


def _fitting(candidate: Observable | None) -> Observable | None:
    if candidate is None:
        return None
    try:
        return candidate.canonical()
    except InvalidInputError:
        return None


def _holds(replacing: Replacing, found: Observable) -> bool:
    return any(replacing.holds(text) for _path, text in value_strings(found))
