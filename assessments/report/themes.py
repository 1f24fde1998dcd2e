"""Which questions belong to the subject of a chapter, by the crosswalk of each question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cirt.assessments.instruments.model import Crosswalk, Question

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Theme:
    """Ids of published models; a question that is mapped to one of them belongs to the chapter.

    provisions: beginnings of ids in the registry.
    """

    un_64_211: frozenset[str] = _NONE
    sim3: frozenset[str] = _NONE
    gci: frozenset[str] = _NONE
    provisions: tuple[str, ...] = ()

    def holds(self, crosswalk: Crosswalk) -> bool:
        """Whether a question with this crosswalk belongs here."""
        return bool(
            self.un_64_211.intersection(crosswalk.un_64_211)
            or self.sim3.intersection(crosswalk.sim3)
            or self.gci.intersection(crosswalk.gci)
            or any(each.startswith(self.provisions) for each in crosswalk.provisions)
        )


def _numbered(stem: str, *numbers: int) -> frozenset[str]:
    return frozenset(f"{stem}{number}" for number in numbers)


THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        "threats": Theme(un_64_211=_numbered("UN211-", 2, 3), provisions=("R52-",)),
        "law": Theme(un_64_211=_numbered("UN211-", 13, 14, 15), gci=_numbered("GCI-L", 1, 2)),
        "institutions": Theme(
            un_64_211=_numbered("UN211-", 6, 7),
            sim3=frozenset({"O-2", "O-10"}),
            gci=frozenset({"GCI-O2"}),
        ),
        "capability": Theme(
            sim3=frozenset({"O-1", "O-3", "O-4", "P-6", "P-9"}), gci=frozenset({"GCI-T2"})
        ),
        "services": Theme(sim3=_numbered("O-", 5, 7, 8)),
        "people": Theme(sim3=_numbered("H-", 1, 2, 3, 4, 5, 6), gci=_numbered("GCI-C", 2, 3)),
        "tools": Theme(
            sim3=_numbered("T-", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) | {"P-11", "P-12"},
        ),
        "cooperation": Theme(
            un_64_211=_numbered("UN211-", 12, 16, 17),
            sim3=frozenset({"O-9", "H-7", "P-17"}),
            gci=_numbered("GCI-P", 1, 2, 3),
        ),
    }
)


def themes_of(questions: Sequence[Question]) -> dict[str, tuple[str, ...]]:
    """Return, by chapter id, the ids of these questions that belong to its subject."""
    return {
        chapter: tuple(each.id for each in questions if theme.holds(each.crosswalk))
        for chapter, theme in THEMES.items()
    }
