"""What the design annex says, as plain values for pages and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cirt.assessments.design.assumptions import Assumptions
from cirt.assessments.design.budget import Budget
from cirt.assessments.design.checklists import Checklist, Item
from cirt.assessments.design.crosswalk import Said
from cirt.assessments.design.description import FIELDS, Field, missing
from cirt.assessments.design.services import Choices, Level, Period, Service, services
from cirt.assessments.design.staffing import Need
from cirt.localtext import LocalText


@dataclass(frozen=True)
class Saved:
    """Whether a part was saved. revision: 0 while it was not; by, at: who saved it last, and when."""

    revision: int = 0
    by: str = ""
    at: datetime | None = None


NOT_SAVED = Saved()


@dataclass(frozen=True)
class Checked:
    """One item of a preparation list with what is noted about it and what the answers say.

    said: the answers of this assessment on it. state: "open", "in-hand" or "done".
    """

    item: Item
    state: str
    owner: str
    note: str
    revision: int
    said: tuple[Said, ...]

    @property
    def evidence(self) -> int:
        """Pieces of evidence noted for the questions on it."""
        return sum(one.evidence for one in self.said)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is missing: "question", "answer", "evidence"; empty where nothing is.

        An item that speaks of no SIM3 parameter asks for none of these.
        """
        if not self.item.sim3:
            return ()
        if not self.said:
            return ("question",)
        found = []
        if any(one.level is None for one in self.said):
            found.append("answer")
        if not self.evidence:
            found.append("evidence")
        return tuple(found)


@dataclass(frozen=True)
class Preparation:
    """A preparation list as it stands."""

    checklist: Checklist
    items: tuple[Checked, ...]

    def count(self, state: str) -> int:
        """Return how many items are in a state."""
        return sum(1 for one in self.items if one.state == state)


@dataclass(frozen=True)
class TeamDescription:
    """The description of the team in one language. fields: by key, "" for empty."""

    language: str
    fields: Mapping[str, str]
    saved: Saved

    @property
    def missing(self) -> tuple[Field, ...]:
        """What a reader looks for and does not find, or finds with a gap."""
        return missing(self.fields)

    @property
    def written(self) -> int:
        """How many fields say something."""
        return sum(1 for one in FIELDS if self.fields.get(one.key))


@dataclass(frozen=True)
class ServiceRow:
    """One service with its level in each period, and its name in the reader's language."""

    service: Service
    name: LocalText
    levels: Mapping[Period, Level]


@dataclass(frozen=True)
class DesignContent:
    """The whole design annex of one assessment.

    needs: posts by period. saved: by part (annex.SERVICES …). descriptions: by language.
    preparations: by id of the list.
    """

    choices: Choices
    assumptions: Assumptions
    needs: Mapping[Period, Need]
    budget: Budget
    descriptions: Mapping[str, TeamDescription]
    preparations: Mapping[str, Preparation]
    saved: Mapping[str, Saved]
    names: Mapping[str, LocalText] = field(default_factory=dict)

    def saved_part(self, part: str) -> Saved:
        """Return when a part was saved last."""
        return self.saved.get(part, NOT_SAVED)

    @property
    def rows(self) -> tuple[ServiceRow, ...]:
        """The services in the order of the framework."""
        return tuple(
            ServiceRow(
                one, self.names[one.id], {when: self.choices.level(one.id, when) for when in Period}
            )
            for one in services()
        )

    @property
    def is_begun(self) -> bool:
        """Whether anybody has saved anything of it."""
        noted = any(one.revision for each in self.preparations.values() for one in each.items)
        return bool(self.saved) or noted
