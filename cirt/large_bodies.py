"""Requests with large bodies: worked on a few at a time, and tidied up after."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from cirt import heap

LARGE: Final = 200_000
"""Bytes from which a request's body is large."""

AT_ONCE: Final = 2
"""Large bodies that one process works on at a time; more would be held in memory and be no faster."""

AFTER: Final = 1.0
"""Seconds until their memory is given back: while more comes, it would be asked for again."""

_TURN: Final = "cirt.turn"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Turn:
    """The turn of one request to work on a large body; it ends with the answer."""

    def __init__(self, places: threading.Semaphore) -> None:
        self._places = places
        self._is_taken = False

    def take(self) -> None:
        """Wait for a free place."""
        if not self._is_taken:
            self._places.acquire()
            self._is_taken = True

    def end(self) -> None:
        """Leave the place to another request."""
        if self._is_taken:
            self._is_taken = False
            self._places.release()


def take_turn(environ: dict[str, Any], size: int) -> None:
    """Wait until this request may work on its body, if that is large. size: bytes that were read.

    Before the request's first statement: whoever waits here holds no lock that others wait for.
    """
    turn = environ.get(_TURN)
    if turn is not None and size >= LARGE:
        turn.take()


class LargeBodies:
    """An application that works on a few large bodies at a time, and gives back what they took.

    glibc itself only gives back what lies at the end of a heap, and a thousand objects leave gaps:
    eight such envelopes at once left 50 MB of them.
    """

    def __init__(self, application: Wsgi) -> None:
        self.application = application
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._is_due = threading.Event()
        threading.Thread(target=self._tidy, name="heap", daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        turn = environ[_TURN] = Turn(self._places)
        try:
            answer = self.application(environ, start_response)
        finally:
            turn.end()
        if announced(environ) >= LARGE:
            self._is_due.set()
        return answer

    def _tidy(self) -> None:
        while self._is_due.wait():
            time.sleep(AFTER)
            self._is_due.clear()
            heap.give_back()


def announced(environ: dict[str, Any]) -> float:
    """Return how many bytes a request says its body has: 0 without one, infinity if it does not say."""
    length = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ:  # it counts, not the length (RFC 9112, section 6.3)
        return math.inf
    # eight digits are enough: no body of more is taken
    if length.isdecimal() and len(length) <= 8:
        return int(length)
    return math.inf if length else 0
