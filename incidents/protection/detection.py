"""All detectors over one text."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cirt.incidents.protection import contacts, numbers, people
from cirt.incidents.protection.hits import Hit

Detector = Callable[[str], Iterable[Hit]]

# in the order in which one find hides another that overlaps it
PROSE: Final[tuple[Detector, ...]] = (
    contacts.credentials,
    contacts.emails,
    numbers.bank_accounts,
    contacts.folders,
    numbers.national_ids,
    contacts.places,
    numbers.phones,
    people.persons,
    contacts.accounts,
)
"""For texts that people write."""

CODE: Final[tuple[Detector, ...]] = (
    contacts.credentials,
    contacts.emails,
    numbers.bank_accounts,
    contacts.folders,
)
"""For patterns, commands and paths, where words mean something else."""


def detect(text: str, detectors: Iterable[Detector]) -> Iterator[Hit]:
    """Return the personal data in a plain reading, without overlaps, in the order of detectors."""
    taken = bytearray(len(text))
    for detector in detectors:
        for hit in detector(text):
            if hit.start < hit.end and not any(taken[hit.start : hit.end]):
                taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
                yield hit
