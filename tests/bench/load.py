"""Clients that ask as fast as they can, over bare sockets and in a process of their own.

The same for the product, the yardstick and the peers, and cheap beside any of them: a client of
Python's library costs more than the answer that is to be measured.
"""

import json
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.server import ROOT

_BUFFER = memoryview(bytearray(1 << 20))


@dataclass
class Connection:
    """One client: it asks for one path after the other, over one connection as long as that stays."""

    port: int
    requests: list[bytes]
    asked: int = 0
    line: socket.socket = field(init=False)
    head: bytes = b""
    left: int | None = None  # bytes of the body still to come; None: unknown, or not begun
    closes: bool = False

    def open(self, selector: selectors.BaseSelector) -> None:
        """Connect and ask."""
        self.line = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(self.line, selectors.EVENT_READ, self)
        self.ask()

    def ask(self) -> None:
        """Send the next request."""
        self.head, self.left, self.closes = b"", None, False
        self.line.sendall(self.requests[self.asked % len(self.requests)])
        self.asked += 1

    def close(self, selector: selectors.BaseSelector) -> None:
        """Leave."""
        selector.unregister(self.line)
        self.line.close()

    def read(self) -> bool:
        """Read what came; return whether the answer is complete."""
        got = self.line.recv_into(_BUFFER)
        if self.left is not None:
            self.left -= got
            if got == 0 and self.left > 0:
                raise SystemExit("the connection ended within an answer")
        else:
            self.head += _BUFFER[:got].tobytes()
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                if got == 0:
                    raise SystemExit("the connection ended before an answer")
                return False
            self._read_head(self.head[:end].lower(), len(self.head) - end - 4)
        return self.left is not None and self.left <= 0

    def _read_head(self, head: bytes, of_body: int) -> None:
        # looked for, and not read line by line: a server is not to pay for each header twice
        if head[9:12] != b"200":
            raise SystemExit(f"an answer was {head[:40].decode()}")
        length = head.index(b"\r\ncontent-length: ") + 18
        end = head.find(b"\r", length)
        self.left = int(head[length : end if end > 0 else None]) - of_body
        self.closes = b"\r\nconnection: close" in head or head.startswith(b"http/1.0")


def run(port: int, requests: list[bytes], clients: int, seconds: float) -> dict[str, float]:
    """Ask for some seconds, and for one answer at least; return how many came, in what time."""
    selector = selectors.DefaultSelector()
    connections = [Connection(port, requests, asked=number) for number in range(clients)]
    begin = time.perf_counter()
    for connection in connections:
        connection.open(selector)
    answers, end = 0, begin + seconds
    while True:
        for key, _events in selector.select(60):
            connection = key.data
            if not connection.read():
                continue
            answers += 1
            if connection.closes:
                connection.close(selector)
                connection.open(selector)
            else:
                connection.ask()
        moment = time.perf_counter()
        if moment >= end and answers:
            return {"answers": answers, "seconds": moment - begin}


def request(path: str, headers: dict[str, str]) -> str:
    """Return a GET request as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""])


@dataclass(frozen=True)
class Side:
    """A server and what it is asked for, path after path."""

    port: int
    paths: Sequence[str]
    headers: dict[str, str]


def rate(side: Side, clients: int, seconds: float) -> float:
    """Return answers a second with so many clients at once. Raises AssertionError for a refusal."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", str(side.port), str(clients), str(seconds)],
        input=json.dumps([request(path, side.headers) for path in side.paths]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    result = json.loads(done.stdout)
    return float(result["answers"] / result["seconds"])


def rates(one: Side, other: Side, clients: int, seconds: float) -> tuple[float, float]:
    """Return the rates of two sides, asked in turn: the medians of three runs of each."""
    found = [(rate(one, clients, seconds), rate(other, clients, seconds)) for _run in range(3)]
    return statistics.median(a for a, _b in found), statistics.median(b for _a, b in found)


if __name__ == "__main__":
    texts = [text.encode() for text in json.load(sys.stdin)]
    print(json.dumps(run(int(sys.argv[1]), texts, int(sys.argv[2]), float(sys.argv[3]))))
