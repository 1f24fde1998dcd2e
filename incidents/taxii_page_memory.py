"""Pages that were asked for before, in the memory of one process: as bytes ready to be sent."""

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

from cirt.incidents.taxii_door import Standing

KEPT_BYTES: Final = 12_000_000
"""Most bytes of pages that one process keeps in memory, with what keeping each one costs."""

_KEEPING: Final = 1_500  # bytes beside a page's own: its place, its standing, its headers
_LONGEST_QUERY: Final = 500


class Place(NamedTuple):
    """Where a page is kept. path: what follows the collection's address. alone: for whom alone.

    encoding: what the client accepts, as `taxii_encoding.wish` says it.
    """

    collection: str
    path: str
    query: str
    alone: uuid.UUID | None
    encoding: int


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: the bytes, their headers, how many items, up to which position of the feed."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    items: int
    seq: int
    more: bool


def weight(place: Place, page: Page) -> int:
    """Return what a kept page costs: an empty one, too, takes its place in memory."""
    return len(page.body) + len(place.path) + len(place.query) + _KEEPING


class Pages:
    """Pages by address, the least recently asked for dropped first."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self.most = most
        self.size = 0
        self.lock = threading.Lock()
        self.kept: OrderedDict[Place, tuple[Standing, Page]] = OrderedDict()

    def get(self, place: Place, standing: Standing) -> Page | None:
        """Return the page of an address if the feed stands where it stood when it was made."""
        with self.lock:
            found = self.kept.get(place)
            if found is None or found[0] != standing:
                return None
            self.kept.move_to_end(place)
            return found[1]

    def keep(self, place: Place, standing: Standing, page: Page) -> None:
        """Keep a page for the next who asks."""
        size = weight(place, page)
        if size > self.most // 4 or len(place.query) > _LONGEST_QUERY:
            return
        with self.lock:
            before = self.kept.pop(place, None)
            if before is not None:
                self.size -= weight(place, before[1])
            self.kept[place] = (standing, page)
            self.size += size
            while self.size > self.most:
                oldest, (_standing, dropped) = self.kept.popitem(last=False)
                self.size -= weight(oldest, dropped)
