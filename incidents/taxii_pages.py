"""Pages of a collection for machines that poll, answered before the web framework is asked.

What a partner's platform asks for all day is a page of objects or of the manifest, or one object.
Such a request costs one statement here, and less when it was asked a moment ago: it says whether
the token still holds, whether its administration may still read the collection, and where the
collection's feed stands. The page itself is then taken from memory, unless the feed has moved
since. Whatever else is asked, and every refusal, is left to the views (taxii_views), whose answers
these equal byte for byte.
"""

import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from os import urandom
from typing import Any, Final
from urllib.parse import parse_qsl

from cirt import headers
from cirt.db import Database
from cirt.incidents import deliveries, taxii_encoding, taxii_polls
from cirt.incidents.feed_statements import Asking, PageStatements, Rows
from cirt.incidents.replica_pages import replica_pages
from cirt.incidents.taxii_door import Door, Standing
from cirt.incidents.taxii_machines import Machine, Machines
from cirt.incidents.taxii_page_memory import Page, Pages, Place
from cirt.operations.metrics import count_page
from cirt.settings import Settings
from cirt.stix import taxii_filters
from cirt.stix.ids import is_stix_id
from cirt.stix.taxii_filters import Filters, read_filters, write_cursor
from cirt.stix.taxii_protocol import (
    MEDIA_TYPE,
    date_headers,
    envelope,
    is_acceptable,
    manifest_record,
)

_POLLS_NOTED_EVERY: Final = taxii_polls.NOTED_EVERY.total_seconds()
_DELIVERIES_NOTED_EVERY: Final = deliveries.NOTED_EVERY.total_seconds()
_LONGEST_ACCEPT: Final = 300  # what is longer is read by the views, and not kept

_COLLECTIONS: Final = "/exchange/collections/"
_ADDRESS = re.compile(
    _COLLECTIONS
    + r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    + r"/(objects|manifest|objects/[0-9a-zA-Z-]{1,300})/?",
    re.ASCII,
)

Environ = dict[str, Any]
StartResponse = Any  # as PEP 3333 has it: a function with optional arguments
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class PageServer:
    """The application in front of the application."""

    def __init__(self, application: Wsgi, database: Database, settings: Settings) -> None:
        self.application = application
        self.database = database
        self.key = settings.secret_key.encode()
        asking = Asking(database.engine)
        self.door = Door(database, asking)
        self.statements = PageStatements(database, asking)
        self.replica = replica_pages(settings, database)
        self.machines = Machines(database, settings)
        self.pages = Pages()
        self.headers = (("Content-Type", MEDIA_TYPE), *headers.for_machines(settings))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a page, or let the application answer."""
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].startswith(_COLLECTIONS):
            try:
                page = self._page(environ)
            except Exception:  # noqa: BLE001 - whatever it is, the views say and log it
                page = None
            if page is not None:
                start_response("200 OK", [*page.headers, ("X-Request-Id", _request_id())])
                return [page.body]
        return self.application(environ, start_response)

    def _page(self, environ: Environ) -> Page | None:
        accept = environ.get("HTTP_ACCEPT")
        if len(accept or "") > _LONGEST_ACCEPT or not _acceptable(accept):
            return None
        found = _ADDRESS.fullmatch(environ["PATH_INFO"])
        if found is None:
            return None
        collection, path = found.groups()
        machine = self.machines.machine(environ.get("HTTP_AUTHORIZATION", ""), collection)
        if machine is None:
            return None
        standing = self.door.standing(machine)
        if standing is None:
            self.machines.forget(machine)
            return None
        if not machine.is_kept:
            self.machines.keep(machine)
        place = Place(
            collection,
            path,
            environ.get("QUERY_STRING", ""),
            # where members do not know of each other, nobody's answer is faster for another's
            # question
            machine.administration_id if standing.is_confidential else None,
            taxii_encoding.wish(environ.get("HTTP_ACCEPT_ENCODING")),
        )
        page = self.pages.get(place, standing)
        if page is None:
            page = self._made(machine.collection_id, place, standing)
            if page is None:
                return None
            self.pages.keep(place, standing, page)
        self._note(machine, page)
        if path != "manifest":
            self._note_served(machine, page)
        count_page(path, page.items)
        return page

    def _made(self, collection_id: uuid.UUID, place: Place, standing: Standing) -> Page | None:
        stix_id = place.path[8:] or None if place.path != "manifest" else None
        known = taxii_filters.OBJECTS if stix_id is None else taxii_filters.OBJECT
        pairs = parse_qsl(place.query, keep_blank_values=True)
        if any(name not in known for name, _value in pairs):
            return None
        filters = read_filters(pairs, known, key=self.key, collection=collection_id)
        rows: Rows = ()
        more = False
        if stix_id is not None:
            if not is_stix_id(stix_id):
                return None
            rows, more = self._read(collection_id, place, filters, stix_id, standing)
            if not rows:  # absent, or nothing of it matches: the views tell them apart
                return None
        elif not (
            filters.position >= standing.n or (filters.added_after or 0) >= standing.last_added_us
        ):
            rows, more = self._read(collection_id, place, filters, None, standing)
        return self._answer(collection_id, place, filters, rows, more=more)

    def _read(
        self,
        collection_id: uuid.UUID,
        place: Place,
        filters: Filters,
        stix_id: str | None,
        standing: Standing,
    ) -> tuple[Rows, bool]:
        with_bodies = place.path != "manifest"
        if self.replica is not None:
            found = self.replica.page(
                collection_id, filters, stix_id, standing, with_bodies=with_bodies
            )
            if found is not None:
                return found
        return self.statements.page(collection_id, filters, stix_id, with_bodies=with_bodies)

    def _answer(
        self, collection_id: uuid.UUID, place: Place, filters: Filters, rows: Rows, *, more: bool
    ) -> Page:
        if place.path == "manifest":
            texts = [
                manifest_record(stix_id, added_us=added_us, version=version)
                for _seq, added_us, stix_id, version in rows
            ]
        else:
            texts = [row[2] for row in rows]
        seq = rows[-1][0] if rows else 0
        following = write_cursor(self.key, collection_id, seq) if more else None
        dates = date_headers([row[1] for row in (*rows[:1], *rows[-1:])], filters.added_after)
        body = envelope(texts, next_page=following)
        compressed = taxii_encoding.encoded(body, taxii_encoding.Wish(place.encoding))
        return Page(
            body if compressed is None else compressed,
            (
                *self.headers,
                *dates.items(),
                ("Content-Length", str(len(body if compressed is None else compressed))),
                *(() if compressed is None else (("Content-Encoding", "gzip"),)),
            ),
            len(rows),
            seq,
            more,
        )

    def _note(self, machine: Machine, page: Page) -> None:
        """Note the poll, at most once a minute for each machine and collection."""
        moment = time.monotonic()
        if moment - machine.noted_at < _POLLS_NOTED_EVERY:
            return
        machine.noted_at = moment
        with self.database.reading() as session:
            taxii_polls.note_poll(
                session, self.database, machine.actor, machine.collection_id, page.items
            )

    def _note_served(self, machine: Machine, page: Page) -> None:
        """Note how far the administration was served; the same page again costs no statement."""
        if page.seq <= machine.served_to:
            return
        moment = time.monotonic()
        recently = moment - machine.served_at < _DELIVERIES_NOTED_EVERY
        if page.more and recently:
            return
        with self.database.reading() as session:
            noted = deliveries.note_served(
                session,
                self.database,
                machine.administration_id,
                machine.collection_id,
                page.seq,
                more=page.more,
            )
        if noted:
            machine.served_to, machine.served_at = page.seq, moment


@lru_cache(maxsize=256)
def _acceptable(accept: str | None) -> bool:
    return is_acceptable(accept)


_numbers: deque[str] = deque()


def _request_id() -> str:
    """Return 12 random digits, in hexadecimal; many are drawn at once."""
    try:
        return _numbers.pop()
    except IndexError:
        text = urandom(6 * 256).hex()
        _numbers.extend(text[place : place + 12] for place in range(12, len(text), 12))
        return text[:12]
