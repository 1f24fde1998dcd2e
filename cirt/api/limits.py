"""How many requests a token may make in a minute, counted by each process for itself."""

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60
KEPT_TOKENS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a minute: requests, and seconds until it begins anew."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return the three headers that tell a client."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Limiter:
    """A count a token; a minute begins with the first request after the last one ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[uuid.UUID, tuple[float, int]] = OrderedDict()

    def take(self, token_id: uuid.UUID, limit: int, *, at: float | None = None) -> Allowance:
        """Count one request and return what is left. at: seconds of a clock that never goes back."""
        moment = time.monotonic() if at is None else at
        with self._lock:
            began, count = self._counts.pop(token_id, (moment, 0))
            if moment - began >= WINDOW_SECONDS:
                began, count = moment, 0
            exceeded = count >= limit
            count = count if exceeded else count + 1
            self._counts[token_id] = (began, count)
            if len(self._counts) > KEPT_TOKENS:
                self._counts.popitem(last=False)
        reset = max(1, int(began + WINDOW_SECONDS - moment + 0.999))
        return Allowance(limit, limit - count, reset, exceeded)
