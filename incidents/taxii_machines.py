"""The machines that poll, as one process knows them: their tokens by digest, and what was noted.

What can change of a token is asked for each time (see `taxii_door`).
"""

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from cirt.access import Actor
from cirt.db import Database
from cirt.incidents.taxii_door import Visitor
from cirt.machine_sign_in import machine_in
from cirt.settings import Settings

KEPT: Final = 10_000
"""Most machines at one collection each that one process remembers."""


@dataclass(slots=True, kw_only=True)
class Machine(Visitor):
    """A machine at a collection, with when its polls and deliveries were noted last."""

    actor: Actor
    known: tuple[bytes, str]
    is_kept: bool = False
    noted_at: float = -1e9
    served_to: int = 0
    served_at: float = -1e9


class Machines:
    """Machines by what they send as their authorization, the oldest forgotten first."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.kept: OrderedDict[tuple[bytes, str], Machine] = OrderedDict()

    def machine(self, authorization: str, digest: bytes, collection: str) -> Machine | None:
        """Return the machine that may read collections, None if this shows none.

        digest: of its authorization, by which it is remembered: tokens do not stay in memory.
        collection: its id, as in the address.
        """
        known = digest, collection
        machine = self.kept.get(known)
        if machine is None:
            actor = machine_in(self.database, self.settings, authorization)
            if actor is None or "taxii.read" not in (actor.scopes or ()) or not actor.token_id:
                return None
            machine = Machine(
                token_id=actor.token_id,
                administration_id=actor.administration_id,
                collection_id=uuid.UUID(collection),
                actor=actor,
                known=known,
            )
        return machine

    def keep(self, machine: Machine) -> None:
        """Remember a machine that may read the collection."""
        while len(self.kept) >= KEPT:
            self.kept.popitem(last=False)
        machine.is_kept = True
        self.kept[machine.known] = machine

    def forget(self, machine: Machine) -> None:
        """Forget a machine that may not read the collection, or not any more."""
        self.kept.pop(machine.known, None)
