"""What a large body took is given back once it is answered, and not with every request."""

from collections.abc import Iterable
from typing import Any

import pytest

from cirt import heap


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({"CONTENT_LENGTH": str(heap.LARGE)}, 1),
        ({"CONTENT_LENGTH": str(heap.LARGE - 1)}, 0),
        ({"CONTENT_LENGTH": "9" * 5_000}, 1),
        ({"CONTENT_LENGTH": "many"}, 1),
        ({"CONTENT_LENGTH": ""}, 0),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 1),
        ({}, 0),
    ],
)
def test_memory_is_given_back_after_large_bodies_only(
    environ: dict[str, Any], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def application(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        happened.append("answered")
        return [b"answer"]

    monkeypatch.setattr(heap, "give_back", lambda: happened.append("given back"))
    server = heap.GivingBack(application)
    assert server(environ, None) == [b"answer"]
    assert happened == ["answered", *["given back"] * count]
    server(environ, None)  # at once again: not again
    assert happened.count("given back") == count
    monkeypatch.setattr(heap, "EVERY", -1.0)
    server(environ, None)
    assert happened.count("given back") == 2 * count


def test_giving_back_is_asked_of_any_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not glibc, nothing happens and nothing fails."""
    heap.keep_small()
    heap.give_back()
    monkeypatch.setattr(heap, "_library", lambda: None)
    heap.keep_small()
    heap.give_back()
