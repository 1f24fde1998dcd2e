"""Codes that people type: numbers of actions and findings, ids of questions."""

import re
from collections.abc import Collection

from cirt.errors import N_, InvalidInputError

_BETWEEN = re.compile(r"[\s,;،؛、，]+")
MAX_CODES = 2_000  # characters


def codes_in(text: str | None, known: Collection[str], *, field: str) -> tuple[str, ...]:
    """Return the codes of a typed list, each once, as `known` writes them.

    Small letters and digits of other scripts are read as well. Raises InvalidInputError, naming
    the field and the first code that is not known.
    """
    proper = {code.casefold(): code for code in known}
    found: dict[str, None] = {}
    for typed in _BETWEEN.split((text or "").strip()):
        if not typed:
            continue
        plain = "".join(str(int(one)) if one.isdecimal() else one for one in typed)
        code = proper.get(plain.casefold())
        if code is None:
            raise InvalidInputError(
                N_("“%(code)s” is not known here. Write the codes as the page shows them."),
                field=field,
                code=typed[:40],
            )
        found[code] = None
    return tuple(found)
