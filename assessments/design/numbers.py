"""Numbers that people type, read exactly, and numbers shown without false precision."""

import re
from fractions import Fraction

from cirt.errors import N_, InvalidInputError

# Arabic-Indic and Persian digits, the Arabic decimal and thousands signs
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,3}((,|\u066c|\u00a0|\u202f| )[0-9]{3})+(\.[0-9]+)?")


def amount(
    text: str, *, field: str, least: int = 0, most: int = 10**12, places: int = 0
) -> Fraction:
    """Return a typed number exactly, from `least` to `most` with so many decimals at the most.

    A comma before one or two last digits is a decimal sign; between groups of three it is none.
    Raises InvalidInputError, with the field, for anything else.
    """
    typed = text.strip().translate(_DIGITS)
    if _GROUPED.fullmatch(typed):
        typed = re.sub("[,\u066c\u00a0\u202f ]", "", typed)
    else:
        typed = typed.replace(",", ".")
    if not _PLAIN.fullmatch(typed) or len(typed) > 20:
        raise InvalidInputError(N_("Write a number with digits, such as 40 or 37.5."), field=field)
    if len(typed.partition(".")[2].rstrip("0")) > places:
        if places == 0:
            raise InvalidInputError(N_("Write a whole number."), field=field)
        raise InvalidInputError(
            N_("Write at most %(places)s digits after the point."), field=field, places=places
        )
    value = Fraction(typed)
    if not least <= value <= most:
        raise InvalidInputError(
            N_("Write a number from %(least)s to %(most)s."), field=field, least=least, most=most
        )
    return value


def kept(value: Fraction) -> str:
    """Return a number of few decimals as it is stored: "37.5", "40"."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return text or "0"


def half_up(value: Fraction, places: int = 1) -> str:
    """Return a number that is not negative with this many decimals, half up: 2.25 is "2.3"."""
    scale = 10**places
    whole = (value * scale * 2 + 1) // 2
    return f"{whole // scale:,}" + (f".{whole % scale:0{places}d}" if places else "")


def brief(value: Fraction) -> str:
    """Return a number with one decimal where it has any, else none: "1,476", "37.5"."""
    return half_up(value, 0 if value.denominator == 1 else 1)


def outwards(low: int, high: int | None, figures: int = 3) -> tuple[int, int | None]:
    """Return bounds rounded to so many figures, the lower one down and the upper one up."""
    return _step(low, figures)[0], None if high is None else _step(high, figures)[1]


def _step(value: int, figures: int) -> tuple[int, int]:
    unit = int(10 ** max(0, len(str(value)) - figures))
    below = value // unit * unit
    return below, below if below == value else below + unit
