"""Pages of a collection for machines that poll, answered before the web framework is asked.

What a partner's platform asks for all day is a page of objects or of the manifest, or one object.
Such a request costs one statement here, and less when it was asked a moment ago: it says whether
the token still holds, whether its administration may still read the collection, and where the
collection's feed stands. The page itself is then taken from memory, unless the feed has moved
since. Whatever else is asked, and every refusal, is left to the views (taxii_views), whose answers
these equal byte for byte.
"""

import re
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from os import urandom
from typing import Any, Final
from urllib.parse import parse_qsl

from cirt import headers
from cirt.db import Database
from cirt.incidents import deliveries, taxii_encoding, taxii_polls
from cirt.incidents.feed_statements import Asking, PageStatements, Question, Rows
from cirt.incidents.replica_pages import replica_pages
from cirt.incidents.taxii_door import Door, Standing
from cirt.incidents.taxii_encoding import Wish
from cirt.incidents.taxii_machines import Machine, Machines
from cirt.incidents.taxii_page_memory import (
    Asked,
    Page,
    Pages,
    Place,
    Ready,
    ReadyAnswers,
)
from cirt.operations.metrics import pages_out
from cirt.settings import Settings
from cirt.stix import taxii_filters
from cirt.stix.ids import is_stix_id
from cirt.stix.taxii_filters import read_filters, write_cursor
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
_COLLECTION: Final = slice(len(_COLLECTIONS), len(_COLLECTIONS) + 36)
_ADDRESS = re.compile(
    _COLLECTIONS
    + r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    + r"/(?:(manifest)|objects(?:/([0-9a-zA-Z-]{1,300}))?)/?",
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
        self.ready = ReadyAnswers()
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
        get = environ.get
        authorization = get("HTTP_AUTHORIZATION", "")
        asked: Asked = (
            environ["PATH_INFO"],
            get("QUERY_STRING", ""),
            get("HTTP_ACCEPT", ""),
            get("HTTP_ACCEPT_ENCODING", ""),
            blake2b(authorization.encode(), digest_size=32).digest(),
        )
        moment = self.door.clock()
        ready = self.ready.kept.get(asked)
        # what is asked again within a moment: most of what is asked where much is asked
        if (
            ready is not None
            and moment < ready.until
            and ready.generation == self.database.generation
        ):
            page = ready.page
            page.tally.note(page.items)
            return page
        return self._looked_up(asked, authorization, moment)

    def _looked_up(self, asked: Asked, authorization: str, moment: float) -> Page | None:
        address, query, accept, encoding, digest = asked
        if len(accept) + len(encoding) > _LONGEST_ACCEPT:
            return None
        wish = _wish(accept, encoding)
        if wish is None:
            return None
        place: Place = (address, query, "", wish)
        kept = self.pages.get(place)
        # pages are kept of such addresses only
        if kept is None and _ADDRESS.fullmatch(address) is None:
            return None
        machine = self.machines.machine(authorization, digest, address[_COLLECTION])
        if machine is None:
            return None
        said = self.door.says(machine, moment)
        if said is None:
            self.machines.forget(machine)
            return None
        if not machine.is_kept:
            self.machines.keep(machine)
        standing = said.standing
        if standing.is_confidential:
            # members do not know of each other: nobody's answer is faster for another's question
            place = (address, query, machine.administration_id.hex, wish)
            kept = self.pages.get(place)
        if kept is not None and kept[0] == standing:
            page = kept[1]
            self.pages.touch(place)
        else:
            made = self._made(machine.collection_id, place, standing)
            if made is None:
                return None
            page = made
            self.pages.keep(place, standing, page)
        if moment - machine.noted_at >= _POLLS_NOTED_EVERY:
            self._note(machine, page, moment)
        if page.served_to > machine.served_to:
            self._note_served(machine, page, moment)
        page.tally.add(page.items)
        if page.served_to <= machine.served_to:  # nothing is to be noted when it is given again
            until = min(said.until, machine.noted_at + _POLLS_NOTED_EVERY)
            self.ready.keep(asked, Ready(page, until, said.generation))
        return page

    def _made(self, collection_id: uuid.UUID, place: Place, standing: Standing) -> Page | None:
        address, query, _alone, wish = place
        found = _ADDRESS.fullmatch(address)
        assert found is not None  # noqa: S101 - it was looked at before
        is_manifest, stix_id = found[1] is not None, found[2]
        known = taxii_filters.OBJECTS if stix_id is None else taxii_filters.OBJECT
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name not in known for name, _value in pairs):
            return None
        filters = read_filters(pairs, known, key=self.key, collection=collection_id)
        question = Question(
            collection_id=collection_id,
            filters=filters,
            stix_id=stix_id,
            with_bodies=not is_manifest,
        )
        rows: Rows = ()
        more = False
        if stix_id is not None:
            if not is_stix_id(stix_id):
                return None
            rows, more = self._read(question, standing)
            if not rows:  # absent, or nothing of it matches: the views tell them apart
                return None
        elif not (
            filters.position >= standing.n or (filters.added_after or 0) >= standing.last_added_us
        ):
            rows, more = self._read(question, standing)
        return self._answer(question, rows, Wish(wish), more=more)

    def _read(self, question: Question, standing: Standing) -> tuple[Rows, bool]:
        found = self.replica.page(question, standing) if self.replica is not None else None
        return self.statements.page(question) if found is None else found

    def _answer(self, question: Question, rows: Rows, wish: Wish, *, more: bool) -> Page:
        if question.with_bodies:
            texts = [row[2] for row in rows]
        else:
            texts = [
                manifest_record(stix_id, added_us=added_us, version=version)
                for _seq, added_us, stix_id, version in rows
            ]
        seq = rows[-1][0] if rows else 0
        following = write_cursor(self.key, question.collection_id, seq) if more else None
        added_after = question.filters.added_after
        dates = date_headers([row[1] for row in (*rows[:1], *rows[-1:])], added_after)
        body = envelope(texts, next_page=following)
        compressed = taxii_encoding.encoded(body, wish)
        return Page(
            body if compressed is None else compressed,
            (
                *self.headers,
                *dates.items(),
                ("Content-Length", str(len(body if compressed is None else compressed))),
                *(() if compressed is None else (("Content-Encoding", "gzip"),)),
            ),
            pages_out["objects" if question.with_bodies else "manifest"],
            len(rows),
            seq if question.with_bodies else 0,
            more,
        )

    def _note(self, machine: Machine, page: Page, moment: float) -> None:
        """Note the poll, at most once a minute for each machine and collection."""
        machine.noted_at = moment
        with self.database.reading() as session:
            taxii_polls.note_poll(
                session, self.database, machine.actor, machine.collection_id, page.items
            )

    def _note_served(self, machine: Machine, page: Page, moment: float) -> None:
        """Note how far the administration was served; the same page again costs no statement."""
        if page.more and moment - machine.served_at < _DELIVERIES_NOTED_EVERY:
            return
        with self.database.reading() as session:
            noted = deliveries.note_served(
                session,
                self.database,
                machine.administration_id,
                machine.collection_id,
                page.served_to,
                more=page.more,
            )
        if noted:
            machine.served_to, machine.served_at = page.served_to, moment


@lru_cache(maxsize=256)
def _wish(accept: str, encoding: str) -> int | None:
    """Return what a client takes, as a bare number; None: nothing of what is given here."""
    return int(taxii_encoding.wish(encoding)) if is_acceptable(accept) else None


_numbers: deque[str] = deque()


def _request_id() -> str:
    """Return 12 random digits, in hexadecimal; many are drawn at once."""
    try:
        return _numbers.pop()
    except IndexError:
        text = urandom(6 * 256).hex()
        _numbers.extend(text[place : place + 12] for place in range(12, len(text), 12))
        return text[:12]
