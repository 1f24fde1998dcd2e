"""Large bodies are worked on a few at a time, and what they took is given back after a while."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from cirt import heap, large_bodies
from cirt.large_bodies import AT_ONCE, LARGE, LargeBodies

PATIENCE = 10


@pytest.mark.parametrize(
    ("environ", "is_large"),
    [
        ({"CONTENT_LENGTH": str(LARGE)}, True),
        ({"CONTENT_LENGTH": str(LARGE - 1)}, False),
        ({"CONTENT_LENGTH": "9" * 5_000}, True),
        ({"CONTENT_LENGTH": "many"}, True),
        ({"CONTENT_LENGTH": ""}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, True),
        ({}, False),
    ],
)
def test_memory_is_given_back_after_large_bodies_only(
    environ: dict[str, Any], is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back = threading.Event()
    monkeypatch.setattr(large_bodies, "AFTER", 0.01)
    monkeypatch.setattr(heap, "give_back", given_back.set)
    server = LargeBodies(lambda _environ, _start: [b"answer"])
    assert server(environ, None) == [b"answer"]
    assert given_back.wait(PATIENCE if is_large else 0.2) is is_large
    given_back.clear()
    assert not given_back.wait(0.1)  # once
    server(environ, None)
    assert given_back.wait(PATIENCE if is_large else 0.2) is is_large


class Working:
    """An application that takes its turn, says how many are at work, and waits to be let go."""

    def __init__(self) -> None:
        self.at_work: list[int] = []
        self.changed = threading.Condition()
        self.may_end = threading.Event()

    def __call__(self, environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        """Answer once it may end; a size below zero is a fault."""
        size = environ["size"]
        large_bodies.take_turn(environ, abs(size))
        large_bodies.take_turn(environ, abs(size))  # a transaction that is done again
        with self.changed:
            self.at_work.append(size)
            self.changed.notify_all()
        assert self.may_end.wait(PATIENCE)
        if size < 0:
            raise ValueError
        return [b"answer"]

    def wait_for(self, count: int, seconds: float = PATIENCE) -> bool:
        """Return whether so many came to work in this time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.at_work) >= count, seconds)


def _start(server: LargeBodies, size: int) -> threading.Thread:
    def ask() -> None:
        try:
            assert server({"size": size}, None) == [b"answer"]
        except ValueError:
            assert size < 0

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_a_few_large_bodies_are_worked_on_at_a_time_and_any_number_of_small_ones() -> None:
    """Those that wait go on when others are answered, or fail."""
    working = Working()
    server = LargeBodies(working)
    threads = [_start(server, -LARGE) for _ in range(AT_ONCE + 1)]
    assert working.wait_for(AT_ONCE)
    assert not working.wait_for(AT_ONCE + 1, 0.2)
    threads += [_start(server, LARGE - 1) for _ in range(5)]
    assert working.wait_for(AT_ONCE + 5)
    assert working.at_work.count(-LARGE) == AT_ONCE
    working.may_end.set()
    assert working.wait_for(AT_ONCE + 6)
    threads += [_start(server, LARGE) for _ in range(AT_ONCE)]  # the failed ones left their places
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_without_a_server_nobody_waits() -> None:
    large_bodies.take_turn({}, LARGE)
