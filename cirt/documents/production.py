"""A document as PDF, made in a limited process of its own: what a request calls.

Nothing here loads the typesetting, so the serving process stays small.
"""

from dataclasses import dataclass

from cirt.documents.json_form import to_json
from cirt.documents.model import Document
from cirt.limited import run_limited

TIMEOUT_SECONDS = 30
MEMORY_BYTES = 700_000_000


@dataclass(frozen=True)
class Rendered:
    """A PDF, and the characters that no font has: they are printed as U+FFFD, sorted here."""

    pdf: bytes
    missing: tuple[str, ...]


def produce_pdf(document: Document) -> bytes:
    """Return the document as PDF.

    Raises LimitedProcessError when that takes too long or too much memory.
    """
    return produce(document).pdf


def produce(document: Document) -> Rendered:
    """Return the document as PDF with what could not be printed, as cirt.documents.pdf.render does."""
    answer = run_limited(
        "cirt.documents.process",
        to_json(document),
        timeout_seconds=TIMEOUT_SECONDS,
        memory_bytes=MEMORY_BYTES,
    )
    missing, _, pdf = answer.partition(b"\n")
    return Rendered(pdf, tuple(missing.decode()))
