"""How strong the evidence of an answer is, by one written rule. Plain values."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from cirt.errors import N_


class Strength(StrEnum):
    """How well an answer is evidenced; shown beside its level, never part of it."""

    NONE = "none"
    WEAK = "weak"
    MEDIUM = "medium"
    STRONG = "strong"


STRENGTH_NAMES: Mapping[Strength, str] = MappingProxyType(
    {
        Strength.NONE: N_("No evidence"),
        Strength.WEAK: N_("Weak evidence"),
        Strength.MEDIUM: N_("Medium evidence"),
        Strength.STRONG: N_("Strong evidence"),
    }
)

STRENGTH_RULE = N_(
    "Evidence is strong with an attached file or with two different kinds, medium with a document"
    " referred to or an observation, and weak with interviews alone. It never changes the level."
)


def strength(kinds: Collection[str]) -> Strength:
    """Return the strength of pieces of evidence of these kinds, by STRENGTH_RULE."""
    different = set(kinds)
    if not different:
        return Strength.NONE
    if "file" in different or len(different) > 1:
        return Strength.STRONG
    return Strength.WEAK if different == {"interview"} else Strength.MEDIUM
