"""What the form of a case holds, and which of it fits. Knows no web and no database."""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cirt import capabilities, taxonomies, vocabularies
from cirt.errors import N_, InvalidInputError
from cirt.incidents.entity_counts import checked_counts
from cirt.stix.extensions import DETERMINATIONS, INVESTIGATION_STATUSES
from cirt.stix.marking import TLP

UNDETERMINED = 'rsit:other="undetermined"'
MAX_TITLE = 300
MAX_TEXT = 20_000
MAX_COMMENT = 2_000
MAX_CODES = 60
LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTRY = re.compile(r"[A-Z]{2}")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


@dataclass(frozen=True, kw_only=True)
class CaseDetails:
    """The fields of a case as a person fills them in.

    sectors, failed, held: ids of cirt.taxonomies and cirt.capabilities. countries: two-letter
    codes. techniques: ATT&CK ids. pap: id of a PAP label, "" if not said. detection_methods: words
    of the incident suite. entity_counts: kind of entity -> how many were hit. readers: users who
    may read it while it is TLP:RED.
    """

    title: str
    description: str = ""
    language: str = "en"
    rsit: str = UNDETERMINED
    severity: int | None = None
    tlp: TLP = TLP.AMBER_STRICT
    determination: str = "suspected"
    investigation_status: str = "new"
    detected_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reported_at: datetime | None = None
    sectors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    pap: str = ""
    detection_methods: tuple[str, ...] = ()
    entity_counts: Mapping[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    readers: frozenset[uuid.UUID] = field(default_factory=frozenset)


def checked(details: CaseDetails, *, now: datetime) -> CaseDetails:
    """Return the details in their stored form: one spelling for each thing.

    Raises InvalidInputError, naming the field, with a sentence that says what would fit.
    """
    _check_lists(details)
    _check_times(details, now)
    title = " ".join(plain_text(details.title, "title", MAX_TITLE).split())
    if not title:
        raise InvalidInputError(N_("Give the incident a title."), field="title")
    return replace(
        details,
        title=title,
        description=plain_text(details.description, "description", MAX_TEXT),
        sectors=tuple(name for name in taxonomies.sectors() if name in details.sectors),
        countries=_codes(details.countries, "countries", _COUNTRY, _NO_COUNTRY),
        techniques=_codes(details.techniques, "techniques", _TECHNIQUE, _NO_TECHNIQUE),
        detection_methods=_known_first(details.detection_methods),
        entity_counts=checked_counts(details.entity_counts, "entity_counts"),
        failed=tuple(sorted(set(details.failed))),
        held=tuple(sorted(set(details.held))),
    )


def check_moment(name: str, moment: datetime | None, now: datetime) -> None:
    """Raise InvalidInputError, naming the field, for a time that cannot have been yet."""
    if moment is not None and moment < _EARLIEST:
        raise InvalidInputError(N_("Check the year; it lies before 1970."), field=name)
    # clocks differ by a little
    if moment is not None and moment > now + timedelta(minutes=10):
        raise InvalidInputError(N_("This time lies in the future (times are in UTC)."), field=name)


def plain_text(text: str, name: str, most: int) -> str:
    """Return a text with plain line ends and no space around it.

    Raises InvalidInputError for more than `most` characters, and for control characters, which
    neither databases nor exchange formats carry.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > most:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters; it has %(length)s."),
            field=name,
            most=most,
            length=len(text),
        )
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in text):
        raise InvalidInputError(
            N_("The text holds a control character that cannot be stored; take it out."), field=name
        )
    return text


_NO_COUNTRY = N_("“%(code)s” is no country code; write two letters each, such as XB XC.")
_NO_TECHNIQUE = N_("“%(code)s” is no ATT&CK technique; write ids such as T1566 T1059.001.")


def _codes(
    codes: tuple[str, ...], name: str, shape: re.Pattern[str], message: str
) -> tuple[str, ...]:
    found = sorted({code.strip().upper() for code in codes if code.strip()})
    for code in found:
        if not shape.fullmatch(code):
            raise InvalidInputError(message, field=name, code=code[:40])
    if len(found) > MAX_CODES:
        raise InvalidInputError(N_("Name at most %(most)s."), field=name, most=MAX_CODES)
    return tuple(found)


def _known_first(words: tuple[str, ...]) -> tuple[str, ...]:
    known = vocabularies.word_lists()["detection-methods"].words
    return (*(word for word in known if word in words), *sorted({*words} - {*known}))


def _check_lists(details: CaseDetails) -> None:
    known = capabilities.capabilities()
    fits = {
        "language": details.language in LANGUAGES,
        "rsit": details.rsit in taxonomies.incident_types(),
        "severity": details.severity is None or details.severity in range(6),
        "determination": details.determination in DETERMINATIONS,
        "investigation_status": details.investigation_status in INVESTIGATION_STATUSES,
        "sectors": set(details.sectors) <= set(taxonomies.sectors()),
        "pap": details.pap in ("", *vocabularies.pap_labels()),
        # an open vocabulary: a word of somebody else's is kept
        "detection_methods": all(
            len(word) <= 60 and _WORD.fullmatch(word) for word in details.detection_methods
        ),
        "failed": set(details.failed) <= set(known),
        "held": set(details.held) <= set(known),
    }
    for name, fit in fits.items():
        if not fit:
            raise InvalidInputError(N_("Choose one of the entries of the list."), field=name)
    for both in sorted(set(details.failed) & set(details.held)):
        raise InvalidInputError(
            N_("“%(capability)s” cannot have failed and held; choose one."),
            field="held",
            capability=known[both].name.english,
        )


def _check_times(details: CaseDetails, now: datetime) -> None:
    times = {
        "started_at": details.started_at,
        "detected_at": details.detected_at,
        "ended_at": details.ended_at,
        "reported_at": details.reported_at,
    }
    for name, moment in times.items():
        check_moment(name, moment, now)
    if details.started_at is None:
        return
    for name, message in (
        (
            "ended_at",
            N_("The incident cannot have ended before it started; correct one of the two."),
        ),
        (
            "detected_at",
            N_("It cannot have been detected before it started; correct one of the two."),
        ),
        (
            "reported_at",
            N_("It cannot have been reported before it started; correct one of the two."),
        ),
    ):
        moment = times[name]
        if moment is not None and moment < details.started_at:
            raise InvalidInputError(message, field=name)
