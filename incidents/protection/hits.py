"""What a detector answers."""

from dataclasses import dataclass

from cirt.incidents.protection.kinds import Kind


@dataclass(frozen=True, slots=True)
class Hit:
    """Personal data at start:end of a plain reading.

    canonical: the form in which two spellings of it are equal; None for the folded text itself.
    """

    kind: Kind
    start: int
    end: int
    canonical: str | None = None
