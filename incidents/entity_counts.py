"""How many of each kind of entity were hit. Knows no web and no database."""

import re
from collections.abc import Mapping

from cirt.errors import N_, InvalidInputError

MOST = 1_000_000_000_000
MAX_KINDS = 40

_KIND = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def checked_counts(counts: Mapping[str, int], name: str) -> dict[str, int]:
    """Return the counts by kind of entity, in alphabetical order.

    0 says that there were none; a kind that is absent was not counted (incident core extension,
    entity-count). Kinds outside the vocabulary are kept. Raises InvalidInputError, naming the
    field `name`.
    """
    if len(counts) > MAX_KINDS:
        raise InvalidInputError(N_("Name at most %(most)s."), field=name, most=MAX_KINDS)
    for kind, number in counts.items():
        if len(kind) > 60 or not _KIND.fullmatch(kind):
            raise InvalidInputError(N_("Choose one of the entries of the list."), field=name)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
            raise InvalidInputError(
                N_("Give each number as digits, from 0 to %(most)s."), field=name, most=MOST
            )
    return dict(sorted(counts.items()))
