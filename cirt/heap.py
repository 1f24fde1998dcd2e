"""What the C library keeps of the memory that a serving process is done with, where it is glibc."""

import ctypes
import sys
from functools import cache
from typing import Any

# mallopt's names in glibc's malloc.h, and their values
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


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
