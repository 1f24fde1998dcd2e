"""The program with a clock that jumps: `python -m tests.exchange.jumping_clock serve`.

The file that TESTS_CLOCK names says by how many seconds it is wrong at this moment.
"""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cirt.clock

FILE = "TESTS_CLOCK"
MOST_SECONDS = 6 * 3600


def _now() -> datetime:
    try:
        wrong = float(Path(os.environ[FILE]).read_text())
    except (OSError, ValueError):  # it is being written
        wrong = 0.0
    return datetime.now(UTC) + timedelta(seconds=wrong)


@contextmanager
def jumps(file: Path, seed: int) -> Iterator[list[int]]:
    """Let the clock jump back and forth by hours, many times a second; yields how often it did."""
    chance, ended, count = random.Random(seed), threading.Event(), [0]

    def jump() -> None:
        while not ended.wait(0.02):
            file.write_text(str(chance.uniform(-MOST_SECONDS, MOST_SECONDS)))
            count[0] += 1

    thread = threading.Thread(target=jump)
    thread.start()
    try:
        yield count
    finally:
        ended.set()
        thread.join()


if FILE in os.environ:
    # before anything else is imported, which takes the function by its name
    cirt.clock.now = _now

if __name__ == "__main__":
    from cirt.__main__ import main

    main()
