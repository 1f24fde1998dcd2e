"""Pages that were asked for before, in the memory of one process: as bytes ready to be sent."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

from cirt.incidents.taxii_door import Standing
from cirt.operations.metrics import Tally

KEPT_BYTES: Final = 12_000_000
"""Most bytes of pages that one process keeps in memory, with what keeping each one costs."""

READY_BYTES: Final = 2_000_000
"""Most bytes of answers that stay ready, apart from what they share with the pages."""

_LARGEST_READY: Final = 100_000  # sending more than that costs far more than finding it
_KEEPING: Final = 1_500  # bytes beside a page's own: its place, its standing, its headers
_LONGEST_QUERY: Final = 500


Place = tuple[str, str, str, int]
"""Where a page is kept: path, query, for whom alone, and the client's `taxii_encoding.Wish`.

A tuple of nothing but texts and a number: one is made and looked up for every question, and no
other thread gets its turn meanwhile, so that looking needs no lock.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: the bytes and their headers.

    tally: where it is counted. items: how many. served_to: up to which position of the feed bodies
    go out with it; 0: none. more: whether something follows.
    """

    body: bytes
    headers: tuple[tuple[str, str], ...]
    tally: Tally
    items: int
    served_to: int
    more: bool


def weight(place: Place, page: Page) -> int:
    """Return what a kept page costs: an empty one, too, takes its place in memory."""
    return len(page.body) + len(place[0]) + len(place[1]) + _KEEPING


class Pages:
    """Pages by address, the least recently asked for dropped first."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self.most = most
        self.size = 0
        self.lock = threading.Lock()
        self.kept: OrderedDict[Place, tuple[Standing, Page]] = OrderedDict()

    def get(self, place: Place) -> tuple[Standing, Page] | None:
        """Return the page of an address, with where its feed stood when it was made."""
        return self.kept.get(place)

    def touch(self, place: Place) -> None:
        """Note that a page was given out."""
        try:
            self.kept.move_to_end(place)
        except KeyError:  # another thread dropped it meanwhile
            return

    def keep(self, place: Place, standing: Standing, page: Page) -> None:
        """Keep a page for the next who asks."""
        size = weight(place, page)
        if size > self.most // 4 or len(place[1]) > _LONGEST_QUERY:
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


Asked = tuple[str, str, str, str, bytes]
"""What was asked, and by whom: path, query, Accept, Accept-Encoding, digest of the authorization."""


class Ready(NamedTuple):
    """An answer that is given again to who asks the same again, without looking at anything else.

    Only until then, by the door's clock, and while the database is of this generation.
    """

    page: Page
    until: float
    generation: int


class ReadyAnswers:
    """Small answers of the last moment, all forgotten when they are too many."""

    def __init__(self, most: int = READY_BYTES) -> None:
        self.most = most
        self.size = 0
        self.lock = threading.Lock()
        self.kept: dict[Asked, Ready] = {}

    def keep(self, asked: Asked, ready: Ready) -> None:
        """Keep an answer for a moment."""
        size = len(ready.page.body) + _KEEPING
        if size > _LARGEST_READY or len(asked[1]) > _LONGEST_QUERY:
            return
        with self.lock:
            before = self.kept.get(asked)
            if before is not None:
                self.size -= len(before.page.body) + _KEEPING
            elif self.size + size > self.most:
                self.kept.clear()
                self.size = 0
            self.kept[asked] = ready
            self.size += size
