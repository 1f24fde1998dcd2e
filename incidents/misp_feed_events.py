"""The events of a circle's MISP feed: converted some at a time, and kept in memory for a while.

They are kept under the digests of all that they are made of: what changed, was withdrawn or was
erased is never found again.
"""

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from cirt import strictjson
from cirt.incidents.circle_models import Collection
from cirt.incidents.misp_feed import FeedEvent, MispFeed, bodies_of, told_of
from cirt.stix.misp_content import Loss
from cirt.stix.misp_exchange import Shared, export_reports

AT_ONCE: Final = 25
"""Events of one run of the limited process; MISP asks for one after the other."""

KEPT_BYTES: Final = 32_000_000

_OWN: Final = strictjson.Limits(max_bytes=100_000_000, max_string=50_000_000)


@dataclass(frozen=True, slots=True)
class Made:
    """A converted event: the file, what is not in it, and the digests of its values."""

    body: bytes
    losses: tuple[Loss, ...]
    hashes: tuple[str, ...]


def hashes(made: Mapping[uuid.UUID, Made]) -> bytes:
    """Return hashes.csv: MD5 of each value of an event, and the event's UUID."""
    lines = [f"{digest},{key}\n" for key, one in made.items() for digest in one.hashes]
    return "".join(lines).encode()


def made_events(
    session: Session, collection: Collection, feed: MispFeed, wanted: Sequence[FeedEvent]
) -> dict[uuid.UUID, Made]:
    """Return the events asked for; what is not in memory is converted, with some that follow."""
    found = {one.uuid: kept for one in wanted if (kept := _KEPT.get(one.key))}
    missing = [one for one in wanted if one.uuid not in found]
    if missing and len(missing) < AT_ONCE:
        place = feed.events.index(missing[0])
        following = [one for one in feed.events[place:] if one not in missing]
        ahead = [one for one in following if one.key not in _KEPT]
        missing = (missing + ahead)[:AT_ONCE]
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        shared = [_shared(session, collection, one) for one in part]
        for one, export in zip(part, export_reports(shared), strict=True):
            made = Made(export.body, (*one.losses, *export.losses), _hashes(export.body))
            _KEPT.put(one.key, made)
            found[one.uuid] = made
    return {one.uuid: found[one.uuid] for one in wanted}


def _shared(session: Session, collection: Collection, event: FeedEvent) -> Shared:
    held = bodies_of(session, collection, event.parts)
    objects = tuple(held[ref] for ref in event.parts if ref in held)
    said = told_of(
        objects,
        event.root_id,
        event_uuid=event.uuid,
        producer=event.producer,
        tlp=event.tlp,
        at=event.changed_at,
    )
    return Shared(said, objects, event.cover)


def _hashes(body: bytes) -> tuple[str, ...]:
    event = strictjson.loads(body, _OWN)["Event"]
    attributes = [*event["Attribute"], *(a for one in event["Object"] for a in one["Attribute"])]
    values = (
        part
        for one in attributes
        for part in (one["value"].split("|") if "|" in one["type"] else [one["value"]])
    )
    digests = (hashlib.md5(value.encode(), usedforsecurity=False) for value in values)
    return tuple(dict.fromkeys(digest.hexdigest() for digest in digests))


class _Memory:
    """Converted events by key, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Made] = OrderedDict()
        self._bytes = 0

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str) -> Made | None:
        """Return what is kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, made: Made) -> None:
        """Keep an event, and forget the oldest ones beyond the limit."""
        with self._lock:
            if key in self._kept:
                self._bytes -= len(self._kept.pop(key).body)
            self._kept[key] = made
            self._bytes += len(made.body)
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= len(self._kept.popitem(last=False)[1].body)


_KEPT: Final = _Memory()
