"""Tables as CSV that a spreadsheet opens without running anything in it (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take UTF-8 for a local code page

# what makes a spreadsheet take a text for a formula, also where it comes in full width; a tab or
# a line break in front is dropped by some before they look
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | Decimal | None


def csv_bytes(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as UTF-8 CSV with a byte order mark; the same table gives the same bytes.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, which the
    spreadsheet does not show. Numbers stay numbers; None is an empty cell.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(header) for header in headers])
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    return (BYTE_ORDER_MARK + out.getvalue()).encode("utf-8")


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
