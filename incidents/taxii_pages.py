"""Pages of a collection for machines that poll, answered before the web framework is asked.

What a partner's platform asks for all day is a page of objects or of the manifest. Such a
request costs one statement here: it says whether the token still holds, whether its
administration may still read the collection, and where the collection's feed stands. The page
itself is then taken from memory, unless the feed has moved since. Whatever else is asked, and
every refusal, is left to the views (taxii_views), whose answers these equal byte for byte.
"""

import base64
import hashlib
import os
import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from cirt import headers
from cirt.access import Actor
from cirt.accounts.models import ApiToken
from cirt.accounts.tokens import actor_of_token
from cirt.db import Database
from cirt.incidents import deliveries, feed, taxii_polls
from cirt.incidents.taxii_door import Door, Standing
from cirt.settings import Settings
from cirt.stix import taxii_filters
from cirt.stix.taxii_filters import Filters, read_filters, write_cursor
from cirt.stix.taxii_protocol import (
    MEDIA_TYPE,
    date_headers,
    envelope,
    is_acceptable,
    manifest_record,
)

KEPT_BYTES: Final = 24_000_000
"""Most bytes of pages that one process keeps in memory, with what keeping each one costs."""

_KEEPING: Final = 1_000  # bytes beside a page's own: its place, its standing, its headers
_LONGEST_ACCEPT: Final = 300  # what is longer is read by the views, and not kept

KEPT_TOKENS: Final = 10_000

_ADDRESS = re.compile(
    r"/exchange/collections/"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/(objects|manifest)/?",
    re.ASCII,
)

Environ = dict[str, Any]
StartResponse = Any  # as PEP 3333 has it: a function with optional arguments
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
Place = tuple[uuid.UUID, str, str, uuid.UUID | None]  # collection, kind, query, for whom alone


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: the bytes, the date headers, how many items, up to which position of the feed."""

    body: bytes
    dates: tuple[tuple[str, str], ...]
    items: int
    seq: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Machine:
    """A token as it was found; what can change of it is asked for each time."""

    actor: Actor
    username: str


class PageServer:
    """The application in front of the application."""

    def __init__(self, application: Wsgi, database: Database, settings: Settings) -> None:
        self.application = application
        self.database = database
        self.settings = settings
        self.key = settings.secret_key.encode()
        self.door = Door(database)
        self.pages = _Pages(KEPT_BYTES)
        self.machines: OrderedDict[bytes, _Machine] = OrderedDict()
        self.noted: dict[tuple[uuid.UUID | None, uuid.UUID], float] = {}
        self.delivered: dict[tuple[uuid.UUID, uuid.UUID], tuple[int, float]] = {}
        self.headers = [("Content-Type", MEDIA_TYPE), *headers.for_machines(settings)]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a page, or let the application answer."""
        if environ["REQUEST_METHOD"] == "GET":
            found = _ADDRESS.fullmatch(environ["PATH_INFO"])
            if found is not None:
                try:
                    page = self._page(environ, uuid.UUID(found[1]), found[2])
                except Exception:  # noqa: BLE001 - whatever it is, the views say and log it
                    page = None
                if page is not None:
                    start_response(
                        "200 OK",
                        [
                            *self.headers,
                            ("Content-Length", str(len(page.body))),
                            ("X-Request-Id", os.urandom(6).hex()),
                            *page.dates,
                        ],
                    )
                    return [page.body]
        return self.application(environ, start_response)

    def _page(self, environ: Environ, collection_id: uuid.UUID, kind: str) -> Page | None:
        accept = environ.get("HTTP_ACCEPT")
        if len(accept or "") > _LONGEST_ACCEPT or not _acceptable(accept):
            return None
        machine = self._machine(environ.get("HTTP_AUTHORIZATION", ""))
        if machine is None or machine.actor.token_id is None:
            return None
        standing = self.door.standing(
            machine.actor.token_id, machine.actor.administration_id, collection_id
        )
        if standing is None:
            return None
        query = environ.get("QUERY_STRING", "")
        # where members do not know of each other, nobody's answer is faster for another's question
        alone = machine.actor.administration_id if standing.is_confidential else None
        place = (collection_id, kind, query, alone)
        page = self.pages.get(place, standing)
        if page is None:
            page = self._read(collection_id, kind, query, standing)
            if page is None:
                return None
            self.pages.keep(place, standing, page)
        self._note(machine.actor, collection_id, page.items)
        if kind == "objects":
            self._note_served(machine.actor.administration_id, collection_id, page)
        return page

    def _read(
        self, collection_id: uuid.UUID, kind: str, query: str, standing: Standing
    ) -> Page | None:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name not in taxii_filters.PAGE for name, _value in pairs):
            return None
        filters = read_filters(pairs, taxii_filters.PAGE, key=self.key, collection=collection_id)
        if filters.position >= standing.n or (filters.added_after or 0) >= standing.last_added_us:
            found = feed.Page((), more=False)  # nothing after the feed's end
        else:
            with self.database.reading() as session:
                found = feed.page(session, collection_id, filters, with_bodies=kind == "objects")
        return self._envelope(collection_id, kind, filters, found)

    def _envelope(
        self, collection_id: uuid.UUID, kind: str, filters: Filters, found: feed.Page
    ) -> Page:
        if kind == "objects":
            texts = [row.body for row in found.rows if row.body is not None]
        else:
            texts = [
                manifest_record(row.stix_id, added_us=row.added_us, version=row.version)
                for row in found.rows
            ]
        following = write_cursor(self.key, collection_id, found.last_seq) if found.more else None
        dates = date_headers((row.added_us for row in found.rows), filters.added_after)
        return Page(
            envelope(texts, next_page=following),
            tuple(dates.items()),
            len(texts),
            found.last_seq,
            found.more,
        )

    def _machine(self, authorization: str) -> _Machine | None:
        username, text = _credentials(authorization)
        if not text:
            return None
        # by digest: tokens do not stay in memory
        known = hashlib.sha256(text.encode()).digest()
        machine = self.machines.get(known)
        if machine is None:
            with self.database.reading() as session:
                actor = actor_of_token(session, text, None, settings=self.settings)
                if actor is None:
                    return None
                row = session.get_one(ApiToken, actor.token_id)
                machine = _Machine(actor, row.username)
            if len(self.machines) >= KEPT_TOKENS:
                self.machines.popitem(last=False)
            self.machines[known] = machine
        if "taxii.read" not in (machine.actor.scopes or ()):
            return None
        return machine if username in (None, machine.username) else None

    def _note(self, actor: Actor, collection_id: uuid.UUID, items: int) -> None:
        """Note the poll, at most once a minute for each machine and collection."""
        key, moment = (actor.token_id, collection_id), time.monotonic()
        if moment - self.noted.get(key, -1e9) < taxii_polls.NOTED_EVERY.total_seconds():
            return
        if len(self.noted) >= KEPT_TOKENS:
            self.noted.clear()
        self.noted[key] = moment
        with self.database.reading() as session:
            taxii_polls.note_poll(session, self.database, actor, collection_id, items)

    def _note_served(
        self, administration_id: uuid.UUID, collection_id: uuid.UUID, page: Page
    ) -> None:
        """Note how far the administration was served; the same page again costs no statement."""
        key, moment = (administration_id, collection_id), time.monotonic()
        seq, noted_at = self.delivered.get(key, (0, -1e9))
        recently = moment - noted_at < deliveries.NOTED_EVERY.total_seconds()
        if page.seq <= seq or (page.more and recently):
            return
        if len(self.delivered) >= KEPT_TOKENS:
            self.delivered.clear()
        with self.database.reading() as session:
            noted = deliveries.note_served(
                session, self.database, administration_id, collection_id, page.seq, more=page.more
            )
        if noted:
            self.delivered[key] = page.seq, moment


@lru_cache(maxsize=256)
def _acceptable(accept: str | None) -> bool:
    return is_acceptable(accept)


def _credentials(authorization: str) -> tuple[str | None, str]:
    """Return user name (None with Bearer) and token of the usual forms; ("", "") else."""
    scheme, _space, credentials = authorization.partition(" ")
    if scheme == "Bearer":
        return None, credentials
    if scheme == "Basic":
        try:
            username, _colon, text = base64.b64decode(credentials).decode("ascii").partition(":")
        except ValueError:
            return "", ""
        return username, text
    return "", ""


def weight(place: Place, page: Page) -> int:
    """Return what a kept page costs: an empty one, too, takes its place in memory."""
    return len(page.body) + len(place[2]) + _KEEPING


class _Pages:
    """Pages by address, the least recently asked for dropped first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.lock = threading.Lock()
        self.kept: OrderedDict[Place, tuple[Standing, Page]] = OrderedDict()

    def get(self, place: Place, standing: Standing) -> Page | None:
        """Return the page of an address if the feed stands where it stood when it was made."""
        with self.lock:
            found = self.kept.get(place)
            if found is None or found[0] != standing:
                return None
            self.kept.move_to_end(place)
            return found[1]

    def keep(self, place: Place, standing: Standing, page: Page) -> None:
        """Keep a page for the next who asks."""
        size = weight(place, page)
        if size > self.most // 4 or len(place[2]) > 500:
            return
        with self.lock:
            before = self.kept.pop(place, None)
            if before is not None:
                self.size -= weight(place, before[1])
            self.kept[place] = (standing, page)
            self.size += size
            while self.size > self.most:
                oldest, (_standing, dropped) = self.kept.popitem(last=False)
                self.size -= weight(oldest, dropped)
