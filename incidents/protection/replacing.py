"""Texts without the values that must not leave them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cirt.incidents.protection.findings import Search
from cirt.incidents.protection.kinds import Action, Decision, key_of
from cirt.incidents.protection.matching import Matcher
from cirt.incidents.protection.pseudonyms import pseudonym
from cirt.incidents.protection.reading import folded
from cirt.incidents.protection.wording import BLACK, generalised, mask_of
from cirt.strictjson import DEFAULT

DROP: Final = "drop"
"""What `removed` says of an observable or a rule that is left out with the value in it."""

_STRENGTH: Final = {Action.MASK: 3, Action.PSEUDONYM: 2, Action.GENERALISE: 1, Action.KEEP: 0}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """What leaves a text: start:end of it, and whose it is."""

    start: int
    end: int
    owner: int


class Replacing:
    """What stands for each finding of a search, by the decisions on them; and what was done."""

    def __init__(
        self, search: Search, decisions: Mapping[str, Decision], *, secret: bytes, language: str
    ) -> None:
        self.search = search
        self.language = language
        self.decisions = [
            decisions.get(key_of(one.kind, one.canonical), one.default) for one in search.found
        ]
        self.leaving = [
            owner for owner, each in enumerate(self.decisions) if each.action is not Action.KEEP
        ]
        self._matcher = Matcher(search.entries(self.leaving))
        self.words = {owner: self._words(owner, secret) for owner in self.leaving}
        self.counts: Counter[tuple[str, str, str, str]] = Counter()

    def spans(self, key: tuple[str, int | None, tuple[str | int, ...]]) -> list[Span]:
        """Return what leaves a text, overlaps joined, in order."""
        leaving = sorted(
            Span(start, end, owner)
            for (start, end), owner in self.search.spans.get(key, {}).items()
            if self.decisions[owner].action is not Action.KEEP
        )
        joined: list[Span] = []
        for span in leaving:
            last = joined[-1] if joined else None
            if last is None or span.start >= last.end:
                joined.append(span)
                continue
            owner = max(last.owner, span.owner, key=lambda each: (self._strength(each), -each))
            joined[-1] = Span(last.start, max(last.end, span.end), owner)
        return joined

    def holds(self, text: str) -> bool:
        """Whether a value that must not leave stands in a text."""
        return next(self._matcher.matches(text, folded(text)), None) is not None

    def clean(self, place: str, item: int | None, path: tuple[str | int, ...], text: str) -> str:
        """Return a text without what must leave it."""
        spans = self.spans((place, item, path))
        if not spans:
            return text
        for span in spans:
            self.note(span.owner, place, self.decisions[span.owner].action.value)
        changed = _joined(text, spans, self.words)
        if len(changed) > DEFAULT.max_string:
            changed = _joined(text, spans, dict.fromkeys(self.leaving, "▇"))
        # what two neighbours make together must not be one of them
        return BLACK if self.holds(changed) else changed

    def note(self, owner: int, place: str, action: str) -> None:
        """Count what was done to a finding."""
        reason = self.decisions[owner].reason
        if reason and self.holds(reason):
            reason = ""
        self.counts[(self.search.found[owner].kind.value, place, action, reason)] += 1

    def _strength(self, owner: int) -> int:
        return _STRENGTH[self.decisions[owner].action]

    def _words(self, owner: int, secret: bytes) -> str:
        one, decision = self.search.found[owner], self.decisions[owner]
        mask = mask_of(one.kind, self.language)
        found = mask
        if decision.action is Action.PSEUDONYM:
            found = pseudonym(secret, one.kind, one.canonical)
        elif decision.action is Action.GENERALISE:
            found = decision.replacement or generalised(one.kind, one.canonical, self.language)
        return next((words for words in (found, mask) if not self.holds(words)), BLACK)


def _joined(text: str, spans: Iterable[Span], words: Mapping[int, str]) -> str:
    parts: list[str] = []
    done = 0
    for span in spans:
        parts += text[done : span.start], words[span.owner]
        done = span.end
    return "".join([*parts, text[done:]])
