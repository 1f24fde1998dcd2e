"""What became of objects that came together from outside (see `strict_door`)."""

import enum
from dataclasses import dataclass, field
from typing import Any

from cirt.errors import DomainError
from cirt.incidents.object_store import Incoming


class Source(enum.StrEnum):
    """Where objects come from."""

    MACHINE = "taxii"  # an administration's machine, in its own name, into an audience
    FILE = "file"  # relayed: whoever made the objects, somebody else brings them
    PEER = "peer"  # relayed by another installation

    @property
    def is_relayed(self) -> bool:
        """Return whether the objects keep the claims of others about who made them."""
        return self is not Source.MACHINE


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one object stays outside. place: from 0, in what was sent."""

    place: int
    stix_id: str
    version: str
    error: DomainError

    @property
    def sentence(self) -> str:
        """Return why, in English, after the property that it is about."""
        return f"{self.error.field}: {self.error}" if self.error.field else str(self.error)

    def as_kept(self) -> dict[str, Any]:
        """Return it as JSON, for a page that translates it when somebody looks.

        path: the property that it is about, "" for none.
        """
        return {
            "id": self.stix_id,
            "path": self.error.field or "",
            "message": self.error.message,
            "params": self.error.kept_params,
        }


@dataclass
class Examined:
    """What becomes of the objects that came together, by their place.

    names: id and version of each, made up where it has none. claims: the `created_by_ref` that
    each accepted object bears; of what was relayed it is a claim, not a fact. noted: places of
    what was taken for what it says and is not kept, such as receipts.
    """

    names: list[tuple[str, str]]
    accepted: dict[int, Incoming] = field(default_factory=dict)
    refused: dict[int, DomainError] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)
    noted: set[int] = field(default_factory=set)

    def refuse(self, place: int, error: DomainError) -> None:
        """Take one object out, and say why."""
        self.refused[place] = error
        self.accepted.pop(place, None)
        self.claims.pop(place, None)

    def note(self, place: int) -> None:
        """Take one object out that has done its work."""
        self.noted.add(place)
        del self.accepted[place]

    @property
    def refusals(self) -> list[Refusal]:
        """Return what stays outside, in the order in which it came."""
        return [
            Refusal(place, *self.names[place], error)
            for place, error in sorted(self.refused.items())
        ]
