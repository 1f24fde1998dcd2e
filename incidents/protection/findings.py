"""Which personal data the content of an incident holds."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from cirt.incidents.protection.contacts import is_pseudonym
from cirt.incidents.protection.detection import detect
from cirt.incidents.protection.fields import (
    VALUE,
    ChangedObservable,
    Path,
    Text,
    detectors_for,
    texts,
    value_strings,
)
from cirt.incidents.protection.kinds import (
    Finding,
    Kind,
    Spot,
    key_of,
)
from cirt.incidents.protection.matching import Entry, Matcher
from cirt.incidents.protection.people import persons
from cirt.incidents.protection.reading import Reading, folded_reading, folded_words, plain
from cirt.incidents.protection.spellings import Found, entries_of, forms_of
from cirt.stix.content import IncidentContent, ObservableContent

CONTEXT: Final = 40

_WHOLE: Final = {
    "email-addr": (("value",), Kind.EMAIL),
    "user-account": (("account_login", "user_id"), Kind.ACCOUNT),
    "mac-addr": (("value",), Kind.VICTIM_ADDRESS),
}
_VICTIM: Final = {
    "ipv4-addr": Kind.VICTIM_ADDRESS,
    "ipv6-addr": Kind.VICTIM_ADDRESS,
    "mac-addr": Kind.VICTIM_ADDRESS,
    "email-addr": Kind.EMAIL,
    "user-account": Kind.ACCOUNT,
}
_SUBJECT_NAME: Final = re.compile(
    r"(?:CN|SN|GN|givenName|surname)[ ]?=[ ]?(?P<name>[^\W\d_][^,/+=.\d@]{1,60}[ ][^,/+=.\d@]{1,60})",
    re.IGNORECASE,
)
METADATA_LINE: Final = re.compile(
    r"^[^\S\n]*[\"']?(?:author|authors|contact|e-?mail|reporter|maintainer|analyst|created_by)[\"']?"
    r"[^\S\n]*[:=].*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line of a rule that says who wrote it and detects nothing."""

TextKey = tuple[str, int | None, Path]


class Search:
    """All findings of a content, and where each of them stands in each text."""

    def __init__(
        self, content: IncidentContent, known_names: Iterable[str], marked: Iterable[str]
    ) -> None:
        self.content = content
        self.found: list[Found] = []
        self.spans: dict[TextKey, dict[tuple[int, int], int]] = defaultdict(dict)
        self._index: dict[tuple[Kind, str], int] = {}
        self._own_contact = folded_words(content.producer.contact or "")
        self._texts = list(texts(content))
        self._plain = [plain(text.text) for text in self._texts]
        for text, reading in zip(self._texts, self._plain, strict=True):
            self._detect(text, reading)
        self._take_victims()
        for words in marked:
            self._note(Kind.MARKED, words, folded_words(words))
        for name in known_names:
            if len(folded_words(name)) > 2:
                self._note(Kind.PERSON, name, folded_words(name), is_known_name=True)
        self.matcher = Matcher(self.entries(range(len(self.found))))
        self._match()

    def findings(self) -> tuple[Finding, ...]:
        """Return what stands anywhere, in the order of first appearance."""
        spots: dict[int, list[Spot]] = defaultdict(list)
        for text in self._texts:
            spans = self.spans.get(_key(text), {})
            for (start, end), owner in sorted(spans.items()):
                spots[owner].append(_spot(text, start, end))
        return tuple(
            Finding(
                key=key_of(one.kind, one.canonical),
                kind=one.kind,
                value=one.value,
                canonical=one.canonical,
                spots=tuple(spots[owner]),
                default=one.default,
            )
            for owner, one in enumerate(self.found)
            if spots[owner]
        )

    def entries(self, owners: Iterable[int]) -> Iterable[Entry]:
        """Return what a matcher needs to find the values of these findings."""
        for owner in owners:
            yield from entries_of(self.found[owner], owner)

    def _detect(self, text: Text, reading: Reading) -> None:
        one = self._observable_at(text)
        observable = one.observable if one else None
        if isinstance(one, ChangedObservable) and text.place == VALUE:
            return
        self._take_whole(text, one)
        hits = detect(reading.text, detectors_for(text, observable))
        for hit in hits:
            start, end = reading.span(hit.start, hit.end)
            spelled = reading.text[hit.start : hit.end]
            canonical = folded_words(hit.canonical or spelled)
            if hit.kind is Kind.EMAIL and self._is_nobody(canonical):
                continue
            marks = self._marks(text, one, hit.kind, start)
            owner = self._note(hit.kind, text.text[start:end], canonical, marks=marks)
            self.found[owner].forms.add(folded_words(spelled))
            self.spans[_key(text)].setdefault((start, end), owner)
        if text.place == "indicators.pattern":
            self._take_authors(text)

    def _take_whole(self, text: Text, one: ObservableContent | None) -> None:
        """Values that are personal data by the kind of the observable."""
        if one is None or text.place != VALUE:
            return
        names, kind = _WHOLE.get(one.observable.type, ((), Kind.ACCOUNT))
        found: list[tuple[int, int, Kind]] = []
        if text.path[0] in names:
            found.append((0, len(text.text), kind))
        elif one.observable.type == "user-account" and text.path[0] == "display_name":
            found.append((0, len(text.text), Kind.PERSON))
        elif one.observable.type == "x509-certificate":
            found += [
                (*match.span("name"), Kind.PERSON) for match in _SUBJECT_NAME.finditer(text.text)
            ]
        marks = {"victim"} if one.is_victim else {"indicator"} if one.is_indicator else set()
        for start, end, each in found:
            value = text.text[start:end].strip()
            canonical = folded_words(value)
            if not canonical or self._is_nobody(canonical) or is_pseudonym(value):
                continue
            owner = self._note(each, value, canonical, marks=marks)
            self.spans[_key(text)].setdefault((start, end), owner)

    def _take_authors(self, text: Text) -> None:
        for line in METADATA_LINE.finditer(text.text):
            reading = plain(line[0])
            for hit in persons(reading.text):
                start, end = reading.span(hit.start, hit.end)
                value = line[0][start:end]
                owner = self._note(Kind.PERSON, value, folded_words(value))
                span = (line.start() + start, line.start() + end)
                self.spans[_key(text)].setdefault(span, owner)

    def _take_victims(self) -> None:
        for item, one in enumerate(self.content.observables):
            if not one.is_victim or isinstance(one, ChangedObservable):
                continue
            kind = _VICTIM.get(one.observable.type, Kind.VICTIM_HOST)
            forms = forms_of(one.observable)
            if not forms:
                continue
            owner = self._note(kind, one.observable.value, forms[0], marks={"victim"})
            self.found[owner].forms |= set(forms)
            for path, text in value_strings(one.observable):
                self.spans[(VALUE, item, path)].setdefault((0, len(text)), owner)

    def _match(self) -> None:
        for text, reading in zip(self._texts, self._plain, strict=True):
            spans = self.spans[_key(text)]
            folded = folded_reading(reading)
            for match in self.matcher.matches(text.text, folded, in_prose=text.is_prose):
                span = (match.start, match.end)
                if not any(
                    owner == match.owner and start <= span[0] and span[1] <= end
                    for (start, end), owner in spans.items()
                ):
                    spans.setdefault(span, match.owner)

    def _note(
        self,
        kind: Kind,
        value: str,
        canonical: str,
        *,
        marks: Iterable[str] = (),
        is_known_name: bool = False,
    ) -> int:
        owner = self._index.setdefault((kind, canonical), len(self.found))
        if owner == len(self.found):
            found = Found(kind, canonical, value, {canonical, folded_words(value)})
            found.is_known_name = is_known_name
            self.found.append(found)
        self.found[owner].marks |= set(marks)
        return owner

    def _observable_at(self, text: Text) -> ObservableContent | None:
        if text.item is None or not text.place.startswith("observables."):
            return None
        return self.content.observables[text.item]

    def _marks(
        self, text: Text, one: ObservableContent | None, kind: Kind, start: int
    ) -> frozenset[str]:
        """What the place of a detection says about whose data it is."""
        if text.place == "indicators.pattern":
            lines = METADATA_LINE.finditer(text.text)
            said = any(line.start() <= start < line.end() for line in lines)
            return frozenset() if said or kind is Kind.ACCOUNT else frozenset({"indicator"})
        if one is None or one.is_victim or not one.is_indicator:
            return frozenset()
        if text.place == "observables.pattern":
            return frozenset() if kind is Kind.ACCOUNT else frozenset({"indicator"})
        # a mail address in the URL of the attack is mostly the victim's
        own = kind is Kind.URL_USERINFO or one.observable.type == "x509-certificate"
        return frozenset({"indicator"}) if text.place == VALUE and own else frozenset()

    def _is_nobody(self, canonical: str) -> bool:
        return canonical == self._own_contact or canonical.endswith("@pseudonym.invalid")


def find(
    content: IncidentContent, *, known_names: Iterable[str] = (), marked: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Return the personal data that a machine can find, each value once, in order of appearance.

    known_names: names to look for besides. marked: words that a person marked by hand.
    """
    return Search(content, known_names, marked).findings()


def _spot(text: Text, start: int, end: int) -> Spot:
    before = text.text[max(0, start - CONTEXT) : start]
    return Spot(
        text.place,
        text.item,
        start,
        end,
        ("…" if start > CONTEXT else "") + before,
        text.text[start:end],
        text.text[end : end + CONTEXT] + ("…" if end + CONTEXT < len(text.text) else ""),
    )


def _key(text: Text) -> TextKey:
    return (text.place, text.item, text.path)
