"""What the C library keeps of the memory that a serving process is done with, where it is glibc."""

import ctypes
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

LARGE: Final = 200_000
"""Bytes of a request's body from which its memory is worth giving back."""

EVERY: Final = 1.0
"""Seconds between two times at most: what is given back has to be asked for again."""

# mallopt's names in glibc's malloc.h, and their values
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@cache
def _library() -> Any:
    """Return the C library if it is glibc, else None."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def keep_small() -> None:
    """Keep the serving process small.

    By default glibc keeps a heap for every thread, and after the first password check (19 MiB)
    it keeps blocks of that size in each: 290 MB instead of 125 after some hundred sign-ins.
    """
    library = _library()
    if library is not None:
        for option, value in (
            (_ARENA_MAX, 2),
            (_MMAP_THRESHOLD, 131072),
            (_TRIM_THRESHOLD, 131072),
        ):
            library.mallopt(option, value)


def give_back() -> None:
    """Give back what is free within the heaps, not only at their ends."""
    library = _library()
    if library is not None:
        library.malloc_trim(0)


class GivingBack:
    """An application that gives back what a large body took, once it is answered.

    glibc itself only gives back what lies at the end of a heap, and a thousand objects leave gaps:
    eight such envelopes at once left 50 MB of them.
    """

    def __init__(self, application: Wsgi) -> None:
        self.application = application
        self._given_back_at = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        answer = self.application(environ, start_response)
        if _is_large(environ) and time.monotonic() - self._given_back_at > EVERY:
            self._given_back_at = time.monotonic()
            give_back()
        return answer


def _is_large(environ: dict[str, Any]) -> bool:
    """Return whether a request has a large body, or does not say how large."""
    length = environ.get("CONTENT_LENGTH") or ""
    # eight digits are enough: no body of more is taken
    if length.isdecimal() and len(length) <= 8:
        return int(length) >= LARGE
    return bool(length) or "HTTP_TRANSFER_ENCODING" in environ
