"""The pass itself: content in, content without what must not leave out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cirt.incidents.protection.fields import Path, with_prose
from cirt.incidents.protection.findings import Search
from cirt.incidents.protection.kinds import Decision, Finding
from cirt.incidents.protection.replacing import Replacing
from cirt.incidents.protection.values import without_patterns, without_values
from cirt.incidents.protection.wording import BLACK
from cirt.stix.content import IncidentContent

MOST_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class Protected:
    """What is left for one audience.

    removed: what was taken out or changed, as `Release.removed` keeps it: {"kind", "place",
    "action", "reason", "count"}, never a value. Its action is mask, generalise, pseudonym, or drop
    for an observable or a rule that is left out with the value in it. findings: all of them, the
    kept ones too.
    """

    content: IncidentContent
    removed: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]

    @property
    def is_changed(self) -> bool:
        """Whether the audience sees anything else than what was recorded."""
        return bool(self.removed)


def protect(
    content: IncidentContent,
    decisions: Mapping[str, Decision],
    *,
    secret: bytes,
    known_names: Iterable[str] = (),
) -> Protected:
    """Return the content as an audience may have it; the same input gives the same output.

    content: the whole of it; parts that this audience does not get are cut afterwards, since a
    host of the victim must leave the description as well. decisions: by key of the finding; a
    finding without one gets its default. secret: the key of this audience's pseudonyms.
    known_names: as in `find`. What was protected once is protected: again changes nothing.
    """
    names = tuple(known_names)
    marked = sorted({each.literal for each in decisions.values() if each.literal})
    counts: Counter[tuple[str, str, str, str]] = Counter()
    findings: dict[str, Finding] = {}
    for left in reversed(range(MOST_ROUNDS)):
        search = Search(content, names, marked)
        for finding in search.findings():
            findings.setdefault(finding.key, finding)
        replacing = Replacing(search, decisions, secret=secret, language=content.language)
        # texts that make new findings again and again are worth no more words
        content = _without(content, replacing, blacken=left == 0)
        counts += replacing.counts
        if not replacing.counts:
            break
    removed = tuple(
        {"kind": kind, "place": place, "action": action, "reason": reason, "count": count}
        for (kind, place, action, reason), count in sorted(counts.items())
    )
    return Protected(content, removed, tuple(findings.values()))


def _without(content: IncidentContent, replacing: Replacing, *, blacken: bool) -> IncidentContent:
    if not replacing.leaving:
        return content

    def change(place: str, item: int | None, path: Path, text: str) -> str:
        changed = replacing.clean(place, item, path, text)
        return BLACK if blacken and changed != text else changed

    cleaned = with_prose(content, change)
    observables = [
        without_values(replacing, item, one) for item, one in enumerate(cleaned.observables)
    ]
    indicators = [
        without_patterns(replacing, item, rule) for item, rule in enumerate(cleaned.indicators)
    ]
    return replace(
        cleaned,
        observables=tuple(one for one in observables if one is not None),
        indicators=tuple(rule for rule in indicators if rule is not None),
    )
