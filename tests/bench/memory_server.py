"""The yardstick: the same WSGI server, answering every request with the same bytes from memory."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [
    ("Content-Type", "application/taxii+json;version=2.1"),
    ("Content-Length", str(len(BODY))),
]


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the bytes."""
    start("200 OK", HEADERS)
    return [BODY]


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "tests.bench.memory_server:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        websockets=False,
        log_access=False,
    ).serve()
