"""Giving back memory is asked of any C library."""

import pytest

from cirt import heap


def test_giving_back_is_asked_of_any_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not glibc, nothing happens and nothing fails."""
    heap.keep_small()
    heap.give_back()
    monkeypatch.setattr(heap, "_library", lambda: None)
    heap.keep_small()
    heap.give_back()
