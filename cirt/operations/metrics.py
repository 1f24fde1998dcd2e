"""Figures about the running, for Prometheus: counts and times, never whose.

Labels hold only what the program itself wrote: address templates, methods, classes of status,
states, kinds of work. Counters and times are each process's own; `cirt serve` with several workers
sets the folder in which prometheus_client keeps them for all (see `share_between_workers`), and any
worker then answers for all. What the database knows is asked when somebody asks.
"""

import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "none"
_TALLIED_EVERY: Final = 0.1  # seconds
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

registry = CollectorRegistry()

requests = Counter(
    "cirt_requests",
    "Requests that the views answered.",
    ["route", "method", "status"],
    registry=registry,
)
request_seconds = Histogram(
    "cirt_request_seconds",
    "How long the views took for an answer.",
    ["route"],
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10),
    registry=registry,
)
_pages = Counter(
    "cirt_taxii_pages",
    "Pages of collections that the page server answered.",
    ["resource"],
    registry=registry,
)
_objects = Counter(
    "cirt_objects",
    "Objects that came from machines, and objects and manifest records that were given to them.",
    ["direction"],
    registry=registry,
)
_sign_in_failures = Counter(
    "cirt_sign_in_failures",
    "Attempts to sign in that failed.",
    ["who"],
    registry=registry,
)

# found once, so that counting one costs as little as it can
objects_out = _objects.labels("out")
objects_in = _objects.labels("in")
failed_people = _sign_in_failures.labels("person")
failed_machines = _sign_in_failures.labels("machine")


def count_request(route: str | None, method: str, status: int, seconds: float) -> None:
    """Count a request that a view answered; route: the template of its address, None: there is none."""
    name = route or NO_ROUTE
    known = method if method in METHODS else "other"
    requests.labels(name, known, f"{status // 100}xx").inc()
    request_seconds.labels(name).observe(seconds)


class Tally:
    """Pages of one kind that were given out, and how many items each had.

    Counting one costs as much as giving it out: so many are counted at once, at most every tenth of
    a second and whenever this process shows its figures.
    """

    def __init__(self, resource: str) -> None:
        self._counter = _pages.labels(resource)
        self._waiting: deque[int] = deque()
        self.note = self._waiting.append
        self._counting = threading.Lock()
        self._counted_at = 0.0

    def add(self, items: int) -> None:
        """Note one page."""
        self._waiting.append(items)
        if time.monotonic() - self._counted_at > _TALLIED_EVERY:
            self.count()

    def count(self) -> None:
        """Count what was noted."""
        with self._counting:
            self._counted_at = time.monotonic()
            items = [self._waiting.popleft() for _one in range(len(self._waiting))]
        self._counter.inc(len(items))
        objects_out.inc(sum(items))


pages_out: Final = {resource: Tally(resource) for resource in ("objects", "manifest")}


class _Present:
    """What is so at this moment: read from the database and the system when somebody asks."""

    def __init__(
        self, figures: Iterable[tuple[str, str, dict[tuple[tuple[str, str], ...], float]]]
    ):
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield each figure."""
        for name, about, values in self._figures:
            labels = [label for label, _value in next(iter(values), ())]
            family = GaugeMetricFamily(name, about, labels=labels)
            for place, value in values.items():
                family.add_metric([text for _label, text in place], value)
            yield family


Figure = tuple[str, str, dict[tuple[tuple[str, str], ...], float]]


def exposition(figures: Iterable[Figure]) -> bytes:
    """Return everything in the text format of Prometheus (version 0.0.4).

    figures: of this moment, as (name, what it is, {labels: value}).
    """
    for tally in pages_out.values():
        tally.count()
    whole: Any = registry
    if os.environ.get(_FOLDER):
        whole = CollectorRegistry()
        multiprocess.MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
    present = CollectorRegistry()
    present.register(_Present(list(figures)))
    ProcessCollector(registry=present)
    return generate_latest(whole) + generate_latest(present)


def share_between_workers(folder: Path, workers: int) -> None:
    """Let the workers that are started after this keep their counters in a folder of files.

    It is emptied: counters begin anew when the service starts, as Prometheus expects.
    """
    if workers < 2:
        os.environ.pop(_FOLDER, None)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ[_FOLDER] = str(folder)
