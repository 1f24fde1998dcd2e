"""A world of sharing as plain sets: who may see what, without a database and without the product."""

import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

from cirt.stix.marking import TLP

Key = tuple[str, str]  # STIX id and version


class Thing(NamedTuple):
    """An object version: whose, of which type, which of the world's words it holds, if revoked."""

    owner: uuid.UUID
    type: str
    words: frozenset[str]
    revoked: bool = False


@dataclass
class World:
    """Members (reads, contributes) by collection; direct collections have one reader; what each holds.

    held: in the order of arrival; gone: what was erased but stands for its object still.
    """

    members: dict[uuid.UUID, dict[uuid.UUID, tuple[bool, bool]]] = field(default_factory=dict)
    confidential: set[uuid.UUID] = field(default_factory=set)
    direct: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    held: dict[uuid.UUID, dict[Key, Thing]] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)

    def knows(self, who: uuid.UUID, where: uuid.UUID) -> bool:
        return who in self.members.get(where, {}) or self.direct.get(where) == who

    def readers(self, where: uuid.UUID) -> set[uuid.UUID]:
        own = {self.direct[where]} if where in self.direct else set()
        return own | {who for who, (reads, _) in self.members.get(where, {}).items() if reads}

    def may_release(self, who: uuid.UUID, where: uuid.UUID, tlp: TLP, ceiling: TLP) -> bool:
        readers = self.readers(where)
        if where in self.direct:
            allowed = self.direct[where] != who
        else:
            allowed = self.members[where].get(who, (False, False))[1]
        enough = len(readers) >= 4 if where in self.confidential else bool(readers - {who})
        return allowed and enough and tlp is not TLP.RED and tlp <= ceiling

    def seen(self, who: uuid.UUID, where: uuid.UUID) -> dict[Key, Thing]:
        here = self.held.get(where, {}) if who in self.readers(where) else {}
        return {key: thing for key, thing in here.items() if key not in self.gone}

    def latest(self, who: uuid.UUID, where: uuid.UUID) -> dict[Key, Thing]:
        here = self.held.get(where, {})
        last = {stix_id: (stix_id, version) for stix_id, version in sorted(here)}
        return {key: one for key, one in self.seen(who, where).items() if last[key[0]] == key}
