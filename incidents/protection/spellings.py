"""Under which spellings the value of a finding is looked for in other texts."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cirt.incidents.protection.fields import strings
from cirt.incidents.protection.kinds import INDICATOR, Action, Decision, Kind
from cirt.incidents.protection.matching import Entry
from cirt.incidents.protection.reading import folded_words
from cirt.stix.observables import Observable

_NUMBERS: Final = frozenset({Kind.PHONE, Kind.BANK_ACCOUNT, Kind.NATIONAL_ID})
_FEWEST_DIGITS: Final = 7


@dataclass(slots=True)
class Found:
    """A piece of personal data while it is being looked for.

    forms: folded spellings of it. marks: "indicator" and "victim", from where it was detected.
    """

    kind: Kind
    canonical: str
    value: str
    forms: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    is_known_name: bool = False

    @property
    def default(self) -> Decision:
        """What happens to it if nobody decides."""
        if "indicator" in self.marks and "victim" not in self.marks:
            return Decision(action=Action.KEEP, reason=INDICATOR)
        return Decision(action=Action.MASK)


def entries_of(one: Found, owner: int) -> Iterator[Entry]:
    """Return what a matcher needs to find the value of a finding."""
    for form in sorted(one.forms):
        yield from _forms(one, form, owner)
    if one.kind in _NUMBERS:
        digits = re.sub(r"[\W_]", "", one.canonical).lower()
        if len(digits) >= _FEWEST_DIGITS:
            yield Entry(digits, owner, is_number=True)


def _forms(one: Found, form: str, owner: int) -> Iterator[Entry]:
    if one.kind is not Kind.PERSON:
        yield Entry(form, owner)
        return
    yield from _bending(form, owner, is_name=one.is_known_name)
    parts = form.split()
    for count in range(2, len(parts)):
        # what was read as the end of the name may be the next word of the sentence
        yield Entry(" ".join(parts[:count]), owner)
    words = one.value.split()
    last = folded_words(words[-1]) if len(words) > 1 else ""
    if len(last) > 3 and words[-1][0].isupper() and last.isalpha():
        yield from _bending(last, owner, is_name=True)


def _bending(form: str, owner: int, *, is_name: bool) -> Iterable[Entry]:
    """A name as it is, and in Russian also with another ending."""
    yield Entry(form, owner, is_name=is_name)
    if re.search("[а-я]", form) and form[-1].isalpha() and len(form) > 4:
        # the letters that end a name in the nominative, some of them folded into Latin ones
        stem = form[:-1] if form[-1] in "aяиoe" else form
        yield Entry(stem, owner, may_bend=True, is_name=is_name)


def forms_of(observable: Observable) -> list[str]:
    """Return the folded spellings under which an observable may stand in a text."""
    properties = observable.properties
    if "number" in properties:
        return [f"as{properties['number']}"]
    found = [folded_words(text) for path, text in strings(properties) if path[0] != "message_id"]
    value = str(properties.get("value", ""))
    if observable.type == "ipv6-addr" and "/" not in value:
        found.append(ipaddress.ip_address(value).exploded)
    if observable.type == "url":
        host = re.sub(r"^[^/]*//(?:[^/@]*@)?([^/:?#]*).*", r"\1", value)
        found.append(folded_words(host))
    return [form for form in found if form]
