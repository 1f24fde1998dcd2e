"""One thing that was received, and where it stands for the administration that got it."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cirt.incidents.circle_models import Collection
from cirt.incidents.inbox_models import ReceivedItem
from cirt.stix.marking import TLP


class State(enum.StrEnum):
    """Where an item stands for this administration."""

    NEW = "new"
    UPDATE = "update"  # a newer version of something accepted
    ACCEPTED = "accepted"
    MERGED = "merged"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    OWN = "own"  # what this administration released itself


@dataclass(frozen=True)
class Item:
    """One item of the inbox: a report, a grouping or a loose object, in its latest version.

    one: the object; empty when its body was erased or its producer took it back. version: in the
    form that sorts as text. own_id: whether the id is one of the own administration's, whoever
    sent it.
    """

    collection: Collection
    stix_id: str
    type: str
    owner_id: uuid.UUID
    version: str
    written_version: str
    digest: str
    seq: int
    added_at: datetime
    tlp: TLP
    via: str
    state: State
    decision: ReceivedItem | None
    own_id: bool
    one: Mapping[str, Any] = field(repr=False)

    @property
    def is_gone(self) -> bool:
        """Return whether there is no content to be shown."""
        return not self.one

    @property
    def title(self) -> str:
        """Return the first thing that the object says of itself; "" if it has no title."""
        for name in ("name", "abstract", "value", "content", "description", "pattern"):
            if self.one.get(name):
                return str(self.one[name])[:300]
        return ""
