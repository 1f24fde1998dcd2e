"""Machines that write and poll for as long as a history lasts, whatever becomes of the servers."""

import re
import time
from array import array
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.exchange.live_site import BUSY, Answer, CutError, Machine, envelope

NEXT = re.compile(rb'"next": ?"([^"]+)"')

MORE = re.compile(rb'"more": ?true')


@dataclass
class Writer(Machine):
    """Sends envelopes until its share is sent, each until it is acknowledged.

    kept: first and last number of acknowledged envelopes. doubtful: of those that were cut off and
    not sent again: all of it is there in the end, or nothing.
    """

    number: int = 0
    share: int = 0
    most: int = 5
    kept: list[range] = field(default_factory=list)
    doubtful: list[range] = field(default_factory=list)
    cuts: int = 0
    busy: int = 0

    @property
    def acknowledged(self) -> int:
        """Return how many objects were acknowledged so far, or given up."""
        return sum(map(len, [*self.kept, *self.doubtful]))

    def run(self) -> None:
        """Send the whole share."""
        sent = 0
        while sent < self.share and not self.site.faults:
            size = min(
                self.chance.choice([1, 3, self.most // 2 or 1, self.most]), self.share - sent
            )
            self._send(range(sent, sent + size))
            sent += size
        self.close()

    def _send(self, numbers: range) -> None:
        body = envelope(self.number, numbers)
        if self.chance.random() < 0.05:
            self.ask_and_leave("POST", self.site.path, body)
            self.cuts += 1
            if self.chance.random() < 0.3:
                self.doubtful.append(numbers)
                return
        while not self.site.faults:
            try:
                answer = self.ask("POST", self.site.path, body)
            except CutError:
                self.cuts += 1
                time.sleep(0.05)
                continue
            if answer.status == 202:
                if b'"success_count":%d' % len(numbers) not in answer.body.replace(b" ", b""):
                    self.site.faults.append(f"not all was taken: {answer.body[:300]!r}")
                self.kept.append(numbers)
                return
            if answer.status not in BUSY:
                self.site.faults.append(f"writer: {answer.status} {answer.body[:300]!r}")
                return
            self.busy += 1
            time.sleep(0.05)


@dataclass
class Poller(Machine):
    """Reads the collection from its beginning, page by page, for as long as something comes.

    way: "next", "date" (by added_after alone) or "mixed" (either, or both at once). most: stop
    after so many pages, None for never. refused: answers that said there is no such collection.
    """

    name: str = ""
    limit: int = 100
    way: str = "next"
    most: int | None = None
    may_be_refused: bool = False
    after: str = ""
    got: "array[int]" = field(default_factory=lambda: array("Q"))
    refused: int = 0
    pages: int = 0

    def run(self) -> None:
        """Poll until everything was written and nothing more comes."""
        try:
            self._run()
        except Exception as fault:  # noqa: BLE001 - shown by the checker's own thread
            self.site.faults.append(f"{self.name}: {fault!r}")
        self.close()

    def _run(self) -> None:
        cursor = ""
        while not self.site.faults and self.pages != self.most:
            finished = self.site.done.is_set()
            answer = self._page(cursor)
            if answer is None:
                continue
            self.pages += 1
            names, more = answer.names, MORE.search(answer.body) is not None
            if names:
                self._follow(answer)
            self.got.extend(names)
            found = NEXT.search(answer.body)
            cursor = found[1].decode() if more and found else ""
            if more and not cursor:
                raise AssertionError("more is said to follow, and no next is given")
            if not more:
                if finished:
                    return
                time.sleep(self.chance.uniform(0, 0.05))

    def _follow(self, answer: Answer) -> None:
        first, last = (answer.headers[f"X-TAXII-Date-Added-{end}"] for end in ("First", "Last"))
        if not self.after < first <= last:
            raise AssertionError(f"dates run backwards: {self.after} {first} {last}")
        self.after = last

    def _page(self, cursor: str) -> Answer | None:
        asked = {"limit": str(self.limit)}
        way = self.chance.choice(["next", "date", "both"]) if self.way == "mixed" else self.way
        if cursor and way != "date":
            asked["next"] = cursor
        if self.after and (way != "next" or not cursor):
            asked["added_after"] = self.after
        path = f"{self.site.path}?{urlencode(asked)}"
        try:
            answer = self.ask("GET", path)
            if answer.status == 200 and self.chance.random() < 0.02:
                again = self.ask("GET", path)
                if again.status == 200 and again.names[: len(answer.names)] != answer.names:
                    raise AssertionError(f"the same page held something else: {asked}")
        except CutError:
            time.sleep(0.05)
            return None
        if answer.status == 200:
            return answer
        if answer.status in (403, 404) and self.may_be_refused:
            self.refused += 1
            time.sleep(0.05)
        elif answer.status in BUSY:
            time.sleep(0.05)
        else:
            raise AssertionError(f"{answer.status} {answer.body[:300]!r}")
        return None
